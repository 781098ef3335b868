//! Reports as rows, and what may happen to them.

use super::{
    AsOf, DueReport, DueReportOnDay, Period, Report, ReportId, ReportKind, ReportState, RoundOutcome, Texts,
    rounds, types::printable,
};
use crate::{
    plan::{
        self, PlanId,
        store::{Plan, PlanRef},
    },
    words,
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Origin, Result, Tx,
    edit::{Expected, same_version},
    if_found,
    schema::reports,
};
use opora_primitives::{Cursor, Limit, Moment, Page, Problem, ProblemCode, Reason, Words};
use opora_schools::{
    runs::{self, Run},
    types::RunId,
};

type Row = (
    (
        ReportId,
        ReportKind,
        Period,
        PlanId,
        Option<RunId>,
        ReportState,
        String,
        Option<String>,
        Option<String>,
    ),
    (Option<i64>, Moment, Option<i64>, Option<Moment>, Option<Moment>, Option<i64>, Option<Moment>, i64),
);

/// The columns of [`Row`]: everything but what was submitted, which is long.
macro_rules! columns {
    () => {
        (
            (
                reports::id,
                reports::kind,
                reports::period,
                reports::plan_id,
                reports::run_id,
                reports::state,
                reports::texts,
                reports::remarks,
                reports::sha256,
            ),
            (
                reports::created_by,
                reports::created_at,
                reports::submitted_by,
                reports::submitted_at,
                reports::first_submitted_at,
                reports::decided_by,
                reports::decided_at,
                reports::version,
            ),
        )
    };
}

fn read((what, who): Row) -> Result<Report> {
    let (id, kind, period, plan_id, identification_run_id, state, texts, remarks, sha256) = what;
    let (created_by, created_at, submitted_by, submitted_at, first_submitted_at, ..) = who;
    let (.., decided_by, decided_at, version) = who;
    let texts = serde_json::from_str(&texts).map_err(|e| Error::fault(format!("report {id}: {e}")))?;
    Ok(Report {
        id,
        kind,
        period,
        plan_id,
        identification_run_id,
        state,
        texts,
        remarks,
        sha256,
        created_by,
        created_at,
        submitted_by,
        submitted_at,
        first_submitted_at,
        decided_by,
        decided_at,
        version,
    })
}

/// What a new report is made from.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// What is reported.
    pub kind: ReportKind,
    /// The half-year.
    pub period: Period,
    /// The plan it is about; unless given, the newest that covers the period (D207).
    pub plan: Option<PlanRef>,
    /// The finished identification run a note on identification rests on; unless given, the newest that was there on the
    /// day the figures are as of or, if there was none, the newest that knows nothing later.
    pub run: Option<RunId>,
}

