//! The document as the template wants it: numbered, with every value as the text to be printed.

use super::printable::{Room, in_room, printable};
use crate::charts::{self, Placing};
use crate::error::DocumentError;
use crate::fonts;
use crate::model::{
    Align, Block, Cell, Column, Document, Figure, Language, Row, Signature, Table, Text, TitleBlock,
};
use crate::numbering::{self, captioned, numbered};
use crate::shown;
use chrono::Datelike;
use serde_json::{Value, json};

/// Rows with a longer cell may break across pages.
const KEPT_TOGETHER: usize = 600;
/// The tallest picture that fits a page under its caption, in widths of the text.
const SLENDEREST: f64 = 1.3;

/// The JSON the template reads.
pub(super) fn of(document: &Document) -> Result<String, DocumentError> {
    let (language, words) = (document.language, document.language.words());
    let blocks: Vec<Value> =
        numbered(document).filter_map(|(label, block)| of_block(&label, block, language)).collect();
    let data = json!({
        "lang": words.tag,
        "fonts": [fonts::FAMILY, fonts::FALLBACK],
        "page": words.page,
        "of": words.of,
        "fingerprint_name": words.fingerprint,
        "no_rows": words.no_rows,
        "title": of_title(&document.title, language),
        "blocks": blocks,
    });
    Ok(serde_json::to_string(&data)?)
}

fn of_title(title: &TitleBlock, language: Language) -> Value {
    let optional = |text: &Option<String>| text.as_deref().map(note);
    let number = title.number.as_ref().map(|number| note(&format!("{} {number}", language.words().number)));
    json!({
        "organisation": note(&title.organisation),
        // The names of the file, which know no breaks.
        "author": printable(&title.organisation),
        "name": printable(&title.title),
        "title": note(&title.title),
        "subtitle": optional(&title.subtitle),
        "number": number,
        "day": title.date.map(|day| json!({"year": day.year(), "month": day.month(), "day": day.day()})),
        "date": title.date.map(|day| shown::long_date(day, language)),
        "period": optional(&title.period),
        "addressee": optional(&title.addressee),
        "mark": optional(&title.mark),
        "fingerprint": optional(&title.fingerprint),
    })
}

/// The block as the template knows it; none for one that pages do not show.
fn of_block(label: &str, block: &Block, language: Language) -> Option<Value> {
    Some(match block {
        Block::Heading(heading) => json!({
            "type": "heading",
            "level": numbering::level(heading.level),
            "text": in_room(&format!("{label} {}", heading.text), Room::Line),
        }),
        Block::Paragraph(paragraph) => json!({"type": "paragraph", "runs": runs(&paragraph.text)}),
        Block::List(list) => json!({
            "type": "list",
            "numbered": list.numbered,
            "items": list.items.iter().map(runs).collect::<Vec<_>>(),
        }),
        Block::Table(table) => of_table(label, table, language),
        Block::Figure(figure) => of_figure(label, figure, language),
        Block::Properties(properties) => json!({
            "type": "properties",
            "short": properties.are_short(language),
            "items": properties.items.iter().map(|item| {
                [in_room(&item.name, Room::Line), in_room(&shown::single(&item.value, language), Room::Line)]
            }).collect::<Vec<_>>(),
        }),
        Block::Attachments(attachments) => json!({
            "type": "attachments",
            "title": language.words().attachments,
            "items": attachments.items.iter().map(|item| {
                json!({"title": in_room(&item.title, Room::Line), "note": item.note.as_deref().map(note)})
            }).collect::<Vec<_>>(),
        }),
        Block::Signature(signature) => of_signature(signature, language),
        Block::PageBreak => json!({"type": "page_break"}),
        Block::Data(_) => return None,
    })
}

fn note(text: &str) -> Value {
    in_room(text, Room::Line)
}

fn runs(text: &Text) -> Value {
    text.0.iter().map(|run| json!({"text": in_room(&run.text, Room::Line), "bold": run.bold})).collect()
}

