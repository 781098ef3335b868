//! The plan of support: its activities with windows, executors and targets. A version is a document that never changes;
//! an amendment is a new version with a reason.

pub mod activities;
pub mod diff;
pub mod import;
pub mod metrics;
pub mod overlaps;
pub mod read;
pub mod status;
pub mod store;
pub mod types;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod store_tests;

pub use types::{
    Activity, ActivityTarget, ActivityWindow, Comparison, PlanAct, PlanDocument, PlanExecutor, PlanId,
    PlanSection, Population, Recurrence, TargetBasis, is_activity_number, is_executor_code,
};
