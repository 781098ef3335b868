//! The rules of the status. Pure: no clock, no database.

use super::types::{
    ActivityStatus, Question, Standing, StatusGround, StatusReason, TargetStanding, WindowStanding,
};
use crate::{
    facts::{ConfirmedFact, FactKind},
    plan::{Activity, ActivityTarget, ActivityWindow, Comparison, PlanDocument, metrics::MetricScope},
};
use chrono::{Datelike, NaiveDate};
use std::{collections::BTreeMap, ops::Range};

/// How every activity of `document` stands, in the order of the plan. Facts of other activities are left out.
pub fn standings(document: &PlanDocument, facts: &[ConfirmedFact], question: Question) -> Vec<Standing> {
    let mut by_activity: BTreeMap<&str, Vec<&ConfirmedFact>> = BTreeMap::new();
    for fact in facts {
        by_activity.entry(&fact.activity).or_default().push(fact);
    }
    let mut of = |activity: &Activity| by_activity.remove(activity.number.as_str()).unwrap_or_default();
    document.activities.iter().map(|activity| standing(activity, &of(activity), question)).collect()
}

/// How `activity` stands; `facts` are its confirmed ones, in any order.
pub fn standing(activity: &Activity, facts: &[&ConfirmedFact], question: Question) -> Standing {
    let row = Row::new(activity, facts, question);
    let windows: Vec<Found> = (0..activity.windows.len()).map(|at| row.window(at)).collect();
    let counting = windows.iter().filter(|found| found.standing.status != ActivityStatus::NotStarted);
    // Of equally bad windows the first tells why; without one that counts, the first window does.
    let worst = counting.rev().max_by_key(|found| badness(found.standing.status)).or(windows.first());
    let met = windows.iter().all(Found::met);
    let (status, reason) = match worst {
        Some(worst) => (worst.standing.status, row.reason(worst, &windows, met)),
        None => (ActivityStatus::NotStarted, StatusReason::nowhere(question.on)),
    };
    let due_on = activity.windows.last().map_or(question.on, |window| activity.due_on(*window));
    Standing {
        status,
        met,
        due_on,
        evidence_shown: row.of_kind(FactKind::Evidence).next().is_some(),
        targets: activity.targets.iter().map(|target| row.whole(target)).collect(),
        windows: windows.into_iter().map(|found| found.standing).collect(),
        reason,
    }
}

/// Which of two windows decides the row.
fn badness(status: ActivityStatus) -> u8 {
    match status {
        ActivityStatus::NotStarted => 0,
        ActivityStatus::Done | ActivityStatus::ClosedOnEvidence => 1,
        ActivityStatus::BackDated => 2,
        ActivityStatus::DoneLate => 3,
        ActivityStatus::InProgress => 4,
        ActivityStatus::SourceUnavailable => 5,
        ActivityStatus::Overdue => 6,
    }
}

/// An activity, and its facts that count on the day, each with the window it belongs to; by the day they happened.
struct Row<'a> {
    activity: &'a Activity,
    facts: Vec<(usize, &'a ConfirmedFact)>,
    back_dated: bool,
    on: NaiveDate,
}

/// A window and whether a fact of it must be put right.
struct Found {
    standing: WindowStanding,
    lacking: bool,
}

impl Found {
    fn met(&self) -> bool {
        self.standing.met_on.is_some() && !self.lacking
    }
}

