//! What holds for every format.

use crate::model::Document;
use crate::{Format, canonical_json, hostile, sample, write};

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
