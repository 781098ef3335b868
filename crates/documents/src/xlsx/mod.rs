//! XLSX: a summary, the text, and a sheet for each table, with typed cells. Text is never a formula.

mod cells;
mod prose;
mod rows;
mod sheet;
mod summary;

#[cfg(test)]
mod tests;

pub use rows::XlsxRows;

use crate::error::DocumentError;
use crate::model::{Document, TitleBlock};
use crate::text::clean;
use cells::Formats;
use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};
use std::io::Write;

/// Writes the document as a workbook.
///
/// # Errors
/// Those of `out`; a table longer than a sheet can be.
pub fn write_xlsx(document: &Document, mut out: impl Write) -> Result<(), DocumentError> {
    let formats = Formats::new(document.language);
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(&document.title));
    summary::write(document, &formats, workbook.add_worksheet())?;
    prose::write(document, &formats, &mut workbook)?;
    for (number, table) in document.tables() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet::name(number, &table.name))?;
        sheet::write(table, document.language, &formats, sheet)?;
    }
    Ok(out.write_all(&workbook.save_to_buffer()?)?)
}

/// The properties of the file. Its date is the document's, so that the same document gives the same bytes.
fn properties(title: &TitleBlock) -> DocProperties {
    let properties = DocProperties::new()
        .set_title(clean(&title.title).replace('\n', " "))
        .set_company(clean(&title.organisation).replace('\n', " "))
        .set_creation_datetime(&unix_epoch());
    match title.date.and_then(midnight) {
        Some(date) => properties.set_creation_datetime(&date),
        None => properties,
    }
}

/// The beginning of a day; none in years a spreadsheet does not know.
fn midnight(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok()?;
    let (month, day) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, day).ok()
}

/// Stands for a day that is not known.
fn unix_epoch() -> ExcelDateTime {
    ExcelDateTime::from_timestamp(0).unwrap_or_default()
}
