//! Targets and windows of the activities as tables for programs: numbers as numbers, days as days. Pages tell the same in
//! the words of one table.

use crate::{
    half_year::{ActivityReport, HalfYear, TargetReport, WindowReport},
    plan::{metrics::bounds, status::capital},
    words,
};
use opora_documents::model::{Block, Cell, Column, ColumnKind, Row, Table};

/// Facts against targets, the windows of the activities, and what shows them.
pub(super) fn tables(content: &HalfYear) -> Vec<Block> {
    let evidence = (!content.evidence.is_empty()).then(|| evidence(content));
    [targets(content), windows(content)].into_iter().chain(evidence).map(Block::Data).collect()
}

/// The columns that name an activity, and its cells in them.
fn named() -> [Column; 2] {
    [
        Column::new("number", "№", ColumnKind::Text, 2).centered(),
        Column::new("title", "Мероприятие", ColumnKind::Text, 10),
    ]
}

fn name(activity: &ActivityReport) -> [Cell; 2] {
    [activity.number.as_str().into(), activity.title.as_str().into()]
}

fn yes(holds: bool) -> Cell {
    if holds { "да" } else { "нет" }.into()
}

fn targets(content: &HalfYear) -> Table {
    let mut columns = named().to_vec();
    columns.extend([
        Column::new("metric", "Что измеряется", ColumnKind::Text, 8),
        Column::new("window_from", "Период с", ColumnKind::Date, 4),
        Column::new("window_to", "Период по", ColumnKind::Date, 4),
        Column::new("comparison", "Условие", ColumnKind::Text, 4),
        Column::new("expected", "План", ColumnKind::Integer, 3),
        Column::new("actual", "Факт", ColumnKind::Integer, 3),
    ]);
    let half = content.report.first_half_to;
    columns.extend(half.map(|day| {
        Column::new("first_half", format!("Факт на {}", words::day(day)), ColumnKind::Integer, 3)
    }));
    columns.extend([
        Column::new("met", "Достигнуто", ColumnKind::Text, 3).centered(),
        Column::new("basis", "Откуда число", ColumnKind::Text, 5),
        Column::new("population", "Общее число", ColumnKind::Integer, 3),
    ]);
    let row = |activity: &ActivityReport, target: &TargetReport| {
        let mut cells = name(activity).to_vec();
        // What adds up over the windows is asked of all of them.
        let (first, last) = (activity.windows.first(), activity.windows.last());
        let from = target.window.or(first.map(|found| found.window)).map(|window| window.from);
        let to = target.window.or(last.map(|found| found.window)).map(|window| window.to);
        cells.extend([capital(&target.name).into(), from.into(), to.into(), condition(target).into()]);
        cells.extend([measured(target, Some(target.expected)), measured(target, target.actual)]);
        cells.extend(half.map(|_| measured(target, target.first_half)));
        cells.extend([yes(target.met), target.basis.map(|basis| basis.ru()).into()]);
        cells.push(activity.population.as_ref().map(|whole| whole.number).into());
        Row::Cells(cells)
    };
    let rows = content.activities.iter().flat_map(|a| a.targets.iter().map(move |target| row(a, target)));
    Table {
        name: "План и факт".to_owned(),
        caption: "Плановые и фактические значения мероприятий".to_owned(),
        columns,
        rows: rows.collect(),
        ..Table::default()
    }
}

/// How a value is compared with the plan.
fn condition(target: &TargetReport) -> String {
    match bounds(&target.metric) {
        Some(bounds) => format!("от {} до {}", bounds.start(), bounds.end()),
        None => target.comparison.ru().to_owned(),
    }
}

/// A value of a target: a share where it is in percent.
fn measured(target: &TargetReport, value: Option<i64>) -> Cell {
    let percent = target.metric.ends_with("_percent");
    value.map(|n| if percent { Cell::Share(n.saturating_mul(100)) } else { Cell::Integer(n) }).into()
}

fn windows(content: &HalfYear) -> Table {
    let mut columns = named().to_vec();
    columns.extend([
        Column::new("section", "Раздел плана", ColumnKind::Text, 8),
        Column::new("executors", "Исполнители", ColumnKind::Text, 8),
        Column::new("from", "Период с", ColumnKind::Date, 4),
        Column::new("to", "Период по", ColumnKind::Date, 4),
        Column::new("due_on", "Срок", ColumnKind::Date, 4),
        Column::new("status", "Состояние", ColumnKind::Text, 6),
        Column::new("met", "Выполнено", ColumnKind::Text, 3).centered(),
        Column::new("evidence_shown", "Подтверждение представлено", ColumnKind::Text, 4).centered(),
    ]);
    let row = |activity: &ActivityReport, window: &WindowReport| {
        let mut cells = name(activity).to_vec();
        cells.extend([
            activity.section.as_str().into(),
            capital(&activity.executors.join(", ")).into(),
            window.window.from.into(),
            window.window.to.into(),
            window.due_on.into(),
            window.status.told_ru(window.met).into(),
            yes(window.met),
            yes(window.evidence_shown),
        ]);
        Row::Cells(cells)
    };
    let rows = content.activities.iter().flat_map(|a| a.windows.iter().map(move |window| row(a, window)));
    Table {
        name: "Сроки".to_owned(),
        caption: "Сроки и состояние мероприятий по периодам".to_owned(),
        columns,
        rows: rows.collect(),
        ..Table::default()
    }
}

fn evidence(content: &HalfYear) -> Table {
    let columns = vec![
        Column::new("number", "№", ColumnKind::Text, 2).centered(),
        Column::new("file_name", "Файл", ColumnKind::Text, 8),
        Column::new("url", "Ссылка", ColumnKind::Text, 10),
        Column::new("size", "Размер, байт", ColumnKind::Integer, 3),
        Column::new("sha256", "SHA-256", ColumnKind::Text, 12),
    ];
    let rows = content.evidence.iter().map(|piece| {
        Row::Cells(vec![
            piece.activity.as_str().into(),
            piece.file_name.clone().into(),
            piece.url.clone().into(),
            piece.size.into(),
            piece.sha256.clone().into(),
        ])
    });
    Table {
        name: "Подтверждения".to_owned(),
        caption: "Подтверждения мероприятий".to_owned(),
        columns,
        rows: rows.collect(),
        ..Table::default()
    }
}
