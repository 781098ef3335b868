//! Tables.

use super::Lines;
use crate::model::{Align, Cell, Language, Row, Table};
use crate::numbering::captioned;
use crate::shown;
use std::io::{self, Write};

pub(super) fn write(label: &str, table: &Table, language: Language, out: &mut impl Write) -> io::Result<()> {
    let class = if table.is_small() { " class=\"small\"" } else { "" };
    let caption = captioned(label, &table.caption);
    writeln!(out, "<div{class}><table>\n<caption>{}</caption>", Lines(&caption))?;
    let total: u32 = table.columns.iter().map(|column| u32::from(column.weight())).sum();
    write!(out, "<colgroup>")?;
    for column in &table.columns {
        write!(out, "<col style=\"width:{}%\">", u32::from(column.weight()) * 100 / total)?;
    }
    write!(out, "</colgroup>\n<thead><tr>")?;
    for column in &table.columns {
        write!(out, "<th scope=\"col\">{}</th>", Lines(&column.title))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    let writer = Rows { table, language, decimals: table.share_decimals() };
    for (at, row) in table.rows.iter().enumerate() {
        match row {
            Row::Group(name) => {
                let next = if at > 0 { "</tbody>\n<tbody>\n" } else { "" };
                let (span, name) = (table.columns.len().max(1), Lines(name));
                writeln!(out, "{next}<tr><th colspan=\"{span}\" scope=\"rowgroup\">{name}</th></tr>")?;
            }
            Row::Cells(cells) => writer.row(cells, out)?,
        }
    }
    if table.rows.is_empty() {
        let (span, text) = (table.columns.len().max(1), language.words().no_rows);
        writeln!(out, "<tr><td colspan=\"{span}\" class=\"center\">{text}</td></tr>")?;
    }
    writeln!(out, "</tbody>")?;
    if let Some(cells) = &table.total {
        writeln!(out, "<tfoot>")?;
        writer.row(cells, out)?;
        writeln!(out, "</tfoot>")?;
    }
    writeln!(out, "</table>")?;
    if let Some(note) = &table.note {
        writeln!(out, "<p class=\"note\">{}</p>", Lines(note))?;
    }
    writeln!(out, "</div>")
}

struct Rows<'a> {
    table: &'a Table,
    language: Language,
    decimals: Vec<u8>,
}

impl Rows<'_> {
    fn row(&self, cells: &[Cell], out: &mut impl Write) -> io::Result<()> {
        write!(out, "<tr>")?;
        for ((column, cell), decimals) in self.table.fitted(cells).zip(&self.decimals) {
            let class = match column.alignment() {
                Align::Left => "",
                Align::Center => " class=\"center\"",
                Align::Right => " class=\"right\"",
            };
            write!(out, "<td{class}>{}</td>", Lines(&shown::cell(cell, *decimals, self.language)))?;
        }
        writeln!(out, "</tr>")
    }
}
