//! What holds for any facts.

use super::{ActivityStatus, Question, Standing, fixtures::day, standings};
use crate::{
    facts::{ConfirmedFact, FactId, FactKind},
    plan::fixtures::order,
};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use std::sync::LazyLock;

static PLAN: LazyLock<crate::plan::PlanDocument> = LazyLock::new(order);

/// A fact of the plan's rows: any window, any metric of the row, a day from 2019-12 to 2022-01.
fn a_fact() -> impl Strategy<Value = ConfirmedFact> {
    let kind = prop_oneof![
        8 => Just(FactKind::Value),
        2 => Just(FactKind::Evidence),
        1 => Just(FactKind::SourceUnavailable),
    ];
    // Few rows, so that facts of one row meet.
    let row = prop::sample::select(vec!["1.1", "1.4", "1.6", "2.5", "2.8", "3.5", "3.9", "3.18", "3.20"]);
    (
        row,
        kind,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0i64..=9,
        0u64..760,
        any::<bool>(),
    )
        .prop_map(|(row, kind, window, metric, value, days, evidenced)| {
            let activity = PLAN.activity(row).unwrap();
            let value_of = kind == FactKind::Value && !activity.targets.is_empty();
            let target = value_of.then(|| metric.get(&activity.targets));
            let kind = if kind == FactKind::Value && !value_of { FactKind::Evidence } else { kind };
            ConfirmedFact {
                id: FactId(1),
                activity: row.to_owned(),
                window_from: window.get(&activity.windows).from,
                kind,
                metric: target.map(|target| target.metric.clone()),
                // Now and then as much as is asked.
                value: target.map(|target| if value > 5 { target.value } else { value }),
                happened_on: day("2019-12-15") + Days::new(days),
                evidenced,
            }
        })
}

fn a_day() -> impl Strategy<Value = NaiveDate> {
    (0u64..800).prop_map(|days| day("2019-12-01") + Days::new(days))
}

fn on(on: NaiveDate) -> Question {
    Question { signed_on: day("2020-05-29"), on, over: false }
}

fn found(facts: &[ConfirmedFact], day: NaiveDate) -> Vec<Standing> {
    standings(&PLAN, facts, on(day))
}

proptest! {
    #[test]
    fn a_day_knows_nothing_of_later_facts(facts in prop::collection::vec(a_fact(), 0..30), day in a_day()) {
        let known: Vec<_> = facts.iter().filter(|fact| fact.happened_on <= day).cloned().collect();
        prop_assert_eq!(found(&facts, day), found(&known, day));
    }

    #[test]
    fn one_more_fact_never_makes_what_is_done_overdue(
        facts in prop::collection::vec(a_fact(), 0..30), more in a_fact(), day in a_day(),
    ) {
        let before = found(&facts, day);
        let after = found(&[facts, vec![more]].concat(), day);
        let done = [ActivityStatus::Done, ActivityStatus::DoneLate, ActivityStatus::ClosedOnEvidence];
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(!(done.contains(&before.status) && after.status == ActivityStatus::Overdue));
            for (before, after) in before.windows.iter().zip(&after.windows) {
                prop_assert!(!(done.contains(&before.status) && after.status == ActivityStatus::Overdue));
                // What was there on a day stays there, perhaps from an earlier day.
                prop_assert!(before.met_on.is_none_or(|b| after.met_on.is_some_and(|a| a <= b)));
            }
        }
    }

    #[test]
    fn the_order_of_facts_does_not_matter(
        facts in prop::collection::vec(a_fact(), 0..30).prop_shuffle(), day in a_day(),
    ) {
        let mut sorted = facts.clone();
        sorted.sort_by(|a, b| (&a.activity, a.happened_on, a.value).cmp(&(&b.activity, b.happened_on, b.value)));
        prop_assert_eq!(found(&facts, day), found(&sorted, day));
    }

    #[test]
    fn what_was_due_by_a_day_that_is_over_is_there_or_a_deviation(
        facts in prop::collection::vec(a_fact(), 0..30), day in a_day(),
    ) {
        let over = standings(&PLAN, &facts, Question { over: true, ..on(day) });
        for (during, after) in found(&facts, day).iter().zip(&over) {
            let owed = after.windows.iter().any(|window| window.due_on <= day && !window.is_met());
            prop_assert!(!owed || after.deviation.is_some());
            let late = [ActivityStatus::DoneLate, ActivityStatus::Overdue, ActivityStatus::SourceUnavailable];
            prop_assert!(!late.contains(&after.status) || after.deviation.is_some());
            prop_assert!(during.deviation.is_none() || after.deviation.is_some());
            prop_assert_eq!(during.met, after.met);
        }
    }

    #[test]
    fn a_status_agrees_with_its_parts(facts in prop::collection::vec(a_fact(), 0..30), day in a_day()) {
        for (activity, standing) in PLAN.activities.iter().zip(found(&facts, day)) {
            let statuses: Vec<_> = standing.windows.iter().map(|w| w.status).collect();
            prop_assert!(statuses.contains(&standing.status));
            prop_assert_eq!(
                statuses.contains(&ActivityStatus::Overdue),
                standing.status == ActivityStatus::Overdue,
            );
            prop_assert!(standing.status != ActivityStatus::Overdue || (!standing.met && standing.reason.days_late > 0));
            if standing.met && !activity.targets.is_empty() {
                prop_assert!(standing.targets.iter().all(|target| target.met));
            }
            prop_assert_eq!(standing.windows.iter().all(|w| w.met_on.is_some_and(|on| on <= day)) , {
                standing.windows.iter().all(|w| w.met_on.is_some())
            });
        }
    }
}
