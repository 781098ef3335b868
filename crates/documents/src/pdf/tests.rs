//! Pages as typst set them.

use super::{data, pages, world::DocumentWorld, write_pdf};
use crate::model::{Block, Cell, Column, ColumnKind, Document, Row, Table, TitleBlock};
use crate::{hostile, sample};
use typst::layout::{Frame, FrameItem};

/// The text of each page, as it would be copied, with divided words joined.
fn texts(document: &Document) -> Vec<String> {
    let world = DocumentWorld::new(data::of(document).unwrap());
    let pages = pages(&world).unwrap();
    let text = |frame: &Frame| {
        let mut text = String::new();
        collect(frame, &mut text);
        text.replace('\u{ad}', "")
    };
    pages.pages().iter().map(|page| text(&page.frame)).collect()
}

fn collect(frame: &Frame, out: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, out),
            FrameItem::Text(text) => out.push_str(&text.text),
            _ => {}
        }
    }
}

#[test]
fn headings_of_a_table_repeat_on_every_page() {
    let columns = vec![
        Column::new("a", "Заголовок", ColumnKind::Text, 1),
        Column::new("b", "Число", ColumnKind::Integer, 1),
    ];
    let rows = (0..200).map(|n| Row::Cells(vec![format!("строка {n}").into(), n.into()])).collect();
    let table = Table { caption: "Длинная".to_owned(), columns, rows, ..Table::default() };
    let document = Document { blocks: vec![Block::Table(table)], ..sample::document() };
    let pages = texts(&document);
    assert!(pages.len() >= 4, "{} pages", pages.len());
    for (number, page) in (1..).zip(&pages) {
        assert!(page.contains("Заголовок"), "page {number}");
        assert!(page.contains(&format!("стр. {number} из {}", pages.len())), "page {number}: {page}");
    }
    assert_eq!(pages.concat().matches("Таблица 1 – Длинная").count(), 1);
    assert!(pages.concat().contains("строка 199"));
}

#[test]
fn a_small_table_stands_on_one_page() {
    let columns = vec![Column::new("a", "Графа", ColumnKind::Text, 1)];
    let rows = (0..9).map(|n| Row::Cells(vec![format!("строка {n}").into()])).collect();
    let small = Table { caption: "Короткая".to_owned(), columns, rows, ..Table::default() };
    // However much stands above it.
    for lines in (20..60).step_by(6) {
        let filler = Block::paragraph(vec!["слово"; lines].join("\n"));
        let pages =
            texts(&Document { blocks: vec![filler, Block::Table(small.clone())], ..sample::document() });
        let page = pages.iter().find(|page| page.contains("Короткая")).unwrap();
        assert!(page.contains("строка 0") && page.contains("строка 8"), "{lines}: {page}");
    }
}

#[test]
fn what_only_programs_read_is_on_no_page() {
    let columns = vec![Column::new("a", "Графа", ColumnKind::Text, 1)];
    let data = Table { caption: "Для программ".to_owned(), columns, ..Table::default() };
    let pages = texts(&Document { blocks: vec![Block::Data(data)], ..sample::document() });
    assert!(!pages.concat().contains("Для программ"));
}

#[test]
fn a_heading_goes_along_with_a_landscape_table() {
    let columns = vec![Column::new("a", "Графа", ColumnKind::Text, 1)];
    let rows = vec![Row::Cells(vec!["строка".into()])];
    let table =
        Table { caption: "Широкая".to_owned(), columns, rows, landscape: true, ..Table::default() };
    let blocks = vec![
        Block::paragraph("Введение"),
        Block::heading(1, "Раздел"),
        Block::heading(2, "Подраздел"),
        Block::Table(table),
        Block::heading(1, "Последний"),
    ];
    let pages = texts(&Document { blocks, ..sample::document() });
    assert_eq!(pages.len(), 3);
    assert!(pages[0].contains("Введение") && !pages[0].contains("Раздел"), "{}", pages[0]);
    assert!(["Раздел", "Подраздел", "Широкая"].iter().all(|word| pages[1].contains(word)), "{}", pages[1]);
    assert!(pages[2].contains("Последний"), "{}", pages[2]);
}

