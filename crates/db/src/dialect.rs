//! The few statements that truly differ between the two databases.
#![expect(clippy::disallowed_methods, reason = "the one place where transactions begin")]

use crate::{Db, Result};
use diesel::{
    RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection},
    dsl::sql,
    sql_types::Text,
};
use std::time::Duration;

/// Begins a write. SQLite takes its write lock at once: a transaction that reads first and upgrades later fails under
/// concurrency. PostgreSQL checks that the concurrent transactions could have run one after another.
pub(crate) fn begin_write(db: &mut Db) -> Result<()> {
    match db {
        Db::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        Db::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL SERIALIZABLE")
        }
    }
    .map_err(Into::into)
}

/// Begins a read of one consistent state.
pub(crate) fn begin_read(db: &mut Db) -> Result<()> {
    match db {
        Db::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        Db::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
            c,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    }
    .map_err(Into::into)
}

/// Begins a read that sees every row whose number was drawn so far: whoever draws numbers under the journal's lock has
/// ended. The lock is held to the end of the read, so that should be short.
pub(crate) fn begin_settled(db: &mut Db) -> Result<()> {
    match db {
        Db::Sqlite(_) => begin_read(db),
        Db::Postgres(c) => {
            // A snapshot for each statement: one taken before the lock was got would not see what it waited for.
            AnsiTransactionManager::begin_transaction_sql(
                c,
                "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
            )?;
            order_journal(db)
        }
    }
}

/// Has PostgreSQL give up statements of this connection that take longer than `bound`. SQLite runs in this process and
/// can be stopped only by code that we do not write (`unsafe`); its statements are bounded by the size of a page.
pub(crate) fn bound_statements(db: &mut Db, bound: Option<Duration>) -> Result<()> {
    match db {
        Db::Sqlite(_) => Ok(()),
        Db::Postgres(c) => {
            let millis = bound.map_or(0, |bound| bound.as_millis());
            Ok(c.batch_execute(&format!("SET statement_timeout = {millis}"))?)
        }
    }
}

/// Names the state of the data that a consistent read sees, for [`crate::Database::read_shared`]. The states of SQLite
/// have no names.
///
/// # Errors
/// Faults of the database.
pub fn share_snapshot(db: &mut Db) -> Result<Option<String>> {
    match db {
        Db::Sqlite(_) => Ok(None),
        Db::Postgres(c) => Ok(diesel::select(sql::<Text>("pg_export_snapshot()")).get_result(c).map(Some)?),
    }
}

/// How far the log of a primary is flushed: what was acknowledged so far lies before. SQLite has no replicas.
pub(crate) fn log_position(db: &mut Db) -> Result<Option<String>> {
    match db {
        Db::Sqlite(_) => Ok(None),
        Db::Postgres(c) => {
            let place = sql::<Text>("CAST(pg_current_wal_flush_lsn() AS TEXT)");
            Ok(Some(diesel::select(place).get_result(c)?))
        }
    }
}

/// Makes a read that has just begun see the state called `snapshot`.
pub(crate) fn see_snapshot(db: &mut Db, snapshot: &str) -> Result<()> {
    Ok(db.batch_execute(&format!("SET TRANSACTION SNAPSHOT '{snapshot}'"))?)
}

/// Makes the journal's numbers follow the order of commits. SQLite has one writer at a time; on PostgreSQL the lock is
/// held from here to the end of the transaction, so no lower number can become visible after a higher one.
pub(crate) fn order_journal(db: &mut Db) -> Result<()> {
    if let Db::Postgres(c) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock(7005001)").execute(c)?;
    }
    Ok(())
}

/// As [`order_journal`], for a write that leaves audit records and no entry in the journal. Such writes need no order among
/// themselves; but whoever waits for the journal's lock waits for them too.
pub(crate) fn order_audit(db: &mut Db) -> Result<()> {
    if let Db::Postgres(c) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock_shared(7005001)").execute(c)?;
    }
    Ok(())
}

/// Brings the planner's statistics up to date after a large load.
///
/// # Errors
/// Faults of the database.
pub fn analyze(db: &mut Db, table: &str) -> Result<()> {
    match db {
        Db::Sqlite(c) => c.batch_execute(&format!("PRAGMA analysis_limit = 1000; ANALYZE {table}")),
        Db::Postgres(c) => c.batch_execute(&format!("ANALYZE {table}")),
    }
    .map_err(Into::into)
}

/// The JSON array of the SQL expressions in `values`, as an expression.
pub(crate) fn json_array(db: &Db, values: &str) -> String {
    match db {
        Db::Sqlite(_) => format!("json_array({values})"),
        Db::Postgres(_) => format!("json_build_array({values})"),
    }
}

/// The text of the JSON object of `fields` (names and expressions in turns), as an expression.
pub(crate) fn json_object(db: &Db, fields: &str) -> String {
    match db {
        Db::Sqlite(_) => format!("json_object({fields})"),
        Db::Postgres(_) => format!("CAST(json_build_object({fields}) AS TEXT)"),
    }
}

/// The text of the JSON array of all rows of a group, each as the expression `item`, by `order`, as an expression. SQLite
/// lists rows as it reads them: by the key of their table, where it walks that.
pub(crate) fn json_list(db: &Db, item: &str, order: &str) -> String {
    match db {
        Db::Sqlite(_) => format!("json_group_array({item})"),
        Db::Postgres(_) => format!("CAST(json_agg({item} ORDER BY {order}) AS TEXT)"),
    }
}

/// SQLite keeps a timestamp as text; a cast to its name would make a number of it.
pub(crate) fn timestamp_type(db: &Db) -> &'static str {
    match db {
        Db::Sqlite(_) => "TEXT",
        Db::Postgres(_) => "TIMESTAMP",
    }
}
