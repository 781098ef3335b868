//! The formats of a document.

use crate::error::DocumentError;
use crate::model::Document;
use crate::{write_csv, write_docx, write_html, write_json, write_pdf, write_xlsx};
use std::fmt;
use std::io::Write;
use std::str::FromStr;

/// A format a document can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The model itself, in canonical form.
    Json,
    /// A page to read and to print.
    Html,
    /// Pages as they are signed.
    Pdf,
    /// Pages to be edited.
    Docx,
    /// The tables as a workbook.
    Xlsx,
    /// The tables one after another.
    Csv,
}

impl Format {
    /// All of them; the first is the one to answer with when any will do.
    pub const ALL: [Self; 6] = [Self::Json, Self::Html, Self::Pdf, Self::Docx, Self::Xlsx, Self::Csv];

    /// Its name: also the ending of file names, without the point.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// Its media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Html => "text/html",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
        }
    }

    /// What `Content-Type` says: text formats are UTF-8.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            other => other.media_type(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or(UnknownFormat)
    }
}

/// The name of no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the formats are json, html, pdf, docx, xlsx and csv")]
pub struct UnknownFormat;

/// Writes the document in the format.
///
/// # Errors
/// Those of the format and of `out`.
pub fn write(document: &Document, format: Format, out: impl Write) -> Result<(), DocumentError> {
    match format {
        Format::Json => write_json(document, out),
        Format::Html => Ok(write_html(document, out)?),
        Format::Pdf => write_pdf(document, out),
        Format::Docx => write_docx(document, out),
        Format::Xlsx => write_xlsx(document, out),
        Format::Csv => Ok(write_csv(document, out)?),
    }
}
