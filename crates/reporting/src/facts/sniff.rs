//! What a file holds, told by its content and never by its name. The first bytes are not believed alone: the parts that
//! every file of the type has must be there (`pictures`, [`ends_as_pdf`], [`office`]). Nothing is executed, rendered or
//! extracted: an archive is unpacked to nowhere, to be measured.

use super::pictures;
use opora_db::{Error, Result};
use opora_primitives::{Problem, ProblemCode, Reason};
use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};
use zip::{ZipArchive, result::ZipError};

/// The most members of an archive.
const MEMBERS: usize = 5000;
/// The most an archive may unpack to, in bytes.
const UNPACKED: u64 = 256 << 20;
/// Where the end mark of a PDF is looked for: so many last bytes.
const TAIL: u64 = 2048;
/// The most of a member of an archive that is read to know the archive.
const PART: u64 = 1 << 20;

/// A type of file that is taken as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A PDF document.
    Pdf,
    /// A text document of Office Open XML, without macros.
    Docx,
    /// A workbook of Office Open XML, without macros.
    Xlsx,
    /// A text document of OpenDocument.
    Odt,
    /// A picture.
    Jpeg,
    /// A picture.
    Png,
    /// A table in UTF-8. By content it is [`MediaType::Text`]: the name tells them apart.
    Csv,
    /// Text in UTF-8.
    Text,
}

impl MediaType {
    /// Every type.
    pub const ALL: [Self; 8] =
        [Self::Pdf, Self::Docx, Self::Xlsx, Self::Odt, Self::Jpeg, Self::Png, Self::Csv, Self::Text];

    /// The media type on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
        }
    }

    /// The ends of names that such a file may have.
    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Odt => &["odt"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Csv => &["csv"],
            Self::Text => &["txt"],
        }
    }

    /// The type that `name` claims.
    fn of_name(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        Self::ALL.into_iter().find(|of| of.extensions().iter().any(|known| known.eq_ignore_ascii_case(end)))
    }
}

/// The type of the file at `path`, which came under `name` and, if its sender said so, as `declared`.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`] for a content that is not taken; [`ProblemCode::EvidenceMismatch`] for a name or a
/// declaration that says something else; [`ProblemCode::InvalidFile`] for an archive that is broken or unpacks to more
/// than is good.
pub fn sniff(path: &Path, name: &str, declared: Option<&str>) -> Result<MediaType> {
    let mut file = File::open(path).map_err(Error::fault)?;
    let found = content(&mut file)?.ok_or(ProblemCode::UnsupportedMediaType)?;
    let named = MediaType::of_name(name);
    let text = |of: MediaType| if of == MediaType::Csv { MediaType::Text } else { of };
    if named.map(text) != Some(found) {
        return Err(mismatch("/file_name").into());
    }
    let means_nothing = |said: &&str| *said != "application/octet-stream";
    if let Some(said) = declared.filter(means_nothing) {
        let said = MediaType::ALL.into_iter().find(|of| of.as_str().eq_ignore_ascii_case(said));
        if said.map(text) != Some(found) {
            return Err(mismatch("/content_type").into());
        }
    }
    Ok(named.unwrap_or(found))
}

fn mismatch(pointer: &str) -> Problem {
    Problem { code: ProblemCode::EvidenceMismatch, ..Problem::field(pointer, Reason::Contradiction) }
}

fn refused(reason: Reason) -> Error {
    Problem { code: ProblemCode::InvalidFile, ..Problem::field("/file", reason) }.into()
}

fn content(file: &mut File) -> Result<Option<MediaType>> {
    let mut head = Vec::new();
    Read::by_ref(file).take(24).read_to_end(&mut head).map_err(Error::fault)?;
    file.rewind().map_err(Error::fault)?;
    Ok(match head.as_slice() {
        [b'%', b'P', b'D', b'F', b'-', b'1' | b'2', b'.', ..] => ends_as_pdf(file)?.then_some(MediaType::Pdf),
        [0xff, 0xd8, 0xff, ..] => pictures::is_jpeg(file)?.then_some(MediaType::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            pictures::is_png(file)?.then_some(MediaType::Png)
        }
        [b'P', b'K', 3, 4, ..] => office(file)?,
        _ => is_text(file)?.then_some(MediaType::Text),
    })
}

