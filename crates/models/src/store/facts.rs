//! The facts of a day, gathered from the registers, an identification run and the assignments.

use super::{
    evidence::{self, RunFact},
    lives::{self, Life},
};
use crate::{
    rules::{Designated, Facts, HeldModels, MunicipalityFact, PersonFact, SchoolFact, eligible},
    types::{AssignmentState, ModelCode, SubjectRef},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{list_entries, schools},
};
use opora_primitives::{MunicipalityId, ProblemCode, SchoolCode, SchoolId};
use opora_schools::{
    identification::Outcome,
    registry::{
        designations::{self, Designation},
        lists, municipalities, staff,
        succession::Lines,
    },
    types::{ListId, SchoolStatus, StaffId},
};
use std::collections::{BTreeMap, BTreeSet};

/// The facts of the day `on`: working schools, municipalities in force, and the heads and teachers of low-result
/// schools. To be called in one consistent read.
///
/// # Errors
/// Faults of the database.
pub fn gather(db: &mut Db, run: &RunFact, on: NaiveDate) -> Result<Facts> {
    let mut facts = gather_from(db, run.list, Some(run), on)?;
    let low = facts.schools.iter().filter(|school| school.low().is_some()).map(|school| school.id).collect();
    let mut subjects = evidence::low_subjects(db, run, &low)?;
    for school in &mut facts.schools {
        school.low_subjects = subjects.remove(&school.id).unwrap_or_default();
    }
    Ok(facts)
}

/// The facts without the shares below the minimum: they select nobody (D24).
fn gather_from(db: &mut Db, list: ListId, run: Option<&RunFact>, on: NaiveDate) -> Result<Facts> {
    let territory = municipalities::territory(db)?;
    let held = Held::on(&lives::all(db)?, &territory.lines, on)?;
    let acts = Acts::of(designations::all(db)?, &territory.lines, on);
    let listed: BTreeSet<SchoolId> = lists::members(db, list)?.into_iter().collect();
    let outcomes = run.map(|run| evidence::outcomes(db, run.id)).transpose()?.unwrap_or_default();
    let schools: Vec<SchoolFact> = working_schools(db, on)?
        .into_iter()
        .map(|(id, code)| (id, code, territory.home(id, on)))
        .map(|row| school_fact(row, &held, &acts, |id| listed.contains(&id), |id| outcomes.get(&id).copied()))
        .collect();
    let low: BTreeSet<SchoolId> = schools.iter().filter(|s| s.low().is_some()).map(|s| s.id).collect();
    let people = people(db, &low, &held)?;
    let municipalities = municipality_facts(&territory.lines, on, &held, &acts);
    Ok(Facts { list, municipalities, schools, people })
}

/// What low results are taken from where no run is named: the newest finished run, or before the first the newest list
/// alone.
fn basis(db: &mut Db) -> Result<(Option<ListId>, Option<RunFact>)> {
    match evidence::finished(db, None)? {
        Some(run) => Ok((Some(run.list), Some(run))),
        None => Ok((newest_list(db)?, None)),
    }
}

/// Whether the rules hold `subject` for `model` on the day `on`, by the newest low results.
///
/// # Errors
/// Faults of the database.
pub fn held_by_rules(db: &mut Db, model: ModelCode, subject: SubjectRef, on: NaiveDate) -> Result<bool> {
    if model.model().open_enrolment {
        return Ok(true);
    }
    let (list, run) = basis(db)?;
    // Of no list nobody is a member.
    let facts = gather_from(db, list.unwrap_or(ListId(0)), run.as_ref(), on)?;
    Ok(eligible(facts, on, model, subject))
}

/// The models that `school` takes part in by act on `on`, by the newest low results: what keeps its head out of the
/// fourth model.
///
/// # Errors
/// Faults of the database; [`ProblemCode::NotFound`] if there is no such school.
pub fn participation(db: &mut Db, school: SchoolId, on: NaiveDate) -> Result<Vec<ModelCode>> {
    let (list, run) = basis(db)?;
    let outcome = run.as_ref().map(|run| evidence::outcome(db, run.id, school)).transpose()?.flatten();
    let listed = list.map(|list| is_listed(db, list, school)).transpose()?.unwrap_or(false);
    let (id, code): SchoolRow = schools::table.find(school).select(SCHOOL_COLUMNS).first(db)?;
    // Of the school alone: where it lies takes no part.
    let acts = Acts::of(designations::all(db)?, &Lines::default(), on);
    let fact = school_fact((id, code, None), &Held::default(), &acts, |_| listed, |_| outcome);
    Ok(ModelCode::ALL.iter().copied().filter(|model| fact.takes_part(*model, on)).collect())
}

