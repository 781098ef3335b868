//! The lists of schools with low results, as spreadsheets.

use crate::model::{Profile, School};
use crate::rng::Rng;
use crate::schools::Region;
use crate::sink::{Language, headers};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

const STREAM: u64 = 6;

/// What stands in every row of a list.
struct Act {
    list_year: u16,
    number: &'static str,
    /// Year, month, day.
    date: (u16, u8, u8),
}

const ACT_2020: Act = Act { list_year: 2020, number: "10-111 (демо)", date: (2020, 4, 20) };
const ACT_2022: Act = Act { list_year: 2022, number: "10-122 (демо)", date: (2022, 3, 15) };

/// Writes the list of 2020: row 1.17 counts 114 municipal schools and one state school.
pub(crate) fn write_list_2020(region: &Region, path: &Path) -> io::Result<()> {
    let listed = region.schools.iter().filter(|school| school.listed).map(|school| school.code);
    write_list(&ACT_2020, listed, path)
}

/// Writes a list of 2022: some 55 % of the schools of 2020, a school that was merged under its successor's
/// code, and schools that were weak by results and not listed before.
pub(crate) fn write_list_2022(region: &Region, path: &Path) -> io::Result<()> {
    write_list(&ACT_2022, codes_2022(region).into_iter(), path)
}

fn codes_2022(region: &Region) -> BTreeSet<u32> {
    region.schools.iter().filter(|school| remains(school, region.seed)).map(current_code).collect()
}

fn remains(school: &School, seed: u64) -> bool {
    let mut rng = Rng::stream(seed, &[STREAM, u64::from(school.code)]);
    match (school.listed, school.profile) {
        (true, _) => school.ending.is_some() || rng.chance(550),
        (false, Profile::Low) => school.ending.is_none() && rng.chance(600),
        _ => false,
    }
}

fn current_code(school: &School) -> u32 {
    school.ending.and_then(|ending| ending.successor).unwrap_or(school.code)
}

fn write_list(act: &Act, codes: impl Iterator<Item = u32>, path: &Path) -> io::Result<()> {
    let names = headers("lists", Language::Russian)?;
    workbook(act, codes, &names).and_then(|mut book| book.save(path)).map_err(io::Error::other)
}

fn workbook(act: &Act, codes: impl Iterator<Item = u32>, names: &[String]) -> Result<Workbook, XlsxError> {
    let (year, month, day) = act.date;
    let date = ExcelDateTime::from_ymd(year, month, day)?;
    let format = Format::new().set_num_format("dd.mm.yyyy");
    let mut book = Workbook::new();
    // The time of creation is the act's, or no two files would be alike.
    book.set_properties(&DocProperties::new().set_creation_datetime(&date));
    let sheet = book.add_worksheet();
    sheet.set_name(format!("Список {}", act.list_year))?;
    for (name, column) in names.iter().zip(0..) {
        sheet.write_string(0, column, name)?;
    }
    for (code, row) in codes.zip(1..) {
        sheet.write_number(row, 0, act.list_year)?;
        sheet.write_string(row, 1, code.to_string())?;
        sheet.write_string(row, 2, "Рособрнадзор")?;
        sheet.write_string(row, 3, act.number)?;
        sheet.write_datetime_with_format(row, 4, &date, &format)?;
    }
    Ok(book)
}
