//! Writes tables row by row in the encodings and dialects operators send.

use chrono::NaiveDate;
use encoding_rs::WINDOWS_1251;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

const HEADERS: &str = include_str!("../data/headers.csv");

/// Encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8WithMark,
    Windows1251,
}

/// Language of the header row; dates and decimals follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Canonical names, YYYY-MM-DD.
    Canonical,
    /// Russian names, DD.MM.YYYY.
    Russian,
}

/// How one kind of file looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) kind: &'static str,
    pub(crate) encoding: Encoding,
    pub(crate) delimiter: u8,
    pub(crate) language: Language,
}

/// The header row of a kind of file.
///
/// # Errors
/// `InvalidData` if the embedded table is damaged.
pub(crate) fn headers(kind: &str, language: Language) -> io::Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(HEADERS.as_bytes());
    let column = if language == Language::Canonical { 1 } else { 2 };
    let mut names = Vec::new();
    for row in reader.records() {
        let row = row?;
        if row.get(0) == Some(kind) {
            names.push(row.get(column).unwrap_or_default().to_owned());
        }
    }
    Ok(names)
}

/// A table on its way to disk: cells in the order of the header, then [`Table::end`].
pub(crate) struct Table {
    writer: csv::Writer<Encoded<BufWriter<File>>>,
    language: Language,
    row: csv::StringRecord,
    cell: String,
}

impl Table {
    /// Creates the file and writes its header row.
    pub(crate) fn create(path: &Path, form: Form) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
        if form.encoding == Encoding::Utf8WithMark {
            file.write_all("\u{feff}".as_bytes())?;
        }
        let encoded =
            Encoded { inner: file, to_1251: form.encoding == Encoding::Windows1251, tail: Vec::new() };
        let mut writer = csv::WriterBuilder::new().delimiter(form.delimiter).from_writer(encoded);
        writer.write_record(headers(form.kind, form.language)?)?;
        Ok(Self { writer, language: form.language, row: csv::StringRecord::new(), cell: String::new() })
    }

    /// A cell of text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.row.push_field(text);
        self
    }

    /// A cell of anything that prints.
    pub(crate) fn show(&mut self, value: impl Display) -> &mut Self {
        self.cell.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.cell, "{value}");
        self.row.push_field(&self.cell);
        self
    }

    /// A cell that may be empty.
    pub(crate) fn maybe(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.show(value),
            None => self.text(""),
        }
    }

    /// A number given in hundredths, with two decimals and a decimal comma.
    pub(crate) fn hundredths(&mut self, value: u32) -> &mut Self {
        self.show(format_args!("{},{:02}", value / 100, value % 100))
    }

    /// A day in the form of the file's language; empty if there is none.
    pub(crate) fn day(&mut self, day: Option<NaiveDate>) -> &mut Self {
        let format = if self.language == Language::Canonical { "%Y-%m-%d" } else { "%d.%m.%Y" };
        self.maybe(day.map(|day| day.format(format)))
    }

    /// Ends the row.
    ///
    /// # Errors
    /// Whatever the disk says; `InvalidData` for a row that is not as wide as the header.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.writer.write_record(&self.row)?;
        self.row.clear();
        Ok(())
    }

    /// Flushes everything to disk.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Recodes UTF-8 on its way. The csv writer hands over buffers that may end inside a character: the tail
/// waits.
struct Encoded<W> {
    inner: W,
    to_1251: bool,
    tail: Vec<u8>,
}

impl<W: Write> Write for Encoded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.to_1251 {
            return self.inner.write(bytes);
        }
        self.tail.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.tail) {
            Ok(text) => text,
            Err(e) => std::str::from_utf8(&self.tail[..e.valid_up_to()]).unwrap_or_default(),
        };
        let (encoded, _, lost) = WINDOWS_1251.encode(whole);
        if lost {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a character windows-1251 does not have"));
        }
        self.inner.write_all(&encoded)?;
        let written = whole.len();
        self.tail.drain(..written);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_be_cut_in_two() {
        let mut out = Encoded { inner: Vec::new(), to_1251: true, tail: Vec::new() };
        for byte in "Ёж; №1".bytes() {
            out.write_all(&[byte]).unwrap();
        }
        assert_eq!(WINDOWS_1251.decode(&out.inner).0, "Ёж; №1");
        assert!(out.write_all("漢".as_bytes()).is_err());
    }
}
