//! Long work: queued in the database, leased by a worker, taken over when the worker dies, ended exactly once.
//!
//! A job is created in the same transaction as the thing it works on (an import, a run), and ended in the same
//! transaction as its effect. Two jobs of one kind never run at the same time.

use crate::{ActorKind, Db, Error, Origin, Result, Tx, schema::jobs};
use diesel::prelude::*;
use opora_primitives::{Moment, Problem, ProblemCode, Words};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

opora_primitives::id_type!(
    /// A job.
    JobId
);
opora_primitives::word_type!(
    /// Where a job stands.
    JobState {
        /// Waits for a worker.
        Queued = "queued", "в очереди";
        /// A worker holds it.
        Running = "running", "выполняется";
        /// Its effect is there.
        Succeeded = "succeeded", "выполнено";
        /// It ended without effect; the problem says why.
        Failed = "failed", "не выполнено";
        /// It was called off before it had an effect.
        Cancelled = "cancelled", "отменено";
    }
);

/// A job as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What kind of work: `import_results`, `identification`.
    pub kind: String,
    /// The row it works on.
    pub subject_id: i64,
    /// Where it stands.
    pub state: JobState,
    /// How much is done, in units of the kind (rows, bytes, schools).
    pub done: i64,
    /// Out of how much, where that is known.
    pub total: Option<i64>,
    /// Why it failed: a problem code.
    pub problem_code: Option<String>,
    /// Why it failed, in English words.
    pub problem_detail: Option<String>,
    /// Why it failed, in Russian words.
    pub problem_detail_ru: Option<String>,
    /// What kind of actor asked for it.
    pub actor_kind: ActorKind,
    /// Who asked for it.
    pub actor_id: Option<i64>,
    /// Who asked for it, by login or public id.
    pub actor: String,
    /// On which request.
    pub request_id: String,
    /// How often a worker has begun it; beginnings that a stop of the server broke off do not count (D273).
    pub attempts: i32,
    /// Whether somebody wants it to stop.
    pub cancel_requested: bool,
    /// When it was asked for.
    pub created_at: Moment,
    /// When a worker first took it.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
}

impl Job {
    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        !matches!(self.state, JobState::Queued | JobState::Running)
    }

    /// Why it failed, if it did.
    pub fn problem(&self) -> Option<Problem> {
        let word = self.problem_code.as_deref()?;
        let code = ProblemCode::ALL.iter().copied().find(|code| code.as_str() == word);
        let code = code.unwrap_or(ProblemCode::Internal);
        Some(Problem { detail: self.problem_words(), ..code.into() })
    }

    /// Why it failed, in both languages.
    pub fn problem_words(&self) -> Option<Words> {
        let en = self.problem_detail.clone()?;
        Some(Words { ru: self.problem_detail_ru.clone().unwrap_or_else(|| en.clone()), en })
    }

    /// Who the job's effect is recorded for.
    pub fn origin(&self) -> Origin {
        let (actor, request_id) = (self.actor.clone(), self.request_id.clone());
        Origin { kind: self.actor_kind, actor_id: self.actor_id, actor, request_id }
    }
}

/// A worker as it stands in the jobs it holds.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Its name, unlike that of any other worker.
    pub name: String,
    /// How long it may be silent before another takes its job, in seconds.
    pub lease_seconds: i64,
}

impl Holder {
    /// A worker of this process, silent for at most `lease_seconds`.
    pub fn new(lease_seconds: i64) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (process, now) = (std::process::id(), Moment::now().unix());
        let name = format!("{process}-{now:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Self { name, lease_seconds }
    }

    fn until(&self, now: Moment) -> Moment {
        now.plus_seconds(self.lease_seconds)
    }
}

/// The lease under which a write holds its job. Nobody sees it before the write is over, one way or the other.
const LONG_WRITE_SECONDS: i64 = 3600;

/// After so many beginnings a job is given up: something in it kills its workers.
const MOST_ATTEMPTS: i32 = 5;

