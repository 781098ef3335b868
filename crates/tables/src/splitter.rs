//! The records of a CSV file.
//!
//! Written here and not taken from the `csv` crate because that one neither tells an unterminated quote from a closed
//! one, nor counts blank lines (so its row numbers are not a spreadsheet's), nor limits a record. Where they overlap,
//! a test compares the two.

use crate::chunks::Chunks;
use crate::raw::RawRow;
use crate::{Delimiter, FileError};
use opora_primitives::Reason;

/// Where in a record the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside quotes: the end of them, or the first half of a doubled quote.
    QuoteInQuotes,
}

/// Splits UTF-8 bytes into records: RFC 4180, lenient about text after a closing quote; LF, CRLF and CR all end a
/// record. A blank line is a record with one empty cell.
pub(crate) struct Splitter {
    chunks: Chunks,
    delimiter: u8,
    limit: usize,
    row: u64,
    after_return: bool,
}

impl Splitter {
    /// Starts at the beginning of `chunks`; a record longer than `limit` bytes is refused.
    pub fn new(chunks: Chunks, delimiter: Delimiter, limit: usize) -> Self {
        Self { chunks, delimiter: delimiter.as_byte(), limit, row: 0, after_return: false }
    }

    /// Bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        self.chunks.bytes_read()
    }

    /// Puts the next record into `out`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`Reason::LineTooLong`], [`Reason::Truncated`] for a quote that nothing closes, [`Reason::UnknownEncoding`] for
    /// text that stopped being UTF-8 since the encoding was detected.
    pub fn next(&mut self, out: &mut RawRow) -> Result<bool, FileError> {
        out.clear(self.row + 1);
        let mut text = std::mem::take(&mut out.text).into_bytes();
        let found = self.record(&mut text, &mut out.ends)?;
        let invalid = |_| {
            let row = self.row + 1;
            FileError::new(Reason::UnknownEncoding, (format!("row {row}"), format!("строка {row}")))
        };
        out.text = String::from_utf8(text).map_err(invalid)?;
        self.row += u64::from(found);
        Ok(found)
    }

    fn record(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> Result<bool, FileError> {
        self.skip_line_feed()?;
        let mut state = State::CellStart;
        let mut used = 0;
        loop {
            let chunk = self.chunks.peek()?;
            if chunk.is_empty() {
                return self.at_end(state, used, text, ends);
            }
            let (count, ended_by) = take(chunk, self.delimiter, &mut state, text, ends);
            self.chunks.consume(count);
            used += count;
            if used > self.limit {
                let (row, limit) = (self.row + 1, self.limit);
                let detail = (
                    format!("row {row} is longer than {limit} bytes"),
                    format!("строка {row} длиннее {limit} байт"),
                );
                return Err(FileError::new(Reason::LineTooLong, detail));
            }
            if let Some(terminator) = ended_by {
                self.after_return = terminator == b'\r';
                return Ok(true);
            }
        }
    }

    /// The second half of a CRLF that ended the record before.
    fn skip_line_feed(&mut self) -> Result<(), FileError> {
        if std::mem::take(&mut self.after_return) && self.chunks.peek()?.first() == Some(&b'\n') {
            self.chunks.consume(1);
        }
        Ok(())
    }

    fn at_end(
        &self,
        state: State,
        used: usize,
        text: &[u8],
        ends: &mut Vec<usize>,
    ) -> Result<bool, FileError> {
        if state == State::Quoted {
            let row = self.row + 1;
            let detail =
                (format!("a quote in row {row} is not closed"), format!("кавычка в строке {row} не закрыта"));
            return Err(FileError::new(Reason::Truncated, detail));
        }
        if used == 0 {
            return Ok(false);
        }
        ends.push(text.len());
        Ok(true)
    }
}

/// Takes bytes of `chunk` up to the end of the record or of the chunk: how many, and the byte that ended the record.
fn take(
    chunk: &[u8],
    delimiter: u8,
    state: &mut State,
    text: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> (usize, Option<u8>) {
    let mut at = 0;
    while let Some(&byte) = chunk.get(at) {
        match *state {
            State::CellStart if byte == b'"' => {
                *state = State::Quoted;
                at += 1;
            }
            State::CellStart | State::Plain => {
                let rest = &chunk[at..];
                let special = |b: &u8| *b == delimiter || *b == b'\n' || *b == b'\r';
                let length = rest.iter().position(special).unwrap_or(rest.len());
                text.extend_from_slice(&rest[..length]);
                at += length;
                *state = State::Plain;
                let Some(&end) = rest.get(length) else { continue };
                ends.push(text.len());
                at += 1;
                if end != delimiter {
                    return (at, Some(end));
                }
                *state = State::CellStart;
            }
            State::Quoted => {
                let rest = &chunk[at..];
                let length = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                text.extend_from_slice(&rest[..length]);
                at += length;
                if length < rest.len() {
                    *state = State::QuoteInQuotes;
                    at += 1;
                }
            }
            State::QuoteInQuotes if byte == b'"' => {
                text.push(b'"');
                *state = State::Quoted;
                at += 1;
            }
            State::QuoteInQuotes => *state = State::Plain,
        }
    }
    (at, None)
}
