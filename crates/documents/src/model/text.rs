//! Text with nothing in it but plain and bold runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Text in runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Text(pub Vec<Run>);

/// A piece of text that looks alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TextRun)]
pub struct Run {
    /// The characters; a line feed is a line break.
    pub text: String,
    /// Whether it stands out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
}

impl Text {
    /// With `text` added.
    #[must_use]
    pub fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run { text: text.into(), bold: false });
        self
    }

    /// All of it as one string.
    pub(crate) fn joined(&self) -> String {
        self.0.iter().map(|run| run.text.as_str()).collect()
    }

    /// With `text` added in bold.
    #[must_use]
    pub fn bold(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run { text: text.into(), bold: true });
        self
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::default().plain(text)
    }
}
