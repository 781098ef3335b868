//! Counted facts as rows: what they are counted from, the proposals kept, the records behind each.

use super::{Counted, CountedRow, Listed, RowKind, Sources, count};
use crate::{
    facts::{
        Fact, FactId, FactKind, FactOrigin, FactState,
        edit::{AHEAD, record},
        evidence,
        store::find,
    },
    plan::store::{self as plans, Plan},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result, Tx, on_each,
    schema::{activity_facts as facts, fact_rows as rows, lists, municipalities, proposal_runs, schools},
};
use opora_models::ProposalRunId;
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, Problem, Reason, SchoolCode, SchoolId};
use opora_schools::{
    registry::{lists::members, municipalities::territory},
    types::ListId,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows of a multi-row insert: far below both databases' limit on bound values.
const BATCH: usize = 500;

/// A record behind a counted fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FactRow {
    /// What it is a record of: the name of its list in the API.
    pub resource: RowKind,
    /// Its id there.
    #[schema(minimum = 1, example = 17)]
    pub row_id: i64,
    /// The code, of a school.
    pub code: Option<SchoolCode>,
    /// The name, of a school or a municipality, as it is now.
    #[schema(example = "Школа № 5")]
    pub name: Option<String>,
}

/// Counts what is known on the day `on` and proposes what confirmed facts do not say already: of a value the part that is
/// missing. Open proposals of earlier counts that say something else are taken back. A count that was declined is not
/// proposed again. Answers the proposals that are open now.
///
/// # Errors
/// `on` that nobody's calendar has reached: `out_of_range`.
pub fn propose(tx: &mut Tx, plan: &Plan, user: i64, on: NaiveDate) -> Result<Vec<Fact>> {
    if on > tx.at.plus_seconds(AHEAD).date() {
        return Err(Problem::field("/on", Reason::OutOfRange).into());
    }
    let (_, document) = plans::version(tx, plan, None)?;
    let sources = sources(tx)?;
    let mut open = Vec::new();
    for counted in count(&document, &sources, on) {
        open.extend(propose_one(tx, plan, user, counted)?);
    }
    for outdated in waiting(tx, plan)?.iter().filter(|fact| !open.contains(fact)) {
        take_back(tx, outdated)?;
    }
    Ok(open)
}

fn propose_one(tx: &mut Tx, plan: &Plan, user: i64, counted: Counted) -> Result<Option<Fact>> {
    let known = known(tx, plan, &counted)?;
    let confirmed: i64 =
        known.iter().filter(|f| f.state == FactState::Confirmed).filter_map(|f| f.value).sum();
    let missing = counted.value - confirmed;
    let same = |fact: &&Fact| fact.origin == FactOrigin::Counted && fact.value == Some(missing);
    let kept = known.iter().filter(|fact| fact.state == FactState::Entered).find(same).cloned();
    let declined = known.iter().filter(|fact| fact.state == FactState::Declined).any(|fact| same(&fact));
    if kept.is_some() || missing <= 0 || declined {
        return Ok(kept);
    }
    let row = (
        (facts::plan_id.eq(plan.id), facts::activity.eq(&counted.activity), facts::kind.eq(FactKind::Value)),
        (facts::window_from.eq(counted.window_from), facts::metric.eq(&counted.metric)),
        (facts::value.eq(missing), facts::happened_on.eq(counted.happened_on), facts::note.eq(&counted.note)),
        (facts::origin.eq(FactOrigin::Counted), facts::state.eq(FactState::Entered)),
        (facts::entered_by.eq(user), facts::entered_at.eq(tx.at)),
    );
    let id: FactId =
        diesel::insert_into(facts::table).values(row).returning(facts::id).get_result(&mut **tx)?;
    keep_rows(tx, id, &counted.rows)?;
    let fact = find(tx, Area::Region, id)?;
    record(tx, None, Some(&fact))?;
    Ok(Some(fact))
}

/// What is known of the same metric of the same window, about whatever organisation.
fn known(db: &mut Db, plan: &Plan, counted: &Counted) -> Result<Vec<Fact>> {
    Ok(facts::table
        .filter(facts::plan_id.eq(plan.id).and(facts::activity.eq(&counted.activity)))
        .filter(facts::window_from.eq(counted.window_from))
        .filter(facts::metric.assume_not_null().eq(&counted.metric))
        .order(facts::id)
        .select(Fact::as_select())
        .load(db)?)
}

