//! The six stages of the passport.

use super::{
    rules::StageDates,
    types::{ActId, ActKind, StageCode, StageState},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{normative_acts, passport_evidence as evidence, passport_stages as stages},
};
use opora_primitives::Moment;
use serde::Serialize;
use utoipa::ToSchema;

/// A stage of the passport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassportStage {
    /// Which stage.
    pub stage: StageCode,
    /// Its number in the passport.
    #[schema(minimum = 1, maximum = 6, example = 1)]
    pub number: i32,
    /// Its name in Russian.
    pub name_ru: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
    /// How far it is: on the day asked for or, without one, by its dates.
    pub state: StageState,
    /// By what one sees that it is done.
    pub criteria: Vec<String>,
    /// The day it began.
    pub started_on: Option<NaiveDate>,
    /// The day it was done.
    pub done_on: Option<NaiveDate>,
    /// What shows it.
    pub evidence: Vec<StageEvidence>,
    /// Counts the changes; the ETag is made from it.
    #[schema(minimum = 1, example = 1)]
    pub version: i64,
    /// When it was changed last; absent while nobody has.
    pub updated_at: Option<Moment>,
}

/// What shows that a stage is done: a link, or an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StageEvidence {
    /// What it is.
    pub title: String,
    /// Where it is, if it is a link.
    pub url: Option<String>,
    /// The act, if it is one.
    pub act: Option<EvidenceAct>,
}

/// An act as it is referred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, ToSchema)]
pub struct EvidenceAct {
    /// Its id.
    pub id: ActId,
    /// The kind of act.
    pub kind: ActKind,
    /// Its number.
    #[schema(example = "316-01-63-950/20")]
    pub number: String,
    /// The day it was signed.
    pub signed_on: NaiveDate,
}

impl PassportStage {
    /// The dates its state follows from.
    pub fn dates(&self) -> StageDates {
        StageDates { started_on: self.started_on, done_on: self.done_on }
    }
}

/// All six stages in the passport's order, with the state each had at the end of the day `on`. To be called in one
/// consistent read.
///
/// # Errors
/// Faults of the database.
pub fn list(db: &mut Db, on: Option<NaiveDate>) -> Result<Vec<PassportStage>> {
    StageCode::ALL.iter().map(|stage| load(db, *stage, on)).collect()
}

/// One stage. To be called in one consistent read.
///
/// # Errors
/// Faults of the database.
pub fn find(db: &mut Db, stage: StageCode) -> Result<PassportStage> {
    load(db, stage, None)
}

fn load(db: &mut Db, stage: StageCode, on: Option<NaiveDate>) -> Result<PassportStage> {
    type Row = (String, Option<NaiveDate>, Option<NaiveDate>, i64, Option<Moment>);
    let (criteria, started_on, done_on, version, updated_at): Row = stages::table
        .find(stage)
        .select((stages::criteria, stages::started_on, stages::done_on, stages::version, stages::updated_at))
        .first(db)?;
    Ok(PassportStage {
        stage,
        number: stage.number(),
        name_ru: stage.ru(),
        name_en: stage.en(),
        state: StageDates { started_on, done_on }.state(on),
        criteria: serde_json::from_str(&criteria).map_err(Error::fault)?,
        started_on,
        done_on,
        evidence: shown_by(db, stage)?,
        version,
        updated_at,
    })
}

fn shown_by(db: &mut Db, stage: StageCode) -> Result<Vec<StageEvidence>> {
    let act = (normative_acts::id, normative_acts::kind, normative_acts::number, normative_acts::signed_on);
    let rows: Vec<(String, Option<String>, Option<EvidenceAct>)> = evidence::table
        .left_join(normative_acts::table)
        .filter(evidence::stage.eq(stage))
        .select((evidence::title, evidence::url, act.nullable()))
        .order(evidence::place)
        .load(db)?;
    Ok(rows.into_iter().map(|(title, url, act)| StageEvidence { title, url, act }).collect())
}