impl<'a> Row<'a> {
    fn new(activity: &'a Activity, facts: &[&'a ConfirmedFact], question: Question) -> Self {
        let back_dated = activity.windows.iter().all(|window| window.to < question.signed_on);
        let mut facts: Vec<_> = facts
            .iter()
            .filter(|fact| fact.happened_on <= question.on && (fact.evidenced || !back_dated))
            .map(|fact| (activity.window_at(fact.window_from, fact.happened_on), *fact))
            .collect();
        facts.sort_by_key(|(_, fact)| fact.happened_on);
        Self { activity, facts, back_dated, on: question.on }
    }

    fn of_kind(&self, kind: FactKind) -> impl Iterator<Item = &(usize, &'a ConfirmedFact)> {
        self.facts.iter().filter(move |(_, fact)| fact.kind == kind)
    }

    /// The values of a metric in `windows`, with their days, by day.
    fn values(&self, metric: &str, windows: Range<usize>) -> impl Iterator<Item = (NaiveDate, i64)> {
        self.of_kind(FactKind::Value)
            .filter(move |(at, fact)| windows.contains(at) && fact.metric.as_deref() == Some(metric))
            .filter_map(|(_, fact)| Some((fact.happened_on, fact.value?)))
    }

    fn window(&self, at: usize) -> Found {
        let window = self.activity.windows[at];
        let due_on = self.activity.due_on(window);
        let judged: Vec<_> = self.activity.targets.iter().map(|target| self.target(target, at)).collect();
        let met_on = match judged.is_empty() {
            true => self.of_kind(FactKind::Evidence).find(|(of, _)| *of == at).map(|(_, f)| f.happened_on),
            // The last of them; none if one is not met.
            false => judged.iter().map(|(_, met_on)| *met_on).collect::<Option<Vec<_>>>().and_then(latest),
        };
        let targets: Vec<TargetStanding> = judged.into_iter().map(|(target, _)| target).collect();
        let lacking = targets.iter().any(|target| target.lacking > 0);
        let status = self.status(at, met_on.filter(|_| !lacking), met_on.is_some());
        let ActivityWindow { from, to } = window;
        Found { standing: WindowStanding { from, to, due_on, status, met_on, targets }, lacking }
    }

    /// The status of a window that was met on the day `met_on`; `there` if what was due is, though not as it should be.
    fn status(&self, at: usize, met_on: Option<NaiveDate>, there: bool) -> ActivityStatus {
        let window = self.activity.windows[at];
        let due_on = self.activity.due_on(window);
        let touched = self.facts.iter().any(|(of, _)| *of == at);
        match met_on {
            _ if self.back_dated => ActivityStatus::BackDated,
            Some(day) if day > due_on => ActivityStatus::DoneLate,
            Some(_) if self.activity.targets.is_empty() => ActivityStatus::ClosedOnEvidence,
            Some(_) => ActivityStatus::Done,
            None if there => ActivityStatus::InProgress,
            None if self.of_kind(FactKind::SourceUnavailable).any(|(of, _)| *of == at) => {
                ActivityStatus::SourceUnavailable
            }
            None if self.on > due_on => ActivityStatus::Overdue,
            None if self.on >= window.from || touched => ActivityStatus::InProgress,
            None => ActivityStatus::NotStarted,
        }
    }

    /// The windows whose facts add up with those of the window `at`.
    fn group(&self, scope: MetricScope, at: usize) -> Range<usize> {
        let windows = &self.activity.windows;
        match scope {
            MetricScope::Total => 0..windows.len(),
            MetricScope::PerWindow | MetricScope::EachFact => at..at + 1,
            MetricScope::PerYear => {
                let year = windows[at].from.year();
                let first = windows.partition_point(|window| window.from.year() < year);
                first..windows.partition_point(|window| window.from.year() <= year)
            }
        }
    }

    /// What there is of a target in the window `at`, and the day from which it was enough.
    fn target(&self, target: &ActivityTarget, at: usize) -> (TargetStanding, Option<NaiveDate>) {
        let scope = MetricScope::of(&target.metric);
        let own = || self.values(&target.metric, at..at + 1);
        if scope == MetricScope::EachFact {
            let met_on = own().find(|(_, value)| holds(target, *value)).map(|(day, _)| day);
            return (quality(target, own().map(|(_, value)| value)), met_on);
        }
        let group = self.group(scope, at);
        let all = || self.values(&target.metric, group.clone());
        let expected = share(target, at - group.start, group.len());
        let met_on = match target.comparison {
            Comparison::AtMost => own().next().map(|(day, _)| day),
            _ if expected == 0 => Some(self.activity.windows[at].from).filter(|day| *day <= self.on),
            _ => earliest(reached(own(), expected), reached(all(), target.value)),
        };
        (
            sum(
                target,
                expected,
                own().map(|(_, v)| v),
                all().fold(0, |sum, (_, v)| v.saturating_add(sum)),
                met_on,
            ),
            met_on,
        )
    }

    /// What there is of a target over the whole row.
    fn whole(&self, target: &ActivityTarget) -> TargetStanding {
        let windows = 0..self.activity.windows.len();
        let of_windows: Vec<_> = windows.clone().map(|at| self.target(target, at)).collect();
        let met = of_windows.iter().all(|(window, _)| window.met);
        let values = self.values(&target.metric, windows).map(|(_, value)| value);
        let found = match MetricScope::of(&target.metric) {
            MetricScope::EachFact => quality(target, values),
            _ => {
                // A bound is one for its whole group; what is to be reached adds up.
                let asked = of_windows.iter().map(|(window, _)| window.expected);
                let expected = match target.comparison {
                    Comparison::AtMost => target.value,
                    _ => asked.sum(),
                };
                let values: Vec<i64> = values.collect();
                sum(
                    target,
                    expected,
                    values.iter().copied(),
                    values.iter().fold(0, |sum, v| v.saturating_add(sum)),
                    None,
                )
            }
        };
        let lacking = of_windows.iter().map(|(window, _)| window.lacking).max().unwrap_or(0);
        TargetStanding { met, lacking: lacking.max(found.lacking), ..found }
    }

    fn reason(&self, worst: &Found, windows: &[Found], met: bool) -> StatusReason {
        let WindowStanding { from, due_on, status, met_on, .. } = worst.standing;
        let (ground, until) = match status {
            ActivityStatus::NotStarted => (StatusGround::BeforeFirstWindow, None),
            ActivityStatus::InProgress if worst.lacking && met_on.is_some() => {
                (StatusGround::QualityLacking, None)
            }
            ActivityStatus::InProgress => (StatusGround::BeforeDue, None),
            ActivityStatus::Done => (StatusGround::TargetsMet, None),
            ActivityStatus::ClosedOnEvidence => (StatusGround::EvidenceShown, None),
            ActivityStatus::DoneLate => (StatusGround::MetLate, met_on),
            ActivityStatus::Overdue => (StatusGround::PastDue, Some(self.on)),
            ActivityStatus::BackDated if met => (StatusGround::BackDatedMet, None),
            ActivityStatus::BackDated => (StatusGround::BackDatedNotMet, None),
            ActivityStatus::SourceUnavailable => (StatusGround::NoSource, None),
        };
        let ahead = |found: &&Found| found.standing.status == ActivityStatus::NotStarted;
        StatusReason {
            ground,
            day: if status == ActivityStatus::NotStarted { from } else { due_on },
            days_late: until.map_or(0, |day| (day - due_on).num_days()),
            windows_met: count(windows.iter().filter(|found| found.met()).count()),
            windows: count(windows.len()),
            next_window: windows
                .iter()
                .find(ahead)
                .filter(|_| status != ActivityStatus::NotStarted)
                .map(|found| found.standing.from),
        }
    }
}

