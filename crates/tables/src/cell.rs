//! One cell and what it holds.

use crate::raw::trim;
use opora_primitives::{
    Reason,
    text::{self, is_hidden},
};
use std::borrow::Cow;

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    text: &'a str,
    flaw: Option<Reason>,
}

impl<'a> Cell<'a> {
    pub(crate) fn new(text: &'a str, flaw: Option<Reason>) -> Self {
        Self { text, flaw }
    }

    /// The text exactly as it stands in the file.
    pub fn raw(&self) -> &'a str {
        self.text
    }

    /// Why the cell is refused whatever its text: a formula, or an error value of a spreadsheet.
    pub fn flaw(&self) -> Option<Reason> {
        self.flaw
    }

    /// The value: trimmed (no-break spaces too); none for an empty cell, a dash of any kind and "н/д".
    ///
    /// # Errors
    /// [`Reason::Formula`]; [`Reason::WrongFormat`] for an error value such as `#N/A`; [`Reason::ForbiddenCharacter`] for
    /// a hidden character that is no tab or line end.
    pub fn value(&self) -> Result<Option<&'a str>, Reason> {
        if let Some(reason) = self.flaw {
            return Err(reason);
        }
        let value = trim(self.text);
        if value.chars().any(|c| is_hidden(c) && !matches!(c, '\t' | '\n' | '\r')) {
            return Err(Reason::ForbiddenCharacter);
        }
        Ok(Some(value).filter(|value| !means_nothing(value)))
    }

    /// The value of a code that may have lost its leading zeros in a spreadsheet: if it is all digits, zeros are put
    /// before it up to `width`.
    ///
    /// # Errors
    /// As [`Cell::value`].
    pub(crate) fn padded(&self, width: usize) -> Result<Option<Cow<'a, str>>, Reason> {
        let pad =
            |value: &'a str| match value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < width {
                true => Cow::Owned(format!("{value:0>width$}")),
                false => Cow::Borrowed(value),
            };
        Ok(self.value()?.map(pad))
    }
}

/// What people write for "no value".
fn means_nothing(value: &str) -> bool {
    // Two Cyrillic letters of two bytes each around the slash.
    const NO_DATA: &str = "н/д";
    matches!(value, "" | "-" | "–" | "—") || (value.len() == NO_DATA.len() && text::fold(value) == NO_DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Option<&str>, Reason> {
        Cell::new(text, None).value()
    }

    #[test]
    fn no_value_has_many_forms() {
        for text in ["", " ", "\u{a0}", "-", "–", " — ", "н/д", "Н/Д", "н/Д\u{a0}", "\u{feff}"] {
            assert_eq!(value(text), Ok(None), "{text:?}");
        }
        assert_eq!(value("--"), Ok(Some("--")));
        assert_eq!(value("0"), Ok(Some("0")));
    }

    #[test]
    fn trims_and_refuses_control_characters() {
        assert_eq!(value("\u{a0} Школа № 5\u{202f}"), Ok(Some("Школа № 5")));
        assert_eq!(value("а\tб\r\nв"), Ok(Some("а\tб\r\nв")));
        assert_eq!(value("a\u{7}b"), Err(Reason::ForbiddenCharacter));
        assert_eq!(value("a\u{9b}b"), Err(Reason::ForbiddenCharacter));
        assert_eq!(Cell::new("5", Some(Reason::Formula)).value(), Err(Reason::Formula));
    }

    #[test]
    fn pads_only_digits() {
        let padded = |text| Cell::new(text, None).padded(6).unwrap().map(Cow::into_owned);
        assert_eq!(padded("5201").as_deref(), Some("005201"));
        assert_eq!(padded("1234567").as_deref(), Some("1234567"));
        assert_eq!(padded("52-1").as_deref(), Some("52-1"));
        assert_eq!(padded("-"), None);
    }
}
