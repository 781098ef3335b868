//! The plan of support: its activities with windows, executors and targets. A version is a document that never changes;
//! an amendment is a new version with a reason.

pub mod store;
pub mod types;

pub use types::{
    Activity, ActivityTarget, ActivityWindow, Comparison, PlanAct, PlanDocument, PlanExecutor, PlanId,
    PlanSection, Recurrence, TargetBasis,
};