/// Makes a draft.
///
/// # Errors
/// [`ProblemCode::AlreadyExists`] if the period has a report of the kind, about whichever plan. Refused fields: a plan or a
/// run that does not exist, a run where none belongs or one that knows more than was known then, a period that has not begun
/// or lies outside the plan or, for a half-yearly report, one without a due day.
pub fn create(tx: &mut Tx, origin: &Origin, new: &NewReport) -> Result<Report> {
    if new.period.first_day() > tx.at.date() {
        return Err(Problem::field("/period", Reason::OutOfRange).into());
    }
    let plan = plan_of(tx, new)?;
    check_free(tx, new)?;
    let run = run_of(tx, new)?;
    let row = (
        reports::kind.eq(new.kind),
        reports::period.eq(new.period),
        reports::plan_id.eq(plan.id),
        reports::run_id.eq(run),
        reports::state.eq(ReportState::Draft),
        reports::texts.eq(document(&Texts::default())?),
        reports::created_by.eq(origin.user_id()),
        reports::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let id: ReportId =
        diesel::insert_into(reports::table).values(row).returning(reports::id).get_result(db)?;
    let made = find(db, id)?;
    tx.record(change(&made, Operation::Create).after(contents(&made)));
    Ok(made)
}

fn plan_of(db: &mut Db, new: &NewReport) -> Result<Plan> {
    let plans = match &new.plan {
        Some(plan) => {
            let found = if_found(plan::store::find(db, plan))?;
            vec![found.ok_or_else(|| Problem::field("/plan", Reason::UnknownReference))?]
        }
        None => plan::store::newest_first(db)?,
    };
    if plans.is_empty() {
        return Err(Problem::field("/plan", Reason::Required).into());
    }
    let due = plans[0].due_reports();
    let Some(plan) = plans.into_iter().find(|plan| covers(plan, new)) else {
        let detail = if new.kind == ReportKind::HalfYear { due_words(&due) } else { None };
        return Err(Problem { detail, ..Problem::field("/period", Reason::OutOfRange) }.into());
    };
    Ok(plan)
}

/// Whether such a report about the period belongs to `plan`.
fn covers(plan: &Plan, new: &NewReport) -> bool {
    match new.kind {
        ReportKind::HalfYear => plan.due_reports().iter().any(|due| due.period == new.period),
        _ => plan.starts_on <= new.period.last_day() && new.period.first_day() <= plan.ends_on,
    }
}

/// One report of a kind for a half-year: addresses name no plan.
fn check_free(db: &mut Db, new: &NewReport) -> Result<()> {
    let Some(other) = if_found(of_period(db, new.kind, new.period))? else { return Ok(()) };
    let plan = plan::store::find(db, &PlanRef::Id(other.plan_id))?.code;
    let words = (
        format!("there is a report of this kind about {}; it is about the plan {plan}", new.period),
        format!("отчёт этого вида {} уже есть; он о плане {plan}", new.period.ru()),
    );
    Err(Problem::new(ProblemCode::AlreadyExists, words).into())
}

/// Which half-yearly reports there are to make, and what the first one covers (decision 3).
fn due_words(due: &[DueReport]) -> Option<Words> {
    let first = due.first()?;
    let periods: Vec<String> = due.iter().map(|due| due.period.to_string()).collect();
    let (periods, from, to) = (periods.join(", "), first.from, first.to);
    Some(Words::from((
        format!(
            "the reports on this plan are {periods}; the first one covers everything from {from} to {to}"
        ),
        format!(
            "отчёты по этому плану: {periods}; первый охватывает всё с {} по {}",
            words::day(from),
            words::day(to)
        ),
    )))
}

fn run_of(tx: &mut Tx, new: &NewReport) -> Result<Option<RunId>> {
    let at = "/identification_run_id";
    let as_of = AsOf::of(new.period, tx.at.date()).on;
    match (new.kind, new.run) {
        (ReportKind::Identification, Some(run)) => {
            let found = if_found(runs::find(tx, run))?.filter(|run| run.finished_at.is_some());
            let run = found.ok_or_else(|| Problem::field(at, Reason::UnknownReference))?;
            match knows_nothing_later(&run, as_of) {
                true => Ok(Some(run.id)),
                false => Err(Problem::field(at, Reason::OutOfRange).into()),
            }
        }
        (ReportKind::Identification, None) => {
            let finished = runs::finished(tx)?;
            let fitting = || finished.iter().filter(|run| knows_nothing_later(run, as_of));
            // What was in force on the day, though another run may have taken its place since; before what was made
            // afterwards.
            let in_force = fitting().find(|run| is_of_time(run, as_of)).or_else(|| fitting().next());
            in_force.map(|run| Some(run.id)).ok_or_else(|| Problem::field(at, Reason::Required).into())
        }
        (_, Some(_)) => Err(Problem::field(at, Reason::Contradiction).into()),
        (_, None) => Ok(None),
    }
}

/// Whether the run was there on the day `on`.
fn is_of_time(run: &Run, on: NaiveDate) -> bool {
    run.finished_at.is_some_and(|at| at.date() <= on)
}

/// Whether the run may stand in a note as of the day `on` (D200): one that was there on that day, or one that was made
/// afterwards from what was there: of a school year that was over, beside a list of that year at the latest.
fn knows_nothing_later(run: &Run, on: NaiveDate) -> bool {
    is_of_time(run, on) || (run.academic_year.last_day() <= on && run.list.list_year <= on.year())
}

/// The half-yearly reports that are due about a plan, as they stand on the day `on`.
///
/// # Errors
/// Not found.
pub fn schedule(db: &mut Db, plan: &PlanRef, on: NaiveDate) -> Result<Vec<DueReportOnDay>> {
    let plan = plan::store::find(db, plan)?;
    due_on_day(db, &plan, on)
}

/// The half-yearly reports that are due about `plan`, as they stand on the day `on`.
///
/// # Errors
/// Faults of the database.
pub fn due_on_day(db: &mut Db, plan: &Plan, on: NaiveDate) -> Result<Vec<DueReportOnDay>> {
    type Life = (Period, ReportState, Option<Moment>, Option<Moment>);
    let lives: Vec<Life> = reports::table
        .filter(reports::kind.eq(ReportKind::HalfYear).and(reports::plan_id.eq(plan.id)))
        .select((reports::period, reports::state, reports::first_submitted_at, reports::decided_at))
        .load(db)?;
    let stood = |due: DueReport| {
        let life = lives.iter().find(|(period, ..)| *period == due.period);
        let submitted = life.and_then(|(_, _, submitted, _)| *submitted);
        let accepted = life.filter(|(_, state, ..)| *state == ReportState::Accepted).and_then(|life| life.3);
        due.on_day(on, submitted.map(|at| at.date()), accepted.map(|at| at.date()))
    };
    Ok(plan.due_reports().into_iter().map(stood).collect())
}

fn document(texts: &Texts) -> Result<String> {
    serde_json::to_string(texts).map_err(Error::fault)
}

fn change(report: &Report, operation: Operation) -> Change {
    let natural_key = serde_json::json!({ "kind": report.kind, "period": report.period });
    Change::new("reports", report.id, operation).named(natural_key)
}

fn contents(report: &Report) -> serde_json::Value {
    serde_json::to_value(report).unwrap_or_default()
}

/// The report `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: ReportId) -> Result<Report> {
    read(reports::table.find(id).select(columns!()).first(db)?)
}

