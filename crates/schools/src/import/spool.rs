//! A file on its way in, on disk until it is queued: memory does not grow with it.

use super::scratch;
use aws_lc_rs::digest::{Context, SHA256};
use opora_db::{Error, Result};
use opora_primitives::ProblemCode;
use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

/// Bytes of a chunk as it is kept in the database.
const CHUNK: usize = 1024 * 1024;

/// Takes the bytes of a file as they come.
pub struct Spool {
    file: tempfile::NamedTempFile,
    digest: Context,
    size: u64,
    most: u64,
}

/// A file that has come whole.
pub struct Spooled {
    file: tempfile::NamedTempFile,
    /// Its size in bytes.
    pub size: i64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Spool {
    /// A spool in `folder` for at most `most` bytes.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn new(folder: &Path, most: u64) -> Result<Self> {
        let file = scratch::file(folder).map_err(Error::storage)?;
        Ok(Self { file, digest: Context::new(&SHA256), size: 0, most })
    }

    /// How many bytes it takes at most.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ProblemCode::BodyTooLarge`]; [`ProblemCode::StorageFull`].
    pub fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(ProblemCode::BodyTooLarge.into());
        }
        self.digest.update(bytes);
        self.file.write_all(bytes).map_err(Error::storage)
    }

    /// The whole file.
    ///
    /// # Errors
    /// [`ProblemCode::StorageFull`].
    pub fn finish(mut self) -> Result<Spooled> {
        self.file.flush().map_err(Error::storage)?;
        let sha256 = self.digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Spooled { file: self.file, size: self.size as i64, sha256 })
    }
}

impl Spooled {
    /// Where it lies until it is dropped.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Its bytes, chunk by chunk, from the beginning.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub fn chunks(&self) -> Result<impl Iterator<Item = std::io::Result<Vec<u8>>>> {
        let mut file = File::open(self.path()).map_err(Error::storage)?;
        Ok(std::iter::from_fn(move || {
            let mut chunk = Vec::new();
            match Read::by_ref(&mut file).take(CHUNK as u64).read_to_end(&mut chunk) {
                Ok(0) => None,
                Ok(_) => Some(Ok(chunk)),
                Err(error) => Some(Err(error)),
            }
        }))
    }
}
