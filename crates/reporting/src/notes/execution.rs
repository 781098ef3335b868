//! The note on the execution of the plan: by section, by executor, and against the half-year before.

use super::{Method, Note, SampleSize, table};
use crate::{
    facts,
    plan::{
        Activity, PlanDocument,
        status::{self, ActivityStatus, Question, Standing, StatusGround, capital},
        store::Plan,
    },
    reports::{self, AsOf, DueReportOnDay, Period},
    words,
};
use chrono::NaiveDate;
use opora_db::{Db, Error, Result};
use opora_documents::model::{Bar, Block, CategoriesChart, Cell, Chart, Column, ColumnKind, Table, Unit};
use opora_primitives::Share;

/// The note on `plan`.
///
/// # Errors
/// Faults of the database.
pub fn execution(db: &mut Db, plan: &Plan, document: &PlanDocument, as_of: AsOf) -> Result<Note> {
    let facts = facts::store::confirmed(db, plan.id)?;
    let stood = |AsOf { on, over }| {
        let question = Question { signed_on: plan.signed_on, on, over };
        document.activities.iter().zip(status::standings(document, &facts, question)).collect::<Vec<_>>()
    };
    let half = Period::of(as_of.on).map_err(|reason| Error::fault(reason.as_str()))?;
    let before = half.first_day().pred_opt().unwrap_or(as_of.on);
    let then = stood(as_of.back_on(before));
    let mut note = note(document, &stood(as_of), &then, as_of.on, before, facts.len());
    note.results.push(Block::Table(half_yearly(&reports::store::due_on_day(db, plan, as_of.on)?)));
    Ok(note)
}