/// Whether the file ends as a PDF: with the place of its table of objects, which lies in it, and the mark of the end.
fn ends_as_pdf(file: &mut File) -> Result<bool> {
    let length = file.metadata().map_err(Error::fault)?.len();
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).map_err(Error::fault)?;
    file.read_to_end(&mut tail).map_err(Error::fault)?;
    let tail = String::from_utf8_lossy(&tail);
    let Some((_, place)) = tail.rsplit_once("startxref") else { return Ok(false) };
    let place = place.trim_start();
    let digits = place.find(|c: char| !c.is_ascii_digit()).map_or("", |end| &place[..end]);
    let lies_inside = digits.parse::<u64>().is_ok_and(|place| place < length);
    Ok(lies_inside && place.contains("%%EOF"))
}

/// The document that an archive is, by its members. Macros are not taken under any name.
fn office(file: &File) -> Result<Option<MediaType>> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    measure(&mut archive, UNPACKED)?;
    let holds = |part: &str| archive.index_for_name(part).is_some();
    let with_macros =
        ["word/vbaProject.bin", "xl/vbaProject.bin", "Basic/script-lc.xml"].into_iter().any(holds);
    if with_macros {
        return Ok(None);
    }
    let types = member(&mut archive, "[Content_Types].xml")?;
    for (of, part) in [(MediaType::Docx, "word/document.xml"), (MediaType::Xlsx, "xl/workbook.xml")] {
        let said = format!("{}.main+xml", of.as_str());
        if types.contains(&said) && is_xml(&member(&mut archive, part)?) {
            return Ok(Some(of));
        }
    }
    // OpenDocument says what it is in a member of its own.
    let is_odt = member(&mut archive, "mimetype")? == MediaType::Odt.as_str()
        && is_xml(&member(&mut archive, "content.xml")?);
    Ok(is_odt.then_some(MediaType::Odt))
}

/// The beginning of a member as text; nothing if there is none.
fn member(archive: &mut ZipArchive<BufReader<&File>>, name: &str) -> Result<String> {
    let Some(index) = archive.index_for_name(name) else { return Ok(String::new()) };
    let mut text = Vec::new();
    let part = archive.by_index(index).map_err(broken)?;
    part.take(PART).read_to_end(&mut text).map_err(|e| broken(e.into()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn is_xml(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

/// Unpacks every member to nowhere and counts the bytes that really come out, `left` at most: what an archive says of
/// itself is not believed.
fn measure(archive: &mut ZipArchive<impl Read + Seek>, mut left: u64) -> Result<()> {
    if archive.len() > MEMBERS {
        return Err(refused(Reason::TooLarge));
    }
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(broken)?.take(left + 1);
        let size = std::io::copy(&mut member, &mut std::io::sink()).map_err(|error| broken(error.into()))?;
        left = left.checked_sub(size).ok_or_else(|| refused(Reason::TooLarge))?;
    }
    Ok(())
}

fn broken(error: ZipError) -> Error {
    match error {
        // An encrypted member, or a way of packing that no office uses.
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            ProblemCode::UnsupportedMediaType.into()
        }
        _ => refused(Reason::Truncated),
    }
}

/// Whether the file is text in UTF-8: some, and no control characters but tabs and ends of lines.
fn is_text(file: &mut File) -> Result<bool> {
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut any = false;
    loop {
        let count = file.read(&mut buffer).map_err(Error::fault)?;
        if count == 0 {
            // What is left is the beginning of a character.
            return Ok(any && text.is_empty());
        }
        any = true;
        text.extend_from_slice(&buffer[..count]);
        let whole = match std::str::from_utf8(&text) {
            Ok(_) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(false),
        };
        let readable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        if !String::from_utf8_lossy(&text[..whole]).chars().all(readable) {
            return Ok(false);
        }
        text.drain(..whole);
    }
}

#[cfg(test)]
#[path = "sniff_tests.rs"]
mod tests;
