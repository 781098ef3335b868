//! Results: aggregates of a school by procedure and year, written as they are drawn.

use crate::Scale;
use crate::model::{Kind, Profile, School};
use crate::procedures::{BASE_MATHS, Procedure, Type, has_resit, held, niko, regional};
use crate::rng::Rng;
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use opora_primitives::AcademicYear;
use std::io;
use std::path::Path;

const RESULTS: Form =
    Form { kind: "results", encoding: Encoding::Windows1251, delimiter: b';', language: Language::Russian };

const STREAM: u64 = 3;
/// One school in so many is in the national sample.
const SAMPLE: u32 = 25;

/// Writes the results of every school and year of `scale`.
pub(crate) fn write_results(region: &Region, scale: &Scale, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, RESULTS)?;
    let mut procedures = Vec::new();
    for school in &region.schools {
        for &year in scale.years.iter().filter(|year| school.taught_in(**year)) {
            procedures.clear();
            held(school.kind, year, &mut procedures);
            if school.code % SAMPLE == 0 {
                niko(school.kind, &mut procedures);
            }
            let rng = Rng::stream(region.seed, &[STREAM, u64::from(school.code), year.start() as u64]);
            let mut sheet = Sheet { table: &mut table, school, year, rng, rows: 0 };
            for procedure in &procedures {
                sheet.sit(procedure)?;
            }
            let target = target(school.kind, scale.aggregates_per_school);
            for procedure in regional(school.kind, year) {
                if sheet.rows >= target {
                    break;
                }
                sheet.sit(&procedure)?;
            }
        }
    }
    table.finish()
}

/// How many aggregates a school of `kind` should have a year, so that the average over all kinds is near
/// `average`.
fn target(kind: Kind, average: usize) -> usize {
    let percent = match kind {
        Kind::Primary => 25,
        Kind::Basic => 85,
        Kind::Evening => 40,
        Kind::Correctional => 15,
        Kind::Secondary | Kind::Gymnasium | Kind::Lyceum | Kind::Boarding => 116,
    };
    average * percent / 100
}

/// The rows of one school and year.
struct Sheet<'a> {
    table: &'a mut Table,
    school: &'a School,
    year: AcademicYear,
    rng: Rng,
    rows: usize,
}

/// The numbers of one row.
struct Outcome {
    participants: u32,
    below: u32,
    /// Mean mark, or mean score of 100 for the ЕГЭ, in hundredths.
    mean: Option<u32>,
    marks: Option<[u32; 4]>,
}

