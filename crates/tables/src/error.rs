//! What can be wrong with a file, with a row and with a cell.

use opora_primitives::{Flaw, Problem, ProblemCode, Reason, Words};
use std::io;

/// One thing that fails a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFlaw {
    /// Why.
    pub reason: Reason,
    /// The canonical name of the column at fault, where there is one.
    pub column: Option<String>,
    /// Where and what exactly; no words where the reason says it all. Holds no cell of the file.
    pub detail: Words,
}

/// Why a file cannot be read, or cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is at fault. Never empty: every missing column is named at once.
    #[error("{}", describe(.0).en)]
    Refused(Vec<FileFlaw>),
    /// The system is: the file that was stored does not open or does not read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl FileError {
    /// One flaw of which a library told in English, for who looks into the file itself.
    pub(crate) fn technical(reason: Reason, error: impl std::fmt::Display) -> Self {
        Self::new(reason, (error.to_string(), ""))
    }

    /// One flaw without a column.
    pub(crate) fn new(reason: Reason, detail: impl Into<Words>) -> Self {
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
fn describe(flaws: &[FileFlaw]) -> Words {
    let told = |message: fn(Reason) -> &'static str, words: fn(&Words) -> &String| {
        let one = |flaw: &FileFlaw| {
            let reason = format!("{} ({})", message(flaw.reason), flaw.reason.as_str());
            match (&flaw.column, words(&flaw.detail).as_str()) {
                (Some(column), _) => format!("{reason}: {column}"),
                (None, "") => reason,
                (None, detail) => format!("{reason}: {detail}"),
            }
        };
        flaws.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let en = told(|reason| reason.messages().0, |words| &words.en);
    (en, told(|reason| reason.messages().1, |words| &words.ru)).into()
}

/// A file at fault is [`ProblemCode::InvalidFile`] with a flaw for each column, or at `file`; a system at fault is
/// [`ProblemCode::Internal`] and says no more.
impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let FileError::Refused(flaws) = error else {
            return ProblemCode::Internal.into();
        };
        let words = describe(&flaws);
        let flaw = |flaw: FileFlaw| Flaw::at(flaw.column.unwrap_or_else(|| "file".to_owned()), flaw.reason);
        let flaws = flaws.into_iter().map(flaw).collect();
        Problem { flaws, ..Problem::new(ProblemCode::InvalidFile, words) }
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