/// The report of `kind` about `period`.
///
/// # Errors
/// Not found.
pub fn of_period(db: &mut Db, kind: ReportKind, period: Period) -> Result<Report> {
    let wanted = reports::table.filter(reports::kind.eq(kind)).filter(reports::period.eq(period));
    read(wanted.select(columns!()).first(db)?)
}

/// What names a state of a report: the columns that a caller who asks again for it costs.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Mark {
    /// Its id.
    pub id: ReportId,
    /// The half-year.
    pub period: Period,
    /// Where it stands.
    pub state: ReportState,
    /// When it was submitted last.
    pub submitted_at: Option<Moment>,
    /// When it was accepted or given back last.
    pub decided_at: Option<Moment>,
    /// Counts the changes.
    pub version: i64,
}

/// The report of `kind` about `period`, or the accepted one about the newest period.
///
/// # Errors
/// Not found.
pub fn mark(db: &mut Db, kind: ReportKind, period: Option<Period>) -> Result<Mark> {
    let of_kind = reports::table.filter(reports::kind.eq(kind)).select((
        reports::id,
        reports::period,
        reports::state,
        reports::submitted_at,
        reports::decided_at,
        reports::version,
    ));
    Ok(match period {
        Some(period) => of_kind.filter(reports::period.eq(period)).first(db)?,
        None => {
            let accepted = of_kind.filter(reports::state.eq(ReportState::Accepted));
            accepted.order(reports::period.desc()).first(db)?
        }
    })
}

