//! The half-yearly report as a document.

mod activities;
mod data;
mod deviations;
mod indicators;

pub(crate) use indicators::bars;

use super::HalfYear;
use crate::{
    facts::reported::EvidenceMention,
    notes,
    reports::{DueReportOnDay, TextPart, paper::Paper},
    words,
};
use chrono::NaiveDate;
use opora_documents::model::{
    Attachment, Attachments, Block, Cell, Chart, Column, ColumnKind, Document, Language, Row, Table,
    TitleBlock,
};

/// The report under the head `title`; `submitted` is the day it went to the ministry first, if it did.
pub fn document(
    title: TitleBlock,
    paper: &Paper,
    content: &HalfYear,
    submitted: Option<NaiveDate>,
) -> Document {
    let texts = &paper.texts;
    let mut blocks = overview(paper, content, submitted);
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
    blocks.extend(data::tables(content));
    blocks.extend(attachments(content));
    blocks.push(notes::signature());
    Document { language: Language::Ru, title, blocks }
}

/// A part with its heading; nothing if nothing is said in it.
fn section(part: TextPart, said: impl Iterator<Item = Block>) -> impl Iterator<Item = Block> {
    let mut said = said.peekable();
    let heading = said.peek().is_some().then(|| Block::heading(1, part.ru()));
    heading.into_iter().chain(said)
}

fn overview(paper: &Paper, content: &HalfYear, submitted: Option<NaiveDate>) -> Vec<Block> {
    let (plan, report) = (&paper.plan, &content.report);
    let due = if report.due_on_weekend {
        format!("{} (выходной день)", words::day(report.due_on))
    } else {
        words::day(report.due_on)
    };
    let mut properties = vec![
        ("План", format!("{}, версия {}", plan.title_ru, plan.version)),
        ("Основание", format!("приказ от {} № {}", words::day(plan.act_date), plan.act_number)),
        ("Отчётный период", format!("с {} по {}", words::day(report.from), words::day(report.to))),
        ("Сведения на", words::day(content.on)),
        ("Срок представления", due),
    ];
    properties.extend(submitted.map(|day| ("Представлен", came(report.on_day(day, Some(day), None)))));
    let mut blocks = vec![Block::heading(1, TextPart::Summary.ru()), Block::properties(properties)];
    blocks.extend(paper.texts.paragraphs(TextPart::Summary));
    blocks.push(Block::Table(summary(content)));
    blocks
}

/// When it came, and whether that was in time: `18.01.2021, с опозданием (дней: 3)`.
fn came(stood: DueReportOnDay) -> String {
    let late = if stood.days_late > 0 { format!(" (дней: {})", stood.days_late) } else { String::new() };
    format!("{}, {}{late}", words::day(stood.on), stood.timeliness.ru())
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

/// Links of an activity that are named; of many the rest is counted.
const MOST_LINKS: usize = 3;

/// An attachment for each activity. The block has a heading of its own. All pieces stand in the table for programs.
fn attachments(content: &HalfYear) -> Option<Block> {
    let of_activities = content.evidence.chunk_by(|one, next| one.activity == next.activity);
    let title = |number: &str| {
        let found = content.activities.iter().find(|activity| activity.number == number);
        found.map_or_else(|| number.to_owned(), |activity| format!("{number} «{}»", activity.title))
    };
    let items: Vec<Attachment> = of_activities
        .map(|pieces| Attachment {
            title: format!("К мероприятию {}", title(&pieces[0].activity)),
            note: Some(attached(pieces).join("\n")),
        })
        .collect();
    (!items.is_empty()).then_some(Block::Attachments(Attachments { items }))
}

/// Files with their checksums, then links.
fn attached(pieces: &[EvidenceMention]) -> Vec<String> {
    let files = pieces.iter().filter_map(|piece| {
        let sha256 = piece.sha256.as_deref().map(|sha256| format!("\nSHA-256 {sha256}"));
        Some(format!("{}{}", piece.file_name.as_deref()?, sha256.unwrap_or_default()))
    });
    let links: Vec<&String> = pieces.iter().filter_map(|piece| piece.url.as_ref()).collect();
    // One more takes no more room than saying that there is one.
    let named = if links.len() <= MOST_LINKS + 1 { links.len() } else { MOST_LINKS };
    let rest = (links.len() > named).then(|| format!("и ещё ссылок: {}", links.len() - named));
    files.chain(links.into_iter().take(named).cloned()).chain(rest).collect()
}
