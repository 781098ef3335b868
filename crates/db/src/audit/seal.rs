//! Sealing: what was written to the audit log becomes a block of the chain.

use super::{
    Filter,
    chain::{BEGINNING, Head, Manifest, digest_of, hash_of},
    entries::{AuditEntryId, part},
};
use crate::{
    Database, Db, Error, Result,
    schema::{audit_log, audit_seals as seals},
};
use diesel::prelude::*;
use opora_primitives::{Moment, ProblemCode};

/// The most entries of a block.
pub const MOST: usize = 1000;

/// Entries that are held in memory at a time.
pub(super) const PART: i64 = 100;

/// A seal, as its row holds it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = seals)]
pub struct Seal {
    /// The number of the block, from 1 on.
    pub block: i64,
    /// The id of its first entry.
    pub first_id: i64,
    /// The id of its last entry.
    pub last_id: i64,
    /// How many it has.
    pub entries: i32,
    /// Each with its digest.
    pub manifest: String,
    /// The hash of the seal before.
    pub previous: String,
    /// Its own.
    pub hash: String,
    /// When it was made.
    pub sealed_at: Moment,
}

impl Seal {
    /// Its place in the chain.
    pub fn head(&self) -> Head {
        Head { block: self.block, hash: self.hash.clone() }
    }
}

/// The greatest id of an entry: everything up to it is there, and no entry can appear before it any more. Writers of the
/// log are waited for.
///
/// # Errors
/// Faults of the database.
pub fn settled(database: &Database) -> Result<i64> {
    database.read_settled(newest)
}

fn newest(db: &mut Db) -> Result<i64> {
    let newest: Option<AuditEntryId> = audit_log::table.select(diesel::dsl::max(audit_log::id)).first(db)?;
    Ok(newest.map_or(0, i64::from))
}

/// The last seal, if there is one.
///
/// # Errors
/// Faults of the database.
pub fn last(db: &mut Db) -> Result<Option<Seal>> {
    Ok(seals::table.order(seals::block.desc()).select(Seal::as_select()).first(db).optional()?)
}

/// The seal of the block that the entry `id` is in, if it is sealed.
///
/// # Errors
/// Faults of the database.
pub fn of_entry(db: &mut Db, id: AuditEntryId) -> Result<Option<Seal>> {
    let from = seals::table.filter(seals::last_id.ge(id.0)).order(seals::last_id);
    Ok(from.select(Seal::as_select()).first(db).optional()?)
}

/// Seals what is there, block by block, as long as `go_on`. Several may do it at once: of two seals of one block the
/// second is refused. Answers the head of the chain; none while the log is empty.
///
/// # Errors
/// Faults of the database.
pub fn seal(database: &Database, go_on: impl Fn() -> bool) -> Result<Option<Head>> {
    // Asked first, because whoever asks for what is settled makes writers wait.
    let idle = |db: &mut Db| Ok(newest(db)? <= last(db)?.map_or(0, |seal| seal.last_id));
    if !database.read(idle)? {
        let upto = settled(database)?;
        while go_on() && seal_next(database, upto)? {}
    }
    Ok(database.read(last)?.map(|seal| seal.head()))
}

/// Seals the next block of entries up to `upto`, if there are any.
fn seal_next(database: &Database, upto: i64) -> Result<bool> {
    let Some(next) = database.read(|db| draft(db, upto))? else { return Ok(false) };
    let insert = |db: &mut Db| Ok(diesel::insert_into(seals::table).values(&next).execute(db)?);
    match database.keep_books(insert) {
        Ok(_) => Ok(true),
        // Another was quicker; what it left comes next.
        Err(Error::Problem(problem)) if problem.code == ProblemCode::AlreadyExists => Ok(true),
        Err(error) => Err(error),
    }
}

/// The seal of the next block. Entries never change, so this needs no transaction.
fn draft(db: &mut Db, upto: i64) -> Result<Option<Seal>> {
    let (block, previous, mut after) = match last(db)? {
        Some(seal) => (seal.block + 1, seal.hash, seal.last_id),
        None => (1, BEGINNING.to_owned(), i64::MIN),
    };
    let mut manifest = Manifest::default();
    while manifest.0.len() < MOST {
        let entries = part(db, &Filter::default(), after, upto, PART)?;
        let Some(newest) = entries.last() else { break };
        after = newest.id.0;
        for entry in &entries {
            manifest.0.push((entry.id.0, digest_of(entry)?));
        }
    }
    let (Some((first_id, _)), Some((last_id, _))) = (manifest.0.first(), manifest.0.last()) else {
        return Ok(None);
    };
    let (first_id, last_id, entries) = (*first_id, *last_id, manifest.0.len() as i32);
    let (sealed_at, manifest) = (Moment::now(), manifest.to_string());
    let hash = hash_of(block, &previous, sealed_at, &manifest);
    Ok(Some(Seal { block, first_id, last_id, entries, manifest, previous, hash, sealed_at }))
}
