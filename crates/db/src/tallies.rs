//! How many requests each busy caller has sent to each node, minute by minute: what nodes tell each other, so that a
//! limit holds over all of them. Nothing here outlives a few minutes.

use crate::{Database, Db, Result, on_each, schema::rate_tallies as tallies};
use diesel::prelude::*;

/// Requests of a caller in a minute since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The caller, in the nodes' own words.
    pub caller: String,
    /// The minute.
    pub minute: i64,
    /// How many requests.
    pub requests: i64,
}

/// Tells what `node` has counted, in place of what it told before, and answers what the others have counted from
/// `minute` on.
///
/// # Errors
/// Faults of the database.
pub fn exchange(database: &Database, node: &str, counted: &[Count], minute: i64) -> Result<Vec<Count>> {
    database.keep_books(|db| tell(db, node, counted))?;
    database.read(|db| others(db, node, minute))
}

fn tell(db: &mut Db, node: &str, counted: &[Count]) -> Result<()> {
    diesel::delete(tallies::table.filter(tallies::node.eq(node))).execute(db)?;
    for batch in counted.chunks(500) {
        let rows: Vec<_> = batch
            .iter()
            .map(|count| {
                (
                    tallies::node.eq(node),
                    tallies::caller.eq(&count.caller),
                    tallies::minute.eq(count.minute),
                    tallies::requests.eq(count.requests),
                )
            })
            .collect();
        on_each!(&mut *db, c => diesel::insert_into(tallies::table).values(&rows).execute(c))?;
    }
    Ok(())
}

fn others(db: &mut Db, node: &str, minute: i64) -> Result<Vec<Count>> {
    let rows: Vec<(String, i64, i64)> = tallies::table
        .filter(tallies::node.ne(node))
        .filter(tallies::minute.ge(minute))
        .select((tallies::caller, tallies::minute, tallies::requests))
        .load(db)?;
    Ok(rows.into_iter().map(|(caller, minute, requests)| Count { caller, minute, requests }).collect())
}

/// Removes what was counted before `minute`: of nodes that are gone too.
///
/// # Errors
/// Faults of the database.
pub fn forget(database: &Database, minute: i64) -> Result<usize> {
    database
        .keep_books(|db| Ok(diesel::delete(tallies::table.filter(tallies::minute.lt(minute))).execute(db)?))
}
