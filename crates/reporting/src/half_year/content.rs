//! What a half-yearly report says: every activity of the period against the plan, and the indicators.

use super::foresight;
use crate::{
    facts::{
        self,
        reported::{EvidenceMention, Remark},
    },
    indicators::{
        Actual, IndicatorCode, TargetOperator, TargetVerdict,
        store::{self as indicators, Question as OnDay},
    },
    plan::{
        Activity, ActivityWindow, Comparison, PlanDocument, TargetBasis,
        metrics::MetricScope,
        status::{self, ActivityStatus, Question, Standing, TargetStanding},
        store::Plan,
    },
    reports::{DueReport, Period},
};
use chrono::{NaiveDate, TimeDelta};
use opora_db::{Db, Result};
use opora_primitives::ProblemCode;
use opora_schools::identification::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The figures of a half-yearly report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HalfYear {
    /// What it covers and when it is due.
    pub report: DueReport,
    /// The day the figures are as of: the last of the period, or the day it was made, if that was earlier.
    pub on: NaiveDate,
    /// Activities by status.
    pub summary: Vec<StatusCount>,
    /// Every activity of the period, and those left over from before it, in the order of the plan.
    pub activities: Vec<ActivityReport>,
    /// The target indicators.
    pub indicators: Vec<IndicatorReport>,
    /// Risks that follow from the figures.
    pub risks: Vec<String>,
    /// Corrections of the plan that follow from them.
    pub corrections: Vec<String>,
    /// The evidence of the period, in the order of the plan; what shows several facts of an activity is named once.
    pub evidence: Vec<EvidenceMention>,
}

/// How many activities of the period have a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusCount {
    /// The status.
    pub status: ActivityStatus,
    /// How many have it.
    #[schema(minimum = 0, example = 12)]
    pub activities: i64,
    /// How many had it on the last day of the first half, where that is shown separately.
    #[schema(minimum = 0, example = 7)]
    pub first_half: Option<i64>,
}

/// An activity in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityReport {
    /// Its number.
    #[schema(example = "2.5")]
    pub number: String,
    /// The title of its section, in Russian.
    pub section: String,
    /// Its title in Russian.
    pub title: String,
    /// Who carries it out, in Russian.
    pub executors: Vec<String>,
    /// Its windows.
    pub windows: Vec<ActivityWindow>,
    /// The day it is due.
    pub due_on: NaiveDate,
    /// Its status.
    pub status: ActivityStatus,
    /// Its status on the last day of the first half, where that is shown separately.
    pub first_half: Option<ActivityStatus>,
    /// Facts against targets.
    pub targets: Vec<TargetReport>,
    /// What has to be shown, in Russian.
    pub evidence_asked: Option<String>,
    /// Whether confirmed evidence is there.
    pub evidence_shown: bool,
    /// How it deviates from the plan, if it does. Why, people write.
    pub deviation: Option<Deviation>,
}

/// A target and what there is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetReport {
    /// What is counted.
    #[schema(example = "school_roadmaps_drafted")]
    pub metric: String,
    /// Its name in Russian.
    pub name: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With how much: of what adds up over windows, the part of those that begin in or before the period.
    #[schema(minimum = 0, example = 6)]
    pub expected: i64,
    /// Where that number comes from; an implied one must be told.
    pub basis: Option<TargetBasis>,
    /// How much there is; absent without facts.
    #[schema(minimum = 0, example = 6)]
    pub actual: Option<i64>,
    /// How much there was on the last day of the first half, where that is shown separately.
    #[schema(minimum = 0, example = 4)]
    pub first_half: Option<i64>,
    /// Whether it is met, in the windows that count in `expected`.
    pub met: bool,
}

/// A deviation from the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deviation {
    /// Days past the due day, until it was met or until the day of the figures.
    #[schema(minimum = 0, example = 12)]
    pub days_late: i64,
    /// What it is, in Russian.
    pub words: String,
    /// What the people who carry it out said of it last, if they did.
    pub remark: Option<String>,
}

