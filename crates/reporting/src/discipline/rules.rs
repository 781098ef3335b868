//! Which reports are expected, and which of them are there. Pure: the day is given.

use crate::{
    plan::{Activity, ActivityWindow, PlanDocument},
    reports::DueReport,
    timeliness::{Timeliness, judge},
};
use chrono::NaiveDate;
use opora_primitives::{MunicipalityId, SchoolId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Who reports, and whom a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A body of the region: of no municipality and no school.
    Region,
    /// A municipal system.
    Municipality(MunicipalityId),
    /// A school.
    School(SchoolId),
}

/// Whom a record is about that names a school, a municipality or neither.
pub fn place(school: Option<SchoolId>, municipality: Option<MunicipalityId>) -> Place {
    let municipal = municipality.map_or(Place::Region, Place::Municipality);
    school.map_or(municipal, Place::School)
}

/// The organisations behind the executors of a plan.
#[derive(Clone, Debug, Default)]
pub struct Organisations {
    /// By the code of the executor. A code that is not here stands for a body of the region.
    pub behind: BTreeMap<String, BTreeSet<Place>>,
}

impl Organisations {
    fn of(&self, executor: &str) -> BTreeSet<Place> {
        self.behind.get(executor).cloned().unwrap_or_else(|| BTreeSet::from([Place::Region]))
    }

    /// Whether the organisation at `place` stands behind one of these executors.
    pub fn stands_behind<'a>(&self, place: Place, executors: impl IntoIterator<Item = &'a String>) -> bool {
        let stands = |executor| match self.behind.get(executor) {
            Some(places) => places.contains(&place),
            None => place == Place::Region,
        };
        executors.into_iter().any(stands)
    }
}

/// A fact that was not declined, as far as it shows who reported when.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The number of its activity.
    pub activity: String,
    /// The first day of its window.
    pub window_from: NaiveDate,
    /// When it happened.
    pub happened_on: NaiveDate,
    /// The code of the executor it names.
    pub executor: Option<String>,
    /// Whom it is about.
    pub place: Place,
    /// The day it was entered.
    pub entered_on: NaiveDate,
}

/// A report that is expected of an organisation about a window of an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The place of its activity in the plan.
    pub activity: usize,
    /// The window it is about.
    pub window: ActivityWindow,
    /// The codes of the executors it is expected of: several, where one organisation stands behind all of them.
    pub executors: BTreeSet<String>,
    /// The organisation.
    pub place: Place,
    /// The day it is due.
    pub due_on: NaiveDate,
    /// The day its first fact was entered, if one was by the day asked for.
    pub came_on: Option<NaiveDate>,
    /// How it stands.
    pub timeliness: Timeliness,
    /// Its facts by the day asked for.
    pub facts: i64,
    /// Of these, entered by the due day.
    pub facts_on_time: i64,
}

/// Reports and facts, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DisciplineCounts)]
pub struct Counts {
    /// Reports of the whole plan: one for every window of every activity and every organisation that carries it out.
    #[schema(minimum = 0, example = 10)]
    pub expected: i64,
    /// Of these, with a fact: on time or late.
    #[schema(minimum = 0, example = 6)]
    pub actual: i64,
    /// With the first fact entered by the due day.
    #[schema(minimum = 0, example = 5)]
    pub on_time: i64,
    /// With the first fact entered after the due day.
    #[schema(minimum = 0, example = 1)]
    pub late: i64,
    /// Without a fact, past the due day.
    #[schema(minimum = 0, example = 1)]
    pub missing: i64,
    /// Without a fact, and not due yet.
    #[schema(minimum = 0, example = 3)]
    pub not_due: i64,
    /// Facts in these reports.
    #[schema(minimum = 0, example = 9)]
    pub facts: i64,
    /// Of these, entered by the due day.
    #[schema(minimum = 0, example = 7)]
    pub facts_on_time: i64,
}

