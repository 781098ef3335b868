//! Days and windows as documents in Russian name them.

use crate::plan::ActivityWindow;
use chrono::{Datelike, NaiveDate};

const MONTHS: [&str; 12] = [
    "январь",
    "февраль",
    "март",
    "апрель",
    "май",
    "июнь",
    "июль",
    "август",
    "сентябрь",
    "октябрь",
    "ноябрь",
    "декабрь",
];

/// A day: `15.01.2021`.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

/// A window, which is whole months: `апрель 2021`, `октябрь–декабрь 2021`, `июнь 2020 – декабрь 2021`.
pub(crate) fn months(window: ActivityWindow) -> String {
    let ActivityWindow { from, to } = window;
    let month = |day: NaiveDate| MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    match (from.year() == to.year(), from.month() == to.month()) {
        (true, true) => format!("{} {}", month(from), from.year()),
        (true, false) => format!("{}–{} {}", month(from), month(to), to.year()),
        (false, _) => format!("{} {} – {} {}", month(from), from.year(), month(to), to.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_named_once() {
        let said = |from: &str, to: &str| {
            months(ActivityWindow { from: from.parse().unwrap(), to: to.parse().unwrap() })
        };
        assert_eq!(said("2021-04-01", "2021-04-30"), "апрель 2021");
        assert_eq!(said("2021-10-01", "2021-12-31"), "октябрь–декабрь 2021");
        assert_eq!(said("2020-12-01", "2021-01-31"), "декабрь 2020 – январь 2021");
    }
}
