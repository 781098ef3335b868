//! Tables.

use super::Cell;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows, and bytes of text, of a table that pages do not cut.
const MOST_KEPT: usize = 14;
const MOST_KEPT_TEXT: usize = 2500;

/// A table with typed columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Table {
    /// A short name: the sheet of a workbook.
    #[schema(example = "Мероприятия")]
    pub name: String,
    /// What it shows; formats write the number before it.
    #[schema(example = "Выполнение мероприятий плана")]
    pub caption: String,
    /// The columns; a table without any is not shown.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// A last row of sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<Vec<Cell>>,
    /// What is said below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
    /// Whether it is printed on landscape pages of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub landscape: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// A name for programs, the same in every language.
    #[schema(example = "due_on")]
    pub key: String,
    /// The heading for people.
    #[schema(example = "Срок")]
    pub title: String,
    /// What its cells hold.
    pub kind: ColumnKind,
    /// Where its text stands; without it text stands left, a date in the middle, numbers right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub align: Option<Align>,
    /// Its width relative to the others; 0 counts as 1.
    #[schema(minimum = 1, example = 3)]
    pub width: u16,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Shares in hundredths of a percent.
    Share,
    /// Decimal numbers.
    Decimal,
    /// Days.
    Date,
}

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Center,
    /// At the right edge.
    Right,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// A cell for each column; absent ones are empty, those beyond the columns are not shown.
    Cells(Vec<Cell>),
    /// The name of the group that the rows below belong to, across all columns.
    Group(String),
}

impl Column {
    /// A column of `kind` with a relative width.
    pub fn new(key: impl Into<String>, title: impl Into<String>, kind: ColumnKind, width: u16) -> Self {
        Self { key: key.into(), title: title.into(), kind, align: None, width }
    }

    /// The same with its text in the middle.
    #[must_use]
    pub fn centered(self) -> Self {
        Self { align: Some(Align::Center), ..self }
    }

    /// Where its text stands.
    pub fn alignment(&self) -> Align {
        self.align.unwrap_or(match self.kind {
            ColumnKind::Text => Align::Left,
            ColumnKind::Date => Align::Center,
            ColumnKind::Integer | ColumnKind::Share | ColumnKind::Decimal => Align::Right,
        })
    }

    /// Its width relative to the others, at least 1.
    pub fn weight(&self) -> u16 {
        self.width.max(1)
    }
}

impl Table {
    /// As many cells as there are columns, with their columns.
    pub fn fitted<'a>(&'a self, cells: &'a [Cell]) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(cells.iter().chain(std::iter::repeat(&Cell::Empty)))
    }

    /// Whether it fits on a part of a page, so that pages do not cut it: few rows and little text.
    pub fn is_small(&self) -> bool {
        let text = |row: &Row| match row {
            Row::Group(name) => name.len(),
            Row::Cells(cells) => {
                let length = |cell: &Cell| if let Cell::Text(text) = cell { text.len() } else { 0 };
                cells.iter().map(length).sum()
            }
        };
        self.rows.len() <= MOST_KEPT && self.rows.iter().map(text).sum::<usize>() <= MOST_KEPT_TEXT
    }

    /// Whether any row names a group.
    pub fn is_grouped(&self) -> bool {
        self.rows.iter().any(|row| matches!(row, Row::Group(_)))
    }

    /// How many decimals the shares of each column need: 0 when all are whole percents, at most 2.
    pub fn share_decimals(&self) -> Vec<u8> {
        let rows = self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells),
            Row::Group(_) => None,
        });
        let mut decimals = vec![0; self.columns.len()];
        for cells in rows.chain(&self.total) {
            for (most, cell) in decimals.iter_mut().zip(cells) {
                if let Cell::Share(points) = cell {
                    *most = (*most).max(crate::shown::share_decimals(*points));
                }
            }
        }
        decimals
    }
}
