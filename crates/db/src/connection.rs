//! One connection type for both databases, opened by the scheme of its address.
#![expect(clippy::disallowed_methods, reason = "the derive passes transactions on; nobody calls it here")]

use crate::{Error, Result};
use diesel::{Connection, connection::SimpleConnection, pg::PgConnection, sqlite::SqliteConnection};
use std::{path::PathBuf, str::FromStr};

/// A connection to either database. Queries are written once, on this type.
#[derive(diesel::MultiConnection)]
pub enum Db {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}

/// The back end of [`Db`], for boxed queries.
pub type Both = <Db as Connection>::Backend;

/// Runs one expression on the concrete connection, for the few statements that the shared type cannot carry
/// (`on_conflict`, batch inserts, unions): `on_each!(db, c => insert_into(..).execute(c))`.
#[macro_export]
macro_rules! on_each {
    ($db:expr, $conn:ident => $body:expr) => {
        match $db {
            $crate::Db::Sqlite($conn) => $body,
            $crate::Db::Postgres($conn) => $body,
        }
    };
}

/// Which database, and where: `sqlite:PATH` or `postgres://...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackEnd {
    /// A file.
    Sqlite(PathBuf),
    /// A server; several hosts may stand in the address.
    Postgres(String),
}

impl FromStr for BackEnd {
    type Err = String;

    /// # Errors
    /// Any scheme but `sqlite:`, `postgres://` and `postgresql://`, in words that do not repeat the address (it may
    /// hold a password).
    fn from_str(url: &str) -> std::result::Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err("the address of an SQLite database is sqlite:PATH".into())
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err("the database address must begin with sqlite: or postgres://".into())
    }
}

impl BackEnd {
    /// Opens a connection, ready for work. `quota_mib` bounds the size of an SQLite file.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the file cannot be opened or the server does not answer.
    pub fn connect(&self, quota_mib: Option<u32>) -> Result<Db> {
        let unavailable = |e: diesel::ConnectionError| Error::Unavailable(e.to_string());
        match self {
            Self::Sqlite(path) => {
                let mut connection =
                    SqliteConnection::establish(&path.to_string_lossy()).map_err(unavailable)?;
                connection.batch_execute(SQLITE_SESSION)?;
                if let Some(mib) = quota_mib {
                    // Pages are of 4 KiB.
                    connection.batch_execute(&format!("PRAGMA max_page_count = {}", u64::from(mib) * 256))?;
                }
                Ok(Db::Sqlite(connection))
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::establish(url)
                    .map_err(|e| Error::Unavailable(without_address(&e.to_string())))?;
                // Queries here are short: compiling one (which the estimates of a recursive view ask for) takes longer than it does.
                connection
                    .batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET jit = off")?;
                Ok(Db::Postgres(connection))
            }
        }
    }
}

/// What libpq says, unless it is about the form of the address: then it repeats parts of it, and a password with a
/// character that should have been percent-encoded stands in the wrong part.
fn without_address(words: &str) -> String {
    if words.starts_with("connection to server") {
        return words.to_owned();
    }
    "the database address cannot be used: it has a wrong form, or its host is not known; special characters of a \
     password must be percent-encoded"
        .into()
}

/// The time-out comes first: the switch to WAL itself may have to wait. FULL makes every acknowledged write durable. As much
/// is mapped as SQLite allows: what lies beyond is read by copying.
const SQLITE_SESSION: &str = "
    PRAGMA busy_timeout = 15000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16384;
    PRAGMA mmap_size = 2147418112;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        assert_eq!("sqlite:data/opora.db".parse(), Ok(BackEnd::Sqlite("data/opora.db".into())));
        assert_eq!("sqlite:///var/lib/o.db".parse(), Ok(BackEnd::Sqlite("/var/lib/o.db".into())));
        assert!(matches!("postgres://u@h/d".parse(), Ok(BackEnd::Postgres(_))));
    }

    #[test]
    fn an_unknown_scheme_is_refused_without_repeating_it() {
        let refusal = "mysql://root:secret@h/d".parse::<BackEnd>().unwrap_err();
        assert!(!refusal.contains("secret"));
        assert!("opora.db".parse::<BackEnd>().is_err());
    }
}
