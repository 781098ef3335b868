//! Normative acts made, changed and removed.

use super::{Check, Expected, Label, change, merge, present, referenced, same_version, unreferenced};
use crate::passport::{
    acts::{NormativeAct, find},
    types::{ActId, ActKind},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Db, Result, Tx, schema::normative_acts};
use opora_primitives::{Reason, text::fold};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest name of an issuer, in characters.
const ISSUER: usize = 300;
/// The longest number, in characters.
const NUMBER: usize = 100;
/// The longest title and the longest purpose, in characters.
const TITLE: usize = 1000;

/// An act as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"issuer": "Министерство образования", "kind": "order", "number": "316-01-63-950/20",
    "signed_on": "2020-05-29", "title": "О плане поддержки школ"}))]
#[schema(as = NormativeActCreate)]
pub struct ActDraft {
    /// Who issued it.
    #[schema(min_length = 1, max_length = 300)]
    pub issuer: String,
    /// The kind of act.
    pub kind: ActKind,
    /// Its number.
    #[schema(min_length = 1, max_length = 100)]
    pub number: String,
    /// The day it was signed.
    pub signed_on: NaiveDate,
    /// What it is about.
    #[schema(min_length = 1, max_length = 1000)]
    pub title: String,
    /// What it is the legal basis of, where the system of support uses a part of it only.
    #[schema(min_length = 1, max_length = 1000)]
    pub basis_for: Option<String>,
    /// The first day it is in force; the day it was signed unless said.
    pub valid_from: Option<NaiveDate>,
    /// The last day it is in force; without one, the day before a successor comes into force.
    pub valid_to: Option<NaiveDate>,
    /// The act it supersedes: one that came into force earlier.
    pub supersedes_id: Option<ActId>,
}

/// What changes in an act. An absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2021-06-30"}))]
#[schema(as = NormativeActUpdate)]
pub struct ActPatch {
    /// Who issued it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 300)]
    pub issuer: Option<String>,
    /// The kind of act.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ActKind, required = false)]
    pub kind: Option<ActKind>,
    /// Its number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    pub number: Option<String>,
    /// The day it was signed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NaiveDate, required = false)]
    pub signed_on: Option<NaiveDate>,
    /// What it is about.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1000)]
    pub title: Option<String>,
    /// What it is the legal basis of.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub basis_for: Option<Option<String>>,
    /// The first day it is in force; `null` for the day it was signed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Option<Option<NaiveDate>>,
    /// The last day it is in force.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
    /// The act it supersedes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ActId>)]
    pub supersedes_id: Option<Option<ActId>>,
}

impl ActPatch {
    fn apply(self, draft: &mut ActDraft) {
        merge!(self => draft: issuer kind number signed_on title basis_for valid_from valid_to supersedes_id);
    }
}

impl From<NormativeAct> for ActDraft {
    fn from(act: NormativeAct) -> Self {
        let NormativeAct {
            issuer, kind, number, signed_on, title, basis_for, valid_to, supersedes_id, ..
        } = act;
        let valid_from = Some(act.valid_from);
        Self { issuer, kind, number, signed_on, title, basis_for, valid_from, valid_to, supersedes_id }
    }
}

/// What a checked draft sets in the row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = normative_acts, treat_none_as_null = true)]
struct Row {
    issuer: String,
    issuer_folded: String,
    kind: ActKind,
    number: String,
    number_folded: String,
    signed_on: NaiveDate,
    title: String,
    basis_for: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    supersedes_id: Option<ActId>,
}

/// Makes an act. The act it supersedes ends with it, unless that one has an end of its own.
///
/// # Errors
/// All refused fields at once; `already_exists` if the issuer has an act of this number and day.
pub fn create(tx: &mut Tx, draft: &ActDraft) -> Result<NormativeAct> {
    let row = checked(tx, draft, None)?;
    following(tx, [row.supersedes_id, None], |tx| {
        let (at, db): (_, &mut Db) = (tx.at, tx);
        let id: ActId = diesel::insert_into(normative_acts::table)
            .values((row, normative_acts::updated_at.eq(at)))
            .returning(normative_acts::id)
            .get_result(db)?;
        let act = find(tx, id)?;
        record(tx, None, Some(&act))?;
        Ok(act)
    })
}

