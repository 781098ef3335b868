//! What a plan is: a document that is read from a file, kept whole as a version, and never changed.

use chrono::NaiveDate;
use opora_models::types::ModelCode;
use opora_primitives::{id_type, word_type};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

id_type!(
    /// A plan.
    PlanId
);

word_type!(
    /// How a number is compared with its target.
    Comparison {
        /// Exactly so much; of what is added up, more than that is met too and is told.
        Equal = "equal", "равно";
        /// So much or more.
        AtLeast = "at_least", "не менее";
        /// So much or less.
        AtMost = "at_most", "не более";
    }
);

word_type!(
    /// Where the number of a target comes from. A report must tell an implied one.
    TargetBasis {
        /// It stands in the text of the plan.
        Literal = "literal", "указано в плане";
        /// It is read from singular wording or from the count of windows.
        Implied = "implied", "следует из формулировки";
    }
);

word_type!(
    /// How an activity repeats.
    Recurrence {
        /// Every year.
        Yearly = "yearly", "ежегодно";
    }
);

/// A plan of support, as one of its versions has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanDocument {
    /// The plan's code.
    #[schema(
        pattern = "^[0-9A-Za-z]+(-[0-9A-Za-z]+)*$",
        min_length = 1,
        max_length = 40,
        example = "2020-2021"
    )]
    pub code: String,
    /// Its title in Russian.
    #[schema(example = "План поддержки школ на 2020-2021 годы")]
    pub title_ru: String,
    /// Its title in English.
    #[schema(example = "Plan of support for 2020-2021")]
    pub title_en: String,
    /// The first day of its period.
    pub starts_on: NaiveDate,
    /// The last day of its period.
    pub ends_on: NaiveDate,
    /// The act that this version is from.
    pub act: PlanAct,
    /// Who carries activities out.
    pub executors: Vec<PlanExecutor>,
    /// Its sections.
    pub sections: Vec<PlanSection>,
    /// Its activities, in the order of the plan.
    pub activities: Vec<Activity>,
}

/// The act of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanAct {
    /// Its number.
    #[schema(example = "316-01-63-950/20")]
    pub number: String,
    /// The day it was signed.
    #[schema(example = "2020-05-29")]
    pub date: NaiveDate,
}

/// A body, or a group of bodies, that carries activities out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanExecutor {
    /// Its code inside the plan.
    #[schema(example = "NIRO")]
    pub code: String,
    /// Its name in Russian.
    #[schema(example = "НИРО")]
    pub name_ru: String,
    /// Its name in English.
    #[schema(example = "regional institute of education development")]
    pub name_en: String,
}

/// Whether `code` may be the code of an executor: up to 20 capital Latin letters, digits and `_`.
pub fn is_executor_code(code: &str) -> bool {
    (1..=20).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether `number` may be the number of an activity, such as `1.10`: of the section, and of the activity in it, without
/// leading zeros.
pub fn is_activity_number(number: &str) -> bool {
    let part = |text: &str, longest: usize| {
        (1..=longest).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit())
    };
    number.split_once('.').is_some_and(|(section, own)| part(section, 2) && part(own, 3))
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanSection {
    /// Its number: the first part of the numbers of its activities.
    #[schema(minimum = 1, maximum = 99, example = 1)]
    pub number: i32,
    /// Its title in Russian.
    pub title_ru: String,
    /// Its title in English.
    pub title_en: String,
    /// The models it is about.
    pub models: Vec<ModelCode>,
    /// Its term, in words.
    #[schema(example = "1 year, yearly")]
    pub term: Option<String>,
}

/// An activity: a row of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// Its number: that of its section, a dot, its own.
    #[schema(pattern = r"^[1-9]\d?\.[1-9]\d{0,2}$", example = "1.4")]
    pub number: String,
    /// Its section.
    #[schema(minimum = 1, maximum = 99, example = 1)]
    pub section: i32,
    /// Its title in Russian.
    #[schema(example = "Анализ кадрового обеспечения")]
    pub title_ru: String,
    /// Its title in English.
    #[schema(example = "Staffing analysis of low-result schools")]
    pub title_en: String,
    /// When it is carried out; windows follow each other and do not overlap.
    pub windows: Vec<ActivityWindow>,
    /// How it repeats, if it does.
    pub recurrence: Option<Recurrence>,
    /// The day it is due, where the plan names one; otherwise the last day of the last window.
    pub deadline: Option<NaiveDate>,
    /// Codes of those who carry it out.
    #[schema(example = json!(["NIRO", "MOUO"]))]
    pub executors: Vec<String>,
    /// What is to be reached, in numbers.
    pub targets: Vec<ActivityTarget>,
    /// Where those numbers come from; absent if there are none.
    pub basis: Option<TargetBasis>,
    /// What closes it, or must be shown beside the numbers: in Russian.
    pub evidence_ru: Option<String>,
    /// What closes it, or must be shown beside the numbers: in English.
    pub evidence_en: Option<String>,
    /// The models it serves: its own, or else those of its section.
    pub models: Vec<ModelCode>,
    /// Numbers of activities that should end before this one starts (decision 13).
    #[schema(example = json!(["1.11"]))]
    pub after: Vec<String>,
    /// The metric of another activity whose target is the whole that the numbers of this one are a part of (decision 10).
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 60, example = "school_teams")]
    pub population: Option<String>,
}

