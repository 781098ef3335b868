//! The first sheet: what the document is and which tables it has.

use super::cells::{Formats, bounded};
use super::sheet;
use crate::model::{Block, Cell, Document};
use rust_xlsxwriter::{Url, Worksheet, XlsxError};

pub(super) fn write(document: &Document, formats: &Formats, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let (words, title) = (document.language.words(), &document.title);
    sheet.set_name(words.contents)?;
    sheet.set_column_width(0, 42)?;
    sheet.set_column_width(1, 80)?;
    sheet.set_column_width(2, 10)?;
    let mut next = 0;
    for (text, format) in [
        (Some(&title.organisation), &formats.strong),
        (Some(&title.title), &formats.title),
        (title.subtitle.as_ref(), &formats.strong),
        (title.mark.as_ref(), &formats.strong),
    ] {
        if let Some(text) = text {
            let line = bounded(text).replace('\n', " ");
            sheet.write_string_with_format(next, 0, line, &format.clone().unset_text_wrap())?;
            next += 1;
        }
    }
    next += 1;
    let mut facts: Vec<(&str, Cell)> = title.facts(words).collect();
    let properties = document.blocks.iter().filter_map(|block| match block {
        Block::Properties(properties) => Some(&properties.items),
        _ => None,
    });
    facts.extend(properties.flatten().map(|item| (item.name.as_str(), item.value.clone())));
    for (name, value) in facts {
        sheet.write_string_with_format(next, 0, bounded(name), &formats.strong)?;
        formats.write(sheet, (next, 1), &value, &formats.of_single(&value))?;
        next += 1;
    }
    tables(document, formats, sheet, next + 1)?;
    sheet::printed(sheet, "", document.language);
    Ok(())
}

/// The list of the tables, each with the way to its sheet.
fn tables(document: &Document, formats: &Formats, sheet: &mut Worksheet, from: u32) -> Result<(), XlsxError> {
    let words = document.language.words();
    for (at, word) in [(0, words.table), (1, words.name), (2, words.rows)] {
        sheet.write_string_with_format(from, at, word, &formats.head)?;
    }
    for (row, (number, table)) in (from + 1..).zip(document.tables()) {
        let name = sheet::name(number, &table.name);
        sheet.write_url(row, 0, Url::new(format!("internal:'{name}'!A1")).set_text(&name))?;
        let caption = match &table.note {
            Some(note) => format!("{} ({note})", table.caption),
            None => table.caption.clone(),
        };
        sheet.write_string_with_format(row, 1, bounded(&caption), &formats.text)?;
        sheet.set_row_height(row, sheet::height(sheet::lines_of(&caption, 80)))?;
        let rows = table.rows.iter().filter(|row| matches!(row, crate::model::Row::Cells(_))).count();
        let rows = Cell::Integer(i64::try_from(rows).unwrap_or(i64::MAX));
        formats.write(sheet, (row, 2), &rows, &formats.text)?;
    }
    Ok(())
}
