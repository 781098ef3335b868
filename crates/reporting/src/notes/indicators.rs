//! The note on the target indicators: now, against their targets, and over time.

use super::{Method, Note, SampleSize, table};
use crate::{
    half_year::{self, IndicatorReport, bars},
    indicators::{PERIOD, TargetVerdict},
    words,
};
use chrono::{Datelike, Months, NaiveDate};
use opora_db::{Db, Result};
use opora_documents::model::{Block, Cell, Chart, Column, ColumnKind, LinesChart, Series, Table, Unit};

/// The note as of the day `on`.
///
/// # Errors
/// Faults of the database.
pub fn indicators(db: &mut Db, on: NaiveDate) -> Result<Note> {
    let mut points = Vec::new();
    for day in quarter_ends(PERIOD.from, on) {
        points.push((day, half_year::indicators::reports(db, day, None)?));
    }
    let now = half_year::indicators::reports(db, on, None)?;
    Ok(note(on, &now, &points))
}

/// The last days of the quarters from that of `from` that end before `on`, and `on` itself.
fn quarter_ends(from: NaiveDate, on: NaiveDate) -> Vec<NaiveDate> {
    let first_month = (from.month0() / 3) * 3 + 1;
    let first = NaiveDate::from_ymd_opt(from.year(), first_month, 1).unwrap_or(from);
    let begins = (1..).map_while(|n| first.checked_add_months(Months::new(3 * n)));
    let ends = begins.filter_map(|next| next.pred_opt()).take_while(|end| *end < on);
    ends.chain([on]).collect()
}

type Point = (NaiveDate, Vec<IndicatorReport>);

fn note(on: NaiveDate, now: &[IndicatorReport], points: &[Point]) -> Note {
    let base = vec![
        "Паспорт региональной системы поддержки: четыре целевых показателя".to_owned(),
        "Перечни школ, назначения моделей и сведения о сопровождении из системы".to_owned(),
    ];
    let not_met = |i: &&IndicatorReport| i.verdict == TargetVerdict::NotMet;
    Note {
        purpose: format!("Показать значения целевых показателей на {} и их изменение.", words::day(on)),
        base,
        method: Method {
            name: "Правила показателей паспорта, в целых числах".to_owned(),
            version: "1".to_owned(),
        },
        sample: now
            .iter()
            .map(|i| SampleSize::new(&format!("Знаменатель {}", i.code), i.denominator.unwrap_or_default()))
            .collect(),
        results: vec![
            Block::Table(table("Показатели", "Целевые показатели", columns(), now.iter().map(cells))),
            Block::figure("Целевые показатели и цели", Chart::Bars(bars(now))),
        ],
        comparison: vec![
            Block::Table(dynamics(now, points)),
            Block::figure("Целевые показатели в динамике", Chart::Lines(lines(now, points))),
        ],
        conclusions: now.iter().map(conclusion).collect(),
        recommendations: now
            .iter()
            .filter(not_met)
            .map(|i| format!("Определить меры по достижению показателя {}.", i.code))
            .collect(),
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("code", "№", ColumnKind::Text, 2).centered(),
        Column::new("name", "Показатель", ColumnKind::Text, 10),
        Column::new("numerator", "Числитель", ColumnKind::Integer, 5),
        Column::new("denominator", "Знаменатель", ColumnKind::Integer, 6),
        Column::new("share", "Доля", ColumnKind::Share, 4),
        Column::new("comparison", "Условие", ColumnKind::Text, 4),
        Column::new("target", "Цель", ColumnKind::Share, 3),
        Column::new("verdict", "Вывод", ColumnKind::Text, 5),
    ]
}

fn cells(i: &IndicatorReport) -> Vec<Cell> {
    vec![
        i.code.as_str().into(),
        i.name.as_str().into(),
        i.numerator.into(),
        i.denominator.into(),
        i.basis_points.map(Cell::Share).into(),
        i.comparison.ru().into(),
        Cell::Share(i.percent * 100),
        i.verdict.ru().into(),
    ]
}

/// The share of an indicator at a point.
fn share_of(indicator: &IndicatorReport, (_, then): &Point) -> Option<i64> {
    then.iter().find(|i| i.code == indicator.code)?.basis_points
}

/// What the lines show, in numbers.
fn dynamics(now: &[IndicatorReport], points: &[Point]) -> Table {
    let of = |i: &IndicatorReport| Column::new(i.code.as_str(), i.code.as_str(), ColumnKind::Share, 3);
    let columns = [Column::new("on", "На день", ColumnKind::Date, 4)].into_iter().chain(now.iter().map(of));
    let row = |point: &Point| {
        let shares = now.iter().map(|indicator| share_of(indicator, point).map(Cell::Share).into());
        [Cell::from(point.0)].into_iter().chain(shares).collect()
    };
    table("Динамика", "Целевые показатели по кварталам", columns.collect(), points.iter().map(row))
}

fn lines(now: &[IndicatorReport], points: &[Point]) -> LinesChart {
    let series = now.iter().map(|indicator| Series {
        label: indicator.code.to_string(),
        values: points.iter().map(|point| share_of(indicator, point)).collect(),
    });
    LinesChart {
        unit: Unit::Share,
        points: points.iter().map(|(day, _)| words::day(*day)).collect(),
        series: series.collect(),
        target: None,
        target_name: None,
    }
}

fn conclusion(i: &IndicatorReport) -> String {
    match (i.basis_points, &i.reason) {
        (_, Some(reason)) => format!("{}: пока не измеряется ({}).", i.code, reason.to_lowercase()),
        (Some(points), None) => {
            let verdict = i.verdict.ru().to_lowercase();
            format!(
                "{}: {},{:02} %, цель {} {} % — {verdict}.",
                i.code,
                points / 100,
                points % 100,
                i.comparison.ru(),
                i.percent
            )
        }
        (None, None) => format!("{}: нет данных.", i.code),
    }
}
