//! The trace of a verdict: the numbers each rule looked at, from which words are made when somebody reads them.
//!
//! What decides is listed procedure by procedure; the rest is counted.

use super::measured::{MeanScore, Measured};
use crate::types::SchoolKind;
use opora_primitives::{AcademicYear, Share};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A step of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The kind of the school is excluded: no rule was applied.
    Excluded {
        /// Kind of the school.
        kind: SchoolKind,
    },
    /// The school is on the list version of the run.
    Listed,
    /// An act designates the school as one with high results.
    HighByAct,
    /// What the rules had to look at.
    Judged {
        /// Judged year.
        year: AcademicYear,
        /// Measured criteria of the judged year.
        measured: u32,
        /// Criteria of the judged year whose cohorts stay too small.
        small: u32,
        /// Measured years of the school, newest first.
        years: Vec<AcademicYear>,
        /// Measurements of any year that are not criteria: assessments that do not count, procedures that were not
        /// held, later years.
        ignored: u32,
    },
    /// A cohort that is too small even after pooling. Listed only when the judged year has no measured criterion.
    Small {
        /// The cohort, with what was pooled.
        measured: Measured,
        /// Least number of participants.
        minimum: u16,
    },
    /// The judged year has no measured criterion.
    InsufficientData {
        /// Judged year.
        year: AcademicYear,
    },
    /// A share below the minimum that reaches a threshold of `LOW_SHARE` or `RISK`.
    ShareReached {
        /// The criterion.
        measured: Measured,
        /// The greatest threshold it reaches, percent.
        threshold_percent: u8,
        /// The next threshold, which it does not reach, percent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        next_percent: Option<u8>,
    },
    /// Rule `LOW_SHARE`.
    LowShare {
        /// Procedures at the threshold.
        found: u32,
        /// Procedures needed.
        needed: u8,
        /// Measured criteria looked at.
        of: u32,
        /// The threshold, percent.
        threshold_percent: u8,
        /// How many last years were looked at.
        years: u8,
        /// Whether the rule holds.
        holds: bool,
    },
    /// Rule `RISK`.
    Risk {
        /// Procedures at the upper threshold; one is enough.
        high: u32,
        /// Upper threshold, percent.
        threshold_percent: u8,
        /// Procedures between the thresholds.
        in_band: u32,
        /// Lower threshold, percent.
        band_from_percent: u8,
        /// Procedures needed between the thresholds.
        needed: u8,
        /// Whether the rule holds.
        holds: bool,
    },
    /// A criterion on which the school is below its group, or the one that shows that it is not.
    AgainstGroup {
        /// The criterion.
        measured: Measured,
        /// The group over the same years.
        group: Share,
        /// Whether the school is below the group.
        below_group: bool,
    },
    /// Rule `LOW_TREND`.
    LowTrend {
        /// The latest measured years in a row in which the school is below its group, newest first.
        years: Vec<AcademicYear>,
        /// Years needed.
        needed: u8,
        /// Needed part of a year's criteria, percent.
        criteria_percent: u8,
        /// Whether the rule holds.
        holds: bool,
    },
    /// A criterion among the best of the group, or the one that shows that the school is not.
    AgainstBest {
        /// The criterion.
        measured: Measured,
        /// The school's mean, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        mean: Option<MeanScore>,
        /// Boundary of the lowest shares, if the group has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        low_share: Option<Share>,
        /// Boundary of the highest means in hundredths, if the group has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        high_mean: Option<i32>,
        /// Whether both boundaries are reached.
        among_best: bool,
    },
    /// Rule `HIGH`, the part that rests on results.
    High {
        /// The latest measured years in a row among the best, newest first, at most those needed.
        years: Vec<AcademicYear>,
        /// Years needed.
        needed: u8,
        /// Needed part of a year's criteria, percent.
        criteria_percent: u8,
        /// Whether the bias flag blocks it.
        blocked_by_bias: bool,
        /// Whether the rule holds.
        holds: bool,
    },
    /// A mean that speaks for bias: a check work far above the group, or an exam that does not confirm it.
    BiasedMean {
        /// The criterion.
        measured: Measured,
        /// The school's mean.
        mean: MeanScore,
        /// The group's mean over the same years.
        group: MeanScore,
    },
    /// Bias flag.
    Bias {
        /// Check works far above the group.
        vpr_far_above: u32,
        /// Check works compared.
        vpr_compared: u32,
        /// How far above the group, percent.
        excess_percent: u8,
        /// Exams at or below the group.
        ege_not_above: u32,
        /// Exams compared.
        ege_compared: u32,
        /// Whether the flag is raised.
        flagged: bool,
    },
}
