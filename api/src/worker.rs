//! The worker: takes jobs from the database, one at a time, and carries them out.

use crate::state::State;
use opora_db::{
    Error, Result, Tx,
    jobs::{self, Job, JobState},
};
use opora_primitives::{Area, Moment, Problem, ProblemCode};
use opora_schools::{
    import::{self, Attendant, ImportId, Order, Report, store},
    runs,
    types::RunId,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How long an idle worker sleeps before it looks again; a ring of the bell wakes it at once.
const IDLE: Duration = Duration::from_secs(2);

/// How often a worker at work says that it is alive; several times a lease.
const BEAT: Duration = Duration::from_millis(500);

/// The worker thread and the one that keeps the tokens' knowledge fresh.
pub struct Worker {
    stopping: Arc<AtomicBool>,
    state: State,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts both threads.
    pub fn start(state: State) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let (for_jobs, for_tokens) = ((state.clone(), stopping.clone()), (state.clone(), stopping.clone()));
        let threads = vec![
            std::thread::spawn(move || work(&for_jobs.0, &for_jobs.1)),
            std::thread::spawn(move || refresh(&for_tokens.0, &for_tokens.1)),
        ];
        Self { stopping, state, threads }
    }

    /// Lets the threads end. A job at work stops at its next sign of life and is taken up again at the next start.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.state.bell.ring();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker thread ended badly");
            }
        }
    }
}

fn work(state: &State, stopping: &AtomicBool) {
    let owner = format!("{}-{:x}", std::process::id(), Moment::now().unix());
    while !stopping.load(Ordering::Relaxed) {
        let claimed = state.database.keep_books(|db| jobs::claim(db, &owner, Moment::now()));
        match claimed {
            Ok(Some(job)) => carry_out(state, &owner, &job, stopping),
            Ok(None) => state.bell.wait(IDLE),
            Err(error) => {
                tracing::warn!(%error, "no job can be taken now");
                state.bell.wait(IDLE);
            }
        }
    }
}

/// Every few seconds, so that a key made by another node is known before it signs.
fn refresh(state: &State, stopping: &AtomicBool) {
    let mut ticks = 0u32;
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        ticks += 1;
        if ticks.is_multiple_of(25)
            && let Err(error) = state.tokens.reload(&state.database)
        {
            tracing::warn!(%error, "keys and ended sessions could not be read anew");
        }
    }
}

/// How a job tells how far it is, and learns whether to go on.
pub struct Progress {
    done: AtomicI64,
    total: AtomicI64,
    go_on: AtomicBool,
}

impl Progress {
    /// Says that `done` of `total` units are done. Answers whether to go on.
    pub fn tell(&self, done: i64, total: Option<i64>) -> bool {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total.unwrap_or(-1), Ordering::Relaxed);
        self.go_on.load(Ordering::Relaxed)
    }

    /// Nothing done yet, of an unknown whole.
    fn new() -> Self {
        Self { done: AtomicI64::new(0), total: AtomicI64::new(-1), go_on: AtomicBool::new(true) }
    }

    /// Units done and, where known, units in all.
    pub fn seen(&self) -> (i64, Option<i64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total >= 0).then_some(total))
    }
}

fn carry_out(state: &State, owner: &str, job: &Job, stopping: &AtomicBool) {
    let span = tracing::info_span!("job", id = %job.id, kind = %job.kind);
    let _entered = span.enter();
    let progress = Progress::new();
    let ended = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        let (progress, ended) = (&progress, &ended);
        scope.spawn(move || keep_alive(state, owner, job, progress, ended, stopping));
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| perform(state, owner, job, progress)));
        ended.store(true, Ordering::Relaxed);
        outcome
    });
    let outcome = outcome.unwrap_or_else(|_| Err(Error::fault("the job panicked")));
    let Err(error) = outcome else { return };
    if stopping.load(Ordering::Relaxed) {
        return;
    }
    let closed = state.database.keep_books(|db| {
        let now = Moment::now();
        match &error {
            // Called off, or taken over by another worker, whose business it then is.
            Error::Problem(p) if p.code == ProblemCode::WrongState => {
                if jobs::find(db, job.id)?.cancel_requested {
                    jobs::close(db, job.id, JobState::Cancelled, None, now)?;
                }
                Ok(())
            }
            Error::Problem(problem) => jobs::close(db, job.id, JobState::Failed, Some(problem), now),
            // The lease runs out and the job is tried again.
            Error::Unavailable(_) => Ok(()),
            other => {
                tracing::error!(error = %other, "job failed");
                jobs::close(db, job.id, JobState::Failed, Some(&Problem::from(ProblemCode::Internal)), now)
            }
        }
    });
    if let Err(error) = closed {
        tracing::warn!(%error, "the end of the job could not be noted; its lease will run out");
    }
}

