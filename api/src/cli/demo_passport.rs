//! The passport of the demonstration region: written by the functions that the API calls.

use chrono::NaiveDate;
use opora_db::{Error, Result, Tx};
use opora_primitives::ProblemCode;
use opora_reporting::passport::{
    ActId, StageCode,
    edit::{
        acts::{self, ActDraft},
        seats::{self, SeatDraft},
        stages::{self, StageEvidenceDraft, StagePatch},
    },
    stages::find,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file. Acts are named by their numbers.
#[derive(Deserialize)]
struct Passport {
    acts: Vec<Act>,
    seats: Vec<SeatDraft>,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Act {
    act: ActDraft,
    supersedes: Option<String>,
}

#[derive(Deserialize)]
struct Stage {
    stage: StageCode,
    criteria: Vec<String>,
    started_on: Option<NaiveDate>,
    done_on: Option<NaiveDate>,
    evidence: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    title: String,
    url: Option<String>,
    act: Option<String>,
}

/// Writes acts, seats and stages; answers how many of each.
///
/// # Errors
/// A file that the passport's own checks refuse.
pub(super) fn write(tx: &mut Tx) -> Result<[(&'static str, usize); 3]> {
    let passport: Passport = serde_json::from_str(opora_demo::PASSPORT).map_err(Error::fault)?;
    let numbers = write_acts(tx, &passport.acts)?;
    for seat in &passport.seats {
        seats::create(tx, seat)?;
    }
    for stage in &passport.stages {
        write_stage(tx, stage, &numbers)?;
    }
    Ok([("acts", passport.acts.len()), ("seats", passport.seats.len()), ("stages", passport.stages.len())])
}

type Numbers<'a> = BTreeMap<&'a str, ActId>;

fn numbered(numbers: &Numbers, number: Option<&String>) -> Result<Option<ActId>> {
    let known = |number: &String| numbers.get(number.as_str()).copied();
    number.map(|number| known(number).ok_or_else(|| ProblemCode::MissingReference.into())).transpose()
}

fn write_acts<'a>(tx: &mut Tx, acts: &'a [Act]) -> Result<Numbers<'a>> {
    let mut numbers = Numbers::new();
    for Act { act, supersedes } in acts {
        let supersedes_id = numbered(&numbers, supersedes.as_ref())?;
        let made = acts::create(tx, &ActDraft { supersedes_id, ..act.clone() })?;
        numbers.insert(&act.number, made.id);
    }
    Ok(numbers)
}

fn write_stage(tx: &mut Tx, stage: &Stage, numbers: &Numbers) -> Result<()> {
    let piece = |piece: &Piece| -> Result<StageEvidenceDraft> {
        let act_id = numbered(numbers, piece.act.as_ref())?;
        Ok(StageEvidenceDraft { title: piece.title.clone(), url: piece.url.clone(), act_id })
    };
    let patch = StagePatch {
        criteria: Some(stage.criteria.clone()),
        started_on: Some(stage.started_on),
        done_on: Some(stage.done_on),
        evidence: Some(stage.evidence.iter().map(piece).collect::<Result<_>>()?),
    };
    let version = find(tx, stage.stage)?.version;
    stages::update(tx, stage.stage, version, patch).map(drop)
}
