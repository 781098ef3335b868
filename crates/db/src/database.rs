//! The pool, and the two ways to use it: read and write.

use crate::{
    BackEnd, Change, Db, Error, Origin, Result, backup::Presence, dialect, journal, record, replica::Replica,
};
use diesel::{
    Connection,
    connection::{SimpleConnection, TransactionManager},
};
use opora_primitives::{Moment, MunicipalityId};
use parking_lot::FairMutex;
use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

/// How a [`Database`] is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which database.
    pub back_end: BackEnd,
    /// The most connections held.
    pub connections: u32,
    /// How long a caller waits for a connection, and on SQLite for its turn to write, before it is told that the database
    /// does not answer.
    pub wait: Duration,
    /// The most an SQLite file may grow to, in MiB.
    pub quota_mib: Option<u32>,
}

/// A database: cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Manager>,
    back_end: BackEnd,
    /// SQLite has one writer. Queueing here is fair; its own busy handler is not, and starves under load.
    turn: Option<Arc<FairMutex<()>>>,
    /// How long a write waits for its turn.
    patience: Duration,
    /// Keeps an SQLite file from being replaced while it is used.
    _presence: Option<Presence>,
    /// Where reads may go instead.
    replica: Option<Arc<Replica>>,
    /// How long a statement may take.
    pub(crate) bound: Option<Duration>,
}

/// A connection inside a write: a [`Db`] that also collects what the write must leave behind.
pub struct Tx<'a> {
    db: &'a mut Db,
    changes: Vec<Change>,
    renamed: Vec<MunicipalityId>,
    /// The instant of this write, for its rows. Rows of the past (the demonstration's) may be given another; the audit log
    /// and the change journal keep the real one.
    pub at: Moment,
}

impl Tx<'_> {
    /// Notes a change for the audit log and the change journal.
    pub fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Notes that every school of `municipality` reads otherwise, since it shows the name of its municipality. The audit
    /// record of the municipality says it: the schools' own versions stay (D306).
    pub fn retell_schools_of(&mut self, municipality: MunicipalityId) {
        self.renamed.push(municipality);
    }
}

impl Deref for Tx<'_> {
    type Target = Db;
    fn deref(&self) -> &Db {
        self.db
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Db {
        self.db
    }
}

/// How often a write is tried when PostgreSQL reports a clash.
const ATTEMPTS: u32 = 12;

impl Database {
    /// Opens the pool. Connections are made when first needed, so an absent server is an error of the first query, not
    /// of the start.
    pub fn open(settings: Settings) -> Self {
        let manager = Manager { back_end: settings.back_end.clone(), quota_mib: settings.quota_mib };
        let pool = r2d2::Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(0))
            .connection_timeout(settings.wait)
            .test_on_check_out(false)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(manager);
        let turn = matches!(settings.back_end, BackEnd::Sqlite(_)).then(Arc::default);
        Self {
            pool,
            back_end: settings.back_end,
            turn,
            patience: settings.wait,
            _presence: None,
            replica: None,
            bound: None,
        }
    }

    /// The same database for work that somebody waits for: PostgreSQL, the replica too, gives a statement up that takes longer
    /// than `bound`, which is the problem `unavailable`. SQLite knows no such bound.
    pub fn bounded(&self, bound: Option<Duration>) -> Self {
        Self { bound, ..self.clone() }
    }

    /// Holds `presence` for as long as this database is used.
    pub fn with_presence(self, presence: Option<Presence>) -> Self {
        Self { _presence: presence, ..self }
    }

    /// Reads may go to the replica that `settings` name, as long as it comes within `patience` to where the primary was
    /// when they began.
    pub fn with_replica(self, settings: Settings, patience: Duration) -> Self {
        let replica = Replica::new(Self::open(settings), patience);
        Self { replica: Some(Arc::new(replica)), ..self }
    }

    /// How many reads were made on the replica, and how many had to go to the primary instead; nothing without a replica.
    pub fn replica_reads(&self) -> Option<(u64, u64)> {
        self.replica.as_ref().map(|replica| replica.counts())
    }

    /// Like [`Self::read`], on the replica if there is one: it sees every write that was acknowledged before.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_near<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        let near = self.replica.as_ref().and_then(|replica| replica.read(self, &work));
        near.unwrap_or_else(|| self.read(work))
    }

    /// Like [`Self::read_consistent`], on the replica if there is one: it sees every write that was acknowledged before.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_consistent_near<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        self.read_near(|db| transact(db, dialect::begin_read, &work))
    }

    /// Which database this is.
    pub fn back_end(&self) -> &BackEnd {
        &self.back_end
    }

    /// Runs `work` on a connection. One that turns out to be dead is replaced: after the database has been away all that
    /// were idle are.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Unavailable`] if no connection can be had.
    pub fn read<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        let mut perhaps_dead = self.pool.state().idle_connections.max(1);
        loop {
            match self.on_slot(&work) {
                Err(Error::Unavailable(_)) if perhaps_dead > 0 => perhaps_dead -= 1,
                other => return other,
            }
        }
    }

    /// Like [`Self::read`], all queries of `work` seeing one state of the data.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_consistent<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        self.read(|db| transact(db, dialect::begin_read, &work))
    }

    /// Like [`Self::read_consistent`], for work that has an effect outside the database, such as bytes that have been
    /// sent: once begun it is never tried again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_once<T>(&self, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
        let work = Cell::new(Some(work));
        self.read_consistent(|db| match work.take() {
            Some(work) => work(db),
            None => Err(Error::Unavailable("the connection broke in the middle of a read".into())),
        })
    }

    /// Like [`Self::read`], seeing every record of the audit log and every entry of the journal up to the greatest number
    /// it sees: no smaller one can appear later. Writes wait for its end.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_settled<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        self.read(|db| transact(db, dialect::begin_settled, &work))
    }

    /// Like [`Self::read_consistent`], seeing the state of the data that [`dialect::share_snapshot`] has named, so that
    /// several connections can read one state together. The read that it was named in must still be going on.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Unavailable`] if no connection can be had.
    pub fn read_shared<T>(&self, snapshot: &str, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
        self.on_slot(|db| {
            transact(db, dialect::begin_read, |db| {
                dialect::see_snapshot(db, snapshot)?;
                work(db)
            })
        })
    }

    /// Runs `work` as one write: all of it, its audit records and its journal entries, or nothing. Tried again when it
    /// clashes with another write, so `work` has no effect outside the database.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Unavailable`] if the database cannot be reached or the clashes do not end.
    pub fn write<T>(&self, origin: &Origin, work: impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
        self.transaction(|db| recorded(db, origin, &work))
    }

    /// Runs `work` on one connection for as long as it takes, so that it may prepare a write in temporary tables and
    /// then carry it out with [`Session::write`].
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn session<T>(&self, work: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        self.on_slot(|db| work(&mut Session { database: self, db }))
    }

    /// A write of the system's own bookkeeping (leases, sessions, counters): the same transaction, with nothing to
    /// audit.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn keep_books<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        self.transaction(work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut Db) -> Result<T>) -> Result<T> {
        let mut perhaps_dead = self.pool.state().idle_connections.max(1);
        loop {
            let begun = Cell::new(false);
            let begin = |db: &mut Db| dialect::begin_write(db).map(|()| begun.set(true));
            match self.in_turn(|| self.on_slot(|db| transact(db, begin, &work))) {
                // A connection that died while it was idle: nothing was written.
                Err(Error::Unavailable(_)) if !begun.get() && perhaps_dead > 0 => perhaps_dead -= 1,
                other => return other,
            }
        }
    }

    /// Tries a write until it no longer clashes.
    fn in_turn<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let too_long = || Error::Unavailable("another write takes too long".into());
        let turn = self.turn.as_ref().map(|turn| turn.try_lock_for(self.patience).ok_or_else(too_long));
        let _turn = turn.transpose()?;
        for count in 0..ATTEMPTS {
            match attempt() {
                Err(Error::Clash) => std::thread::sleep(pause(count)),
                other => return other,
            }
        }
        Err(Error::Unavailable("writes keep clashing".into()))
    }

    fn on_slot<T>(&self, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
        let mut slot = self.pool.get().map_err(|e| Error::Unavailable(e.to_string()))?;
        // Stays so if `work` panics in the middle of a transaction.
        slot.spent = true;
        if slot.bound != self.bound {
            dialect::bound_statements(&mut slot.db, self.bound)?;
            slot.bound = self.bound;
        }
        let answer = work(&mut slot.db);
        slot.spent = matches!(&answer, Err(e) if e.broke_connection());
        answer
    }
}

