//! Reports on the system of support: the plan and what is done of it, the target indicators, the passport, and what is
//! published of them.

pub mod canonical;
pub mod discipline;
pub mod exports;
pub mod facts;
pub mod half_year;
pub mod indicators;
pub mod notes;
pub mod passport;
pub mod plan;
pub mod publication;
pub mod reports;
pub mod timeliness;
mod words;
