//! What a report says about facts, beside the status that follows from them.

use super::FactState;
use crate::plan::PlanId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{activity_facts as facts, evidence},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// The evidence of confirmed facts that happened from `from` to `to`, in the order it was added.
///
/// # Errors
/// Faults of the database.
pub fn shown(db: &mut Db, plan: PlanId, from: NaiveDate, to: NaiveDate) -> Result<Vec<EvidenceMention>> {
    let confirmed = facts::plan_id.eq(plan).and(facts::state.eq(FactState::Confirmed));
    Ok(evidence::table
        .inner_join(facts::table)
        .filter(confirmed)
        .filter(facts::happened_on.between(from, to))
        .order(evidence::id)
        .select((facts::activity, evidence::file_name, evidence::url, evidence::sha256, evidence::size))
        .load(db)?)
}
