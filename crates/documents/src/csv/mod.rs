//! CSV as a spreadsheet with a Russian locale opens it: UTF-8 with a byte order mark, `;`, decimal commas. A cell that a
//! spreadsheet would compute gets an apostrophe before it ([`CsvWriter`]).

mod plain;
mod rows;

#[cfg(test)]
mod tests;

pub use rows::CsvRows;

use crate::model::{Column, ColumnKind, Document, Language, Row, Table};
use crate::numbering::captioned;
use crate::text::clean;
use opora_tables::{CsvOptions, CsvWriter};
use plain::plain;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes all tables of the document one after another, each below its caption and followed by an empty line.
///
/// # Errors
/// Those of `out`.
pub fn write_csv(document: &Document, out: impl Write) -> io::Result<()> {
    let language = document.language;
    let mut csv = CsvWriter::new(out, CsvOptions::default())?;
    for (number, table) in document.tables() {
        let label = format!("{} {number}", language.words().table);
        csv.write_row([clean(&captioned(&label, &table.caption))])?;
        write_rows(table, language, &mut csv)?;
        csv.write_row([""])?;
    }
    csv.finish().map(drop)
}

/// Writes one table: its headings, its rows and its total.
///
/// # Errors
/// Those of `out`.
pub fn write_table(table: &Table, language: Language, out: impl Write) -> io::Result<()> {
    let mut csv = CsvWriter::new(out, CsvOptions::default())?;
    write_rows(table, language, &mut csv)?;
    csv.finish().map(drop)
}

/// A table with groups gets a first column that names the group in every row.
fn write_rows<W: Write>(table: &Table, language: Language, csv: &mut CsvWriter<W>) -> io::Result<()> {
    let words = language.words();
    let grouped = table.is_grouped();
    let first = |text| grouped.then_some(text).into_iter();
    csv.write_row(first(Cow::Borrowed(words.group)).chain(table.columns.iter().map(heading)))?;
    let mut group: &str = "";
    let line =
        |group, cells| first(clean(group)).chain(table.fitted(cells).map(|(_, cell)| plain(cell, language)));
    for row in &table.rows {
        match row {
            Row::Group(name) => group = name,
            Row::Cells(cells) => csv.write_row(line(group, cells))?,
        }
    }
    if let Some(cells) = &table.total {
        csv.write_row(line(words.total, cells))?;
    }
    Ok(())
}

/// The heading of a column; shares are written in percent without the sign, so the heading has it.
fn heading(column: &Column) -> Cow<'_, str> {
    let title = clean(&column.title);
    match column.kind {
        ColumnKind::Share if !title.contains('%') => Cow::Owned(format!("{title}, %")),
        _ => title,
    }
}
