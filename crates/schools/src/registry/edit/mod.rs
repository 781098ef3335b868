//! Records of the registry made, changed and removed by hand: every field is checked, all flaws are told at once, every
//! change leaves an audit record with the contents before and after.

pub mod designations;
pub mod municipalities;
pub mod schools;

use chrono::NaiveDate;
use opora_db::{Change, Error, Operation, Result};
use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use serde::{Deserialize, Deserializer, Serialize};
use std::str::FromStr;

/// The refused fields of a record, gathered.
#[derive(Default)]
struct Check(Vec<Flaw>);

impl Check {
    fn flaw(&mut self, pointer: &str, reason: Reason) {
        self.0.push(Flaw::at(pointer, reason));
    }

    fn unless(&mut self, holds: bool, pointer: &str, reason: Reason) {
        if !holds {
            self.flaw(pointer, reason);
        }
    }

    /// A line of text without control characters: trimmed, 1 to `most` characters.
    fn line(&mut self, pointer: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        self.unless((1..=most).contains(&text.chars().count()), pointer, Reason::WrongLength);
        self.unless(!text.chars().any(char::is_control), pointer, Reason::ForbiddenCharacter);
        text.to_owned()
    }

    fn optional_line(&mut self, pointer: &str, text: Option<&str>, most: usize) -> Option<String> {
        text.map(|text| self.line(pointer, text, most))
    }

    fn code<T: FromStr<Err = Reason>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        text.trim().parse().map_err(|reason| self.flaw(pointer, reason)).ok()
    }

    fn optional_code<T: FromStr<Err = Reason>>(&mut self, pointer: &str, text: Option<&str>) -> Option<T> {
        text.and_then(|text| self.code(pointer, text))
    }

    /// The second date may not come before the first; its field is the one refused.
    fn in_order(&mut self, pointer: &str, first: Option<NaiveDate>, second: Option<NaiveDate>) {
        self.unless(first.zip(second).is_none_or(|(a, b)| a <= b), pointer, Reason::OrderOfDates);
    }

    fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0).into()) }
    }
}

/// Refuses a change of a record that is no longer at the version the caller has read.
fn same_version(found: i64, expected: i64) -> Result<()> {
    if found == expected { Ok(()) } else { Err(ProblemCode::PreconditionFailed.into()) }
}

/// A deletion that a reference forbids is told as such.
fn referenced(error: diesel::result::Error) -> Error {
    match Error::from(error) {
        Error::Problem(p) if p.code == ProblemCode::MissingReference => ProblemCode::StillReferenced.into(),
        other => other,
    }
}

/// The change from `before` to `after` of the record `key`; the operation follows from which of them is there.
fn change<T: Serialize>(
    resource: &'static str,
    key: impl ToString,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<Change> {
    let operation = match (before, after) {
        (None, _) => Operation::Create,
        (_, None) => Operation::Delete,
        _ => Operation::Update,
    };
    let json = |value: Option<&T>| value.map(serde_json::to_value).transpose().map_err(Error::fault);
    Ok(Change { before: json(before)?, after: json(after)?, ..Change::new(resource, key, operation) })
}

/// Reads a field of a patch: an absent one leaves the record as it is, `null` clears it where the record may go without.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Carries the given fields of a patch over into the draft.
macro_rules! merge {
    ($patch:ident => $draft:ident: $($field:ident)+) => {
        $(if let Some(value) = $patch.$field { $draft.$field = value; })+
    };
}
use merge;

#[cfg(test)]
mod tests {
    use super::{Check, designations::DesignationPatch, schools::SchoolPatch};
    use opora_primitives::{Inn, Reason};

    #[test]
    fn a_patch_tells_absent_from_null() {
        let patch: DesignationPatch =
            serde_json::from_str(r#"{"act": null, "valid_to": "2020-12-31"}"#).unwrap();
        assert_eq!(patch.act, Some(None));
        assert_eq!(patch.valid_to.flatten(), "2020-12-31".parse().ok());
        assert_eq!(patch.act_date, None);
    }

    #[test]
    fn null_does_not_clear_what_must_be_there() {
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"name": null}"#).is_err());
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"inn": null}"#).is_ok());
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"id": 1}"#).is_err());
    }

    #[test]
    fn all_flaws_are_gathered() {
        let mut check = Check::default();
        let day = |text: &str| text.parse().ok();
        assert_eq!(check.line("/name", "  Школа № 1 ", 9), "Школа № 1");
        check.line("/long", "Школа № 10", 9);
        check.line("/bell", "a\u{7}b", 9);
        assert_eq!(check.code::<Inn>("/inn", "7707083894"), None);
        check.in_order("/same", day("2020-01-01"), day("2020-01-01"));
        check.in_order("/back", day("2020-01-02"), day("2020-01-01"));
        check.in_order("/open", day("2020-01-02"), None);
        let found: Vec<_> = check.0.iter().map(|flaw| (flaw.pointer.as_str(), flaw.reason)).collect();
        let expected = [
            ("/long", Reason::WrongLength),
            ("/bell", Reason::ForbiddenCharacter),
            ("/inn", Reason::WrongCheckDigit),
            ("/back", Reason::OrderOfDates),
        ];
        assert_eq!(found, expected);
        assert!(check.done().is_err());
    }
}
