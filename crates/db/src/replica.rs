//! Reads on a streaming replica that see every write that was acknowledged before they began, on whichever node it was:
//! the primary is asked how far its log is flushed, and the replica is read when it has come as far. One that is behind for
//! longer than a read should wait, or away, is left alone for a while, and the primary is read.

use crate::{Database, Db, Error, Result, dialect, on_each};
use diesel::{RunQueryDsl, dsl::sql, sql_types::Bool};
use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long a replica that was behind is left alone.
const REST_BEHIND: Duration = Duration::from_secs(1);
/// How long one that did not answer is left alone.
const REST_AWAY: Duration = Duration::from_secs(5);

/// A replica of the primary.
pub(crate) struct Replica {
    database: Database,
    /// How long a read waits for it to come as far as the primary.
    patience: Duration,
    resting: Mutex<Option<Instant>>,
    /// Reads here, and reads that had to go to the primary.
    read: AtomicU64,
    missed: AtomicU64,
}

impl Replica {
    pub(crate) fn new(database: Database, patience: Duration) -> Self {
        let (resting, read, missed) = (Mutex::default(), AtomicU64::default(), AtomicU64::default());
        Self { database, patience, resting, read, missed }
    }

    /// How many reads were made here, and how many had to go to the primary.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed))
    }

    /// Runs `work` here; nothing if the primary should be read instead.
    pub(crate) fn read<T>(
        &self,
        primary: &Database,
        work: impl Fn(&mut Db) -> Result<T>,
    ) -> Option<Result<T>> {
        let answer = self.attempt(primary, work);
        let count = if answer.is_some() { &self.read } else { &self.missed };
        count.fetch_add(1, Ordering::Relaxed);
        answer
    }

    fn attempt<T>(&self, primary: &Database, work: impl Fn(&mut Db) -> Result<T>) -> Option<Result<T>> {
        if self.resting.lock().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let place = match primary.read(dialect::log_position) {
            Ok(place) => place?,
            // Without it nobody knows what was acknowledged.
            Err(error) => return Some(Err(error)),
        };
        let read = |db: &mut Db| if self.has_come_to(db, &place)? { work(db).map(Some) } else { Ok(None) };
        let rest = match self.database.bounded(primary.bound).read(read) {
            Ok(Some(value)) => return Some(Ok(value)),
            Err(Error::Problem(problem)) => return Some(Err(Error::Problem(problem))),
            Ok(None) => REST_BEHIND,
            // The replica cancels reads that hold its replay up: no reason to leave it alone.
            Err(Error::Clash) => return None,
            Err(_) => REST_AWAY,
        };
        *self.resting.lock() = Some(Instant::now() + rest);
        None
    }

    /// Waits until the replica has come to `place`. One that was promoted is no replica any more.
    fn has_come_to(&self, db: &mut Db, place: &str) -> Result<bool> {
        let begun = Instant::now();
        let question = format!("pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= '{place}'::pg_lsn");
        let mut pause = Duration::from_millis(1);
        loop {
            if on_each!(db, c => diesel::select(sql::<Bool>(&question)).get_result::<bool>(c))? {
                return Ok(true);
            }
            if begun.elapsed() >= self.patience {
                return Ok(false);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}