impl Sheet<'_> {
    /// Writes the main attempt, and the resit where there is one; nothing when nobody came.
    fn sit(&mut self, procedure: &Procedure) -> io::Result<()> {
        let (lowest, highest) = self.school.kind.grades();
        let cohort = self.school.pupils * self.rng.between(850..=1150) / (highest - lowest + 1) / 1000;
        let participants = (cohort * procedure.sat_by * self.rng.between(900..=1000) / 1000 + 500) / 1000;
        if participants == 0 {
            return Ok(());
        }
        let share = self.share(procedure);
        let main = self.outcome(procedure, participants, share);
        self.row(procedure, "main", &main)?;
        if main.below > 0 && has_resit(procedure, self.year) {
            let resit = self.outcome(procedure, main.below, 2 * share);
            self.row(procedure, "resit", &resit)?;
        }
        Ok(())
    }

    /// Whether the all-Russian work flatters the school (the bias flag looks for it).
    fn flattered(&self, procedure: &Procedure) -> bool {
        self.school.profile == Profile::Inflated && procedure.kind == Type::Vpr
    }

    /// Share below the minimum in this procedure, thousandths.
    fn share(&mut self, procedure: &Procedure) -> u32 {
        if procedure.kind == Type::Niko {
            // High on purpose, whatever the school: a sample study must not make anybody low.
            return self.rng.between(300..=450);
        }
        if self.flattered(procedure) {
            return self.rng.below(8);
        }
        let usual = self.school.share;
        let spread = match self.school.profile {
            Profile::Low => 100,
            Profile::Risk => 55,
            _ => usual / 4,
        };
        // Supported schools get slowly better: fifteen thousandths a year.
        let better = match self.school.profile {
            Profile::Low => 15 * (self.year.start() - 2018).clamp(0, 6) as u32,
            _ => 0,
        };
        (usual + self.rng.between(0..=2 * spread)).saturating_sub(spread + better)
    }

    fn outcome(&mut self, procedure: &Procedure, participants: u32, share: u32) -> Outcome {
        // Weak schools round by chance; the others down, or every small class would look at risk.
        let rest = match self.school.profile {
            Profile::Low | Profile::Risk => self.rng.below(1000),
            _ => 0,
        };
        let below = ((participants * share + rest) / 1000).min(participants);
        let strength = if self.flattered(procedure) { 930 } else { self.school.strength };
        let (mean, marks) = match procedure.kind {
            // The base level is not scored on the scale of 100.
            Type::Ege if procedure.subject == BASE_MATHS => (None, None),
            Type::Ege => (Some(self.mean_of_100(strength)), None),
            Type::Niko => (None, None),
            Type::Vpr | Type::Oge | Type::Regional => {
                let marks = marks(participants, below, strength);
                (Some(mean_mark(marks)), Some(marks))
            }
        };
        Outcome { participants, below, mean, marks }
    }

    /// 40 points for the weakest to 75 for the strongest, give or take 2.5; in hundredths.
    fn mean_of_100(&mut self, strength: u32) -> u32 {
        3_750 + strength * 35 / 10 + self.rng.below(501)
    }

    fn row(&mut self, procedure: &Procedure, attempt: &str, outcome: &Outcome) -> io::Result<()> {
        let table = &mut *self.table;
        table.show(self.school.code).show(self.year).text(procedure.kind.word()).show(procedure.grade);
        table.text(procedure.subject).text(attempt).show(procedure.programme);
        table.show(outcome.participants).show(outcome.below);
        match outcome.mean {
            Some(mean) => table.hundredths(mean),
            None => table.text("н/д"),
        };
        match outcome.marks {
            Some(marks) => marks.iter().for_each(|mark| {
                table.show(mark);
            }),
            None => (0..4).for_each(|_| {
                table.text("");
            }),
        }
        table.end()?;
        self.rows += 1;
        Ok(())
    }
}

/// Marks 2 to 5: all below the minimum have a 2, the rest are shared by `strength`.
fn marks(participants: u32, below: u32, strength: u32) -> [u32; 4] {
    let passed = participants - below;
    let fives = (passed * (strength * strength / 2000) + 500) / 1000;
    let fours = ((passed * (250 + strength / 4) + 500) / 1000).min(passed - fives);
    [below, passed - fives - fours, fours, fives]
}

/// Mean mark in hundredths, rounded half up; 0 for nobody.
fn mean_mark(marks: [u32; 4]) -> u32 {
    let count: u32 = marks.iter().sum();
    let sum: u32 = marks.iter().zip(2..).map(|(n, mark)| n * mark).sum();
    (200 * sum + count).checked_div(2 * count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn means_by_hand() {
        // (1*2 + 1*3 + 1*4) / 3 = 3.00; (2 + 5 + 5) / 3 = 4.00; (2*2 + 3) / 3 = 2.333
        assert_eq!(mean_mark([1, 1, 1, 0]), 300);
        assert_eq!(mean_mark([1, 0, 0, 2]), 400);
        assert_eq!(mean_mark([2, 1, 0, 0]), 233);
    }

    proptest! {
        #[test]
        fn marks_add_up(participants in 0u32..400, below in 0u32..400, strength in 0u32..=1000) {
            let below = below.min(participants);
            let marks = marks(participants, below, strength);
            prop_assert_eq!(marks.iter().sum::<u32>(), participants);
            prop_assert_eq!(marks[0], below);
        }
    }
}
