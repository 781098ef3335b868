//! What a fact about an activity is.

use crate::plan::PlanId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::schema::{activity_facts, evidence};
use opora_primitives::{Moment, MunicipalityId, SchoolId, id_type, word_type};
use serde::Serialize;

id_type!(
    /// A fact about an activity.
    FactId
);

id_type!(
    /// A piece of evidence.
    EvidenceId
);

word_type!(
    /// What a fact says.
    FactKind {
        /// So much of a metric.
        Value = "value", "значение показателя";
        /// What the plan wants to be shown is there.
        Evidence = "evidence", "подтверждающие материалы";
        /// The source that the activity needs is not there (decision 1).
        SourceUnavailable = "source_unavailable", "источник данных отсутствует";
    }
);

word_type!(
    /// Where a fact comes from.
    FactOrigin {
        /// A person entered it.
        Entered = "entered", "внесён вручную";
        /// The system counted it and proposes it.
        Counted = "counted", "рассчитан системой";
    }
);

word_type!(
    /// What became of a fact.
    FactState {
        /// Nobody has decided yet.
        Entered = "entered", "ожидает решения";
        /// The institute confirmed it: it counts.
        Confirmed = "confirmed", "подтверждён";
        /// The institute declined it.
        Declined = "declined", "отклонён";
    }
);

word_type!(
    /// What a piece of evidence is.
    EvidenceKind {
        /// A file that is kept here.
        File = "file", "файл";
        /// The address of something that lies elsewhere.
        Link = "link", "ссылка";
    }
);

/// A fact about an activity of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = activity_facts)]
pub struct Fact {
    /// Its id.
    pub id: FactId,
    /// The plan.
    pub plan_id: PlanId,
    /// The number of its activity.
    #[schema(example = "3.10")]
    pub activity: String,
    /// The first day of its window.
    #[schema(example = "2020-10-01")]
    pub window_from: NaiveDate,
    /// The kind of fact.
    pub kind: FactKind,
    /// The metric, of a value.
    #[schema(example = "school_roadmaps")]
    pub metric: Option<String>,
    /// How much, of a value.
    #[schema(minimum = 0, example = 1)]
    pub value: Option<i64>,
    /// When it happened.
    #[schema(example = "2020-11-27")]
    pub happened_on: NaiveDate,
    /// Who carried it out: a code of the plan.
    #[schema(example = "SCH_TEAM")]
    pub executor: Option<String>,
    /// The municipality it is about, if it is about one.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it is about, if it is about one.
    pub school_id: Option<SchoolId>,
    /// A remark.
    #[schema(example = "Дорожная карта утверждена приказом школы")]
    pub note: Option<String>,
    /// Where it comes from.
    pub origin: FactOrigin,
    /// What became of it.
    pub state: FactState,
    /// The user who entered it; none for facts the system loaded.
    pub entered_by: Option<i64>,
    /// When it was entered.
    pub entered_at: Moment,
    /// The user who decided.
    pub decided_by: Option<i64>,
    /// When it was decided.
    pub decided_at: Option<Moment>,
    /// Why, in the words of the one who decided.
    pub decision_reason: Option<String>,
    /// Counts the changes, those of its evidence too.
    pub version: i64,
}

/// A piece of evidence of a fact. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = evidence)]
pub struct Evidence {
    /// Its id.
    pub id: EvidenceId,
    /// The fact it shows.
    pub fact_id: FactId,
    /// The kind of evidence.
    pub kind: EvidenceKind,
    /// The address, of a link.
    #[schema(example = "https://example.org/news/12")]
    pub url: Option<String>,
    /// The name, of a file.
    #[schema(example = "Приказ об утверждении.pdf")]
    pub file_name: Option<String>,
    /// What a file holds, told by its content.
    #[schema(example = "application/pdf")]
    pub media_type: Option<String>,
    /// The size of a file in bytes.
    #[schema(minimum = 1, example = 18_240)]
    pub size: Option<i64>,
    /// SHA-256 of a file, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: Option<String>,
    /// The user who added it.
    pub added_by: Option<i64>,
    /// When it was attached.
    pub added_at: Moment,
}

/// A confirmed fact, as far as the rules of a status look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedFact {
    /// Which one.
    pub id: FactId,
    /// The number of its activity.
    pub activity: String,
    /// The first day of its window.
    pub window_from: NaiveDate,
    /// The kind of fact.
    pub kind: FactKind,
    /// The metric, of a value.
    pub metric: Option<String>,
    /// How much, of a value; never negative.
    pub value: Option<i64>,
    /// When it happened.
    pub happened_on: NaiveDate,
    /// Whether a file or a link is attached.
    pub evidenced: bool,
}