/// The whole that the numbers of an activity are a part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanPopulation)]
pub struct Population {
    /// What is counted.
    #[schema(example = "school_teams")]
    pub metric: String,
    /// Its name in Russian.
    #[schema(example = "школьные команды")]
    pub name_ru: String,
    /// Its name in English.
    #[schema(example = "school teams")]
    pub name_en: String,
    /// How many there are, as the plan has it.
    #[schema(minimum = 0, example = 16)]
    pub number: i64,
}

/// A window of an activity: whole months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ActivityWindow {
    /// The first day of its first month; facts name the window by it.
    #[schema(example = "2020-09-01")]
    pub from: NaiveDate,
    /// The last day of its last month.
    #[schema(example = "2020-10-31")]
    pub to: NaiveDate,
}

/// What is to be reached of one metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityTarget {
    /// What is counted; its name decides how facts add up.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 60, example = "analytical_notes_per_year")]
    pub metric: String,
    /// Its name in Russian; the metric itself if the plan names none.
    #[schema(example = "аналитические записки за год")]
    pub name_ru: String,
    /// Its name in English; the metric itself if the plan names none.
    #[schema(example = "analytical notes a year")]
    pub name_en: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// The number that the metric is compared with.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 1)]
    pub value: i64,
}

impl PlanDocument {
    /// The activity with this number.
    pub fn activity(&self, number: &str) -> Option<&Activity> {
        self.activities.iter().find(|activity| activity.number == number)
    }

    /// The whole that the numbers of `activity` are a part of, if the plan names one.
    pub fn population(&self, activity: &Activity) -> Option<Population> {
        let metric = activity.population.as_deref()?;
        let target = self.activities.iter().find_map(|other| other.target(metric))?;
        Some(Population {
            metric: target.metric.clone(),
            name_ru: target.name_ru.clone(),
            name_en: target.name_en.clone(),
            number: target.value,
        })
    }
}

impl Activity {
    /// The day a window is due: the activity's deadline if it lies in the window, else the window's last day.
    pub fn due_on(&self, window: ActivityWindow) -> NaiveDate {
        self.deadline.filter(|day| window.from <= *day && *day <= window.to).unwrap_or(window.to)
    }

    /// Which window a fact belongs to: the one it names by its first day; if an amendment took that away, the last one
    /// begun by the day it happened.
    pub fn window_at(&self, named: NaiveDate, happened_on: NaiveDate) -> usize {
        let found = self.windows.iter().position(|window| window.from == named);
        found.unwrap_or_else(|| {
            self.windows.iter().rposition(|window| window.from <= happened_on).unwrap_or(0)
        })
    }

    /// The target of a metric.
    pub fn target(&self, metric: &str) -> Option<&ActivityTarget> {
        self.targets.iter().find(|target| target.metric == metric)
    }
}
