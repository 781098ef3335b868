//! Tables.

use super::runs::Paragraph;
use crate::model::{Align, Cell, Language, Row, Table};
use crate::shown;
use std::fmt::Write;

/// The width of the text in twentieths of a point: A4 less its margins, upright and turned.
pub(super) const TEXT_WIDTH: u32 = 9638;
pub(super) const TURNED_WIDTH: u32 = 15138;

const HEAD: &str = r#"<w:shd w:val="clear" w:color="auto" w:fill="E8E8E8"/><w:vAlign w:val="center"/>"#;
const GROUP: &str = r#"<w:shd w:val="clear" w:color="auto" w:fill="F5F5F5"/>"#;

/// What keeps the rows of a small table on one page.
const KEPT: &str = "<w:keepNext/>";

/// The table, without its caption.
pub(super) fn write(table: &Table, language: Language) -> String {
    let kept = |is_last: bool| if table.is_small() && !is_last { KEPT } else { "" };
    let widths = widths(table);
    let total = widths.iter().sum();
    let mut out = begun("Grid", &widths);
    let mut head = String::new();
    for (column, width) in table.columns.iter().zip(&widths) {
        let title = Paragraph::styled("TableHead").with(kept(false)).text(&column.title).finish();
        head.push_str(&cell(*width, HEAD, &title));
    }
    push_row(&mut out, "<w:cantSplit/><w:tblHeader/>", &head);
    let decimals = table.share_decimals();
    let row = |cells: &[Cell], bold: bool, is_last: bool| {
        let mut row = String::new();
        for (((column, value), width), decimals) in table.fitted(cells).zip(&widths).zip(&decimals) {
            let align = match column.alignment() {
                Align::Left => "left",
                Align::Center => "center",
                Align::Right => "right",
            };
            let text = shown::cell(value, *decimals, language);
            let paragraph = Paragraph::styled("TableText").with(kept(is_last));
            let paragraph = paragraph.with(&format!(r#"<w:jc w:val="{align}"/>"#));
            let paragraph = if bold { paragraph.bold(&text) } else { paragraph.text(&text) };
            row.push_str(&cell(*width, "", &paragraph.finish()));
        }
        row
    };
    for (at, given) in (1..).zip(&table.rows) {
        let is_last = at == table.rows.len() && table.total.is_none();
        match given {
            Row::Cells(cells) => push_row(&mut out, "<w:cantSplit/>", &row(cells, false, is_last)),
            Row::Group(name) => {
                let name = Paragraph::styled("TableText").with(KEPT).bold(name).finish();
                push_row(&mut out, "<w:cantSplit/>", &spanning(table, total, GROUP, &name));
            }
        }
    }
    if table.rows.is_empty() {
        let text =
            Paragraph::styled("TableText").with(r#"<w:jc w:val="center"/>"#).text(language.words().no_rows);
        push_row(&mut out, "", &spanning(table, total, "", &text.finish()));
    }
    if let Some(cells) = &table.total {
        push_row(&mut out, "<w:cantSplit/>", &row(cells, true, true));
    }
    out.push_str("</w:tbl>");
    out
}

/// A table whose cells are ready, row by row.
pub(super) fn plain(style: &str, widths: &[u32], rows: &[String]) -> String {
    let mut out = begun(style, widths);
    for row in rows {
        push_row(&mut out, "<w:cantSplit/>", row);
    }
    out.push_str("</w:tbl>");
    out
}

/// A table before its first row.
fn begun(style: &str, widths: &[u32]) -> String {
    let total: u32 = widths.iter().sum();
    let mut out = format!(
        r#"<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{total}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>"#
    );
    for width in widths {
        // Writing to a string does not fail.
        let _ = write!(out, r#"<w:gridCol w:w="{width}"/>"#);
    }
    out.push_str("</w:tblGrid>");
    out
}

fn widths(table: &Table) -> Vec<u32> {
    let room = if table.landscape { TURNED_WIDTH } else { TEXT_WIDTH };
    let total: u32 = table.columns.iter().map(|column| u32::from(column.weight())).sum();
    table.columns.iter().map(|column| room * u32::from(column.weight()) / total).collect()
}

fn push_row(out: &mut String, properties: &str, cells: &str) {
    let _ = write!(out, "<w:tr><w:trPr>{properties}</w:trPr>{cells}</w:tr>");
}

/// A cell with one paragraph.
pub(super) fn cell(width: u32, properties: &str, paragraph: &str) -> String {
    format!(r#"<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{properties}</w:tcPr>{paragraph}</w:tc>"#)
}

/// A cell across all columns.
fn spanning(table: &Table, width: u32, properties: &str, paragraph: &str) -> String {
    let properties = format!(r#"<w:gridSpan w:val="{}"/>{properties}"#, table.columns.len());
    cell(width, &properties, paragraph)
}