impl StatusReason {
    /// Of an activity without windows, which the reader of plans refuses.
    fn nowhere(on: NaiveDate) -> Self {
        let ground = StatusGround::BeforeFirstWindow;
        Self { ground, day: on, days_late: 0, windows_met: 0, windows: 0, next_window: None }
    }
}

/// The part of a target that falls to the window `at` of `windows`: even, the rest going to the last ones.
fn share(target: &ActivityTarget, at: usize, windows: usize) -> i64 {
    let (at, windows) = (at as i64, windows as i64);
    match target.comparison {
        Comparison::AtMost => target.value,
        _ => target.value * (at + 1) / windows - target.value * at / windows,
    }
}

/// The day on which the sum of `values`, by day, came to `wanted`.
fn reached(values: impl Iterator<Item = (NaiveDate, i64)>, wanted: i64) -> Option<NaiveDate> {
    let mut sum = 0i64;
    values.into_iter().find_map(|(day, value)| {
        sum = value.saturating_add(sum);
        (sum >= wanted).then_some(day)
    })
}

fn earliest(a: Option<NaiveDate>, b: Option<NaiveDate>) -> Option<NaiveDate> {
    a.into_iter().chain(b).min()
}

fn latest(days: Vec<NaiveDate>) -> Option<NaiveDate> {
    days.into_iter().max()
}

fn holds(target: &ActivityTarget, value: i64) -> bool {
    match target.comparison {
        Comparison::Equal => value == target.value,
        Comparison::AtLeast => value >= target.value,
        Comparison::AtMost => value <= target.value,
    }
}

/// A quality: every fact must have it, and there is at least one.
fn quality(target: &ActivityTarget, values: impl Iterator<Item = i64>) -> TargetStanding {
    let values: Vec<i64> = values.collect();
    let lacking = count(values.iter().filter(|value| !holds(target, **value)).count());
    let furthest = match target.comparison {
        Comparison::Equal => values.iter().max_by_key(|value| ((*value - target.value).abs(), **value)),
        Comparison::AtLeast => values.iter().min(),
        Comparison::AtMost => values.iter().max(),
    };
    let (actual, met) = (furthest.copied(), lacking == 0 && !values.is_empty());
    TargetStanding { actual, met, exceeded: false, lacking, ..plain(target, target.value) }
}

/// What adds up: `own` facts of the window, of `all` in its group.
fn sum(
    target: &ActivityTarget,
    expected: i64,
    own: impl Iterator<Item = i64>,
    all: i64,
    met_on: Option<NaiveDate>,
) -> TargetStanding {
    let actual = own.fold(None, |sum: Option<i64>, value| Some(value.saturating_add(sum.unwrap_or(0))));
    let above = target.comparison == Comparison::AtMost && all > target.value;
    TargetStanding {
        actual,
        met: met_on.is_some() && !above,
        exceeded: target.comparison == Comparison::Equal && actual.is_some_and(|actual| actual > expected),
        lacking: u32::from(above),
        ..plain(target, expected)
    }
}

fn plain(target: &ActivityTarget, expected: i64) -> TargetStanding {
    TargetStanding {
        metric: target.metric.clone(),
        name_ru: target.name_ru.clone(),
        name_en: target.name_en.clone(),
        scope: MetricScope::of(&target.metric),
        comparison: target.comparison,
        expected,
        actual: None,
        met: false,
        exceeded: false,
        lacking: 0,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
