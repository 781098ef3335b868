//! Codes of organisations, people and territories, with the check digits of `docs/identifiers.md`.
//!
//! All codes are strings, because leading zeros matter. A value of one of these types has passed its check.

use crate::Reason;
use serde::{Deserialize, Serialize};

macro_rules! code_type {
    ($(#[$meta:meta])* $name:ident, example = $example:literal, pattern = $pattern:literal, check = $check:expr) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[diesel(sql_type = diesel::sql_types::Text)]
        #[schema(value_type = String, pattern = $pattern, example = $example)]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Reason;
            fn from_str(text: &str) -> Result<Self, Reason> {
                let check: fn(&str) -> Result<String, Reason> = $check;
                check(text).map($name)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Reason;
            fn try_from(text: String) -> Result<Self, Reason> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        crate::stored_as!($name, diesel::sql_types::Text, str, |code| code.as_str(), |raw: String| Ok($name(raw)));
    };
}

code_type!(
    /// ИНН: taxpayer number, 10 digits of an organisation or 12 of a person, with one or two check digits.
    Inn, example = "7707083893", pattern = r"^(\d{10}|\d{12})$", check = check_inn
);
code_type!(
    /// ОГРН (13 digits) or ОГРНИП (15): state registration number with a check digit.
    Ogrn, example = "1027700132195", pattern = r"^(\d{13}|\d{15})$", check = check_ogrn
);
code_type!(
    /// СНИЛС: insurance number of a person, 11 digits; spaces and hyphens are taken out. Personal data: stored
    /// encrypted, searched through a keyed hash, shown masked.
    Snils, example = "11223344595", pattern = r"^\d{11}$", check = check_snils
);
code_type!(
    /// КПП: reason-for-registration code, `NNNNPPXXX`, no check digit; `PP` may be letters A-Z.
    Kpp, example = "525601001", pattern = r"^\d{4}[0-9A-Z]{2}\d{3}$", check = check_kpp
);
code_type!(
    /// ОКТМО: municipal territory, 8 digits, or 11 for a settlement. Without its control digit, because real lists
    /// hold wrong ones.
    Oktmo, example = "22654000", pattern = r"^(\d{8}|\d{11})$", check = check_oktmo
);
code_type!(
    /// Code of a school in the region's exam system: 6 digits by default; letters and up to 20 characters are accepted
    /// where the installation allows them. Unique within the region.
    SchoolCode, example = "520101", pattern = r"^[0-9A-Za-zА-Яа-яЁё_.-]{1,20}$", check = check_school_code
);

impl Oktmo {
    /// The control digit: weights 1, 2, 3... modulo 11; if that is 10, weights 3, 4, 5...; if 10 again, 0.
    pub fn control_digit(&self) -> u8 {
        let round = |first: u32| {
            let sum: u32 =
                self.0.bytes().zip(first..).map(|(b, i)| u32::from(b - b'0') * ((i - 1) % 10 + 1)).sum();
            (sum % 11) as u8
        };
        match round(1) {
            10 => match round(3) {
                10 => 0,
                digit => digit,
            },
            digit => digit,
        }
    }
}

/// An ОКТМО as lists write it: perhaps with its control digit behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenOktmo {
    /// The code, without the digit.
    pub code: Oktmo,
    /// Whether a control digit stands there and is not that of the code. Real lists hold wrong ones, and how the weights go
    /// on behind the tenth digit is not agreed: a reason to look, none to refuse.
    pub is_doubtful: bool,
}

impl std::str::FromStr for WrittenOktmo {
    type Err = Reason;

    /// Reads 8 or 11 digits, or 9 or 12 with the control digit.
    fn from_str(text: &str) -> Result<Self, Reason> {
        let text = text.trim();
        let split = match text.len() {
            9 | 12 if text.is_ascii() => Some(text.split_at(text.len() - 1)),
            _ => None,
        };
        let Some((code, digit)) = split else { return Ok(Self { code: text.parse()?, is_doubtful: false }) };
        let code: Oktmo = code.parse()?;
        let digit: u8 = digit.parse().map_err(|_| Reason::WrongFormat)?;
        Ok(Self { is_doubtful: digit != code.control_digit(), code })
    }
}

impl SchoolCode {
    /// Whether it is the usual code of six digits.
    pub fn is_standard(&self) -> bool {
        self.0.len() == 6 && self.0.bytes().all(|b| b.is_ascii_digit())
    }
}

impl Snils {
    /// The form that may be shown: the last two digits of the serial part only.
    pub fn masked(&self) -> String {
        format!("***-***-*{} **", &self.0[7..9])
    }
}

/// The digits of `text`, if it has only digits and one of the `lengths`.
fn digits(text: &str, lengths: &[usize]) -> Result<Vec<u32>, Reason> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reason::WrongFormat);
    }
    if !lengths.contains(&text.len()) {
        return Err(Reason::WrongLength);
    }
    Ok(text.bytes().map(|b| u32::from(b - b'0')).collect())
}