/// Accepted reports, the one accepted last first, at most 100.
///
/// # Errors
/// Faults of the database.
pub fn accepted(db: &mut Db) -> Result<Vec<Report>> {
    let accepted = reports::table.filter(reports::state.eq(ReportState::Accepted));
    let newest = accepted.order((reports::decided_at.desc(), reports::id.desc())).limit(100);
    let rows: Vec<Row> = newest.select(columns!()).load(db)?;
    rows.into_iter().map(read).collect()
}

/// Which reports are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<ReportKind>,
    /// In this state.
    pub state: Option<ReportState>,
    /// Whether the reader writes reports; others see those that were submitted.
    pub is_author: bool,
}

/// Reports, those made last first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, filter: &Filter, limit: Limit, cursor: Option<&str>) -> Result<Page<Report>> {
    let scope = format!("reports {filter:?}");
    let Filter { kind, state, is_author } = *filter;
    let mut query = reports::table.select(columns!()).into_boxed();
    if let Some(kind) = kind {
        query = query.filter(reports::kind.eq(kind));
    }
    if let Some(state) = state {
        query = query.filter(reports::state.eq(state));
    }
    if !is_author {
        query = query.filter(reports::sha256.is_not_null());
    }
    if let Some(cursor) = cursor {
        query = query.filter(reports::id.lt(Cursor::decode::<ReportId>(&scope, cursor)?));
    }
    let rows: Vec<Row> = query.order(reports::id.desc()).limit(limit.to_fetch()).load(db)?;
    let rows = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, limit, &scope, |report: &Report| report.id))
}

/// What was submitted, in its canonical form.
///
/// # Errors
/// Not found, if nothing was.
pub fn snapshot(db: &mut Db, id: ReportId) -> Result<String> {
    let snapshot: Option<String> = reports::table.find(id).select(reports::snapshot).first(db)?;
    snapshot.ok_or_else(|| ProblemCode::NotFound.into())
}

/// The report `id`, if it is still at `version` and in a state that `fits`.
fn at_version(
    db: &mut Db,
    id: ReportId,
    version: impl Into<Expected>,
    fits: impl Fn(ReportState) -> bool,
) -> Result<Report> {
    let found = find(db, id)?;
    same_version(found.version, version)?;
    if fits(found.state) { Ok(found) } else { Err(ProblemCode::WrongState.into()) }
}

fn updated(tx: &mut Tx, before: &Report) -> Result<Report> {
    let after = find(tx, before.id)?;
    tx.record(change(&after, Operation::Update).before(contents(before)).after(contents(&after)));
    Ok(after)
}

/// Replaces the texts of an open report.
///
/// # Errors
/// Not found; [`ProblemCode::PreconditionFailed`]; [`ProblemCode::WrongState`] once it is submitted; all refused texts
/// at once.
pub fn write_texts(tx: &mut Tx, id: ReportId, version: impl Into<Expected>, texts: &Texts) -> Result<Report> {
    let before = at_version(tx, id, version, ReportState::is_open)?;
    let plan = plan::store::find(tx, &PlanRef::Id(before.plan_id))?;
    let (_, current) = plan::store::version(tx, &plan, None)?;
    let explained = |number: &str| before.kind == ReportKind::HalfYear && current.activity(number).is_some();
    let flaws = texts.flaws("/texts", before.kind.parts(), &explained);
    if !flaws.is_empty() {
        return Err(Problem::fields(flaws).into());
    }
    diesel::update(reports::table.find(id))
        .set((reports::texts.eq(document(texts)?), reports::version.eq(before.version + 1)))
        .execute(&mut **tx)?;
    updated(tx, &before)
}

