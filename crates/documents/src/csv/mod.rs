//! CSV as a spreadsheet with a Russian locale opens it: UTF-8 with a byte order mark, `;`, decimal commas. A cell that a
//! spreadsheet would compute gets an apostrophe before it ([`CsvWriter`]).

mod plain;
mod rows;

#[cfg(test)]
mod tests;

pub use rows::CsvRows;

use crate::model::{Block, Cell, Column, ColumnKind, Document, Language, Property, Row, Table, TitleBlock};
use crate::numbering::{captioned, numbered};
use crate::text::clean;
use opora_tables::{CsvOptions, CsvWriter};
use plain::{placed, plain};
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes the document from its title on, in order: a row for each heading, paragraph and point of a list, and the tables,
/// each below its caption and between empty lines. Figures are left out: what they draw stands in tables.
///
/// # Errors
/// Those of `out`.
pub fn write_csv(document: &Document, out: impl Write) -> io::Result<()> {
    let language = document.language;
    let mut csv = CsvWriter::new(out, CsvOptions::default())?;
    write_title(&document.title, language, &mut csv)?;
    for (label, block) in numbered(document) {
        write_block(&label, block, language, &mut csv)?;
    }
    csv.finish().map(drop)
}

fn write_title<W: Write>(title: &TitleBlock, language: Language, csv: &mut CsvWriter<W>) -> io::Result<()> {
    let words = language.words();
    for line in [Some(&title.organisation), Some(&title.title), title.subtitle.as_ref(), title.mark.as_ref()]
    {
        if let Some(line) = line.filter(|line| !line.is_empty()) {
            csv.write_row([clean(line)])?;
        }
    }
    for (name, value) in title.facts(words) {
        csv.write_row([Cow::Borrowed(name), plain(&value, language)])?;
    }
    Ok(())
}

fn write_block<W: Write>(
    label: &str,
    block: &Block,
    language: Language,
    csv: &mut CsvWriter<W>,
) -> io::Result<()> {
    match block {
        Block::Heading(heading) => {
            csv.write_row([""])?;
            csv.write_row([clean(&format!("{label} {}", heading.text))])
        }
        Block::Paragraph(paragraph) => csv.write_row([clean(&paragraph.text.joined())]),
        Block::List(list) => list.points().try_for_each(|point| csv.write_row([clean(&point)])),
        Block::Properties(properties) => {
            let row = |item: &Property| csv.write_row([clean(&item.name), plain(&item.value, language)]);
            properties.items.iter().try_for_each(row)
        }
        Block::Table(table) | Block::Data(table) => {
            csv.write_row([""])?;
            csv.write_row([clean(&captioned(label, &table.caption))])?;
            write_rows(table, language, csv)?;
            if let Some(note) = &table.note {
                csv.write_row([clean(note)])?;
            }
            csv.write_row([""])
        }
        Block::Attachments(attachments) => {
            csv.write_row([""])?;
            csv.write_row([language.words().attachments])?;
            for (number, item) in (1..).zip(&attachments.items) {
                let note = item.note.as_deref().unwrap_or_default();
                csv.write_row([Cow::Owned(format!("{number}. {}", clean(&item.title))), clean(note)])?;
            }
            Ok(())
        }
        Block::Signature(signature) => {
            let day = signature.date.map_or(Cell::Empty, Cell::Date);
            let name = signature.name.as_deref().unwrap_or_default();
            csv.write_row([clean(&signature.position), clean(name), plain(&day, language)])
        }
        Block::Figure(_) | Block::PageBreak => Ok(()),
    }
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
    let line = |group, cells| {
        first(clean(group)).chain(table.fitted(cells).map(|(column, cell)| placed(cell, column, language)))
    };
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