/// The half-yearly reports about the plan: which came in time, which are missing.
fn half_yearly(due: &[DueReportOnDay]) -> Table {
    let columns = vec![
        Column::new("period", "За какой период", ColumnKind::Text, 6),
        Column::new("due_on", "Срок", ColumnKind::Date, 3),
        Column::new("submitted_on", "Представлен", ColumnKind::Date, 3),
        Column::new("timeliness", "Состояние", ColumnKind::Text, 4),
        Column::new("days_late", "Дней опоздания", ColumnKind::Integer, 3),
    ];
    let rows = due.iter().map(|stood| {
        vec![
            capital(&stood.report.covered_ru()).into(),
            stood.report.due_on.into(),
            stood.submitted_on.into(),
            capital(stood.timeliness.ru()).into(),
            Some(stood.days_late).filter(|days| *days > 0).into(),
        ]
    });
    let weekends = due.iter().filter(|stood| stood.report.due_on_weekend);
    let weekends: Vec<String> = weekends.map(|stood| words::day(stood.report.due_on)).collect();
    Table {
        note: (!weekends.is_empty())
            .then(|| format!("Срок приходится на выходной день и не переносится: {}.", weekends.join(", "))),
        ..table("Отчёты", "Полугодовые отчёты о плане", columns, rows)
    }
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
    let met = due.iter().filter(|(_, standing)| standing.met).count();
    Note {
        purpose: format!(
            "Показать исполнение плана на {} и назвать мероприятия, которые требуют решений.",
            words::day(on)
        ),
        base: vec![format!(
            "{}, приказ от {} № {}",
            document.title_ru,
            words::day(document.act.date),
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
        conclusions: conclusions(
            now,
            format!("Из мероприятий, срок которых наступил, выполнены: {met} из {}.", due.len()),
        ),
        recommendations: recommendations(now),
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The numbers of the activities that deviate on this ground.
fn numbers(stood: &[Stood<'_>], ground: StatusGround) -> Vec<String> {
    let with = stood.iter().filter(|(_, standing)| deviates(standing, ground));
    with.map(|(activity, _)| activity.number.clone()).collect()
}

fn deviates(standing: &Standing, ground: StatusGround) -> bool {
    standing.deviation.as_ref().is_some_and(|reason| reason.ground == ground)
}

/// What is neither met nor overdue though its day has passed: it has no source, is not confirmed or not as it should be.
fn is_open_past_due(standing: &Standing) -> bool {
    [StatusGround::NoSource, StatusGround::BackDatedNotMet, StatusGround::QualityLacking]
        .into_iter()
        .any(|ground| deviates(standing, ground))
}

fn conclusions(now: &[Stood<'_>], met: String) -> Vec<String> {
    let named = |(ground, what): (StatusGround, &str)| {
        let numbers = numbers(now, ground);
        let always = matches!(ground, StatusGround::MetLate | StatusGround::PastDue);
        match numbers.is_empty() {
            true => always.then(|| format!("{what}: нет.")),
            false => Some(format!("{what}: {}.", numbers.join(", "))),
        }
    };
    let told = [
        (StatusGround::MetLate, "Выполнены с опозданием"),
        (StatusGround::PastDue, "Просрочены"),
        (StatusGround::QualityLacking, "Исполнены не так, как требует план"),
        (StatusGround::NoSource, "Не выполнены, так как нет источника данных"),
        (StatusGround::BackDatedNotMet, "Завершены до подписания плана и не подтверждены"),
    ];
    std::iter::once(met).chain(told.into_iter().filter_map(named)).collect()
}

fn recommendations(now: &[Stood<'_>]) -> Vec<String> {
    let wanted = [
        (StatusGround::PastDue, "исполнить или изменить срок"),
        (StatusGround::QualityLacking, "привести исполнение в соответствие с требованием плана"),
        (StatusGround::NoSource, "определить источник данных"),
        (StatusGround::BackDatedNotMet, "представить подтверждение"),
    ];
    let of = |(ground, what): (StatusGround, &str)| {
        let numbers = numbers(now, ground).into_iter();
        numbers.map(|n| format!("Принять решение по мероприятию {n}: {what}.")).collect::<Vec<_>>()
    };
    wanted.into_iter().flat_map(of).collect()
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
            (capital(&executor.name_ru), now.iter().filter(of).collect::<Vec<_>>())
        })
        .filter(|(_, of)| !of.is_empty())
        .collect();
    let bars =
        by_executor.iter().map(|(name, of)| Bar { label: name.clone(), value: share_met(of), target: None });
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

/// How many of the activities are met, in hundredths of a percent.
fn share_met(of: &[&Stood<'_>]) -> Option<i64> {
    Share::new(count(of.iter().filter(|(_, s)| s.met).count()), count(of.len())).basis_points()
}

/// Activities by group and status.
fn grouped<'a>(
    name: &str,
    caption: &str,
    title: &str,
    groups: impl Iterator<Item = (String, Vec<&'a Stood<'a>>)>,
) -> Table {
    let columns = vec![
        Column::new("group", title, ColumnKind::Text, 9),
        Column::new("activities", "Всего", ColumnKind::Integer, 3),
        Column::new("met", "Выполнено", ColumnKind::Integer, 6),
        Column::new("met_share", "Доля выполненных", ColumnKind::Share, 6),
        Column::new("late", "Из них с опозданием", ColumnKind::Integer, 6),
        Column::new("overdue", "Просрочено", ColumnKind::Integer, 6),
        Column::new("unconfirmed", "Срок истёк, нет источника или подтверждения", ColumnKind::Integer, 8),
        Column::new("open", "Не выполнено, срок не истёк", ColumnKind::Integer, 6),
    ];
    let rows = groups.map(|(name, of)| {
        let with =
            |has: &dyn Fn(&Standing) -> bool| Cell::from(count(of.iter().filter(|(_, s)| has(s)).count()));
        vec![
            name.into(),
            count(of.len()).into(),
            with(&|s| s.met),
            share_met(&of).map(Cell::Share).into(),
            with(&|s| s.met && deviates(s, StatusGround::MetLate)),
            with(&|s| !s.met && deviates(s, StatusGround::PastDue)),
            with(&|s| !s.met && is_open_past_due(s)),
            with(&|s| !s.met && !deviates(s, StatusGround::PastDue) && !is_open_past_due(s)),
        ]
    });
    table(name, caption, columns, rows)
}

fn dynamics(now: &[Stood<'_>], then: &[Stood<'_>], on: NaiveDate, before: NaiveDate) -> Table {
    let columns = vec![
        Column::new("status", "Состояние", ColumnKind::Text, 6),
        Column::new("before", format!("На {}", words::day(before)), ColumnKind::Integer, 2),
        Column::new("now", format!("На {}", words::day(on)), ColumnKind::Integer, 2),
    ];
    let of = |stood: &[Stood<'_>], status, met: Option<bool>| {
        let has = |(_, s): &&Stood<'_>| s.status == status && met.is_none_or(|met| met == s.met);
        count(stood.iter().filter(has).count())
    };
    let rows = ActivityStatus::counted().map(|(status, met)| {
        let name = status.told_ru(met.unwrap_or_default());
        vec![name.into(), of(then, status, met).into(), of(now, status, met).into()]
    });
    table("Динамика", "Состояние мероприятий в динамике", columns, rows)
}
