//! CSV files, good and bad.

use crate::common::*;
use encoding_rs::WINDOWS_1251;
use opora_primitives::{Problem, ProblemCode, Reason, SchoolCode};
use opora_tables::{Delimiter, Encoding, Format, Limits, Options, ReadError, RowError, open};
use std::io::Write;
use std::time::{Duration, Instant};

fn seen(row: u64, code: &str, name: &str, pupils: &str) -> Result<Seen, Reason> {
    Ok(Seen { row, cells: [code, name, pupils, "", ""].map(str::to_owned) })
}

#[test]
fn reads_every_delimiter_and_encoding() {
    for delimiter in Delimiter::ALL {
        let d = char::from(delimiter.as_byte());
        let text = format!("Код\u{a0}ОО{d}НАИМЕНОВАНИЕ{d}Численность\r\n520101{d}\"Школа{d} № 5\"{d}250\r\n");
        let expected = vec![seen(2, "520101", &format!("Школа{d} № 5"), "250")];
        let encoded = [
            (Encoding::Utf8, text.clone().into_bytes()),
            (Encoding::Utf8WithMark, format!("\u{feff}{text}").into_bytes()),
            (Encoding::Windows1251, WINDOWS_1251.encode(&text).0.into_owned()),
        ];
        for (encoding, bytes) in encoded {
            let table = table(bytes).unwrap();
            assert_eq!(table.format(), Format::Csv { delimiter, encoding });
            assert_eq!(read_all(table), expected);
        }
    }
}

#[test]
fn row_numbers_are_those_of_a_spreadsheet() {
    // Blank lines count, a line end inside quotes does not; LF, CRLF and CR all end a line.
    let text = "school_code,name\n\n1,\"a\nb\"\r\n,\r\r2,c\r3,d";
    let found = read_all(table(text).unwrap());
    assert_eq!(found, [seen(3, "1", "a\nb", ""), seen(6, "2", "c", ""), seen(7, "3", "d", "")]);
}

#[test]
fn columns_come_in_any_order_and_unknown_ones_are_reported() {
    let table = table("Примечание;ПОЛНОЕ наименование  учета;;код оо\nх;Школа;;1\n").unwrap();
    assert_eq!(table.header().unknown, ["Примечание"]);
    let remark =
        RowError { row: 1, column: Some("Примечание".to_owned()), reason: Reason::UnknownColumn };
    assert_eq!(table.header().remarks().collect::<Vec<_>>(), [remark]);
    assert!(table.header().has(NAME) && !table.header().has(PUPILS));
    assert_eq!(read_all(table), [seen(2, "1", "Школа", "")]);
}

#[test]
fn missing_and_repeated_columns_fail_the_file_all_at_once() {
    let flaws = |text: &str| {
        let error = table(text).err().unwrap();
        error.flaws().iter().map(|f| (f.reason, f.column.clone().unwrap_or_default())).collect::<Vec<_>>()
    };
    let missing = |name: &str| (Reason::MissingColumn, name.to_owned());
    assert_eq!(flaws("a;b\n1;2\n"), [missing("school_code"), missing("name")]);
    let twice = (Reason::DuplicateColumn, "pupils".to_owned());
    assert_eq!(flaws("Код ОО;Численность;pupils\n1;2;3\n"), [missing("name"), twice]);
    assert_eq!(
        flaws("Код ОО;name;school_code\n1;2;3\n"),
        [(Reason::DuplicateColumn, "school_code".to_owned())]
    );
    let problem = Problem::from(table("a;b\n").err().unwrap());
    assert_eq!((problem.code, problem.flaws.len()), (ProblemCode::InvalidFile, 2));
    assert_eq!(problem.flaws[0].pointer, "school_code");
}

