//! What a finished identification run says, as far as the models' rules need it.

use crate::rules::LowSubject;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{identification_runs, lists, methodologies, procedures, results, verdicts},
};
use opora_primitives::{AcademicYear, Problem, ProblemCode, Reason, SchoolId, Share};
use opora_schools::{
    identification::{Outcome, Parameters},
    types::{Attempt, ListId, RunId, Subject},
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
    /// The judged year.
    pub year: AcademicYear,
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
        .select((
            identification_runs::id,
            (lists::id, lists::list_year),
            identification_runs::academic_year,
            methodologies::parameters,
        ))
        .order(identification_runs::id.desc())
        .into_boxed();
    if let Some(id) = wanted {
        query = query.filter(identification_runs::id.eq(id));
    }
    let row: Option<(RunId, (ListId, i32), AcademicYear, String)> = query.first(db).optional()?;
    row.map(|(id, (list, list_year), year, document)| {
        let parameters = serde_json::from_str(&document).map_err(Error::fault)?;
        Ok(RunFact { id, list, list_year, year, parameters })
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

/// The subjects of `schools` in which the share below the minimum reaches the methodology's threshold, over the years,
/// the assessments and the cohorts that its rule `LOW_SHARE` counts. Main attempts only.
///
/// # Errors
/// Faults of the database.
pub fn low_subjects(
    db: &mut Db,
    run: &RunFact,
    schools: &BTreeSet<SchoolId>,
) -> Result<BTreeMap<SchoolId, Vec<LowSubject>>> {
    let rule = &run.parameters.low_share;
    let first = run.year.start() - i32::from(rule.years) + 1;
    let years: Vec<_> = (first..=run.year.start()).filter_map(|y| AcademicYear::starting(y).ok()).collect();
    let rows: Vec<(SchoolId, Subject, i32, i32)> = results::table
        .inner_join(procedures::table)
        .filter(procedures::academic_year.eq_any(years))
        .filter(procedures::assessment.eq_any(run.parameters.counted_assessments.clone()))
        .filter(results::attempt.eq(Attempt::Main))
        .filter(results::participants.ge(i32::from(run.parameters.minimum_cohort)))
        .filter((results::below_minimum * 100).ge(results::participants * i32::from(rule.share_percent)))
        .select((results::school_id, procedures::subject, results::below_minimum, results::participants))
        .order((results::school_id, procedures::id))
        .load(db)?;
    let mut found: BTreeMap<SchoolId, Vec<LowSubject>> = BTreeMap::new();
    for (school, subject, below, participants) in rows {
        if schools.contains(&school) {
            let share = Share::new(below.into(), participants.into());
            found.entry(school).or_default().push(LowSubject { subject, share });
        }
    }
    Ok(found)
}
