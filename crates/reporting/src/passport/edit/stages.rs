//! Stages of the passport changed by hand.

use super::{Check, Expected, Label, change, merge, present, same_version};
use crate::passport::{
    rules::{StageDates, out_of_turn},
    stages::{PassportStage, find},
    types::{ActId, StageCode},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result, Tx,
    schema::{normative_acts, passport_evidence as evidence, passport_stages as stages},
};
use opora_primitives::{Moment, Reason};
use serde::Deserialize;
use utoipa::ToSchema;

/// The most criteria of a stage, and the most pieces of evidence.
const MOST: usize = 50;
/// The longest criterion and the longest title of a piece of evidence, in characters.
const LINE: usize = 500;
/// The longest address, in characters.
const URL: usize = 2000;
/// Days are those of the caller, who may be ahead of UTC by so many seconds.
const AHEAD: i64 = 14 * 3600;

/// What changes in a stage. An absent field stays, `null` clears a date, a list is replaced as a whole.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"criteria": ["Цели и задачи утверждены приказом"], "started_on": "2020-03-10", "done_on": "2020-05-29",
    "evidence": [{"title": "План поддержки школ", "url": "https://example.org/plan"}]}))]
#[schema(as = PassportStageUpdate)]
pub struct StagePatch {
    /// By what one sees that it is done.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub criteria: Option<Vec<String>>,
    /// The day it began: not before the stage in front of it, not in the future.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub started_on: Option<Option<NaiveDate>>,
    /// The day it was done: not before the stage in front of it, not in the future. Needs criteria and evidence.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub done_on: Option<Option<NaiveDate>>,
    /// What shows it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<StageEvidenceDraft>, required = false, max_items = 50)]
    pub evidence: Option<Vec<StageEvidenceDraft>>,
}

/// A piece of evidence as it is written: a link or an act, never both.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StageEvidenceCreate)]
pub struct StageEvidenceDraft {
    /// What it is.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// Where it is, if it is a link: `http` or `https`.
    #[schema(min_length = 8, max_length = 2000, pattern = "^https?://[^\\s]+$")]
    pub url: Option<String>,
    /// The act, if it is one.
    pub act_id: Option<ActId>,
}

/// A stage with a patch applied.
struct StageDraft {
    criteria: Vec<String>,
    started_on: Option<NaiveDate>,
    done_on: Option<NaiveDate>,
    evidence: Vec<StageEvidenceDraft>,
}

impl StagePatch {
    fn apply(self, draft: &mut StageDraft) {
        merge!(self => draft: criteria started_on done_on evidence);
    }
}

impl From<PassportStage> for StageDraft {
    fn from(stage: PassportStage) -> Self {
        let PassportStage { criteria, started_on, done_on, .. } = stage;
        let piece = |piece: crate::passport::stages::StageEvidence| StageEvidenceDraft {
            title: piece.title,
            url: piece.url,
            act_id: piece.act.map(|act| act.id),
        };
        Self { criteria, started_on, done_on, evidence: stage.evidence.into_iter().map(piece).collect() }
    }
}

/// Changes `stage`, if it is still at `version`.
///
/// # Errors
/// `precondition_failed` at another version; all refused fields at once.
pub fn update(
    tx: &mut Tx,
    stage: StageCode,
    version: impl Into<Expected>,
    patch: StagePatch,
) -> Result<PassportStage> {
    let before = find(tx, stage)?;
    same_version(before.version, version)?;
    let mut draft = StageDraft::from(before.clone());
    patch.apply(&mut draft);
    let at = tx.at;
    let draft = checked(tx, stage, draft, at)?;
    let criteria = serde_json::to_string(&draft.criteria).map_err(Error::fault)?;
    let row = (
        stages::criteria.eq(criteria),
        stages::started_on.eq(draft.started_on),
        stages::done_on.eq(draft.done_on),
        stages::version.eq(before.version + 1),
        stages::updated_at.eq(at),
    );
    diesel::update(stages::table.find(stage)).set(row).execute(&mut **tx)?;
    replace_evidence(tx, stage, &draft.evidence)?;
    let after = find(tx, stage)?;
    let label = |_: &PassportStage| Label::new(serde_json::json!({ "stage": stage }));
    tx.record(change("passport/stages", stage, Some(&before), Some(&after), label)?);
    Ok(after)
}