fn newest_list(db: &mut Db) -> Result<Option<ListId>> {
    match lists::newest(db, None) {
        Ok(list) => Ok(Some(list.id)),
        Err(opora_db::Error::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_listed(db: &mut Db, list: ListId, school: SchoolId) -> Result<bool> {
    let found: Option<SchoolId> =
        list_entries::table.find((list, school)).select(list_entries::school_id).first(db).optional()?;
    Ok(found.is_some())
}

type SchoolRow = (SchoolId, SchoolCode);
const SCHOOL_COLUMNS: (schools::id, schools::code) = (schools::id, schools::code);

/// The schools that work on the day: one that opens later is not there yet, one that closes later still is (D38).
fn working_schools(db: &mut Db, on: NaiveDate) -> Result<Vec<SchoolRow>> {
    let rows: Vec<(SchoolRow, SchoolStatus, Option<NaiveDate>)> = schools::table
        .filter(schools::opened_on.is_null().or(schools::opened_on.le(on)))
        .order(schools::id)
        .select((SCHOOL_COLUMNS, schools::status, schools::closed_on))
        .load(db)?;
    let works = |(row, status, closed_on): (SchoolRow, SchoolStatus, _)| {
        status.works_on(closed_on, on).then_some(row)
    };
    Ok(rows.into_iter().filter_map(works).collect())
}

fn school_fact(
    (id, code, municipality): (SchoolId, SchoolCode, Option<MunicipalityId>),
    held: &Held,
    acts: &Acts,
    listed: impl Fn(SchoolId) -> bool,
    outcome: impl Fn(SchoolId) -> Option<Outcome>,
) -> SchoolFact {
    let outcome = outcome(id);
    SchoolFact {
        id,
        code,
        municipality,
        listed: listed(id),
        low_by_rule: outcome == Some(Outcome::Low),
        high_by_verdict: outcome == Some(Outcome::High),
        designations: acts.schools.get(&id).cloned().unwrap_or_default(),
        models: held.schools.get(&id).cloned().unwrap_or_default(),
        low_subjects: Vec::new(),
    }
}

/// The municipalities in force on the day, each with what it or one before it was designated for and has.
fn municipality_facts(lines: &Lines, on: NaiveDate, held: &Held, acts: &Acts) -> Vec<MunicipalityFact> {
    let in_force = lines.all().filter(|m| m.in_force_on(on));
    in_force
        .map(|m| MunicipalityFact {
            id: m.id,
            parent: lines.city(m.id, on),
            designations: acts.municipalities.get(&m.id).cloned().unwrap_or_default(),
            models: held.municipalities.get(&m.id).cloned().unwrap_or_default(),
        })
        .collect()
}

fn people(db: &mut Db, schools: &BTreeSet<SchoolId>, held: &Held) -> Result<Vec<PersonFact>> {
    let schools: Vec<_> = schools.iter().copied().collect();
    Ok(staff::candidates(db, &schools)?
        .into_iter()
        .map(|(id, school, role, subject)| {
            let models = held.people.get(&id).cloned().unwrap_or_default();
            PersonFact { id, school, role, subject, models }
        })
        .collect())
}

/// The models that subjects have on a day.
#[derive(Default)]
struct Held {
    schools: BTreeMap<SchoolId, HeldModels>,
    municipalities: BTreeMap<MunicipalityId, HeldModels>,
    people: BTreeMap<StaffId, HeldModels>,
}

impl Held {
    fn on(lives: &[Life], lines: &Lines, day: NaiveDate) -> Result<Self> {
        let mut held = Self::default();
        for life in lives {
            let state = life.state_on(day)?;
            let models = match life.subject {
                SubjectRef::School { school } => held.schools.entry(school).or_default(),
                SubjectRef::Municipality { municipality } => {
                    held.municipalities.entry(lines.on(municipality, day)).or_default()
                }
                SubjectRef::Leader { staff, .. } | SubjectRef::Teacher { staff, .. } => {
                    held.people.entry(staff).or_default()
                }
            };
            match state {
                AssignmentState::Planned => models.planned.push(life.model),
                AssignmentState::Active | AssignmentState::Paused => models.begun.push(life.model),
                AssignmentState::Ended => {}
            }
        }
        Ok(held)
    }
}

/// Designations by whom they are of.
#[derive(Default)]
struct Acts {
    schools: BTreeMap<SchoolId, Vec<Designated>>,
    municipalities: BTreeMap<MunicipalityId, Vec<Designated>>,
}

impl Acts {
    fn of(designations: Vec<Designation>, lines: &Lines, day: NaiveDate) -> Self {
        let mut acts = Self::default();
        for d in designations {
            let designated = Designated { kind: d.kind, from: d.valid_from, to: d.valid_to };
            match (d.school_id, d.municipality_id) {
                (Some(id), _) => acts.schools.entry(id).or_default().push(designated),
                (None, Some(id)) => {
                    acts.municipalities.entry(lines.on(id, day)).or_default().push(designated);
                }
                (None, None) => {}
            }
        }
        acts
    }
}
