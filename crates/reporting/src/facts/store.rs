//! Facts as rows.

use super::{ConfirmedFact, Fact, FactId, FactKind, FactOrigin, FactState};
use crate::plan::PlanId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Both, Db, Result,
    schema::{activity_facts as facts, evidence},
};
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, SchoolId};
use opora_schools::registry::{bounds, visible_schools, with_districts};
use std::collections::BTreeSet;

/// Which facts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this plan.
    pub plan: Option<PlanId>,
    /// Of the activity with this number.
    pub activity: Option<String>,
    /// That say such a thing.
    pub kind: Option<FactKind>,
    /// In this state.
    pub state: Option<FactState>,
    /// From there.
    pub origin: Option<FactOrigin>,
    /// Carried out by this executor.
    pub executor: Option<String>,
    /// About this municipality itself.
    pub municipality: Option<MunicipalityId>,
    /// About this school.
    pub school: Option<SchoolId>,
}

/// Facts by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Fact>> {
    let scope = format!("facts {filter:?}");
    let mut query = wanted(visible(area), filter);
    if let Some(cursor) = cursor {
        query = query.filter(facts::id.gt(Cursor::decode::<FactId>(&scope, cursor)?));
    }
    let rows = query.order(facts::id).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |fact: &Fact| fact.id))
}

/// The fact `id`.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, id: FactId) -> Result<Fact> {
    Ok(visible(area).filter(facts::id.eq(id)).first(db)?)
}

type Wanted = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::Select<facts::table, diesel::helper_types::AsSelect<Fact, Both>>,
    Both,
>;

/// What a reader of `area` may see: facts about an organisation inside. Those about none are the region's.
fn visible(area: Area) -> Wanted {
    let query = facts::table.select(Fact::as_select()).into_boxed();
    let Some((municipality, school)) = bounds(area) else { return query };
    let own = facts::school_id.assume_not_null().eq_any(visible_schools(municipality, school));
    match area {
        Area::Municipality(id) => query.filter(own.or(facts::municipality_id.eq_any(with_districts(id)))),
        _ => query.filter(own),
    }
}

fn wanted(mut query: Wanted, filter: &Filter) -> Wanted {
    if let Some(plan) = filter.plan {
        query = query.filter(facts::plan_id.eq(plan));
    }
    if let Some(activity) = &filter.activity {
        query = query.filter(facts::activity.eq(activity.clone()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(facts::kind.eq(kind));
    }
    if let Some(state) = filter.state {
        query = query.filter(facts::state.eq(state));
    }
    if let Some(origin) = filter.origin {
        query = query.filter(facts::origin.eq(origin));
    }
    if let Some(executor) = &filter.executor {
        query = query.filter(facts::executor.eq(executor.clone()));
    }
    if let Some(municipality) = filter.municipality {
        query = query.filter(facts::municipality_id.eq(municipality));
    }
    if let Some(school) = filter.school {
        query = query.filter(facts::school_id.eq(school));
    }
    query
}

type Row = (FactId, String, NaiveDate, FactKind, Option<String>, Option<i64>, NaiveDate);

/// The confirmed facts of a plan, in the order they were entered: what the rules of a status are told.
///
/// # Errors
/// Faults of the database.
pub fn confirmed(db: &mut Db, plan: PlanId) -> Result<Vec<ConfirmedFact>> {
    let counting = facts::plan_id.eq(plan).and(facts::state.eq(FactState::Confirmed));
    let evidenced: Vec<FactId> = evidence::table
        .inner_join(facts::table)
        .filter(counting)
        .select(evidence::fact_id)
        .distinct()
        .load(db)?;
    let evidenced: BTreeSet<FactId> = evidenced.into_iter().collect();
    let rows: Vec<Row> = facts::table
        .filter(counting)
        .order(facts::id)
        .select((
            facts::id,
            facts::activity,
            facts::window_from,
            facts::kind,
            facts::metric,
            facts::value,
            facts::happened_on,
        ))
        .load(db)?;
    let fact = |(id, activity, window_from, kind, metric, value, happened_on): Row| ConfirmedFact {
        id,
        activity,
        window_from,
        kind,
        metric,
        value,
        happened_on,
        evidenced: evidenced.contains(&id),
    };
    Ok(rows.into_iter().map(fact).collect())
}
