//! Numbers and dates between text and value. No float goes further than the text of a spreadsheet's number.

use chrono::NaiveDate;
use opora_primitives::Reason;

/// The digits a spreadsheet shows of a number: it keeps more, and `0.1 + 0.2` would come out as `0.30000000000000004`.
const SHOWN_DIGITS: usize = 15;

/// A spreadsheet's number as text: 15 significant digits, no exponent, no trailing `.0`.
pub(crate) fn number_text(number: f64) -> String {
    let shown = format!("{number:.*e}", SHOWN_DIGITS - 1);
    // Adding zero turns -0 into 0.
    shown.parse::<f64>().map_or(shown, |rounded| (rounded + 0.0).to_string())
}

/// The date of a spreadsheet's serial number.
pub(crate) fn date_of_serial(year: u16, month: u8, day: u8) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// The date of an ISO 8601 date with time.
pub(crate) fn cut_time(text: &str) -> &str {
    text.split('T').next().unwrap_or(text)
}

/// A date as `DD.MM.YYYY` or `YYYY-MM-DD`, nothing shorter.
///
/// # Errors
/// [`Reason::WrongFormat`], also for a day that no calendar has.
pub(crate) fn date(text: &str) -> Result<NaiveDate, Reason> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let format = match shape.as_str() {
        "99.99.9999" => "%d.%m.%Y",
        "9999-99-99" => "%Y-%m-%d",
        _ => return Err(Reason::WrongFormat),
    };
    NaiveDate::parse_from_str(text, format).map_err(|_| Reason::WrongFormat)
}

/// A whole number: an optional sign, and spaces of any kind between groups of three digits.
///
/// # Errors
/// [`Reason::WrongFormat`], also for a decimal part; [`Reason::OutOfRange`] beyond 64 bits.
pub(crate) fn integer(text: &str) -> Result<i64, Reason> {
    let (negative, magnitude) = sign(text);
    signed(negative, whole(magnitude)?)
}

/// Hundredths of a decimal number with a comma or a point: `12,345` is 1235. Digits beyond the second are rounded, a
/// half away from zero.
///
/// # Errors
/// As [`integer`].
pub(crate) fn hundredths(text: &str) -> Result<i64, Reason> {
    let (negative, magnitude) = sign(text);
    let (units, decimals) = match magnitude.split_once([',', '.']) {
        Some((units, decimals)) => (units, decimals),
        None => (magnitude, "0"),
    };
    if decimals.is_empty() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::WrongFormat);
    }
    let mut digits = decimals.bytes().map(|byte| u128::from(byte - b'0')).chain(std::iter::repeat(0));
    let mut next = || digits.next().unwrap_or_default();
    let (tenths, hundredths, half) = (next(), next(), next() >= 5);
    signed(negative, whole(units)? * 100 + tenths * 10 + hundredths + u128::from(half))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '\u{2212}']) {
        Some(magnitude) => (true, magnitude),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn signed(negative: bool, magnitude: u128) -> Result<i64, Reason> {
    let magnitude = i128::try_from(magnitude).map_err(|_| Reason::OutOfRange)?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| Reason::OutOfRange)
}

/// At most 20 digits are taken into account, so that what callers do with the number cannot overflow.
fn whole(text: &str) -> Result<u128, Reason> {
    let mut groups = text.split(char::is_whitespace);
    let first = groups.next().unwrap_or_default();
    let grouped = text.len() > first.len();
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first)
        || (grouped && first.len() > 3)
        || !groups.all(|group| group.len() == 3 && digits(group))
    {
        return Err(Reason::WrongFormat);
    }
    let mut digits = text.bytes().filter(u8::is_ascii_digit).map(|byte| u128::from(byte - b'0'));
    digits
        .try_fold(0u128, |sum, digit| Some(sum * 10 + digit).filter(|sum| *sum < 100_000_000_000_000_000_000))
        .ok_or(Reason::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_a_spreadsheet() {
        assert_eq!(number_text(52.0), "52");
        assert_eq!(number_text(0.1 + 0.2), "0.3");
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(1e15), "1000000000000000");
        assert_eq!(number_text(4.35), "4.35");
    }

    #[test]
    fn integers() {
        assert_eq!(integer("007"), Ok(7));
        assert_eq!(integer("1\u{a0}250"), Ok(1250));
        assert_eq!(integer("1\u{202f}250 000"), Ok(1_250_000));
        assert_eq!(integer("\u{2212}5"), Ok(-5));
        assert_eq!(integer("-9223372036854775808"), Ok(i64::MIN));
        for wrong in ["", "-", "5,0", "5.0", "12 34", "1234 567", "1  250", "٣", "1e3", "--1"] {
            assert_eq!(integer(wrong), Err(Reason::WrongFormat), "{wrong}");
        }
        assert_eq!(integer("9223372036854775808"), Err(Reason::OutOfRange));
        assert_eq!(integer(&"9".repeat(200)), Err(Reason::OutOfRange));
    }

    #[test]
    fn decimals() {
        assert_eq!(hundredths("4,35"), Ok(435));
        assert_eq!(hundredths("4.3"), Ok(430));
        assert_eq!(hundredths("1\u{a0}000,5"), Ok(100_050));
        assert_eq!(hundredths("12,345"), Ok(1235));
        assert_eq!(hundredths("12,3449"), Ok(1234));
        assert_eq!(hundredths("-0,005"), Ok(-1));
        assert_eq!(hundredths("9,999"), Ok(1000));
        for wrong in ["", ",5", "5,", "1,2,3", "1.2,3", "4,3 5", "5%", "1e2"] {
            assert_eq!(hundredths(wrong), Err(Reason::WrongFormat), "{wrong}");
        }
        // 2^63 hundredths is one more than 64 bits hold.
        assert_eq!(hundredths("92233720368547758,08"), Err(Reason::OutOfRange));
    }

    #[test]
    fn dates() {
        let day = NaiveDate::from_ymd_opt(2021, 9, 1).unwrap();
        assert_eq!(date("01.09.2021"), Ok(day));
        assert_eq!(date("2021-09-01"), Ok(day));
        for wrong in ["1.9.2021", "01.09.21", "2021-9-1", "31.02.2021", "01/09/2021", "2021-09-01T00:00", ""]
        {
            assert_eq!(date(wrong), Err(Reason::WrongFormat), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_integer_reads_back(number: i64) {
            prop_assert_eq!(integer(&number.to_string()), Ok(number));
        }

        #[test]
        fn every_hundredth_reads_back(number in -1_000_000_000_000i64..1_000_000_000_000) {
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{},{:02}", number.abs() / 100, number.abs() % 100);
            prop_assert_eq!(hundredths(&text), Ok(number));
        }

        #[test]
        fn arbitrary_text_does_not_panic(text in "\\PC*") {
            let _ = (integer(&text), hundredths(&text), date(&text));
        }
    }
}
