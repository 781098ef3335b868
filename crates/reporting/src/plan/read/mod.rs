//! A plan file: YAML (or JSON, which is YAML) into a document. All faults are told at once, each with its row (the
//! position of the activity, 0 for the head), its path and its reason. `docs/plan.md` describes the format.

mod activity;
mod fields;
mod head;
mod node;

#[cfg(test)]
mod tests;

use super::PlanDocument;
use fields::{Faults, Fields, Place};
use opora_primitives::{Problem, ProblemCode};
use opora_schools::import::Reject;

/// The largest file that is looked at, in bytes.
pub const LARGEST: u64 = 2 * 1024 * 1024;

/// What a plan file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// The plan.
    pub document: PlanDocument,
    /// Why it is amended; needed if there is a version that differs.
    pub reason: Option<String>,
}

/// What came of reading a file.
#[derive(Debug)]
pub struct Reading {
    /// Activities in the file.
    pub activities: u64,
    /// Unknown fields without a value, which say nothing.
    pub ignored: Vec<String>,
    /// The plan, or everything that is wrong with it.
    pub outcome: Result<PlanFile, Vec<Reject>>,
}

/// Reads a plan file.
///
/// # Errors
/// [`ProblemCode::InvalidFile`] if it is not YAML, or not a mapping.
pub fn read(bytes: &[u8]) -> Result<Reading, Problem> {
    let root = node::parse(bytes).map_err(|words| Problem::new(ProblemCode::InvalidFile, words))?;
    if !matches!(root, node::Node::Map(_)) {
        return Err(Problem::new(
            ProblemCode::InvalidFile,
            ("a plan is a mapping of fields", "план — это набор полей"),
        ));
    }
    let faults = Faults::default();
    let (mut activities, mut file) = (0, None);
    if let Some(fields) = Fields::of(Place::top(&faults, 0), root) {
        let draft = head::read(fields, &faults);
        activities = draft.rows;
        file = draft.finish(&faults);
    }
    let (mut rejects, ignored) = faults.into_parts();
    rejects.sort_by(|a, b| (a.row, &a.column, a.reason).cmp(&(b.row, &b.column, b.reason)));
    let outcome = match file {
        Some(file) if rejects.is_empty() => Ok(file),
        _ => Err(rejects),
    };
    Ok(Reading { activities, ignored, outcome })
}
