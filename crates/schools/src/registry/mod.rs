//! The registry: municipalities, schools and what is known about them. Every function that reads takes the reader's
//! area and filters by it in SQL.

pub mod contexts;
pub mod designations;
pub mod edit;
pub mod lists;
pub mod municipalities;
mod narrow;
pub mod partitions;
pub mod results;
pub mod results_walk;
pub mod schools;
#[expect(missing_docs, reason = "auto_type makes aliases that cannot be documented")]
mod scope;
pub mod staff;
pub mod succession;
pub mod support;

pub use scope::{audience, bounds, inside_area, lies_within, visible_schools, with_districts};

/// What is kept in hundredths, shown as a decimal number.
fn hundredths<S: serde::Serializer>(
    value: &Option<i32>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match value {
        Some(hundredths) => serializer.serialize_f64(f64::from(*hundredths) / 100.0),
        None => serializer.serialize_none(),
    }
}
