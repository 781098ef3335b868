//! Reports on the system of support: the target indicators of the passport.

pub mod indicators;
