//! The academic year.

use crate::Reason;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// An academic year, 1 September to 31 August, named by both calendar years: `2019/2020`.
// A table keeps the year it starts in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[diesel(sql_type = diesel::sql_types::Integer)]
#[schema(value_type = String, pattern = r"^20\d{2}/20\d{2}$", example = "2019/2020")]
pub struct AcademicYear(i32);

impl AcademicYear {
    /// The first and last starting years the system accepts: the unified state exam and the assessments that replaced
    /// it live inside this range, anything else is a typing mistake.
    pub const RANGE: std::ops::RangeInclusive<i32> = 2000..=2098;

    /// The year that starts on 1 September of `year`.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`] outside [`Self::RANGE`].
    pub fn starting(year: i32) -> Result<Self, Reason> {
        if Self::RANGE.contains(&year) { Ok(Self(year)) } else { Err(Reason::OutOfRange) }
    }

    /// The calendar year it starts in.
    pub fn start(self) -> i32 {
        self.0
    }

    /// 1 September of its first calendar year.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0, 9, 1).unwrap_or_default()
    }

    /// 31 August of its second calendar year.
    pub fn last_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0 + 1, 8, 31).unwrap_or_default()
    }

    /// The academic year that holds `day`.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`] outside [`Self::RANGE`].
    pub fn of(day: NaiveDate) -> Result<Self, Reason> {
        Self::starting(if day.month() >= 9 { day.year() } else { day.year() - 1 })
    }

    /// The year before it, if there is one in [`Self::RANGE`].
    pub fn previous(self) -> Option<Self> {
        Self::starting(self.0 - 1).ok()
    }

    /// The year after it, if there is one in [`Self::RANGE`].
    pub fn next(self) -> Option<Self> {
        Self::starting(self.0 + 1).ok()
    }
}

impl std::fmt::Display for AcademicYear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0, self.0 + 1)
    }
}

impl std::str::FromStr for AcademicYear {
    type Err = Reason;

    /// Reads `2019/2020`, `2019-2020` and `2019/20`.
    fn from_str(text: &str) -> Result<Self, Reason> {
        let (first, second) = text.split_once(['/', '-', '–']).ok_or(Reason::WrongFormat)?;
        let digits = |part: &str, lengths: &[usize]| {
            (lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<i32>().ok())
                .flatten()
                .ok_or(Reason::WrongFormat)
        };
        let start = digits(first.trim(), &[4])?;
        let end = digits(second.trim(), &[2, 4])?;
        let expected = if second.trim().len() == 2 { (start + 1) % 100 } else { start + 1 };
        if end != expected {
            return Err(Reason::OutOfRange);
        }
        Self::starting(start)
    }
}

impl TryFrom<String> for AcademicYear {
    type Error = Reason;
    fn try_from(text: String) -> Result<Self, Reason> {
        text.parse()
    }
}

impl From<AcademicYear> for String {
    fn from(year: AcademicYear) -> String {
        year.to_string()
    }
}

crate::stored_as!(AcademicYear, diesel::sql_types::Integer, i32, |year| &year.0, |raw| Ok(AcademicYear(raw)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_spellings_found_in_files() {
        for text in ["2019/2020", "2019-2020", "2019/20", "2019–2020"] {
            assert_eq!(text.parse::<AcademicYear>().unwrap().to_string(), "2019/2020");
        }
    }

    #[test]
    fn refuses_years_that_cannot_be() {
        for text in ["2019/2021", "2019", "19/20", "1899/1900", "2019/2019", "abcd/efgh", ""] {
            assert!(text.parse::<AcademicYear>().is_err(), "{text}");
        }
    }

    #[test]
    fn begins_on_the_first_of_september() {
        let year = AcademicYear::starting(2019).unwrap();
        assert_eq!(AcademicYear::of("2019-09-01".parse().unwrap()), Ok(year));
        assert_eq!(AcademicYear::of("2020-08-31".parse().unwrap()), Ok(year));
        assert_eq!(AcademicYear::of("2020-09-01".parse().unwrap()), Ok(year.next().unwrap()));
    }
}
