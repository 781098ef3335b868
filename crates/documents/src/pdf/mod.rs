//! PDF through typst. The template is fixed; the document reaches it as JSON, so no text of a document is ever parsed.

mod data;
mod printable;
mod world;

#[cfg(test)]
mod tests;

use crate::error::DocumentError;
use crate::model::Document;
use std::io::Write;
use typst::diag::SourceDiagnostic;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use world::DocumentWorld;

/// For how many documents typst may remember what it computed: the template, fonts and words of the last ones.
const REMEMBERED: usize = 2;

/// Writes the document as a tagged PDF/A-2a: A4, numbered pages, the bundled fonts. What that standard has no room for
/// (a document without a date, a heading of 30,000 characters) becomes a tagged PDF 1.7.
///
/// # Errors
/// Those of `out`; a page that cannot be set, which is a fault of this crate.
pub fn write_pdf(document: &Document, mut out: impl Write) -> Result<(), DocumentError> {
    let world = DocumentWorld::new(data::of(document)?);
    let bytes = pages(&world).and_then(|pages| exported(&pages));
    typst::comemo::evict(REMEMBERED);
    Ok(out.write_all(&bytes?)?)
}

fn exported(pages: &PagedDocument) -> Result<Vec<u8>, DocumentError> {
    let options = |standards| PdfOptions { standards, ..PdfOptions::default() };
    let archival = PdfStandards::new(&[PdfStandard::A_2a])
        .map_err(|error| DocumentError::Typesetting(error.message().to_string()))?;
    typst_pdf::pdf(pages, &options(archival))
        .or_else(|_| typst_pdf::pdf(pages, &options(PdfStandards::default())))
        .map_err(|errors| fault(&errors))
}

fn pages(world: &DocumentWorld) -> Result<PagedDocument, DocumentError> {
    typst::compile(world).output.map_err(|errors| fault(&errors))
}

fn fault(errors: &[SourceDiagnostic]) -> DocumentError {
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    DocumentError::Typesetting(messages.join("; "))
}
