//! Editions of the public summary, and what they are made from.

use super::{
    rules::{Figures, tell},
    types::{PublicPlan, PublicStatusCount, PublicSummary},
};
use crate::{
    canonical,
    indicators::{self, IndicatorCode, Subject},
    plan::{
        activities::{self, When},
        status::ActivityStatus,
        store::{self as plans, Plan},
    },
    publication::suppression::LEAST,
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Operation, Result, Tx,
    schema::{identification_runs as runs, public_summaries as editions, schools, verdicts},
};
use opora_primitives::{AcademicYear, ProblemCode, SchoolId};
use opora_schools::{
    identification::Outcome,
    registry::municipalities,
    types::{Locality, RunId, SchoolStatus},
};
use std::collections::HashMap;

/// An edition as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Edition {
    /// A [`PublicSummary`] as canonical JSON.
    pub body: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The edition of the month of `today`, if it is made already.
///
/// # Errors
/// Faults of the database.
pub fn find(db: &mut Db, today: NaiveDate) -> Result<Option<Edition>> {
    let found = editions::table.find(month(today)).select((editions::body, editions::sha256));
    Ok(found.first(db).optional()?)
}

/// The edition of the month of `today`; made now, unless it is made already.
///
/// # Errors
/// Not found, before there is a plan that has begun and a finished identification run.
pub fn find_or_make(tx: &mut Tx, today: NaiveDate) -> Result<Edition> {
    if let Some(edition) = find(tx, today)? {
        return Ok(edition);
    }
    let body = canonical::json(&compute(tx, today)?)?;
    let sha256 = canonical::sha256(&body);
    let row = (
        editions::month.eq(month(today)),
        editions::body.eq(&body),
        editions::sha256.eq(&sha256),
        editions::made_at.eq(tx.at),
    );
    diesel::insert_into(editions::table).values(row).execute(&mut **tx)?;
    let after = serde_json::json!({ "sha256": sha256 });
    tx.record(Change::new("public-summaries", month(today), Operation::Create).after(after));
    Ok(Edition { body, sha256 })
}

fn month(today: NaiveDate) -> String {
    today.format("%Y-%m").to_string()
}

fn compute(db: &mut Db, today: NaiveDate) -> Result<PublicSummary> {
    let on = today.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(today);
    let mut plans = plans::newest_first(db)?.into_iter();
    let plan = plans.find(|plan| plan.starts_on <= on).ok_or(ProblemCode::NotFound)?;
    let (run, academic_year) = newest_run(db)?;
    let question = indicators::store::Question { on, list: None, denominator: None };
    let indicators = indicators::store::compute(db, question)?.indicators;
    let reached = indicators.iter().find(|actual| actual.code == IndicatorCode::I3);
    let reached = reached.into_iter().flat_map(|actual| &actual.rows).map(|row| (row.subject, row.counts));
    let reached: HashMap<Subject, bool> = reached.collect();
    let systems = municipalities::all(db)?.into_iter();
    let systems = systems.filter_map(|m| Some((m.kind, *reached.get(&Subject::Municipality(m.id))?)));
    let figures = Figures { schools: judged(db, run, on)?, systems: systems.collect(), indicators };
    let told = tell(&figures);
    Ok(PublicSummary {
        edition: month(today),
        on,
        least: LEAST,
        schools: told.outcomes.total,
        indicators: told.indicators,
        plan: public_plan(db, plan, on)?,
        academic_year,
        outcomes: told.outcomes,
        municipalities: told.municipalities,
    })
}

fn newest_run(db: &mut Db) -> Result<(RunId, AcademicYear)> {
    let finished = runs::table.filter(runs::finished_at.is_not_null()).order(runs::id.desc());
    Ok(finished.select((runs::id, runs::academic_year)).first(db)?)
}

/// Every school that works on the day (D301), and what the run says of it.
fn judged(db: &mut Db, run: RunId, on: NaiveDate) -> Result<Vec<(Locality, Option<Outcome>)>> {
    let of_run = verdicts::table.filter(verdicts::run_id.eq(run));
    let outcomes: Vec<(SchoolId, Outcome)> =
        of_run.select((verdicts::school_id, verdicts::outcome)).load(db)?;
    let outcomes: HashMap<SchoolId, Outcome> = outcomes.into_iter().collect();
    let columns = (schools::id, schools::locality, schools::status, schools::closed_on);
    let all: Vec<(SchoolId, Locality, SchoolStatus, Option<NaiveDate>)> =
        schools::table.select(columns).load(db)?;
    let working = all.into_iter().filter(|(_, _, status, closed_on)| status.works_on(*closed_on, on));
    Ok(working.map(|(id, locality, ..)| (locality, outcomes.get(&id).copied())).collect())
}

fn public_plan(db: &mut Db, plan: Plan, on: NaiveDate) -> Result<PublicPlan> {
    let activities = activities::all(db, &plan, When { on, version: None })?;
    let counts = ActivityStatus::ALL.iter().map(|status| PublicStatusCount {
        status: *status,
        name_ru: status.ru().to_owned(),
        activities: activities.iter().filter(|activity| activity.standing.status == *status).count(),
    });
    let activities = counts.collect();
    let Plan { code, title_ru, title_en, current_version: version, .. } = plan;
    Ok(PublicPlan { code, title_ru, title_en, version, activities })
}
