//! The list against the rules: which schools they agree on.

use super::judge::Outcome;
use crate::types::SchoolId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The two-by-two table of list and rules with the schools of each cell, in the order of their ids. Schools about which
/// the rules say nothing stand apart: too few data is not "not low".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// On the list and low by the rules.
    pub listed_low: Vec<SchoolId>,
    /// On the list and not low by the rules.
    pub listed_not_low: Vec<SchoolId>,
    /// Low by the rules and not on the list.
    pub unlisted_low: Vec<SchoolId>,
    /// Neither.
    pub unlisted_not_low: Vec<SchoolId>,
    /// On the list, too few data.
    pub listed_insufficient_data: Vec<SchoolId>,
    /// Not on the list, too few data.
    pub unlisted_insufficient_data: Vec<SchoolId>,
    /// On the list, of an excluded kind.
    pub listed_excluded: Vec<SchoolId>,
    /// Not on the list, of an excluded kind.
    pub unlisted_excluded: Vec<SchoolId>,
}

/// Sorts schools into the table: id, whether listed, outcome.
pub fn compare(schools: impl IntoIterator<Item = (SchoolId, bool, Outcome)>) -> Comparison {
    let mut table = Comparison::default();
    for (school, listed, outcome) in schools {
        table.cell(listed, outcome).push(school);
    }
    for listed in [true, false] {
        for outcome in Outcome::ALL {
            table.cell(listed, *outcome).sort_unstable();
        }
    }
    table
}

impl Comparison {
    fn cell(&mut self, listed: bool, outcome: Outcome) -> &mut Vec<SchoolId> {
        match (listed, outcome) {
            (true, Outcome::Low) => &mut self.listed_low,
            (false, Outcome::Low) => &mut self.unlisted_low,
            (true, Outcome::InsufficientData) => &mut self.listed_insufficient_data,
            (false, Outcome::InsufficientData) => &mut self.unlisted_insufficient_data,
            (true, Outcome::Excluded) => &mut self.listed_excluded,
            (false, Outcome::Excluded) => &mut self.unlisted_excluded,
            (true, Outcome::Risk | Outcome::High | Outcome::Ordinary) => &mut self.listed_not_low,
            (false, Outcome::Risk | Outcome::High | Outcome::Ordinary) => &mut self.unlisted_not_low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_school_stands_in_one_cell() {
        let table = compare([
            (SchoolId(9), true, Outcome::Low),
            (SchoolId(2), true, Outcome::Low),
            (SchoolId(3), true, Outcome::Risk),
            (SchoolId(4), false, Outcome::Low),
            (SchoolId(5), false, Outcome::High),
            (SchoolId(6), true, Outcome::InsufficientData),
            (SchoolId(7), false, Outcome::Excluded),
        ]);
        let expected = Comparison {
            listed_low: vec![SchoolId(2), SchoolId(9)],
            listed_not_low: vec![SchoolId(3)],
            unlisted_low: vec![SchoolId(4)],
            unlisted_not_low: vec![SchoolId(5)],
            listed_insufficient_data: vec![SchoolId(6)],
            unlisted_excluded: vec![SchoolId(7)],
            ..Comparison::default()
        };
        assert_eq!(table, expected);
    }
}
