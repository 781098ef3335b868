//! The activities of the period: a table, and when they were due.

use crate::{
    half_year::{ActivityReport, HalfYear, TargetReport, WindowReport},
    plan::{
        Comparison, TargetBasis,
        metrics::bounds,
        status::{ActivityStatus, capital},
    },
    words,
};
use opora_documents::model::{
    Cell, Column, ColumnKind, Legend, Row, Span, Table, TimelineChart, TimelineRow, Tone,
};

/// Every activity against the plan.
pub(super) fn table(content: &HalfYear) -> Table {
    let halves = content.report.first_half_to;
    let mut columns = vec![
        Column::new("number", "№", ColumnKind::Text, 2).centered(),
        Column::new("title", "Мероприятие", ColumnKind::Text, 9),
        Column::new("executors", "Исполнители", ColumnKind::Text, 8),
        Column::new("due_on", "Срок", ColumnKind::Date, 4),
        Column::new("targets", "План → факт", ColumnKind::Text, 12),
    ];
    if let Some(day) = halves {
        columns.push(Column::new("first_half", format!("На {}", words::day(day)), ColumnKind::Text, 6));
    }
    columns.push(Column::new("status", "Состояние", ColumnKind::Text, 6));
    let mut rows = Vec::new();
    let mut section = "";
    for activity in &content.activities {
        if activity.section != section {
            section = &activity.section;
            rows.push(Row::Group(section.to_owned()));
        }
        rows.push(Row::Cells(activity_cells(activity, content)));
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

fn activity_cells(activity: &ActivityReport, content: &HalfYear) -> Vec<Cell> {
    let mut cells = vec![
        Cell::from(activity.number.as_str()),
        activity.title.as_str().into(),
        capital(&activity.executors.join(", ")).into(),
        activity.due_on.into(),
        against_plan(activity, content).into(),
    ];
    if content.report.first_half_to.is_some() {
        cells.push(activity.first_half.map(|half| half.status.told_ru(half.met)).into());
    }
    cells.push(activity.status.told_ru(activity.met).into());
    cells
}

/// A line for each target, and one for what has to be shown.
fn against_plan(activity: &ActivityReport, content: &HalfYear) -> String {
    let targets = activity.targets.iter().map(|target| {
        let star = if is_implied(target) { "*" } else { "" };
        let actual = target.actual.map_or_else(|| "нет".to_owned(), |n| n.to_string());
        let bound = match target.comparison {
            Comparison::Equal => "",
            Comparison::AtLeast => "≥\u{a0}",
            Comparison::AtMost => "≤\u{a0}",
        };
        let asked = match bounds(&target.metric) {
            Some(bounds) => format!("{}–{}", bounds.start(), bounds.end()),
            None => format!("{bound}{}", target.expected),
        };
        // The numbers stay together.
        format!("{}: {asked}{star}\u{a0}→\u{a0}{actual}", named(target))
    });
    let whole = activity.population.as_ref();
    let whole = whole.map(|whole| format!("{}, всего:\u{a0}{}", capital(&whole.name_ru), whole.number));
    let reading = activity.passport_reading.map(|reading| {
        let of = reading.of.map(|of| format!(" из {of}")).unwrap_or_default();
        format!("По паспорту (не менее {} чел. в команде): школ {}{of}", reading.at_least, reading.schools)
    });
    let shown = activity.evidence_asked.as_ref().map(|asked| shown(activity, asked, content));
    targets.chain(whole).chain(reading).chain(shown).collect::<Vec<_>>().join("\n")
}

/// The name of a target, with the window it is asked in where each is asked for itself.
fn named(target: &TargetReport) -> String {
    let name = capital(&target.name);
    match target.window {
        Some(window) => format!("{name}, {}", words::months(window)),
        None => name,
    }
}

/// Whether what has to be shown is there, in each window that begins in or before the period.
fn shown(activity: &ActivityReport, asked: &str, content: &HalfYear) -> String {
    let told = |window: &WindowReport| match window.evidence_shown {
        // Of what goes on over several half-years evidence of the earlier ones does not tell the end.
        true if activity.targets.is_empty() && !window.met => "представлено за часть срока",
        true => "представлено",
        false => "не представлено",
    };
    if let [window] = &activity.windows[..] {
        return format!("{} — {}", capital(asked), told(window));
    }
    let begun = activity.windows.iter().filter(|found| found.window.from <= content.report.to);
    let parts: Vec<String> =
        begun.map(|found| format!("{} — {}", words::months(found.window), told(found))).collect();
    format!("{}: {}", capital(asked), parts.join("; "))
}

fn tone(window: &WindowReport) -> Tone {
    use ActivityStatus as S;
    match window.status {
        S::NotStarted => Tone::Open,
        S::InProgress => Tone::Active,
        S::Done | S::ClosedOnEvidence => Tone::Good,
        S::DoneLate => Tone::Fair,
        S::Overdue => Tone::Bad,
        S::BackDated if window.met => Tone::Good,
        S::BackDated | S::SourceUnavailable => Tone::Muted,
    }
}

/// The windows of every activity, each as it stands.
pub(super) fn timeline(content: &HalfYear) -> TimelineChart {
    let rows = content.activities.iter().map(|activity| TimelineRow {
        label: activity.number.clone(),
        spans: activity
            .windows
            .iter()
            .map(|found| Span { from: found.window.from, to: found.window.to, tone: tone(found) })
            .collect(),
    });
    let legend = [
        (Tone::Good, "выполнено"),
        (Tone::Fair, "выполнено с опозданием"),
        (Tone::Active, "выполняется"),
        (Tone::Open, "не начато"),
        (Tone::Bad, "просрочено"),
        (Tone::Muted, "до подписания плана, не подтверждено, или нет источника"),
    ];
    let windows = || content.activities.iter().flat_map(|activity| &activity.windows).map(|w| w.window);
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
