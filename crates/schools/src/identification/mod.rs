//! Identification of schools with low results, and the social index (`docs/methodology.md`).
//!
//! Pure rules: no database, no clock, no random, no floating point. The same parameters and the same rows give the same
//! verdicts and the same traces, byte for byte, whatever the order of the rows.
//!
//! A run has two passes. [`LandscapeBuilder`] takes every school once and gives the [`Landscape`]: what the comparison
//! group shows in each procedure. [`judge`] then takes the schools one by one and gives each a [`Judgement`] with the
//! steps that led to it.
//!
//! What the methodology leaves open is settled as follows.
//! - *The judged year* is an argument of the survey. Later procedures are not looked at.
//! - *A measured criterion* is a procedure of a counted assessment, held according to [`calendar`], in which the school
//!   has participants and a sufficient cohort, alone or pooled ([`Parameters::minimum_cohort`]).
//! - *A measured year* of a school is one with at least one measured criterion. Other years are skipped.
//! - *Pooling* takes the nearest neighbouring years in which anybody was measured in the same (assessment, grade,
//!   subject), the earlier before the later, only until the cohort suffices. A small cohort serves once, newest year
//!   first; a sufficient one may be lent and still stands for its own year. The group's share is pooled over the same
//!   years.
//! - *Insufficient data*: no measured criterion in the judged year. Small procedures beside sufficient ones are only
//!   counted in the trace.
//! - *Low trend* looks at the latest measured years in a row. "Below the group" is a share below the minimum strictly
//!   greater than the group's. The group includes the school itself: that never changes the comparison, because a
//!   share above the whole is above the rest, and the reverse.
//! - *Outcome*: excluded kind, then low, risk, insufficient data, high, ordinary. Data that are too few never say "not
//!   low": they hide high and ordinary, and are themselves hidden only by what the data do prove.

pub mod calendar;
pub mod comparison;
pub mod inputs;
pub mod methodology;
pub mod social;
pub mod step;

mod catalogue;
mod evidence;
mod judge;
mod landscape;
mod measured;
mod rank;
mod resilience;
mod rules;
mod words;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod examples_social;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

pub use calendar::{Minimum, ege_minimum, is_given, was_held};
pub use comparison::{Comparison, compare};
pub use inputs::{Measurement, Procedure, SchoolInput};
pub use judge::{Finding, Judgement, Outcome, judge};
pub use landscape::{GroupResults, Landscape, LandscapeBuilder, survey};
pub use measured::{MeanScore, Measured};
pub use methodology::Parameters;
pub use resilience::{StrongYear, is_resilient, strong_years};
pub use social::{Context, SocialClass, SocialIndex, social_indices};
pub use step::Step;
pub use words::Lang;
