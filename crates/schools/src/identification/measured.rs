//! Counts and sums of a school or of a group, compared exactly.

use crate::types::{Assessment, Subject};
use opora_primitives::{AcademicYear, Share};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A mean kept as a sum and a count, so that means are compared without rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeanScore {
    /// Sum of the results in hundredths: each mean times its participants.
    pub sum: i64,
    /// Participants whose results are in the sum.
    #[schema(minimum = 0)]
    pub participants: i64,
}

impl MeanScore {
    /// The mean in hundredths, rounded half up; `None` without participants.
    pub fn hundredths(self) -> Option<i64> {
        (self.participants > 0).then(|| (2 * self.sum + self.participants).div_euclid(2 * self.participants))
    }

    /// Whether the mean is at least `hundredths`. A mean of nobody is not.
    pub(super) fn reaches(self, hundredths: i32) -> bool {
        self.participants > 0 && self.sum >= i64::from(hundredths) * self.participants
    }

    /// Whether the mean is at least `percent` percent of the mean of `other`; `None` if either is a mean of nobody.
    pub(super) fn at_least_percent_of(self, percent: u16, other: Self) -> Option<bool> {
        let product = |a: i64, b: i64, c: i64| i128::from(a) * i128::from(b) * i128::from(c);
        (self.participants > 0 && other.participants > 0).then(|| {
            product(self.sum, other.participants, 100)
                >= product(other.sum, self.participants, percent.into())
        })
    }

    /// Whether the mean is strictly above the mean of `other`; `None` if either is a mean of nobody.
    pub(super) fn above(self, other: Self) -> Option<bool> {
        other.at_least_percent_of(100, self).map(|reached| !reached)
    }
}

/// The participants of one or several procedures and their results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cohort {
    pub(super) participants: i64,
    pub(super) below: i64,
    pub(super) mean: MeanScore,
}

impl Cohort {
    pub(super) fn add(&mut self, other: Self) {
        self.participants += other.participants;
        self.below += other.below;
        self.mean.sum += other.mean.sum;
        self.mean.participants += other.mean.participants;
    }

    pub(super) fn share(&self) -> Share {
        Share::new(self.below, self.participants)
    }
}

/// What a school shows on one criterion, in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// Kind of assessment.
    pub assessment: Assessment,
    /// The grade of the pupils.
    pub grade: u8,
    /// The subject of the assessment.
    pub subject: Subject,
    /// Academic year that the criterion stands for.
    pub year: AcademicYear,
    /// Neighbouring years pooled with it because the cohort alone is too small.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pooled_with: Vec<AcademicYear>,
    /// Participants below the minimum, of all participants.
    pub below: Share,
}
