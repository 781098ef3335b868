//! DOCX: WordprocessingML written directly, with the styles, numbering and fields an editor expects, so that headings,
//! numbers, captions and page numbers stay alive while the document is edited.

mod body;
mod parts;
mod runs;
mod table;

#[cfg(test)]
mod tests;

use crate::error::DocumentError;
use crate::model::Document;
use body::Body;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes the document as DOCX, its charts as PNG pictures.
///
/// # Errors
/// Those of `out`; a chart that cannot be drawn.
pub fn write_docx(document: &Document, mut out: impl Write) -> Result<(), DocumentError> {
    let body = Body::of(document)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // A fixed time: the same document gives the same bytes.
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let deflated = options.compression_method(CompressionMethod::Deflated);
    for (name, text) in parts::all(document, &body) {
        archive.start_file(name, deflated)?;
        archive.write_all(text.as_bytes())?;
    }
    for (number, picture) in (1..).zip(&body.pictures) {
        archive.start_file(
            format!("word/media/image{number}.png"),
            options.compression_method(CompressionMethod::Stored),
        )?;
        archive.write_all(&picture.png)?;
    }
    Ok(out.write_all(archive.finish()?.get_ref())?)
}
