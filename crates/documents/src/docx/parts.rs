//! The parts of the package besides the pictures.

use super::body::Body;
use super::runs::Paragraph;
use crate::model::Document;
use crate::text::Escaped;
use std::fmt::Write;

/// The lists of `numbering.xml` that stand there always: headings and points without numbers. Numbered lists follow.
pub(super) const RESERVED_LISTS: u32 = 2;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// Names and contents.
pub(super) fn all(document: &Document, body: &Body) -> Vec<(&'static str, String)> {
    vec![
        ("[Content_Types].xml", include_str!("content_types.xml").to_owned()),
        ("_rels/.rels", package_relationships()),
        ("docProps/core.xml", core(document)),
        ("word/document.xml", contents(body)),
        ("word/_rels/document.xml.rels", relationships(body.pictures.len())),
        ("word/styles.xml", include_str!("styles.xml").replace("{language}", locale(document))),
        ("word/numbering.xml", numbering(body.numbered_lists)),
        ("word/settings.xml", include_str!("settings.xml").to_owned()),
        ("word/footer1.xml", footer(document)),
    ]
}

fn locale(document: &Document) -> &'static str {
    match document.language {
        crate::model::Language::Ru => "ru-RU",
        crate::model::Language::En => "en-GB",
    }
}

fn contents(body: &Body) -> String {
    let xml = &body.xml;
    format!(
        r#"{HEAD}<w:document xmlns:w="{MAIN}" xmlns:r="{RELATIONSHIPS}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>{xml}</w:body></w:document>"#
    )
}

fn package_relationships() -> String {
    format!(
        r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{RELATIONSHIPS}/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#
    )
}

fn relationships(pictures: usize) -> String {
    let mut out = format!(r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships">"#);
    let parts = [
        ("styles", "styles.xml"),
        ("numbering", "numbering.xml"),
        ("settings", "settings.xml"),
        ("footer", "footer1.xml"),
    ];
    let parts = (1..).zip(parts).map(|(id, (kind, target))| (format!("rId{id}"), kind, target.to_owned()));
    let pictures = (1..=pictures)
        .map(|number| (format!("rIdImage{number}"), "image", format!("media/image{number}.png")));
    for (id, kind, target) in parts.chain(pictures) {
        // Writing to a string does not fail.
        let _ = write!(out, r#"<Relationship Id="{id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#);
    }
    out.push_str("</Relationships>");
    out
}

/// Who wrote what when; the day is the document's.
fn core(document: &Document) -> String {
    let title = &document.title;
    let (name, organisation) = (Escaped(&title.title), Escaped(&title.organisation));
    let day = title.date.unwrap_or_default();
    let language = locale(document);
    format!(
        r#"{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{name}</dc:title><dc:creator>{organisation}</dc:creator><dc:language>{language}</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">{day}T00:00:00Z</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{day}T00:00:00Z</dcterms:modified></cp:coreProperties>"#
    )
}

/// The list of headings, the list without numbers, and one list for each numbered list, so that each begins at 1.
fn numbering(numbered: u32) -> String {
    let mut out = include_str!("numbering.xml").replace("</w:numbering>", "");
    for list in 1..=numbered {
        let number = RESERVED_LISTS + list;
        let _ = write!(
            out,
            r#"<w:num w:numId="{number}"><w:abstractNumId w:val="2"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>"#
        );
    }
    out.push_str("</w:numbering>");
    out
}

/// The fingerprint and `стр. N из M`.
fn footer(document: &Document) -> String {
    let words = document.language.words();
    let mut line = Paragraph::styled("Footer");
    if let Some(fingerprint) = &document.title.fingerprint {
        line = line.text(&format!("{}: {fingerprint}", words.fingerprint));
    }
    let line = line.tab().text(&format!("{} ", words.page)).field("PAGE", "1");
    let line = line.text(&format!(" {} ", words.of)).field("NUMPAGES", "1").finish();
    format!(r#"{HEAD}<w:ftr xmlns:w="{MAIN}">{line}</w:ftr>"#)
}
