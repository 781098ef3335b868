//! Long tables as XLSX.

use super::cells::{Formats, bounded};
use super::sheet::{self, last_column};
use crate::error::DocumentError;
use crate::model::{Cell, Column, ColumnKind, Language};
use crate::rows::RowsWriter;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};
use std::io::{Seek, Write};
use std::path::Path;

/// The rows of a sheet; the table goes on on another.
const LONGEST: u32 = 1_048_576;

/// Writes a table as XLSX, row by row. Rows go to a temporary file until the end; a table longer than 1,048,575 rows
/// takes several sheets.
pub struct XlsxRows {
    workbook: Workbook,
    formats: Formats,
    columns: Vec<(Column, Format)>,
    name: String,
    language: Language,
    sheets: usize,
    next: u32,
}

impl XlsxRows {
    /// How many rows, besides the headings, one sheet holds.
    pub const OF_A_SHEET: i64 = LONGEST as i64 - 1;

    /// Begins the table with its headings. `name` is what sheets are called, `scratch` a directory for temporary files.
    ///
    /// # Errors
    /// A directory that cannot be written to; more than 16,384 columns.
    pub fn new(
        name: &str,
        columns: &[Column],
        language: Language,
        scratch: &Path,
    ) -> Result<Self, DocumentError> {
        let formats = Formats::new(language);
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch)?;
        // The same rows give the same bytes.
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&super::unix_epoch()));
        let columns = columns.iter().map(|column| (column.clone(), formats.of_column(column, 2))).collect();
        let name = name.to_owned();
        let mut rows = Self { workbook, formats, columns, name, language, sheets: 0, next: 0 };
        rows.begin_sheet()?;
        Ok(rows)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        self.end_sheet()?;
        self.sheets += 1;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet::name(self.sheets, &self.name))?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        sheet::printed(sheet, "", self.language);
        for (at, (column, _)) in (0..).zip(&self.columns) {
            sheet.set_column_width(at, width(column))?;
            sheet.write_string_with_format(0, at, bounded(&column.title), &self.formats.head)?;
        }
        self.next = 1;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let (last_row, last_column) = (self.next.saturating_sub(1), last_column(self.columns.len()));
        if let (Some(sheet), Some(column)) = (self.workbook.worksheets_mut().last_mut(), last_column) {
            sheet.autofilter(0, 0, last_row, column)?;
        }
        Ok(())
    }

    /// Ends the table and writes the workbook.
    ///
    /// # Errors
    /// Those of `out` and of the temporary file.
    pub fn finish(mut self, out: impl Write + Seek + Send) -> Result<(), DocumentError> {
        self.end_sheet()?;
        Ok(self.workbook.save_to_writer(out)?)
    }
}

impl RowsWriter for XlsxRows {
    fn write_row(&mut self, cells: &[Cell]) -> Result<(), DocumentError> {
        if self.next == LONGEST {
            self.begin_sheet()?;
        }
        let sheet: Option<&mut Worksheet> = self.workbook.worksheets_mut().last_mut();
        if let Some(sheet) = sheet {
            let cells = cells.iter().chain(std::iter::repeat(&Cell::Empty));
            for ((at, (_, format)), cell) in (0..).zip(&self.columns).zip(cells) {
                self.formats.write(sheet, (self.next, at), cell, format)?;
            }
        }
        self.next += 1;
        Ok(())
    }
}

/// A width in characters, guessed from the heading and the kind: the rows are not known yet.
fn width(column: &Column) -> f64 {
    let title = u16::try_from(column.title.chars().count()).unwrap_or(u16::MAX);
    let least = if column.kind == ColumnKind::Text { 18.0 } else { 12.0 };
    (f64::from(title) + 3.0).clamp(least, 40.0)
}
