//! What the rules look at: procedures, measurements and schools, compact enough to hold a country in memory.

use crate::types::{Assessment, Locality, ProcedureId, SchoolId, SchoolKind, Subject};
use opora_primitives::AcademicYear;

/// A procedure: one assessment of one grade in one subject in one academic year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Row of the procedure.
    pub id: ProcedureId,
    /// Kind of assessment.
    pub assessment: Assessment,
    /// Academic year it took place in.
    pub year: AcademicYear,
    /// Grade the participants were in.
    pub grade: u8,
    /// Subject.
    pub subject: Subject,
}

/// What one school shows in one procedure, main attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    participants: u32,
    below_minimum: u32,
    mean_score: i32,
    procedure: u16,
}

// The country has millions of these.
const _: () = assert!(size_of::<Measurement>() <= 16);

impl Measurement {
    /// An absent mean; no scale reaches it.
    const NO_MEAN: i32 = i32::MIN;

    /// `below_minimum` of `participants` did not reach the minimum in the procedure at `procedure` of the run's list;
    /// the mean is in hundredths of a point or a mark. More below the minimum than there are participants is read as
    /// all of them.
    pub fn new(procedure: u16, participants: u32, below_minimum: u32, mean_score: Option<i32>) -> Self {
        Self {
            participants,
            below_minimum: below_minimum.min(participants),
            mean_score: mean_score.unwrap_or(Self::NO_MEAN),
            procedure,
        }
    }

    /// Index into the run's list of procedures.
    pub fn procedure(&self) -> u16 {
        self.procedure
    }

    /// How many took part.
    pub fn participants(&self) -> u32 {
        self.participants
    }

    /// How many of them did not reach the minimum.
    pub fn below_minimum(&self) -> u32 {
        self.below_minimum
    }

    /// Mean result in hundredths, if it is known.
    pub fn mean_score(&self) -> Option<i32> {
        (self.mean_score != Self::NO_MEAN).then_some(self.mean_score)
    }
}

impl std::fmt::Debug for Measurement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measurement")
            .field("procedure", &self.procedure)
            .field("participants", &self.participants)
            .field("below_minimum", &self.below_minimum)
            .field("mean_score", &self.mean_score())
            .finish()
    }
}

/// A school as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct SchoolInput<'a> {
    /// Row of the school.
    pub school: SchoolId,
    /// Kind, for exclusion.
    pub kind: SchoolKind,
    /// Locality, for the comparison group.
    pub locality: Locality,
    /// Whether it is on the list version of the run. A fact beside the verdict: it never changes the outcome.
    pub listed: bool,
    /// Whether an act designates it as a school with high results.
    pub high_by_act: bool,
    /// Its measurements, in any order; rows of one procedure add up.
    pub measurements: &'a [Measurement],
}
