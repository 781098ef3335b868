//! What follows from the figures: risks, and corrections to propose. Sentences for people; they write their own beside
//! them. Pure.

use super::{ActivityReport, IndicatorReport};
use crate::{
    indicators::TargetVerdict,
    plan::{
        PlanDocument,
        overlaps::overlaps,
        status::{ActivityStatus, StatusGround},
    },
    reports::DueReport,
    words,
};
use std::collections::BTreeMap;

/// Risks that follow from the figures.
pub(super) fn risks(
    document: &PlanDocument,
    activities: &[ActivityReport],
    indicators: &[IndicatorReport],
    waiting: &BTreeMap<String, i64>,
    report: &DueReport,
) -> Vec<String> {
    let missed = indicators.iter().filter(|indicator| indicator.verdict == TargetVerdict::NotMet).map(|i| {
        let of = |n: Option<i64>| n.map_or_else(|| "—".to_owned(), |n| n.to_string());
        format!(
            "Показатель {} «{}» не достигнут: {} из {} при цели «{} {} %».",
            i.code,
            i.name,
            of(i.numerator),
            of(i.denominator),
            i.comparison.ru(),
            i.percent
        )
    });
    let unknown = indicators.iter().filter(|i| i.verdict == TargetVerdict::NotMeasurable).map(|i| {
        let reason = i.reason.as_deref().unwrap_or("нет данных");
        format!("Показатель {} «{}» пока не измеряется: {}.", i.code, i.name, reason.to_lowercase())
    });
    let overdue = numbers(activities, StatusGround::PastDue)
        .map(|numbers| format!("Просрочены мероприятия: {numbers}."));
    let lacking = numbers(activities, StatusGround::QualityLacking)
        .map(|numbers| format!("Факты не отвечают требованиям плана по мероприятиям: {numbers}."));
    let stuck = |status, words: &str| {
        numbers_with(activities, |activity| {
            activity.windows.iter().any(|window| window.status == status && !window.met)
        })
        .map(|numbers| format!("{words}: {numbers}."))
    };
    let without_source = stuck(ActivityStatus::SourceUnavailable, "Нет источника данных для мероприятий");
    let unconfirmed =
        stuck(ActivityStatus::BackDated, "Не подтверждены мероприятия, завершённые до подписания плана");
    let blocked = document.activities.iter().filter_map(|activity| {
        let before = activities.iter().filter(|a| activity.after.contains(&a.number));
        let late: Vec<&str> =
            before.filter(|a| deviates(a, StatusGround::PastDue)).map(|a| a.number.as_str()).collect();
        (!late.is_empty())
            .then(|| format!("Мероприятие {} зависит от просроченных: {}.", activity.number, late.join(", ")))
    });
    // Those that are still ahead are told by the report on their period.
    let overlapping = overlaps(document)
        .into_iter()
        .filter(|overlap| overlap.starts_on <= report.to && report.from <= overlap.ends_on)
        .map(|overlap| overlap.text_ru);
    let undecided: i64 = waiting.values().sum();
    let undecided = (undecided > 0).then(|| {
        let of: Vec<&str> = waiting.keys().map(String::as_str).collect();
        format!("Ожидают подтверждения факты: {undecided} (мероприятия {}).", of.join(", "))
    });
    let weekend = report.due_on_weekend.then(|| {
        format!("Срок представления отчёта, {}, приходится на выходной день.", words::day(report.due_on))
    });
    missed
        .chain(unknown)
        .chain(overdue)
        .chain(lacking)
        .chain(without_source)
        .chain(unconfirmed)
        .chain(blocked)
        .chain(overlapping)
        .chain(undecided)
        .chain(weekend)
        .collect()
}

/// Corrections that follow from the figures.
pub(super) fn corrections(activities: &[ActivityReport]) -> Vec<String> {
    [
        (StatusGround::PastDue, "Установить новые сроки мероприятий"),
        (
            StatusGround::QualityLacking,
            "Привести исполнение в соответствие с требованиями плана по мероприятиям",
        ),
        (StatusGround::NoSource, "Определить источник данных для мероприятий"),
        (
            StatusGround::BackDatedNotMet,
            "Представить подтверждения мероприятий, завершённых до подписания плана",
        ),
    ]
    .into_iter()
    .filter_map(|(ground, words)| Some(format!("{words}: {}.", numbers(activities, ground)?)))
    .collect()
}

fn deviates(activity: &ActivityReport, ground: StatusGround) -> bool {
    activity.deviation.as_ref().is_some_and(|deviation| deviation.ground == ground)
}

/// The numbers of the activities that deviate on this ground, if there are any.
fn numbers(activities: &[ActivityReport], ground: StatusGround) -> Option<String> {
    numbers_with(activities, |activity| deviates(activity, ground))
}

fn numbers_with(activities: &[ActivityReport], has: impl Fn(&ActivityReport) -> bool) -> Option<String> {
    let found: Vec<&str> = activities.iter().filter(|a| has(a)).map(|a| a.number.as_str()).collect();
    (!found.is_empty()).then(|| found.join(", "))
}
