//! The half-yearly report on the plan to the ministry: it draws itself from the facts.

mod activity;
mod content;
mod document;
mod foresight;
pub(crate) mod indicators;
mod make;

pub use content::{
    ActivityReport, Deviation, HalfStanding, HalfYear, IndicatorReport, PassportReading, StatusCount,
    TargetReport, WindowReport,
};
pub(crate) use document::bars;
pub use document::document;
pub use make::make;
