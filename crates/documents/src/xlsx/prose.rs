//! The sheet of the text: what the document says besides its tables, in order, under its headings.

use super::cells::{Formats, bounded};
use super::sheet;
use crate::model::{Block, Document};
use crate::numbering::{captioned, numbered};
use rust_xlsxwriter::{Url, Workbook, XlsxError};

/// Widths in characters.
const WIDTHS: [u16; 2] = [32, 110];

/// A line of the sheet.
struct Line {
    /// The heading it stands under.
    section: String,
    text: String,
    /// The sheet of the table that it names.
    sheet: Option<String>,
}

/// Adds the sheet, if the document says anything besides its tables.
pub(super) fn write(document: &Document, formats: &Formats, book: &mut Workbook) -> Result<(), XlsxError> {
    let lines = lines(document);
    if lines.iter().all(|line| line.sheet.is_some()) {
        return Ok(());
    }
    let words = document.language.words();
    let sheet = book.add_worksheet();
    sheet.set_name(words.text)?;
    for ((at, width), title) in (0..).zip(WIDTHS).zip([words.group, words.text]) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, title, &formats.head)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    let mut next = 1;
    for line in lines {
        let high = sheet::lines_of(&line.section, usize::from(WIDTHS[0]))
            .max(sheet::lines_of(&line.text, usize::from(WIDTHS[1])));
        sheet.write_string_with_format(next, 0, bounded(&line.section), &formats.text)?;
        match line.sheet {
            Some(name) => sheet.write_url(
                next,
                1,
                Url::new(format!("internal:'{name}'!A1")).set_text(bounded(&line.text)),
            )?,
            None => sheet.write_string_with_format(next, 1, bounded(&line.text), &formats.text)?,
        };
        sheet.set_row_height(next, sheet::height(high))?;
        next += 1;
    }
    sheet.autofilter(0, 0, next - 1, 1)?;
    sheet::printed(sheet, "", document.language);
    Ok(())
}

fn lines(document: &Document) -> Vec<Line> {
    let words = document.language.words();
    let mut section = String::new();
    let mut lines = Vec::new();
    let mut tables = document.tables();
    for (label, block) in numbered(document) {
        let mut add = |text: String, sheet| lines.push(Line { section: section.clone(), text, sheet });
        match block {
            Block::Heading(heading) => section = format!("{label} {}", heading.text),
            Block::Paragraph(paragraph) => add(paragraph.text.joined(), None),
            Block::List(list) => list.points().for_each(|point| add(point, None)),
            Block::Table(table) => {
                let number = tables.next().map_or(0, |(number, _)| number);
                add(captioned(&label, &table.caption), Some(sheet::name(number, &table.name)));
            }
            Block::Attachments(attachments) => {
                for (number, item) in (1..).zip(&attachments.items) {
                    let note = item.note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
                    let (section, text) =
                        (words.attachments.to_owned(), format!("{number}. {}{note}", item.title));
                    lines.push(Line { section, text, sheet: None });
                }
            }
            Block::Data(_)
            | Block::Figure(_)
            | Block::Properties(_)
            | Block::Signature(_)
            | Block::PageBreak => {}
        }
    }
    lines
}
