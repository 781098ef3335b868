//! Charts as data.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Chart {
    /// A few values, each beside its target.
    Bars(BarsChart),
    /// One value for each of many categories.
    Categories(CategoriesChart),
    /// What happens when.
    Timeline(TimelineChart),
    /// Values over time.
    Lines(LinesChart),
}

/// What the numbers of a chart are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Whole numbers of something.
    Count,
    /// Shares in hundredths of a percent: 3333 is 33.33 %.
    Share,
}

/// A few values, each beside its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BarsChart {
    /// What the numbers are.
    pub unit: Unit,
    /// What the values are, for the legend.
    #[schema(example = "Факт")]
    pub value_name: String,
    /// What the targets are, for the legend.
    #[schema(example = "Цель")]
    pub target_name: String,
    /// From left to right.
    pub bars: Vec<Bar>,
}

/// A value and its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bar {
    /// What it is about.
    pub label: String,
    /// The value; without one "no data" is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<i64>,
    /// The target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target: Option<i64>,
}

/// One value for each of many categories: horizontal bars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoriesChart {
    /// What the numbers are.
    pub unit: Unit,
    /// What the values are, for the legend.
    pub value_name: String,
    /// What the targets are, for the legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_name: Option<String>,
    /// From top to bottom; a value that misses its target is hatched.
    pub bars: Vec<Bar>,
}

/// What happens when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineChart {
    /// The first day shown.
    pub from: NaiveDate,
    /// The last day shown.
    pub to: NaiveDate,
    /// The day the states are as of: a marked line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub today: Option<NaiveDate>,
    /// What the tones mean, in the order of the legend.
    pub legend: Vec<Legend>,
    /// From top to bottom.
    pub rows: Vec<TimelineRow>,
}

/// What a tone means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Legend {
    /// The tone.
    pub tone: Tone,
    /// What it means.
    pub label: String,
}

/// A row of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineRow {
    /// What it is about.
    pub label: String,
    /// Its spans of time.
    pub spans: Vec<Span>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// How it looks.
    pub tone: Tone,
}

/// How a mark looks; each differs from the others in grey print too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// White: not begun.
    Open,
    /// Light stripes: under way.
    Active,
    /// Solid dark: done.
    Good,
    /// Middle grey: done with a remark.
    Fair,
    /// Dark cross-hatching: failed.
    Bad,
    /// Dots: not applicable.
    Muted,
}

/// Values over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinesChart {
    /// What the numbers are.
    pub unit: Unit,
    /// The moments, evenly spaced.
    pub points: Vec<String>,
    /// The lines; up to six look different.
    pub series: Vec<Series>,
    /// A target, drawn across.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target: Option<i64>,
    /// What the target is, for the legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_name: Option<String>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// What it shows.
    pub label: String,
    /// A value for each moment; none breaks the line.
    pub values: Vec<Option<i64>>,
}
