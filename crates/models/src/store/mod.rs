//! What is kept of proposals and assignments, and the facts the rules are told.
//!
//! A proposal is the machine's word; an assignment is a person's. The state of an assignment is never a column: every
//! function that shows one computes it from the events.

/// Narrows a boxed query over a table with `school_id` and `municipality_id` to what a reader may see: the area, and
/// people only with the right to read staff.
macro_rules! within {
    ($query:expr, $table:ident, $viewer:expr) => {{
        let (mut query, viewer) = ($query, $viewer);
        if let Some((municipality, school)) = opora_schools::registry::bounds(viewer.area) {
            let own = $table::school_id
                .assume_not_null()
                .eq_any(opora_schools::registry::visible_schools(municipality, school));
            query = match viewer.area {
                opora_primitives::Area::Municipality(id) => query.filter(
                    own.or($table::municipality_id.eq_any(opora_schools::registry::with_districts(id))),
                ),
                _ => query.filter(own),
            };
        }
        if !viewer.people {
            query = query.filter($table::staff_id.is_null());
        }
        query
    }};
}

pub mod assignments;
pub mod decisions;
pub mod evidence;
pub mod facts;
pub mod lives;
pub mod proposals;
pub mod runs;

mod ledger;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use opora_db::{Change, Operation, Tx};
use opora_primitives::Area;
use opora_schools::types::StaffId;
use serde_json::json;

/// Who reads: the area, and whether rows that name people may be seen (152-ФЗ: others get counts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The part of the region the reader works for.
    pub area: Area,
    /// Whether the reader may see people.
    pub people: bool,
}

/// Leaves the audit record of a reading of rows of `resource` that name `people`: ids, no names. Nothing if they name
/// nobody.
pub fn note_reading(tx: &mut Tx, resource: &'static str, people: &[StaffId]) {
    if !people.is_empty() {
        let what = json!({ "staff_ids": people, "shown": people.len() });
        tx.record(Change::new(resource, "", Operation::Read).after(what));
    }
}
