//! The archive an XLSX file is, unpacked once to be measured before it is parsed.

use crate::chunks::{CHUNK, read_some};
use crate::markup::{Markup, Part};
use crate::{FileError, Limits};
use opora_primitives::Reason;
use std::fs::File;
use std::io::{self, BufReader, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// The part that makes an archive a workbook.
const WORKBOOK: &str = "xl/workbook.xml";

/// The styles part when unpacked, in bytes: 64,000 formats, the most Excel keeps, take less.
const STYLES: u64 = 8 << 20;

/// Whether a file that begins with these bytes is an archive; XLSX is told by its content, never by its name.
pub(crate) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Unpacks every entry to nowhere, counting the bytes that really come out: what an archive says of itself is not
/// believed.
///
/// # Errors
/// [`Reason::Truncated`] for a broken archive, [`Reason::NotATable`] for one that is no workbook or is encrypted,
/// [`Reason::TooLarge`] and [`Reason::LineTooLong`] for what goes beyond `limits`.
pub(crate) fn measure(file: File, limits: &Limits) -> Result<(), FileError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(refused)?;
    if archive.len() > limits.entries {
        return Err(FileError::new(
            Reason::TooLarge,
            (format!("{} entries", archive.len()), format!("частей: {}", archive.len())),
        ));
    }
    let mut left = limits.unpacked;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(refused)?;
        let part = Part::of(&entry.name().map_err(refused)?);
        left -= measure_entry(&mut entry, part, left, limits)?;
    }
    match archive.index_for_name(WORKBOOK) {
        Some(_) => Ok(()),
        None => {
            Err(FileError::new(Reason::NotATable, ("an archive without a workbook", "в архиве нет книги")))
        }
    }
}

/// The size of one entry when unpacked, not above `left`.
fn measure_entry(entry: &mut impl Read, part: Part, left: u64, limits: &Limits) -> Result<u64, FileError> {
    let limit = match part {
        Part::SharedStrings => left.min(limits.shared_strings),
        Part::Styles => left.min(STYLES),
        Part::Markup | Part::Other => left,
    };
    let mut markup = Markup::new(part, limits.line);
    let mut buffer = vec![0; CHUNK];
    let mut size = 0;
    loop {
        let count = read_some(entry, &mut buffer).map_err(broken)?;
        if count == 0 {
            markup.finish(size)?;
            return Ok(size);
        }
        size += count as u64;
        if size > limit {
            let words = (
                format!("unpacks to more than {limit} bytes"),
                format!("после распаковки больше {limit} байт"),
            );
            return Err(FileError::new(Reason::TooLarge, words));
        }
        markup.take(&buffer[..count])?;
    }
}

/// An error while unpacking: the archive's, unless the disk says otherwise.
fn broken(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::Other => FileError::technical(Reason::Truncated, error),
        _ => FileError::Unreadable(error),
    }
}

/// A refusal of the archive reader in our words.
pub(crate) fn refused(error: ZipError) -> FileError {
    match error {
        ZipError::Io(error) => broken(error),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            FileError::technical(Reason::NotATable, error)
        }
        _ => FileError::technical(Reason::Truncated, error),
    }
}
