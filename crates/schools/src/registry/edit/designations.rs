//! Designations made, changed and removed by hand.

use super::{Check, Expected, Label, change, merge, present, referenced, same_version};
use crate::{
    registry::designations::{Designation, find},
    types::{DesignationId, DesignationKind},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result, Tx,
    schema::{designations, municipalities, schools},
};
use opora_primitives::{Area, MunicipalityId, Reason, SchoolId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest name of an act, in characters.
const ACT: usize = 500;

/// A designation as it is written: of a school or of a municipality, never of both.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "high_result", "school_id": 17, "act": "Приказ № 1", "act_date": "2020-07-01"}))]
#[schema(as = DesignationCreate)]
pub struct DesignationDraft {
    /// What the act designates for.
    pub kind: DesignationKind,
    /// The school, if a school is designated.
    pub school_id: Option<SchoolId>,
    /// The municipality, if a municipality is designated.
    pub municipality_id: Option<MunicipalityId>,
    /// The act.
    #[schema(min_length = 1, max_length = 500)]
    pub act: Option<String>,
    /// The date of the act.
    pub act_date: Option<NaiveDate>,
    /// From when.
    pub valid_from: Option<NaiveDate>,
    /// Until when.
    pub valid_to: Option<NaiveDate>,
}

/// What changes in a designation; what it is for, and of whom, does not change. An absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2020-12-31"}))]
#[schema(as = DesignationUpdate)]
pub struct DesignationPatch {
    /// The act.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub act: Option<Option<String>>,
    /// The date of the act.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub act_date: Option<Option<NaiveDate>>,
    /// From when.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Option<Option<NaiveDate>>,
    /// Until when.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
}

impl DesignationPatch {
    fn apply(self, draft: &mut DesignationDraft) {
        merge!(self => draft: act act_date valid_from valid_to);
    }
}

impl From<Designation> for DesignationDraft {
    fn from(designation: Designation) -> Self {
        let Designation { kind, school_id, municipality_id, act, act_date, valid_from, valid_to, .. } =
            designation;
        Self { kind, school_id, municipality_id, act, act_date, valid_from, valid_to }
    }
}

/// What a checked draft sets in the row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = designations, treat_none_as_null = true)]
struct Row {
    kind: DesignationKind,
    school_id: Option<SchoolId>,
    municipality_id: Option<MunicipalityId>,
    act: Option<String>,
    act_date: Option<NaiveDate>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

/// Makes a designation.
///
/// # Errors
/// All refused fields at once; `already_exists` if the school or municipality is designated for the same thing.
pub fn create(tx: &mut Tx, draft: DesignationDraft) -> Result<Designation> {
    let row = checked(tx, draft)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let id: DesignationId = diesel::insert_into(designations::table)
        .values((row, designations::updated_at.eq(at)))
        .returning(designations::id)
        .get_result(db)?;
    let designation = find(tx, Area::Region, id)?;
    record(tx, None, Some(&designation))?;
    Ok(designation)
}

/// Changes the designation `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    id: DesignationId,
    version: impl Into<Expected>,
    patch: DesignationPatch,
) -> Result<Designation> {
    let before = find(tx, Area::Region, id)?;
    same_version(before.version, version)?;
    let mut draft = DesignationDraft::from(before.clone());
    patch.apply(&mut draft);
    replace(tx, &before, draft)
}

/// Gives the designation `before` the contents of `draft`.
///
/// # Errors
/// As [`create`].
pub fn replace(tx: &mut Tx, before: &Designation, draft: DesignationDraft) -> Result<Designation> {
    let row = checked(tx, draft)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(designations::table.find(before.id))
        .set((row, designations::version.eq(before.version + 1), designations::updated_at.eq(at)))
        .execute(db)?;
    let after = find(tx, Area::Region, before.id)?;
    record(tx, Some(before), Some(&after))?;
    Ok(after)
}

/// Removes the designation `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version.
pub fn delete(tx: &mut Tx, id: DesignationId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, Area::Region, id)?;
    same_version(before.version, version)?;
    diesel::delete(designations::table.find(id)).execute(&mut **tx).map_err(referenced)?;
    record(tx, Some(&before), None)
}

fn record(tx: &mut Tx, before: Option<&Designation>, after: Option<&Designation>) -> Result<()> {
    if let Some(d) = after.or(before) {
        // What a designation is for, and whose it is, never changes.
        let key = natural_key(tx, d)?;
        let label = |d: &Designation| Label::new(key.clone()).within(d.municipality_id, d.school_id);
        tx.record(change("designations", d.id, before, after, label)?);
    }
    Ok(())
}

fn checked(db: &mut Db, draft: DesignationDraft) -> Result<Row> {
    let mut check = Check::default();
    check.unless(
        draft.school_id.is_some() || draft.municipality_id.is_some(),
        "/school_id",
        Reason::Required,
    );
    check.unless(
        draft.school_id.is_none() || draft.municipality_id.is_none(),
        "/municipality_id",
        Reason::Contradiction,
    );
    if let Some(id) = draft.school_id {
        let known: i64 = schools::table.filter(schools::id.eq(id)).count().get_result(db)?;
        check.unless(known == 1, "/school_id", Reason::UnknownReference);
    }
    if let Some(id) = draft.municipality_id {
        let known: i64 = municipalities::table.filter(municipalities::id.eq(id)).count().get_result(db)?;
        check.unless(known == 1, "/municipality_id", Reason::UnknownReference);
    }
    let act = check.optional_line("/act", draft.act.as_deref(), ACT);
    check.in_order("/valid_to", draft.valid_from, draft.valid_to);
    check.done()?;
    let DesignationDraft { kind, school_id, municipality_id, act_date, valid_from, valid_to, .. } = draft;
    Ok(Row { kind, school_id, municipality_id, act, act_date, valid_from, valid_to })
}

/// What a designation is for, and whose it is by its code.
fn natural_key(db: &mut Db, d: &Designation) -> Result<serde_json::Value> {
    if let Some(school) = d.school_id {
        let code: String = schools::table.find(school).select(schools::code).first(db)?;
        return Ok(json!({ "kind": d.kind, "school_code": code }));
    }
    let oktmo: Option<String> = match d.municipality_id {
        Some(id) => municipalities::table.find(id).select(municipalities::oktmo).first(db).optional()?,
        None => None,
    };
    Ok(json!({ "kind": d.kind, "oktmo": oktmo }))
}
