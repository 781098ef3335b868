//! Values as a spreadsheet reads them from text.

use crate::model::{Cell, Column, ColumnKind, Decimal, Language};
use crate::shown;
use crate::text::clean;
use std::borrow::Cow;

/// A cell in its column: a share has its sign unless the heading of the column has it.
pub(super) fn placed<'a>(cell: &'a Cell, column: &Column, language: Language) -> Cow<'a, str> {
    match (cell, column.kind) {
        (Cell::Share(_), kind) if kind != ColumnKind::Share => {
            Cow::Owned(format!("{}%", plain(cell, language)))
        }
        _ => plain(cell, language),
    }
}

/// A cell: digits without groups, a decimal comma or point, shares in percent.
pub(super) fn plain(cell: &Cell, language: Language) -> Cow<'_, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) => clean(text),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Share(points) => {
            let places = shown::share_decimals(*points);
            Cow::Owned(number(
                Decimal { units: points / 10_i64.pow(u32::from(2 - places)), places },
                language,
            ))
        }
        Cell::Decimal(decimal) => Cow::Owned(number(*decimal, language)),
        Cell::Date(day) => Cow::Owned(shown::date(*day, language)),
    }
}

fn number(decimal: Decimal, language: Language) -> String {
    let shown = shown::decimal(decimal, language);
    shown.replace('\u{a0}', "").replace('\u{2212}', "-")
}
