//! The status of activities on a day. Pure: it follows from the plan, the confirmed facts and the day, and is never
//! stored. `docs/plan.md` tells the rules in words.
//!
//! What the order leaves open is settled as follows.
//! - A fact counts from the day it happened, whenever it was entered. Facts after the day asked for do not exist.
//! - *Windows*: a total of a row with several windows is shared evenly among them, the rest going to the last ones; a
//!   window is met by its share, or once the whole total is there. A target for each window, or each year, is asked in
//!   each. A window that has begun, or has facts, counts; the row's status is the worst of those that count.
//! - *Exactly*: where facts add up, more than the target is met too, and told (`exceeded`): work beyond the plan is no
//!   delay, and a fact may be counted twice. A quality ("72 hours") is asked of every fact; one that lacks it leaves
//!   the row open (`in_progress`), never overdue: what was due is there, and something of it is to be put right.
//! - *Evidence* closes a window without targets. One that goes on over several half-years is closed by evidence of the
//!   half-year it ends in: a first publication does not end a year of publications.
//! - *Over*: a due day is inclusive, so on that day nothing is overdue yet; a report about a period that is over asks how
//!   things stand when its last day has passed.
//! - *Back-dated* (decision 2): all windows had ended when the first act was signed. Only facts with evidence count.
//! - *Source unavailable* (decision 1): a confirmed remark for the window, as long as it is not met.
//! - A fact whose window an amendment took away counts in the last window begun by the day it happened, else the first.

mod rules;
mod types;
mod words;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

pub use rules::{standing, standings};
pub use types::{
    ActivityStatus, Question, Standing, StatusGround, StatusReason, TargetStanding, WindowStanding,
};
pub(crate) use words::capital;
