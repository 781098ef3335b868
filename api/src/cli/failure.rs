//! Why a command came to nothing, in words for the operator.

use super::refused;
use crate::error::Language;
use opora_db::Error;
use opora_primitives::{Problem, Reason};
use std::fmt::{self, Display, Formatter};

/// What a command printed, made or did, or why it did not.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

/// The words of a failure.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A failure in the language of the terminal.
pub(super) fn refuse(en: impl Into<String>, ru: impl Into<String>) -> Failure {
    Failure(Language::of_terminal().pick((en.into(), ru.into())))
}

impl std::error::Error for Failure {}

/// What the caller did wrong, in the language of the terminal: the title of the problem, what exactly, and its code.
/// Other failures as they are.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let Error::Problem(problem) = error else { return Self(error.to_string()) };
        let language = Language::of_terminal();
        let title = language.pick(problem.code.titles()).to_owned();
        let detail = problem.detail.as_ref().map(|words| language.of_words(words).to_owned());
        let fields = Some(refused(&problem)).filter(|fields| !fields.is_empty());
        let words: Vec<_> = [Some(title), detail, fields].into_iter().flatten().collect();
        Self(format!("{} ({})", words.join(": "), problem.code.as_str()))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Error::from(problem).into()
    }
}

/// Why an option was refused.
impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        let (en, ru) = reason.messages();
        refuse(en, ru)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self(words)
    }
}

impl From<&str> for Failure {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}
