//! Jobs carried out: at a server's worker, or at the command line.

use crate::{
    config::Config,
    traces::{Begun, Ended, SpanKind, Traces},
};
use opora_db::{
    Database, Db, Error, Result, Tx,
    jobs::{self, Holder, Job, JobId, JobState},
};
use opora_primitives::{Area, Moment, Problem, ProblemCode};
use opora_reporting::plan;
use opora_schools::{
    import::{self, Attendant, ImportId, ImportKind, Order, Report, scratch, store},
    runs,
    types::RunId,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

/// How often a job at work says that it is alive; several times a lease.
const BEAT: Duration = Duration::from_millis(500);

/// How often one who waits for a job looks at it.
pub const LOOK: Duration = Duration::from_millis(200);

/// Told how many units are done and, where known, of how many.
pub type Watch<'a> = &'a (dyn Fn(i64, Option<i64>) + Sync);

/// A place where jobs are carried out, one at a time.
pub struct Desk {
    database: Database,
    config: Arc<Config>,
    holder: Holder,
    traces: Arc<Traces>,
}

impl Desk {
    /// A desk under a name of its own.
    pub fn new(database: Database, config: Arc<Config>) -> Self {
        let holder = Holder::new(config.lease_seconds);
        Self { database, config, holder, traces: Arc::default() }
    }

    /// The same desk, what it does being noted in `traces`.
    pub fn noting(self, traces: Arc<Traces>) -> Self {
        Self { traces, ..self }
    }

    /// Takes the job `only`, or the oldest, if none of its kind is at work anywhere.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn claim(&self, only: Option<JobId>) -> Result<Option<Job>> {
        self.database.keep_books(|db| jobs::claim(db, only, &self.holder, Moment::now()))
    }

    /// Carries out a job that was claimed here, unless `stopping` is set meanwhile; then another takes it up.
    pub fn carry_out(&self, job: &Job, watch: Watch, stopping: &AtomicBool) {
        let begun = Begun::now(self.traces.context(None));
        let (trace_id, span_id) = (begun.context.trace_id(), begun.context.span_id());
        let span = tracing::info_span!("job", id = %job.id, kind = %job.kind, trace_id, span_id);
        let _entered = span.enter();
        let progress = Progress::new(watch);
        let ended = AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            let (progress, ended) = (&progress, &ended);
            scope.spawn(move || self.keep_alive(job, progress, ended, stopping));
            let outcome =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.perform(job, progress)));
            ended.store(true, Ordering::Relaxed);
            outcome
        });
        let outcome = outcome.unwrap_or_else(|_| Err(Error::fault("the job panicked")));
        self.traces.note(&begun, || noted(job, &outcome));
        let Err(error) = outcome else { return };
        let stopped = stopping.load(Ordering::Relaxed);
        if let Err(error) = self.database.keep_books(|db| self.end_without_effect(db, job, &error, stopped)) {
            tracing::warn!(%error, "the end of the job could not be noted; its lease will run out");
        }
    }

    /// Sees the job `id` to its end: carries it out here, or waits for the worker that was quicker.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn see_through(&self, id: JobId, watch: Watch) -> Result<Job> {
        loop {
            let job = self.look_after(id, watch)?;
            if job.has_ended() {
                return Ok(job);
            }
            watch(job.done, job.total);
            std::thread::sleep(LOOK);
        }
    }

    /// Carries out the job `id` if nobody does; answers how it then stands.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn look_after(&self, id: JobId, watch: Watch) -> Result<Job> {
        if let Some(job) = self.claim(Some(id))? {
            self.carry_out(&job, watch, &AtomicBool::new(false));
        }
        self.database.read(|db| jobs::find(db, id))
    }

    fn keep_alive(&self, job: &Job, progress: &Progress, ended: &AtomicBool, stopping: &AtomicBool) {
        while !ended.load(Ordering::Relaxed) {
            let (done, total) = progress.seen();
            let beat = self
                .database
                .keep_books(|db| jobs::beat(db, job.id, &self.holder, done, total, Moment::now()));
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
    fn perform(&self, job: &Job, progress: &Progress) -> Result<()> {
        match job.kind.as_str() {
            kind if store::is_job_kind(kind) => self.import(job, progress),
            runs::JOB_KIND => self.identify(job, progress),
            kind => Err(Error::fault(format!("no worker knows the kind {kind}"))),
        }
    }

    /// Carries out an identification run.
    fn identify(&self, job: &Job, progress: &Progress) -> Result<()> {
        let succeed = |tx: &mut Tx| {
            let at = tx.at;
            jobs::arrive(tx, job.id, progress.units())?;
            jobs::succeed(tx, job.id, &self.holder, at)
        };
        let tell = |done, total| progress.tell(done, total);
        runs::run(&self.database, &job.origin(), RunId(job.subject_id), tell, succeed)
    }

    /// Loads a file: its bytes come from the database to a temporary file, the report goes back with the end of the job.
    fn import(&self, job: &Job, progress: &Progress) -> Result<()> {
        let (database, id) = (&self.database, ImportId(job.subject_id));
        let import = database.read(|db| store::find(db, Area::Region, id))?;
        let file = scratch::file(&self.config.data_dir).map_err(Error::storage)?;
        database.read(|db| store::copy_bytes(db, id, &mut file.as_file()))?;
        let order = import.order(self.config.any_school_code);
        let loading = Loading { job, holder: &self.holder, progress, order: &order };
        let run = if order.kind == ImportKind::Plan { plan::import::run } else { import::run };
        run(database, &job.origin(), &order, file.path(), &loading).map(drop)
    }

    /// Ends a job of this desk that stopped with `error`, unless it will be tried again or is another worker's by now.
    fn end_without_effect(&self, db: &mut Db, job: &Job, error: &Error, stopped: bool) -> Result<()> {
        let (now, internal) = (Moment::now(), Problem::from(ProblemCode::Internal));
        let (state, problem) = match error {
            // Called off, let go of by a stop, or taken over by another worker, whose business it then is.
            Error::Problem(p) if p.code == ProblemCode::WrongState => {
                match (jobs::find(db, job.id)?.cancel_requested, stopped) {
                    (true, _) => (JobState::Cancelled, None),
                    (false, true) => return jobs::take_back(db, job.id, &self.holder),
                    (false, false) => return Ok(()),
                }
            }
            Error::Problem(problem) => (JobState::Failed, Some(problem)),
            // The lease runs out and the job is tried again.
            Error::Unavailable(_) => return Ok(()),
            other => {
                tracing::error!(error = %other, "job failed");
                (JobState::Failed, Some(&internal))
            }
        };
        match jobs::close(db, job.id, &self.holder, state, problem, now) {
            Err(Error::Problem(_)) => Ok(()),
            closed => closed.and_then(|()| clear_up(db, job, now)),
        }
    }
}

/// Lets go of what a job that ended without effect has no more use for.
///
/// # Errors
/// Faults of the database.
pub fn clear_up(db: &mut Db, job: &Job, now: Moment) -> Result<()> {
    if store::is_job_kind(&job.kind) { store::give_up(db, ImportId(job.subject_id), now) } else { Ok(()) }
}

/// How a job tells how far it is, and learns whether to go on.
struct Progress<'a> {
    done: AtomicI64,
    total: AtomicI64,
    go_on: AtomicBool,
    watch: Watch<'a>,
}

