//! The rules of the status. Pure: no clock, no database.

use super::types::{
    ActivityStatus, Question, Standing, StatusGround, StatusReason, TargetStanding, WindowStanding,
};
use crate::{
    facts::{ConfirmedFact, FactKind},
    plan::{
        Activity, ActivityTarget, ActivityWindow, Comparison, PlanDocument,
        metrics::{MetricScope, bounds},
    },
    reports::Period,
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
    let windows: Vec<WindowStanding> = (0..activity.windows.len()).map(|at| row.window(at)).collect();
    let counting = windows.iter().filter(|window| window.status != ActivityStatus::NotStarted);
    let deviating = worst(windows.iter().filter(|window| row.deviates(window)));
    // Without a window that counts, the first one tells why.
    let (status, reason) = match worst(counting).or(windows.first()) {
        Some(deciding) => (deciding.status, row.reason(deciding, &windows)),
        None => (ActivityStatus::NotStarted, StatusReason::nowhere(question.on)),
    };
    Standing {
        status,
        met: windows.iter().all(WindowStanding::is_met),
        due_on: activity.windows.last().map_or(question.on, |window| activity.due_on(*window)),
        evidence_shown: row.of_kind(FactKind::Evidence).next().is_some(),
        targets: activity.targets.iter().map(|target| row.whole(target)).collect(),
        reason,
        deviation: deviating.map(|window| row.reason(window, &windows)),
        windows,
    }
}

