//! What is found of an activity.

use crate::plan::{Comparison, metrics::MetricScope};
use chrono::NaiveDate;
use opora_primitives::word_type;
use serde::Serialize;
use utoipa::ToSchema;

word_type!(
    /// The status of an activity, or of one of its windows, on a day.
    ActivityStatus {
        /// The first window has not begun and nothing is done.
        NotStarted = "not_started", "не начато";
        /// It has begun and is not due yet; or all is there and a fact must be put right.
        InProgress = "in_progress", "выполняется";
        /// The targets were met by the due day.
        Done = "done", "выполнено";
        /// They were met later.
        DoneLate = "done_late", "выполнено с опозданием";
        /// The due day is past and they are not met.
        Overdue = "overdue", "просрочено";
        /// There are no targets; the evidence was there by the due day.
        ClosedOnEvidence = "closed_on_evidence", "закрыто по подтверждающим материалам";
        /// It ended before the plan was signed: facts with evidence are taken later, and it is never overdue.
        BackDated = "back_dated", "до подписания плана";
        /// It is not met, because the source it needs is not there.
        SourceUnavailable = "source_unavailable", "источник данных отсутствует";
    }
);

word_type!(
    /// Why a status is what it is.
    StatusGround {
        /// Its first window lies ahead.
        BeforeFirstWindow = "before_first_window", "срок не наступил";
        /// It has begun and is not due yet.
        BeforeDue = "before_due", "срок не истёк";
        /// The targets were met by the due day.
        TargetsMet = "targets_met", "показатели достигнуты";
        /// The evidence was there by the due day.
        EvidenceShown = "evidence_shown", "материалы представлены";
        /// It was met after the due day.
        MetLate = "met_late", "выполнено после срока";
        /// The due day is past.
        PastDue = "past_due", "срок истёк";
        /// All is there, but a fact lacks a quality that is asked of each.
        QualityLacking = "quality_lacking", "факт не отвечает требованию";
        /// It ended before the plan was signed; facts with evidence are there.
        BackDatedMet = "back_dated_met", "подтверждено задним числом";
        /// It ended before the plan was signed; facts with evidence are not there, or not all.
        BackDatedNotMet = "back_dated_not_met", "подтверждения нет";
        /// A confirmed remark says that the source is not there.
        NoSource = "no_source", "источника нет";
    }
);

/// What is asked of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The day the plan's first act was signed.
    pub signed_on: NaiveDate,
    /// The day of the status.
    pub on: NaiveDate,
    /// Whether that day is over: what was due on it and is not there is past due.
    pub over: bool,
}

/// How an activity stands on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ActivityStanding)]
pub struct Standing {
    /// Its status.
    pub status: ActivityStatus,
    /// Whether all that the row asks for, in every window, is there; early or late.
    pub met: bool,
    /// The day its last window is due.
    pub due_on: NaiveDate,
    /// Whether confirmed evidence is there, asked for or not.
    pub evidence_shown: bool,
    /// Its targets over the whole row.
    pub targets: Vec<TargetStanding>,
    /// Its windows.
    pub windows: Vec<WindowStanding>,
    /// Why the status is what it is.
    pub reason: StatusReason,
    /// How it deviates from the plan, if it does: the reason of its worst window that was met late, is past its due day, has
    /// no source, or ended before the plan was signed and is not shown.
    pub deviation: Option<StatusReason>,
}

/// How a window of an activity stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowStanding {
    /// Its first day.
    #[schema(example = "2020-09-01")]
    pub from: NaiveDate,
    /// Its last day.
    #[schema(example = "2020-10-31")]
    pub to: NaiveDate,
    /// The day it is due.
    #[schema(example = "2020-10-31")]
    pub due_on: NaiveDate,
    /// Its status.
    pub status: ActivityStatus,
    /// The day on which all that it asks for was there; absent if it is not.
    pub met_on: Option<NaiveDate>,
    /// Whether confirmed evidence of it is there, asked for or not.
    pub evidence_shown: bool,
    /// What is asked in this window.
    pub targets: Vec<TargetStanding>,
}

impl WindowStanding {
    /// Whether all that it asks for is there, as it should be.
    pub fn is_met(&self) -> bool {
        self.met_on.is_some() && self.targets.iter().all(|target| target.lacking == 0)
    }
}

/// A target and what there is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetStanding {
    /// What is counted.
    #[schema(example = "reports_per_window")]
    pub metric: String,
    /// Its name in Russian.
    pub name_ru: String,
    /// Its name in English.
    pub name_en: String,
    /// How facts add up.
    pub scope: MetricScope,
    /// How they are compared.
    pub comparison: Comparison,
    /// With how much: of a window, its share.
    #[schema(minimum = 0, example = 8)]
    pub expected: i64,
    /// The sum of the facts; of a quality, the value furthest from the target. Absent without facts.
    #[schema(minimum = 0, example = 5)]
    pub actual: Option<i64>,
    /// Whether it is met.
    pub met: bool,
    /// Whether there is more than exactly so much.
    pub exceeded: bool,
    /// Facts that lack the quality, or sums above the bound.
    #[schema(minimum = 0, example = 0)]
    pub lacking: u32,
}

/// Why a status is what it is, in numbers; the words are made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusReason {
    /// The ground.
    pub ground: StatusGround,
    /// The day it turns on: the beginning of the window that lies ahead, or else the due day.
    pub day: NaiveDate,
    /// Days past the due day, until it was met or until the day asked for.
    #[schema(minimum = 0, example = 12)]
    pub days_late: i64,
    /// Windows met.
    #[schema(minimum = 0, example = 1)]
    pub windows_met: u32,
    /// Windows in all.
    #[schema(minimum = 1, example = 2)]
    pub windows: u32,
    /// The beginning of the next window that lies ahead, if another counts already.
    pub next_window: Option<NaiveDate>,
}
