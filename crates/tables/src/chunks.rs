//! The bytes of a CSV file as UTF-8, a piece at a time.

use crate::Encoding;
use encoding_rs::{Decoder, WINDOWS_1251};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How much is read at once.
pub(crate) const CHUNK: usize = 64 * 1024;

/// A file read from its first cell (after a byte order mark) to its end, decoded on the way.
pub(crate) struct Chunks {
    file: File,
    raw: Vec<u8>,
    decoder: Option<Decoder>,
    decoded: Vec<u8>,
    start: usize,
    end: usize,
    read: u64,
}

impl Chunks {
    /// Starts at the beginning of `file`.
    pub fn new(mut file: File, encoding: Encoding) -> io::Result<Self> {
        let skipped = encoding.mark_length();
        file.seek(SeekFrom::Start(skipped))?;
        let decoder =
            (encoding == Encoding::Windows1251).then(|| WINDOWS_1251.new_decoder_without_bom_handling());
        // A byte of windows-1251 becomes at most three bytes of UTF-8.
        let decoded = if decoder.is_some() { vec![0; CHUNK * 3] } else { Vec::new() };
        Ok(Self { file, raw: vec![0; CHUNK], decoder, decoded, start: 0, end: 0, read: skipped })
    }

    /// What is ready to be read; empty only at the end of the file.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.fill()?;
        }
        let ready = if self.decoder.is_some() { &self.decoded } else { &self.raw };
        Ok(&ready[self.start..self.end])
    }

    /// Takes `count` bytes off what is ready.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Bytes of the file read so far, a byte order mark included.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    fn fill(&mut self) -> io::Result<()> {
        let count = read_some(&mut self.file, &mut self.raw)?;
        self.read += count as u64;
        self.start = 0;
        self.end = match &mut self.decoder {
            Some(decoder) => decoder.decode_to_utf8(&self.raw[..count], &mut self.decoded, false).2,
            None => count,
        };
        Ok(())
    }
}

/// Reads at least a byte unless the input is at its end.
pub(crate) fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
