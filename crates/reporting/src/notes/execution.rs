//! The note on the execution of the plan: by section, by executor, and against the half-year before.

use super::{Method, Note, SampleSize, table};
use crate::{
    facts,
    plan::{
        Activity, PlanDocument,
        status::{self, ActivityStatus, Question, Standing},
        store::Plan,
    },
    reports::Period,
};
use chrono::NaiveDate;
use opora_db::{Db, Error, Result};
use opora_documents::model::{Bar, Block, CategoriesChart, Cell, Chart, Column, ColumnKind, Table, Unit};
use opora_primitives::Share;

/// The note on `plan` as of the day `on`.
///
/// # Errors
/// Faults of the database.
pub fn execution(db: &mut Db, plan: &Plan, document: &PlanDocument, on: NaiveDate) -> Result<Note> {
    let facts = facts::store::confirmed(db, plan.id)?;
    let on_day = |on| {
        let standings = status::standings(document, &facts, Question { signed_on: plan.signed_on, on });
        document.activities.iter().zip(standings).collect::<Vec<_>>()
    };
    let half = Period::of(on).map_err(|reason| Error::fault(reason.as_str()))?;
    let before = half.first_day().pred_opt().unwrap_or(on);
    Ok(note(document, &on_day(on), &on_day(before), on, before, facts.len()))
}

type Stood<'a> = (&'a Activity, Standing);

fn note(
    document: &PlanDocument,
    now: &[Stood<'_>],
    then: &[Stood<'_>],
    on: NaiveDate,
    before: NaiveDate,
    facts: usize,
) -> Note {
    let due: Vec<&Stood<'_>> = now.iter().filter(|(_, standing)| standing.due_on <= on).collect();
    let overdue = numbers(now, ActivityStatus::Overdue);
    let late = numbers(now, ActivityStatus::DoneLate);
    let met = due.iter().filter(|(_, standing)| standing.met).count();
    Note {
        purpose: format!(
            "Показать исполнение плана на {} и назвать мероприятия, которые требуют решений.",
            ru(on)
        ),
        base: vec![format!(
            "{}, приказ от {} № {}",
            document.title_ru,
            ru(document.act.date),
            document.act.number
        )],
        method: Method {
            name: "Состояние мероприятия выводится из подтверждённых фактов и сроков плана".to_owned(),
            version: "1".to_owned(),
        },
        sample: vec![
            SampleSize::new("Мероприятий в плане", count(now.len())),
            SampleSize::new("Срок которых наступил", count(due.len())),
            SampleSize::new("Подтверждённых фактов", count(facts)),
        ],
        results: results(document, now),
        comparison: vec![Block::Table(dynamics(now, then, on, before))],
        conclusions: vec![
            format!("Из мероприятий, срок которых наступил, выполнены: {met} из {}.", due.len()),
            named("Выполнены с опозданием", &late),
            named("Просрочены", &overdue),
        ],
        recommendations: overdue
            .iter()
            .map(|n| format!("Принять решение по мероприятию {n}: исполнить или изменить срок."))
            .collect(),
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn ru(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

fn numbers(stood: &[Stood<'_>], status: ActivityStatus) -> Vec<String> {
    let with = stood.iter().filter(|(_, standing)| standing.status == status);
    with.map(|(activity, _)| activity.number.clone()).collect()
}

fn named(what: &str, numbers: &[String]) -> String {
    if numbers.is_empty() { format!("{what}: нет.") } else { format!("{what}: {}.", numbers.join(", ")) }
}

fn results(document: &PlanDocument, now: &[Stood<'_>]) -> Vec<Block> {
    let by_section = document.sections.iter().map(|section| {
        let of = |(activity, _): &&Stood<'_>| activity.section == section.number;
        (section.title_ru.clone(), now.iter().filter(of).collect::<Vec<_>>())
    });
    let by_executor: Vec<_> = document
        .executors
        .iter()
        .map(|executor| {
            let of = |(activity, _): &&Stood<'_>| activity.executors.contains(&executor.code);
            (executor.name_ru.clone(), now.iter().filter(of).collect::<Vec<_>>())
        })
        .filter(|(_, of)| !of.is_empty())
        .collect();
    let bars = by_executor.iter().map(|(name, of)| Bar {
        label: name.clone(),
        value: Share::new(count(of.iter().filter(|(_, s)| s.met).count()), count(of.len())).basis_points(),
        target: None,
    });
    let chart = CategoriesChart {
        unit: Unit::Share,
        value_name: "Доля выполненных мероприятий".to_owned(),
        target_name: None,
        bars: bars.collect(),
    };
    vec![
        Block::Table(grouped("Разделы", "Мероприятия по разделам плана", "Раздел", by_section)),
        Block::Table(grouped(
            "Исполнители",
            "Мероприятия по исполнителям",
            "Исполнитель",
            by_executor.iter().cloned(),
        )),
        Block::figure("Доля выполненных мероприятий по исполнителям", Chart::Categories(chart)),
    ]
}

/// Activities by group and status.
fn grouped<'a>(
    name: &str,
    caption: &str,
    title: &str,
    groups: impl Iterator<Item = (String, Vec<&'a Stood<'a>>)>,
) -> Table {
    let columns = vec![
        Column::new("group", title, ColumnKind::Text, 6),
        Column::new("activities", "Всего", ColumnKind::Integer, 2),
        Column::new("met", "Выполнено", ColumnKind::Integer, 2),
        Column::new("late", "Из них с опозданием", ColumnKind::Integer, 2),
        Column::new("overdue", "Просрочено", ColumnKind::Integer, 2),
        Column::new("open", "Не выполнено, срок не истёк", ColumnKind::Integer, 3),
    ];
    let rows = groups.map(|(name, of)| {
        let with =
            |has: &dyn Fn(&Standing) -> bool| Cell::from(count(of.iter().filter(|(_, s)| has(s)).count()));
        vec![
            name.into(),
            count(of.len()).into(),
            with(&|s| s.met),
            with(&|s| s.status == ActivityStatus::DoneLate),
            with(&|s| s.status == ActivityStatus::Overdue),
            with(&|s| !s.met && s.status != ActivityStatus::Overdue),
        ]
    });
    table(name, caption, columns, rows)
}

fn dynamics(now: &[Stood<'_>], then: &[Stood<'_>], on: NaiveDate, before: NaiveDate) -> Table {
    let columns = vec![
        Column::new("status", "Состояние", ColumnKind::Text, 6),
        Column::new("before", format!("На {}", ru(before)), ColumnKind::Integer, 2),
        Column::new("now", format!("На {}", ru(on)), ColumnKind::Integer, 2),
    ];
    let of = |stood: &[Stood<'_>], status| count(stood.iter().filter(|(_, s)| s.status == status).count());
    let rows = ActivityStatus::ALL
        .iter()
        .map(|status| vec![status.ru().into(), of(then, *status).into(), of(now, *status).into()]);
    table("Динамика", "Состояние мероприятий в динамике", columns, rows)
}
