//! JSON records, one a line.

use opora_primitives::Reason;
use opora_tables::{Column, Holds, Limits, ReadError, RowError, open_lines};
use proptest::prelude::*;
use std::io::Write;

const COLUMNS: &[Column] = &[
    Column::required("code", &["Код"]).key(),
    Column::required("pupils", &[]).of(Holds::Whole),
    Column::optional("score", &[]).of(Holds::Decimal),
    Column::optional("on", &[]).of(Holds::Day),
    Column::optional("done", &[]).of(Holds::Truth),
];

type Read = (String, i64, Option<i64>, Option<String>);

/// The number of a line, and its values or its refusals.
type Line = (u64, Result<Read, Vec<RowError>>);

fn limits() -> Limits {
    Limits { line: 200, lines: 5, ..Limits::default() }
}

/// What is read of each line.
fn read(bytes: &[u8]) -> Result<Vec<Line>, Vec<Reason>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let reasons = |error: opora_tables::FileError| error.flaws().iter().map(|flaw| flaw.reason).collect();
    let mut table = open_lines(file.path(), &limits(), COLUMNS).map_err(reasons)?;
    let mut found = Vec::new();
    while let Some(row) = table.next_row() {
        match row {
            Ok(row) => {
                let number = row.number();
                let mut cells = row.reader();
                let code = cells.required_text(0, 6);
                let pupils = cells.required_integer(1, 0..=1000);
                let score = cells.hundredths(2, 0..=10_000);
                let on = cells.date(3).map(|day| day.to_string());
                let _ = cells.text(4, 10);
                found.push((number, cells.finish(|| Some((code?.to_owned(), pupils?, score, on)))));
            }
            Err(ReadError::Row(error)) => found.push((error.row, Err(vec![error]))),
            Err(ReadError::File(error)) => return Err(reasons(error)),
        }
    }
    Ok(found)
}

/// The refusals of a body of one line.
fn refused(line: &str) -> Vec<(Option<String>, Reason)> {
    let rows = read(line.as_bytes()).unwrap();
    assert_eq!(rows.len(), 1, "{line}");
    rows[0].1.as_ref().unwrap_err().iter().map(|error| (error.column.clone(), error.reason)).collect()
}

#[test]
fn fields_are_cells() {
    let rows = read(
        b"{\"code\":\"520101\",\"pupils\":340,\"score\":3.45,\"on\":\"2020-09-01\",\"done\":true}\n\n\r\n{ \"pupils\": 7.0, \"code\": \" 5 \", \"score\": null }",
    )
    .unwrap();
    assert_eq!(rows[0], (1, Ok(("520101".to_owned(), 340, Some(345), Some("2020-09-01".to_owned())))));
    assert_eq!(rows[1], (4, Ok(("5".to_owned(), 7, None, None))));
    assert_eq!(rows.len(), 2);
}

#[test]
fn everything_wrong_with_a_line_is_told_at_once() {
    let column = |name: &str| Some(name.to_owned());
    assert_eq!(
        refused(r#"{"code":520101,"pupils":"340","pupil":1,"score":[],"on":{}}"#),
        [
            (column("code"), Reason::WrongFormat),
            (column("pupils"), Reason::WrongFormat),
            (column("score"), Reason::WrongFormat),
            (column("on"), Reason::WrongFormat),
            (column("pupil"), Reason::UnknownField),
        ]
    );
    assert_eq!(refused("{}"), [(column("code"), Reason::Required), (column("pupils"), Reason::Required)]);
    assert_eq!(refused(r#"{"code":"5","code":"6","pupils":1}"#), [(column("code"), Reason::DuplicateColumn)]);
    assert_eq!(refused(r#"{"code":"5","pupils":1,"Код":"5"}"#), [(column("Код"), Reason::UnknownField)]);
    assert_eq!(refused(r#"{"code":"5","pupils":1.5}"#), [(column("pupils"), Reason::WrongFormat)]);
    for broken in ["[]", "1", "{", "{\"code\":\"5\"} {}", "код;число", "\u{feff}{}"] {
        assert_eq!(refused(broken), [(None, Reason::WrongFormat)], "{broken}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    assert_eq!(read(b""), Err(vec![Reason::NoRecords]));
    assert_eq!(read(b"\n \n"), Err(vec![Reason::NoRecords]));
    assert_eq!(read("{}\n".repeat(6).as_bytes()), Err(vec![Reason::TooManyRows]));
    assert_eq!(read(&[b' '; 300]), Err(vec![Reason::LineTooLong]));
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    #[test]
    fn arbitrary_records_do_not_panic(code in "\\PC*", number in any::<f64>(), name in "\\PC*") {
        let line = serde_json::json!({ "code": code, "pupils": number, name: [number] }).to_string();
        let _ = read(line.as_bytes());
    }
}
