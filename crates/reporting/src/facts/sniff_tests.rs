use super::*;
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(further: &[(&str, &[u8])]) -> Vec<u8> {
    let members: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<d/>")];
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
    let (docx, xlsx) =
        (docx(&[]), archive(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<w/>")]));
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
fn an_archive_is_measured_before_it_is_believed() {
    let zeros = vec![0; 100_000];
    let bomb = docx(&[("word/media/1.bin", &zeros), ("word/media/2.bin", &zeros)]);
    assert!(bomb.len() < 2_000, "packs 200,000 bytes into {}", bomb.len());
    let within = |most| measure(&mut ZipArchive::new(Cursor::new(&bomb)).unwrap(), most).is_ok();
    // 100,000 zeros twice, `<Types/>` and `<d/>`.
    assert!(within(200_012));
    assert!(!within(200_011));
    let whole = docx(&[]);
    assert_eq!(told(&whole[..whole.len() - 10], "a.docx", None), Err(ProblemCode::InvalidFile), "cut off");
    let names: Vec<String> = (0..MEMBERS).map(|n| format!("{n}.xml")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(told(&docx(&many), "a.docx", None), Err(ProblemCode::InvalidFile), "too many members");
}
