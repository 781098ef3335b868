//! Periods of validity.

use crate::Reason;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A period of whole days, both ends inclusive; no end means "until further notice".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DateWindow {
    /// First day.
    pub from: NaiveDate,
    /// Last day; absent while the end is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

impl DateWindow {
    /// The window from `from` to `to`.
    ///
    /// # Errors
    /// [`Reason::OrderOfDates`] if it would end before it starts.
    pub fn new(from: NaiveDate, to: Option<NaiveDate>) -> Result<Self, Reason> {
        if to.is_some_and(|to| to < from) { Err(Reason::OrderOfDates) } else { Ok(Self { from, to }) }
    }

    /// Whether `day` lies inside.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether the two windows share a day.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: Option<&str>) -> DateWindow {
        DateWindow::new(from.parse().unwrap(), to.map(|d| d.parse().unwrap())).unwrap()
    }

    #[test]
    fn both_ends_belong_to_it() {
        let year = window("2020-01-01", Some("2020-12-31"));
        assert!(year.contains("2020-01-01".parse().unwrap()) && year.contains("2020-12-31".parse().unwrap()));
        assert!(!year.contains("2021-01-01".parse().unwrap()));
        assert!(year.overlaps(&window("2020-12-31", None)));
        assert!(!year.overlaps(&window("2021-01-01", None)));
    }

    #[test]
    fn never_ends_before_it_starts() {
        let day = |d: &str| d.parse().unwrap();
        assert_eq!(DateWindow::new(day("2020-02-02"), Some(day("2020-02-01"))), Err(Reason::OrderOfDates));
    }
}
