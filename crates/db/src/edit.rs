//! What every record that is made, changed and removed by hand shares: every field is checked, all flaws are told at
//! once, and the change carries the contents before and after.

use crate::{Change, Db, Error, Label, Operation, Result};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_primitives::{Flaw, Problem, ProblemCode, Reason, text::is_hidden};
use serde::{Deserialize, Deserializer, Serialize};
use std::str::FromStr;

/// The refused fields of a record, gathered.
#[derive(Default)]
pub struct Check(Vec<Flaw>);

impl Check {
    /// The field at `pointer` is refused.
    pub fn flaw(&mut self, pointer: &str, reason: Reason) {
        self.0.push(Flaw::at(pointer, reason));
    }

    /// The field at `pointer` is refused unless something holds.
    pub fn unless(&mut self, holds: bool, pointer: &str, reason: Reason) {
        if !holds {
            self.flaw(pointer, reason);
        }
    }

    /// A line of text without control characters: trimmed, 1 to `most` characters.
    pub fn line(&mut self, pointer: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        self.unless((1..=most).contains(&text.chars().count()), pointer, Reason::WrongLength);
        self.unless(!text.chars().any(is_hidden), pointer, Reason::ForbiddenCharacter);
        text.to_owned()
    }

    /// As [`Check::line`], where there is a text.
    pub fn optional_line(&mut self, pointer: &str, text: Option<&str>, most: usize) -> Option<String> {
        text.map(|text| self.line(pointer, text, most))
    }

    /// A code with a form of its own.
    pub fn code<T: FromStr<Err = Reason>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        text.trim().parse().map_err(|reason| self.flaw(pointer, reason)).ok()
    }

    /// As [`Check::code`], where there is one.
    pub fn optional_code<T: FromStr<Err = Reason>>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
    ) -> Option<T> {
        text.and_then(|text| self.code(pointer, text))
    }

    /// The second date may not come before the first; its field is the one refused.
    pub fn in_order(&mut self, pointer: &str, first: Option<NaiveDate>, second: Option<NaiveDate>) {
        self.unless(first.zip(second).is_none_or(|(a, b)| a <= b), pointer, Reason::OrderOfDates);
    }

    /// Ends the check.
    ///
    /// # Errors
    /// Every refused field at once.
    pub fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0).into()) }
    }
}

/// The versions that a caller has read: a record is changed if it is still at one of them. They count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected([i64; Self::MOST]);

impl Expected {
    /// How many a caller may name.
    pub const MOST: usize = 16;

    /// Any of `versions`; nothing if they are too many.
    pub fn any_of(versions: &[i64]) -> Option<Self> {
        let mut all = [0; Self::MOST];
        all.get_mut(..versions.len())?.copy_from_slice(versions);
        Some(Self(all))
    }
}

impl From<i64> for Expected {
    fn from(version: i64) -> Self {
        let mut all = [0; Self::MOST];
        all[0] = version;
        Self(all)
    }
}

/// Refuses a change of a record that is at no version that the caller has read.
///
/// # Errors
/// [`ProblemCode::PreconditionFailed`].
pub fn same_version(found: i64, expected: impl Into<Expected>) -> Result<()> {
    if expected.into().0.contains(&found) { Ok(()) } else { Err(ProblemCode::PreconditionFailed.into()) }
}

/// A deletion that a reference forbids is told as such.
pub fn referenced(error: diesel::result::Error) -> Error {
    match Error::from(error) {
        Error::Problem(p) if p.code == ProblemCode::MissingReference => ProblemCode::StillReferenced.into(),
        other => other,
    }
}

/// An insertion that a municipality or a school forbids, which is not there, is told at the field of that which was given:
/// there is at most one.
pub fn missing_area(error: diesel::result::Error, municipality_given: bool) -> Error {
    let pointer = if municipality_given { "/municipality_id" } else { "/school_id" };
    match Error::from(error) {
        Error::Problem(p) if p.code == ProblemCode::MissingReference => {
            Problem { flaws: vec![Flaw::at(pointer, Reason::UnknownReference)], ..p }.into()
        }
        other => other,
    }
}

/// A table that refers to another, its column, and what a caller knows its records as, in English and in Russian.
type Referrer = (&'static str, &'static str, &'static str, &'static str);

