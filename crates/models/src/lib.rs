//! The seven models of support: what they are, whom the rules propose for them, and how an assignment lives.
//!
//! Rules are pure: the same facts, day and rule version give the same proposals. A proposal binds nobody until a named
//! person confirms it.

pub mod catalogue;
pub mod rules;
pub mod store;
pub mod types;

pub use catalogue::{CATALOGUE, Model};
pub use types::{
    AssignmentEventId, AssignmentId, AssignmentState, Branch, DecisionKind, EventKind, ModelCode, ProposalId,
    ProposalRunId, ProposalState, SubjectKind, SubjectRef,
};