fn checked(text: &str, holds: bool) -> Result<String, Reason> {
    if holds { Ok(text.to_owned()) } else { Err(Reason::WrongCheckDigit) }
}

fn check_inn(text: &str) -> Result<String, Reason> {
    let n = digits(text, &[10, 12])?;
    let check = |weights: &[u32]| weights.iter().zip(&n).map(|(w, d)| w * d).sum::<u32>() % 11 % 10;
    let holds = if n.len() == 10 {
        check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == n[9]
    } else {
        check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == n[10]
            && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == n[11]
    };
    checked(text, holds)
}

fn check_ogrn(text: &str) -> Result<String, Reason> {
    let n = digits(text, &[13, 15])?;
    let (last, head) = (n[n.len() - 1], &text[..n.len() - 1]);
    let modulus = if n.len() == 13 { 11 } else { 13 };
    let number: u64 = head.parse().map_err(|_| Reason::WrongFormat)?;
    checked(text, number % modulus % 10 == u64::from(last))
}

fn check_snils(text: &str) -> Result<String, Reason> {
    /// Numbers up to this one were issued without a check.
    const LAST_UNCHECKED: u64 = 1_001_998;
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
    let n = digits(&compact, &[11])?;
    let serial: u64 = compact[..9].parse().map_err(|_| Reason::WrongFormat)?;
    let sum: u32 = n[..9].iter().zip((1..=9).rev()).map(|(d, w)| d * w).sum();
    let check = sum % 101 % 100;
    checked(&compact, serial <= LAST_UNCHECKED || check == n[9] * 10 + n[10])
}

fn check_kpp(text: &str) -> Result<String, Reason> {
    if text.len() != 9 {
        return Err(Reason::WrongLength);
    }
    let fits = text
        .bytes()
        .enumerate()
        .all(|(i, b)| b.is_ascii_digit() || (matches!(i, 4 | 5) && b.is_ascii_uppercase()));
    if fits { Ok(text.to_owned()) } else { Err(Reason::WrongFormat) }
}

fn check_oktmo(text: &str) -> Result<String, Reason> {
    digits(text, &[8, 11]).map(|_| text.to_owned())
}

