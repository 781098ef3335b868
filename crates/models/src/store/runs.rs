//! Runs of the models' rules.

use super::{Viewer, evidence, facts};
use crate::{
    rules::{CoverageGap, GapKind, ProposalWarning, Proposals, RULE_VERSION, days_of_a_run, propose},
    types::{ModelCode, ProposalRunId, ProposalState},
};
use chrono::NaiveDate;
use diesel::{dsl::count_star, prelude::*};
use opora_db::{
    Change, Db, Error, Operation, Result, Tx, on_each,
    schema::{coverage_gaps, municipalities, proposal_runs, proposals, schools},
};
use opora_primitives::{
    Area, Cursor, Limit, Moment, MunicipalityId, Page, Problem, ProblemCode, Reason, SchoolId,
};
use opora_schools::{
    registry::{bounds, visible_schools, with_districts},
    types::RunId,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A run of the rules over the facts of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = proposal_runs)]
pub struct ProposalRun {
    /// Its id.
    pub id: ProposalRunId,
    /// The identification run behind "low" and "listed".
    pub identification_run_id: RunId,
    /// Version of the rules.
    #[schema(example = "2020.1")]
    pub rule_version: String,
    /// The day the facts are of.
    pub as_of: NaiveDate,
    /// Who asked for it.
    pub created_by: Option<i64>,
    /// When the run was made.
    pub created_at: Moment,
    /// How many proposals it made, in the whole region.
    #[schema(minimum = 0, example = 214)]
    pub proposals: i32,
}

/// How many proposals of a run have a model and a state.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, utoipa::ToSchema)]
pub struct ProposalCount {
    /// The model.
    pub model: ModelCode,
    /// What became of them.
    pub state: ProposalState,
    /// How many proposals.
    #[schema(minimum = 0, example = 16)]
    pub count: i64,
}

/// What a run says, to one reader.
#[derive(Clone, Debug)]
pub struct RunDetail {
    /// The run.
    pub run: ProposalRun,
    /// Proposals inside the reader's area, those that name people with them: a count names nobody.
    pub counts: Vec<ProposalCount>,
    /// How many of these name people, and are not shown to the reader.
    pub people_hidden: i64,
    /// Warnings about schools inside the reader's area.
    pub warnings: Vec<ProposalWarning>,
}

/// A gap of coverage, with the name of the municipality.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NamedCoverageGap {
    /// The run that found it.
    pub proposal_run_id: ProposalRunId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// Its name.
    pub municipality_name: String,
    /// Too few or too many.
    pub kind: GapKind,
    /// Its listed schools.
    #[schema(minimum = 0, example = 2)]
    pub listed: u32,
}

impl NamedCoverageGap {
    /// The gap as the rules know it.
    pub fn gap(&self) -> CoverageGap {
        CoverageGap { municipality: self.municipality_id, listed: self.listed, kind: self.kind }
    }
}

/// What a run is about to write.
#[derive(Clone, Debug)]
pub struct Prepared {
    run: RunId,
    as_of: NaiveDate,
    found: Proposals,
}

/// Applies the rules to the facts of `as_of`. To be called in one consistent read.
///
/// # Errors
/// As [`evidence::run`]; a refused `as_of` before the list of the run, or more than a year after `today`.
pub fn prepare(db: &mut Db, wanted: Option<RunId>, as_of: NaiveDate, today: NaiveDate) -> Result<Prepared> {
    let run = evidence::run(db, wanted)?;
    if !days_of_a_run(run.list_year, today).contains(as_of) {
        return Err(Problem::field("/as_of", Reason::OutOfRange).into());
    }
    let facts = facts::gather(db, &run, as_of)?;
    Ok(Prepared { run: run.id, as_of, found: propose(&facts, as_of, RULE_VERSION) })
}

