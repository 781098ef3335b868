//! Reports and analytical notes as papers: drafted, submitted, returned or accepted. What stands in them is made by
//! [`crate::half_year`] and [`crate::notes`].

pub mod files;
pub mod paper;
mod period;
mod rounds;
pub mod store;
mod texts;
mod types;

pub use period::{AsOf, DueReport, DueReportOnDay, Period, PeriodRef, is_weekend, schedule};
pub use rounds::{ReportRound, RoundOutcome};
pub use texts::{TextPart, Texts};
pub use types::{Report, ReportId, ReportKind, ReportState};