/// One connection, held for a longer piece of work.
pub struct Session<'a> {
    database: &'a Database,
    /// The connection, outside any transaction.
    pub db: &'a mut Db,
}

impl Session<'_> {
    /// As [`Database::write`], on this connection.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn write<T>(&mut self, origin: &Origin, work: impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
        let db = &mut *self.db;
        self.database.in_turn(|| transact(db, dialect::begin_write, |db| recorded(db, origin, &work)))
    }
}

fn recorded<T>(db: &mut Db, origin: &Origin, work: impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
    let at = Moment::now();
    let mut tx = Tx { db, changes: Vec::new(), renamed: Vec::new(), at };
    let value = work(&mut tx)?;
    let Tx { changes, renamed, .. } = tx;
    record::write_all(db, origin, at, &changes)?;
    journal::retell_schools(db, at, &renamed)?;
    Ok(value)
}

/// Grows from 2 ms, with a spread taken from the clock so that two clashing writers part.
fn pause(attempt: u32) -> Duration {
    let spread =
        u64::from(std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.subsec_micros()) % 1000);
    Duration::from_micros((2000 + 3 * spread) << attempt.min(6))
}

fn transact<T>(
    db: &mut Db,
    begin: impl FnOnce(&mut Db) -> Result<()>,
    work: impl FnOnce(&mut Db) -> Result<T>,
) -> Result<T> {
    begin(db)?;
    match work(db) {
        Ok(value) => {
            <Db as Connection>::TransactionManager::commit_transaction(db)?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one worth telling; a failed rollback shows in the connection's state.
            if <Db as Connection>::TransactionManager::rollback_transaction(db).is_err() {
                return Err(match error {
                    Error::Problem(_) | Error::Clash => error,
                    other => Error::Unavailable(other.to_string()),
                });
            }
            Err(error)
        }
    }
}

/// A pooled connection that knows whether it may be used again.
struct Slot {
    db: Db,
    spent: bool,
    /// How long its statements may take.
    bound: Option<Duration>,
}

struct Manager {
    back_end: BackEnd,
    quota_mib: Option<u32>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Slot;
    type Error = Error;

    fn connect(&self) -> Result<Slot> {
        Ok(Slot { db: self.back_end.connect(self.quota_mib)?, spent: false, bound: None })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<()> {
        slot.db.batch_execute("SELECT 1").map_err(Into::into)
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.spent || <Db as Connection>::TransactionManager::is_broken_transaction_manager(&mut slot.db)
    }
}
