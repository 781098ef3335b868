//! What is published.

use crate::{
    indicators::{IndicatorCode, IndicatorTarget, TargetVerdict},
    plan::status::ActivityStatus,
};
use chrono::NaiveDate;
use opora_primitives::AcademicYear;
use serde::Serialize;
use utoipa::ToSchema;

/// An edition of the public summary. A count that is `null` is withheld: it is less than five, or tells one that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicSummary {
    /// The month of the edition; it stays as it is until the next month.
    #[schema(pattern = "^20[0-9]{2}-(0[1-9]|1[0-2])$", example = "2021-01")]
    pub edition: String,
    /// The day the figures are of: the last of the month before. The registers are as they were when it was made.
    #[schema(example = "2020-12-31")]
    pub on: NaiveDate,
    /// Counts below it are withheld.
    #[schema(minimum = 5, maximum = 5, example = 5)]
    pub least: i64,
    /// Open schools.
    #[schema(minimum = 5, example = 870)]
    pub schools: Option<i64>,
    /// The target indicators of the passport.
    pub indicators: Vec<PublicIndicator>,
    /// The plan of support. Its activities are public one by one, so no number of them is withheld.
    pub plan: PublicPlan,
    /// The academic year of the newest identification run.
    pub academic_year: AcademicYear,
    /// Open schools by locality and by what that run says of them; `not_judged` if nothing.
    pub outcomes: PublicTable,
    /// Municipal systems by kind, and whether a model of support reaches them.
    pub municipalities: PublicTable,
}

/// A target indicator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicIndicator {
    /// Its number in the passport.
    pub code: IndicatorCode,
    /// Its name in Russian.
    pub name_ru: String,
    /// Its name in English.
    pub name_en: String,
    /// How many count; withheld together with the rest if fewer than five count or fewer than five do not.
    #[schema(minimum = 5, example = 40)]
    pub numerator: Option<i64>,
    /// The number of the whole.
    #[schema(minimum = 5, example = 52)]
    pub denominator: Option<i64>,
    /// The share in hundredths of a percent, rounded, for people to read: 7692 is 76.92 %.
    #[schema(minimum = 0, example = 7692)]
    pub basis_points: Option<i64>,
    /// What is to be reached.
    pub target: IndicatorTarget,
    /// Whether it is reached; withheld with the numerator, since a target of 100 % would tell it.
    pub verdict: Option<TargetVerdict>,
}

/// The plan and how its activities stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicPlan {
    /// Its code.
    #[schema(example = "2020-2021")]
    pub code: String,
    /// Its title in Russian.
    pub title_ru: String,
    /// Its title in English.
    pub title_en: String,
    /// The number of the version in force.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// How many activities have which status, every status once.
    pub activities: Vec<PublicStatusCount>,
}

/// How many activities have a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicStatusCount {
    /// The status.
    pub status: ActivityStatus,
    /// Its name in Russian.
    #[schema(example = "выполнено")]
    pub name_ru: String,
    /// How many activities have it.
    #[schema(minimum = 0, example = 31)]
    pub activities: usize,
}

/// A table of counts with its totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicTable {
    /// Its columns.
    pub columns: Vec<PublicLabel>,
    /// Its rows.
    pub rows: Vec<PublicRow>,
    /// The total of each column.
    #[schema(example = json!([31, null]))]
    pub totals: Vec<Option<i64>>,
    /// The total of all.
    #[schema(minimum = 5, example = 52)]
    pub total: Option<i64>,
}

/// What a column is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicLabel {
    /// Its code.
    #[schema(example = "supported")]
    pub code: String,
    /// Its name in Russian.
    #[schema(example = "С поддержкой")]
    pub name_ru: String,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicRow {
    /// What it is of.
    pub label: PublicLabel,
    /// Its count in each column.
    #[schema(example = json!([17, null]))]
    pub counts: Vec<Option<i64>>,
    /// Its total.
    #[schema(minimum = 5, example = 24)]
    pub total: Option<i64>,
}
