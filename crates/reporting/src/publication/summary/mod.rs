//! The public summary: a few tables of the whole region for everybody. Aggregates only; no count under five, and none
//! that tells one (see [`super::suppression`]).
//!
//! It comes in editions, one for a calendar month, as of the last day of the month before. An edition is made when it is
//! asked for first, and never again: with a summary of any day, or one that follows the data, two of them would differ
//! by a single school or municipality, and whoever subtracts them would know what became of it.

#[cfg(test)]
mod properties;
mod rules;
pub mod store;
mod types;

pub use types::{
    PublicIndicator, PublicLabel, PublicPlan, PublicRow, PublicStatusCount, PublicSummary, PublicTable,
};
