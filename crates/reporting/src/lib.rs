//! Reports on the system of support: the plan and what is done of it, the target indicators and the
//! passport.

pub mod canonical;
pub mod facts;
pub mod indicators;
pub mod passport;
pub mod plan;
