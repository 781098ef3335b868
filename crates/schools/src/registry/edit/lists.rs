//! Versions of the list removed by hand. They are made by files alone and never change.

use super::{Label, change, referenced, unreferenced};
use crate::{
    registry::lists::{List, find},
    types::ListId,
};
use diesel::prelude::*;
use opora_db::{
    Result, Tx,
    schema::{list_entries, lists, schools},
};
use serde_json::json;

/// Removes the version `id` with its entries, if no identification run stands beside it.
///
/// # Errors
/// Not found; `still_referenced`.
pub fn delete(tx: &mut Tx, id: ListId) -> Result<()> {
    let list = find(tx, id)?;
    unreferenced(tx, "lists", id.0)?;
    let entries = list_entries::table.filter(list_entries::list_id.eq(id));
    let codes: Vec<String> =
        entries.inner_join(schools::table).order(schools::code).select(schools::code).load(&mut **tx)?;
    diesel::delete(entries).execute(&mut **tx)?;
    diesel::delete(lists::table.find(id)).execute(&mut **tx).map_err(referenced)?;
    let label = |list: &List| Label::new(json!({"list_year": list.list_year, "revision": list.revision}));
    let change = change("lists", id, Some(&list), None, label)?;
    // What the list itself does not show would be lost.
    let before = json!({"list": list, "school_codes": codes});
    tx.record(change.before(before));
    Ok(())
}
