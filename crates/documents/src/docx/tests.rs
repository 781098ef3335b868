//! The parts of the package.

use super::write_docx;
use crate::model::{Block, Column, ColumnKind, Document, Row, Table};
use crate::{hostile, sample};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The parts that are XML, by name, and the names of the pictures.
fn parts(document: &Document) -> (BTreeMap<String, String>, Vec<String>) {
    let mut out = Vec::new();
    write_docx(document, &mut out).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(out)).unwrap();
    let (mut parts, mut pictures) = (BTreeMap::new(), Vec::new());
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        if name.ends_with(".png") {
            pictures.push(name);
        } else {
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            parts.insert(name, text);
        }
    }
    (parts, pictures)
}

#[test]
fn every_part_is_well_formed() {
    for document in [sample::document(), hostile::document()] {
        for (name, xml) in parts(&document).0 {
            assert!(!hostile::text_of(&xml).contains('\u{0}'), "{name}");
        }
    }
}

#[test]
fn markup_stays_text() {
    let (parts, _) = parts(&hostile::document());
    let text = hostile::text_of(&parts["word/document.xml"]);
    assert!(text.contains("=1+1 <script>alert(\"x\")</script> </w:t> &amp; ]]>"));
}

#[test]
fn addresses_can_be_followed() {
    let blocks = vec![Block::paragraph("См. https://a.ru/?b=1&c=2.")];
    let body = parts(&Document { blocks, ..sample::document() }).0.remove("word/document.xml").unwrap();
    let link = r#"<w:fldSimple w:instr=" HYPERLINK &quot;https://a.ru/?b=1&amp;c=2&quot; "><w:r>"#;
    assert!(body.contains(link), "{body}");
    assert!(hostile::text_of(&body).contains("См. https://a.ru/?b=1&c=2."));
}

#[test]
fn an_editor_finds_headings_tables_and_fields() {
    let document = sample::document();
    let (parts, pictures) = parts(&document);
    let body = &parts["word/document.xml"];
    let count = |what: &str| body.matches(what).count();
    assert_eq!(count("<w:tblHeader/>"), document.tables().count());
    assert_eq!(count("SEQ Таблица"), document.tables().count());
    assert_eq!((count("SEQ Рисунок"), pictures.len()), (4, 4));
    assert_eq!(count(r#"<w:pStyle w:val="Heading2"/>"#), 4);
    // Upright, turned for the table of activities, upright again.
    assert_eq!((count("<w:sectPr>"), count(r#"w:orient="landscape""#)), (3, 1));
    assert!(parts["word/footer1.xml"].contains("NUMPAGES"));
    assert!(parts["docProps/core.xml"].contains("2021-01-15T00:00:00Z"));
}

#[test]
fn a_small_table_stands_on_one_page() {
    let rows = |n: usize| vec![Row::Cells(vec!["строка".into()]); n];
    let columns = vec![Column::new("a", "Графа", ColumnKind::Text, 1)];
    let kept = |n| {
        let table = Table { columns: columns.clone(), rows: rows(n), ..Table::default() };
        let document = Document { blocks: vec![Block::Table(table)], ..sample::document() };
        let body = parts(&document).0.remove("word/document.xml").unwrap();
        body.split("<w:tbl>").nth(1).unwrap().matches("<w:keepNext/>").count()
    };
    assert_eq!(kept(3), 3, "the heading and all rows but the last");
    assert_eq!(kept(40), 0);
}

#[test]
fn what_is_referred_to_exists() {
    let (parts, pictures) = parts(&sample::document());
    let styles = &parts["word/styles.xml"];
    let of = |xml: &str, mark: &str| -> Vec<String> {
        xml.split(mark).skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
    };
    let body = &parts["word/document.xml"];
    for mark in ["<w:pStyle w:val=\"", "<w:tblStyle w:val=\""] {
        for style in of(body, mark) {
            assert!(styles.contains(&format!("w:styleId=\"{style}\"")), "{style}");
        }
    }
    let relations = &parts["word/_rels/document.xml.rels"];
    for id in of(body, "r:embed=\"").into_iter().chain(of(body, "r:id=\"")) {
        assert!(relations.contains(&format!("Id=\"{id}\"")), "{id}");
    }
    for target in of(relations, "Target=\"") {
        let name = format!("word/{target}");
        assert!(parts.contains_key(&name) || pictures.contains(&name), "{name}");
    }
    for list in of(body, "<w:numId w:val=\"").iter().filter(|list| *list != "0") {
        assert!(parts["word/numbering.xml"].contains(&format!("w:numId=\"{list}\"")), "{list}");
    }
}

#[test]
fn a_heading_goes_along_with_a_landscape_table() {
    let table = Table {
        columns: vec![Column::new("a", "Графа", ColumnKind::Text, 1)],
        note: Some("Примечание".into()),
        landscape: true,
        ..Table::default()
    };
    let blocks = vec![Block::paragraph("Введение"), Block::heading(1, "Раздел"), Block::Table(table)];
    let (parts, _) = parts(&Document { blocks, ..sample::document() });
    let body = &parts["word/document.xml"];
    let places =
        ["Введение", "<w:sectPr>", "Раздел", "Примечание", "Графа"].map(|what| body.find(what).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}
