//! The passport of the system of support: its six stages, the working group and the legal acts it stands on
//! (`docs/passport.md`).
//!
//! What the order leaves open is settled as follows (D80 to D85 in `docs/decisions.md`).
//! - *Stages* are the region's, not a plan's: exactly six, made with the tables. Their state follows from two dates and
//!   is never stored. They may overlap, but none starts or ends before the one in front of it.
//! - *Seats*: a row is one holder's time in a seat. Whoever takes a seat ends the open time of the holder before.
//! - *Acts*: a legal basis has dates of validity (decision 18). The end of a superseded act follows from the start of
//!   its successor unless it has an end of its own.

pub mod acts;
pub mod edit;
pub mod rules;
pub mod seats;
pub mod stages;
pub mod types;

#[cfg(test)]
mod properties;

pub use types::{ActId, ActKind, SeatId, SeatRole, StageCode, StageState};
