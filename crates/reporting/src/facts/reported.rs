//! What a report says about facts, beside the status that follows from them.

use super::{FactKind, FactState};
use crate::plan::PlanId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{activity_facts as facts, evidence},
};
use opora_primitives::SchoolId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How many facts of each activity, by number, wait for a decision and had happened by the day `on`.
///
/// # Errors
/// Faults of the database.
pub fn waiting(db: &mut Db, plan: PlanId, on: NaiveDate) -> Result<BTreeMap<String, i64>> {
    let found: Vec<(String, i64)> = facts::table
        .filter(facts::plan_id.eq(plan))
        .filter(facts::state.eq(FactState::Entered))
        .filter(facts::happened_on.le(on))
        .group_by(facts::activity)
        .select((facts::activity, diesel::dsl::count(facts::id)))
        .load(db)?;
    Ok(found.into_iter().collect())
}

/// What the people who carry an activity out say of it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Remark {
    /// The number of the activity.
    pub activity: String,
    /// What the fact says.
    pub kind: FactKind,
    /// How much, of a value.
    pub value: Option<i64>,
    /// When it happened.
    pub happened_on: NaiveDate,
    /// The remark.
    pub note: String,
}

impl Remark {
    /// Whether it tells why an activity that was due on `due_on` deviates, and did until `until`: the fact came in
    /// between, says that there was nothing, or that the source is missing.
    pub fn explains(&self, due_on: NaiveDate, until: NaiveDate) -> bool {
        (due_on < self.happened_on && self.happened_on <= until)
            || self.value == Some(0)
            || self.kind == FactKind::SourceUnavailable
    }
}

/// The remarks of confirmed facts that had happened by the day `on`, by that day.
///
/// # Errors
/// Faults of the database.
pub fn remarks(db: &mut Db, plan: PlanId, on: NaiveDate) -> Result<Vec<Remark>> {
    let confirmed = facts::plan_id.eq(plan).and(facts::state.eq(FactState::Confirmed));
    Ok(facts::table
        .filter(confirmed)
        .filter(facts::happened_on.le(on).and(facts::note.is_not_null()))
        .order((facts::happened_on, facts::id))
        .select((
            facts::activity,
            facts::kind,
            facts::value,
            facts::happened_on,
            facts::note.assume_not_null(),
        ))
        .load(db)?)
}

/// What confirmed facts that had happened by the day `on` say of a metric about schools: of each, the last.
///
/// # Errors
/// Faults of the database.
pub fn by_school(db: &mut Db, plan: PlanId, metric: &str, on: NaiveDate) -> Result<BTreeMap<SchoolId, i64>> {
    let confirmed = facts::plan_id.eq(plan).and(facts::state.eq(FactState::Confirmed));
    let said: Vec<(SchoolId, i64)> = facts::table
        .filter(confirmed)
        .filter(facts::happened_on.le(on).and(facts::metric.eq(metric)))
        .filter(facts::school_id.is_not_null().and(facts::value.is_not_null()))
        .order((facts::happened_on, facts::id))
        .select((facts::school_id.assume_not_null(), facts::value.assume_not_null()))
        .load(db)?;
    Ok(said.into_iter().collect())
}

/// A piece of evidence as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Queryable, ToSchema)]
pub struct EvidenceMention {
    /// The number of the activity.
    #[schema(example = "2.5")]
    pub activity: String,
    /// The name of the file.
    #[schema(example = "dorozhnye-karty.pdf")]
    pub file_name: Option<String>,
    /// The address of a link.
    pub url: Option<String>,
    /// SHA-256 of the file, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: Option<String>,
    /// The size of the file in bytes.
    #[schema(minimum = 0)]
    pub size: Option<i64>,
}

/// The evidence of confirmed facts that happened from `from` to `to`, in the order it was added; what shows several
/// facts of an activity is named once.
///
/// # Errors
/// Faults of the database.
pub fn shown(db: &mut Db, plan: PlanId, from: NaiveDate, to: NaiveDate) -> Result<Vec<EvidenceMention>> {
    let confirmed = facts::plan_id.eq(plan).and(facts::state.eq(FactState::Confirmed));
    let mut all: Vec<EvidenceMention> = evidence::table
        .inner_join(facts::table)
        .filter(confirmed)
        .filter(facts::happened_on.between(from, to))
        .order(evidence::id)
        .select((facts::activity, evidence::file_name, evidence::url, evidence::sha256, evidence::size))
        .load(db)?;
    let mut seen = BTreeSet::new();
    all.retain(|piece| seen.insert((piece.activity.clone(), piece.url.clone(), piece.sha256.clone())));
    Ok(all)
}
