//! What commands write: to a file that is there whole or not at all, or to standard output.

use super::failure::{Failure, Outcome};
use std::{
    fmt,
    fs::{self, Permissions},
    io::{self, BufWriter, ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Prints a line for the operator.
macro_rules! tell {
    ($($words:tt)*) => { $crate::cli::output::print(format_args!("{}\n", format_args!($($words)*))) };
}

/// Prints `words` to standard output. A reader that has gone (`| head`) wants no more; what the command does goes on.
pub(super) fn print(words: fmt::Arguments<'_>) {
    match io::stdout().write_fmt(words) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("opora: standard output: {error}");
            std::process::exit(1);
        }
        _ => {}
    }
}

/// Who may read a new file. One that is written anew keeps the mode it has.
#[derive(Clone, Copy)]
pub(super) enum Readers {
    /// Whoever the umask lets.
    Umask,
    /// Its owner alone: it tells of people.
    Owner,
}

/// Where a command writes to.
#[derive(Clone)]
pub(super) enum Output {
    /// Standard output.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Output {
    /// What `path` names: standard output if it is `-` or absent.
    pub(super) fn of(path: Option<&Path>) -> Self {
        match path {
            None => Self::Standard,
            Some(path) if path == Path::new("-") => Self::Standard,
            Some(path) => Self::File(path.to_owned()),
        }
    }

    /// Looks whether the file can be written, before anything costs time: answers why not, in words.
    pub(super) fn check(&self) -> Outcome {
        match self {
            Self::Standard => Ok(()),
            Self::File(path) => Target::of(path).map(drop),
        }
    }

    /// Writes what `work` writes. A file is written beside its name and takes the name when it is whole and on disk: a
    /// reader meets the old one or the new one, also after a crash.
    pub(super) fn write(&self, readers: Readers, work: impl FnOnce(&mut dyn Write) -> Outcome) -> Outcome {
        match self {
            Self::Standard => {
                let mut out = BufWriter::new(io::stdout().lock());
                work(&mut out)?;
                match out.flush() {
                    Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
                    _ => Ok(()),
                }
            }
            Self::File(path) => Target::of(path)?.write(readers, work),
        }
    }
}

/// A file to be written.
struct Target<'a> {
    path: &'a Path,
    folder: &'a Path,
    /// The mode of the file that is there already.
    mode: Option<u32>,
}

impl<'a> Target<'a> {
    fn of(path: &'a Path) -> Outcome<Self> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let shown = path.display();
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(format!("{} is not a folder", folder.display()).into()),
            Err(error) => return Err(words(folder, &error, "there is no folder").into()),
        }
        // Of the name itself: what a link points to is not looked at.
        let mode = match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => {
                return Err(format!("{shown} is a symbolic link; name the file itself").into());
            }
            Ok(found) if found.is_dir() => {
                return Err(format!("{shown} is a folder; name a file in it").into());
            }
            Ok(found) if !found.is_file() => {
                return Err(format!("{shown} is not a regular file; - is standard output").into());
            }
            Ok(found) => Some(found.permissions().mode() & 0o777),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(words(path, &error, "there is no").into()),
        };
        Ok(Self { path, folder, mode })
    }

    fn write(self, readers: Readers, work: impl FnOnce(&mut dyn Write) -> Outcome) -> Outcome {
        let failed = |error: &io::Error| Failure::from(words(self.folder, error, "there is no folder"));
        let made = match readers {
            Readers::Owner => 0o600,
            // The system takes from it what the umask takes.
            Readers::Umask => 0o666,
        };
        let file = tempfile::Builder::new()
            .prefix(".opora-")
            .permissions(Permissions::from_mode(made))
            .tempfile_in(self.folder)
            .map_err(|error| failed(&error))?;
        let mut out = BufWriter::new(file);
        work(&mut out)?;
        let file = out.into_inner().map_err(|error| failed(error.error()))?;
        self.keep(file).map_err(|error| failed(&error))
    }

    fn keep(&self, file: NamedTempFile) -> io::Result<()> {
        if let Some(mode) = self.mode {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        file.as_file().sync_all()?;
        file.persist(self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// A failure of the file system in words that name the place.
fn words(place: &Path, error: &io::Error, missing: &str) -> String {
    let shown = place.display();
    match error.kind() {
        ErrorKind::NotFound => format!("{missing} {shown}"),
        ErrorKind::PermissionDenied => format!("no permission to write to {shown}"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("there is no room left in {shown}"),
        _ => format!("{shown}: {error}"),
    }
}
