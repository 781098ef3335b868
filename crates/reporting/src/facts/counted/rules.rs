//! Which targets can be counted, and how. Pure.

use super::RowKind;
use crate::plan::{ActivityWindow, PlanDocument};
use chrono::{Datelike, NaiveDate};
use opora_models::ProposalRunId;
use opora_primitives::{MunicipalityId, SchoolId};
use opora_schools::registry::succession::Territory;
use std::collections::BTreeSet;

/// What is counted from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The runs of the models' rules, each with the day its facts are of, by that day.
    pub runs: Vec<(ProposalRunId, NaiveDate)>,
    /// The newest version of the list of each year, by year.
    pub lists: Vec<Listed>,
    /// Where the schools are; a school of a city district counts inside the city (decision 6), a state school has no
    /// municipality (decision 16).
    pub territory: Territory,
}

/// A version of the list of low-result schools.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its year.
    pub year: i32,
    /// Its revision.
    pub revision: i32,
    /// Its schools.
    pub schools: Vec<SchoolId>,
}

/// A fact as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The number of the activity.
    pub activity: String,
    /// The first day of the window.
    pub window_from: NaiveDate,
    /// The metric.
    pub metric: String,
    /// How many.
    pub value: i64,
    /// The day it is true of.
    pub happened_on: NaiveDate,
    /// How it was counted, in words.
    pub note: String,
    /// The records that were counted.
    pub rows: Vec<CountedRow>,
}

/// A record behind a counted fact.
pub type CountedRow = (RowKind, i64);

/// What can be said of a window from the sources.
type Count = (i64, NaiveDate, String, Vec<CountedRow>);

/// Counts what is known on the day `on` for every window of `plan` that has begun. Windows and targets of which the
/// sources know nothing are left out.
pub fn count(plan: &PlanDocument, sources: &Sources, on: NaiveDate) -> Vec<Counted> {
    let mut found = Vec::new();
    for activity in &plan.activities {
        for window in activity.windows.iter().filter(|window| window.from <= on) {
            for target in &activity.targets {
                let counted = count_one(&target.metric, plan, *window, sources, on);
                found.extend(counted.filter(|(value, ..)| *value > 0).map(
                    |(value, happened_on, note, rows)| {
                        let (activity, metric) = (activity.number.clone(), target.metric.clone());
                        Counted { activity, window_from: window.from, metric, value, happened_on, note, rows }
                    },
                ));
            }
        }
    }
    found
}

fn count_one(
    metric: &str,
    plan: &PlanDocument,
    window: ActivityWindow,
    sources: &Sources,
    on: NaiveDate,
) -> Option<Count> {
    match metric {
        "target_group_lists" => target_groups(plan, sources, on),
        "schools_covered" => {
            listed(sources, window, on, RowKind::School, |(school, place)| place.map(|_| school.0))
        }
        "state_schools_covered" => listed(sources, window, on, RowKind::School, |(school, place)| {
            place.is_none().then_some(school.0)
        }),
        "municipalities_covered" => {
            listed(sources, window, on, RowKind::Municipality, |(_, place)| place.map(|id| id.0))
        }
        _ => None,
    }
}

/// Row 1.1: a run of the models' rules is a list of the groups that need support. The first one of the plan's period;
/// runs that repeat it are no further lists.
fn target_groups(plan: &PlanDocument, sources: &Sources, on: NaiveDate) -> Option<Count> {
    let (run, day) = *sources.runs.iter().find(|(_, day)| (plan.starts_on..=on).contains(day))?;
    let note = format!("Расчёт предложений № {run} по данным на {}", day.format("%d.%m.%Y"));
    Some((1, day, note, vec![(RowKind::ProposalRun, run.0)]))
}

/// Row 1.17: the schools of the list in force at the end of the window, and their municipalities of that day. The list says whom the
/// measures are for; that they took place is for the one who confirms.
fn listed(
    sources: &Sources,
    window: ActivityWindow,
    on: NaiveDate,
    kind: RowKind,
    pick: impl Fn((SchoolId, Option<MunicipalityId>)) -> Option<i64>,
) -> Option<Count> {
    let day = window.to.min(on);
    let list = sources.lists.iter().rev().find(|list| list.year <= day.year())?;
    let placed = list.schools.iter().map(|school| (*school, sources.territory.system(*school, day)));
    let ids: BTreeSet<i64> = placed.filter_map(pick).collect();
    let note = format!(
        "По перечню {} года, редакция {}: число подлежащих охвату; проведение подтверждается отдельно",
        list.year, list.revision
    );
    let rows: Vec<CountedRow> = ids.into_iter().map(|id| (kind, id)).collect();
    Some((rows.len() as i64, day, note, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::order;
    use opora_schools::registry::succession::Lines;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sources() -> Sources {
        let places =
            [(1, 7), (2, 7), (3, 8)].map(|(school, place)| (SchoolId(school), MunicipalityId(place)));
        Sources {
            runs: vec![
                (ProposalRunId(1), day("2019-12-31")),
                (ProposalRunId(2), day("2020-06-10")),
                (ProposalRunId(3), day("2020-09-01")),
            ],
            lists: vec![
                // Two municipalities, three schools of theirs, one state school.
                Listed {
                    year: 2020,
                    revision: 2,
                    schools: vec![SchoolId(1), SchoolId(2), SchoolId(3), SchoolId(4)],
                },
                Listed { year: 2022, revision: 1, schools: vec![SchoolId(1)] },
            ],
            territory: Territory::of(Lines::default(), places, &[]),
        }
    }

    fn values(sources: &Sources, on: &str) -> Vec<(String, String, i64, String)> {
        let said = |c: Counted| (c.activity, c.metric, c.value, c.happened_on.to_string());
        count(&order(), sources, day(on)).into_iter().map(said).collect()
    }

    fn row(activity: &str, metric: &str, value: i64, day: &str) -> (String, String, i64, String) {
        (activity.into(), metric.into(), value, day.into())
    }

    #[test]
    fn what_the_data_holds_is_counted() {
        let expected = [
            row("1.1", "target_group_lists", 1, "2020-06-10"),
            row("1.17", "schools_covered", 3, "2020-10-01"),
            row("1.17", "municipalities_covered", 2, "2020-10-01"),
            row("1.17", "state_schools_covered", 1, "2020-10-01"),
        ];
        assert_eq!(values(&sources(), "2020-10-01"), expected);
        let counted = count(&order(), &sources(), day("2020-10-01"));
        assert_eq!(counted[0].rows, [(RowKind::ProposalRun, 2)]);
        assert_eq!(counted[1].rows, [1, 2, 3].map(|id| (RowKind::School, id)));
        assert_eq!(counted[2].rows, [7, 8].map(|id| (RowKind::Municipality, id)));
    }

    #[test]
    fn nothing_is_counted_before_its_time_or_from_a_later_list() {
        assert_eq!(values(&sources(), "2020-06-09"), [], "no run of the period yet; 1.17 has not begun");
        assert_eq!(values(&Sources::default(), "2021-12-31"), []);
        // The window of 1.17 ends with 2021: the list of 2022 is not its list.
        assert_eq!(values(&sources(), "2022-06-01")[1], row("1.17", "schools_covered", 3, "2021-12-31"));
    }
}
