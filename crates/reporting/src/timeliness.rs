//! Whether something that is due on a day came in time. Pure.

use chrono::NaiveDate;
use opora_primitives::word_type;

word_type!(
    /// How what is due on a day stands on another.
    Timeliness {
        /// It came by the due day, inclusive.
        OnTime = "on_time", "в срок";
        /// It came after it.
        Late = "late", "с опозданием";
        /// The due day is past and it is not there.
        Missing = "missing", "не представлен";
        /// It is not there, and the due day is not past.
        NotDue = "not_due", "срок не наступил";
    }
);

/// How what is due on `due` stands on the day `on`; `came` is the day it came, if it did.
pub fn judge(due: NaiveDate, came: Option<NaiveDate>, on: NaiveDate) -> Timeliness {
    match came.filter(|day| *day <= on) {
        Some(day) if day <= due => Timeliness::OnTime,
        Some(_) => Timeliness::Late,
        None if due < on => Timeliness::Missing,
        None => Timeliness::NotDue,
    }
}

/// By how many days it is past `due`: until it came or, while it is missing, until the day `on`.
pub fn days_late(due: NaiveDate, came: Option<NaiveDate>, on: NaiveDate) -> i64 {
    let until = came.filter(|day| *day <= on).unwrap_or(on);
    (until - due).num_days().max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_due_day_itself_is_in_time() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let due = day("2021-01-15");
        let on = |on: &str, came: Option<&str>| {
            (judge(due, came.map(day), day(on)), days_late(due, came.map(day), day(on)))
        };
        assert_eq!(on("2021-01-15", None), (Timeliness::NotDue, 0));
        assert_eq!(on("2021-01-16", None), (Timeliness::Missing, 1));
        assert_eq!(on("2021-02-15", None), (Timeliness::Missing, 31));
        assert_eq!(on("2021-02-15", Some("2021-01-15")), (Timeliness::OnTime, 0));
        assert_eq!(on("2021-02-15", Some("2021-01-18")), (Timeliness::Late, 3));
        // What came later was not there yet.
        assert_eq!(on("2021-01-17", Some("2021-01-18")), (Timeliness::Missing, 2));
        assert_eq!(on("2021-01-14", Some("2021-01-15")), (Timeliness::NotDue, 0));
    }
}
