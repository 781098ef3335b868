//! Temporary files in the data directory. They go when they are dropped; those of a process that was killed go at the
//! next start of a server. That somebody works with a file is told by a lock on it, which ends with the process.

use std::{
    fs::File,
    io::{Error, ErrorKind, Result},
    path::Path,
};
use tempfile::NamedTempFile;

/// What the names of all of them begin with.
const PREFIX: &str = "opora-temporary-";

/// How often a file is made anew that a sweep took away before it could be locked.
const ATTEMPTS: usize = 10;

/// A new file in `folder`.
///
/// # Errors
/// A folder that cannot be written.
pub fn file(folder: &Path) -> Result<NamedTempFile> {
    for _ in 0..ATTEMPTS {
        let file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)?;
        file.as_file().lock()?;
        if file.path().exists() {
            return Ok(file);
        }
    }
    Err(Error::new(ErrorKind::Interrupted, "temporary files are taken away"))
}

/// Removes the files in `folder` that nobody works with; answers how many.
///
/// # Errors
/// A folder that cannot be read; a file that cannot be removed.
pub fn sweep(folder: &Path) -> Result<usize> {
    let mut swept = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        // One that is gone meanwhile was its owner's to remove.
        let Ok(left) = File::open(entry.path()) else { continue };
        if left.try_lock().is_ok() {
            std::fs::remove_file(entry.path())?;
            swept += 1;
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_works_with_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let at_work = file(folder.path()).unwrap();
        let (_, left) = file(folder.path()).unwrap().keep().unwrap();
        std::fs::write(folder.path().join("master.key"), "not ours to remove").unwrap();
        assert_eq!(sweep(folder.path()).unwrap(), 1);
        assert!(at_work.path().exists() && !left.exists());
        assert_eq!(sweep(folder.path()).unwrap(), 0);
        drop(at_work);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