/// Changes the act `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(tx: &mut Tx, id: ActId, version: impl Into<Expected>, patch: ActPatch) -> Result<NormativeAct> {
    let before = find(tx, id)?;
    same_version(before.version, version)?;
    let mut draft = ActDraft::from(before.clone());
    patch.apply(&mut draft);
    let row = checked(tx, &draft, Some(&before))?;
    following(tx, [before.supersedes_id, row.supersedes_id], |tx| {
        let (at, db): (_, &mut Db) = (tx.at, tx);
        diesel::update(normative_acts::table.find(id))
            .set((row, normative_acts::version.eq(before.version + 1), normative_acts::updated_at.eq(at)))
            .execute(db)?;
        let after = find(tx, id)?;
        record(tx, Some(&before), Some(&after))?;
        Ok(after)
    })
}

/// Removes the act `id`, if it is still at `version` and nothing refers to it.
///
/// # Errors
/// Not found; `precondition_failed` at another version; `still_referenced`.
pub fn delete(tx: &mut Tx, id: ActId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, id)?;
    same_version(before.version, version)?;
    unreferenced(tx, "normative_acts", id.0)?;
    following(tx, [before.supersedes_id, None], |tx| {
        diesel::delete(normative_acts::table.find(id)).execute(&mut **tx).map_err(referenced)?;
        record(tx, Some(&before), None)
    })
}

/// Does `work` and gives a new version to those of the acts `superseded` whose end it moved.
fn following<T>(
    tx: &mut Tx,
    superseded: [Option<ActId>; 2],
    work: impl FnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut ids: Vec<ActId> = superseded.into_iter().flatten().collect();
    ids.dedup();
    let before = ids.into_iter().map(|id| find(tx, id)).collect::<Result<Vec<_>>>()?;
    let done = work(tx)?;
    for act in before {
        if find(tx, act.id)? != act {
            let (at, db): (_, &mut Db) = (tx.at, tx);
            diesel::update(normative_acts::table.find(act.id))
                .set((normative_acts::version.eq(act.version + 1), normative_acts::updated_at.eq(at)))
                .execute(db)?;
            let moved = find(tx, act.id)?;
            record(tx, Some(&act), Some(&moved))?;
        }
    }
    Ok(done)
}

fn record(tx: &mut Tx, before: Option<&NormativeAct>, after: Option<&NormativeAct>) -> Result<()> {
    if let Some(act) = after.or(before) {
        let label = |act: &NormativeAct| {
            Label::new(json!({"issuer": act.issuer, "number": act.number, "signed_on": act.signed_on}))
        };
        tx.record(change("acts", act.id, before, after, label)?);
    }
    Ok(())
}

fn checked(db: &mut Db, draft: &ActDraft, own: Option<&NormativeAct>) -> Result<Row> {
    let mut check = Check::default();
    let issuer = check.line("/issuer", &draft.issuer, ISSUER);
    let number = check.line("/number", &draft.number, NUMBER);
    let title = check.line("/title", &draft.title, TITLE);
    let basis_for = check.optional_line("/basis_for", draft.basis_for.as_deref(), TITLE);
    let valid_from = draft.valid_from.unwrap_or(draft.signed_on);
    check.in_order("/valid_to", Some(valid_from), draft.valid_to);
    check_chain(db, &mut check, draft.supersedes_id, valid_from, own)?;
    check.done()?;
    let ActDraft { kind, signed_on, valid_to, supersedes_id, .. } = *draft;
    let (issuer_folded, number_folded) = (fold(&issuer), fold(&number));
    Ok(Row {
        issuer,
        issuer_folded,
        kind,
        number,
        number_folded,
        signed_on,
        title,
        basis_for,
        valid_from,
        valid_to,
        supersedes_id,
    })
}

/// A successor comes into force later than what it supersedes: else that would end before it starts. So a chain of acts
/// never comes back to where it began.
fn check_chain(
    db: &mut Db,
    check: &mut Check,
    supersedes: Option<ActId>,
    valid_from: NaiveDate,
    own: Option<&NormativeAct>,
) -> Result<()> {
    if let Some(superseded) = supersedes {
        let starts: Option<NaiveDate> =
            normative_acts::table.find(superseded).select(normative_acts::valid_from).first(db).optional()?;
        let itself = own.is_some_and(|own| own.id == superseded);
        match starts {
            None => check.flaw("/supersedes_id", Reason::UnknownReference),
            Some(_) if itself => check.flaw("/supersedes_id", Reason::Contradiction),
            Some(from) => check.unless(from < valid_from, "/supersedes_id", Reason::OrderOfDates),
        }
    }
    if let Some(own) = own {
        let earlier: i64 = normative_acts::table
            .filter(normative_acts::supersedes_id.eq(own.id))
            .filter(normative_acts::valid_from.le(valid_from))
            .filter(normative_acts::id.ne(own.id))
            .count()
            .get_result(db)?;
        check.unless(earlier == 0, "/valid_from", Reason::OrderOfDates);
    }
    Ok(())
}