fn check_school_code(text: &str) -> Result<String, Reason> {
    let length = text.chars().count();
    if !(1..=20).contains(&length) {
        return Err(Reason::WrongLength);
    }
    let fits = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, 'А'..='я' | 'Ё' | 'ё' | '_' | '.' | '-'));
    if fits { Ok(text.to_owned()) } else { Err(Reason::WrongFormat) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_vectors_pass() {
        assert!("7707083893".parse::<Inn>().is_ok());
        assert!("500100732259".parse::<Inn>().is_ok());
        assert!("1027700132195".parse::<Ogrn>().is_ok());
        assert!("304500116000157".parse::<Ogrn>().is_ok());
        assert_eq!("112-233-445 95".parse::<Snils>().unwrap().as_str(), "11223344595");
        assert_eq!("22654000".parse::<Oktmo>().unwrap().control_digit(), 9);
    }

    #[test]
    fn the_control_digit_of_a_territory_is_split_off() {
        let read =
            |text: &str| text.parse::<WrittenOktmo>().map(|read| (read.code.to_string(), read.is_doubtful));
        let sound = |code: &str| Ok((code.to_owned(), false));
        assert_eq!(read("22654000"), sound("22654000"));
        assert_eq!(read("226540009"), sound("22654000"));
        assert_eq!(read("226540001"), Ok(("22654000".to_owned(), true)));
        // 1 x 1 + 2 x 7 = 15, which leaves 4.
        assert_eq!(read("100000204"), sound("10000020"));
        // 3 x 7 = 21 leaves 10; in the second round 3 x 9 = 27 leaves 5.
        assert_eq!(read("000000305"), sound("00000030"));
        // A settlement: 22654101 and 001; the weight of the eleventh digit is 1 again.
        let digit = "22654101001".parse::<Oktmo>().unwrap().control_digit();
        assert_eq!(read(&format!("22654101001{digit}")), sound("22654101001"));
        assert_eq!(read("2265400"), Err(Reason::WrongLength));
        assert_eq!(read("22654000x"), Err(Reason::WrongFormat));
    }

    #[test]
    fn a_wrong_digit_is_seen() {
        assert_eq!("7707083894".parse::<Inn>(), Err(Reason::WrongCheckDigit));
        assert_eq!("1027700132196".parse::<Ogrn>(), Err(Reason::WrongCheckDigit));
        assert_eq!("112-233-445 96".parse::<Snils>(), Err(Reason::WrongCheckDigit));
        assert_eq!("77070838".parse::<Inn>(), Err(Reason::WrongLength));
        assert_eq!("77070838 3".parse::<Inn>(), Err(Reason::WrongFormat));
    }

    #[test]
    fn the_first_insurance_numbers_have_no_check() {
        assert!("001-001-998 00".parse::<Snils>().is_ok());
        assert!("001-001-999 00".parse::<Snils>().is_err());
    }

    #[test]
    fn letters_are_allowed_where_the_form_has_them() {
        assert!("7707AB001".parse::<Kpp>().is_ok());
        assert!("A707AB001".parse::<Kpp>().is_err());
        assert!(!"ГОУ-17".parse::<SchoolCode>().unwrap().is_standard());
        assert!("52 01".parse::<SchoolCode>().is_err());
    }

    /// What the digits before the check digit of an organisation's number leave modulo 11.
    fn remainder(digits: &[u32; 10]) -> u32 {
        [2, 4, 10, 3, 5, 9, 4, 6, 8].iter().zip(digits).map(|(weight, digit)| weight * digit).sum::<u32>()
            % 11
    }

    fn is_inn(digits: &[u32; 10]) -> bool {
        digits.iter().map(u32::to_string).collect::<String>().parse::<Inn>().is_ok()
    }

    proptest! {
        #[test]
        fn any_single_wrong_digit_of_an_inn_is_seen(
            data in proptest::array::uniform9(0u32..10),
            position in 0usize..10,
            shift in 1u32..10,
        ) {
            let mut digits = [0; 10];
            digits[..9].copy_from_slice(&data);
            digits[9] = remainder(&digits) % 10;
            prop_assert!(is_inn(&digits));
            let before = remainder(&digits);
            digits[position] = (digits[position] + shift) % 10;
            // Folded to one digit the remainders 0 and 10 are the same; a wrong check digit changes neither.
            let after = remainder(&digits);
            let folded = before != after && before % 10 == after % 10;
            prop_assert_eq!(is_inn(&digits), folded);
        }

        #[test]
        fn nothing_makes_a_code_panic(text in ".{0,30}") {
            let _ = text.parse::<Inn>();
            let _ = text.parse::<Ogrn>();
            let _ = text.parse::<Snils>();
            let _ = text.parse::<Kpp>();
            let _ = text.parse::<Oktmo>();
            let _ = text.parse::<WrittenOktmo>();
            let _ = text.parse::<SchoolCode>();
        }
    }
}
