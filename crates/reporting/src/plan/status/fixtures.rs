//! Facts about the plan of the order.

use super::{Question, Standing, standing};
use crate::{
    facts::{ConfirmedFact, FactId, FactKind},
    plan::fixtures::order,
};
use chrono::NaiveDate;

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The order was signed on 2020-05-29.
pub(super) fn on(text: &str) -> Question {
    Question { signed_on: day("2020-05-29"), on: day(text), over: false }
}

fn fact(kind: FactKind, activity: &str, window: &str, happened: &str) -> ConfirmedFact {
    ConfirmedFact {
        id: FactId(1),
        activity: activity.to_owned(),
        window_from: day(&format!("{window}-01")),
        kind,
        metric: None,
        value: None,
        happened_on: day(happened),
        evidenced: false,
    }
}

/// So much of a metric, in the window that begins in this month.
pub(super) fn value(activity: &str, window: &str, metric: &str, value: i64, happened: &str) -> ConfirmedFact {
    let plain = fact(FactKind::Value, activity, window, happened);
    ConfirmedFact { metric: Some(metric.to_owned()), value: Some(value), ..plain }
}

/// Evidence is there.
pub(super) fn shown(activity: &str, window: &str, happened: &str) -> ConfirmedFact {
    fact(FactKind::Evidence, activity, window, happened)
}

/// The source is not there.
pub(super) fn no_source(activity: &str, window: &str, happened: &str) -> ConfirmedFact {
    fact(FactKind::SourceUnavailable, activity, window, happened)
}

/// How the row `number` of the order stands.
pub(super) fn stand(number: &str, facts: &[ConfirmedFact], day: &str) -> Standing {
    stand_at(number, facts, on(day))
}

/// How it stands when the day is over.
pub(super) fn stand_after(number: &str, facts: &[ConfirmedFact], day: &str) -> Standing {
    stand_at(number, facts, Question { over: true, ..on(day) })
}

fn stand_at(number: &str, facts: &[ConfirmedFact], question: Question) -> Standing {
    let plan = order();
    let facts: Vec<&ConfirmedFact> = facts.iter().filter(|fact| fact.activity == number).collect();
    standing(plan.activity(number).unwrap(), &facts, question)
}
