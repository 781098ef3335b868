//! The target indicators of the passport, in whole numbers.
//!
//! What the passport leaves open is settled as follows.
//! - *L* is the list version the passport was made with: the newest version of the newest list of a year not after
//!   [`LAST_YEAR`] and not after the year of the day asked for; a caller may name another version.
//! - *A school has an assignment* if it, its head or one of its teachers has one that is active on the day. How many
//!   of them count through their people only is told beside the number.
//! - *I1* follows successors: a listed school that was merged counts through the school that took over. On a day before
//!   the merger the school still stands for itself.
//! - *I2* counts pedagogical workers (teachers and psychologists) of the list's schools as the staff register has them
//!   now, and of the schools that took over. Support counts from the last day of a completed form on, whatever the form.
//! - *I3* counts whole municipal systems in force on the day; a city district counts inside its city (decision 6), a
//!   state school nowhere (decision 16). The denominator is a parameter.
//! - *I4* does not hang on the day asked for: participants are the schools with an assignment active at any time of
//!   [`PERIOD`], the later list is the newest version of the list of [`LATER_YEAR`] and no other. Both are
//!   followed to the last successor (decision 4). A participant that closed without a successor stays in the
//!   denominator and does not count: nothing shows that its results rose.

mod ground;
pub mod rules;
pub mod series;
pub mod store;
pub mod types;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod store_tests;

pub use ground::{Ground, passport_members};
pub use rules::{
    Facts, Followed, PersonFact, Reach, SchoolFact, SystemFact, included, later_list, municipal, supported,
};
pub use store::{Answer, Question};
pub use types::{
    Actual, IndicatorCode, IndicatorTarget, ListVersion, NotMeasurable, Row, RowGround, Subject,
    TargetVerdict,
};

use chrono::NaiveDate;
use opora_primitives::DateWindow;

/// The last year of the passport.
pub const LAST_YEAR: i32 = 2021;

/// The year of the list that I4 compares with: the passport names it, and a list of another year says nothing of it (D33).
pub const LATER_YEAR: i32 = 2022;

/// The period whose participants I4 follows: 2020-2021.
pub const PERIOD: DateWindow = DateWindow { from: day(2020, 1, 1), to: Some(day(LAST_YEAR, 12, 31)) };

/// The calendar day; a day that does not exist becomes the first of the calendar, which a test forbids.
const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}
