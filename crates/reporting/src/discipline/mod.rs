//! Who reports in time: the reports that are expected of every organisation, against the facts it has entered
//! (`docs/plan.md`, "Who reports in time").

pub mod expected;
mod rules;
pub mod store;

#[cfg(test)]
mod tests;

pub use rules::{Counts, Filed, Organisations, Place, Report, due_on, place, reports};
