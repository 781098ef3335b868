//! Reporting periods, and when a half-yearly report is due. Pure.

use crate::{
    timeliness::{Timeliness, days_late, judge},
    words,
};
use chrono::{Datelike, NaiveDate, Weekday};
use opora_primitives::Reason;
use serde::{Deserialize, Serialize};

/// A half of a calendar year: `2020-H2`. Kept as the number of half-years since the year 0, so that it sorts.
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
#[schema(value_type = String, pattern = "^20[0-9]{2}-H[12]$", example = "2020-H2")]
pub struct Period(i32);

/// The day of the month after a period on which its report is due, inclusive (`indicators.yaml`, `half_year_report`).
const DUE_DAY: u32 = 15;

impl Period {
    /// The half of the year that holds `day`.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`] outside the years 2000 to 2099.
    pub fn of(day: NaiveDate) -> Result<Self, Reason> {
        Self::new(day.year(), day.month() > 6)
    }

    fn new(year: i32, second: bool) -> Result<Self, Reason> {
        if (2000..=2099).contains(&year) {
            Ok(Self(2 * year + i32::from(second)))
        } else {
            Err(Reason::OutOfRange)
        }
    }

    /// The calendar year it lies in.
    pub fn year(self) -> i32 {
        self.0.div_euclid(2)
    }

    fn is_second(self) -> bool {
        self.0.rem_euclid(2) == 1
    }

    /// Its first day: 1 January or 1 July.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year(), if self.is_second() { 7 } else { 1 }, 1).unwrap_or_default()
    }

    /// Its last day: 30 June or 31 December.
    pub fn last_day(self) -> NaiveDate {
        let (month, day) = if self.is_second() { (12, 31) } else { (6, 30) };
        NaiveDate::from_ymd_opt(self.year(), month, day).unwrap_or_default()
    }

    /// The half-year after it.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`] after 2099.
    pub fn next(self) -> Result<Self, Reason> {
        let next = self.0 + 1;
        Self::new(next.div_euclid(2), next.rem_euclid(2) == 1)
    }

    /// The day its report is due: the 15th of the month after it, inclusive. A weekend does not move it.
    pub fn due_on(self) -> NaiveDate {
        let (year, month) = if self.is_second() { (self.year() + 1, 1) } else { (self.year(), 7) };
        NaiveDate::from_ymd_opt(year, month, DUE_DAY).unwrap_or_default()
    }

    /// The period in Russian, for a title: `за второе полугодие 2021 года`.
    pub fn ru(self) -> String {
        let half = if self.is_second() { "второе" } else { "первое" };
        format!("за {half} полугодие {} года", self.year())
    }
}

/// The day that figures are as of, and whether it is over: what was due on it and is not there is past due then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The day.
    pub on: NaiveDate,
    /// Whether it is over.
    pub over: bool,
}

impl AsOf {
    /// Of a report about `period` that is made on the day `today`: the last day of the period or, until then, that day.
    pub fn of(period: Period, today: NaiveDate) -> Self {
        Self { on: today.min(period.last_day()), over: period.last_day() < today }
    }

    /// An earlier day, looked back at.
    pub fn back_on(self, day: NaiveDate) -> Self {
        Self { on: day, over: day < self.on }
    }
}

impl std::fmt::Display for AsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.on, if self.over { "-over" } else { "" })
    }
}

/// Whether `day` is a Saturday or a Sunday: a due day on one is flagged, never shifted (decision 3).
pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A half-yearly report that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DueReport {
    /// Its period.
    pub period: Period,
    /// The first day it covers: for the first report of a plan the plan's own first day (decision 3).
    pub from: NaiveDate,
    /// The last day it covers.
    pub to: NaiveDate,
    /// When it is due, inclusive.
    pub due_on: NaiveDate,
    /// Whether that is a Saturday or a Sunday.
    pub due_on_weekend: bool,
    /// For the report that covers two half-years: the last day of the first, which is shown separately.
    pub first_half_to: Option<NaiveDate>,
}

/// A half-yearly report that is due, as it stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DueReportOnDay {
    /// What it covers and when it is due.
    #[serde(flatten)]
    pub report: DueReport,
    /// The day.
    pub on: NaiveDate,
    /// How it stands. It came when it was submitted first: that the ministry gives it back makes it no later.
    pub timeliness: Timeliness,
    /// The day it was submitted first, if it was by then.
    pub submitted_on: Option<NaiveDate>,
    /// By how many days it came late or, while it is missing, is.
    #[schema(minimum = 0, example = 3)]
    pub days_late: i64,
    /// The day the ministry accepted it, if it did by then.
    pub accepted_on: Option<NaiveDate>,
}