/// Queues work of `kind` on the row `subject_id`, for the one who asks.
///
/// # Errors
/// Faults of the database.
pub fn enqueue(tx: &mut Tx, origin: &Origin, kind: &str, subject_id: i64) -> Result<JobId> {
    let row = (
        jobs::kind.eq(kind),
        jobs::subject_id.eq(subject_id),
        jobs::state.eq(JobState::Queued),
        jobs::actor_kind.eq(origin.kind),
        jobs::actor_id.eq(origin.actor_id),
        jobs::actor.eq(&origin.actor),
        jobs::request_id.eq(&origin.request_id),
        jobs::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    Ok(diesel::insert_into(jobs::table).values(row).returning(jobs::id).get_result(db)?)
}

/// The job `id`.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub fn find(db: &mut Db, id: JobId) -> Result<Job> {
    Ok(jobs::table.find(id).select(Job::as_select()).first(db)?)
}

/// The job that works on the row `subject_id` of `kind`.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub fn of(db: &mut Db, kind: &str, subject_id: i64) -> Result<Job> {
    let wanted = jobs::kind.eq(kind).and(jobs::subject_id.eq(subject_id));
    Ok(jobs::table.filter(wanted).select(Job::as_select()).first(db)?)
}

/// The jobs of these `kinds` that work on the rows `subjects`, by row.
///
/// # Errors
/// Faults of the database.
pub fn of_rows(db: &mut Db, kinds: &[String], subjects: &[i64]) -> Result<BTreeMap<i64, JobId>> {
    let wanted = jobs::kind.eq_any(kinds.to_vec()).and(jobs::subject_id.eq_any(subjects.to_vec()));
    Ok(jobs::table.filter(wanted).select((jobs::subject_id, jobs::id)).load(db)?.into_iter().collect())
}

/// Takes the oldest job that nobody works on, or the job `only`, unless one of its kind is at work. A job whose worker
/// fell silent counts as waiting; one that was begun too often fails.
///
/// # Errors
/// Faults of the database.
pub fn claim(db: &mut Db, only: Option<JobId>, holder: &Holder, now: Moment) -> Result<Option<Job>> {
    let open = jobs::table
        .filter(jobs::state.eq_any([JobState::Queued, JobState::Running]))
        .order(jobs::id)
        .select((Job::as_select(), jobs::lease_until))
        .load::<(Job, Option<Moment>)>(db)?;
    let held = |(job, until): &(Job, Option<Moment>)| {
        job.state == JobState::Running && until.is_some_and(|u| u > now)
    };
    let busy: Vec<&str> = open.iter().filter(|row| held(row)).map(|(job, _)| job.kind.as_str()).collect();
    let free = |row: &&(Job, Option<Moment>)| {
        !held(row) && !busy.contains(&row.0.kind.as_str()) && only.is_none_or(|id| row.0.id == id)
    };
    let Some((job, _)) = open.iter().find(free) else { return Ok(None) };
    if job.attempts >= MOST_ATTEMPTS {
        let words = (
            "the job ended its worker several times and was given up",
            "задание несколько раз обрывало свой обработчик и снято",
        );
        let problem = Problem::new(ProblemCode::Internal, words);
        end(db, job.id, JobState::Failed, Some(&problem), now)?;
        return Ok(None);
    }
    diesel::update(jobs::table.find(job.id))
        .set((
            jobs::state.eq(JobState::Running),
            jobs::lease_owner.eq(&holder.name),
            jobs::lease_until.eq(holder.until(now)),
            jobs::attempts.eq(job.attempts + 1),
            jobs::started_at.eq(job.started_at.or(Some(now))),
        ))
        .execute(db)?;
    find(db, job.id).map(Some)
}

/// The job `id`, as long as the worker of this name holds it.
#[diesel::dsl::auto_type]
fn held_by<'a>(id: JobId, name: &'a str) -> _ {
    let running: JobState = JobState::Running;
    jobs::table.find(id).filter(jobs::lease_owner.eq(name)).filter(jobs::state.eq(running))
}

/// Says that the worker is alive and how far it is. Answers whether to go on: false when the job was called off or
/// another worker has taken it.
///
/// # Errors
/// Faults of the database.
pub fn beat(
    db: &mut Db,
    id: JobId,
    holder: &Holder,
    done: i64,
    total: Option<i64>,
    now: Moment,
) -> Result<bool> {
    let touched = diesel::update(held_by(id, &holder.name))
        .set((jobs::done.eq(done), jobs::total.eq(total), jobs::lease_until.eq(holder.until(now))))
        .execute(db)?;
    Ok(touched == 1 && !find(db, id)?.cancel_requested)
}

