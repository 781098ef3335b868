//! Workbooks read back.

use super::{XlsxRows, sheet, write_xlsx};
use crate::model::{Block, Cell, Column, ColumnKind, Decimal, Document, Language, Row, Table};
use crate::{RowsWriter, hostile, sample};
use calamine::{Data, DataType, Reader, Xlsx};
use std::io::{Cursor, Read};

fn written(document: &Document) -> Cursor<Vec<u8>> {
    let mut out = Vec::new();
    write_xlsx(document, &mut out).unwrap();
    Cursor::new(out)
}

fn workbook(document: &Document) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(written(document)).unwrap()
}

/// A part of the workbook's package, as text.
fn part(document: &Document, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(written(document)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_file_has_the_day_of_the_document() {
    let mut document = sample::document();
    for (day, created) in [
        (Some("2021-01-15"), "2021-01-15T00:00:00Z"),
        // A spreadsheet knows no years before 1900.
        (Some("1812-09-07"), "1970-01-01T00:00:00Z"),
        (None, "1970-01-01T00:00:00Z"),
    ] {
        document.title.date = day.map(|day| day.parse().unwrap());
        let core = part(&document, "docProps/core.xml");
        assert!(core.contains(&format!(">{created}</dcterms:created>")), "{day:?}: {core}");
    }
}

#[test]
fn cells_have_types() {
    let mut book = workbook(&sample::document());
    let sheets = book.sheet_names();
    assert_eq!(sheets[..4], ["Сводка", "Текст", "1. Показатели", "2. Мероприятия"]);
    assert_eq!(sheets.len(), 11);
    let range = book.worksheet_range("4. Муниципальные образования").unwrap();
    let row: Vec<Data> = range.rows().nth(1).unwrap().to_vec();
    assert_eq!(row[0], Data::Float(1.0));
    assert_eq!(row[1], Data::String("Александровский муниципальный район".to_owned()));
    assert_eq!(row[4], Data::Float(0.3));
    assert!(row[5].is_datetime(), "{:?}", row[5]);
    assert_eq!(range.rows().next_back().unwrap()[1], Data::String("Всего".to_owned()));
}

#[test]
fn the_text_has_a_sheet_of_its_own() {
    let document = sample::document();
    let mut book = workbook(&document);
    let range = book.worksheet_range("Текст").unwrap();
    let rows: Vec<[String; 2]> = range.rows().map(|row| [row[0].to_string(), row[1].to_string()]).collect();
    assert_eq!(rows[0], ["Раздел", "Текст"]);
    assert_eq!(rows[1][0], "1. Общие сведения");
    assert!(rows[2][1].starts_with("Из 54 мероприятий плана выполнено 31, в том числе"), "{:?}", rows[2]);
    let of =
        |text: &str| rows.iter().find(|row| row[1] == text).unwrap_or_else(|| panic!("{text}: {rows:?}"));
    assert_eq!(of("Таблица 1 – Целевые показатели паспорта")[0], "1.1. Целевые показатели");
    assert!(rows.iter().any(|row| row[0] == "Приложения" && row[1].starts_with("1. ")), "{rows:?}");
    let tables = Document {
        blocks: document.blocks.into_iter().filter(|b| matches!(b, Block::Table(_))).collect(),
        ..sample::document()
    };
    assert!(!workbook(&tables).sheet_names().contains(&"Текст".to_owned()), "nothing to read in it");
}

#[test]
fn a_cell_of_another_kind_has_its_own_format() {
    let table = Table {
        name: "План и факт".to_owned(),
        columns: vec![Column::new("actual", "Факт", ColumnKind::Integer, 1)],
        rows: vec![
            Row::Cells(vec![Cell::Integer(1234)]),
            Row::Cells(vec![Cell::Share(9500)]),
            Row::Cells(vec![Cell::Date("2020-12-31".parse().unwrap())]),
        ],
        ..Table::default()
    };
    let document = Document { blocks: vec![Block::Data(table)], ..sample::document() };
    let range = workbook(&document).worksheet_range("1. План и факт").unwrap();
    let cells: Vec<&Data> = range.rows().map(|row| &row[0]).collect();
    assert_eq!(cells[1..3], [&Data::Float(1234.0), &Data::Float(0.95)]);
    assert!(cells[3].is_datetime(), "{:?}", cells[3]);
    let styles = part(&document, "xl/styles.xml");
    assert!(styles.contains("dd.mm.yyyy") && styles.contains("formatCode=\"0%\""), "{styles}");
    let sheet = part(&document, "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("<pane ySplit=\"1\"") && sheet.contains("<autoFilter ref=\"A1:A4\""), "{sheet}");
}

#[test]
fn groups_become_a_column() {
    let mut book = workbook(&sample::document());
    let range = book.worksheet_range("2. Мероприятия").unwrap();
    let first: Vec<String> = range.rows().map(|row| row[0].to_string()).collect();
    assert_eq!(first[0], "Раздел");
    assert_eq!(first.iter().filter(|name| *name == "Раздел 2. Работа с кадрами").count(), 18);
    assert_eq!(first.last().map(String::as_str), Some("Итого"));
    assert_eq!(first.len(), 1 + 54 + 1);
}

#[test]
fn text_is_never_a_formula() {
    let mut book = workbook(&hostile::document());
    for name in book.sheet_names() {
        assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{name}");
    }
    let name = book.sheet_names().into_iter().nth(2).unwrap();
    let range = book.worksheet_range(&name).unwrap();
    // What a spreadsheet cannot hold as a number is text.
    let row: Vec<String> = range.rows().nth(1).unwrap().iter().map(ToString::to_string).collect();
    assert!(row[1].starts_with("=1+1 <script>") && row[1].contains("\u{fffd}"), "{row:?}");
    assert!(row[2].contains("223"), "{row:?}");
}

#[test]
fn names_of_sheets_are_accepted_and_differ() {
    assert_eq!(sheet::name(1, "a[b]:c*d?e/f\\g'"), "1. a b  c d e f g");
    assert_eq!(sheet::name(12, &"щ".repeat(99)).chars().count(), 31);
    assert_eq!(sheet::name(3, ""), "3.");
}

#[test]
fn long_tables_are_written_row_by_row() {
    let columns = [
        Column::new("name", "Имя", ColumnKind::Text, 1),
        Column::new("share", "Доля", ColumnKind::Share, 1),
        Column::new("rate", "Ставка", ColumnKind::Decimal, 1),
    ];
    let scratch = std::env::temp_dir();
    let mut rows = XlsxRows::new("Результаты", &columns, Language::Ru, &scratch).unwrap();
    for n in 0..1000 {
        let rate = Cell::Decimal(Decimal { units: n, places: 1 });
        rows.write_row(&[Cell::from("=A1"), Cell::Share(5000), rate, Cell::from("beyond")]).unwrap();
    }
    let mut out = Cursor::new(Vec::new());
    rows.finish(&mut out).unwrap();
    let mut book = Xlsx::new(out).unwrap();
    let range = book.worksheet_range("1. Результаты").unwrap();
    assert_eq!(range.get_size(), (1001, 3));
    assert_eq!(range.get((1000, 0)), Some(&Data::String("=A1".to_owned())));
    assert_eq!(range.get((1000, 1)), Some(&Data::Float(0.5)));
    assert_eq!(range.get((1000, 2)), Some(&Data::Float(99.9)));
}