/// Writes a run with its proposals, gaps and warnings. Open proposals of earlier runs are superseded. What was decided
/// between the reading and this write is found again when a proposal is confirmed.
///
/// # Errors
/// Faults of the database.
pub fn store(tx: &mut Tx, prepared: &Prepared, actor: Option<i64>) -> Result<ProposalRun> {
    let found = &prepared.found;
    let row = (
        proposal_runs::identification_run_id.eq(prepared.run),
        proposal_runs::rule_version.eq(RULE_VERSION),
        proposal_runs::as_of.eq(prepared.as_of),
        proposal_runs::created_by.eq(actor),
        proposal_runs::created_at.eq(tx.at),
        proposal_runs::proposals.eq(i32::try_from(found.proposals.len()).map_err(Error::fault)?),
        proposal_runs::warnings.eq(serde_json::to_string(&found.warnings).map_err(Error::fault)?),
    );
    let id: ProposalRunId = diesel::insert_into(proposal_runs::table)
        .values(row)
        .returning(proposal_runs::id)
        .get_result(&mut **tx)?;
    let superseded = diesel::update(proposals::table.filter(proposals::state.eq(ProposalState::Open)))
        .set((proposals::state.eq(ProposalState::Superseded), proposals::version.eq(proposals::version + 1)))
        .execute(&mut **tx)?;
    insert_proposals(tx, id, found)?;
    insert_gaps(tx, id, found)?;
    let run = find(tx, id)?;
    let after = serde_json::json!({ "run": run, "superseded": superseded });
    tx.record(Change::new("proposal-runs", id, Operation::Create).after(after));
    Ok(run)
}

/// Rows of one insert.
const BATCH: usize = 500;

