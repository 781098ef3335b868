//! What can be wrong with a file, with a row and with a cell.

use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use std::io;

/// One thing that fails a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFlaw {
    /// Why.
    pub reason: Reason,
    /// The canonical name of the column at fault, where there is one.
    pub column: Option<String>,
    /// Where and what exactly, in English, for the log and the support desk. Holds no cell of the file.
    pub detail: String,
}

/// Why a file cannot be read, or cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is at fault. Never empty: every missing column is named at once.
    #[error("{}", describe(.0))]
    Refused(Vec<FileFlaw>),
    /// The system is: the file that was stored does not open or does not read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl FileError {
    /// One flaw without a column.
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self::Refused(vec![FileFlaw { reason, column: None, detail: detail.into() }])
    }

    /// What the file is refused for; empty if the file is not at fault.
    pub fn flaws(&self) -> &[FileFlaw] {
        match self {
            FileError::Refused(flaws) => flaws,
            FileError::Unreadable(_) => &[],
        }
    }

    /// The first reason, if the file is at fault.
    pub fn reason(&self) -> Option<Reason> {
        self.flaws().first().map(|flaw| flaw.reason)
    }
}

/// In words for people, each reason with its stable name for programs.
fn describe(flaws: &[FileFlaw]) -> String {
    let one = |flaw: &FileFlaw| {
        let reason = format!("{} ({})", flaw.reason, flaw.reason.as_str());
        match &flaw.column {
            Some(column) => format!("{reason}: {column}"),
            None if flaw.detail.is_empty() => reason,
            None => format!("{reason}: {}", flaw.detail),
        }
    };
    flaws.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A file at fault is [`ProblemCode::InvalidFile`] with a flaw for each column, or at `file`; a system at fault is
/// [`ProblemCode::Internal`] and says no more.
impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let detail = error.to_string();
        let FileError::Refused(flaws) = error else {
            return ProblemCode::Internal.into();
        };
        let flaw = |flaw: FileFlaw| Flaw::at(flaw.column.unwrap_or_else(|| "file".to_owned()), flaw.reason);
        Problem {
            code: ProblemCode::InvalidFile,
            detail: Some(detail),
            flaws: flaws.into_iter().map(flaw).collect(),
        }
    }
}

/// One thing wrong with a row; the other rows of the file can still be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowError {
    /// The row's 1-based number, as a spreadsheet shows it.
    pub row: u64,
    /// The canonical name of the column at fault; none if it is the row as a whole.
    pub column: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Why a row did not come.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The row is broken; reading goes on.
    #[error("row {}: {}", .0.row, .0.reason)]
    Row(RowError),
    /// The file is broken; nothing more comes.
    #[error(transparent)]
    File(#[from] FileError),
}
