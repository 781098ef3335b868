//! Values of tables.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A typed value. Numbers are whole: no format computes with fractions, and the canonical form has one spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Nothing is known, or nothing applies.
    #[default]
    Empty,
    /// Text; a line feed is a line break.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A share in hundredths of a percent: 3333 is 33.33 %.
    Share(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// A day.
    Date(NaiveDate),
}

/// A decimal number as two whole ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decimal {
    /// The number in units of its last place: 1234 with two places is 12.34.
    pub units: i64,
    /// How many places stand after the point; more than 9 are taken for 9.
    #[schema(maximum = 9)]
    pub places: u8,
}

impl Decimal {
    /// The places that count.
    pub(crate) fn decimals(self) -> u8 {
        self.places.min(9)
    }

    /// For programs that know no decimals, such as spreadsheets.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a spreadsheet holds doubles; the model keeps the exact number"
    )]
    pub(crate) fn to_double(self) -> f64 {
        self.units as f64 / 10_f64.powi(i32::from(self.decimals()))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Date(day)
    }
}

impl From<Decimal> for Cell {
    fn from(number: Decimal) -> Self {
        Self::Decimal(number)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}
