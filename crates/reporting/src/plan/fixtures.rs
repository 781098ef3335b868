//! The plan of the order, as the demonstration region has it.

use super::{PlanDocument, read};

/// Its file.
pub(crate) const FILE: &str = include_str!("../../../demo/data/plan-2020-2021.yaml");

/// The plan.
pub(crate) fn order() -> PlanDocument {
    read::read(FILE.as_bytes()).unwrap().outcome.unwrap().document
}