/// A target indicator in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorReport {
    /// Its number.
    pub code: IndicatorCode,
    /// Its name in Russian.
    pub name: String,
    /// How many count; absent while that cannot be said.
    pub numerator: Option<i64>,
    /// Of how many.
    pub denominator: Option<i64>,
    /// The share in hundredths of a percent.
    pub basis_points: Option<i64>,
    /// How the share is compared with its target.
    pub operator: TargetOperator,
    /// The target, percent.
    pub percent: i64,
    /// Whether it is reached.
    pub verdict: TargetVerdict,
    /// Why that cannot be said, in Russian.
    pub reason: Option<String>,
    /// The share on the last day of the first half, where that is shown separately.
    pub first_half_basis_points: Option<i64>,
}

impl HalfYear {
    /// The period in words, for a title.
    pub fn period_ru(&self) -> String {
        match self.report.first_half_to {
            Some(_) => format!(
                "за период с {} по {}, первое полугодие показано отдельно",
                self.report.from.format("%d.%m.%Y"),
                self.report.to.format("%d.%m.%Y")
            ),
            None => self.report.period.ru(),
        }
    }
}

/// The report on `plan` about `period`, as of the day `on`.
///
/// # Errors
/// Not found, if the plan has no report about that period.
pub fn make(
    db: &mut Db,
    plan: &Plan,
    document: &PlanDocument,
    period: Period,
    on: NaiveDate,
) -> Result<HalfYear> {
    let report =
        plan.due_reports().into_iter().find(|due| due.period == period).ok_or(ProblemCode::NotFound)?;
    let facts = facts::store::confirmed(db, plan.id)?;
    let standings = |on| status::standings(document, &facts, Question { signed_on: plan.signed_on, on });
    let now = standings(on);
    let half = report.first_half_to.map(standings);
    let remarks = facts::reported::remarks(db, plan.id, on)?;
    let reported: Vec<_> = (0..document.activities.len())
        .filter(|i| belongs(&document.activities[*i], &now[*i], &report))
        .map(|i| {
            activity_report(document, i, &now[i], half.as_ref().map(|half| &half[i]), &remarks, report.to)
        })
        .collect();
    let indicators = indicator_reports(db, on, report.first_half_to)?;
    let waiting = facts::reported::waiting(db, plan.id, on)?;
    let mut evidence = facts::reported::shown(db, plan.id, report.from, report.to)?;
    let place = |piece: &EvidenceMention| document.activities.iter().position(|a| a.number == piece.activity);
    evidence.sort_by_key(place);
    Ok(HalfYear {
        report,
        on,
        summary: summary(&reported),
        risks: foresight::risks(document, &reported, &indicators, &waiting, &report),
        corrections: foresight::corrections(&reported),
        indicators,
        evidence,
        activities: reported,
    })
}

/// Whether an activity is reported: it has a window in the period, or ended before and is not met.
fn belongs(activity: &Activity, standing: &Standing, report: &DueReport) -> bool {
    let in_period =
        activity.windows.iter().any(|window| window.from <= report.to && report.from <= window.to);
    in_period || (standing.due_on < report.from && !standing.met)
}

fn activity_report(
    document: &PlanDocument,
    at: usize,
    now: &Standing,
    half: Option<&Standing>,
    remarks: &[Remark],
    to: NaiveDate,
) -> ActivityReport {
    let activity = &document.activities[at];
    let section = document.sections.iter().find(|section| section.number == activity.section);
    let name = |code: &String| {
        let known = document.executors.iter().find(|executor| executor.code == *code);
        known.map_or_else(|| code.clone(), |executor| executor.name_ru.clone())
    };
    let targets = now.targets.iter().map(|target| TargetReport {
        metric: target.metric.clone(),
        name: target.name_ru.clone(),
        comparison: target.comparison,
        expected: expected(now, target, to),
        basis: activity.basis,
        actual: target.actual,
        first_half: half.and_then(|half| half.targets.iter().find(|t| t.metric == target.metric)?.actual),
        met: target.met || begun(now, target, to).all(|of_window| of_window.met),
    });
    ActivityReport {
        number: activity.number.clone(),
        section: section.map(|section| section.title_ru.clone()).unwrap_or_default(),
        title: activity.title_ru.clone(),
        executors: activity.executors.iter().map(name).collect(),
        windows: activity.windows.clone(),
        due_on: now.due_on,
        status: now.status,
        first_half: half.map(|half| half.status),
        targets: targets.collect(),
        evidence_asked: activity.evidence_ru.clone(),
        evidence_shown: now.evidence_shown,
        deviation: deviation(&activity.number, now, remarks),
    }
}