/// Numbers of orders, checksums and addresses, on pages and in columns that are too narrow for them.
#[test]
fn what_is_copied_is_whole() {
    let (order, address) = ("316-01-63-950/20", "https://niro.nnov.ru/?id=36785&part=methodical-support");
    let seal = "0123456789abcdef".repeat(4);
    let narrow = ["a", "b", "c", "d", "e", "f"].map(|key| Column::new(key, "Графа", ColumnKind::Text, 1));
    let row = Row::Cells([order, address, &seal, "", "", ""].map(Cell::from).to_vec());
    let table = Table { columns: narrow.to_vec(), rows: vec![row], ..Table::default() };
    let blocks = vec![
        Block::paragraph(format!("Приказ № {order}, {address}, SHA-256 {seal}. ").repeat(3)),
        Block::list(true, [format!("{order} {address} {seal}")]),
        Block::properties([("Основание", order), ("Адрес", address), ("Печать", seal.as_str())]),
        Block::Table(table),
    ];
    let title = TitleBlock { fingerprint: Some(seal.clone()), ..sample::document().title };
    let document = Document { title, blocks, ..sample::document() };
    let text = texts(&document).concat();
    for (whole, times) in [(order, 6), (address, 6), (&*seal, 7)] {
        assert_eq!(text.matches(whole).count(), times, "{whole} in {text}");
    }
    assert!(!text.contains('\u{200b}'));
    let mut out = Vec::new();
    write_pdf(&document, &mut out).unwrap();
    let has = |part: &str| out.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(has(&format!("/URI({address})")) || has(&format!("/URI ({address})")), "a link");
    assert!(has("pdfaid:part>2<"));
}

#[test]
fn markup_stays_text() {
    let text = texts(&hostile::document()).concat();
    for shown in ["<script>alert(\"x\")</script>", "#import \"x\" $x^2$ *b* _i_ @ref <lab>", "// c\u{fffd}"] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    assert!(!text.contains('\u{202e}'), "nothing turns the text");
}

#[test]
fn the_sample_has_its_pages_tags_and_date() {
    let document = sample::document();
    assert!((11..=14).contains(&texts(&document).len()));
    let mut out = Vec::new();
    write_pdf(&document, &mut out).unwrap();
    assert!(out.starts_with(b"%PDF-1.7"));
    let has = |part: &[u8]| out.windows(part.len()).any(|window| window == part);
    for part in ["pdfaid:part>2<", "2021-01-15", "/MarkInfo"] {
        assert!(has(part.as_bytes()), "{part}");
    }
}

#[test]
fn groups_and_cells_of_any_size_can_be_set() {
    let group = |text: &str| Row::Group(text.to_owned());
    let cells = |text: &str| Row::Cells(vec![text.into()]);
    let (paragraph, pages) = ("слово ".repeat(100), "слово ".repeat(3000));
    let tables = [
        vec![group("одна")],
        vec![group("одна"), group("другая"), cells("а")],
        vec![cells("а"), group("последняя")],
        vec![group("а"), group(&paragraph), cells("а")],
        vec![group(&pages), cells(&pages)],
        (0..100).map(|_| cells("а")).chain([group("последняя")]).collect(),
    ];
    let columns: Vec<_> = ["a", "b", "c"].map(|key| Column::new(key, "Т", ColumnKind::Text, 1)).to_vec();
    let tables =
        tables.map(|rows| Block::Table(Table { columns: columns.clone(), rows, ..Table::default() }));
    let blocks = tables.into_iter().chain([Block::heading(1, &*pages)]).collect();
    // Without a date and with so long a title it is no PDF/A.
    let title = TitleBlock { title: pages.clone(), ..TitleBlock::default() };
    let mut out = Vec::new();
    write_pdf(&Document { title, blocks, ..sample::document() }, &mut out).unwrap();
    assert!(out.starts_with(b"%PDF-1.7"));
}
