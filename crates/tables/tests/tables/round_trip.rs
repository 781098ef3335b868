//! What is written reads back; what is arbitrary does not panic.

use crate::common::*;
use encoding_rs::WINDOWS_1251;
use opora_tables::{Column, CsvOptions, CsvWriter, Delimiter, Limits, Options, open};
use proptest::prelude::*;

const ANY: &[Column] = &[
    Column::required("a", &["Первая колонка"]),
    Column::required("b", &["Вторая колонка"]),
    Column::required("c", &["Третья колонка"]),
];

/// What a spreadsheet would compute comes back with an apostrophe, so it is not made here.
fn cell() -> impl Strategy<Value = String> {
    let any = proptest::string::string_regex("[а-яА-ЯёЁ№«»a-z0-9 ,;\t\"'.=+@\r\n-]{0,12}").unwrap();
    let number = proptest::string::string_regex("[-+]?[0-9]{1,5}([.,][0-9]{1,3})?").unwrap();
    prop_oneof![any.prop_map(|text| text.trim_start_matches(|c| "=+-@\t\r\n".contains(c)).to_owned()), number]
}

fn written(rows: &[[String; 3]], delimiter: Delimiter, mark: bool) -> Vec<u8> {
    let mut csv = CsvWriter::new(Vec::new(), CsvOptions { delimiter, mark }).unwrap();
    csv.write_row(["Первая колонка", "вторая КОЛОНКА", "Третья\u{a0}колонка"]).unwrap();
    for row in rows {
        csv.write_row(row).unwrap();
    }
    csv.finish().unwrap()
}

fn read(bytes: &[u8]) -> Vec<[String; 3]> {
    let file = file(bytes);
    let mut table = open(file.path(), &Options::default(), ANY).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = table.next_row() {
        let row = row.unwrap();
        rows.push([0, 1, 2].map(|column| row.cell(column).raw().to_owned()));
    }
    rows
}

fn delimiter() -> impl Strategy<Value = Delimiter> {
    proptest::sample::select(Delimiter::ALL.to_vec())
}

proptest! {
    #[test]
    fn written_tables_read_back(
        rows in proptest::collection::vec([cell(), cell(), cell()], 0..20),
        delimiter in delimiter(),
        mark: bool,
    ) {
        let mut rows = rows;
        rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
        let utf8 = written(&rows, delimiter, mark);
        prop_assert_eq!(&read(&utf8), &rows);
        let text = String::from_utf8(written(&rows, delimiter, false)).unwrap();
        prop_assert_eq!(&read(&WINDOWS_1251.encode(&text).0), &rows);
    }

    #[test]
    fn splits_as_the_csv_crate_does(body in "[ab\",;\r\n]{0,60}") {
        let text = format!("a,b,c\n{body}");
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let blank = |record: &csv::StringRecord| record.iter().all(|cell| cell.trim().is_empty());
        let expected: Vec<_> = reader.records().map(Result::unwrap).filter(|record| !blank(record)).collect();
        let file = file(&text);
        let mut table = open(file.path(), &Options::default(), ANY).unwrap();
        let mut at = 0;
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    let cells = [0, 1, 2].map(|column| row.cell(column).raw());
                    prop_assert_eq!(expected[at].iter().collect::<Vec<_>>(), cells);
                }
                Err(opora_tables::ReadError::Row(_)) => prop_assert_ne!(expected[at].len(), 3),
                // An open quote, which the other reader closes at the end of the file.
                Err(opora_tables::ReadError::File(_)) => return Ok(()),
            }
            at += 1;
        }
        prop_assert_eq!(at, expected.len());
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>) {
        exercise(&bytes, Limits::default());
    }

    #[test]
    fn arbitrary_bytes_below_a_header_do_not_panic(bytes: Vec<u8>) {
        exercise(&[b"school_code,name,pupils,mean_score,day\n".as_slice(), &bytes].concat(), Limits::default());
        exercise(&[b"PK\x03\x04".as_slice(), &bytes].concat(), Limits::default());
    }

    #[test]
    fn arbitrary_text_below_a_header_does_not_panic(text in "[0-9a-я,.\"\n\u{a0} н/д-]{0,200}") {
        exercise(format!("Код ОО,name,pupils,mean_score,day\n{text}").as_bytes(), Limits::default());
    }
}

#[test]
fn an_apostrophe_that_was_added_stays() {
    let row = ["=1+1", "-5", "@x"].map(str::to_owned);
    assert_eq!(
        read(&written(&[row], Delimiter::Semicolon, true)),
        [["'=1+1", "-5", "'@x"].map(str::to_owned)]
    );
}