/// Submits an open report as `snapshot`, which was made from its texts at `version`, to the ministry.
///
/// # Errors
/// As [`write_texts`]; [`ProblemCode::PeriodNotOver`] until the last day of the period has passed (D206).
pub fn submit(
    tx: &mut Tx,
    origin: &Origin,
    id: ReportId,
    version: impl Into<Expected>,
    snapshot: &Snapshot,
) -> Result<Report> {
    let before = at_version(tx, id, version, ReportState::is_open)?;
    let at = tx.at;
    if !AsOf::of(before.period, at.date()).over {
        return Err(not_over(before.period).into());
    }
    diesel::update(reports::table.find(id))
        .set((
            reports::state.eq(ReportState::Submitted),
            reports::snapshot.eq(&snapshot.canonical),
            reports::sha256.eq(&snapshot.sha256),
            reports::submitted_by.eq(origin.user_id()),
            reports::submitted_at.eq(at),
            reports::first_submitted_at.eq(before.first_submitted_at.unwrap_or(at)),
            reports::version.eq(before.version + 1),
        ))
        .execute(&mut **tx)?;
    updated(tx, &before)
}

fn not_over(period: Period) -> Problem {
    let last = period.last_day();
    let words = (
        format!("the period ends on {last}; the report can be submitted from the next day on"),
        format!("период заканчивается {}; отчёт можно представить со следующего дня", words::day(last)),
    );
    Problem::new(ProblemCode::PeriodNotOver, words)
}

/// What is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// JSON with sorted fields and without spaces.
    pub canonical: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// What the ministry says of a submitted report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It takes it.
    Accept,
    /// It gives it back with these remarks.
    Return(String),
}

/// Longest remarks, in characters.
const MOST_REMARKS: usize = 5000;

/// Accepts a submitted report or gives it back. Who decides is neither who made nor who submitted it (decision 17).
///
/// # Errors
/// Not found; [`ProblemCode::PreconditionFailed`]; [`ProblemCode::WrongState`] unless it is submitted;
/// [`ProblemCode::OwnReport`]; refused remarks.
pub fn decide(
    tx: &mut Tx,
    origin: &Origin,
    id: ReportId,
    version: impl Into<Expected>,
    decision: &Decision,
) -> Result<Report> {
    let before = at_version(tx, id, version, |state| state == ReportState::Submitted)?;
    if origin.user_id().is_none() || [before.created_by, before.submitted_by].contains(&origin.user_id()) {
        return Err(ProblemCode::OwnReport.into());
    }
    let (state, outcome, remarks) = match decision {
        Decision::Accept => (ReportState::Accepted, RoundOutcome::Accepted, None),
        Decision::Return(remarks) => (ReportState::Returned, RoundOutcome::Returned, Some(checked(remarks)?)),
    };
    let at = tx.at;
    diesel::update(reports::table.find(id))
        .set((
            reports::state.eq(state),
            reports::remarks.eq(remarks),
            reports::decided_by.eq(origin.user_id()),
            reports::decided_at.eq(at),
            reports::version.eq(before.version + 1),
        ))
        .execute(&mut **tx)?;
    let after = updated(tx, &before)?;
    rounds::keep(tx, &after, outcome)?;
    Ok(after)
}

fn checked(remarks: &str) -> Result<&str> {
    let remarks = remarks.trim();
    let refuse = |reason| Err(Problem::field("/remarks", reason).into());
    match remarks.chars().count() {
        0 => refuse(Reason::Required),
        n if n > MOST_REMARKS => refuse(Reason::WrongLength),
        _ => printable(remarks).map(|()| remarks).or_else(refuse),
    }
}

/// Removes a draft that was never submitted.
///
/// # Errors
/// Not found; [`ProblemCode::PreconditionFailed`]; [`ProblemCode::WrongState`] once it was submitted.
pub fn delete(tx: &mut Tx, id: ReportId, version: impl Into<Expected>) -> Result<()> {
    let before = at_version(tx, id, version, |state| state == ReportState::Draft)?;
    diesel::delete(reports::table.find(id)).execute(&mut **tx)?;
    tx.record(change(&before, Operation::Delete).before(contents(&before)));
    Ok(())
}
