//! Facts for the tests of the rules.

use super::{
    facts::{Designated, Facts, HeldModels, MunicipalityFact, PersonFact, SchoolFact},
    propose::{Proposal, Proposals, RULE_VERSION, propose},
};
use crate::types::{ModelCode, SubjectRef};
use chrono::NaiveDate;
use opora_schools::types::{DesignationKind, ListId, MunicipalityId, SchoolId, StaffId, StaffRole, Subject};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn act_for(kind: DesignationKind) -> Designated {
    Designated { kind, from: Some(day("2018-01-01")), to: None }
}

/// Models that have begun.
pub(super) fn begun(models: &[ModelCode]) -> HeldModels {
    HeldModels { begun: models.to_vec(), planned: vec![] }
}

pub(super) fn municipality(id: i64) -> MunicipalityFact {
    MunicipalityFact {
        id: MunicipalityId(id),
        parent: None,
        designations: vec![],
        models: HeldModels::default(),
    }
}

/// A school with nothing to say about it.
pub(super) fn school(id: i64, municipality: Option<i64>) -> SchoolFact {
    SchoolFact {
        id: SchoolId(id),
        code: format!("{:06}", 520_000 + id).parse().unwrap(),
        municipality: municipality.map(MunicipalityId),
        listed: false,
        low_by_rule: false,
        high_by_verdict: false,
        designations: vec![],
        models: HeldModels::default(),
        low_subjects: vec![],
    }
}

pub(super) fn listed(id: i64, municipality: Option<i64>) -> SchoolFact {
    SchoolFact { listed: true, ..school(id, municipality) }
}

pub(super) fn high(id: i64, municipality: Option<i64>) -> SchoolFact {
    SchoolFact { high_by_verdict: true, ..school(id, municipality) }
}

pub(super) fn person(id: i64, school: i64, role: StaffRole, subject: Option<Subject>) -> PersonFact {
    PersonFact { id: StaffId(id), school: SchoolId(school), role, subject, models: HeldModels::default() }
}

pub(super) fn facts(
    municipalities: Vec<MunicipalityFact>,
    schools: Vec<SchoolFact>,
    people: Vec<PersonFact>,
) -> Facts {
    Facts { list: ListId(1), municipalities, schools, people }
}

pub(super) fn run(facts: &Facts, on: &str) -> Proposals {
    propose(facts, day(on), RULE_VERSION)
}

/// The proposals of one model.
pub(super) fn of(model: ModelCode, proposals: &Proposals) -> Vec<&Proposal> {
    proposals.proposals.iter().filter(|proposal| proposal.model == model).collect()
}

/// The subjects that one model is proposed for.
pub(super) fn subjects(model: ModelCode, proposals: &Proposals) -> Vec<SubjectRef> {
    of(model, proposals).into_iter().map(|proposal| proposal.subject).collect()
}

pub(super) fn a_school(id: i64) -> SubjectRef {
    SubjectRef::School { school: SchoolId(id) }
}

pub(super) fn a_municipality(id: i64) -> SubjectRef {
    SubjectRef::Municipality { municipality: MunicipalityId(id) }
}

pub(super) fn leader(staff: i64, school: i64) -> SubjectRef {
    SubjectRef::Leader { school: SchoolId(school), staff: StaffId(staff) }
}

pub(super) fn teacher(staff: i64, school: i64) -> SubjectRef {
    SubjectRef::Teacher { school: SchoolId(school), staff: StaffId(staff) }
}
