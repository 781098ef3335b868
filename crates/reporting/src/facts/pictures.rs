//! Whether a file is a picture from its beginning to its end, as far as can be said without decoding it: a picture that
//! only begins as one is none.

use opora_db::{Error, Result};
use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read, Seek},
};

/// Whether the file is a JPEG: segments one after another up to a scan, a frame that says how large the picture is among
/// them, and the mark of the end behind the scan.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn is_jpeg(file: &mut File) -> Result<bool> {
    read(file, |bytes| {
        let mut framed = false;
        bytes.seek_relative(2)?;
        loop {
            match segment(bytes)? {
                Some(SCAN) => return Ok(framed && ends_as_jpeg(bytes)?),
                Some(marker) => {
                    let length = u16::from_be_bytes(take(bytes)?);
                    let Some(rest) = length.checked_sub(2) else { return Ok(false) };
                    if is_frame(marker) {
                        let Some(rest) = rest.checked_sub(5) else { return Ok(false) };
                        // Bits of a sample, height, width. A height of 0 is told behind the scan.
                        let [_, _, _, wide, width] = take(bytes)?;
                        framed = wide > 0 || width > 0;
                        bytes.seek_relative(rest.into())?;
                    } else {
                        bytes.seek_relative(rest.into())?;
                    }
                }
                None => return Ok(false),
            }
        }
    })
}

/// The markers of JPEG that are looked for.
const SCAN: u8 = 0xda;
const END: u8 = 0xd9;

/// Frame headers; what lies among their numbers is tables.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// The marker of the next segment, which any number of 0xff may stand before; none if there is no segment.
fn segment(bytes: &mut impl Read) -> std::io::Result<Option<u8>> {
    let [mut byte] = take(bytes)?;
    if byte != 0xff {
        return Ok(None);
    }
    while byte == 0xff {
        [byte] = take(bytes)?;
    }
    // Those without a length belong to a scan.
    let is_segment = byte >= 0xc0 && !matches!(byte, 0xd0..=END);
    Ok(is_segment.then_some(byte))
}

fn ends_as_jpeg(bytes: &mut BufReader<&File>) -> std::io::Result<bool> {
    let mut before = 0;
    for byte in bytes.bytes() {
        let byte = byte?;
        if before == 0xff && byte == END {
            return Ok(true);
        }
        before = byte;
    }
    Ok(false)
}

/// Whether the file is a PNG: a header that says how large the picture is, then chunks one after another with data among
/// them up to the end chunk.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn is_png(file: &mut File) -> Result<bool> {
    read(file, |bytes| {
        bytes.seek_relative(8)?;
        let (mut begun, mut has_data) = (false, false);
        loop {
            let (length, name) = (u32::from_be_bytes(take(bytes)?), take::<4>(bytes)?);
            match (&name, begun) {
                (b"IHDR", false) if length == 13 => {
                    let (width, height) =
                        (u32::from_be_bytes(take(bytes)?), u32::from_be_bytes(take(bytes)?));
                    if width == 0 || height == 0 {
                        return Ok(false);
                    }
                    begun = true;
                    take::<9>(bytes)?;
                }
                (b"IEND", true) => {
                    take::<4>(bytes)?;
                    return Ok(has_data && length == 0);
                }
                (_, true) if name.iter().all(u8::is_ascii_alphabetic) => {
                    has_data |= name == *b"IDAT" && length > 0;
                    // The checksum with it.
                    bytes.seek_relative(i64::from(length) + 4)?;
                }
                _ => return Ok(false),
            }
        }
    })
}

/// Reads the file from its beginning; one that is over too soon is not what is looked for.
fn read(file: &mut File, is: impl FnOnce(&mut BufReader<&File>) -> std::io::Result<bool>) -> Result<bool> {
    file.rewind().map_err(Error::fault)?;
    match is(&mut BufReader::new(file)) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map_err(Error::fault),
    }
}

fn take<const N: usize>(bytes: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut taken = [0; N];
    bytes.read_exact(&mut taken)?;
    Ok(taken)
}
