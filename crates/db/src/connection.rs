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
                let mut connection = PgConnection::establish(&watched(url))
                    .map_err(|e| Error::Unavailable(without_address(&e.to_string())))?;
                connection.batch_execute(POSTGRES_SESSION)?;
                Ok(Db::Postgres(connection))
            }
        }
    }

    /// Whether the address names several hosts and not which of them is wanted: a connection may then be one to a standby,
    /// which cannot write.
    pub fn may_find_a_standby(&self) -> bool {
        let Self::Postgres(url) = self else { return false };
        let address = Address::of(url);
        let hosts = [address.place.split('/').next(), address.setting("host"), address.setting("hostaddr")];
        let several = |hosts: &&str| hosts.contains(',') || hosts.to_ascii_lowercase().contains("%2c");
        hosts.iter().flatten().any(several) && address.setting("target_session_attrs").is_none()
    }
}

/// What tells a host that has vanished from one that is silent (D270). libpq passes over it on a socket of this machine. Linux
/// counts an end that takes nothing of what it is sent as vanished too: answers are therefore read as they come, also those
/// that are passed on to a slow reader.
const WATCH: &str =
    "connect_timeout=10&keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=20000";

/// The address with [`WATCH`]. What stands in the address goes before: of a setting that is named twice libpq takes the
/// later one.
fn watched(url: &str) -> String {
    let Address { credentials, place, settings } = Address::of(url);
    let further = if settings.is_empty() { "" } else { "&" };
    format!("{credentials}{place}?{WATCH}{further}{settings}")
}

/// The parts of an address of PostgreSQL.
struct Address<'a> {
    /// The scheme, user and password, with the signs that end them.
    credentials: &'a str,
    /// Hosts and database.
    place: &'a str,
    /// What stands behind the question mark.
    settings: &'a str,
}

impl<'a> Address<'a> {
    /// As libpq reads `url`: a password may hold a question mark or a comma, and no slash.
    fn of(url: &'a str) -> Self {
        let scheme = url.find("//").map_or(0, |at| at + 2);
        let sign = url[scheme..].find(['@', '/']).map(|at| scheme + at);
        let begin = sign.filter(|at| url[*at..].starts_with('@')).map_or(scheme, |at| at + 1);
        let (credentials, rest) = url.split_at(begin);
        let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
        Self { credentials, place, settings }
    }

    fn setting(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.settings.rsplit('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
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

/// Queries here are short: compiling one (which the estimates of a recursive view ask for) takes longer than it does. The server
/// is to notice as [`WATCH`] does that its client has vanished, whose locks hold everybody up. There is no bound of idle
/// transactions: an export keeps one open for as long as its reader reads.
const POSTGRES_SESSION: &str = "
    SET TIME ZONE 'UTC';
    SET client_min_messages = warning;
    SET jit = off;
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 20000;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_watched_unless_it_says_otherwise() {
        for (url, place, settings) in [
            ("postgres://u:p@h:5432/d", "postgres://u:p@h:5432/d", ""),
            ("postgres://u@a,b/d?sslmode=disable", "postgres://u@a,b/d", "&sslmode=disable"),
            ("postgresql://h?tcp_user_timeout=0", "postgresql://h", "&tcp_user_timeout=0"),
            // A socket; a password with a question mark.
            ("postgres:///d?host=/run/postgresql", "postgres:///d", "&host=/run/postgresql"),
            ("postgres://u@%2Frun%2Fpostgresql/d", "postgres://u@%2Frun%2Fpostgresql/d", ""),
            ("postgres://u:p?q@h/d", "postgres://u:p?q@h/d", ""),
            ("postgres://u:p?q@h/d?", "postgres://u:p?q@h/d", ""),
        ] {
            assert_eq!(watched(url), format!("{place}?{WATCH}{settings}"));
        }
    }

    #[test]
    fn several_hosts_without_a_wanted_one_may_be_a_standby() {
        for (url, may) in [
            ("sqlite:a,b", false),
            ("postgres://u:a,b@h/d", false),
            ("postgres://u@h/a,b", false),
            ("postgres://u@a,b/d", true),
            ("postgres://a:1,b:2?connect_timeout=2", true),
            ("postgres:///d?host=a,b", true),
            ("postgres:///d?hostaddr=192.0.2.1%2C192.0.2.2", true),
            ("postgres://u@a,b/d?connect_timeout=2&target_session_attrs=read-write", false),
        ] {
            assert_eq!(url.parse::<BackEnd>().unwrap().may_find_a_standby(), may, "{url}");
        }
    }

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
