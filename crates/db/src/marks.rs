//! Marks: what has been done in this database once and for all.

use crate::{Db, Result, Tx, schema::marks};
use diesel::prelude::*;

/// Whether the mark `name` is there.
///
/// # Errors
/// Faults of the database.
pub fn is_set(db: &mut Db, name: &str) -> Result<bool> {
    let found: Option<String> = marks::table.find(name).select(marks::name).first(db).optional()?;
    Ok(found.is_some())
}

/// Leaves the mark `name`, in the transaction of what it says.
///
/// # Errors
/// [`opora_primitives::ProblemCode::AlreadyExists`] if it is there.
pub fn set(tx: &mut Tx, name: &str) -> Result<()> {
    let row = (marks::name.eq(name), marks::made_at.eq(tx.at));
    diesel::insert_into(marks::table).values(row).execute(&mut **tx)?;
    Ok(())
}