/// The worst of some windows, in order; of equally bad ones the first.
fn worst<'a>(windows: impl DoubleEndedIterator<Item = &'a WindowStanding>) -> Option<&'a WindowStanding> {
    windows.rev().max_by_key(|window| badness(window.status))
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
    over: bool,
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
        Self { activity, facts, back_dated, on: question.on, over: question.over }
    }

    /// Whether what was due on `due_on` should be there.
    fn is_past(&self, due_on: NaiveDate) -> bool {
        due_on < self.on || (self.over && due_on == self.on)
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

    fn window(&self, at: usize) -> WindowStanding {
        let window = self.activity.windows[at];
        let judged: Vec<_> = self.activity.targets.iter().map(|target| self.target(target, at)).collect();
        let met_on = match judged.is_empty() {
            true => self.closed_on(at),
            // The last of them; none if one is not met.
            false => judged.iter().map(|(_, met_on)| *met_on).collect::<Option<Vec<_>>>().and_then(latest),
        };
        let found = WindowStanding {
            from: window.from,
            to: window.to,
            due_on: self.activity.due_on(window),
            status: ActivityStatus::NotStarted,
            met_on,
            evidence_shown: self.of_kind(FactKind::Evidence).any(|(of, _)| *of == at),
            targets: judged.into_iter().map(|(target, _)| target).collect(),
        };
        WindowStanding { status: self.status(at, &found), ..found }
    }

    /// The day on which evidence closed a window without targets.
    fn closed_on(&self, at: usize) -> Option<NaiveDate> {
        let from = closes_from(self.activity.windows[at]);
        let mut shown = self.of_kind(FactKind::Evidence).filter(|(of, _)| *of == at);
        shown.find(|(_, fact)| from <= fact.happened_on).map(|(_, fact)| fact.happened_on)
    }

    /// The status of the window `at`, of which all but that is `found`.
    fn status(&self, at: usize, found: &WindowStanding) -> ActivityStatus {
        let of_window = |(of, _): &(usize, &ConfirmedFact)| *of == at;
        match found.met_on {
            _ if self.back_dated => ActivityStatus::BackDated,
            // What was due is there, though not as it should be.
            Some(_) if !found.is_met() => ActivityStatus::InProgress,
            Some(day) if day > found.due_on => ActivityStatus::DoneLate,
            Some(_) if self.activity.targets.is_empty() => ActivityStatus::ClosedOnEvidence,
            Some(_) => ActivityStatus::Done,
            None if self.of_kind(FactKind::SourceUnavailable).any(of_window) => {
                ActivityStatus::SourceUnavailable
            }
            None if self.is_past(found.due_on) => ActivityStatus::Overdue,
            None if self.on >= found.from || self.facts.iter().any(of_window) => ActivityStatus::InProgress,
            None => ActivityStatus::NotStarted,
        }
    }

    /// Whether a window is not as the plan has it.
    fn deviates(&self, window: &WindowStanding) -> bool {
        match window.status {
            ActivityStatus::DoneLate | ActivityStatus::Overdue | ActivityStatus::SourceUnavailable => true,
            ActivityStatus::BackDated => !window.is_met(),
            // Past its due day only a fact that must be put right keeps it open.
            ActivityStatus::InProgress => self.is_past(window.due_on),
            ActivityStatus::NotStarted | ActivityStatus::Done | ActivityStatus::ClosedOnEvidence => false,
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
            let met_on = own().find(|(_, value)| has_quality(target, *value)).map(|(day, _)| day);
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

    /// Why `window`, one of `windows`, has its status.
    fn reason(&self, window: &WindowStanding, windows: &[WindowStanding]) -> StatusReason {
        let met = windows.iter().filter(|window| window.is_met()).count();
        let (ground, until) = match window.status {
            ActivityStatus::NotStarted => (StatusGround::BeforeFirstWindow, None),
            ActivityStatus::InProgress if window.met_on.is_some() => {
                (StatusGround::QualityLacking, Some(self.on))
            }
            ActivityStatus::InProgress => (StatusGround::BeforeDue, None),
            ActivityStatus::Done => (StatusGround::TargetsMet, None),
            ActivityStatus::ClosedOnEvidence => (StatusGround::EvidenceShown, None),
            ActivityStatus::DoneLate => (StatusGround::MetLate, window.met_on),
            ActivityStatus::Overdue => (StatusGround::PastDue, Some(self.on)),
            ActivityStatus::BackDated if met == windows.len() => (StatusGround::BackDatedMet, None),
            ActivityStatus::BackDated => (StatusGround::BackDatedNotMet, None),
            ActivityStatus::SourceUnavailable => (StatusGround::NoSource, None),
        };
        let is_ahead = window.status == ActivityStatus::NotStarted;
        let mut ahead = windows.iter().filter(|other| other.status == ActivityStatus::NotStarted);
        StatusReason {
            ground,
            day: if is_ahead { window.from } else { window.due_on },
            days_late: until.map_or(0, |day| (day - window.due_on).num_days().max(0)),
            windows_met: count(met),
            windows: count(windows.len()),
            next_window: ahead.next().filter(|_| !is_ahead).map(|next| next.from),
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

/// The first day whose evidence closes a window without targets. What goes on over several half-years is closed in the one
/// it ends in: what was shown before tells that work goes on (D69).
fn closes_from(window: ActivityWindow) -> NaiveDate {
    let last_half = Period::of(window.to).map_or(NaiveDate::MIN, Period::first_day);
    if window.from < last_half { last_half } else { NaiveDate::MIN }
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

/// Whether a value is as the target asks, and as its metric has to be.
fn has_quality(target: &ActivityTarget, value: i64) -> bool {
    holds(target, value) && bounds(&target.metric).is_none_or(|bounds| bounds.contains(&value))
}

/// A quality: every fact must have it, and there is at least one.
fn quality(target: &ActivityTarget, values: impl Iterator<Item = i64>) -> TargetStanding {
    let values: Vec<i64> = values.collect();
    let lacks = |value: &&i64| !has_quality(target, **value);
    let lacking = values.iter().filter(lacks).count();
    // Of some that lack it, the furthest of these.
    let told = || values.iter().filter(move |value| lacking == 0 || lacks(value));
    let furthest = match target.comparison {
        Comparison::Equal => told().max_by_key(|value| ((*value - target.value).abs(), **value)),
        Comparison::AtLeast => told().min(),
        Comparison::AtMost => told().max(),
    };
    let (actual, met, lacking) = (furthest.copied(), lacking == 0 && !values.is_empty(), count(lacking));
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
