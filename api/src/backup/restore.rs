//! Putting a backup in the place of an installation. Files of evidence come first, because more of them than are needed
//! do no harm; then the database takes its name in one step. Before that step everything is as it was.

use super::{ABOUT, About, DATABASE, EVIDENCE, FORM, SUMS, Sums, digest, evidence_in, names_after, sync};
use crate::config::Config;
use opora_db::{
    BackEnd, Error, Result,
    audit::Head,
    backup::{Checked, Presence, check, settle},
    migrations,
};
use opora_reporting::facts::blobs::{Blobs, Place};
use opora_schools::import::scratch;
use std::{
    fs::{self, File},
    path::Path,
};

/// What was restored.
pub struct Restored {
    /// What is known about the backup.
    pub about: About,
    /// Files of evidence that the database names and that are in no store: the backup was made without them.
    pub missing: usize,
}

/// Puts the backup at `source` in the place of the configured installation. `force` replaces a database that is there.
///
/// # Errors
/// A backup that is damaged or made by a newer version; an installation that is in use, or is there without `force`.
pub async fn restore(config: &Config, source: &Path, force: bool) -> Result<Restored> {
    let settings = config.database().map_err(Error::Fault)?;
    let BackEnd::Sqlite(target) = &settings.back_end else {
        return Err(Error::fault(
            "the database is PostgreSQL: restore it with its own programs (docs/operations.md, Backups)",
        ));
    };
    let about = about(source)?;
    let sums = verified(source, &about)?;
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
    for needed in [folder, &config.data_dir] {
        fs::create_dir_all(needed).map_err(|error| Error::fault(format!("{}: {error}", needed.display())))?;
    }
    let _alone = Presence::alone(target)?;
    if target.exists() && !force {
        let words = "is there: --force replaces it, and what is in it is lost";
        return Err(Error::fault(format!("{} {words}", target.display())));
    }
    scratch::sweep(folder).map_err(Error::fault)?;
    // Copied first and checked as a copy: what takes the name is what was read.
    let draft = scratch::file(folder).map_err(Error::fault)?;
    fs::copy(source.join(DATABASE), draft.path()).map_err(Error::fault)?;
    draft.as_file().sync_all().map_err(Error::fault)?;
    if sums.0.get(DATABASE) != Some(&digest(draft.path())?) {
        return Err(damaged(DATABASE));
    }
    let head = about.audit_head.as_deref().map(str::parse::<Head>).transpose();
    let head = head.map_err(|_| damaged(ABOUT))?;
    let Checked { migrations, .. } = check(draft.path(), head.as_ref())?;
    not_newer(&migrations)?;
    let store = Blobs::open(&config.evidence())?;
    let missing = put_evidence(&store, source, draft.path()).await?;
    if let Place::Folder(evidence) = config.evidence() {
        sync(&evidence)?;
    }
    settle(target)?;
    draft.persist(target).map_err(Error::fault)?;
    sync(folder)?;
    Ok(Restored { about, missing })
}

fn damaged(name: &str) -> Error {
    Error::fault(format!("the backup is damaged: {name}"))
}

fn about(source: &Path) -> Result<About> {
    let path = source.join(ABOUT);
    let text = fs::read_to_string(&path)
        .map_err(|error| Error::fault(format!("no backup: {}: {error}", path.display())))?;
    // Of a later form nothing is known but its number.
    let form = serde_json::from_str(&text).ok().and_then(|about: serde_json::Value| about["form"].as_u64());
    match form {
        Some(form) if form == u64::from(FORM) => serde_json::from_str(&text).map_err(|_| damaged(ABOUT)),
        Some(_) => Err(Error::fault("the backup was made by a newer version of opora")),
        None => Err(damaged(ABOUT)),
    }
}

/// The digests, after every file was found to have its own.
fn verified(source: &Path, about: &About) -> Result<Sums> {
    not_newer(&about.migrations)?;
    let text = fs::read_to_string(source.join(SUMS)).map_err(|_| damaged(SUMS))?;
    let sums = Sums::read(&text).ok_or_else(|| damaged(SUMS))?;
    let is_evidence = |name: &&String| name.starts_with(EVIDENCE);
    let whole = [DATABASE, ABOUT].iter().all(|name| sums.0.contains_key(*name))
        && sums.0.keys().filter(is_evidence).count() == about.evidence.unwrap_or(0);
    if !whole {
        return Err(damaged(SUMS));
    }
    for (name, expected) in &sums.0 {
        let ours = !name.starts_with('/') && !name.split('/').any(|part| part == "..");
        if !ours || digest(&source.join(name)).ok().as_ref() != Some(expected) {
            return Err(damaged(name));
        }
    }
    Ok(sums)
}

fn not_newer(applied: &[String]) -> Result<()> {
    match migrations::unknown(applied)?.first() {
        None => Ok(()),
        Some(version) => Err(Error::fault(format!(
            "the backup was made by a newer version of opora: migration {version} is not known here"
        ))),
    }
}

/// Puts the files into the store; answers how many that the database names are neither there nor in the backup.
async fn put_evidence(store: &Blobs, source: &Path, database: &Path) -> Result<usize> {
    let (mut last, mut missing) = (String::new(), 0);
    loop {
        let names = names_after(database, &last)?;
        let Some(end) = names.last() else { return Ok(missing) };
        last = end.clone();
        for sha256 in names {
            let kept = evidence_in(source, &sha256);
            if File::open(&kept).is_ok() {
                store.keep(&sha256, &kept).await?;
            } else if !store.holds(&sha256).await? {
                missing += 1;
            }
        }
    }
}
