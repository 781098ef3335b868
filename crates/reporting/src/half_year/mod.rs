//! The half-yearly report on the plan to the ministry: it draws itself from the facts.

mod content;
mod document;
mod foresight;

pub(crate) use content::indicator_reports;
pub use content::{ActivityReport, Deviation, HalfYear, IndicatorReport, StatusCount, TargetReport, make};
pub(crate) use document::bars;
pub use document::document;
