//! The registers: municipalities and schools.

use crate::model::{Founder, Kind, Municipality, School};
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use chrono::NaiveDate;
use opora_primitives::{Inn, Ogrn};
use std::io;
use std::path::Path;
use std::str::FromStr;

const MUNICIPALITIES: Form = Form {
    kind: "municipalities",
    encoding: Encoding::Utf8WithMark,
    delimiter: b';',
    language: Language::Canonical,
};

const SCHOOLS: Form =
    Form { kind: "schools", encoding: Encoding::Windows1251, delimiter: b';', language: Language::Russian };

/// Writes the municipalities; a city stands before its districts.
pub(crate) fn write_municipalities(region: &Region, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, MUNICIPALITIES)?;
    let reform = NaiveDate::from_ymd_opt(2006, 1, 1);
    for m in &region.municipalities {
        table
            .text(&m.oktmo)
            .text(&m.name)
            .text(&m.kind)
            .maybe(m.parent.as_ref())
            .day(reform)
            .day(None)
            .end()?;
    }
    table.finish()
}

/// Writes the schools in the order of the register: the state's first, then municipality by municipality.
pub(crate) fn write_schools(region: &Region, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, SCHOOLS)?;
    for (index, school) in region.schools.iter().enumerate() {
        let m = region.municipality(school);
        table
            .show(school.code)
            .show(name(school, m))
            .show(short_name(school))
            .maybe(m.map(|m| m.oktmo.as_str()))
            .show(completed::<Ogrn>(&format!("19952{index:07}")))
            .show(completed::<Inn>(&format!("5299{index:05}")))
            .text(school.kind.word())
            .text(if school.urban { "urban" } else { "rural" })
            .text(school.founder.word())
            .text(school.status())
            .maybe(school.ending.and_then(|ending| ending.successor))
            .day(Some(school.opened))
            .day(school.ending.map(|ending| ending.on))
            .end()?;
    }
    table.finish()
}

/// The first digit that makes `head` pass the check of the code `C`; `head` alone if none did.
fn completed<C: FromStr>(head: &str) -> String {
    (0..10)
        .map(|digit| format!("{head}{digit}"))
        .find(|code| code.parse::<C>().is_ok())
        .unwrap_or_else(|| head.to_owned())
}

fn name(school: &School, m: Option<&Municipality>) -> String {
    let form = match school.founder {
        Founder::Municipal => "МБОУ",
        Founder::State => "ГБОУ",
        Founder::Private => "ЧОУ",
    };
    match m {
        Some(m) => format!("{form} \"{}\" ({})", short_name(school), m.name),
        None => format!("{form} \"{}\"", short_name(school)),
    }
}

fn short_name(school: &School) -> String {
    let kind = match school.kind {
        Kind::Primary => "Начальная школа",
        Kind::Basic => "Основная школа",
        Kind::Secondary => "Школа",
        Kind::Gymnasium => "Гимназия",
        Kind::Lyceum => "Лицей",
        Kind::Evening => "Вечерняя школа",
        Kind::Boarding => "Школа-интернат",
        Kind::Correctional => "Коррекционная школа",
    };
    format!("{kind} № {}", school.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_head_finds_its_check_digit(index in 0u32..100_000) {
            let (inn, ogrn) = (format!("5299{index:05}"), format!("19952{index:07}"));
            prop_assert!(completed::<Inn>(&inn).parse::<Inn>().is_ok());
            prop_assert!(completed::<Ogrn>(&ogrn).parse::<Ogrn>().is_ok());
        }
    }
}
