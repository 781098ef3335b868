//! Facts about the activities of a plan, and their evidence.

pub mod reported;
pub mod store;
pub mod types;

pub use types::{ConfirmedFact, FactId, FactKind, FactOrigin, FactState};