impl DueReport {
    /// How it stands on the day `on`; `submitted` and `accepted` are the days on which it was, if it was.
    pub fn on_day(
        self,
        on: NaiveDate,
        submitted: Option<NaiveDate>,
        accepted: Option<NaiveDate>,
    ) -> DueReportOnDay {
        DueReportOnDay {
            report: self,
            on,
            timeliness: judge(self.due_on, submitted, on),
            submitted_on: submitted.filter(|day| *day <= on),
            days_late: days_late(self.due_on, submitted, on),
            accepted_on: accepted.filter(|day| *day <= on),
        }
    }

    /// What it covers, in Russian: a half-year, or everything up to the end of one.
    pub fn covered_ru(&self) -> String {
        match self.first_half_to {
            Some(_) => format!("с {} по {}", words::day(self.from), words::day(self.to)),
            None => self.period.ru().trim_start_matches("за ").to_owned(),
        }
    }
}

/// The half-yearly reports of a plan, in order. The first is that of the half-year after the one in which the act was
/// signed and covers everything since the plan began; the last is that of the plan's last day.
pub fn schedule(starts_on: NaiveDate, signed_on: NaiveDate, ends_on: NaiveDate) -> Vec<DueReport> {
    let (Ok(signed), Ok(last)) = (Period::of(signed_on), Period::of(ends_on)) else { return Vec::new() };
    let first = signed.next().ok();
    let periods =
        std::iter::successors(first, |period| period.next().ok()).take_while(|period| *period <= last);
    periods
        .map(|period| {
            let is_first = Some(period) == first;
            let from = if is_first { starts_on.min(period.first_day()) } else { period.first_day() };
            DueReport {
                period,
                from,
                to: period.last_day(),
                due_on: period.due_on(),
                due_on_weekend: is_weekend(period.due_on()),
                first_half_to: (from < period.first_day()).then(|| signed.last_day()),
            }
        })
        .collect()
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}-H{}", self.year(), if self.is_second() { 2 } else { 1 }))
    }
}

impl std::str::FromStr for Period {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        let (year, half) = text.split_once("-H").ok_or(Reason::WrongFormat)?;
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reason::WrongFormat);
        }
        let second = match half {
            "1" => false,
            "2" => true,
            _ => return Err(Reason::WrongFormat),
        };
        Self::new(year.parse().map_err(|_| Reason::WrongFormat)?, second)
    }
}

impl TryFrom<String> for Period {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// Which report of a kind is meant: that of a half-year, or `latest`, the accepted one of the newest half-year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^(20[0-9]{2}-H[12]|latest)$", example = "2020-H2")]
pub struct PeriodRef(Option<Period>);

impl PeriodRef {
    /// The half-year, where one is named.
    pub fn period(self) -> Option<Period> {
        self.0
    }
}

impl TryFrom<String> for PeriodRef {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        if text == "latest" { Ok(Self(None)) } else { text.parse().map(|period| Self(Some(period))) }
    }
}

opora_primitives::stored_as!(Period, diesel::sql_types::Integer, i32, |period| &period.0, |raw| Ok(Period(
    raw
)));

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_orders_plan_has_three_reports() {
        // decisions.md 3: the first covers all of 2020, the last is due on Saturday 2022-01-15.
        let reports = schedule(day("2020-01-01"), day("2020-05-29"), day("2021-12-31"));
        let told: Vec<_> = reports
            .iter()
            .map(|r| (r.period.to_string(), r.from, r.to, r.due_on, r.due_on_weekend, r.first_half_to))
            .collect();
        let expected = [
            ("2020-H2", "2020-01-01", "2020-12-31", "2021-01-15", false, Some(day("2020-06-30"))),
            ("2021-H1", "2021-01-01", "2021-06-30", "2021-07-15", false, None),
            ("2021-H2", "2021-07-01", "2021-12-31", "2022-01-15", true, None),
        ]
        .map(|(p, from, to, due, weekend, half)| (p.to_owned(), day(from), day(to), day(due), weekend, half));
        assert_eq!(told, expected);
    }

    #[test]
    fn a_period_is_over_when_its_last_day_has_passed() {
        let as_of = |today: &str| AsOf::of("2020-H2".parse().unwrap(), day(today)).to_string();
        assert_eq!(as_of("2020-11-10"), "2020-11-10");
        assert_eq!(as_of("2020-12-31"), "2020-12-31");
        assert_eq!(as_of("2021-01-01"), "2020-12-31-over");
        assert_eq!(as_of("2026-01-01"), "2020-12-31-over");
        let during = AsOf::of("2020-H2".parse().unwrap(), day("2020-11-10"));
        assert_eq!(during.back_on(day("2020-06-30")).to_string(), "2020-06-30-over");
        assert_eq!(during.back_on(day("2020-11-10")).to_string(), "2020-11-10");
    }

    #[test]
    fn other_words_are_no_period() {
        for text in ["2020", "2020-H3", "2020-h2", "20-H2", "+020-H2", "2020-H2 ", "1999-H1", "2020-H", ""] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
