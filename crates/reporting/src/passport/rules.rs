//! The rules of the passport. Pure: no clock, no database.

use super::types::{SeatRole, StageState};
use chrono::{Days, NaiveDate};
use opora_primitives::{DateWindow, Reason};

/// How many seats the working group has (decision 20).
pub const SEATS: i32 = 13;

/// The position of the chair: a deputy minister (decision 20), the first one too. Compared in folded text.
pub const CHAIR_POSITION: &str = "заместитель министра";

/// When a stage began and when it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageDates {
    /// The first day.
    pub started_on: Option<NaiveDate>,
    /// The day it was done.
    pub done_on: Option<NaiveDate>,
}

impl StageDates {
    /// The state at the end of the day `on`; without one, as the dates say.
    pub fn state(&self, on: Option<NaiveDate>) -> StageState {
        let has_come = |date: Option<NaiveDate>| date.is_some_and(|date| on.is_none_or(|on| date <= on));
        if has_come(self.done_on) {
            StageState::Done
        } else if has_come(self.started_on) {
            StageState::InProgress
        } else {
            StageState::NotStarted
        }
    }
}

/// Why something may not happen on `later`, given that it follows something of `earlier`; nothing if it may.
pub fn out_of_turn(earlier: Option<NaiveDate>, later: Option<NaiveDate>) -> Option<Reason> {
    match (earlier, later) {
        (_, None) => None,
        (None, Some(_)) => Some(Reason::Contradiction),
        (Some(earlier), Some(later)) => (later < earlier).then_some(Reason::OrderOfDates),
    }
}

/// One holder's time in a seat, as far as the rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The number of the seat, from 1 to [`SEATS`].
    pub seat: i32,
    /// The part the holder plays.
    pub role: SeatRole,
    /// From when to when.
    pub time: DateWindow,
}

impl Holding {
    /// Whether two holders sit in one seat on some day.
    pub fn crowds(&self, other: &Self) -> bool {
        self.seat == other.seat && self.time.overlaps(&other.time)
    }

    /// Whether both lead the group on some day.
    pub fn rivals(&self, other: &Self) -> bool {
        self.role == SeatRole::Chair && other.role == SeatRole::Chair && self.time.overlaps(&other.time)
    }
}

/// The first day on which somebody has a seat and nobody leads the group (decision 20: exactly one chair).
pub fn leaderless(holdings: &[Holding]) -> Option<NaiveDate> {
    let chairs: Vec<DateWindow> =
        holdings.iter().filter(|h| h.role == SeatRole::Chair).map(|h| h.time).collect();
    holdings.iter().filter_map(|h| first_outside(h.time, &chairs)).min()
}

/// The first day of `time` that lies in none of `others`.
fn first_outside(time: DateWindow, others: &[DateWindow]) -> Option<NaiveDate> {
    let mut day = time.from;
    while let Some(other) = others.iter().find(|other| other.contains(day)) {
        day = other.to?.checked_add_days(Days::new(1))?;
    }
    time.contains(day).then_some(day)
}

/// The last day an act is in force: its own end, or else the day before the first of its successors comes into force.
pub fn in_force_to(own: Option<NaiveDate>, successors: &[NaiveDate]) -> Option<NaiveDate> {
    own.or_else(|| successors.iter().min()?.pred_opt())
}
