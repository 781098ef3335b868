//! The half-yearly report as a document.

mod activities;
mod deviations;
mod indicators;

pub(crate) use indicators::bars;

use super::HalfYear;
use crate::{
    facts::reported::EvidenceMention,
    reports::{TextPart, paper::Paper},
    words,
};
use opora_documents::model::{
    Attachment, Attachments, Block, Cell, Chart, Column, ColumnKind, Document, Language, Row, Signature,
    Table, TitleBlock,
};

/// The report under the head `title`.
pub fn document(title: TitleBlock, paper: &Paper, content: &HalfYear) -> Document {
    let texts = &paper.texts;
    let mut blocks = overview(paper, content);
    blocks.push(Block::heading(1, "Исполнение мероприятий"));
    blocks.push(Block::Table(activities::table(content)));
    blocks
        .push(Block::figure("Сроки и состояние мероприятий", Chart::Timeline(activities::timeline(content))));
    blocks.push(Block::heading(1, "Отклонения и их причины"));
    blocks.extend(deviations::blocks(content, texts));
    blocks.push(Block::heading(1, "Целевые показатели"));
    blocks.push(Block::Table(indicators::table(content)));
    blocks.push(Block::figure("Целевые показатели и цели", Chart::Bars(bars(&content.indicators))));
    for (part, sentences) in
        [(TextPart::Risks, &content.risks), (TextPart::Corrections, &content.corrections)]
    {
        let list = (!sentences.is_empty()).then(|| Block::list(true, sentences.iter().map(String::as_str)));
        blocks.extend(section(part, list.into_iter().chain(texts.paragraphs(part))));
    }
    blocks.extend(section(TextPart::Conclusions, texts.paragraphs(TextPart::Conclusions).into_iter()));
    blocks.extend(attachments(content));
    blocks.push(Block::Signature(Signature {
        position: "Руководитель института".to_owned(),
        name: None,
        date: None,
    }));
    Document { language: Language::Ru, title, blocks }
}

/// A part with its heading; nothing if nothing is said in it.
fn section(part: TextPart, said: impl Iterator<Item = Block>) -> impl Iterator<Item = Block> {
    let mut said = said.peekable();
    let heading = said.peek().is_some().then(|| Block::heading(1, part.ru()));
    heading.into_iter().chain(said)
}

fn overview(paper: &Paper, content: &HalfYear) -> Vec<Block> {
    let (plan, report) = (&paper.plan, &content.report);
    let due = if report.due_on_weekend {
        format!("{} (выходной день)", words::day(report.due_on))
    } else {
        words::day(report.due_on)
    };
    let mut blocks = vec![
        Block::heading(1, TextPart::Summary.ru()),
        Block::properties([
            ("План", format!("{}, версия {}", plan.title_ru, plan.version)),
            ("Основание", format!("приказ от {} № {}", words::day(plan.act_date), plan.act_number)),
            ("Отчётный период", format!("с {} по {}", words::day(report.from), words::day(report.to))),
            ("Сведения на", words::day(content.on)),
            ("Срок представления", due),
        ]),
    ];
    blocks.extend(paper.texts.paragraphs(TextPart::Summary));
    blocks.push(Block::Table(summary(content)));
    blocks
}

fn summary(content: &HalfYear) -> Table {
    let halves = content.report.first_half_to.is_some();
    let mut columns = vec![
        Column::new("status", "Состояние", ColumnKind::Text, 6),
        Column::new("activities", "Мероприятий", ColumnKind::Integer, 2),
    ];
    if let Some(day) = content.report.first_half_to {
        columns.push(Column::new("first_half", format!("На {}", words::day(day)), ColumnKind::Integer, 2));
    }
    let cells = |name: String, now: i64, half: Option<i64>| {
        let mut cells = vec![Cell::from(name), now.into()];
        cells.extend(half.filter(|_| halves).map(Cell::from));
        cells
    };
    let counted = content.summary.iter().filter(|c| c.activities > 0 || c.first_half.is_some_and(|n| n > 0));
    let rows = counted.map(|c| {
        Row::Cells(cells(c.status.told_ru(c.confirmed.unwrap_or_default()), c.activities, c.first_half))
    });
    let all = i64::try_from(content.activities.len()).unwrap_or(i64::MAX);
    Table {
        name: "Состояние".to_owned(),
        caption: "Мероприятия периода по состоянию".to_owned(),
        columns,
        rows: rows.collect(),
        total: Some(cells("Всего".to_owned(), all, Some(all))),
        ..Table::default()
    }
}

/// An attachment for each activity. The block has a heading of its own.
fn attachments(content: &HalfYear) -> Option<Block> {
    let of_activities = content.evidence.chunk_by(|one, next| one.activity == next.activity);
    let items: Vec<Attachment> = of_activities
        .map(|pieces| Attachment {
            title: format!("К мероприятию {}", pieces[0].activity),
            note: Some(pieces.iter().map(named).collect::<Vec<_>>().join("\n")),
        })
        .collect();
    (!items.is_empty()).then_some(Block::Attachments(Attachments { items }))
}

fn named(evidence: &EvidenceMention) -> String {
    let what = evidence.file_name.as_ref().or(evidence.url.as_ref()).map_or("", String::as_str);
    match &evidence.sha256 {
        Some(sha256) => format!("{what}\nSHA-256 {sha256}"),
        None => what.to_owned(),
    }
}
