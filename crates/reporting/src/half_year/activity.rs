//! An activity in a half-yearly report.

use super::{ActivityReport, Deviation, HalfStanding, PassportReading, TargetReport, WindowReport};
use crate::{
    facts::reported::Remark,
    plan::{
        Activity, ActivityWindow, Comparison, PlanDocument,
        metrics::{MetricScope, TEAM_SIZE, bounds},
        status::{Standing, TargetStanding, WindowStanding},
    },
};
use chrono::{NaiveDate, TimeDelta};
use opora_primitives::SchoolId;
use opora_schools::identification::Lang;
use std::collections::BTreeMap;

/// How an activity stands at the end of the period, and of its first half where that is shown separately.
#[derive(Clone, Copy)]
pub(super) struct Standings<'a> {
    pub now: &'a Standing,
    pub half: Option<&'a Standing>,
}

/// The activity at place `at` of the plan, in the report about a period that ends with the day `to`.
pub(super) fn report(
    document: &PlanDocument,
    at: usize,
    standings: Standings<'_>,
    remarks: &[Remark],
    teams: &BTreeMap<SchoolId, i64>,
    to: NaiveDate,
) -> ActivityReport {
    let activity = &document.activities[at];
    let section = document.sections.iter().find(|section| section.number == activity.section);
    let name = |code: &String| {
        let known = document.executors.iter().find(|executor| executor.code == *code);
        known.map_or_else(|| code.clone(), |executor| executor.name_ru.clone())
    };
    let Standings { now, half } = standings;
    ActivityReport {
        number: activity.number.clone(),
        section: section.map(|section| section.title_ru.clone()).unwrap_or_default(),
        title: activity.title_ru.clone(),
        executors: activity.executors.iter().map(name).collect(),
        windows: now.windows.iter().map(window).collect(),
        due_on: begun(now, to).last().or(now.windows.first()).map_or(now.due_on, |window| window.due_on),
        status: now.status,
        met: now.met,
        first_half: half.map(|half| HalfStanding { status: half.status, met: half.met }),
        targets: now.targets.iter().flat_map(|target| targets(activity, target, standings, to)).collect(),
        population: document.population(activity),
        passport_reading: passport_reading(document, activity, teams),
        evidence_asked: activity.evidence_ru.clone(),
        evidence_shown: now.evidence_shown,
        deviation: deviation(&activity.number, now, remarks),
    }
}

/// How many of the teams, by school, are as the passport reads it: at least as many people as a team has at the least.
fn passport_reading(
    document: &PlanDocument,
    activity: &Activity,
    teams: &BTreeMap<SchoolId, i64>,
) -> Option<PassportReading> {
    activity.target(TEAM_SIZE)?;
    let at_least = *bounds(TEAM_SIZE)?.start();
    let schools = teams.values().filter(|people| **people >= at_least).count();
    Some(PassportReading {
        at_least,
        schools: i64::try_from(schools).unwrap_or(i64::MAX),
        of: document.population(activity).map(|whole| whole.number),
    })
}

fn window(standing: &WindowStanding) -> WindowReport {
    let WindowStanding { from, to, due_on, status, evidence_shown, .. } = *standing;
    let window = ActivityWindow { from, to };
    WindowReport { window, due_on, status, met: standing.is_met(), evidence_shown }
}

/// The windows that have begun by the day `to`.
fn begun(now: &Standing, to: NaiveDate) -> impl Iterator<Item = &WindowStanding> {
    now.windows.iter().filter(move |window| window.from <= to)
}

/// A target in the report: once, or for every window that is asked for itself and has begun.
fn targets(
    activity: &Activity,
    target: &TargetStanding,
    Standings { now, half }: Standings<'_>,
    to: NaiveDate,
) -> Vec<TargetReport> {
    let whole = TargetReport {
        metric: target.metric.clone(),
        name: target.name_ru.clone(),
        comparison: target.comparison,
        window: None,
        expected: expected(now, target, to),
        basis: activity.basis,
        actual: target.actual,
        first_half: half.and_then(|half| find(&half.targets, target)?.actual),
        met: target.met || begun(now, to).filter_map(|w| find(&w.targets, target)).all(|t| t.met),
    };
    if !target.scope.is_of_window() || now.windows.len() < 2 {
        return vec![whole];
    }
    let of_window = |(at, window): (usize, &WindowStanding)| {
        let found = find(&window.targets, target)?;
        // What is there already is told early.
        (window.from <= to || found.actual.is_some()).then(|| TargetReport {
            window: Some(ActivityWindow { from: window.from, to: window.to }),
            expected: found.expected,
            actual: found.actual,
            first_half: half.and_then(|half| find(&half.windows.get(at)?.targets, target)?.actual),
            met: found.met,
            ..whole.clone()
        })
    };
    now.windows.iter().enumerate().filter_map(of_window).collect()
}

fn find<'a>(targets: &'a [TargetStanding], like: &TargetStanding) -> Option<&'a TargetStanding> {
    targets.iter().find(|target| target.metric == like.metric)
}

/// What is asked of a target by the windows that have begun by the day `to`.
fn expected(now: &Standing, target: &TargetStanding, to: NaiveDate) -> i64 {
    let adds_up = target.scope != MetricScope::EachFact && target.comparison != Comparison::AtMost;
    let asked = begun(now, to).filter_map(|window| find(&window.targets, target)).map(|found| found.expected);
    if adds_up { asked.sum() } else { target.expected }
}

/// How the activity deviates, with what those who carry it out said of it.
fn deviation(number: &str, standing: &Standing, remarks: &[Remark]) -> Option<Deviation> {
    let reason = standing.deviation.as_ref()?;
    let until = reason.day + TimeDelta::days(reason.days_late);
    let explaining = |remark: &&Remark| remark.activity == number && remark.explains(reason.day, until);
    Some(Deviation {
        ground: reason.ground,
        days_late: reason.days_late,
        words: standing.deviation_words(Lang::Ru)?,
        remark: remarks.iter().rfind(explaining).map(|remark| remark.note.clone()),
    })
}
