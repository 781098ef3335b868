//! Examples by hand, and what holds for any facts.

use super::*;
use crate::{
    plan::{PlanDocument, fixtures},
    reports::{DueReport, schedule},
    timeliness::{Timeliness, judge},
};
use chrono::NaiveDate;
use opora_primitives::{MunicipalityId, SchoolId};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn municipality(id: i64) -> Place {
    Place::Municipality(MunicipalityId(id))
}

/// The plan with the rows wanted alone.
fn plan(numbers: &[&str]) -> PlanDocument {
    let mut document = fixtures::order();
    document.activities.retain(|activity| numbers.contains(&activity.number.as_str()));
    assert_eq!(document.activities.len(), numbers.len());
    document
}

/// The half-yearly reports of the order.
fn order() -> Vec<DueReport> {
    schedule(day("2020-01-01"), day("2020-05-29"), day("2021-12-31"))
}

/// Two municipal systems, the second of which takes part in the base model.
fn organisations() -> Organisations {
    let base = BTreeSet::from([municipality(2)]);
    let all = BTreeSet::from([municipality(1), municipality(2)]);
    let behind = [("MOUO", all), ("MUN_COORD", base.clone()), ("MUN_WG", base)];
    Organisations { behind: behind.into_iter().map(|(code, places)| (code.to_owned(), places)).collect() }
}

fn filed(activity: &str, window: &str, place: Place, executor: Option<&str>, entered: &str) -> Filed {
    Filed {
        activity: activity.into(),
        window_from: day(window),
        happened_on: day(window),
        executor: executor.map(str::to_owned),
        place,
        entered_on: day(entered),
    }
}

fn counted(reports: &[Report]) -> Counts {
    let mut counts = Counts::default();
    reports.iter().for_each(|report| counts.add(report));
    counts
}

#[test]
fn a_report_is_due_with_the_half_year_that_covers_it() {
    for (covered, due) in [
        // Back-dated rows and the whole of 2020: the first report.
        ("2018-05-31", "2021-01-15"),
        ("2020-04-30", "2021-01-15"),
        ("2020-12-31", "2021-01-15"),
        ("2021-01-01", "2021-07-15"),
        ("2021-06-30", "2021-07-15"),
        ("2021-07-01", "2022-01-15"),
        ("2021-12-31", "2022-01-15"),
    ] {
        assert_eq!(due_on(&order(), day(covered)), day(due), "{covered}");
    }
}

#[test]
fn the_due_day_itself_is_in_time() {
    let due = day("2021-01-15");
    for (first, on, expected) in [
        (Some("2021-01-15"), "2021-01-15", Timeliness::OnTime),
        (Some("2021-01-16"), "2021-01-16", Timeliness::Late),
        // Not there yet on the day asked for.
        (Some("2021-01-16"), "2021-01-15", Timeliness::NotDue),
        (None, "2021-01-15", Timeliness::NotDue),
        (None, "2021-01-16", Timeliness::Missing),
        (Some("2021-02-01"), "2021-01-20", Timeliness::Missing),
    ] {
        assert_eq!(judge(due, first.map(day), day(on)), expected, "{first:?} {on}");
    }
}

#[test]
fn an_organisation_behind_two_codes_reports_once() {
    // 3.11 in December 2020 is carried out by coordinators and working groups: both are municipality 2.
    let document = plan(&["3.11"]);
    let facts = [filed("3.11", "2020-12-01", municipality(2), Some("MUN_WG"), "2021-01-20")];
    let found = reports(&document, &order(), &organisations(), &facts, day("2021-02-01"));
    let [report] = &found[..] else { panic!("{found:?}") };
    assert_eq!((report.place, report.timeliness), (municipality(2), Timeliness::Late));
    assert_eq!(report.executors, BTreeSet::from(["MUN_COORD".to_owned(), "MUN_WG".to_owned()]));
}

