//! Faults of the database, turned into what a caller can act on.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error as Query};
use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use std::io::ErrorKind;

/// What a store function answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a store function failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's doing: shown to the caller as it is.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The database cannot be reached, or is too busy to answer in time. Trying again may help.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A transaction clashed with another; the write helper tries again.
    #[error("the transaction clashed with another")]
    Clash,
    /// Anything else: logged with the request id, never shown.
    #[error("query failed: {0}")]
    Query(Query),
    /// A fault outside the database (a file, a stored document that cannot be read).
    #[error("{0}")]
    Fault(String),
}

impl Error {
    /// A fault of ours, in words for the log.
    pub fn fault(what: impl std::fmt::Display) -> Self {
        Self::Fault(what.to_string())
    }

    /// A file that cannot be written: [`ProblemCode::StorageFull`] where there is no room, else a fault of ours.
    pub fn storage(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ProblemCode::StorageFull.into(),
            _ => Self::fault(error),
        }
    }

    /// Whether the connection it came from is of no more use.
    pub(crate) fn broke_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Nothing where `found` says that there is no such thing.
///
/// # Errors
/// Any other error of `found`.
pub fn if_found<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Self::Problem(code.into())
    }
}

impl From<Query> for Error {
    fn from(error: Query) -> Self {
        let Query::DatabaseError(kind, info) = &error else {
            return match error {
                Query::NotFound => ProblemCode::NotFound.into(),
                other => Self::Query(other),
            };
        };
        let message = info.message();
        match kind {
            Kind::UniqueViolation => taken(info.as_ref()).into(),
            Kind::ForeignKeyViolation | Kind::RestrictViolation => ProblemCode::MissingReference.into(),
            Kind::SerializationFailure => Self::Clash,
            Kind::ClosedConnection | Kind::UnableToSendCommand => Self::Unavailable(message.to_owned()),
            // A server that cannot write: another may be the primary by now, which a new connection looks for (D271).
            Kind::ReadOnlyTransaction => Self::Unavailable(message.to_owned()),
            _ if message.contains("deadlock detected") => Self::Clash,
            _ if message.contains("due to statement timeout") => {
                let words = (
                    "it takes the database too long; ask for less",
                    "базе данных нужно слишком много времени; запросите меньше",
                );
                Problem::new(ProblemCode::Unavailable, words).into()
            }
            _ if ["disk is full", "No space left", "could not extend file"]
                .iter()
                .any(|m| message.contains(m)) =>
            {
                ProblemCode::StorageFull.into()
            }
            // In whatever language: SQLite keeps U+0000, PostgreSQL refuses it (D283).
            _ if message.contains("\"UTF8\": 0x00") => {
                let words = ("a text holds U+0000", "текст содержит U+0000");
                Problem::new(ProblemCode::BadRequest, words).into()
            }
            _ if is_outage(message) => Self::Unavailable(message.to_owned()),
            _ => Self::Query(error),
        }
    }
}

/// The columns of keys that a caller fills, by the names of the fields. A key with any other column is the system's own.
const KEY_FIELDS: &[&str] = &[
    "code",
    "external_id",
    "form",
    "issuer",
    "kind",
    "login",
    "municipality_id",
    "number",
    "oktmo",
    "period",
    "programme",
    "school_id",
    "seat",
    "signed_on",
    "staff_id",
    "starts_on",
    "valid_from",
];

/// A key that another record has, with the fields it is made of.
fn taken(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> Problem {
    let columns = key_columns(info.message(), info.details());
    // Editions are counted by the system: the code before them is what the caller chose.
    let chosen = columns.into_iter().filter(|column| column != "edition");
    let fields: Vec<String> =
        chosen.map(|column| column.strip_suffix("_folded").map(str::to_owned).unwrap_or(column)).collect();
    let are_fields = fields.iter().all(|field| KEY_FIELDS.contains(&field.as_str()));
    let flaws = fields.iter().filter(|_| are_fields);
    let flaws = flaws.map(|field| Flaw::at(format!("/{field}"), Reason::AlreadyTaken)).collect();
    Problem { flaws, ..ProblemCode::AlreadyExists.into() }
}

/// The columns of a key, as SQLite names them (`UNIQUE constraint failed: schools.code`) or PostgreSQL, in whatever
/// language (`Key (code)=(520101) already exists.`).
fn key_columns(message: &str, details: Option<&str>) -> Vec<String> {
    let by_postgres = || details?.split_once('(')?.1.split_once(")=(").map(|(columns, _)| columns);
    let by_sqlite = || message.strip_prefix("UNIQUE constraint failed: ");
    let list = by_postgres().or_else(by_sqlite).unwrap_or_default();
    let names = list.split(", ").filter(|name| !name.is_empty());
    names.map(|name| name.rsplit('.').next().unwrap_or(name).to_owned()).collect()
}

/// diesel passes on only a few SQLSTATEs, so outages are known by the server's words.
fn is_outage(message: &str) -> bool {
    const WORDS: &[&str] = &[
        "database is locked",
        "server closed the connection",
        "terminating connection",
        "connection to server",
        "no connection to the server",
        "could not receive data",
        "could not send data",
        "the database system is",
        "SSL connection has been closed",
        // What a standby says of a write, and of a question to a primary.
        "in a hot standby",
        "recovery is in progress",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_room_is_no_fault_of_ours() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let Error::Problem(problem) = Error::storage(kind.into()) else { panic!("{kind}") };
            assert_eq!(problem.code, ProblemCode::StorageFull);
        }
        assert!(matches!(Error::storage(ErrorKind::PermissionDenied.into()), Error::Fault(_)));
    }

    #[test]
    fn a_server_that_cannot_write_is_one_to_leave() {
        for (kind, words) in [
            (Kind::ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction"),
            (Kind::Unknown, "cannot use serializable mode in a hot standby"),
            (Kind::Unknown, "recovery is in progress"),
        ] {
            let error = Error::from(Query::DatabaseError(kind, Box::new(words.to_owned())));
            assert!(matches!(error, Error::Unavailable(_)) && error.broke_connection(), "{words}: {error}");
        }
        let other = Error::from(Query::DatabaseError(Kind::Unknown, Box::new("syntax error".to_owned())));
        assert!(matches!(other, Error::Query(_)));
    }

    #[test]
    fn both_databases_name_the_columns_of_a_key() {
        let sqlite = "UNIQUE constraint failed: normative_acts.number_folded, normative_acts.signed_on";
        assert_eq!(key_columns(sqlite, None), ["number_folded", "signed_on"]);
        let postgres = "Key (kind, school_id)=(M1, 7) already exists.";
        assert_eq!(key_columns("duplicate key", Some(postgres)), ["kind", "school_id"]);
        let russian = "Ключ \"(code)=(520101)\" уже существует.";
        assert_eq!(key_columns("повторяющееся значение ключа", Some(russian)), ["code"]);
        assert!(key_columns("UNIQUE failed", None).is_empty());
    }
}
