use super::*;
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const PDF: &[u8] = include_bytes!("samples/order.pdf");
const PNG: &[u8] = include_bytes!("samples/dot.png");
const JPEG: &[u8] = include_bytes!("samples/dot.jpg");

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What an archive of Office Open XML says of its main part.
fn types(part: &str, of: MediaType) -> String {
    let of = of.as_str();
    format!(
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/{part}" ContentType="{of}.main+xml"/></Types>"#
    )
}

const DOCUMENT: &[u8] = br#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body/></w:document>"#;

fn docx(further: &[(&str, &[u8])]) -> Vec<u8> {
    let types = types("word/document.xml", MediaType::Docx);
    let members = [("[Content_Types].xml", types.as_bytes()), ("word/document.xml", DOCUMENT)];
    archive(&[&members, further].concat())
}

fn told(bytes: &[u8], name: &str, declared: Option<&str>) -> std::result::Result<MediaType, ProblemCode> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    sniff(file.path(), name, declared).map_err(|error| match error {
        Error::Problem(problem) => problem.code,
        other => panic!("{other}"),
    })
}

#[test]
fn each_type_is_told_by_its_content() {
    let types = types("xl/workbook.xml", MediaType::Xlsx);
    let (docx, xlsx) = (
        docx(&[]),
        archive(&[("[Content_Types].xml", types.as_bytes()), ("xl/workbook.xml", b"<workbook/>")]),
    );
    let odt = archive(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<c/>")]);
    // A character of two bytes lies across the border of what is read at once.
    let long = format!("a{}", "ж".repeat(70_000));
    let cases: [(&[u8], &str, MediaType); 10] = [
        (PDF, "приказ.pdf", MediaType::Pdf),
        (&docx, "A.DOCX", MediaType::Docx),
        (&xlsx, "a.xlsx", MediaType::Xlsx),
        (&odt, "a.odt", MediaType::Odt),
        (JPEG, "a.jpg", MediaType::Jpeg),
        (JPEG, "a.JPEG", MediaType::Jpeg),
        (PNG, "a.png", MediaType::Png),
        ("школа;команд\r\n520101;1\r\n".as_bytes(), "a.csv", MediaType::Csv),
        ("\u{feff}<b>текст</b>\n".as_bytes(), "a.txt", MediaType::Text),
        (long.as_bytes(), "a.txt", MediaType::Text),
    ];
    for (bytes, name, expected) in cases {
        assert_eq!(told(bytes, name, None), Ok(expected), "{name}");
        assert_eq!(told(bytes, name, Some(expected.as_str())), Ok(expected), "{name}");
        assert_eq!(told(bytes, name, Some("application/octet-stream")), Ok(expected), "{name}");
    }
}

#[test]
fn a_file_that_lies_is_refused() {
    let lie = Err(ProblemCode::EvidenceMismatch);
    assert_eq!(told(PDF, "a.docx", None), lie);
    assert_eq!(told(PDF, "a.pdf.exe", None), lie);
    assert_eq!(told(PDF, "a", None), lie);
    assert_eq!(told(PNG, "a.jpg", None), lie);
    assert_eq!(told(&docx(&[]), "a.xlsx", None), lie);
    assert_eq!(told(b"<html></html>", "a.html", None), lie);
    assert_eq!(told(PDF, "a.pdf", Some("image/png")), lie);
    assert_eq!(told(b"a;b", "a.csv", Some("application/pdf")), lie);
    assert_eq!(told(b"text", "a.pdf", None), lie);
}

#[test]
fn other_contents_are_not_taken() {
    let other = Err(ProblemCode::UnsupportedMediaType);
    for bytes in
        [&b""[..], b"MZ\x90\0\x03", b"\x7fELF\x02\x01", b"a\0b", b"\xff\xfea\0", b"GIF89a\x01\0\x01\0\0"]
    {
        assert_eq!(told(bytes, "a.txt", None), other, "{bytes:?}");
    }
    assert_eq!(told("текст".as_bytes().split_last().unwrap().1, "a.txt", None), other, "half a character");
    assert_eq!(told(b"\x8f\xf0\xe8\xea\xe0\xe7", "a.txt", None), other, "windows-1251");
    assert_eq!(told(b"%PDF-1.7 and no end", "a.pdf", None), other);
    assert_eq!(told(&archive(&[("readme.txt", b"x")]), "a.docx", None), other);
    assert_eq!(told(&docx(&[("word/vbaProject.bin", b"x")]), "a.docx", None), other, "macros");
}

#[test]
fn a_file_is_what_its_first_bytes_promise() {
    let other = Err(ProblemCode::UnsupportedMediaType);
    let refused =
        |bytes: &[u8], name: &str| assert_eq!(told(bytes, name, None), other, "{name}: {bytes:02x?}");
    // Whatever is cut off, and programs behind a good beginning.
    for (whole, name) in [(PNG, "a.png"), (JPEG, "a.jpg")] {
        for end in 8..whole.len() {
            refused(&whole[..end], name);
        }
        for begins in [3, 8, 16, 24, 33] {
            refused(
                &[&whole[..begins.min(whole.len())], b"MZ\x90\0 program".repeat(40).as_slice()].concat(),
                name,
            );
        }
    }
    refused(b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a.jpg");
    refused(b"\xff\xd8\xff\xd9", "a.jpg");
    // Parts that have to be there: the frame, the scan, the data; a picture of no width.
    let without =
        |whole: &[u8], part: std::ops::Range<usize>| [&whole[..part.start], &whole[part.end..]].concat();
    let at = |whole: &[u8], part: &[u8]| whole.windows(part.len()).position(|w| w == part).unwrap();
    let frame = at(JPEG, b"\xff\xc0");
    refused(&without(JPEG, frame..frame + 13), "a.jpg");
    let scan = at(JPEG, b"\xff\xda");
    refused(&without(JPEG, scan..scan + 10), "a.jpg");
    let (data, end) = (at(PNG, b"IDAT") - 4, at(PNG, b"IEND") - 4);
    refused(&without(PNG, data..end), "a.png");
    refused(&without(PNG, 8..33), "a.png");
    let mut flat = PNG.to_vec();
    flat[19] = 0;
    refused(&flat, "a.png");
    let mut short = JPEG.to_vec();
    short[frame + 3] = 4;
    refused(&short, "a.jpg");
    let pdf = String::from_utf8_lossy(PDF).into_owned();
    for bad in [
        pdf.replace("startxref", "startxxxx"),
        pdf.replace("%%EOF", ""),
        pdf.replace("startxref\n", "startxref\n9"),
        "%PDF-1.7\nMZ program\n%%EOF\n".to_owned(),
    ] {
        refused(bad.as_bytes(), "a.pdf");
    }
    let bare = archive(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", DOCUMENT)]);
    refused(&bare, "a.docx");
    let types = types("word/document.xml", MediaType::Docx);
    let program = archive(&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"MZ\x90")]);
    refused(&program, "a.docx");
}

#[test]
fn an_archive_is_measured_before_it_is_believed() {
    let zeros = vec![0; 100_000];
    let bomb = docx(&[("word/media/1.bin", &zeros), ("word/media/2.bin", &zeros)]);
    assert!(bomb.len() < 2_000, "packs 200,000 bytes into {}", bomb.len());
    let within = |most| measure(&mut ZipArchive::new(Cursor::new(&bomb)).unwrap(), most).is_ok();
    let types = types("word/document.xml", MediaType::Docx).len();
    let size = 200_000 + (types + DOCUMENT.len()) as u64;
    assert!(within(size));
    assert!(!within(size - 1));
    let whole = docx(&[]);
    assert_eq!(told(&whole[..whole.len() - 10], "a.docx", None), Err(ProblemCode::InvalidFile), "cut off");
    let names: Vec<String> = (0..MEMBERS).map(|n| format!("{n}.xml")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(told(&docx(&many), "a.docx", None), Err(ProblemCode::InvalidFile), "too many members");
}