/// The counted facts that nobody has decided on.
fn waiting(db: &mut Db, plan: &Plan) -> Result<Vec<Fact>> {
    Ok(facts::table
        .filter(facts::plan_id.eq(plan.id).and(facts::origin.eq(FactOrigin::Counted)))
        .filter(facts::state.eq(FactState::Entered))
        .select(Fact::as_select())
        .load(db)?)
}

fn take_back(tx: &mut Tx, fact: &Fact) -> Result<()> {
    evidence::delete_all(tx, fact)?;
    let db: &mut Db = tx;
    diesel::delete(rows::table.filter(rows::fact_id.eq(fact.id))).execute(db)?;
    diesel::delete(facts::table.find(fact.id)).execute(db)?;
    record(tx, Some(fact), None)
}

fn keep_rows(db: &mut Db, id: FactId, behind: &[CountedRow]) -> Result<()> {
    for batch in behind.chunks(BATCH) {
        let batch: Vec<_> = batch
            .iter()
            .map(|(kind, row)| (rows::fact_id.eq(id), rows::resource.eq(*kind), rows::row_id.eq(*row)))
            .collect();
        on_each!(db, c => diesel::insert_into(rows::table).values(&batch).execute(c))?;
    }
    Ok(())
}

/// The records behind the fact `id`, by resource and id; none behind a fact that was entered.
///
/// # Errors
/// Not found, or outside the area; a cursor of another list.
pub fn behind(
    db: &mut Db,
    area: Area,
    id: FactId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<FactRow>> {
    let scope = format!("rows {}", find(db, area, id)?.id);
    let mut query =
        rows::table.filter(rows::fact_id.eq(id)).select((rows::resource, rows::row_id)).into_boxed();
    if let Some(cursor) = cursor {
        let (resource, row) = Cursor::decode::<(RowKind, i64)>(&scope, cursor)?;
        let further = rows::resource.eq(resource).and(rows::row_id.gt(row));
        query = query.filter(rows::resource.gt(resource).or(further));
    }
    let found: Vec<CountedRow> =
        query.order((rows::resource, rows::row_id)).limit(limit.to_fetch()).load(db)?;
    let page = Page::cut(found, limit, &scope, |row: &CountedRow| *row);
    let ids = |kind| page.items.iter().filter(move |row| row.0 == kind).map(|row| row.1);
    let of_schools = names_of_schools(db, ids(RowKind::School).map(SchoolId).collect())?;
    let of_places = names_of_places(db, ids(RowKind::Municipality).map(MunicipalityId).collect())?;
    Ok(page.map(|(resource, row_id)| {
        let (code, name) = match resource {
            RowKind::School => of_schools.get(&row_id).cloned().unzip(),
            RowKind::Municipality => (None, of_places.get(&row_id).cloned()),
            RowKind::ProposalRun => (None, None),
        };
        FactRow { resource, row_id, code, name }
    }))
}

fn names_of_schools(db: &mut Db, ids: Vec<SchoolId>) -> Result<BTreeMap<i64, (SchoolCode, String)>> {
    let found: Vec<(SchoolId, SchoolCode, String)> = schools::table
        .filter(schools::id.eq_any(ids))
        .select((schools::id, schools::code, schools::name))
        .load(db)?;
    Ok(found.into_iter().map(|(id, code, name)| (id.0, (code, name))).collect())
}

fn names_of_places(db: &mut Db, ids: Vec<MunicipalityId>) -> Result<BTreeMap<i64, String>> {
    let found: Vec<(MunicipalityId, String)> = municipalities::table
        .filter(municipalities::id.eq_any(ids))
        .select((municipalities::id, municipalities::name))
        .load(db)?;
    Ok(found.into_iter().map(|(id, name)| (id.0, name)).collect())
}

fn sources(db: &mut Db) -> Result<Sources> {
    let runs: Vec<(ProposalRunId, NaiveDate)> = proposal_runs::table
        .order((proposal_runs::as_of, proposal_runs::id))
        .select((proposal_runs::id, proposal_runs::as_of))
        .load(db)?;
    let versions: Vec<(ListId, i32, i32)> = lists::table
        .order((lists::list_year, lists::revision))
        .select((lists::id, lists::list_year, lists::revision))
        .load(db)?;
    // The newest of a year comes last and stays.
    let newest: BTreeMap<i32, (ListId, i32)> =
        versions.into_iter().map(|(id, year, revision)| (year, (id, revision))).collect();
    let mut listed = Vec::new();
    for (year, (id, revision)) in newest {
        listed.push(Listed { year, revision, schools: members(db, id)? });
    }
    Ok(Sources { runs, lists: listed, territory: territory(db)? })
}
