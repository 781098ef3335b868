//! The rows of the runs.

use crate::{
    methodologies::{self, Methodology, MethodologyState},
    registry::lists::{self, List},
    types::{Attempt, ListId, MethodologyId, RunId},
};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Origin, Result, Tx,
    edit::{referenced, unreferenced},
    jobs::{self, JobId, JobState},
    schema::{identification_runs as runs, jobs as job_rows, lists as list_rows, methodologies as methods},
    schema::{procedures, results, verdicts},
};
use opora_primitives::{AcademicYear, Cursor, Limit, Moment, Page, Problem, ProblemCode, Reason};
use serde::Serialize;
use std::collections::HashMap;

/// The kind of the jobs that carry out runs.
pub const JOB_KIND: &str = "identification";

/// The methodology of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
pub struct MethodologyRef {
    /// Its id.
    pub id: MethodologyId,
    /// Its code.
    #[schema(example = "default")]
    pub code: String,
    /// Its edition.
    #[schema(minimum = 1, example = 1)]
    pub edition: i32,
}

/// The version of the list beside which a run was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
#[schema(as = SchoolListRef)]
pub struct ListRef {
    /// Its id.
    pub id: ListId,
    /// The year of the list.
    #[schema(minimum = 2000, maximum = 2100, example = 2020)]
    pub list_year: i32,
    /// Which version of that year.
    #[schema(minimum = 1, example = 1)]
    pub revision: i32,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = IdentificationRun)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The methodology it applies.
    pub methodology: MethodologyRef,
    /// The list it stands beside.
    pub list: ListRef,
    /// The judged year.
    pub academic_year: AcademicYear,
    /// The job that carries it out.
    pub job_id: Option<JobId>,
    /// Where that job stands: there are verdicts when it has succeeded.
    pub state: JobState,
    /// When it was asked for.
    pub created_at: Moment,
    /// When the verdicts were there.
    pub finished_at: Option<Moment>,
    /// SHA-256 of everything the verdicts depend on, in hexadecimal: runs with the same fingerprint have the same
    /// verdicts.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub inputs_hash: Option<String>,
    /// Results looked at.
    #[schema(minimum = 0)]
    pub inputs_rows: Option<i64>,
    /// Schools with a verdict, in the whole region.
    #[schema(minimum = 0)]
    pub schools: Option<i32>,
}

/// What a run is made from; what is absent takes the newest there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRun {
    /// A published methodology; absent, the one published last.
    pub methodology: Option<MethodologyId>,
    /// A version of the list; absent, the newest version of the newest year.
    pub list: Option<ListId>,
    /// The year to judge; absent, the newest year with results.
    pub academic_year: Option<AcademicYear>,
}

/// Makes a run and queues its job.
///
/// # Errors
/// Refused fields: a methodology or a list that does not exist, or that is not given when there is none to take, and
/// the same for the year; a year that has not begun, or that has no results, nor have the years before it that the
/// methodology looks at (D199); [`ProblemCode::WrongState`] for a draft methodology.
pub fn create(tx: &mut Tx, origin: &Origin, new: &NewRun) -> Result<Run> {
    let methodology = methodology_of(tx, new)?;
    let list = list_of(tx, new)?;
    let year = match new.academic_year {
        Some(year) if year.first_day() > tx.at.date() => {
            return Err(Problem::field("/academic_year", Reason::OutOfRange).into());
        }
        Some(year) => year,
        None => newest_year(tx)?.ok_or_else(|| Problem::field("/academic_year", Reason::Required))?,
    };
    if !is_measured(tx, year, methodology.parameters.years())? {
        return Err(Problem::field("/academic_year", Reason::WithoutResults).into());
    }
    let row = (
        runs::methodology_id.eq(methodology.id),
        runs::list_id.eq(list.id),
        runs::academic_year.eq(year),
        runs::created_by.eq(origin.user_id()),
        runs::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let id: RunId = diesel::insert_into(runs::table).values(row).returning(runs::id).get_result(db)?;
    jobs::enqueue(tx, origin, JOB_KIND, id.0)?;
    let run = find(tx, id)?;
    tx.record(change(&run, Operation::Create));
    Ok(run)
}

/// The record of a change of the run as a whole; its verdicts carry its id and are not recorded one by one.
pub(super) fn change(run: &Run, operation: Operation) -> Change {
    Change::new("identification-runs", run.id, operation).after(contents(run))
}

pub(super) fn contents(run: &Run) -> serde_json::Value {
    serde_json::to_value(run).unwrap_or_default()
}

/// `found`, or a refusal of the field at `pointer`: its reference leads nowhere, or there is nothing to take by default.
fn reference<T>(found: Result<T>, pointer: &str, given: bool) -> Result<T> {
    found.map_err(|error| match error {
        Error::Problem(problem) if problem.code == ProblemCode::NotFound => {
            let reason = if given { Reason::UnknownReference } else { Reason::Required };
            Problem::field(pointer, reason).into()
        }
        other => other,
    })
}

fn methodology_of(db: &mut Db, new: &NewRun) -> Result<Methodology> {
    let found = match new.methodology {
        Some(id) => methodologies::find(db, id),
        None => methodologies::newest(db),
    };
    let found = reference(found, "/methodology_id", new.methodology.is_some())?;
    match found.state {
        MethodologyState::Published => Ok(found),
        MethodologyState::Draft => {
            let words = (
                "the methodology is a draft; publish it first",
                "методика ещё черновик; сначала опубликуйте её",
            );
            Err(Problem::new(ProblemCode::WrongState, words).into())
        }
    }
}

fn list_of(db: &mut Db, new: &NewRun) -> Result<List> {
    let found = match new.list {
        Some(id) => lists::find(db, id),
        None => lists::newest(db, None),
    };
    reference(found, "/list_id", new.list.is_some())
}

fn newest_year(db: &mut Db) -> Result<Option<AcademicYear>> {
    let with_results = diesel::dsl::exists(results::table.filter(results::procedure_id.eq(procedures::id)));
    let years = procedures::table.filter(with_results).order(procedures::academic_year.desc());
    Ok(years.select(procedures::academic_year).first(db).optional()?)
}

/// Whether one of the last `years` up to `judged` has results of the main period.
fn is_measured(db: &mut Db, judged: AcademicYear, years: u8) -> Result<bool> {
    let of_procedure = results::procedure_id.eq(procedures::id).and(results::attempt.eq(Attempt::Main));
    let found: Option<i32> = procedures::table
        .filter(procedures::academic_year.le(judged))
        .filter(procedures::academic_year.gt(judged.start() - i32::from(years)))
        .filter(diesel::dsl::exists(results::table.filter(of_procedure)))
        .select(procedures::academic_year)
        .first(db)
        .optional()?;
    Ok(found.is_some())
}

type Row = (RunId, AcademicYear, Moment, Option<Moment>, Option<String>, Option<i64>, Option<i32>);

/// Rows and what they refer to, still without their jobs.
macro_rules! rows {
    () => {
        runs::table.inner_join(methods::table).inner_join(list_rows::table).select((
            (
                runs::id,
                runs::academic_year,
                runs::created_at,
                runs::finished_at,
                runs::inputs_hash,
                runs::inputs_rows,
                runs::schools,
            ),
            (methods::id, methods::code, methods::edition),
            (list_rows::id, list_rows::list_year, list_rows::revision),
        ))
    };
}

/// The run `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: RunId) -> Result<Run> {
    let row = rows!().filter(runs::id.eq(id)).first(db)?;
    with_jobs(db, vec![row])?.pop().ok_or_else(|| ProblemCode::NotFound.into())
}

