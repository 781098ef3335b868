//! A small region for tests: rows by name, judged in one call.

use super::{
    inputs::{Measurement, Procedure, SchoolInput},
    judge::{Judgement, judge},
    landscape::{Landscape, survey},
    methodology::Parameters,
    resilience::{StrongYear, strong_years},
};
use crate::types::{Assessment, Locality, ProcedureId, SchoolId, SchoolKind, Subject};
use opora_primitives::AcademicYear;

pub(super) fn year(start: i32) -> AcademicYear {
    AcademicYear::starting(start).unwrap()
}

/// What is measured: assessment, grade, subject and the year it starts in.
pub(super) type What = (Assessment, u8, Subject, i32);

#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) kind: SchoolKind,
    pub(super) locality: Locality,
    pub(super) listed: bool,
    pub(super) high_by_act: bool,
    pub(super) rows: Vec<Measurement>,
}

impl Made {
    pub(super) fn input(&self, id: i64) -> SchoolInput<'_> {
        SchoolInput {
            school: SchoolId(id),
            kind: self.kind,
            locality: self.locality,
            listed: self.listed,
            high_by_act: self.high_by_act,
            measurements: &self.rows,
        }
    }
}

/// Schools are numbered from 0 in the order of their first row.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    pub(super) parameters: Parameters,
    pub(super) procedures: Vec<Procedure>,
    pub(super) schools: Vec<Made>,
}

impl Region {
    pub(super) fn procedure(&mut self, (assessment, grade, subject, start): What) -> u16 {
        let made = Procedure { id: ProcedureId(0), assessment, grade, subject, year: year(start) };
        let known = self.procedures.iter().position(|p| Procedure { id: made.id, ..*p } == made);
        known.unwrap_or_else(|| {
            let id = ProcedureId(1 + self.procedures.len() as i64);
            self.procedures.push(Procedure { id, ..made });
            self.procedures.len() - 1
        }) as u16
    }

    pub(super) fn school(&mut self, school: usize) -> &mut Made {
        while self.schools.len() <= school {
            self.schools.push(Made {
                kind: SchoolKind::Secondary,
                locality: Locality::Urban,
                listed: false,
                high_by_act: false,
                rows: Vec::new(),
            });
        }
        &mut self.schools[school]
    }

    /// `below` of `participants` of `school`, with a mean in hundredths.
    pub(super) fn scored(
        &mut self,
        school: usize,
        what: What,
        participants: u32,
        below: u32,
        mean: Option<i32>,
    ) {
        let procedure = self.procedure(what);
        self.school(school).rows.push(Measurement::new(procedure, participants, below, mean));
    }

    /// The same without a mean.
    pub(super) fn row(&mut self, school: usize, what: What, participants: u32, below: u32) {
        self.scored(school, what, participants, below, None);
    }

    pub(super) fn landscape(&self, start: i32) -> Landscape {
        let inputs: Vec<_> = self.schools.iter().zip(0..).map(|(made, id)| made.input(id)).collect();
        survey(&self.parameters, year(start), &self.procedures, &inputs)
    }

    pub(super) fn judge(&self, school: usize, start: i32) -> Judgement {
        judge(&self.parameters, &self.landscape(start), &self.schools[school].input(school as i64))
    }

    pub(super) fn strong_years(&self, school: usize, start: i32) -> Vec<StrongYear> {
        strong_years(&self.parameters, &self.landscape(start), &self.schools[school].input(school as i64))
    }
}
