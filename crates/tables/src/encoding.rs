//! Which encoding a text file is in, found in one pass that keeps nothing.

use crate::FileError;
use crate::chunks::{CHUNK, read_some};
use opora_primitives::Reason;
use std::io::Read;

/// The encoding of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8WithMark,
    /// windows-1251, the Russian code page.
    Windows1251,
}

/// So many characters beyond ASCII that are valid UTF-8 make the file a UTF-8 one, and a later byte that is not valid
/// a damage. Russian text in windows-1251 fails as UTF-8 at its first or second letter.
const CERTAINLY_UTF8: usize = 8;

/// The one byte to which windows-1251 gives no character.
const UNASSIGNED_IN_1251: u8 = 0x98;

impl Encoding {
    /// How many bytes the byte order mark takes.
    pub(crate) fn mark_length(self) -> u64 {
        match self {
            Encoding::Utf8WithMark => 3,
            Encoding::Utf8 | Encoding::Windows1251 => 0,
        }
    }

    /// Reads all of `input` and tells its encoding: a byte order mark decides; otherwise what is valid UTF-8 is UTF-8,
    /// and the rest is windows-1251.
    ///
    /// # Errors
    /// [`Reason::UnknownEncoding`] for UTF-16 and for damaged text, [`Reason::NotATable`] for NUL bytes,
    /// [`Reason::Truncated`] for UTF-8 that ends inside a character.
    pub(crate) fn detect(input: &mut impl Read) -> Result<Self, FileError> {
        let mut probe = Probe::default();
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = read_some(input, &mut buffer)?;
            if count == 0 {
                return probe.verdict();
            }
            probe.take(&buffer[..count])?;
        }
    }
}

#[derive(Default)]
struct Probe {
    /// The first bytes of the file, up to three.
    head: Vec<u8>,
    /// The beginning of a character whose end is in the next chunk.
    carry: Vec<u8>,
    beyond_ascii: usize,
    invalid: bool,
    unassigned: bool,
}

impl Probe {
    fn take(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        let wanted = 3 - self.head.len();
        self.head.extend(chunk.iter().take(wanted));
        if self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]) {
            return Err(FileError::new(Reason::UnknownEncoding, ("UTF-16", "UTF-16")));
        }
        if memchr::memchr(0, chunk).is_some() {
            return Err(FileError::new(Reason::NotATable, ("NUL bytes", "нулевые байты")));
        }
        self.unassigned |= memchr::memchr(UNASSIGNED_IN_1251, chunk).is_some();
        if !self.invalid {
            self.validate(chunk);
        }
        Ok(())
    }

    fn validate(&mut self, chunk: &[u8]) {
        let mut chunk = chunk;
        while !self.carry.is_empty() && !chunk.is_empty() {
            self.carry.push(chunk[0]);
            chunk = &chunk[1..];
            match std::str::from_utf8(&self.carry) {
                Ok(_) => {
                    self.beyond_ascii += 1;
                    self.carry.clear();
                }
                Err(error) if error.error_len().is_some() => {
                    self.invalid = true;
                    return;
                }
                Err(_) => {}
            }
        }
        let valid = match std::str::from_utf8(chunk) {
            Ok(text) => text.len(),
            Err(error) => {
                self.invalid = error.error_len().is_some();
                error.valid_up_to()
            }
        };
        // A lead byte begins each character beyond ASCII; enough of them is enough.
        if self.beyond_ascii < CERTAINLY_UTF8 {
            self.beyond_ascii += chunk[..valid].iter().filter(|byte| **byte >= 0xc0).count();
        }
        if !self.invalid {
            self.carry.extend_from_slice(&chunk[valid..]);
        }
    }

    fn verdict(self) -> Result<Encoding, FileError> {
        let mark = self.head.starts_with(&[0xef, 0xbb, 0xbf]);
        let is_utf8 = mark || self.beyond_ascii >= CERTAINLY_UTF8;
        let cut = !self.carry.is_empty();
        match (self.invalid, cut) {
            (false, false) if mark => Ok(Encoding::Utf8WithMark),
            (false, false) => Ok(Encoding::Utf8),
            (true, _) if is_utf8 => {
                Err(FileError::new(Reason::UnknownEncoding, ("damaged UTF-8", "повреждённый UTF-8")))
            }
            (false, true) if is_utf8 => Err(FileError::new(
                Reason::Truncated,
                ("ends inside a character", "обрывается посреди символа"),
            )),
            _ if self.unassigned => Err(FileError::new(Reason::UnknownEncoding, ("byte 0x98", "байт 0x98"))),
            _ => Ok(Encoding::Windows1251),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the bytes one at a time, so that every character is cut.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn detect(bytes: &[u8]) -> Result<Encoding, Reason> {
        let reason = |error: FileError| error.reason().unwrap();
        let whole = Encoding::detect(&mut &bytes[..]).map_err(reason);
        assert_eq!(whole, Encoding::detect(&mut Dribble(bytes)).map_err(reason), "the cut must not matter");
        whole
    }

    #[test]
    fn tells_encodings_apart() {
        assert_eq!(detect("Код ОО".as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(detect(b"code"), Ok(Encoding::Utf8));
        assert_eq!(detect("\u{feff}code".as_bytes()), Ok(Encoding::Utf8WithMark));
        assert_eq!(detect(&encoding_rs::WINDOWS_1251.encode("Код ОО").0), Ok(Encoding::Windows1251));
        // One Russian letter at the very end looks like the first half of a UTF-8 one.
        assert_eq!(detect(&encoding_rs::WINDOWS_1251.encode("name\nА").0), Ok(Encoding::Windows1251));
    }

    #[test]
    fn refuses_what_is_neither() {
        assert_eq!(detect(b"\xff\xfec\0o\0"), Err(Reason::UnknownEncoding));
        assert_eq!(detect(b"\xfe\xff\0c\0o"), Err(Reason::UnknownEncoding));
        assert_eq!(detect(b"co\0de"), Err(Reason::NotATable));
        assert_eq!(detect(b"\xef\xbb\xbfcode\xff"), Err(Reason::UnknownEncoding));
        assert_eq!(detect(b"\xca\xee\xe4\x98"), Err(Reason::UnknownEncoding));
        let mut damaged = "наименование".as_bytes().to_vec();
        damaged.extend([0xff, b';']);
        assert_eq!(detect(&damaged), Err(Reason::UnknownEncoding));
        let cut = "наименование".as_bytes();
        assert_eq!(detect(&cut[..cut.len() - 1]), Err(Reason::Truncated));
    }
}
