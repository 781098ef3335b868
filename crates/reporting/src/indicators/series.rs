//! An indicator over time.

use super::{Actual, Ground, IndicatorCode, ListVersion, Question};
use chrono::{Datelike, Months, NaiveDate};
use opora_db::{Db, Result};
use opora_primitives::{Reason, word_type};
use opora_schools::types::ListId;

/// The most points of a series: ten years of months.
pub const MOST_POINTS: usize = 120;

word_type!(
    /// How far the points of a series are apart: a point is the last day of each step.
    SeriesStep {
        /// Months.
        Month = "month", "месяц";
        /// Quarters of the calendar year.
        Quarter = "quarter", "квартал";
        /// Halves of the calendar year, the periods of the reports.
        HalfYear = "half_year", "полугодие";
    }
);

impl SeriesStep {
    fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::HalfYear => 6,
        }
    }

    /// The last day of the step that `day` lies in; none beyond the calendar.
    fn last_day(self, day: NaiveDate) -> Option<NaiveDate> {
        let into = day.month0() % self.months();
        let first = day.with_day(1)?.checked_sub_months(Months::new(into))?;
        first.checked_add_months(Months::new(self.months()))?.pred_opt()
    }

    /// The last day of every step that ends from `from` to `to`, and `to` itself, so that the series ends where it was
    /// asked to.
    ///
    /// # Errors
    /// [`Reason::OrderOfDates`] if it would end before it starts; [`Reason::OutOfRange`] for more than [`MOST_POINTS`].
    pub fn days(self, from: NaiveDate, to: NaiveDate) -> std::result::Result<Vec<NaiveDate>, Reason> {
        if to < from {
            return Err(Reason::OrderOfDates);
        }
        let mut days = Vec::new();
        let mut next = self.last_day(from);
        while let Some(day) = next.filter(|day| *day < to) {
            days.push(day);
            if days.len() >= MOST_POINTS {
                return Err(Reason::OutOfRange);
            }
            next = day.succ_opt().and_then(|day| self.last_day(day));
        }
        days.push(to);
        Ok(days)
    }
}

/// An indicator on one day of a series.
#[derive(Clone, Debug)]
pub struct Point {
    /// The day.
    pub on: NaiveDate,
    /// What is found.
    pub actual: Actual,
    /// The list version it was made with: the passport's, or the later one.
    pub list: Option<ListVersion>,
}

/// The indicator on each of `days`: everything is read once. To be called in one consistent read.
///
/// # Errors
/// Those of [`super::store::compute`].
pub fn series(
    db: &mut Db,
    code: IndicatorCode,
    days: &[NaiveDate],
    list: Option<ListId>,
    denominator: Option<i64>,
) -> Result<Vec<Point>> {
    let ground = Ground::read(db, days, list)?;
    let point = |on: &NaiveDate| {
        let question = Question { on: *on, list, denominator };
        let versions = ground.choose(*on, list)?;
        Ok(Point { on: *on, actual: ground.actual(code, question)?, list: code.version(versions) })
    };
    days.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(step: SeriesStep, from: &str, to: &str) -> Vec<String> {
        let days = step.days(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        days.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn points_are_last_days_and_the_end() {
        assert_eq!(
            days(SeriesStep::HalfYear, "2020-01-01", "2021-12-31"),
            ["2020-06-30", "2020-12-31", "2021-06-30", "2021-12-31"]
        );
        assert_eq!(
            days(SeriesStep::Quarter, "2020-03-31", "2020-08-15"),
            ["2020-03-31", "2020-06-30", "2020-08-15"]
        );
        assert_eq!(days(SeriesStep::Month, "2020-02-10", "2020-03-31"), ["2020-02-29", "2020-03-31"]);
        assert_eq!(days(SeriesStep::Month, "2020-02-10", "2020-02-10"), ["2020-02-10"]);
    }

    #[test]
    fn a_series_has_an_order_and_a_length() {
        let day = |text: &str| text.parse().unwrap();
        let of = |from, to| SeriesStep::Month.days(from, to);
        assert_eq!(of(day("2020-01-02"), day("2020-01-01")), Err(Reason::OrderOfDates));
        assert_eq!(of(day("2010-01-01"), day("2019-12-31")).map(|d| d.len()), Ok(MOST_POINTS));
        assert_eq!(of(day("2010-01-01"), day("2020-01-01")), Err(Reason::OutOfRange));
        assert_eq!(of(NaiveDate::MIN, NaiveDate::MAX), Err(Reason::OutOfRange));
        assert_eq!(of(NaiveDate::MAX, NaiveDate::MAX).map(|d| d.len()), Ok(1));
    }

    proptest! {
        #[test]
        fn points_rise_inside_the_span(start in 0i32..20_000, length in 0i32..3_000, step in 0usize..3) {
            let from = NaiveDate::from_epoch_days(start).unwrap();
            let to = NaiveDate::from_epoch_days(start + length).unwrap();
            let days = SeriesStep::ALL[step].days(from, to).unwrap();
            prop_assert!(days.windows(2).all(|two| two[0] < two[1]));
            prop_assert!(days.first().is_some_and(|day| *day >= from) && days.last() == Some(&to));
        }
    }
}
