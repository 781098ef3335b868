//! Why a subject is proposed: the condition that held and its counts.

use super::facts::{HighBasis, LowBasis};
use crate::types::Branch;
use chrono::NaiveDate;
use opora_primitives::{SchoolCode, Share};
use opora_schools::types::{ListId, SchoolId, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a subject is proposed, and by which rules and which list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalReason {
    /// Version of the rules.
    #[schema(example = "2020.1")]
    pub rule_version: String,
    /// The list version behind "listed".
    pub list: ListId,
    /// The day the facts are of.
    pub on: NaiveDate,
    /// The condition that held.
    pub ground: ProposalGround,
}

/// A suggestion: a low-result school and a leader school of the same municipality (decision 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchoolPair {
    /// The low-result school.
    pub low: SchoolId,
    /// The high-result school.
    pub leader: SchoolId,
}

/// The condition that held, with its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProposalGround {
    /// First model: an act designates the school to the pilot.
    PilotSchool {
        /// Code of the school.
        school: SchoolCode,
    },
    /// First model: the authority is designated, or has schools in the pilot.
    PilotMunicipality {
        /// Whether an act designates the municipality itself.
        designated: bool,
        /// Its schools in the pilot.
        schools: u32,
    },
    /// Second model: an act designates the school and its results are low.
    BaseSchool {
        /// Code of the school.
        school: SchoolCode,
        /// The wave it was designated to.
        wave: Branch,
        /// Why its results count as low.
        low: LowBasis,
    },
    /// Second model: the authority is designated, or has schools in the model.
    BaseMunicipality {
        /// Whether an act designates the municipality itself.
        designated: bool,
        /// Its schools in the model.
        schools: u32,
    },
    /// Third model: the number of listed schools lies within the bounds.
    ListedWithinBounds {
        /// Listed schools.
        listed: u32,
        /// How many of them stand in city districts.
        in_districts: u32,
        /// Least number, inclusive.
        from: u32,
        /// Greatest number, inclusive.
        to: u32,
    },
    /// Fourth model: the person heads a listed school that is in neither the first nor the second model.
    HeadOfListedSchool {
        /// Code of the school.
        school: SchoolCode,
    },
    /// Fifth model: the person teaches a subject at a low-result school. All evidence is about the school.
    TeacherOfLowSchool {
        /// Code of the school.
        school: SchoolCode,
        /// Why its results count as low.
        low: LowBasis,
        /// The subject.
        subject: Subject,
        /// Pupils of the school below the minimum in the subject; absent where the share is not low or not known.
        school_share: Option<Share>,
    },
    /// Sixth model, pilot: the municipality is in the first model.
    PilotPartnership {
        /// Whether an act designates the municipality itself.
        designated: bool,
        /// Whether the municipality itself has the first model by an assignment.
        #[serde(default)]
        assigned: bool,
        /// Its schools in the first model.
        schools: u32,
    },
    /// Sixth model, full run: one of the two conditions held, or both.
    FullPartnership {
        /// Whether the municipality is in the second model.
        in_base_model: bool,
        /// Whether the municipality itself has the second model by an assignment alone, without an act that designates it.
        #[serde(default)]
        assigned: bool,
        /// Its schools in the second model.
        base_schools: u32,
        /// Whether there are enough listed schools and a high-result one (decision 8).
        within_bounds: bool,
        /// Listed schools.
        listed: u32,
        /// High-result schools.
        high_result: u32,
        /// Suggested pairs.
        pairs: Vec<SchoolPair>,
    },
    /// Seventh model: the school is listed, or has high results to share.
    NetworkSchool {
        /// Code of the school.
        school: SchoolCode,
        /// Whether it is listed.
        listed: bool,
        /// Why its results count as high, if they do.
        high: Option<HighBasis>,
    },
}