impl<'a> Progress<'a> {
    /// Nothing done yet, of an unknown whole.
    fn new(watch: Watch<'a>) -> Self {
        Self { done: AtomicI64::new(0), total: AtomicI64::new(-1), go_on: AtomicBool::new(true), watch }
    }

    /// Says that `done` of `total` units are done. Answers whether to go on.
    fn tell(&self, done: i64, total: Option<i64>) -> bool {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total.unwrap_or(-1), Ordering::Relaxed);
        (self.watch)(done, total);
        self.go_on.load(Ordering::Relaxed)
    }

    /// Units done and, where known, units in all.
    fn seen(&self) -> (i64, Option<i64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total >= 0).then_some(total))
    }

    /// Units in all, as far as they were told.
    fn units(&self) -> i64 {
        let (done, total) = self.seen();
        total.unwrap_or(done)
    }
}

/// A job that waits for its import.
struct Loading<'a> {
    job: &'a Job,
    holder: &'a Holder,
    progress: &'a Progress<'a>,
    order: &'a Order,
}

impl Attendant for Loading<'_> {
    fn progress(&self, done: i64, total: Option<i64>) -> bool {
        self.progress.tell(done, total)
    }

    fn begin(&self, tx: &mut Tx) -> Result<()> {
        let at = tx.at;
        jobs::hold(tx, self.job.id, self.holder, at)
    }

    fn finish(&self, tx: &mut Tx, report: &Report) -> Result<()> {
        store::finish(tx, self.order.id, report)?;
        let at = tx.at;
        jobs::arrive(tx, self.job.id, self.progress.units())?;
        if report.applied || self.order.dry_run {
            return jobs::succeed(tx, self.job.id, self.holder, at);
        }
        let Report { rejected, rows, .. } = report;
        let words = (
            format!("{rejected} of {rows} rows were refused; nothing was written"),
            format!("отклонено строк: {rejected} из {rows}; ничего не записано"),
        );
        let problem = Problem::new(ProblemCode::InvalidFile, words);
        jobs::close(tx, self.job.id, self.holder, JobState::Failed, Some(&problem), at)
    }
}

/// What a collector is told of a job. A refusal is no fault of ours.
fn noted(job: &Job, outcome: &Result<()>) -> Ended {
    let attributes = vec![
        ("opora.job_id", job.id.0.into()),
        ("opora.request_id", job.request_id.as_str().into()),
        ("opora.attempt", job.attempts.into()),
    ];
    let failed = outcome.as_ref().is_err_and(|error| !matches!(error, Error::Problem(_)));
    Ended { name: format!("job {}", job.kind), kind: SpanKind::Internal, attributes, failed }
}
