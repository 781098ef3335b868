//! The half-yearly report as a document.

use super::{ActivityReport, HalfYear, IndicatorReport, TargetReport};
use crate::{
    facts::reported::EvidenceMention,
    plan::{
        Comparison, TargetBasis,
        status::{ActivityStatus, capital},
    },
    reports::{TextPart, Texts, paper::Paper},
};
use chrono::NaiveDate;
use opora_documents::model::{
    Attachment, Attachments, Bar, BarsChart, Block, Cell, Chart, Column, ColumnKind, Document, Language,
    Legend, Row, Signature, Span, Table, TimelineChart, TimelineRow, TitleBlock, Tone, Unit,
};

/// The report under the head `title`.
pub fn document(title: TitleBlock, paper: &Paper, content: &HalfYear) -> Document {
    let texts = &paper.texts;
    let mut blocks = overview(paper, content);
    blocks.push(Block::heading(1, "Исполнение мероприятий"));
    blocks.push(Block::Table(activities(content)));
    blocks.push(Block::figure("Сроки и состояние мероприятий", Chart::Timeline(timeline(content))));
    blocks.push(Block::heading(1, "Отклонения и их причины"));
    blocks.push(deviations(content, texts));
    blocks.push(Block::heading(1, "Целевые показатели"));
    blocks.push(Block::Table(indicators(content)));
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

fn ru(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

fn overview(paper: &Paper, content: &HalfYear) -> Vec<Block> {
    let (plan, report) = (&paper.plan, &content.report);
    let due = if report.due_on_weekend {
        format!("{} (выходной день)", ru(report.due_on))
    } else {
        ru(report.due_on)
    };
    let mut blocks = vec![
        Block::heading(1, TextPart::Summary.ru()),
        Block::properties([
            ("План", format!("{}, версия {}", plan.title_ru, plan.version)),
            ("Основание", format!("приказ от {} № {}", ru(plan.act_date), plan.act_number)),
            ("Отчётный период", format!("с {} по {}", ru(report.from), ru(report.to))),
            ("Сведения на", ru(content.on)),
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
        columns.push(Column::new("first_half", format!("На {}", ru(day)), ColumnKind::Integer, 2));
    }
    let cells = |name: String, now: i64, half: Option<i64>| {
        let mut cells = vec![Cell::from(name), now.into()];
        cells.extend(half.filter(|_| halves).map(Cell::from));
        cells
    };
    let counted = content.summary.iter().filter(|c| c.activities > 0 || c.first_half.is_some_and(|n| n > 0));
    let rows = counted.map(|c| Row::Cells(cells(capital(c.status.ru()), c.activities, c.first_half)));
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

fn activities(content: &HalfYear) -> Table {
    let halves = content.report.first_half_to;
    let mut columns = vec![
        Column::new("number", "№", ColumnKind::Text, 2).centered(),
        Column::new("title", "Мероприятие", ColumnKind::Text, 10),
        Column::new("executors", "Исполнители", ColumnKind::Text, 6),
        Column::new("due_on", "Срок", ColumnKind::Date, 4),
        Column::new("targets", "План → факт", ColumnKind::Text, 11),
    ];
    if let Some(day) = halves {
        columns.push(Column::new("first_half", format!("На {}", ru(day)), ColumnKind::Text, 6));
    }
    columns.push(Column::new("status", "Состояние", ColumnKind::Text, 6));
    let mut rows = Vec::new();
    let mut section = "";
    for activity in &content.activities {
        if activity.section != section {
            section = &activity.section;
            rows.push(Row::Group(section.to_owned()));
        }
        rows.push(Row::Cells(activity_cells(activity, halves.is_some())));
    }
    let implied = content.activities.iter().any(|a| a.targets.iter().any(is_implied));
    Table {
        name: "Мероприятия".to_owned(),
        caption: "Исполнение мероприятий плана".to_owned(),
        columns,
        rows,
        note: implied.then(|| "* Число следует из формулировки плана и прямо в нём не названо.".to_owned()),
        landscape: true,
        ..Table::default()
    }
}

fn is_implied(target: &TargetReport) -> bool {
    target.basis == Some(TargetBasis::Implied)
}

fn activity_cells(activity: &ActivityReport, halves: bool) -> Vec<Cell> {
    let mut cells = vec![
        Cell::from(activity.number.as_str()),
        activity.title.as_str().into(),
        activity.executors.join(", ").into(),
        activity.due_on.into(),
        against_plan(activity).into(),
    ];
    if halves {
        cells.push(activity.first_half.map(|status| capital(status.ru())).into());
    }
    cells.push(capital(activity.status.ru()).into());
    cells
}

/// A line for each target, or what has to be shown.
fn against_plan(activity: &ActivityReport) -> String {
    let targets = activity.targets.iter().map(|target| {
        let star = if is_implied(target) { "*" } else { "" };
        let actual = target.actual.map_or_else(|| "нет".to_owned(), |n| n.to_string());
        let bound = match target.comparison {
            Comparison::Equal => "",
            Comparison::AtLeast => "≥\u{a0}",
            Comparison::AtMost => "≤\u{a0}",
        };
        // The numbers stay together.
        format!("{}: {bound}{}{star}\u{a0}→\u{a0}{actual}", target.name, target.expected)
    });
    let shown = activity.evidence_asked.as_ref().map(|asked| {
        let there = if activity.evidence_shown {
            "представлено"
        } else {
            "не представлено"
        };
        format!("{} — {there}", capital(asked))
    });
    targets.chain(shown).collect::<Vec<_>>().join("\n")
}

fn tone(status: ActivityStatus) -> Tone {
    use ActivityStatus as S;
    match status {
        S::NotStarted => Tone::Open,
        S::InProgress => Tone::Active,
        S::Done | S::ClosedOnEvidence => Tone::Good,
        S::DoneLate => Tone::Fair,
        S::Overdue => Tone::Bad,
        S::BackDated | S::SourceUnavailable => Tone::Muted,
    }
}

fn timeline(content: &HalfYear) -> TimelineChart {
    let rows = content.activities.iter().map(|activity| TimelineRow {
        label: activity.number.clone(),
        spans: activity
            .windows
            .iter()
            .map(|window| Span { from: window.from, to: window.to, tone: tone(activity.status) })
            .collect(),
    });
    let legend = [
        (Tone::Good, "выполнено"),
        (Tone::Fair, "выполнено с опозданием"),
        (Tone::Active, "выполняется"),
        (Tone::Open, "не начато"),
        (Tone::Bad, "просрочено"),
        (Tone::Muted, "до подписания плана или нет источника"),
    ];
    let windows = || content.activities.iter().flat_map(|activity| &activity.windows);
    let from = windows().map(|window| window.from).min().unwrap_or(content.report.from);
    let to = windows().map(|window| window.to).max().unwrap_or(content.report.to);
    TimelineChart {
        from: from.min(content.report.from),
        to: to.max(content.report.to),
        today: Some(content.on),
        legend: legend.map(|(tone, label)| Legend { tone, label: label.to_owned() }).into(),
        rows: rows.collect(),
    }
}

fn deviations(content: &HalfYear, texts: &Texts) -> Block {
    let deviating =
        content.activities.iter().filter_map(|activity| Some((activity, activity.deviation.as_ref()?)));
    let rows: Vec<Row> = deviating
        .map(|(activity, deviation)| {
            let told = || Some(format!("По сведениям исполнителей: {}", deviation.remark.as_ref()?));
            let cause = texts.causes.get(&activity.number).cloned().or_else(told);
            Row::Cells(vec![
                activity.number.as_str().into(),
                activity.title.as_str().into(),
                deviation.words.as_str().into(),
                Some(deviation.days_late).filter(|days| *days > 0).into(),
                cause.unwrap_or_else(|| "не указана".to_owned()).into(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return Block::paragraph("Отклонений от плана нет.");
    }
    Block::Table(Table {
        name: "Отклонения".to_owned(),
        caption: "Отклонения от плана и их причины".to_owned(),
        columns: vec![
            Column::new("number", "№", ColumnKind::Text, 2).centered(),
            Column::new("title", "Мероприятие", ColumnKind::Text, 7),
            Column::new("deviation", "Отклонение", ColumnKind::Text, 7),
            Column::new("days_late", "Дней", ColumnKind::Integer, 2),
            Column::new("cause", "Причина", ColumnKind::Text, 12),
        ],
        rows,
        ..Table::default()
    })
}

fn indicators(content: &HalfYear) -> Table {
    let mut columns = vec![
        Column::new("code", "№", ColumnKind::Text, 2).centered(),
        Column::new("name", "Показатель", ColumnKind::Text, 10),
        Column::new("numerator", "Числитель", ColumnKind::Integer, 3),
        Column::new("denominator", "Знаменатель", ColumnKind::Integer, 3),
        Column::new("share", "Доля", ColumnKind::Share, 3),
    ];
    if let Some(day) = content.report.first_half_to {
        columns.push(Column::new("first_half", format!("Доля на {}", ru(day)), ColumnKind::Share, 4));
    }
    columns.push(Column::new("target", "Цель", ColumnKind::Text, 4));
    columns.push(Column::new("verdict", "Вывод", ColumnKind::Text, 5));
    let halves = content.report.first_half_to.is_some();
    let row = |i: &IndicatorReport| {
        let mut cells = vec![
            Cell::from(i.code.as_str()),
            i.name.as_str().into(),
            i.numerator.into(),
            i.denominator.into(),
            i.basis_points.map(Cell::Share).into(),
        ];
        if halves {
            cells.push(i.first_half_basis_points.map(Cell::Share).into());
        }
        cells.push(format!("{} {}\u{a0}%", i.operator.ru(), i.percent).into());
        cells.push(i.verdict.ru().into());
        Row::Cells(cells)
    };
    Table {
        name: "Показатели".to_owned(),
        caption: format!("Целевые показатели на {}", ru(content.on)),
        columns,
        rows: content.indicators.iter().map(row).collect(),
        ..Table::default()
    }
}

/// The indicators beside their targets.
pub(crate) fn bars(indicators: &[IndicatorReport]) -> BarsChart {
    let bar = |i: &IndicatorReport| Bar {
        label: i.code.to_string(),
        value: i.basis_points,
        target: Some(i.percent * 100),
    };
    BarsChart {
        unit: Unit::Share,
        value_name: "Факт".to_owned(),
        target_name: "Цель".to_owned(),
        bars: indicators.iter().map(bar).collect(),
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
