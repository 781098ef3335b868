//! What can go wrong while a document is written.

use thiserror::Error;

/// Why a document was not written. What a document says is never the reason: every text can be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The output refused.
    #[error("the document was not written: {0}")]
    Io(#[from] std::io::Error),
    /// The model was not written as JSON.
    #[error("the document was not written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The page could not be set: a fault of the template.
    #[error("the document was not set: {0}")]
    Typesetting(String),
    /// A chart could not be drawn.
    #[error("a chart was not drawn: {0}")]
    Picture(String),
    /// The workbook was not written; more than 1,048,575 rows, for example.
    #[error("the workbook was not written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The archive was not written.
    #[error("the archive was not written: {0}")]
    Archive(#[from] zip::result::ZipError),
}
