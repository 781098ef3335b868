//! Municipalities made, changed and removed by hand.

use super::{Check, Expected, Label, change, merge, present, referenced, same_version, unreferenced};
use crate::{
    registry::{
        municipalities::{Municipality, all, find},
        succession::{Break, Link, breaks},
    },
    types::MunicipalityKind,
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Db, Place, Result, Tx, schema::municipalities};
use opora_primitives::{Area, MunicipalityId, Oktmo, ProblemCode, Reason, text};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The longest name of a municipality, in characters.
const NAME: usize = 200;

/// A municipality as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MunicipalityCreate)]
pub struct MunicipalityDraft {
    /// Its code in the territory classifier, 8 or 11 digits. A wrong control digit is no reason to refuse it.
    #[schema(pattern = r"^\s*(\d{8}|\d{11})\s*$", example = "22654000")]
    pub oktmo: String,
    /// Its name, without the word for its kind.
    #[schema(min_length = 1, max_length = 200, example = "Уренский")]
    pub name: String,
    /// The kind of municipality.
    pub kind: MunicipalityKind,
    /// The city a city district lies in; needed by a city district, and by nothing else.
    pub parent_id: Option<MunicipalityId>,
    /// The municipality that it became or joined; its code is valid on the day after this one's last day.
    pub successor_id: Option<MunicipalityId>,
    /// From when the code is valid.
    pub valid_from: Option<NaiveDate>,
    /// Until when the code is valid.
    pub valid_to: Option<NaiveDate>,
}

/// What changes in a municipality. An absent field stays, `null` clears a field that may be absent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "municipal_okrug", "valid_from": "2020-06-01"}))]
#[schema(as = MunicipalityUpdate)]
pub struct MunicipalityPatch {
    /// Its code in the territory classifier.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = r"^\s*(\d{8}|\d{11})\s*$")]
    pub oktmo: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// The kind of municipality.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = MunicipalityKind, required = false)]
    pub kind: Option<MunicipalityKind>,
    /// The city a city district lies in.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MunicipalityId>)]
    pub parent_id: Option<Option<MunicipalityId>>,
    /// The municipality that it became or joined.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MunicipalityId>)]
    pub successor_id: Option<Option<MunicipalityId>>,
    /// From when the code is valid.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Option<Option<NaiveDate>>,
    /// Until when the code is valid.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
}

impl MunicipalityPatch {
    fn apply(self, draft: &mut MunicipalityDraft) {
        merge!(self => draft: oktmo name kind parent_id successor_id valid_from valid_to);
    }
}

impl From<Municipality> for MunicipalityDraft {
    fn from(municipality: Municipality) -> Self {
        let Municipality { oktmo, name, kind, parent_id, successor_id, valid_from, valid_to, .. } =
            municipality;
        Self { oktmo: oktmo.into(), name, kind, parent_id, successor_id, valid_from, valid_to }
    }
}

/// What a checked draft sets in the row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = municipalities, treat_none_as_null = true)]
struct Row {
    oktmo: Oktmo,
    name: String,
    name_folded: String,
    kind: MunicipalityKind,
    parent_id: Option<MunicipalityId>,
    successor_id: Option<MunicipalityId>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

/// Whether a municipality still has to be compared with those before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It is the only one that changes.
    Check,
    /// It comes with others, and they were looked at together.
    Checked,
}

/// Makes a municipality.
///
/// # Errors
/// All refused fields at once; `already_exists` if the code is taken.
pub fn create(tx: &mut Tx, draft: MunicipalityDraft, links: Links) -> Result<Municipality> {
    let row = checked(tx, &draft, None, links)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let id: MunicipalityId = diesel::insert_into(municipalities::table)
        .values((row, municipalities::updated_at.eq(at)))
        .returning(municipalities::id)
        .get_result(db)?;
    let municipality = find(tx, Area::Region, id)?;
    record(tx, None, Some(&municipality))?;
    Ok(municipality)
}

/// Changes the municipality `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    id: MunicipalityId,
    version: impl Into<Expected>,
    patch: MunicipalityPatch,
) -> Result<Municipality> {
    let before = find(tx, Area::Region, id)?;
    same_version(before.version, version)?;
    let mut draft = MunicipalityDraft::from(before.clone());
    patch.apply(&mut draft);
    replace(tx, &before, draft, Links::Check)
}

/// Gives the municipality `before` the contents of `draft`.
///
/// # Errors
/// As [`create`].
pub fn replace(
    tx: &mut Tx,
    before: &Municipality,
    draft: MunicipalityDraft,
    links: Links,
) -> Result<Municipality> {
    let row = checked(tx, &draft, Some(before.id), links)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(municipalities::table.find(before.id))
        .set((row, municipalities::version.eq(before.version + 1), municipalities::updated_at.eq(at)))
        .execute(db)?;
    let after = find(tx, Area::Region, before.id)?;
    if before.name != after.name {
        tx.retell_schools_of(after.id);
    }
    record(tx, Some(before), Some(&after))?;
    Ok(after)
}