#[test]
fn every_window_and_organisation_is_expected() {
    // 1.4: two windows (due 2021-01-15 and 2022-01-15) times NIRO, SCH (no organisation behind it here: a body of the
    // region) and two municipalities: 8 reports. On 2021-02-01 four are past: NIRO and SCH have none, municipality 1 came
    // in time with two facts, one of them late, municipality 2 late.
    let facts = [
        filed("1.4", "2020-09-01", municipality(1), None, "2020-11-01"),
        filed("1.4", "2020-09-01", municipality(1), None, "2021-01-16"),
        filed("1.4", "2020-09-01", municipality(2), None, "2021-01-16"),
        // Of a window, a place or a row that is not expected.
        filed("1.5", "2020-09-01", municipality(2), None, "2020-10-01"),
        filed("1.4", "2020-09-01", municipality(3), None, "2020-10-01"),
    ];
    let found = reports(&plan(&["1.4"]), &order(), &organisations(), &facts, day("2021-02-01"));
    let expected = Counts {
        expected: 8,
        actual: 2,
        on_time: 1,
        late: 1,
        missing: 2,
        not_due: 4,
        facts: 3,
        facts_on_time: 1,
    };
    assert_eq!(counted(&found), expected);
}

#[test]
fn bodies_of_the_region_are_told_apart_by_the_executor_named() {
    // 3.24 is carried out by the ministry, the institute and the coordinators; its one window ends in 2021.
    let of = |executor| {
        let facts = [filed("3.24", "2020-06-01", Place::Region, executor, "2021-12-01")];
        let found = reports(&plan(&["3.24"]), &order(), &organisations(), &facts, day("2021-12-31"));
        let there = found.into_iter().filter(|report| report.timeliness == Timeliness::OnTime);
        there.flat_map(|report| report.executors).collect::<Vec<_>>()
    };
    assert_eq!(of(Some("MIN")), ["MIN"]);
    assert_eq!(of(None), ["MIN", "NIRO"]);
    assert!(of(Some("MUN_COORD")).is_empty());
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0i64..900).prop_map(|days| day("2020-01-01") + chrono::Duration::days(days))
}

prop_compose! {
    fn any_fact()(
        at in 0usize..54,
        window in 0usize..3,
        place in prop_oneof![Just(Place::Region), (1i64..4).prop_map(municipality), Just(Place::School(SchoolId(1)))],
        executor in proptest::option::of(prop_oneof![Just("NIRO"), Just("MOUO"), Just("NOBODY")]),
        entered_on in any_day(),
    ) -> Filed {
        let document = fixtures::order();
        let activity = &document.activities[at];
        let window_from = activity.windows[window % activity.windows.len()].from;
        let executor = executor.map(str::to_owned);
        Filed { activity: activity.number.clone(), window_from, happened_on: window_from, executor, place, entered_on }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_parts_add_up(facts in proptest::collection::vec(any_fact(), 0..40), on in any_day()) {
        let document = fixtures::order();
        let counts = counted(&reports(&document, &order(), &organisations(), &facts, on));
        prop_assert_eq!(counts.on_time + counts.late, counts.actual);
        prop_assert_eq!(counts.actual + counts.missing + counts.not_due, counts.expected);
        prop_assert!(counts.actual <= counts.facts && counts.on_time <= counts.facts_on_time);
        prop_assert!(counts.facts_on_time <= counts.facts);
        // What is expected hangs neither on facts nor on the day.
        let bare = counted(&reports(&document, &order(), &organisations(), &[], day("2020-01-01")));
        prop_assert_eq!((bare.expected, bare.not_due), (counts.expected, counts.expected));
    }

    #[test]
    fn a_day_later_nothing_comes_into_time(facts in proptest::collection::vec(any_fact(), 0..40), on in any_day()) {
        let document = fixtures::order();
        let pairs = |on| reports(&document, &order(), &organisations(), &facts, on);
        for (before, after) in pairs(on).into_iter().zip(pairs(on.succ_opt().unwrap())) {
            match before.timeliness {
                Timeliness::OnTime | Timeliness::Late => prop_assert_eq!(before.timeliness, after.timeliness),
                Timeliness::Missing => prop_assert!(matches!(after.timeliness, Timeliness::Missing | Timeliness::Late)),
                // On the due day itself the next one may bring anything.
                Timeliness::NotDue => {}
            }
        }
    }
}
