//! What leaves the system without a login or without a person: the public summary.

pub mod summary;
pub mod suppression;
