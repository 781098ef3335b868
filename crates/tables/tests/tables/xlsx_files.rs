//! XLSX files, good and bad, made part by part.

use crate::common::*;
use opora_primitives::Reason;
use opora_tables::{Format, Limits, Options, ReadError, open};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const TYPES: &str =
    r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns:r="r"><sheets><sheet name="Служебный" sheetId="1" state="hidden" r:id="rId1"/><sheet name="Данные" sheetId="2" r:id="rId2"/><sheet name="Ещё" sheetId="3" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships><Relationship Id="rId1" Type="http://x/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/relationships/worksheet" Target="worksheets/sheet2.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
const STRINGS: &str = r#"<?xml version="1.0"?><sst count="2" uniqueCount="2"><si><t>Код ОО</t></si><si><t>Наименование</t></si></sst>"#;
const HEADER: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>Численность</t></is></c><c r="D1" t="str"><v>Средний балл</v></c><c r="E1" t="str"><v>Дата</v></c></row>"#;

fn archive(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> String {
    format!(r#"<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>"#)
}

fn parts(rows: &str) -> Vec<(&'static str, Vec<u8>)> {
    let part = |name, text: &str| (name, text.as_bytes().to_vec());
    vec![
        part("[Content_Types].xml", TYPES),
        part("_rels/.rels", RELS),
        part("xl/workbook.xml", BOOK),
        part("xl/_rels/workbook.xml.rels", BOOK_RELS),
        part("xl/styles.xml", STYLES),
        part("xl/sharedStrings.xml", STRINGS),
        part("xl/worksheets/sheet1.xml", &sheet("")),
        part("xl/worksheets/sheet2.xml", &sheet(rows)),
    ]
}

fn workbook(rows: &str) -> Vec<u8> {
    archive(&parts(&format!("{HEADER}{rows}")))
}

/// The workbook with one part replaced.
fn with_part(name: &'static str, content: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut parts = parts(HEADER);
    parts.retain(|(other, _)| *other != name);
    parts.push((name, content.into()));
    archive(&parts)
}

fn refused(bytes: &[u8]) -> Option<Reason> {
    refusal(bytes, Limits::default())
}

#[test]
fn reads_the_first_visible_sheet() {
    // 44440 is 2021-09-01 counted from 1899-12-30; row 3 is blank and row 4 is absent.
    let rows = r#"<row r="2"><c r="A2"><v>520101</v></c><c r="B2" t="str"><v> Школа № 5&#160;</v></c><c r="C2"><v>250.0</v></c><c r="D2"><v>4.3499999999999996</v></c><c r="E2" s="1"><v>44440</v></c></row>
        <row r="3"><c r="A3"/><c r="B3" t="str"><v> </v></c></row>
        <row r="5"><c r="B5" t="str"><v>Школа</v></c><c r="E5" t="d"><v>2021-09-01T00:00:00</v></c></row>"#;
    let table = table(workbook(rows)).unwrap();
    assert_eq!((table.format(), table.total_bytes()), (Format::Xlsx, None));
    let seen = |row, cells: [&str; 5]| Ok(Seen { row, cells: cells.map(str::to_owned) });
    assert_eq!(
        read_all(table),
        [
            seen(2, ["520101", "Школа № 5", "250", "4.35", "2021-09-01"]),
            seen(5, ["", "Школа", "", "", "2021-09-01"])
        ]
    );
}

#[test]
fn the_sheet_may_be_named() {
    let file = file(workbook(""));
    let sheet = |name: &str| {
        let options = Options { sheet: Some(name.to_owned()), ..Options::default() };
        open(file.path(), &options, COLUMNS).err().and_then(|error| error.reason())
    };
    assert_eq!(sheet("ДАННЫЕ"), None);
    assert_eq!(sheet("Еще"), Some(Reason::EmptyFile));
    assert_eq!(sheet("Иное"), Some(Reason::UnknownSheet));
}

#[test]
fn formulas_and_error_values_are_refused_cell_by_cell() {
    let rows = r#"<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="str"><f>A1&amp;"x"</f><v>x</v></c><c r="C2"><f t="shared" si="9999999999" ref="C2:C3">1+1</f><v>2</v></c><c r="D2" t="e"><v>#N/A</v></c></row>
        <row r="3"><c r="A3"><v>2</v></c><c r="B3" t="str"><v>ok</v></c><c r="C3"><f t="shared" si="9999999999"/><v>2</v></c></row>
        <row r="4"><c r="A4"><v>3</v></c><c r="B4" t="str"><v>ok</v></c></row>"#;
    let mut table = table(workbook(rows)).unwrap();
    let row = table.next_row().unwrap().unwrap();
    assert_eq!(row.text(NAME, 9), Err(Reason::Formula));
    assert_eq!(row.integer(PUPILS, 0..=9), Err(Reason::Formula));
    assert_eq!(row.hundredths(MEAN, 0..=9), Err(Reason::WrongFormat));
    // A formula is reported although nobody read its cell.
    let errors = row.reader().finish(|| Some(())).unwrap_err();
    let names: Vec<_> = errors.iter().map(|e| (e.row, e.column.as_deref().unwrap(), e.reason)).collect();
    assert_eq!(names, [(2, "name", Reason::Formula), (2, "pupils", Reason::Formula)]);
    assert_eq!(table.next_row().unwrap().unwrap().integer(PUPILS, 0..=9), Err(Reason::Formula));
    assert_eq!(table.next_row().unwrap().unwrap().reader().finish(|| Some(1)), Ok(1));
}

#[test]
fn a_merged_header_of_two_rows_below_a_title() {
    let rows = r#"<row r="1"><c r="A1" t="str"><v>Сведения о школах</v></c></row>
        <row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="str"><v>Обучающиеся</v></c></row>
        <row r="4"><c r="C4" t="str"><v>всего</v></c><c r="D4" t="str"><v>девочек</v></c></row>
        <row r="5"><c r="A5"><v>1</v></c><c r="B5" t="str"><v>Школа</v></c><c r="C5"><v>20</v></c><c r="D5"><v>9</v></c></row>"#;
    let table = table(archive(&parts(rows))).unwrap();
    assert_eq!(table.header().unknown, ["девочек"]);
    let cells = ["1", "Школа", "20", "", ""].map(str::to_owned);
    assert_eq!(read_all(table), [Ok(Seen { row: 5, cells })]);
}

#[test]
fn a_row_under_merged_cells_is_header_though_it_names_no_known_column() {
    let head = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="str"><v>Отметки</v></c></row>"#;
    let data = r#"<row r="3"><c r="A3"><v>1</v></c><c r="B3" t="str"><v>Школа</v></c><c r="C3"><v>20</v></c><c r="D3"><v>9</v></c></row>"#;
    let lower = r#"<row r="2"><c r="C2"><v>2</v></c><c r="D2"><v>3</v></c></row>"#;
    let table = table(archive(&parts(&format!("{head}{lower}{data}")))).unwrap();
    assert_eq!(table.header().unknown, ["2", "3"]);
    let cells = ["1", "Школа", "", "", ""].map(str::to_owned);
    assert_eq!(read_all(table), [Ok(Seen { row: 3, cells })]);
}

#[test]
fn a_row_with_a_value_in_an_unknown_column_alone_is_no_header() {
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="str"><v>Примечание</v></c></row>
        <row r="2"><c r="C2" t="str"><v>всего</v></c></row>"#;
    let found = read_all(table(archive(&parts(rows))).unwrap());
    assert_eq!(found, [Ok(Seen { row: 2, cells: [""; 5].map(str::to_owned) })]);
}

#[test]
fn something_beyond_the_header_makes_a_row_broken() {
    let rows = r#"<row r="2"><c r="A2"><v>1</v></c><c r="F2"><v>1</v></c></row>
        <row r="3"><c r="A3"><v>2</v></c><c r="XFD3"><v>1</v></c></row>
        <row r="4"><c r="A4"><v>3</v></c><c r="F4" t="str"><v> </v></c></row>"#;
    let found = read_all(table(workbook(rows)).unwrap());
    assert_eq!(found[..2], [Err(Reason::ExtraCells), Err(Reason::ExtraCells)]);
    assert!(found[2].is_ok() && found.len() == 3);
}

#[test]
fn many_rows_come_in_order_and_a_table_may_be_dropped_early() {
    let rows: String = (2..5000)
        .map(|n| {
            format!(r#"<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}" t="str"><v>Школа</v></c></row>"#)
        })
        .collect();
    let bytes = workbook(&rows);
    let found = read_all(table(&bytes).unwrap());
    assert_eq!(found.len(), 4998);
    assert!(found.iter().zip(2..).all(|(row, n)| row.as_ref().is_ok_and(|row| row.row == n)));
    let mut early = table(&bytes).unwrap();
    assert!(early.next_row().is_some());
}

#[test]
fn archives_that_are_too_large() {
    let big = Limits { unpacked: 100_000, ..Limits::default() };
    let mut bomb = parts(HEADER);
    bomb.push(("xl/media/image1.png", vec![0; 1_000_000]));
    let bomb = archive(&bomb);
    assert!(bomb.len() < 10_000);
    assert_eq!(refusal(&bomb, big), Some(Reason::TooLarge));
    assert_eq!(refusal(&bomb, Limits::default()), None);
    assert_eq!(refusal(&bomb, Limits { entries: 8, ..Limits::default() }), Some(Reason::TooLarge));
    let few = Limits { shared_strings: 100, ..Limits::default() };
    assert_eq!(refusal(workbook(""), few), Some(Reason::TooLarge));
}

#[test]
fn a_size_the_archive_lies_about_is_not_believed() {
    let mut bytes = archive(&[("xl/workbook.xml", vec![b' '; 1_000_000])]);
    // The uncompressed size in the local and in the central header, little-endian.
    let honest = 1_000_000u32.to_le_bytes();
    while let Some(at) = bytes.windows(4).position(|window| window == honest) {
        bytes[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
    }
    let limits = Limits { unpacked: 100_000, ..Limits::default() };
    assert!(matches!(refusal(&bytes, limits), Some(Reason::TooLarge | Reason::Truncated)));
}

#[test]
fn a_promise_of_strings_that_would_exhaust_memory() {
    for count in ["99999999999", "18446744073709551615", "2000000"] {
        let strings = STRINGS.replace("uniqueCount=\"2\"", &format!("uniqueCount=\"{count}\""));
        assert_eq!(refused(&with_part("xl/sharedStrings.xml", strings)), Some(Reason::TooLarge));
    }
    let hidden = "<!--><a b=\" --><sst uniqueCount=\"99999999999\"></sst>";
    assert_eq!(refused(&with_part("xl/sharedStrings.xml", hidden)), Some(Reason::NotATable));
    let quoted = "</a '><sst uniqueCount=\"99999999999\"></sst>'>";
    assert_eq!(refused(&with_part("xl/sharedStrings.xml", quoted)), Some(Reason::NotATable));
    let utf16: Vec<u8> = STRINGS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&with_part("xl/sharedStrings.xml", utf16)), Some(Reason::NotATable));
}

#[test]
fn a_row_or_a_style_that_would_exhaust_memory() {
    let limits = Limits { line: 1000, ..Limits::default() };
    let long =
        format!(r#"<row r="2"><c r="A2" t="inlineStr"><is><t>{}</t></is></c></row>"#, "x".repeat(20_000));
    assert_eq!(refusal(workbook(&long), limits), Some(Reason::LineTooLong));
    assert_eq!(refusal(workbook(&long), Limits::default()), None);
    // Closing the row inside a comment changes nothing.
    let hidden = long.replace("xxx", "x<!--</row>-->");
    assert_eq!(refusal(workbook(&hidden), limits), Some(Reason::LineTooLong));
    let styles = STYLES.replace("<cellXfs", &format!("<a b=\"{}\"/><cellXfs", "x".repeat(3000)));
    assert_eq!(refused(&with_part("xl/styles.xml", styles)), Some(Reason::TooLarge));
}

#[test]
fn broken_archives() {
    let whole = workbook("");
    for length in [4, 30, 100, whole.len() / 2, whole.len() - 30] {
        assert_eq!(refused(&whole[..length]), Some(Reason::Truncated), "{length} bytes");
    }
    assert_eq!(refused(&archive(&[("readme.txt", b"hello".to_vec())])), Some(Reason::NotATable));
    assert_eq!(refused(&with_part("_rels/.rels", "")), Some(Reason::Truncated));
    let cut = format!("<worksheet><sheetData>{HEADER}<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\">");
    let found = read_all(table(with_part("xl/worksheets/sheet2.xml", cut)).unwrap());
    assert_eq!(found, [Err(Reason::Truncated)]);
    assert_eq!(refused(&archive(&parts(""))), Some(Reason::EmptyFile));
    // A row number beyond 32 bits makes the parser fail in a debug build and wrap in a release one.
    let rows = r#"<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>"#;
    assert!(matches!(refused(&workbook(rows)), None | Some(Reason::NotATable)));
}

#[test]
fn a_part_damaged_inside_the_archive() {
    let mut bytes = workbook("");
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0xff;
    assert!(matches!(refused(&bytes), Some(Reason::Truncated | Reason::NotATable)));
}

#[test]
fn a_table_stops_after_a_failure() {
    let cut = format!("<worksheet><sheetData>{HEADER}<row r=\"2\"><c r=\"A2\"><v>1</v></c>");
    let mut table = table(with_part("xl/worksheets/sheet2.xml", cut)).unwrap();
    assert!(matches!(table.next_row(), Some(Err(ReadError::File(_)))));
    assert!(table.next_row().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_workbook_with_arbitrary_damage_does_not_panic(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = workbook(r#"<row r="2"><c r="A2"><v>1</v></c></row>"#);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        exercise(&bytes, Limits::default());
        exercise(&bytes[..cut.index(bytes.len())], Limits::default());
    }

    #[test]
    fn arbitrary_markup_in_a_sheet_does_not_panic(body in "(<c r=\"[A-C][0-9]\"( t=\"(s|n|b|e|d|str)\")?>(<v>[0-9a-z.#]{0,5}</v>)?(<f/>)?</c>|</?row>|[<>&]){0,12}") {
        exercise(&workbook(&format!("<row r=\"2\">{body}</row>")), Limits::default());
    }
}
