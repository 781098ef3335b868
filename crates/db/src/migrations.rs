//! The schema's history: `migrations/sqlite` and `migrations/postgres`, with the same names, built into the binary.

use crate::{Db, Error, Result, schema::schema_floor};
use diesel::{
    QueryDsl, RunQueryDsl,
    migration::{Migration, MigrationSource, MigrationVersion},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Applies what is pending; answers the versions applied.
///
/// # Errors
/// Faults of the database; each migration is applied whole or not at all.
pub fn apply(db: &mut Db) -> Result<Vec<String>> {
    match db {
        Db::Sqlite(c) => names(c.run_pending_migrations(SQLITE)),
        Db::Postgres(c) => {
            // Two nodes that start at once: the second waits, and finds nothing to do.
            diesel::sql_query("SELECT pg_advisory_lock(7005002)").execute(c)?;
            let applied = names(c.run_pending_migrations(POSTGRES));
            diesel::sql_query("SELECT pg_advisory_unlock(7005002)").execute(c)?;
            applied
        }
    }
}

/// Takes every migration back, newest first; answers the versions reverted.
///
/// # Errors
/// Faults of the database.
pub fn revert_all(db: &mut Db) -> Result<Vec<String>> {
    match db {
        Db::Sqlite(c) => names(c.revert_all_migrations(SQLITE)),
        Db::Postgres(c) => names(c.revert_all_migrations(POSTGRES)),
    }
}

/// Whether the schema is behind this binary.
///
/// # Errors
/// Faults of the database.
pub fn pending(db: &mut Db) -> Result<bool> {
    match db {
        Db::Sqlite(c) => c.has_pending_migration(SQLITE),
        Db::Postgres(c) => c.has_pending_migration(POSTGRES),
    }
    .map_err(untold)
}

/// How the schema stands to this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the one this binary knows.
    Current,
    /// Migrations are pending.
    Behind,
    /// A newer version has added to it, and nothing else: this binary can serve.
    Ahead,
    /// A newer version has changed what this binary uses.
    TooNew,
}

/// How the schema stands to this binary.
///
/// # Errors
/// Faults of the database.
pub fn standing(db: &mut Db) -> Result<Standing> {
    if pending(db)? {
        return Ok(Standing::Behind);
    }
    let applied = match db {
        Db::Sqlite(c) => c.applied_migrations(),
        Db::Postgres(c) => c.applied_migrations(),
    };
    let applied: Vec<String> = applied.map_err(untold)?.iter().map(ToString::to_string).collect();
    if unknown(&applied)?.is_empty() {
        return Ok(Standing::Current);
    }
    let floor: Option<String> =
        schema_floor::table.select(diesel::dsl::max(schema_floor::migration)).first(db)?;
    let below = unknown(floor.as_slice())?.is_empty();
    Ok(if below { Standing::Ahead } else { Standing::TooNew })
}

/// diesel's migrations hide what went wrong; a lost connection must still be known as one.
fn untold(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast::<diesel::result::Error>() {
        Ok(query) => Error::from(*query),
        Err(other) => Error::fault(other),
    }
}

/// The names of all migrations of (SQLite, PostgreSQL): equal, or the two sides have diverged.
///
/// # Errors
/// A migration that cannot be read.
pub fn known() -> Result<(Vec<String>, Vec<String>)> {
    fn list<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>> {
        let all: Vec<Box<dyn Migration<DB>>> =
            MigrationSource::<DB>::migrations(source).map_err(Error::fault)?;
        Ok(all.iter().map(|m| m.name().to_string()).collect())
    }
    Ok((list::<diesel::sqlite::Sqlite>(&SQLITE)?, list::<diesel::pg::Pg>(&POSTGRES)?))
}

/// Those of `versions`, as a database keeps them, that this binary does not know: a newer one has applied them.
///
/// # Errors
/// A migration that cannot be read.
pub fn unknown(versions: &[String]) -> Result<Vec<String>> {
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().map_err(Error::fault)?;
    let known: BTreeSet<String> = all.iter().map(|m| m.name().version().to_string()).collect();
    Ok(versions.iter().filter(|version| !known.contains(*version)).cloned().collect())
}

fn names(
    versions: std::result::Result<Vec<MigrationVersion<'_>>, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Vec<String>> {
    Ok(versions.map_err(untold)?.iter().map(ToString::to_string).collect())
}
