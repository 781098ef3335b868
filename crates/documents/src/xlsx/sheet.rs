//! The sheet of a table.

use super::cells::{Formats, bounded};
use crate::model::{Cell, Column, ColumnKind, Language, Row, Table};
use crate::{shown, text::clean};
use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use std::borrow::Cow;

/// Widths in characters.
const WIDTHS: (usize, usize) = (9, 45);
const GROUP_WIDTH: usize = 24;
/// The highest row, in points.
const HIGHEST: f64 = 409.0;
/// What a header of a printed page holds, in characters.
const PRINTED: usize = 200;

/// A name a workbook accepts: at most 31 characters, none of `[]:*?/\`, unlike the others.
pub(super) fn name(number: usize, given: &str) -> String {
    let fit =
        |c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'' | '\n' | '\t') { ' ' } else { c };
    let name = format!("{number}. {}", clean(given));
    let mut units = 0;
    let within = |c: &char| {
        units += c.len_utf16();
        units <= 31
    };
    name.chars().map(fit).take_while(within).collect::<String>().trim().to_owned()
}

/// Writes the table. One with groups gets a first column that names the group in every row, so that it can be filtered.
pub(super) fn write(
    table: &Table,
    language: Language,
    formats: &Formats,
    sheet: &mut Worksheet,
) -> Result<(), XlsxError> {
    let words = language.words();
    let group_column = Column::new("group", words.group, ColumnKind::Text, 1);
    let first = table.is_grouped().then_some(&group_column);
    let mut columns = Vec::with_capacity(table.columns.len() + 1);
    if let Some(column) = first {
        columns.push(Placed { kind: column.kind, format: formats.of_column(column, 0), width: GROUP_WIDTH });
    }
    for (at, (column, decimals)) in table.columns.iter().zip(table.share_decimals()).enumerate() {
        let cells = table.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => cells.get(at),
            Row::Group(_) => None,
        });
        let width = width(&column.title, cells, language);
        columns.push(Placed { kind: column.kind, format: formats.of_column(column, decimals), width });
    }
    let titles: Vec<&str> = first.into_iter().chain(&table.columns).map(|column| &*column.title).collect();
    let mut writer = Writer::new(columns, &titles, formats, language, sheet)?;

    let mut group = Cell::Empty;
    for row in &table.rows {
        match row {
            Row::Group(name) => group = Cell::Text(name.clone()),
            Row::Cells(cells) => {
                let fitted = table.fitted(cells).map(|(_, cell)| cell);
                writer.row(first.map(|_| &group).into_iter().chain(fitted), false)?;
            }
        }
    }
    writer.filter()?;
    if let Some(cells) = &table.total {
        let word = Cell::from(words.total);
        let fitted = table.fitted(cells).map(|(_, cell)| cell);
        writer.row(first.map(|_| &word).into_iter().chain(fitted), true)?;
    }
    let caption: String = clean(&table.caption).chars().take(PRINTED).collect();
    printed(sheet, &caption, language);
    Ok(())
}

/// How the sheet is printed: as wide as the page, headings on every page.
pub(super) fn printed(sheet: &mut Worksheet, caption: &str, language: Language) {
    let words = language.words();
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_header(format!("&L{}", caption.replace('&', "&&")));
    sheet.set_footer(format!("&R{} &P {} &N", words.page, words.of));
}

/// A column of the sheet.
struct Placed {
    kind: ColumnKind,
    format: Format,
    /// In characters.
    width: usize,
}

struct Writer<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a Formats,
    language: Language,
    columns: Vec<Placed>,
    next: u32,
}

impl<'a> Writer<'a> {
    /// Begins the sheet with its headings.
    fn new(
        columns: Vec<Placed>,
        titles: &[&str],
        formats: &'a Formats,
        language: Language,
        sheet: &'a mut Worksheet,
    ) -> Result<Self, XlsxError> {
        let mut lines = 1;
        for ((at, title), column) in (0..).zip(titles).zip(&columns) {
            sheet.write_string_with_format(0, at, bounded(title), &formats.head)?;
            sheet.set_column_width(at, u32::try_from(column.width).map_or(0.0, f64::from))?;
            // Bold, and room for the button of the filter.
            lines = lines.max(lines_of(title, column.width.saturating_sub(3)));
        }
        sheet.set_row_height(0, height(lines))?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        Ok(Self { sheet, formats, language, columns, next: 1 })
    }

    fn row<'c>(&mut self, cells: impl Iterator<Item = &'c Cell>, bold: bool) -> Result<(), XlsxError> {
        let mut lines = 1;
        for ((at, column), cell) in (0..).zip(&self.columns).zip(cells) {
            lines = lines.max(lines_of(&shown::single(cell, self.language), column.width));
            let format = self.formats.of_cell(cell, column.kind, &column.format);
            let format = if bold { Cow::Owned(format.into_owned().set_bold()) } else { format };
            self.formats.write(self.sheet, (self.next, at), cell, &format)?;
        }
        self.sheet.set_row_height(self.next, height(lines))?;
        self.next += 1;
        Ok(())
    }

    /// Filters what has been written.
    fn filter(&mut self) -> Result<(), XlsxError> {
        if let Some(last) = last_column(self.columns.len()) {
            self.sheet.autofilter(0, 0, self.next - 1, last)?;
        }
        Ok(())
    }
}

/// The width a column needs for its title's longest word and its cells.
fn width<'c>(title: &str, cells: impl Iterator<Item = &'c Cell>, language: Language) -> usize {
    let word = title.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0) + 4;
    let longest = |cell: &Cell| shown::single(cell, language).lines().map(|line| line.chars().count()).max();
    let cell = cells.filter_map(longest).max().unwrap_or(0) + 2;
    word.max(cell).clamp(WIDTHS.0, WIDTHS.1)
}

/// How many lines a text takes. A spreadsheet would fit rows itself, but not every program does when it opens a file.
pub(super) fn lines_of(text: &str, width: usize) -> usize {
    text.lines().map(|line| (line.chars().count() * 11 / 10).div_ceil(width.max(1)).max(1)).sum()
}

/// In points.
pub(super) fn height(lines: usize) -> f64 {
    u32::try_from(lines).map_or(HIGHEST, |lines| f64::from(lines) * 15.0).clamp(15.0, HIGHEST)
}

/// The number of the last of so many columns.
pub(super) fn last_column(count: usize) -> Option<u16> {
    u16::try_from(count).ok()?.checked_sub(1)
}
