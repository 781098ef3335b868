//! Identification runs: a published methodology applied to the results up to a year, beside a version of the list.
//!
//! [`create`] notes a run and queues its job; [`run`] carries it out; [`verdicts`] shows what came of it. The verdicts
//! of a run, its fingerprint of the inputs and the end of its job are one write: they are all there or none is.

mod engine;
mod fingerprint;
mod inputs;
mod store;
pub mod verdicts;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use engine::{Tell, run};
pub use store::{JOB_KIND, ListRef, MethodologyRef, NewRun, Run, create, delete, find, finished, list};
