//! What holds for every format.

use crate::model::Document;
use crate::{Format, canonical_json, hostile, sample, write};
use std::io::Read;

fn written(document: &Document, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write(document, format, &mut out).unwrap_or_else(|error| panic!("{format}: {error}"));
    out
}

#[test]
fn every_text_can_be_written() {
    for format in Format::ALL {
        assert!(!written(&hostile::document(), format).is_empty(), "{format}");
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let document = sample::document();
    for format in Format::ALL {
        assert!(written(&document, format) == written(&document, format), "{format}");
    }
}

/// The text of a document's file, as far as it can be read without a viewer.
fn readable(bytes: &[u8], format: Format) -> String {
    match format {
        Format::Json | Format::Html | Format::Csv => String::from_utf8(bytes.to_vec()).unwrap(),
        Format::Docx | Format::Xlsx => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            let mut text = String::new();
            for at in 0..archive.len() {
                let mut file = archive.by_index(at).unwrap();
                // Pictures are no text.
                let _ = file.read_to_string(&mut text);
            }
            text
        }
        // `pdf::tests` reads the pages.
        Format::Pdf => String::new(),
    }
}

#[test]
fn nothing_turns_the_direction_of_a_text() {
    assert!(hostile::TEXT.contains('\u{202e}'));
    for format in Format::ALL {
        let text = readable(&written(&hostile::document(), format), format);
        assert!(!text.contains(['\u{202e}', '\u{2066}']), "{format}");
        let shown = if format == Format::Json { "\\u202e" } else { "\u{fffd}" };
        assert!(format == Format::Pdf || text.contains(shown), "{format}");
    }
}

#[test]
fn json_is_the_model_in_its_canonical_form() {
    for document in [sample::document(), hostile::document()] {
        let json = String::from_utf8(written(&document, Format::Json)).unwrap();
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), document);
        assert_eq!(canonical_json(&document).unwrap(), json);
    }
}

#[test]
fn formats_are_found_by_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert!("doc".parse::<Format>().is_err());
}
