//! Schools and what is known about them: closed lists, and the pure rules that identify schools with low results.

pub mod identification;
pub mod import;
pub mod methodologies;
pub mod registry;
pub mod runs;
pub mod types;