#[test]
fn titles_above_the_header_and_headers_of_two_rows() {
    let text = "Отчёт, 2021;;\n\nпо школам;;\nКод ОО;Наименование;Численность\n1;а;5\n";
    assert_eq!(read_all(table(text).unwrap()), [seen(5, "1", "а", "5")]);
    // Merged cells: the upper row names what the lower leaves empty, and groups what the lower names.
    let text = "Код ОО;Наименование;Обучающиеся;\n;;всего;из них девочек\n1;а;5;3\n";
    let two = table(text).unwrap();
    assert_eq!((two.header().row, two.header().unknown.as_slice()), (2, &["из них девочек".to_owned()][..]));
    assert_eq!(read_all(two), [seen(3, "1", "а", "5")]);
    let text = "Отчёт\nКод ОО;Организация;\n;Наименование;Численность\n1;а;5\n";
    assert_eq!(read_all(table(text).unwrap()), [seen(4, "1", "а", "5")]);
    // The sixth row is too far down.
    let text = "1\n2\n3\n4\n5\nКод ОО;Наименование\n";
    assert_eq!(refusal(text, Limits::default()), Some(Reason::MissingColumn));
}

#[test]
fn a_row_of_another_width_is_refused_and_reading_goes_on() {
    let text = "school_code,name\n1,a,x\n2\n3,c\n";
    let found = read_all(table(text).unwrap());
    assert_eq!(found, [Err(Reason::ExtraCells), Err(Reason::ExtraCells), seen(4, "3", "c", "")]);
}

#[test]
fn broken_files() {
    let refused = |bytes: &[u8]| refusal(bytes, Limits::default());
    assert_eq!(refused(b""), Some(Reason::EmptyFile));
    assert_eq!(refused(b"\xef\xbb\xbf"), Some(Reason::EmptyFile));
    assert_eq!(refused(b"\n ; \n\n"), Some(Reason::EmptyFile));
    assert_eq!(refused(b"\xff\xfes\0c\0"), Some(Reason::UnknownEncoding));
    assert_eq!(refused(b"\xfe\xff\0s\0c"), Some(Reason::UnknownEncoding));
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some(Reason::NotATable));
    assert_eq!(refused(b"school_code,name\n1,\0\n"), Some(Reason::NotATable));
    assert_eq!(refused(b"\xef\xbb\xbfschool_code,name\n1,\xff\n"), Some(Reason::UnknownEncoding));
    assert_eq!(refused(b"school_code,name\n1,\"open"), Some(Reason::Truncated));
    assert_eq!(refused(b"\"school_code,name\n1,open"), Some(Reason::Truncated));
    let nowhere = open("/nonexistent/file.csv".as_ref(), &Options::default(), COLUMNS).err().unwrap();
    assert_eq!((nowhere.reason(), Problem::from(nowhere).code), (None, ProblemCode::Internal));
}

#[test]
fn rows_before_a_failure_are_still_given() {
    let mut text = "school_code,name\n".to_owned();
    for row in 0..10 {
        text += &format!("{row},a\n");
    }
    text += "10,\"open\n11,a\n";
    let found = read_all(table(&text).unwrap());
    assert_eq!((found.len(), found.last().unwrap()), (11, &Err(Reason::Truncated)));
    let short = read_all(table("school_code,name\n1,a\n2,\"open").unwrap());
    assert_eq!(short, [seen(2, "1", "a", ""), Err(Reason::Truncated)]);
}

#[test]
fn a_line_of_200_megabytes_is_refused_and_not_held() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"school_code,name\n1,a\n2,").unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        file.write_all(&block).unwrap();
    }
    let before = peak_memory();
    let mut table = open(file.path(), &Options::default(), COLUMNS).unwrap();
    assert!(matches!(table.next_row(), Some(Ok(_))));
    let Some(Err(ReadError::File(error))) = table.next_row() else { panic!("the line was accepted") };
    assert_eq!(error.reason(), Some(Reason::LineTooLong));
    assert!(table.next_row().is_none());
    // The other tests of this binary hold a few megabytes at the same time.
    assert!(peak_memory() - before < 64 << 10, "{} KiB", peak_memory() - before);
}

/// The most memory this process ever held, in KiB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn the_limit_of_a_line_holds_to_the_byte() {
    let limits = Limits { line: 17, ..Limits::default() };
    // The header and its line end are 17 bytes.
    assert_eq!(refusal("school_code,name\n1234567890,12345\n", limits), None);
    assert_eq!(refusal("school_code,name\n1234567890,123456\n", limits), Some(Reason::LineTooLong));
}

