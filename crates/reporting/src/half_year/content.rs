//! What a half-yearly report says: every activity of the period against the plan, and the indicators.

use crate::{
    facts::reported::EvidenceMention,
    indicators::{IndicatorCode, TargetVerdict},
    plan::{
        ActivityWindow, Comparison, Population, TargetBasis,
        status::{ActivityStatus, StatusGround},
    },
    reports::DueReport,
    words,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The figures of a half-yearly report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HalfYear {
    /// What it covers and when it is due.
    pub report: DueReport,
    /// The day the figures are as of: the last of the period, or the day it was made, if that was earlier.
    pub on: NaiveDate,
    /// Activities by status.
    pub summary: Vec<StatusCount>,
    /// Every activity of the period, and those that were left over when it began, in the order of the plan.
    pub activities: Vec<ActivityReport>,
    /// The target indicators.
    pub indicators: Vec<IndicatorReport>,
    /// Risks that follow from the figures.
    pub risks: Vec<String>,
    /// Corrections of the plan that follow from them.
    pub corrections: Vec<String>,
    /// The evidence of the period, in the order of the plan; what shows several facts of an activity is named once.
    pub evidence: Vec<EvidenceMention>,
}

/// How many activities of the period have a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusCount {
    /// The status.
    pub status: ActivityStatus,
    /// Of what ended before the plan was signed: whether facts with evidence show that it was done.
    pub confirmed: Option<bool>,
    /// How many have it.
    #[schema(minimum = 0, example = 12)]
    pub activities: i64,
    /// How many had it at the end of the first half, where that is shown separately.
    #[schema(minimum = 0, example = 7)]
    pub first_half: Option<i64>,
}

/// An activity in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityReport {
    /// Its number.
    #[schema(example = "2.5")]
    pub number: String,
    /// The title of its section, in Russian.
    pub section: String,
    /// Its title in Russian.
    pub title: String,
    /// Who carries it out, in Russian.
    pub executors: Vec<String>,
    /// Its windows.
    pub windows: Vec<WindowReport>,
    /// The day it is due: the last of its windows that begins in or before the period.
    pub due_on: NaiveDate,
    /// Its status at the end of the period.
    pub status: ActivityStatus,
    /// Whether all that its windows ask for is there, early or late.
    pub met: bool,
    /// How it stood at the end of the first half, where that is shown separately.
    pub first_half: Option<HalfStanding>,
    /// Facts against targets; what each window is asked for, for each window by itself.
    pub targets: Vec<TargetReport>,
    /// The whole that its numbers are a part of, if the plan names one (decision 10).
    pub population: Option<Population>,
    /// How the passport reads the size of teams, beside the plan, of an activity that asks for it (decision 10).
    pub passport_reading: Option<PassportReading>,
    /// What has to be shown, in Russian.
    pub evidence_asked: Option<String>,
    /// Whether confirmed evidence is there.
    pub evidence_shown: bool,
    /// How it deviates from the plan, if it does. Why, people write.
    pub deviation: Option<Deviation>,
}

/// How an activity stood at the end of the first half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HalfStanding {
    /// Its status.
    pub status: ActivityStatus,
    /// Whether it was met.
    pub met: bool,
}

/// A window of an activity in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowReport {
    /// The window.
    #[serde(flatten)]
    pub window: ActivityWindow,
    /// The day it is due.
    pub due_on: NaiveDate,
    /// Its status at the end of the period.
    pub status: ActivityStatus,
    /// Whether all that it asks for is there.
    pub met: bool,
    /// Whether confirmed evidence of it is there.
    pub evidence_shown: bool,
}

/// A target and what there is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetReport {
    /// What is counted.
    #[schema(example = "school_roadmaps_drafted")]
    pub metric: String,
    /// Its name in Russian.
    pub name: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// The window it is asked in, where each window is asked for itself.
    pub window: Option<ActivityWindow>,
    /// With how much: of what adds up over windows, the part of those that begin in or before the period.
    #[schema(minimum = 0, example = 6)]
    pub expected: i64,
    /// Where that number comes from; an implied one must be told.
    pub basis: Option<TargetBasis>,
    /// How much there is; absent without facts.
    #[schema(minimum = 0, example = 6)]
    pub actual: Option<i64>,
    /// How much there was at the end of the first half, where that is shown separately.
    #[schema(minimum = 0, example = 4)]
    pub first_half: Option<i64>,
    /// Whether it is met, in the windows that count in `expected`.
    pub met: bool,
}

/// The passport asks for so many people in the team of each school that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PassportReading {
    /// The least number that is asked for.
    #[schema(minimum = 1, example = 4)]
    pub at_least: i64,
    /// Schools whose team has them, by the last confirmed fact about each.
    #[schema(minimum = 0, example = 14)]
    pub schools: i64,
    /// Schools that take part; absent if the plan does not say how many.
    #[schema(minimum = 0, example = 16)]
    pub of: Option<i64>,
}

/// A deviation from the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deviation {
    /// Why it is one.
    pub ground: StatusGround,
    /// Days past the due day, until it was met or until the day of the figures.
    #[schema(minimum = 0, example = 12)]
    pub days_late: i64,
    /// What it is, in Russian.
    pub words: String,
    /// What the people who carry it out said of it last, if they did.
    pub remark: Option<String>,
}

/// A target indicator in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorReport {
    /// Its number.
    pub code: IndicatorCode,
    /// Its name in Russian.
    pub name: String,
    /// How many count; absent while that cannot be said.
    pub numerator: Option<i64>,
    /// The number of the whole.
    pub denominator: Option<i64>,
    /// The share in hundredths of a percent.
    pub basis_points: Option<i64>,
    /// How the share is compared with its target.
    #[serde(alias = "operator")]
    pub comparison: Comparison,
    /// The target, percent.
    pub percent: i64,
    /// Whether it is reached.
    pub verdict: TargetVerdict,
    /// Why that cannot be said, in Russian.
    pub reason: Option<String>,
    /// The share at the end of the first half, where that is shown separately.
    pub first_half_basis_points: Option<i64>,
}

impl HalfYear {
    /// The period in words, for a title.
    pub fn period_ru(&self) -> String {
        match self.report.first_half_to {
            Some(_) => format!(
                "за период с {} по {}, первое полугодие показано отдельно",
                words::day(self.report.from),
                words::day(self.report.to)
            ),
            None => self.report.period.ru(),
        }
    }
}
