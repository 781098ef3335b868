//! Requests that create something and may be sent twice: the key and the first answer stand in the same transaction as
//! the effect, so that a repeated request gets the first answer again and has no second effect.

use crate::{ActorKind, Db, Error, Result, Tx, schema::idempotency_keys as keys};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as Query},
};
use opora_primitives::{Moment, Problem, ProblemCode};
use serde::Serialize;

/// How long a key is remembered, in seconds: a day.
pub const REMEMBERED: i64 = 24 * 3600;

/// A caller's key and what it stands for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose key: two callers may choose the same.
    pub actor: (ActorKind, i64),
    /// The key.
    pub key: String,
    /// What was asked for, as a digest of operation and body; never the body, which may hold a secret.
    pub fingerprint: String,
}

/// The answer to a request that created something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The HTTP status.
    pub status: u16,
    /// The address of what was created.
    pub location: String,
    /// The body: JSON text, as it is told or as the caller of [`once`] keeps it.
    pub body: String,
}

impl Created {
    /// What was created at `location`, answered with `status`.
    ///
    /// # Errors
    /// A value that has no JSON form.
    pub fn new<T: Serialize>(status: u16, location: String, value: &T) -> Result<Self> {
        Ok(Self { status, location, body: serde_json::to_string(value).map_err(Error::fault)? })
    }
}

/// Forgets the keys that are older than [`REMEMBERED`], with the answers kept under them.
///
/// # Errors
/// Faults of the database.
pub fn sweep(db: &mut Db, now: Moment) -> Result<usize> {
    let old = keys::table.filter(keys::created_at.lt(now.plus_seconds(-REMEMBERED)));
    Ok(diesel::delete(old).execute(db)?)
}

/// Runs `work` and keeps its answer under the claim; for a claim that stands already, gives the kept answer instead.
///
/// # Errors
/// What `work` answers, and then the key stays free; [`ProblemCode::IdempotencyMismatch`] if the key was used for
/// something else.
pub fn once(tx: &mut Tx, claim: &Claim, work: impl FnOnce(&mut Tx) -> Result<Created>) -> Result<Created> {
    if let Some(first) = replay(tx, claim)? {
        return Ok(first);
    }
    insert(tx, claim)?;
    let created = work(tx)?;
    diesel::update(keys::table.find((claim.actor.0, claim.actor.1, &claim.key)))
        .set((
            keys::status.eq(i32::from(created.status)),
            keys::location.eq(&created.location),
            keys::body.eq(&created.body),
        ))
        .execute(&mut **tx)?;
    Ok(created)
}

/// The answer kept under the claim's key.
fn replay(tx: &mut Tx, claim: &Claim) -> Result<Option<Created>> {
    type Row = (String, Option<i32>, Option<String>, Option<String>);
    let oldest = tx.at.plus_seconds(-REMEMBERED);
    let (kind, id) = claim.actor;
    let own = keys::table.filter(keys::actor_kind.eq(kind).and(keys::actor_id.eq(id)));
    diesel::delete(own.filter(keys::created_at.lt(oldest))).execute(&mut **tx)?;
    let row: Option<Row> = keys::table
        .find((kind, id, &claim.key))
        .select((keys::fingerprint, keys::status, keys::location, keys::body))
        .first(&mut **tx)
        .optional()?;
    match row {
        None => Ok(None),
        Some((fingerprint, ..)) if fingerprint != claim.fingerprint => {
            Err(Problem::from(ProblemCode::IdempotencyMismatch).into())
        }
        Some((_, Some(status), Some(location), Some(body))) => {
            Ok(Some(Created { status: u16::try_from(status).map_err(Error::fault)?, location, body }))
        }
        // Row and answer are written by one transaction.
        Some(_) => Err(Error::fault("an idempotency key without its answer")),
    }
}

/// Taken before the effect, so that of two concurrent requests with one key the second clashes here, is tried again and
/// finds the first's answer.
fn insert(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let row = (
        keys::actor_kind.eq(claim.actor.0),
        keys::actor_id.eq(claim.actor.1),
        keys::key.eq(&claim.key),
        keys::fingerprint.eq(&claim.fingerprint),
        keys::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    match diesel::insert_into(keys::table).values(row).execute(db) {
        Ok(_) => Ok(()),
        Err(Query::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(Error::Clash),
        Err(other) => Err(other.into()),
    }
}