fn of_table(label: &str, table: &Table, language: Language) -> Value {
    let (decimals, narrow) = (table.share_decimals(), narrow(table, language));
    let room = |narrow: bool| if narrow { Room::Column } else { Room::Line };
    let row = |cells: &[Cell]| {
        let texts = table.fitted(cells).zip(&decimals);
        let texts: Vec<_> =
            texts.map(|((_, cell), decimals)| shown::cell(cell, *decimals, language)).collect();
        let breakable = texts.iter().any(|text| text.len() > KEPT_TOGETHER);
        let cells: Vec<Value> =
            texts.iter().zip(&narrow).map(|(text, narrow)| in_room(text, room(*narrow))).collect();
        json!({"cells": cells, "breakable": breakable})
    };
    json!({
        "type": "table",
        "caption": in_room(&captioned(label, &table.caption), Room::Line),
        "landscape": table.landscape,
        "kept": table.is_small(),
        "columns": table.columns.iter().zip(&narrow).map(|(column, hyphenate)| json!({
            "title": in_room(&column.title, room(*hyphenate)),
            "width": column.weight(),
            "hyphenate": hyphenate,
            "align": match column.alignment() {
                Align::Left => "left",
                Align::Center => "center",
                Align::Right => "right",
            },
        })).collect::<Vec<_>>(),
        "rows": table.rows.iter().enumerate().map(|(at, given)| match given {
            Row::Cells(cells) => row(cells),
            // typst cannot set a repeated heading right before another one.
            Row::Group(name) => json!({
                "group": in_room(name, Room::Line),
                "repeated": name.len() < KEPT_TOGETHER && matches!(table.rows.get(at + 1), Some(Row::Cells(_))),
            }),
        }).collect::<Vec<_>>(),
        "total": table.total.as_deref().map(row),
        "note": table.note.as_deref().map(note),
    })
}

/// The size of the text of a table, the sides of a cell and the width of a page's text, in points.
const TABLE_TEXT: f64 = 9.5;
const CELL_SIDES: f64 = 8.5;
const TEXT_WIDTHS: (f64, f64) = (467.7, 756.8);

/// For each column, whether a word in it is too long for a line, so that words have to be divided.
fn narrow(table: &Table, language: Language) -> Vec<bool> {
    let total: f64 = table.columns.iter().map(|column| f64::from(column.weight())).sum();
    let room = if table.landscape { TEXT_WIDTHS.1 } else { TEXT_WIDTHS.0 };
    let widest = |text: &str, bold| {
        let words = text.split_whitespace().map(|word| fonts::width(word, bold));
        words.fold(0.0, f64::max) * TABLE_TEXT
    };
    let is_narrow = |(at, column): (usize, &Column)| {
        let cells = table.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => cells.get(at),
            Row::Group(_) => None,
        });
        let words = cells.map(|cell| widest(&shown::single(cell, language), false));
        let longest = words.fold(widest(&column.title, true), f64::max);
        longest > room * f64::from(column.weight()) / total - CELL_SIDES
    };
    table.columns.iter().enumerate().map(is_narrow).collect()
}

fn of_figure(label: &str, figure: &Figure, language: Language) -> Value {
    let drawing = charts::drawn(figure, language, &Placing { id: "", captioned: false });
    json!({
        "type": "figure",
        "caption": in_room(&captioned(label, &figure.caption), Room::Line),
        "alt": printable(&captioned(label, &figure.caption)),
        "svg": drawing.svg,
        // In percent of the width of the text.
        "width": 100.0 * (SLENDEREST / drawing.slenderness).min(1.0),
    })
}

fn of_signature(signature: &Signature, language: Language) -> Value {
    json!({
        "type": "signature",
        "position": in_room(&signature.position, Room::Column),
        "name": signature.name.as_deref().map(|name| in_room(name, Room::Column)),
        "date": signature.date.map(|day| shown::date(day, language)),
    })
}
