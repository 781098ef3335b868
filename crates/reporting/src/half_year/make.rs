//! How a half-yearly report draws itself: which activities it is about, and what is said of them together.

use super::{
    ActivityReport, HalfYear, StatusCount,
    activity::{self, Standings},
    foresight, indicators,
};
use crate::{
    facts::{self, reported::EvidenceMention},
    plan::{
        PlanDocument,
        metrics::TEAM_SIZE,
        status::{self, ActivityStatus, Question, Standing},
        store::Plan,
    },
    reports::{AsOf, DueReport, Period},
};
use opora_db::{Db, Result};
use opora_primitives::ProblemCode;

/// The report on `plan` about `period`.
///
/// # Errors
/// Not found, if the plan has no report about that period.
pub fn make(
    db: &mut Db,
    plan: &Plan,
    document: &PlanDocument,
    period: Period,
    as_of: AsOf,
) -> Result<HalfYear> {
    let report =
        plan.due_reports().into_iter().find(|due| due.period == period).ok_or(ProblemCode::NotFound)?;
    let facts = facts::store::confirmed(db, plan.id)?;
    let standings = |AsOf { on, over }| {
        status::standings(document, &facts, Question { signed_on: plan.signed_on, on, over })
    };
    let now = standings(as_of);
    let half = report.first_half_to.map(|day| standings(as_of.back_on(day)));
    let before = report.from.pred_opt().map(|day| standings(as_of.back_on(day))).unwrap_or_default();
    let remarks = facts::reported::remarks(db, plan.id, as_of.on)?;
    let teams = facts::reported::by_school(db, plan.id, TEAM_SIZE, as_of.on)?;
    let reported: Vec<_> = (0..document.activities.len())
        .filter(|i| in_period(&now[*i], &report) || before.get(*i).is_some_and(|then| owed(then, &report)))
        .map(|i| {
            let half = half.as_ref().map(|half| &half[i]);
            activity::report(document, i, Standings { now: &now[i], half }, &remarks, &teams, report.to)
        })
        .collect();
    let indicators = indicators::reports(db, as_of.on, report.first_half_to)?;
    let waiting = facts::reported::waiting(db, plan.id, as_of.on)?;
    let mut evidence = facts::reported::shown(db, plan.id, report.from, report.to)?;
    let place = |piece: &EvidenceMention| document.activities.iter().position(|a| a.number == piece.activity);
    evidence.sort_by_key(place);
    Ok(HalfYear {
        report,
        on: as_of.on,
        summary: summary(&reported),
        risks: foresight::risks(document, &reported, &indicators, &waiting, &report),
        corrections: foresight::corrections(&reported),
        indicators,
        evidence,
        activities: reported,
    })
}

/// Whether a window of the activity lies in the period, or a part of it.
fn in_period(standing: &Standing, report: &DueReport) -> bool {
    standing.windows.iter().any(|window| window.from <= report.to && report.from <= window.to)
}

/// Whether the activity, as it stood when the day before the period was over, owed what was due by then. What is met since
/// was met late, and no other report would tell it.
fn owed(then: &Standing, report: &DueReport) -> bool {
    then.windows.iter().any(|window| window.due_on < report.from && !window.is_met())
}

fn summary(reported: &[ActivityReport]) -> Vec<StatusCount> {
    let count = |has: &dyn Fn(&ActivityReport) -> bool| {
        i64::try_from(reported.iter().filter(|activity| has(activity)).count()).unwrap_or(i64::MAX)
    };
    let halves = reported.iter().any(|activity| activity.first_half.is_some());
    let of = |(status, confirmed): (ActivityStatus, Option<bool>)| {
        let is = |found, met| found == status && confirmed.is_none_or(|confirmed| confirmed == met);
        let was =
            |activity: &ActivityReport| activity.first_half.is_some_and(|half| is(half.status, half.met));
        StatusCount {
            status,
            confirmed,
            activities: count(&|activity| is(activity.status, activity.met)),
            first_half: halves.then(|| count(&was)),
        }
    };
    ActivityStatus::counted().map(of).collect()
}
