//! What a finished identification run says, as far as the models' rules need it.

use crate::rules::LowSubject;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{identification_runs, lists, methodologies, verdicts},
};
use opora_primitives::{Problem, ProblemCode, Reason, SchoolId};
use opora_schools::{
    identification::{Outcome, Parameters, Step},
    types::{ListId, RunId},
};
use std::collections::{BTreeMap, BTreeSet};

/// A finished run: what its verdicts were made with.
#[derive(Clone, Debug)]
pub struct RunFact {
    /// The run.
    pub id: RunId,
    /// The list version it used.
    pub list: ListId,
    /// The year of that list.
    pub list_year: i32,
    /// The methodology.
    pub parameters: Parameters,
}

/// The run `wanted`, or the newest finished one.
///
/// # Errors
/// A refused field if there is no such run; [`ProblemCode::WrongState`] if it has not finished, or none has.
pub fn run(db: &mut Db, wanted: Option<RunId>) -> Result<RunFact> {
    if let Some(id) = wanted {
        let known: Option<RunId> =
            identification_runs::table.find(id).select(identification_runs::id).first(db).optional()?;
        known.ok_or_else(|| Problem::field("/identification_run_id", Reason::UnknownReference))?;
    }
    let none = || {
        Problem::new(
            ProblemCode::WrongState,
            ("there is no finished identification run", "нет завершённого расчёта идентификации"),
        )
    };
    Ok(finished(db, wanted)?.ok_or_else(none)?)
}

/// The run `wanted` if it has finished, or the newest finished one if there is any.
///
/// # Errors
/// Faults of the database.
pub fn finished(db: &mut Db, wanted: Option<RunId>) -> Result<Option<RunFact>> {
    let mut query = identification_runs::table
        .inner_join(methodologies::table)
        .inner_join(lists::table)
        .filter(identification_runs::finished_at.is_not_null())
        .select((identification_runs::id, (lists::id, lists::list_year), methodologies::parameters))
        .order(identification_runs::id.desc())
        .into_boxed();
    if let Some(id) = wanted {
        query = query.filter(identification_runs::id.eq(id));
    }
    let row: Option<(RunId, (ListId, i32), String)> = query.first(db).optional()?;
    row.map(|(id, (list, list_year), document)| {
        let parameters = serde_json::from_str(&document).map_err(Error::fault)?;
        Ok(RunFact { id, list, list_year, parameters })
    })
    .transpose()
}

/// The verdict of `run` on every school it judged.
///
/// # Errors
/// Faults of the database.
pub fn outcomes(db: &mut Db, run: RunId) -> Result<BTreeMap<SchoolId, Outcome>> {
    let rows: Vec<(SchoolId, Outcome)> = verdicts::table
        .filter(verdicts::run_id.eq(run))
        .select((verdicts::school_id, verdicts::outcome))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// The verdict of `run` on one school.
///
/// # Errors
/// Faults of the database.
pub fn outcome(db: &mut Db, run: RunId, school: SchoolId) -> Result<Option<Outcome>> {
    Ok(verdicts::table.find((run, school)).select(verdicts::outcome).first(db).optional()?)
}

/// The subjects of `schools` in which the share below the minimum reaches the threshold of the methodology's rule
/// `LOW_SHARE`, as the verdict of `run` took the shares: criteria only, small cohorts pooled (D293).
///
/// # Errors
/// Faults of the database.
pub fn low_subjects(
    db: &mut Db,
    run: &RunFact,
    schools: &BTreeSet<SchoolId>,
) -> Result<BTreeMap<SchoolId, Vec<LowSubject>>> {
    let threshold = i64::from(run.parameters.low_share.share_percent);
    let rows: Vec<(SchoolId, String)> = verdicts::table
        .filter(verdicts::run_id.eq(run.id))
        .filter(verdicts::listed.eq(true).or(verdicts::outcome.eq(Outcome::Low)))
        .select((verdicts::school_id, verdicts::trace))
        .load(db)?;
    let mut found = BTreeMap::new();
    for (school, trace) in rows.into_iter().filter(|(school, _)| schools.contains(school)) {
        let steps: Vec<Step> = serde_json::from_str(&trace).map_err(Error::fault)?;
        let reached = |step| match step {
            Step::ShareReached { measured, .. } if measured.below.at_least(threshold) => {
                Some(LowSubject { subject: measured.subject, share: measured.below })
            }
            _ => None,
        };
        found.insert(school, steps.into_iter().filter_map(reached).collect());
    }
    Ok(found)
}