/// What refers to the records of a table. SQLite does not say which of them forbids a deletion.
const REFERRERS: &[(&str, &[Referrer])] = &[
    (
        "schools",
        &[
            ("schools", "successor_id", "schools", "школы"),
            ("contexts", "school_id", "contexts", "социальные паспорта"),
            ("results", "school_id", "results", "результаты"),
            ("list_entries", "school_id", "lists", "перечни"),
            ("staff", "school_id", "staff", "кадры"),
            ("designations", "school_id", "designations", "назначения"),
            ("users", "school_id", "users", "пользователи"),
            ("verdicts", "school_id", "identification-runs", "расчёты выявления"),
            ("proposals", "school_id", "proposals", "предложения"),
            ("assignments", "school_id", "assignments", "назначения моделей"),
            ("activity_facts", "school_id", "facts", "факты"),
            ("service_clients", "school_id", "service-clients", "сервисные клиенты"),
            ("webhooks", "school_id", "webhooks", "вебхуки"),
        ],
    ),
    (
        "municipalities",
        &[
            ("municipalities", "parent_id", "municipalities", "муниципалитеты"),
            ("municipalities", "successor_id", "municipalities", "муниципалитеты"),
            ("schools", "municipality_id", "schools", "школы"),
            ("designations", "municipality_id", "designations", "назначения"),
            ("users", "municipality_id", "users", "пользователи"),
            ("proposals", "municipality_id", "proposals", "предложения"),
            ("coverage_gaps", "municipality_id", "proposal-runs", "расчёты предложений"),
            ("assignments", "municipality_id", "assignments", "назначения моделей"),
            ("activity_facts", "municipality_id", "facts", "факты"),
            ("service_clients", "municipality_id", "service-clients", "сервисные клиенты"),
            ("webhooks", "municipality_id", "webhooks", "вебхуки"),
        ],
    ),
    (
        "staff",
        &[
            ("support_records", "staff_id", "support-records", "методическое сопровождение"),
            ("proposals", "staff_id", "proposals", "предложения"),
            ("assignments", "staff_id", "assignments", "назначения моделей"),
        ],
    ),
    ("lists", &[("identification_runs", "list_id", "identification-runs", "расчёты выявления")]),
    (
        "identification_runs",
        &[
            ("proposal_runs", "identification_run_id", "proposal-runs", "расчёты предложений"),
            ("reports", "run_id", "reports", "отчёты"),
        ],
    ),
    (
        "normative_acts",
        &[
            ("normative_acts", "supersedes_id", "acts", "нормативные акты"),
            ("passport_evidence", "act_id", "passport/stages", "этапы паспорта"),
        ],
    ),
];

/// Refuses to remove the record `id` of `table` while others refer to it, and says which.
///
/// # Errors
/// [`ProblemCode::StillReferenced`] with the resources that refer to it.
pub fn unreferenced(db: &mut Db, table: &str, id: i64) -> Result<()> {
    let known = REFERRERS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, known)| known);
    let (mut en, mut ru) = (Vec::new(), Vec::new());
    for (referrer, column, resource, russian) in known {
        let sql = format!("SELECT {column} AS id FROM {referrer} WHERE {column} = {id} LIMIT 1");
        if !en.contains(resource) && !diesel::sql_query(sql).load::<Referring>(db)?.is_empty() {
            en.push(*resource);
            ru.push(*russian);
        }
    }
    if en.is_empty() {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::StillReferenced, (en.join(", "), ru.join(", "))).into())
}

#[derive(QueryableByName)]
struct Referring {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    #[diesel(column_name = "id")]
    _id: i64,
}

/// The change from `before` to `after` of the record `key`; the operation follows from which of them is there. What `label`
/// says of each tells whether the record has another natural key now, and whether it went elsewhere.
///
/// # Errors
/// A record that has no JSON form.
pub fn change<T: Serialize>(
    resource: &'static str,
    key: impl ToString,
    before: Option<&T>,
    after: Option<&T>,
    label: impl Fn(&T) -> Label,
) -> Result<Change> {
    let operation = match (before, after) {
        (None, _) => Operation::Create,
        (_, None) => Operation::Delete,
        _ => Operation::Update,
    };
    let json = |value: Option<&T>| value.map(serde_json::to_value).transpose().map_err(Error::fault);
    let change =
        Change { before: json(before)?, after: json(after)?, ..Change::new(resource, key, operation) };
    let Some(now) = after.or(before) else { return Ok(change) };
    Ok(change.told(label(before.unwrap_or(now)), label(now)))
}

/// Reads a field of a patch: an absent one leaves the record as it is, `null` clears it where the record may go without.
///
/// # Errors
/// What the field's own type refuses.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Carries the given fields of a patch over into the draft.
#[macro_export]
macro_rules! merge {
    ($patch:ident => $draft:ident: $($field:ident)+) => {
        $(if let Some(value) = $patch.$field { $draft.$field = value; })+
    };
}

#[cfg(test)]
mod tests {
    use super::Check;
    use opora_primitives::{Inn, Reason};

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
