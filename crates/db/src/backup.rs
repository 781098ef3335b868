//! Copies of an SQLite file: made while others write to it, checked, and put in the place of another.
//!
//! Whoever uses a file holds a lock beside it ([`Presence`]), which ends with its process; so a file is replaced only
//! while nobody uses it, and nobody begins to use one that is being replaced.

use crate::{
    Db, Error, Result,
    audit::{Head, seal::last, verify::against},
    on_each,
};
use diesel::{
    Connection, RunQueryDsl, connection::SimpleConnection, dsl::sql, prelude::QueryableByName,
    sql_types::Text, sqlite::SqliteConnection,
};
use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Says that a file is in use, for as long as it lives.
#[derive(Clone, Debug)]
pub struct Presence(#[expect(dead_code, reason = "its lock is what counts")] Arc<File>);

impl Presence {
    /// One of those who use the SQLite file at `path`.
    ///
    /// # Errors
    /// A file that is being replaced; a folder that cannot be written.
    pub fn join(path: &Path) -> Result<Self> {
        let lock = lock_file(path)?;
        lock.try_lock_shared().map_err(|_| Error::fault(format!("{} is being restored", path.display())))?;
        Ok(Self(Arc::new(lock)))
    }

    /// The only one who uses the SQLite file at `path`.
    ///
    /// # Errors
    /// A file that others use; a folder that cannot be written.
    pub fn alone(path: &Path) -> Result<Self> {
        let lock = lock_file(path)?;
        let in_use = || format!("{} is in use: stop the server and every opora command", path.display());
        lock.try_lock().map_err(|_| Error::fault(in_use()))?;
        Ok(Self(Arc::new(lock)))
    }
}

/// The lock stays where it is: one that is removed and made anew would be two.
fn lock_file(path: &Path) -> Result<File> {
    let beside = beside(path, ".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
    opened.map_err(|error| Error::fault(format!("{}: {error}", beside.display())))
}

/// The file whose name goes on with `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What a copy was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The migrations it has, by version, the oldest first.
    pub migrations: Vec<String>,
    /// The head of its audit chain; none while nothing is sealed.
    pub head: Option<Head>,
}

/// Copies the SQLite file at `from` to `to`, which is not there yet: the state of one moment. Writers are not held up.
/// Answers the head that the audit chain had before.
///
/// # Errors
/// Faults of the database; a disk that is full.
pub fn copy(from: &Path, to: &Path) -> Result<Option<Head>> {
    // A file that is not there would be made.
    File::open(from).map_err(|error| Error::fault(format!("{}: {error}", from.display())))?;
    let mut db = open(from)?;
    db.batch_execute("PRAGMA busy_timeout = 15000")?;
    let head = last(&mut db)?.map(|seal| seal.head());
    let target = to.to_string_lossy().replace('\'', "''");
    db.batch_execute(&format!("VACUUM INTO '{target}'"))?;
    // SQLite leaves it to the caller to make the copy last.
    File::open(to).and_then(|file| file.sync_all()).map_err(Error::fault)?;
    Ok(head)
}

/// Reads the whole copy at `path` and says what it holds. `head` is one that its audit chain must lead to.
///
/// # Errors
/// What is wrong with it, in words for the operator.
pub fn check(path: &Path, head: Option<&Head>) -> Result<Checked> {
    let mut db = open(path)?;
    let damages = lines(&mut db, "SELECT integrity_check AS line FROM pragma_integrity_check")?;
    if damages != ["ok"] {
        return Err(Error::fault(format!("the database is damaged: {}", damages.join("; "))));
    }
    let orphans = lines(
        &mut db,
        "SELECT \"table\" || ' ' || coalesce(rowid, '') || ' -> ' || parent AS line FROM pragma_foreign_key_check LIMIT 10",
    )?;
    if !orphans.is_empty() {
        return Err(Error::fault(format!("rows refer to what is not there: {}", orphans.join("; "))));
    }
    if let Some(finding) = head.map(|head| against(&mut db, head)).transpose()?.flatten() {
        return Err(Error::fault(format!("the audit log does not hold: {finding}")));
    }
    let migrations =
        lines(&mut db, "SELECT version AS line FROM __diesel_schema_migrations ORDER BY version")?;
    Ok(Checked { migrations, head: last(&mut db)?.map(|seal| seal.head()) })
}

/// Runs a read on the copy at `path`.
///
/// # Errors
/// What `work` answers; a file that cannot be opened.
pub fn read<T>(path: &Path, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
    work(&mut open(path)?)
}

/// Puts the file at `path`, which nobody else uses, into a state in which it is all there is: without the files beside it
/// that hold what was written last. Those must not meet another file of that name.
///
/// # Errors
/// A file that somebody has open in another way; a damaged one keeps nothing back.
pub fn settle(path: &Path) -> Result<()> {
    if path.exists() {
        let settled = open(path).and_then(|mut db| {
            let mode: String =
                on_each!(&mut db, c => sql::<Text>("PRAGMA journal_mode = DELETE").get_result(c))?;
            Ok(mode == "delete")
        });
        match settled {
            Ok(true) => {}
            Err(error) if !matches!(error, Error::Unavailable(_)) => {}
            Ok(false) | Err(_) => {
                return Err(Error::fault(format!("another program has {} open", path.display())));
            }
        }
    }
    for ending in ["-wal", "-shm", "-journal"] {
        match std::fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::fault(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Without the settings of [`crate::BackEnd::connect`], which would turn a copy into a file with others beside it.
fn open(path: &Path) -> Result<Db> {
    let opened = SqliteConnection::establish(&path.to_string_lossy());
    opened.map(Db::Sqlite).map_err(|error| Error::fault(format!("{}: {error}", path.display())))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(db: &mut Db, query: &str) -> Result<Vec<String>> {
    let rows: Vec<Line> = on_each!(db, c => diesel::sql_query(query).load(c))?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}
