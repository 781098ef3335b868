//! What leaves the system without a login or without a person: the public summary, and what feeds tell.

pub mod atom;
pub mod calendar;
pub mod summary;
pub mod suppression;
