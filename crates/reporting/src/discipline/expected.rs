//! The reports behind the counts, one by one: what is expected of whom, and since when it is missing.

use super::{
    Place, Report,
    store::{Map, Standing, standing},
};
use crate::{
    plan::{
        ActivityWindow, PlanDocument,
        store::{self as plans, PlanRef},
    },
    timeliness::{Timeliness, days_late},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Db, Result, schema::schools};
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, SchoolId};
use serde::Serialize;
use std::collections::BTreeMap;

/// A report that is expected of an organisation about a window of an activity, as it stands on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ExpectedReport {
    /// The number of the activity.
    #[schema(example = "2.13")]
    pub activity: String,
    /// The activity, in Russian.
    pub title_ru: String,
    /// The window.
    pub window: ActivityWindow,
    /// The codes of the executors it is expected of: several, where one organisation stands behind all of them.
    #[schema(example = json!(["MOUO"]))]
    pub executors: Vec<String>,
    /// The municipality: the organisation itself, or where the school lies; absent for bodies of the region and state
    /// schools.
    pub municipality_id: Option<MunicipalityId>,
    /// The school, if it is one.
    pub school_id: Option<SchoolId>,
    /// The organisation, in Russian.
    #[schema(example = "Уренский")]
    pub organisation: String,
    /// The day it is due, inclusive.
    pub due_on: NaiveDate,
    /// How it stands.
    pub state: Timeliness,
    /// The day its first fact was entered.
    pub reported_on: Option<NaiveDate>,
    /// The first day on which it was missing, if it still is.
    pub missing_since: Option<NaiveDate>,
    /// By how many days it came late or, while it is missing, is.
    #[schema(minimum = 0, example = 17)]
    pub days_late: i64,
    /// Its facts.
    #[schema(minimum = 0, example = 0)]
    pub facts: i64,
}

/// Which of them are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of this municipality and of the schools in it.
    pub municipality: Option<MunicipalityId>,
    /// Of this school.
    pub school: Option<SchoolId>,
    /// Of organisations behind the executor with this code.
    pub executor: Option<String>,
    /// About the activity with this number.
    pub activity: Option<String>,
    /// That stand so.
    pub state: Option<Timeliness>,
}

impl Filter {
    fn takes(&self, document: &PlanDocument, map: &Map, report: &Report) -> bool {
        let activity = document.activities.get(report.activity).map(|activity| &activity.number);
        self.municipality.is_none_or(|id| map.home(report.place) == Some(id))
            && self.school.is_none_or(|id| report.place == Place::School(id))
            && self.executor.as_ref().is_none_or(|code| report.executors.contains(code))
            && self.activity.as_ref().is_none_or(|number| activity == Some(number))
            && self.state.is_none_or(|state| report.timeliness == state)
    }
}

/// What orders the reports of a plan: activity, window, bodies of the region by code, municipalities and schools by id.
type Key = (usize, NaiveDate, u8, i64, String);

fn key(report: &Report) -> Key {
    let (rank, id) = match report.place {
        Place::Region => (0, 0),
        Place::Municipality(id) => (1, id.0),
        Place::School(id) => (2, id.0),
    };
    let executor = report.executors.first().cloned().unwrap_or_default();
    (report.activity, report.window.from, rank, id, executor)
}

/// The reports that a plan expects inside `area`, as they stand on the day `on`, in the order of the plan. To be called
/// in one consistent read.
///
/// # Errors
/// No such plan; a cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    plan: &PlanRef,
    on: NaiveDate,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ExpectedReport>> {
    let plan = plans::find(db, plan)?;
    let scope = format!("expected {} {on} {filter:?}", plan.id);
    let after = cursor.map(|c| Cursor::decode::<Key>(&scope, c)).transpose()?;
    let Standing { document, map, mut reports } = standing(db, area, &plan, on)?;
    reports.retain(|report| filter.takes(&document, &map, report));
    reports.sort_by_key(key);
    let wanted = reports.into_iter().filter(|report| after.as_ref().is_none_or(|after| key(report) > *after));
    let page = Page::cut(wanted.take(limit.get() + 1).collect(), limit, &scope, key);
    let names = names(db, &page.items)?;
    let row = |report| expected(&document, &map, &names, on, report);
    Ok(page.map(row))
}

/// The names of the schools among these reports.
fn names(db: &mut Db, reports: &[Report]) -> Result<BTreeMap<SchoolId, String>> {
    let ids = reports.iter().filter_map(|report| match report.place {
        Place::School(id) => Some(id),
        _ => None,
    });
    let found = schools::table.filter(schools::id.eq_any(ids.collect::<Vec<_>>()));
    let rows: Vec<(SchoolId, Option<String>, String)> =
        found.select((schools::id, schools::short_name, schools::name)).load(db)?;
    Ok(rows.into_iter().map(|(id, short, name)| (id, short.unwrap_or(name))).collect())
}

fn expected(
    document: &PlanDocument,
    map: &Map,
    names: &BTreeMap<SchoolId, String>,
    on: NaiveDate,
    report: Report,
) -> ExpectedReport {
    let activity = document.activities.get(report.activity);
    let body = || {
        let of_code = |code: &String| document.executors.iter().find(|executor| executor.code == *code);
        report.executors.first().and_then(of_code).map(|executor| executor.name_ru.clone())
    };
    let (school_id, organisation) = match report.place {
        Place::Region => (None, body()),
        Place::Municipality(id) => (None, map.territory.lines.get(id).map(|found| found.name.clone())),
        Place::School(id) => (Some(id), names.get(&id).cloned()),
    };
    let is_missing = report.timeliness == Timeliness::Missing;
    ExpectedReport {
        activity: activity.map(|activity| activity.number.clone()).unwrap_or_default(),
        title_ru: activity.map(|activity| activity.title_ru.clone()).unwrap_or_default(),
        window: report.window,
        municipality_id: map.home(report.place),
        school_id,
        organisation: organisation.unwrap_or_default(),
        due_on: report.due_on,
        state: report.timeliness,
        reported_on: report.came_on,
        missing_since: report.due_on.succ_opt().filter(|_| is_missing),
        days_late: days_late(report.due_on, report.came_on, on),
        facts: report.facts,
        executors: report.executors.into_iter().collect(),
    }
}
