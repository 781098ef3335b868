//! Backups of an installation on SQLite: a folder with a copy of the database, the files of evidence that the copy names,
//! what is known about it, and the SHA-256 of everything. It holds no secret of the configuration and not the master key.

mod make;
mod restore;

pub use make::{Made, make};
pub use restore::{Restored, restore};

use aws_lc_rs::digest::{Context, SHA256};
use opora_db::{Error, Result, backup};
use opora_primitives::Moment;
use opora_reporting::facts::evidence;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// The copy of the database.
const DATABASE: &str = "opora.db";
/// The folder of the files of evidence.
const EVIDENCE: &str = "evidence";
/// What is known about the backup.
const ABOUT: &str = "backup.json";
/// The SHA-256 of every file, as `sha256sum` writes and checks it.
const SUMS: &str = "SHA256SUMS";
/// The form of a backup; another one is refused.
const FORM: u32 = 1;
/// What the name of one that is not whole yet begins with.
const UNFINISHED: &str = ".opora-backup-";

/// What is known about a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    form: u32,
    /// The version of the binary that made it.
    pub version: String,
    /// When it was begun.
    pub begun_at: Moment,
    /// The migrations of the database, by version.
    pub migrations: Vec<String>,
    /// The head of the audit chain in it.
    pub audit_head: Option<String>,
    /// How many files of evidence; none if they were left out.
    pub evidence: Option<usize>,
}

/// Where the file of evidence with this digest lies inside a backup.
fn evidence_in(folder: &Path, sha256: &str) -> PathBuf {
    folder.join(EVIDENCE).join(sha256.get(..2).unwrap_or_default()).join(sha256)
}

/// The names of the next files of evidence that the copy at `database` refers to, behind the name `last`.
fn names_after(database: &Path, last: &str) -> Result<Vec<String>> {
    /// How many are read at a time.
    const PART: i64 = 500;
    backup::read(database, |db| evidence::files(db, last, PART))
}

/// The SHA-256 of a file, in hexadecimal.
fn digest(path: &Path) -> Result<String> {
    let told = |error: std::io::Error| Error::fault(format!("{}: {error}", path.display()));
    let (mut file, mut context) = (File::open(path).map_err(told)?, Context::new(&SHA256));
    let mut part = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut part).map_err(told)?;
        if read == 0 {
            break;
        }
        context.update(&part[..read]);
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The digests of files, by their place in the backup.
#[derive(Default)]
struct Sums(BTreeMap<String, String>);

impl Sums {
    fn text(&self) -> String {
        self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            Some((name.to_owned(), digest.to_owned()))
        };
        text.ends_with('\n').then(|| text.lines().map(line).collect::<Option<_>>().map(Self)).flatten()
    }
}

/// Makes the names in a folder last.
fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_they_are_written_and_not_in_part() {
        let sums = Sums(BTreeMap::from([("a b".into(), "00".into()), ("c/d".into(), "11".into())]));
        let text = sums.text();
        assert_eq!(text, "00  a b\n11  c/d\n");
        assert_eq!(Sums::read(&text).unwrap().0, sums.0);
        assert!(Sums::read(&text[..text.len() - 1]).is_none());
        assert!(Sums::read("00 a\n").is_none());
    }
}
