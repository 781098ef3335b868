//! Faults of the database, turned into what a caller can act on.

use diesel::result::{DatabaseErrorKind as Kind, Error as Query};
use opora_primitives::{Problem, ProblemCode};

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
            Kind::UniqueViolation => ProblemCode::AlreadyExists.into(),
            Kind::ForeignKeyViolation | Kind::RestrictViolation => ProblemCode::MissingReference.into(),
            Kind::SerializationFailure => Self::Clash,
            Kind::ClosedConnection | Kind::UnableToSendCommand => Self::Unavailable(message.to_owned()),
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
            _ if is_outage(message) => Self::Unavailable(message.to_owned()),
            _ => Self::Query(error),
        }
    }
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
    ];
    WORDS.iter().any(|words| message.contains(words))
}