/// Takes hold of the job's row at the beginning of a long write, so that the signs of life wait for its end instead of
/// clashing with it.
///
/// # Errors
/// [`ProblemCode::WrongState`] if the job was called off or taken over.
pub fn hold(db: &mut Db, id: JobId, holder: &Holder, now: Moment) -> Result<()> {
    let mine = held_by(id, &holder.name).filter(jobs::cancel_requested.eq(false));
    let touched =
        diesel::update(mine).set(jobs::lease_until.eq(now.plus_seconds(LONG_WRITE_SECONDS))).execute(db)?;
    if touched == 1 { Ok(()) } else { Err(ProblemCode::WrongState.into()) }
}

/// Says that all `units` of the job are done: short work ends before its first sign of life.
///
/// # Errors
/// Faults of the database.
pub fn arrive(db: &mut Db, id: JobId, units: i64) -> Result<()> {
    diesel::update(jobs::table.find(id)).set((jobs::done.eq(units), jobs::total.eq(units))).execute(db)?;
    Ok(())
}

/// Ends the job as succeeded, in the transaction of its effect. Refuses, and so undoes the effect, when the job is no
/// longer this worker's.
///
/// # Errors
/// [`ProblemCode::WrongState`] if it was called off or taken over.
pub fn succeed(db: &mut Db, id: JobId, holder: &Holder, now: Moment) -> Result<()> {
    let mine = held_by(id, &holder.name).filter(jobs::cancel_requested.eq(false));
    let touched = diesel::update(mine)
        .set((
            jobs::state.eq(JobState::Succeeded),
            jobs::finished_at.eq(now),
            jobs::lease_until.eq(None::<Moment>),
        ))
        .execute(db)?;
    if touched == 1 { Ok(()) } else { Err(ProblemCode::WrongState.into()) }
}

/// Ends the job without effect, as the business of the worker that holds it.
///
/// # Errors
/// [`ProblemCode::WrongState`] if another worker has taken it.
pub fn close(
    db: &mut Db,
    id: JobId,
    holder: &Holder,
    state: JobState,
    problem: Option<&Problem>,
    now: Moment,
) -> Result<()> {
    if held_by(id, &holder.name).count().get_result::<i64>(db)? == 0 {
        return Err(ProblemCode::WrongState.into());
    }
    end(db, id, state, problem, now)
}

/// Takes the beginning of this worker off the count and lets go of the job: a stop of the server ended it, nothing in the
/// job (D273).
///
/// # Errors
/// Faults of the database.
pub fn take_back(db: &mut Db, id: JobId, holder: &Holder) -> Result<()> {
    let fewer = (jobs::attempts.eq(jobs::attempts - 1), jobs::lease_until.eq(None::<Moment>));
    diesel::update(held_by(id, &holder.name)).set(fewer).execute(db)?;
    Ok(())
}

fn end(db: &mut Db, id: JobId, state: JobState, problem: Option<&Problem>, now: Moment) -> Result<()> {
    let open = jobs::table.find(id).filter(jobs::state.eq_any([JobState::Queued, JobState::Running]));
    diesel::update(open)
        .set((
            jobs::state.eq(state),
            jobs::problem_code.eq(problem.map(|p| p.code.as_str())),
            jobs::problem_detail.eq(problem.and_then(|p| Some(&p.detail.as_ref()?.en))),
            jobs::problem_detail_ru.eq(problem.and_then(|p| Some(&p.detail.as_ref()?.ru))),
            jobs::finished_at.eq(now),
            jobs::lease_until.eq(None::<Moment>),
        ))
        .execute(db)?;
    Ok(())
}

/// Calls a job off: at once while it waits, at its next sign of life while it runs.
///
/// # Errors
/// [`ProblemCode::NotFound`]; [`ProblemCode::WrongState`] if it has ended.
pub fn cancel(db: &mut Db, id: JobId, now: Moment) -> Result<()> {
    match find(db, id)?.state {
        JobState::Queued => end(db, id, JobState::Cancelled, None, now),
        JobState::Running => {
            diesel::update(jobs::table.find(id)).set(jobs::cancel_requested.eq(true)).execute(db)?;
            Ok(())
        }
        _ => Err(ProblemCode::WrongState.into()),
    }
}

/// Lets go of every lease: for the embedded database at start, which no other server shares.
///
/// # Errors
/// Faults of the database.
pub fn release_all(db: &mut Db) -> Result<usize> {
    diesel::update(jobs::table.filter(jobs::state.eq(JobState::Running)))
        .set(jobs::lease_until.eq(None::<Moment>))
        .execute(db)
        .map_err(Error::from)
}