fn replace_evidence(db: &mut Db, stage: StageCode, pieces: &[StageEvidenceDraft]) -> Result<()> {
    diesel::delete(evidence::table.filter(evidence::stage.eq(stage))).execute(db)?;
    for (place, piece) in (1i32..).zip(pieces) {
        let row = (
            evidence::stage.eq(stage),
            evidence::place.eq(place),
            evidence::title.eq(&piece.title),
            evidence::url.eq(piece.url.as_deref()),
            evidence::act_id.eq(piece.act_id),
        );
        diesel::insert_into(evidence::table).values(row).execute(db)?;
    }
    Ok(())
}

/// `draft` with its texts trimmed, if every field is right and it is in turn with its neighbours.
fn checked(db: &mut Db, stage: StageCode, draft: StageDraft, now: Moment) -> Result<StageDraft> {
    let mut check = Check::default();
    let StageDraft { criteria, started_on, done_on, evidence } = draft;
    check.unless(criteria.len() <= MOST, "/criteria", Reason::WrongLength);
    check.unless(evidence.len() <= MOST, "/evidence", Reason::WrongLength);
    let criteria: Vec<String> = criteria
        .iter()
        .enumerate()
        .map(|(i, text)| check.line(&format!("/criteria/{i}"), text, LINE))
        .collect();
    let evidence = evidence
        .into_iter()
        .enumerate()
        .map(|(i, piece)| check_piece(db, &mut check, &format!("/evidence/{i}"), piece))
        .collect::<Result<Vec<_>>>()?;
    if done_on.is_some() {
        check.unless(!criteria.is_empty(), "/criteria", Reason::Required);
        check.unless(!evidence.is_empty(), "/evidence", Reason::Required);
        check.unless(started_on.is_some(), "/started_on", Reason::Required);
    }
    check.in_order("/done_on", started_on, done_on);
    let latest = now.plus_seconds(AHEAD).date();
    check.unless(started_on.is_none_or(|day| day <= latest), "/started_on", Reason::OutOfRange);
    check.unless(done_on.is_none_or(|day| day <= latest), "/done_on", Reason::OutOfRange);
    check_turn(db, &mut check, stage, StageDates { started_on, done_on })?;
    check.done()?;
    Ok(StageDraft { criteria, started_on, done_on, evidence })
}

fn check_piece(
    db: &mut Db,
    check: &mut Check,
    at: &str,
    piece: StageEvidenceDraft,
) -> Result<StageEvidenceDraft> {
    let title = check.line(&format!("{at}/title"), &piece.title, LINE);
    let url = check.optional_line(&format!("{at}/url"), piece.url.as_deref(), URL);
    if let Some(url) = &url {
        check.unless(is_address(url), &format!("{at}/url"), Reason::WrongFormat);
    }
    check.unless(url.is_some() || piece.act_id.is_some(), &format!("{at}/url"), Reason::Required);
    check.unless(url.is_none() || piece.act_id.is_none(), &format!("{at}/act_id"), Reason::Contradiction);
    if let Some(id) = piece.act_id {
        let known: i64 = normative_acts::table.filter(normative_acts::id.eq(id)).count().get_result(db)?;
        check.unless(known == 1, &format!("{at}/act_id"), Reason::UnknownReference);
    }
    Ok(StageEvidenceDraft { title, url, act_id: piece.act_id })
}

/// Whether a person may safely follow `text`: no scripts, no files.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.chars().any(char::is_whitespace))
}

/// A stage begins and is done no earlier than the one in front of it, and no later than the one after it.
fn check_turn(db: &mut Db, check: &mut Check, stage: StageCode, own: StageDates) -> Result<()> {
    let mut pairs = Vec::new();
    if let Some(previous) = stage.previous() {
        pairs.push((find(db, previous)?.dates(), own));
    }
    if let Some(next) = stage.next() {
        pairs.push((own, find(db, next)?.dates()));
    }
    for (earlier, later) in pairs {
        for (at, earlier, later) in [
            ("/started_on", earlier.started_on, later.started_on),
            ("/done_on", earlier.done_on, later.done_on),
        ] {
            if let Some(reason) = out_of_turn(earlier, later) {
                check.flaw(at, reason);
            }
        }
    }
    Ok(())
}
