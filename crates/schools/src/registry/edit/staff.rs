//! People removed by hand. They are made and changed by files alone; a file cannot say that somebody left, or that a row is
//! to go.

use super::{Expected, Label, change, referenced, same_version, unreferenced};
use crate::{registry::staff::Person, types::StaffId};
use diesel::prelude::*;
use opora_db::{Result, Tx, schema::staff};
use opora_primitives::SchoolId;
use serde::Serialize;
use serde_json::json;

/// What the audit log keeps of a person: no name, and nothing that tells of it (`docs/personal-data.md`).
#[derive(Serialize)]
struct Trace<'a> {
    id: StaffId,
    external_id: &'a str,
    school_id: SchoolId,
}

/// Removes the person `id`, if the record is still at `version` and nothing refers to it.
///
/// # Errors
/// Not found; `precondition_failed` at another version; `still_referenced`.
pub fn delete(tx: &mut Tx, id: StaffId, version: impl Into<Expected>) -> Result<()> {
    let before: Person = staff::table.find(id).select(Person::as_select()).first(&mut **tx)?;
    same_version(before.version, version)?;
    unreferenced(tx, "staff", id.0)?;
    diesel::delete(staff::table.find(id)).execute(&mut **tx).map_err(referenced)?;
    let trace = Trace { id, external_id: &before.external_id, school_id: before.school_id };
    let label = |person: &Trace| {
        Label::new(json!({ "external_id": person.external_id }))
            .within(None, Some(person.school_id))
            .of_people()
    };
    tx.record(change("staff", id, Some(&trace), None, label)?);
    Ok(())
}
