//! What a spreadsheet will read.

use super::*;
use crate::model::{Block, Cell, Decimal, TitleBlock};
use crate::{RowsWriter, hostile};

fn table() -> Table {
    let cells = |text: &str, number, share, places| {
        let decimal = Cell::Decimal(Decimal { units: -12_345, places });
        Row::Cells(vec![
            text.into(),
            Cell::Integer(number),
            Cell::Share(share),
            decimal,
            hostile::day(2020).into(),
        ])
    };
    Table {
        name: "Т".to_owned(),
        caption: "=Подпись".to_owned(),
        columns: vec![
            Column::new("name", "=Имя", ColumnKind::Text, 1),
            Column::new("count", "Число", ColumnKind::Integer, 1),
            Column::new("share", "Доля", ColumnKind::Share, 1),
            Column::new("rate", "Ставка", ColumnKind::Decimal, 1),
            Column::new("day", "День", ColumnKind::Date, 1),
        ],
        rows: vec![
            Row::Group("-1+1".to_owned()),
            cells("@SUM(A1)", -1_234_567, -525, 2),
            cells("a;\"b\"\u{1}", 0, 10_000, 0),
        ],
        total: Some(vec!["Всего".into()]),
        ..Table::default()
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn cells_are_plain_and_nothing_is_computed() {
    let mut out = Vec::new();
    write_table(&table(), Language::Ru, &mut out).unwrap();
    let lines = [
        "\u{feff}Раздел;'=Имя;Число;Доля, %;Ставка;День",
        "'-1+1;'@SUM(A1);-1234567;-5,25;-123,45;31.12.2020",
        "'-1+1;\"a;\"\"b\"\"\u{fffd}\";0;100;-12345;31.12.2020",
        "Итого;Всего;;;;",
        "",
    ];
    assert_eq!(text(out), lines.join("\r\n"));
}

#[test]
fn a_share_outside_its_column_has_its_sign() {
    let mut shares = table();
    shares.rows = vec![Row::Cells(vec!["а".into(), Cell::Share(9550), Cell::Share(9550)])];
    let mut out = Vec::new();
    write_table(&Table { total: None, ..shares }, Language::Ru, &mut out).unwrap();
    assert!(text(out).ends_with("а;95,5%;95,5;;\r\n"));
}

#[test]
fn tables_follow_each_other_below_their_captions() {
    let mut document = hostile::document();
    document.language = Language::Ru;
    document.title = TitleBlock {
        title: "Отчёт".to_owned(),
        date: Some(hostile::day(2020)),
        fingerprint: Some("ab12".to_owned()),
        ..TitleBlock::default()
    };
    document.blocks = vec![
        Block::heading(1, "Раздел"),
        Block::Data(Table { caption: "Для программ".to_owned(), ..Table::default() }),
        Block::properties([("Срок", Cell::from(hostile::day(2021)))]),
        Block::Table(table()),
        Block::paragraph("=1"),
        Block::list(true, ["-2", "риск"]),
        Block::Table(Table::default()),
    ];
    let mut out = Vec::new();
    write_csv(&document, &mut out).unwrap();
    let text = text(out);
    let begins = "\u{feff}Отчёт\r\nДата;31.12.2020\r\nSHA-256;ab12\r\n\"\"\r\n1. Раздел\r\n\"\"\r\nТаблица 3 – Для программ\r\n";
    assert!(text.starts_with(begins), "{text}");
    assert!(text.contains("Срок;31.12.2021\r\n\"\"\r\nТаблица 1 – =Подпись\r\nРаздел;"), "{text}");
    assert!(
        text.contains("Итого;Всего;;;;\r\n\"\"\r\n'=1\r\n1. -2\r\n2. риск\r\n\"\"\r\nТаблица 2\r\n"),
        "{text}"
    );
}

#[test]
fn rows_are_fitted_to_the_columns() {
    let mut rows = CsvRows::new(&table().columns[..2], Language::En, Vec::new()).unwrap();
    rows.write_row(&[Cell::from("+7")]).unwrap();
    rows.write_row(&[Cell::from("=1"), Cell::Integer(2), Cell::Integer(3)]).unwrap();
    assert_eq!(text(rows.finish().unwrap()), "\u{feff}'=Имя;Число\r\n+7;\r\n'=1;2\r\n");
}
