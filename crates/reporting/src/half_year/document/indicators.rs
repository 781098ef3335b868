//! The target indicators: a table and bars.

use crate::{
    half_year::{HalfYear, IndicatorReport},
    words,
};
use opora_documents::model::{Bar, BarsChart, Cell, Column, ColumnKind, Row, Table, Unit};

/// The indicators against their targets.
pub(super) fn table(content: &HalfYear) -> Table {
    let mut columns = vec![
        Column::new("code", "№", ColumnKind::Text, 2).centered(),
        Column::new("name", "Показатель", ColumnKind::Text, 8),
        Column::new("numerator", "Числитель", ColumnKind::Integer, 5),
        Column::new("denominator", "Знаменатель", ColumnKind::Integer, 6),
        Column::new("share", "Доля", ColumnKind::Share, 4),
    ];
    if let Some(day) = content.report.first_half_to {
        columns.push(Column::new("first_half", format!("Доля на {}", words::day(day)), ColumnKind::Share, 5));
    }
    columns.push(Column::new("comparison", "Условие", ColumnKind::Text, 4));
    columns.push(Column::new("target", "Цель", ColumnKind::Share, 3));
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
        cells.push(i.comparison.ru().into());
        cells.push(Cell::Share(i.percent * 100));
        cells.push(i.verdict.ru().into());
        Row::Cells(cells)
    };
    Table {
        name: "Показатели".to_owned(),
        caption: format!("Целевые показатели на {}", words::day(content.on)),
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