fn keep_alive(
    state: &State,
    owner: &str,
    job: &Job,
    progress: &Progress,
    ended: &AtomicBool,
    stopping: &AtomicBool,
) {
    while !ended.load(Ordering::Relaxed) {
        let (done, total) = progress.seen();
        let beat = state.database.keep_books(|db| jobs::beat(db, job.id, owner, done, total, Moment::now()));
        if matches!(beat, Ok(false)) || stopping.load(Ordering::Relaxed) {
            progress.go_on.store(false, Ordering::Relaxed);
        }
        let pause = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < BEAT && !ended.load(Ordering::Relaxed) {
            std::thread::sleep(pause);
            waited += pause;
        }
    }
}

/// Which work a kind of job is.
fn perform(state: &State, owner: &str, job: &Job, progress: &Progress) -> Result<()> {
    match job.kind.as_str() {
        kind if kind.starts_with("import_") => import(state, owner, job, progress),
        runs::JOB_KIND => identify(state, owner, job, progress),
        kind => Err(Error::fault(format!("no worker knows the kind {kind}"))),
    }
}

/// Carries out an identification run.
fn identify(state: &State, owner: &str, job: &Job, progress: &Progress) -> Result<()> {
    let succeed = |tx: &mut Tx| {
        let at = tx.at;
        jobs::succeed(tx, job.id, owner, at)
    };
    let tell = |done, total| progress.tell(done, total);
    runs::run(&state.database, &job.origin(), RunId(job.subject_id), tell, succeed)
}

/// Loads a file: its bytes come from the database to a temporary file, the report goes back with the end of the job.
fn import(state: &State, owner: &str, job: &Job, progress: &Progress) -> Result<()> {
    let (database, id) = (&state.database, ImportId(job.subject_id));
    let import = database.read(|db| store::find(db, Area::Region, id))?;
    let file = tempfile::NamedTempFile::new_in(&state.config.data_dir).map_err(Error::fault)?;
    database.read(|db| store::copy_bytes(db, id, &mut file.as_file()))?;
    let order = import.order(state.config.any_school_code);
    let outcome = import::run(
        database,
        &job.origin(),
        &order,
        file.path(),
        &Loading { job, owner, progress, order: &order },
    );
    match outcome {
        // A file that is no table of its kind will not become one: its bytes are of no more use.
        Err(Error::Problem(problem)) if problem.code != ProblemCode::WrongState => {
            database.keep_books(|db| store::discard(db, id))?;
            Err(problem.into())
        }
        other => other.map(drop),
    }
}

/// A job that waits for its import.
struct Loading<'a> {
    job: &'a Job,
    owner: &'a str,
    progress: &'a Progress,
    order: &'a Order,
}

impl Attendant for Loading<'_> {
    fn progress(&self, done: i64, total: Option<i64>) -> bool {
        self.progress.tell(done, total)
    }

    fn begin(&self, tx: &mut Tx) -> Result<()> {
        let at = tx.at;
        jobs::hold(tx, self.job.id, self.owner, at)
    }

    fn finish(&self, tx: &mut Tx, report: &Report) -> Result<()> {
        store::finish(tx, self.order.id, report)?;
        let at = tx.at;
        if report.applied || self.order.dry_run {
            return jobs::succeed(tx, self.job.id, self.owner, at);
        }
        let words = format!("{} of {} rows were refused; nothing was written", report.rejected, report.rows);
        jobs::close(
            tx,
            self.job.id,
            JobState::Failed,
            Some(&Problem::new(ProblemCode::InvalidFile, words)),
            at,
        )
    }
}
