//! Typed cells with number formats.

use crate::model::{Align, Cell, Column, ColumnKind, Language};
use crate::shown;
use crate::text::clean;
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};
use std::borrow::Cow;

/// The greatest whole number a spreadsheet holds exactly.
const EXACT: u64 = 1 << 53;
/// What a cell holds at most, in UTF-16 units.
const LONGEST: usize = 32_767;

/// The formats a workbook is written with.
pub(super) struct Formats {
    language: Language,
    /// The headings of a table.
    pub head: Format,
    /// What stands out.
    pub strong: Format,
    /// A heading of the summary.
    pub title: Format,
    /// Text that may take several lines.
    pub text: Format,
}

impl Formats {
    pub(super) fn new(language: Language) -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Center)
            .set_align(FormatAlign::VerticalCenter)
            .set_background_color(0x00E8_E8E8)
            .set_border(FormatBorder::Thin);
        let strong = text.clone().set_bold();
        let title = Format::new().set_bold().set_font_size(14);
        Self { language, head, strong, title, text }
    }

    /// The format of the cells of a column; `decimals` for its shares.
    pub(super) fn of_column(&self, column: &Column, decimals: u8) -> Format {
        let align = match column.alignment() {
            Align::Left => FormatAlign::Left,
            Align::Center => FormatAlign::Center,
            Align::Right => FormatAlign::Right,
        };
        let indent = u8::from(align == FormatAlign::Left);
        let format = self.text.clone().set_align(align).set_indent(indent).set_border(FormatBorder::Thin);
        match column.kind {
            ColumnKind::Text => format,
            ColumnKind::Integer => format.set_num_format("#,##0"),
            ColumnKind::Share => format.set_num_format(percent(decimals)),
            ColumnKind::Decimal => format.set_num_format("#,##0.00"),
            ColumnKind::Date => format.set_num_format(self.date()),
        }
    }

    /// The format of a cell in a column of `kind` whose cells have `format`: that of its own kind, where it is of another.
    pub(super) fn of_cell<'f>(&self, cell: &Cell, kind: ColumnKind, format: &'f Format) -> Cow<'f, Format> {
        let own = match (cell, kind) {
            (Cell::Share(points), kind) if kind != ColumnKind::Share => {
                percent(shown::share_decimals(*points))
            }
            (Cell::Integer(_), kind) if kind != ColumnKind::Integer => "#,##0",
            (Cell::Date(_), kind) if kind != ColumnKind::Date => self.date(),
            _ => return Cow::Borrowed(format),
        };
        Cow::Owned(format.clone().set_num_format(own))
    }

    /// The format of a cell that stands alone.
    pub(super) fn of_single(&self, cell: &Cell) -> Format {
        let format = self.text.clone().set_align(FormatAlign::Left);
        match cell {
            Cell::Integer(_) => format.set_num_format("#,##0"),
            Cell::Share(points) => format.set_num_format(percent(shown::share_decimals(*points))),
            Cell::Date(_) => format.set_num_format(self.date()),
            Cell::Empty | Cell::Text(_) | Cell::Decimal(_) => format,
        }
    }

    fn date(&self) -> &'static str {
        match self.language {
            Language::Ru => "dd.mm.yyyy",
            Language::En => "yyyy-mm-dd",
        }
    }

    /// Writes a cell as what it is: numbers and days as numbers, all else as text.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a spreadsheet holds doubles; larger numbers are written as text"
    )]
    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        cell: &Cell,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let number = match cell {
            Cell::Integer(number) if number.unsigned_abs() <= EXACT => Some(*number as f64),
            Cell::Share(points) if points.unsigned_abs() <= EXACT => Some(*points as f64 / 10_000.0),
            Cell::Decimal(decimal) if decimal.units.unsigned_abs() <= EXACT => Some(decimal.to_double()),
            Cell::Date(day) => serial(*day),
            _ => None,
        };
        match (number, cell) {
            (Some(number), _) => sheet.write_number_with_format(row, column, number, format)?,
            (None, Cell::Empty) => sheet.write_blank(row, column, format)?,
            (None, cell) => {
                let text = bounded(&shown::single(cell, self.language));
                sheet.write_string_with_format(row, column, text, format)?
            }
        };
        Ok(())
    }
}

fn percent(decimals: u8) -> &'static str {
    match decimals {
        0 => "0%",
        1 => "0.0%",
        _ => "0.00%",
    }
}

/// The number a spreadsheet counts days with; none before March 1900, where spreadsheets disagree.
#[expect(clippy::cast_precision_loss, reason = "days of the calendar are far below 2^53")]
fn serial(day: NaiveDate) -> Option<f64> {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let days = (day - zero).num_days();
    (61..=2_958_465).contains(&days).then_some(days as f64)
}

/// `text`, cleaned and cut to what a cell can hold.
pub(super) fn bounded(text: &str) -> String {
    let text = clean(text);
    if text.encode_utf16().count() <= LONGEST {
        return text.into_owned();
    }
    let mut room = LONGEST - 1;
    let fits = |c: &char| match room.checked_sub(c.len_utf16()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
