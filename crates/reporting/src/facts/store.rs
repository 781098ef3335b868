//! Facts as rows.

use super::{ConfirmedFact, FactId, FactKind, FactState};
use crate::plan::PlanId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{activity_facts as facts, evidence},
};
use std::collections::BTreeSet;

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
