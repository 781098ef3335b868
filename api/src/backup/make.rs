//! Making a backup while servers write. The database comes first: whatever it names was in the store of evidence then.

use super::{
    ABOUT, About, DATABASE, EVIDENCE, FORM, SUMS, Sums, UNFINISHED, digest, evidence_in, names_after, sync,
};
use crate::config::Config;
use opora_db::{
    BackEnd, Database, Error, Result, Settings,
    backup::{Presence, check, copy},
};
use opora_primitives::Moment;
use opora_reporting::facts::{blobs::Blobs, evidence};
use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// How often a backup is begun anew because a file of evidence was removed while it was made.
const ATTEMPTS: usize = 3;

/// A backup that was made.
pub struct Made {
    /// What is known about it.
    pub about: About,
    /// Its size in bytes.
    pub size: u64,
}

/// Makes a backup at `target`, which is not there yet: all of it and checked, or nothing.
///
/// # Errors
/// PostgreSQL; a target that is there; a database or a store that cannot be read, or a copy that does not hold.
pub async fn make(config: &Config, target: &Path, with_evidence: bool) -> Result<Made> {
    let settings = config.database().map_err(Error::Fault)?;
    let BackEnd::Sqlite(source) = &settings.back_end else {
        return Err(Error::fault(
            "the database is PostgreSQL: back it up with pg_dump or a base backup (docs/operations.md, Backups)",
        ));
    };
    if target.exists() {
        return Err(Error::fault(format!("{} is there already", target.display())));
    }
    if !source.exists() {
        return Err(Error::fault(format!("{} is not there", source.display())));
    }
    let _presence = Presence::join(source)?;
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
    fs::create_dir_all(parent).map_err(Error::fault)?;
    sweep(parent)?;
    for _ in 0..ATTEMPTS {
        let draft = Draft::new(parent)?;
        if let Some(made) = draft.fill(config, &settings, source, with_evidence).await? {
            draft.finish(target)?;
            return Ok(made);
        }
    }
    Err(Error::fault("files of evidence were removed each time it was tried: try again"))
}

/// A backup that is not whole yet. It goes unless it is finished.
struct Draft {
    folder: PathBuf,
    /// Says that somebody works on it; ends with the process.
    _lock: File,
}

impl Draft {
    fn new(parent: &Path) -> Result<Self> {
        let micros = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
        let folder = parent.join(format!("{UNFINISHED}{}-{micros}", std::process::id()));
        // It holds everything there is: the owner's alone.
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Error::fault(format!("{}: {error}", folder.display())))?;
        let lock = File::open(&folder).map_err(Error::fault)?;
        lock.lock().map_err(Error::fault)?;
        Ok(Self { folder, _lock: lock })
    }

    /// Copies and checks; nothing if a file was removed meanwhile.
    async fn fill(
        &self,
        config: &Config,
        settings: &Settings,
        source: &Path,
        with_evidence: bool,
    ) -> Result<Option<Made>> {
        let (begun_at, copied) = (Moment::now(), self.folder.join(DATABASE));
        let head = copy(source, &copied)?;
        let checked = check(&copied, head.as_ref())?;
        let mut sums = Sums::default();
        let mut size = self.note(DATABASE, &mut sums)?;
        let mut count = None;
        if with_evidence {
            let Some((files, bytes)) = self.evidence(config, settings, &copied, &mut sums).await? else {
                return Ok(None);
            };
            (count, size) = (Some(files), size + bytes);
        }
        let about = About {
            form: FORM,
            version: env!("CARGO_PKG_VERSION").into(),
            begun_at,
            migrations: checked.migrations,
            audit_head: checked.head.map(|head| head.to_string()),
            evidence: count,
        };
        let text = serde_json::to_string_pretty(&about).map_err(Error::fault)? + "\n";
        self.write(ABOUT, &text)?;
        size += self.note(ABOUT, &mut sums)?;
        self.write(SUMS, &sums.text())?;
        Ok(Some(Made { about, size }))
    }

    /// Copies the files that the copy names; answers how many, and their size.
    async fn evidence(
        &self,
        config: &Config,
        settings: &Settings,
        copied: &Path,
        sums: &mut Sums,
    ) -> Result<Option<(usize, u64)>> {
        let store = Blobs::open(&config.evidence())?;
        let live = Database::open(settings.clone());
        let (mut last, mut count, mut size) = (String::new(), 0, 0);
        loop {
            let names = names_after(copied, &last)?;
            let Some(end) = names.last() else { break };
            last = end.clone();
            for sha256 in names {
                let path = evidence_in(&self.folder, &sha256);
                fs::create_dir_all(path.parent().unwrap_or(&self.folder)).map_err(Error::fault)?;
                if !store.copy_out(&sha256, &path).await? {
                    let wanted = live.read(|db| evidence::referenced(db, std::slice::from_ref(&sha256)))?;
                    if wanted.is_empty() {
                        return Ok(None);
                    }
                    return Err(Error::fault(format!(
                        "the file of evidence {sha256} is missing in the store"
                    )));
                }
                let name = format!("{EVIDENCE}/{}/{sha256}", &sha256[..2]);
                size += self.note(&name, sums)?;
                if sums.0.get(&name) != Some(&sha256) {
                    return Err(Error::fault(format!(
                        "the file of evidence {sha256} is damaged in the store"
                    )));
                }
                count += 1;
            }
        }
        Ok(Some((count, size)))
    }

    /// Notes the digest of a file; answers its size.
    fn note(&self, name: &str, sums: &mut Sums) -> Result<u64> {
        let path = self.folder.join(name);
        sums.0.insert(name.to_owned(), digest(&path)?);
        Ok(path.metadata().map_err(Error::fault)?.len())
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let written = File::create_new(self.folder.join(name))
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(Error::fault)
    }

    /// Gives it its name: from here on it is a backup.
    fn finish(self, target: &Path) -> Result<()> {
        let folders = |of: &Path| -> Result<Vec<PathBuf>> {
            let Ok(entries) = fs::read_dir(of) else { return Ok(Vec::new()) };
            Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        };
        let store = self.folder.join(EVIDENCE);
        for folder in folders(&store)? {
            sync(&folder)?;
        }
        if store.exists() {
            sync(&store)?;
        }
        sync(&self.folder)?;
        fs::rename(&self.folder, target)
            .map_err(|error| Error::fault(format!("{}: {error}", target.display())))?;
        sync(target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It has another name when it is finished.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Removes what backups that were killed have left in `parent`.
fn sweep(parent: &Path) -> Result<()> {
    for entry in fs::read_dir(parent).map_err(Error::fault)?.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            continue;
        }
        let unused = File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok());
        if unused {
            fs::remove_dir_all(entry.path()).map_err(Error::fault)?;
        }
    }
    Ok(())
}