/// What is asked of a target by the windows that have begun by the day `to`.
fn expected(now: &Standing, target: &TargetStanding, to: NaiveDate) -> i64 {
    let adds_up = target.scope != MetricScope::EachFact && target.comparison != Comparison::AtMost;
    if adds_up { begun(now, target, to).map(|of_window| of_window.expected).sum() } else { target.expected }
}

/// How the target stands in the windows that have begun by the day `to`.
fn begun<'a>(
    now: &'a Standing,
    target: &'a TargetStanding,
    to: NaiveDate,
) -> impl Iterator<Item = &'a TargetStanding> {
    let windows = now.windows.iter().filter(move |window| window.from <= to);
    windows.flat_map(|window| window.targets.iter().filter(|of_window| of_window.metric == target.metric))
}

/// Late, overdue, without a source, or back-dated without facts.
fn deviation(number: &str, standing: &Standing, remarks: &[Remark]) -> Option<Deviation> {
    use ActivityStatus as S;
    let deviates = match standing.status {
        S::DoneLate | S::Overdue | S::SourceUnavailable => true,
        S::BackDated => !standing.met,
        S::NotStarted | S::InProgress | S::Done | S::ClosedOnEvidence => false,
    };
    let (due_on, days_late) = (standing.reason.day, standing.reason.days_late);
    let until = due_on + TimeDelta::days(days_late);
    let explaining = |remark: &&Remark| remark.activity == number && remark.explains(due_on, until);
    deviates.then(|| Deviation {
        days_late,
        words: standing.words(Lang::Ru),
        remark: remarks.iter().rfind(explaining).map(|remark| remark.note.clone()),
    })
}

fn summary(reported: &[ActivityReport]) -> Vec<StatusCount> {
    let count = |has: &dyn Fn(&ActivityReport) -> bool| {
        i64::try_from(reported.iter().filter(|activity| has(activity)).count()).unwrap_or(i64::MAX)
    };
    let halves = reported.iter().any(|activity| activity.first_half.is_some());
    let of = |status: &ActivityStatus| StatusCount {
        status: *status,
        activities: count(&|activity| activity.status == *status),
        first_half: halves.then(|| count(&|activity| activity.first_half == Some(*status))),
    };
    ActivityStatus::ALL.iter().map(of).collect()
}

/// The indicators on a day, for a report.
pub(crate) fn indicator_reports(
    db: &mut Db,
    on: NaiveDate,
    first_half_to: Option<NaiveDate>,
) -> Result<Vec<IndicatorReport>> {
    let mut compute = |on| indicators::compute(db, OnDay { on, list: None, denominator: None });
    let points = |actual: &Actual| actual.share().and_then(|share| share.basis_points());
    let half: BTreeMap<IndicatorCode, Option<i64>> = match first_half_to {
        Some(day) => compute(day)?.indicators.iter().map(|actual| (actual.code, points(actual))).collect(),
        None => BTreeMap::new(),
    };
    let now = compute(on)?.indicators;
    let report = |actual: &Actual| {
        let target = actual.code.target();
        IndicatorReport {
            code: actual.code,
            name: actual.code.ru().to_owned(),
            numerator: actual.numerator,
            denominator: actual.denominator,
            basis_points: points(actual),
            operator: target.operator,
            percent: target.percent,
            verdict: actual.verdict,
            reason: actual.reason.map(|reason| reason.ru().to_owned()),
            first_half_basis_points: half.get(&actual.code).copied().flatten(),
        }
    };
    Ok(now.iter().map(report).collect())
}
