//! Long tables as CSV.

use super::{heading, plain};
use crate::error::DocumentError;
use crate::model::{Cell, Column, Language};
use crate::rows::RowsWriter;
use opora_tables::{CsvOptions, CsvWriter};
use std::io::{self, Write};

/// Writes a table as CSV, row by row.
pub struct CsvRows<W: Write> {
    csv: CsvWriter<W>,
    language: Language,
    columns: usize,
}

impl<W: Write> CsvRows<W> {
    /// Begins the table with its headings.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(columns: &[Column], language: Language, out: W) -> io::Result<Self> {
        let mut csv = CsvWriter::new(out, CsvOptions::default())?;
        csv.write_row(columns.iter().map(heading))?;
        Ok(Self { csv, language, columns: columns.len() })
    }

    /// Ends the table and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<W> {
        self.csv.finish()
    }
}

impl<W: Write> RowsWriter for CsvRows<W> {
    fn write_row(&mut self, cells: &[Cell]) -> Result<(), DocumentError> {
        let cells = cells.iter().chain(std::iter::repeat(&Cell::Empty)).take(self.columns);
        Ok(self.csv.write_row(cells.map(|cell| plain(cell, self.language)))?)
    }
}
