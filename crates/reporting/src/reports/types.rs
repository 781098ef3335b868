//! What a report is, apart from what stands in it.

use super::{Period, TextPart, Texts};
use crate::plan::PlanId;
use opora_primitives::{Moment, Reason, id_type, text::is_hidden, word_type};
use opora_schools::types::RunId;
use serde::Serialize;

id_type!(
    /// A report or a note.
    ReportId
);
word_type!(
    /// What is reported.
    ReportKind {
        /// The half-yearly report on the plan to the ministry.
        HalfYear = "half-year", "Полугодовой отчёт";
        /// An analytical note on the identification of low-result schools.
        Identification = "identification", "Аналитическая записка о выявлении школ с низкими результатами";
        /// An analytical note on the staffing of low-result schools (row 1.4).
        Staffing = "staffing", "Аналитическая записка о кадровом обеспечении";
        /// An analytical note on the execution of the plan.
        Plan = "plan", "Аналитическая записка об исполнении плана";
        /// An analytical note on the target indicators.
        Indicators = "indicators", "Аналитическая записка о целевых показателях";
    }
);
word_type!(
    /// Where a report stands.
    ReportState {
        /// Its texts may change; its figures are those of the day they are read.
        Draft = "draft", "Проект";
        /// The ministry has it; it stands as it was submitted.
        Submitted = "submitted", "Представлен";
        /// The ministry gave it back with remarks; its texts may change again.
        Returned = "returned", "Возвращён";
        /// The ministry took it; it never changes.
        Accepted = "accepted", "Принят";
    }
);

impl ReportKind {
    /// The texts people write in it.
    pub fn parts(self) -> &'static [TextPart] {
        match self {
            Self::HalfYear => {
                &[TextPart::Summary, TextPart::Risks, TextPart::Corrections, TextPart::Conclusions]
            }
            _ => &[
                TextPart::Purpose,
                TextPart::Base,
                TextPart::Comparison,
                TextPart::Conclusions,
                TextPart::Recommendations,
            ],
        }
    }
}

impl ReportState {
    /// Whether its texts may change.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Returned)
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// What is reported.
    pub kind: ReportKind,
    /// The half-year.
    pub period: Period,
    /// The plan it is about.
    pub plan_id: PlanId,
    /// The identification run it rests on, for a note on identification.
    pub identification_run_id: Option<RunId>,
    /// Where it stands.
    pub state: ReportState,
    /// What people wrote.
    pub texts: Texts,
    /// What the ministry remarked when it gave the report back last.
    pub remarks: Option<String>,
    /// SHA-256 of what was submitted, in its canonical form, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: Option<String>,
    /// The user who made the draft.
    pub created_by: Option<i64>,
    /// When the draft was made.
    pub created_at: Moment,
    /// The user who submitted it last.
    pub submitted_by: Option<i64>,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// When it was submitted first: whether it came in time is told by that.
    pub first_submitted_at: Option<Moment>,
    /// The user who accepted it or gave it back last.
    pub decided_by: Option<i64>,
    /// When it was decided on.
    pub decided_at: Option<Moment>,
    /// Counts the changes; the ETag is made from it.
    pub version: i64,
}

/// Refuses text that no document can show as it is: characters that are hidden, other than line breaks and tabs.
pub(super) fn printable(text: &str) -> Result<(), Reason> {
    let forbidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if text.chars().any(forbidden) { Err(Reason::ForbiddenCharacter) } else { Ok(()) }
}