#[test]
fn every_refused_cell_of_a_row_is_reported_at_once() {
    let mut table =
        table("Дата;Средний балл;Численность;name;Код ОО\n31.02.2021;5,x;-1;н/д;5201 01\n").unwrap();
    let row = table.next_row().unwrap().unwrap();
    let mut cells = row.reader();
    let code = cells.required::<SchoolCode>(CODE);
    let name = cells.required_text(NAME, 100);
    let pupils = cells.integer(PUPILS, 0..=100_000);
    let mean = cells.hundredths(MEAN, 0..=10_000);
    let day = cells.date(DAY);
    cells.refuse(DAY, Reason::OrderOfDates);
    let errors = cells.finish(|| Some((code?, name?, pupils, mean, day))).unwrap_err();
    let error = |column: &str, reason| RowError { row: 2, column: Some(column.to_owned()), reason };
    assert_eq!(
        errors,
        [
            error("school_code", Reason::WrongFormat),
            error("name", Reason::Required),
            error("pupils", Reason::OutOfRange),
            error("mean_score", Reason::WrongFormat),
            error("day", Reason::WrongFormat),
        ]
    );
}

#[test]
fn a_good_row_is_built() {
    let text = "Код ОО;name;Численность;Средний балл;Дата\n5201;Школа;1\u{a0}250;4,355;01.09.2021\n";
    let mut table = table(text).unwrap();
    let mut cells = table.next_row().unwrap().unwrap().reader();
    let code = cells.required_padded::<SchoolCode>(CODE, 6);
    let pupils = cells.required_integer(PUPILS, 0..=100_000);
    let mean = cells.hundredths(MEAN, 0..=10_000);
    let day = cells.required_date(DAY);
    let built = cells.finish(|| Some((code?.to_string(), pupils?, mean, day?.to_string())));
    assert_eq!(built, Ok(("005201".to_owned(), 1250, Some(436), "2021-09-01".to_owned())));
}

#[test]
fn text_is_counted_in_characters_and_control_characters_are_refused() {
    let mut table = table("school_code,name\n1,Школа\n2,a\u{1}b\n").unwrap();
    let row = table.next_row().unwrap().unwrap();
    assert_eq!((row.text(NAME, 5), row.text(NAME, 4)), (Ok(Some("Школа")), Err(Reason::WrongLength)));
    let row = table.next_row().unwrap().unwrap();
    assert_eq!(row.text(NAME, 5), Err(Reason::ForbiddenCharacter));
}

#[test]
fn progress_reaches_the_end() {
    let mut table = table("\u{feff}Код ОО;name\n1;a\n").unwrap();
    while table.next_row().is_some() {}
    assert_eq!((Some(table.bytes_read()), table.rows_read()), (table.total_bytes(), 1));
    assert!(table.bytes_read() > 0);
}

/// Not a limit but an alarm: a debug build on a loaded machine passes it ten times over.
#[test]
fn a_year_of_a_large_region_reads_fast() {
    let mut text = "school_code,name,pupils,mean_score,day,c6,c7,c8,c9,c10,c11,c12,c13\n".to_owned();
    for row in 0..180_000 {
        text += &format!("{:06},School,{},4.35,2021-09-01,a,b,c,d,e,f,g,12345\n", row, row % 1000);
    }
    let file = file(text);
    let start = Instant::now();
    let mut table = open(file.path(), &Options::default(), COLUMNS).unwrap();
    let mut pupils = 0;
    while let Some(row) = table.next_row() {
        let mut cells = row.unwrap().reader();
        let code = cells.required::<SchoolCode>(CODE);
        let number = cells.integer(PUPILS, 0..=100_000);
        let _ = (cells.text(NAME, 100), cells.hundredths(MEAN, 0..=10_000), cells.date(DAY));
        pupils += cells.finish(|| code.and(number)).unwrap();
    }
    let took = start.elapsed();
    println!("180,000 rows of 13 columns in {took:?}");
    // 180 times the sum of 0..=999.
    assert_eq!(pupils, 180 * 499_500);
    assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 1 }), "{took:?}");
}
