//! The procedures of a run in a form that is quick to walk: slots sorted by assessment, grade, subject and year.

use super::{
    calendar::was_held,
    inputs::{Measurement, Procedure},
    measured::{Cohort, MeanScore},
    methodology::Parameters,
};
use crate::types::{Assessment, Subject};
use opora_primitives::AcademicYear;

/// What pooling keeps fixed: assessment, grade and subject.
type Track = (Assessment, u8, Subject);

/// A criterion of the run: a counted procedure that was held, not later than the judged year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) track: Track,
    pub(super) year: AcademicYear,
}

/// The slots of a run and the way from an index of the run's list of procedures to its slot.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    /// Sorted and distinct, so that the years of a track stand side by side.
    pub(super) slots: Vec<Slot>,
    slot_of: Vec<Option<u32>>,
}

/// What a school shows in a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) slot: usize,
    pub(super) cohort: Cohort,
    /// Whether this small cohort already serves a newer year.
    pub(super) spent: bool,
}

impl Catalogue {
    pub(super) fn new(parameters: &Parameters, judged: AcademicYear, procedures: &[Procedure]) -> Self {
        let slot = |p: &Procedure| {
            let counts = parameters.counts(p.assessment)
                && p.year <= judged
                && was_held(p.assessment, p.subject, p.year);
            counts.then_some(Slot { track: (p.assessment, p.grade, p.subject), year: p.year })
        };
        let mut slots: Vec<Slot> = procedures.iter().filter_map(slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let position = |p: &Procedure| slots.binary_search(&slot(p)?).ok()?.try_into().ok();
        let slot_of = procedures.iter().map(position).collect();
        Self { slots, slot_of }
    }

    /// The rows of a school into `rows`, one per slot, in the order of the slots; gives the number of measurements that
    /// are not criteria. Measurements without participants are no measurements.
    pub(super) fn collect(&self, measurements: &[Measurement], rows: &mut Vec<Row>) -> u32 {
        rows.clear();
        let mut ignored = 0;
        for measurement in measurements.iter().filter(|m| m.participants() > 0) {
            match self.slot(measurement.procedure()) {
                Some(slot) => rows.push(Row { slot, cohort: cohort(measurement), spent: false }),
                None => ignored += 1,
            }
        }
        rows.sort_unstable_by_key(|row| row.slot);
        rows.dedup_by(|row, kept| {
            let same = row.slot == kept.slot;
            if same {
                kept.cohort.add(row.cohort);
            }
            same
        });
        ignored
    }

    /// The slot of an index of the run's list of procedures, if it is a criterion.
    pub(super) fn slot(&self, procedure: u16) -> Option<usize> {
        self.slot_of.get(usize::from(procedure)).copied().flatten().map(|slot| slot as usize)
    }
}

fn cohort(measurement: &Measurement) -> Cohort {
    let participants = i64::from(measurement.participants());
    let mean =
        measurement.mean_score().map(|mean| MeanScore { sum: i64::from(mean) * participants, participants });
    Cohort { participants, below: measurement.below_minimum().into(), mean: mean.unwrap_or_default() }
}
