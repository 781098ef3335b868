//! Values as people read them.

use crate::model::{Cell, Decimal, Language, Unit};
use chrono::{Datelike, NaiveDate};

/// Keeps the digits of a number and its unit on one line.
const NO_BREAK: char = '\u{a0}';

/// A cell of a table on a page, where nothing is a dash; shares have `decimals` decimals.
pub(crate) fn cell(cell: &Cell, decimals: u8, language: Language) -> String {
    match cell {
        Cell::Empty => "\u{2013}".to_owned(),
        known => of_decimals(known, decimals, language),
    }
}

fn of_decimals(cell: &Cell, decimals: u8, language: Language) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => integer(*number),
        Cell::Share(points) => share(*points, decimals, language),
        Cell::Decimal(number) => decimal(*number, language),
        Cell::Date(day) => date(*day, language),
    }
}

/// A cell that stands alone.
pub(crate) fn single(value: &Cell, language: Language) -> String {
    let decimals = if let Cell::Share(points) = value { share_decimals(*points) } else { 0 };
    of_decimals(value, decimals, language)
}

/// A number of a chart.
pub(crate) fn measure(number: i64, unit: Unit, language: Language) -> String {
    match unit {
        Unit::Count => integer(number),
        Unit::Share => share(number, share_decimals(number), language),
    }
}

/// How many decimals a share in hundredths of a percent needs.
pub(crate) fn share_decimals(points: i64) -> u8 {
    match (points % 100, points % 10) {
        (0, _) => 0,
        (_, 0) => 1,
        _ => 2,
    }
}

/// `12 345`; groups of three from five digits on, as Russian typography has it.
pub(crate) fn integer(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    if number < 0 {
        text.push('\u{2212}');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len() > 4 && (digits.len() - place).is_multiple_of(3) {
            text.push(NO_BREAK);
        }
        text.push(digit);
    }
    text
}

/// `33,33 %`, rounded half away from zero to `decimals` decimals.
pub(crate) fn share(points: i64, decimals: u8, language: Language) -> String {
    let places = decimals.min(2);
    let unit = 10_i64.pow(u32::from(2 - places));
    let rounded = points.saturating_abs().saturating_add(unit / 2) / unit * points.signum();
    let number = decimal(Decimal { units: rounded, places }, language);
    format!("{number}{NO_BREAK}%")
}

/// `12 345,60`.
pub(crate) fn decimal(number: Decimal, language: Language) -> String {
    let places = usize::from(number.decimals());
    let scale = 10_u64.pow(number.decimals().into());
    let (whole, rest) = (number.units.unsigned_abs() / scale, number.units.unsigned_abs() % scale);
    let sign = if number.units < 0 { "\u{2212}" } else { "" };
    let whole = integer(i64::try_from(whole).unwrap_or(i64::MAX));
    if places == 0 {
        return format!("{sign}{whole}");
    }
    let point = match language {
        Language::Ru => ',',
        Language::En => '.',
    };
    format!("{sign}{whole}{point}{rest:0places$}")
}

/// `15.01.2021`.
pub(crate) fn date(day: NaiveDate, language: Language) -> String {
    match language {
        Language::Ru => day.format("%d.%m.%Y").to_string(),
        Language::En => day.format("%Y-%m-%d").to_string(),
    }
}

/// `15 января 2021 г.`.
pub(crate) fn long_date(day: NaiveDate, language: Language) -> String {
    let month = language.words().months_of.get(day.month0() as usize).copied().unwrap_or_default();
    let end = match language {
        Language::Ru => "\u{a0}г.",
        Language::En => "",
    };
    format!("{}{NO_BREAK}{month} {}{end}", day.day(), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(integer(0), "0");
        assert_eq!(integer(-1234), "\u{2212}1234");
        assert_eq!(integer(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(integer(i64::MIN), "\u{2212}9\u{a0}223\u{a0}372\u{a0}036\u{a0}854\u{a0}775\u{a0}808");
    }

    #[test]
    fn shares_round_and_keep_their_sign() {
        let shown = |points, decimals| share(points, decimals, Language::Ru).replace(NO_BREAK, " ");
        assert_eq!(shown(3333, 2), "33,33 %");
        assert_eq!(shown(3335, 1), "33,4 %");
        assert_eq!(shown(6700, 0), "67 %");
        assert_eq!(shown(-5, 2), "\u{2212}0,05 %");
        assert_eq!((share_decimals(6700), share_decimals(6750), share_decimals(6755)), (0, 1, 2));
    }

    #[test]
    fn decimals_and_dates_follow_the_language() {
        let number = Decimal { units: -1_234_560, places: 2 };
        assert_eq!(decimal(number, Language::Ru), "\u{2212}12\u{a0}345,60");
        assert_eq!(decimal(number, Language::En), "\u{2212}12\u{a0}345.60");
        assert_eq!(decimal(Decimal { units: 7, places: 0 }, Language::Ru), "7");
        let day = NaiveDate::from_ymd_opt(2021, 1, 5).unwrap();
        assert_eq!(date(day, Language::Ru), "05.01.2021");
        assert_eq!(long_date(day, Language::Ru), "5\u{a0}января 2021\u{a0}г.");
        assert_eq!(long_date(day, Language::En), "5\u{a0}January 2021");
    }
}
