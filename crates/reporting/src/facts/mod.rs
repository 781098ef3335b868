//! Facts about the activities of a plan, and their evidence. Executors enter facts within their area; only what the
//! institute confirms counts.

pub mod blobs;
pub mod counted;
pub mod decisions;
pub mod edit;
pub mod evidence;
mod pictures;
pub mod reported;
mod rules;
pub mod sniff;
pub mod store;
pub mod types;

pub use types::{
    ConfirmedFact, Evidence, EvidenceId, EvidenceKind, Fact, FactId, FactKind, FactOrigin, FactState,
};