/// Removes the run `id` with its verdicts.
///
/// # Errors
/// Not found; [`ProblemCode::WrongState`] while its job waits or is at work; [`ProblemCode::StillReferenced`] if
/// something rests on it: a run of the models' rules.
pub fn delete(tx: &mut Tx, id: RunId) -> Result<()> {
    let run = find(tx, id)?;
    if matches!(run.state, JobState::Queued | JobState::Running) {
        return Err(Problem::new(
            ProblemCode::WrongState,
            ("its job has not ended", "задание расчёта ещё не завершено"),
        )
        .into());
    }
    unreferenced(tx, "identification_runs", id.0)?;
    diesel::delete(verdicts::table.filter(verdicts::run_id.eq(id))).execute(&mut **tx)?;
    diesel::delete(runs::table.find(id)).execute(&mut **tx).map_err(referenced)?;
    tx.record(Change::new("identification-runs", id, Operation::Delete).before(contents(&run)));
    Ok(())
}

/// Every finished run, the newest first.
///
/// # Errors
/// Faults of the database.
pub fn finished(db: &mut Db) -> Result<Vec<Run>> {
    let rows = rows!().filter(runs::finished_at.is_not_null()).order(runs::id.desc()).load(db)?;
    with_jobs(db, rows)
}

/// Runs, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, limit: Limit, cursor: Option<&str>) -> Result<Page<Run>> {
    const SCOPE: &str = "identification runs";
    let before = cursor.map(|cursor| Cursor::decode::<RunId>(SCOPE, cursor)).transpose()?;
    let before = before.unwrap_or(RunId(i64::MAX));
    let query = rows!().filter(runs::id.lt(before)).order(runs::id.desc());
    let rows = query.limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(with_jobs(db, rows)?, limit, SCOPE, |run: &Run| run.id))
}

fn with_jobs(db: &mut Db, rows: Vec<(Row, MethodologyRef, ListRef)>) -> Result<Vec<Run>> {
    let ids: Vec<i64> = rows.iter().map(|((id, ..), ..)| id.0).collect();
    let jobs: HashMap<i64, (JobId, JobState)> = job_rows::table
        .filter(job_rows::kind.eq(JOB_KIND))
        .filter(job_rows::subject_id.eq_any(ids))
        .select((job_rows::subject_id, (job_rows::id, job_rows::state)))
        .load::<(i64, (JobId, JobState))>(db)?
        .into_iter()
        .collect();
    Ok(rows.into_iter().map(|(row, methodology, list)| shape(row, methodology, list, &jobs)).collect())
}

fn shape(
    row: Row,
    methodology: MethodologyRef,
    list: ListRef,
    jobs: &HashMap<i64, (JobId, JobState)>,
) -> Run {
    let (id, academic_year, created_at, finished_at, inputs_hash, inputs_rows, schools) = row;
    let job = jobs.get(&id.0).copied();
    // Old jobs may be cleared away; what a run has then tells how its job ended.
    let ended = if finished_at.is_some() { JobState::Succeeded } else { JobState::Failed };
    Run {
        id,
        methodology,
        list,
        academic_year,
        job_id: job.map(|(id, _)| id),
        state: job.map_or(ended, |(_, state)| state),
        created_at,
        finished_at,
        inputs_hash,
        inputs_rows,
        schools,
    }
}
