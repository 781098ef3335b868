//! What follows from the figures: risks, and corrections to propose. Sentences for people; they write their own beside
//! them. Pure.

use super::{ActivityReport, IndicatorReport};
use crate::{
    indicators::TargetVerdict,
    plan::{PlanDocument, status::ActivityStatus},
    reports::DueReport,
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
            i.operator.ru(),
            i.percent
        )
    });
    let unknown = indicators.iter().filter(|i| i.verdict == TargetVerdict::NotMeasurable).map(|i| {
        let reason = i.reason.as_deref().unwrap_or("нет данных");
        format!("Показатель {} «{}» пока не измеряется: {}.", i.code, i.name, reason.to_lowercase())
    });
    let overdue = numbers(activities, |activity| activity.status == ActivityStatus::Overdue)
        .map(|numbers| format!("Просрочены мероприятия: {numbers}."));
    let blocked = document.activities.iter().filter_map(|activity| {
        let before = activities.iter().filter(|a| activity.after.contains(&a.number));
        let late: Vec<&str> =
            before.filter(|a| a.status == ActivityStatus::Overdue).map(|a| a.number.as_str()).collect();
        (!late.is_empty())
            .then(|| format!("Мероприятие {} зависит от просроченных: {}.", activity.number, late.join(", ")))
    });
    let undecided: i64 = waiting.values().sum();
    let undecided = (undecided > 0).then(|| {
        let of: Vec<&str> = waiting.keys().map(String::as_str).collect();
        format!("Ожидают подтверждения факты: {undecided} (мероприятия {}).", of.join(", "))
    });
    let weekend = report.due_on_weekend.then(|| {
        format!(
            "Срок представления отчёта, {}, приходится на выходной день.",
            report.due_on.format("%d.%m.%Y")
        )
    });
    missed.chain(unknown).chain(overdue).chain(blocked).chain(undecided).chain(weekend).collect()
}

/// Corrections that follow from the figures.
pub(super) fn corrections(activities: &[ActivityReport]) -> Vec<String> {
    let move_on = numbers(activities, |activity| activity.status == ActivityStatus::Overdue)
        .map(|numbers| format!("Установить новые сроки мероприятий: {numbers}."));
    let source = numbers(activities, |activity| activity.status == ActivityStatus::SourceUnavailable)
        .map(|numbers| format!("Определить источник данных для мероприятий: {numbers}."));
    let evidence = numbers(activities, |activity| {
        activity.status == ActivityStatus::BackDated && activity.deviation.is_some()
    })
    .map(|numbers| {
        format!("Представить подтверждения мероприятий, завершённых до подписания плана: {numbers}.")
    });
    move_on.into_iter().chain(source).chain(evidence).collect()
}

/// The numbers of the activities that are `meant`, if there are any.
fn numbers(activities: &[ActivityReport], meant: impl Fn(&ActivityReport) -> bool) -> Option<String> {
    let found: Vec<&str> = activities.iter().filter(|a| meant(a)).map(|a| a.number.as_str()).collect();
    (!found.is_empty()).then(|| found.join(", "))
}