fn insert_proposals(db: &mut Db, run: ProposalRunId, found: &Proposals) -> Result<()> {
    for batch in found.proposals.chunks(BATCH) {
        let rows = batch
            .iter()
            .map(|p| {
                Ok((
                    proposals::proposal_run_id.eq(run),
                    proposals::model.eq(p.model),
                    proposals::branch.eq(p.branch),
                    proposals::subject_kind.eq(p.subject.kind()),
                    proposals::school_id.eq(p.subject.school()),
                    proposals::municipality_id.eq(p.subject.municipality()),
                    proposals::staff_id.eq(p.subject.staff()),
                    proposals::valid_from.eq(p.period.from),
                    proposals::valid_to.eq(p.period.to),
                    proposals::reason.eq(serde_json::to_string(&p.reason).map_err(Error::fault)?),
                    proposals::state.eq(ProposalState::Open),
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        on_each!(&mut *db, c => diesel::insert_into(proposals::table).values(&rows).execute(c))?;
    }
    Ok(())
}

fn insert_gaps(db: &mut Db, run: ProposalRunId, found: &Proposals) -> Result<()> {
    for batch in found.coverage_gaps.chunks(BATCH) {
        let rows = batch
            .iter()
            .map(|gap| {
                Ok((
                    coverage_gaps::proposal_run_id.eq(run),
                    coverage_gaps::municipality_id.eq(gap.municipality),
                    coverage_gaps::kind.eq(gap.kind),
                    coverage_gaps::listed.eq(i32::try_from(gap.listed).map_err(Error::fault)?),
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        on_each!(&mut *db, c => diesel::insert_into(coverage_gaps::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Removes the run `id` with what it proposed, if nobody has decided any of it. What it superseded stays so.
///
/// # Errors
/// Not found; [`ProblemCode::ProposalDecided`].
pub fn delete(tx: &mut Tx, id: ProposalRunId) -> Result<()> {
    let run = find(tx, id)?;
    let made = proposals::table.filter(proposals::proposal_run_id.eq(id));
    let by_people = [ProposalState::Confirmed, ProposalState::Declined];
    let decided: i64 =
        made.filter(proposals::state.eq_any(by_people)).select(count_star()).first(&mut **tx)?;
    if decided > 0 {
        let words = (
            format!("{decided} of its proposals have been decided"),
            format!("решений по предложениям этого расчёта: {decided}"),
        );
        return Err(Problem::new(ProblemCode::ProposalDecided, words).into());
    }
    diesel::delete(made).execute(&mut **tx)?;
    diesel::delete(coverage_gaps::table.filter(coverage_gaps::proposal_run_id.eq(id))).execute(&mut **tx)?;
    diesel::delete(proposal_runs::table.find(id)).execute(&mut **tx)?;
    let before = serde_json::to_value(&run).map_err(Error::fault)?;
    tx.record(Change::new("proposal-runs", id, Operation::Delete).before(before));
    Ok(())
}

/// Runs, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, limit: Limit, cursor: Option<&str>) -> Result<Page<ProposalRun>> {
    let scope = "proposal runs";
    let mut query = proposal_runs::table.select(ProposalRun::as_select()).into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(proposal_runs::id.lt(Cursor::decode::<ProposalRunId>(scope, cursor)?));
    }
    let rows = query.order(proposal_runs::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, scope, |run: &ProposalRun| run.id))
}

/// The run `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: ProposalRunId) -> Result<ProposalRun> {
    Ok(proposal_runs::table.find(id).select(ProposalRun::as_select()).first(db)?)
}

/// The run `id` as `viewer` may see it.
///
/// # Errors
/// Not found.
pub fn detail(db: &mut Db, viewer: Viewer, id: ProposalRunId) -> Result<RunDetail> {
    let run = find(db, id)?;
    let everybody = Viewer { people: true, ..viewer };
    let query = proposals::table
        .filter(proposals::proposal_run_id.eq(id))
        .group_by((proposals::model, proposals::state))
        .select((proposals::model, proposals::state, count_star()))
        .into_boxed();
    let counts = within!(query, proposals, everybody).order((proposals::model, proposals::state)).load(db)?;
    let people_hidden = if viewer.people { 0 } else { naming_people(db, everybody, id)? };
    let document: String = proposal_runs::table.find(id).select(proposal_runs::warnings).first(db)?;
    let warnings = serde_json::from_str(&document).map_err(Error::fault)?;
    Ok(RunDetail { run, counts, people_hidden, warnings: inside(db, viewer.area, warnings)? })
}

fn naming_people(db: &mut Db, viewer: Viewer, id: ProposalRunId) -> Result<i64> {
    let query = proposals::table
        .filter(proposals::proposal_run_id.eq(id))
        .filter(proposals::staff_id.is_not_null())
        .select(count_star())
        .into_boxed();
    Ok(within!(query, proposals, viewer).first(db)?)
}

fn inside(db: &mut Db, area: Area, warnings: Vec<ProposalWarning>) -> Result<Vec<ProposalWarning>> {
    let Some((municipality, school)) = bounds(area) else { return Ok(warnings) };
    let visible: Vec<SchoolId> = schools::table
        .filter(schools::id.eq_any(visible_schools(municipality, school)))
        .select(schools::id)
        .load(db)?;
    let visible: BTreeSet<SchoolId> = visible.into_iter().collect();
    Ok(warnings.into_iter().filter(|warning| visible.contains(&warning.school())).collect())
}

/// The gaps that `run`, or the newest run, found inside `area`, by the municipality's code. None before the first run;
/// a school sees none, because a gap is of a whole municipality.
///
/// # Errors
/// Not found, if `run` is given and there is no such run; a cursor of another list.
pub fn gaps(
    db: &mut Db,
    area: Area,
    run: Option<ProposalRunId>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<NamedCoverageGap>> {
    let run = match run {
        Some(id) => Some(find(db, id)?.id),
        None => proposal_runs::table.select(diesel::dsl::max(proposal_runs::id)).first(db)?,
    };
    let Some(run) = run else { return Ok(Page { items: Vec::new(), next: None }) };
    let scope = format!("gaps {run}");
    let mut query = coverage_gaps::table
        .inner_join(municipalities::table)
        .filter(coverage_gaps::proposal_run_id.eq(run))
        .select((
            municipalities::oktmo,
            municipalities::id,
            municipalities::name,
            coverage_gaps::kind,
            coverage_gaps::listed,
        ))
        .into_boxed();
    query = match area {
        Area::Region => query,
        Area::Municipality(id) => {
            query.filter(coverage_gaps::municipality_id.nullable().eq_any(with_districts(id)))
        }
        Area::School(_) => return Ok(Page { items: Vec::new(), next: None }),
    };
    if let Some(cursor) = cursor {
        query = query.filter(municipalities::oktmo.gt(Cursor::decode::<String>(&scope, cursor)?));
    }
    let rows: Vec<(String, MunicipalityId, String, GapKind, i32)> =
        query.order(municipalities::oktmo).limit(limit.to_fetch()).load(db)?;
    let page = Page::cut(rows, limit, &scope, |row| row.0.clone());
    Ok(page.map(|(_, municipality_id, municipality_name, kind, listed)| NamedCoverageGap {
        proposal_run_id: run,
        municipality_id,
        municipality_name,
        kind,
        listed: u32::try_from(listed).unwrap_or_default(),
    }))
}
