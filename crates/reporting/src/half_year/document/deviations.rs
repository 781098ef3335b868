//! Deviations from the plan and their causes.

use crate::{
    half_year::{ActivityReport, Deviation, HalfYear},
    reports::Texts,
};
use opora_documents::model::{Block, Cell, Column, ColumnKind, Row, Table};

/// The deviations with their causes; and what people wrote of activities that do not deviate, so that nothing of it is lost.
pub(super) fn blocks(content: &HalfYear, texts: &Texts) -> Vec<Block> {
    let deviating: Vec<_> =
        content.activities.iter().filter_map(|found| Some((found, found.deviation.as_ref()?))).collect();
    let mut blocks = vec![match deviating.is_empty() {
        true => Block::paragraph("Отклонений от плана нет."),
        false => Block::Table(table(&deviating, texts)),
    }];
    let is_told = |number: &str| deviating.iter().any(|(activity, _)| activity.number == number);
    let others = texts.causes.iter().filter(|(number, _)| !is_told(number));
    let others: Vec<String> = others.map(|(number, cause)| remark(content, number, cause)).collect();
    if !others.is_empty() {
        blocks.push(Block::paragraph("Пояснения к мероприятиям без отклонений:"));
        blocks.push(Block::list(false, others.iter().map(String::as_str)));
    }
    blocks
}

fn table(deviating: &[(&ActivityReport, &Deviation)], texts: &Texts) -> Table {
    let rows = deviating.iter().map(|(activity, deviation)| {
        Row::Cells(vec![
            activity.number.as_str().into(),
            activity.title.as_str().into(),
            deviation.words.as_str().into(),
            Some(deviation.days_late).filter(|days| *days > 0).into(),
            cause(activity, deviation, texts),
        ])
    });
    Table {
        name: "Отклонения".to_owned(),
        caption: "Отклонения от плана и их причины".to_owned(),
        columns: vec![
            Column::new("number", "№", ColumnKind::Text, 2).centered(),
            Column::new("title", "Мероприятие", ColumnKind::Text, 7),
            Column::new("deviation", "Отклонение", ColumnKind::Text, 7),
            Column::new("days_late", "Дней", ColumnKind::Integer, 2),
            Column::new("cause", "Причина", ColumnKind::Text, 12),
        ],
        rows: rows.collect(),
        ..Table::default()
    }
}

/// The cause as people wrote it in the report; until they do, what executors said last.
fn cause(activity: &ActivityReport, deviation: &Deviation, texts: &Texts) -> Cell {
    let told = || Some(format!("По сведениям исполнителей: {}", deviation.remark.as_ref()?));
    let cause = texts.causes.get(&activity.number).cloned().or_else(told);
    cause.unwrap_or_else(|| "Не указана".to_owned()).into()
}

fn remark(content: &HalfYear, number: &str, text: &str) -> String {
    match content.activities.iter().find(|activity| activity.number == number) {
        Some(activity) => format!("{number} «{}»: {text}", activity.title),
        None => format!("{number}: {text}"),
    }
}
