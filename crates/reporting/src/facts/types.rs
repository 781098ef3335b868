//! What a fact about an activity is.

use chrono::NaiveDate;
use opora_primitives::{id_type, word_type};

id_type!(
    /// A fact about an activity.
    FactId
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

/// A confirmed fact, as far as the rules of a status look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedFact {
    /// Which one.
    pub id: FactId,
    /// The number of its activity.
    pub activity: String,
    /// The first day of its window.
    pub window_from: NaiveDate,
    /// What it says.
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