impl Counts {
    /// Counts a report.
    pub fn add(&mut self, report: &Report) {
        self.expected += 1;
        let (counter, actual) = match report.timeliness {
            Timeliness::OnTime => (&mut self.on_time, 1),
            Timeliness::Late => (&mut self.late, 1),
            Timeliness::Missing => (&mut self.missing, 0),
            Timeliness::NotDue => (&mut self.not_due, 0),
        };
        *counter += 1;
        self.actual += actual;
        self.facts += report.facts;
        self.facts_on_time += report.facts_on_time;
    }
}

/// The day on which the half-yearly report that covers `day` is due: the first that reaches it. What lies before the
/// period of the first one is covered by it too (decisions 2 and 3).
pub fn due_on(schedule: &[DueReport], day: NaiveDate) -> NaiveDate {
    let covering = schedule.iter().find(|report| day <= report.to).or(schedule.last());
    covering.map_or(NaiveDate::MAX, |report| report.due_on)
}

/// Every report that the plan expects, in its order, as it stands on the day `on`. Facts entered later do not count.
///
/// Bodies of the region are told apart by the executor that a fact names; a fact of the region that names none counts
/// for all of them that carry the activity out.
pub fn reports(
    document: &PlanDocument,
    schedule: &[DueReport],
    organisations: &Organisations,
    filed: &[Filed],
    on: NaiveDate,
) -> Vec<Report> {
    let mut by_activity: BTreeMap<&str, Vec<&Filed>> = BTreeMap::new();
    for fact in filed.iter().filter(|fact| fact.entered_on <= on) {
        by_activity.entry(&fact.activity).or_default().push(fact);
    }
    let of_activity = |(position, activity): (usize, &Activity)| {
        let facts = by_activity.get(activity.number.as_str()).map(Vec::as_slice).unwrap_or_default();
        let reporters = reporters(activity, organisations);
        let windows = activity.windows.iter().enumerate();
        let found = windows.flat_map(move |(at, window)| {
            let asked = Asked { activity: position, window: *window, due_on: due_on(schedule, window.to) };
            let here = |fact: &&&Filed| activity.window_at(fact.window_from, fact.happened_on) == at;
            let facts: Vec<&Filed> = facts.iter().filter(here).copied().collect();
            reporters.clone().into_iter().map(move |reporter| report(asked, reporter, &facts, on))
        });
        found.collect::<Vec<_>>()
    };
    document.activities.iter().enumerate().flat_map(of_activity).collect()
}

/// What reports are asked for, and by when.
#[derive(Clone, Copy)]
struct Asked {
    activity: usize,
    window: ActivityWindow,
    due_on: NaiveDate,
}

/// An organisation and the codes it is named by.
type Reporter = (Place, BTreeSet<String>);

/// Who reports about an activity: each municipality and school once, each body of the region by its own code.
fn reporters(activity: &Activity, organisations: &Organisations) -> Vec<Reporter> {
    let mut local: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    let mut regional = Vec::new();
    for executor in activity.executors.iter().collect::<BTreeSet<_>>() {
        for place in organisations.of(executor) {
            match place {
                Place::Region => regional.push((place, BTreeSet::from([executor.clone()]))),
                _ => drop(local.entry(place).or_default().insert(executor.clone())),
            }
        }
    }
    regional.into_iter().chain(local).collect()
}

fn report(asked: Asked, (place, executors): Reporter, facts: &[&Filed], on: NaiveDate) -> Report {
    let Asked { activity, window, due_on } = asked;
    let names = |fact: &Filed| fact.executor.as_ref().is_none_or(|named| executors.contains(named));
    let entered: Vec<NaiveDate> = facts
        .iter()
        .filter(|fact| fact.place == place && (place != Place::Region || names(fact)))
        .map(|fact| fact.entered_on)
        .collect();
    let in_time = entered.iter().filter(|day| **day <= due_on).count();
    let came_on = entered.iter().min().copied();
    let timeliness = judge(due_on, came_on, on);
    let (facts, facts_on_time) = (entered.len() as i64, in_time as i64);
    Report { activity, window, executors, place, due_on, came_on, timeliness, facts, facts_on_time }
}
