//! Reports on the system of support: the plan and what is done of it, the target indicators of the passport.

pub mod canonical;
pub mod facts;
pub mod indicators;
pub mod plan;