/// Removes the municipality `id`, if it is still at `version` and nothing refers to it.
///
/// # Errors
/// Not found; `precondition_failed` at another version; `still_referenced`.
pub fn delete(tx: &mut Tx, id: MunicipalityId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, Area::Region, id)?;
    same_version(before.version, version)?;
    unreferenced(tx, "municipalities", id.0)?;
    diesel::delete(municipalities::table.find(id)).execute(&mut **tx).map_err(referenced)?;
    record(tx, Some(&before), None)
}

fn record(tx: &mut Tx, before: Option<&Municipality>, after: Option<&Municipality>) -> Result<()> {
    if let Some(municipality) = after.or(before) {
        let label = |m: &Municipality| Label::new(json!({ "oktmo": m.oktmo })).within(Some(m.id), None);
        let mut change = change("municipalities", municipality.id, before, after, label)?;
        change.left = before.map(|before| left(before, after)).unwrap_or_default();
        tx.record(change);
    }
    Ok(())
}

/// The areas that held the municipality, as the city it lay in and as its successor, and do so no more (D305). What holds
/// these held it through them.
fn left(before: &Municipality, after: Option<&Municipality>) -> Vec<Place> {
    let links = |m: &Municipality| [m.parent_id, m.successor_id];
    let kept = after.map(links).unwrap_or_default();
    let lost = links(before).into_iter().flatten().filter(|area| !kept.contains(&Some(*area)));
    lost.map(|area| Place { municipality: Some(area), school: None }).collect()
}

fn checked(db: &mut Db, draft: &MunicipalityDraft, own: Option<MunicipalityId>, links: Links) -> Result<Row> {
    let mut check = Check::default();
    let oktmo: Option<Oktmo> = check.code("/oktmo", &draft.oktmo);
    let name = check.line("/name", &draft.name, NAME);
    check_parent(db, &mut check, draft, own)?;
    check.in_order("/valid_to", draft.valid_from, draft.valid_to);
    if links == Links::Check {
        check_links(&mut check, all(db)?, draft, own);
    }
    check.done()?;
    let oktmo = oktmo.ok_or(ProblemCode::InvalidFields)?;
    let name_folded = text::fold(&name);
    let MunicipalityDraft { kind, parent_id, successor_id, valid_from, valid_to, .. } = *draft;
    Ok(Row { oktmo, name, name_folded, kind, parent_id, successor_id, valid_from, valid_to })
}

/// D191: a successor takes over on the day after. What changes may be the successor of others, so both ends are looked
/// at.
fn check_links(
    check: &mut Check,
    everyone: Vec<Municipality>,
    draft: &MunicipalityDraft,
    own: Option<MunicipalityId>,
) {
    // One that is being made has no id, and nothing refers to it yet.
    let own = own.unwrap_or(MunicipalityId(0));
    let link = |from, to, parent, successor| Link { from, to, parent, successor };
    let others =
        everyone.into_iter().map(|m| (m.id, link(m.valid_from, m.valid_to, m.parent_id, m.successor_id)));
    let mut links: BTreeMap<MunicipalityId, Link<MunicipalityId>> = others.collect();
    links.insert(own, link(draft.valid_from, draft.valid_to, draft.parent_id, draft.successor_id));
    for (before, after, found) in breaks(&links) {
        match (before == own, after == own, found) {
            (true, _, Break::Unknown) => check.flaw("/successor_id", Reason::UnknownReference),
            (true, _, Break::NoEnd) => check.flaw("/valid_to", Reason::Required),
            (true, _, _) => check.flaw("/successor_id", Reason::Contradiction),
            (_, true, Break::BeginsLate) => check.flaw("/valid_from", Reason::Contradiction),
            (_, true, Break::EndsEarly) => check.flaw("/valid_to", Reason::Contradiction),
            _ => {}
        }
    }
}

/// Only city districts lie in another municipality, and no deeper: areas and counts look one level down (decision 6).
fn check_parent(
    db: &mut Db,
    check: &mut Check,
    draft: &MunicipalityDraft,
    own: Option<MunicipalityId>,
) -> Result<()> {
    let is_district = draft.kind == MunicipalityKind::CityDistrict;
    if is_district && let Some(id) = own {
        let districts: i64 =
            municipalities::table.filter(municipalities::parent_id.eq(id)).count().get_result(db)?;
        check.unless(districts == 0, "/kind", Reason::Contradiction);
    }
    let at = "/parent_id";
    let Some(parent) = draft.parent_id else {
        check.unless(!is_district, at, Reason::Required);
        return Ok(());
    };
    check.unless(is_district && own != Some(parent), at, Reason::Contradiction);
    let kind: Option<MunicipalityKind> =
        municipalities::table.find(parent).select(municipalities::kind).first(db).optional()?;
    match kind {
        None => check.flaw(at, Reason::UnknownReference),
        Some(MunicipalityKind::CityDistrict) if own != Some(parent) => check.flaw(at, Reason::Contradiction),
        Some(_) => {}
    }
    Ok(())
}
