//! Rules whose subject is one school or one person: models 1, 2, 4, 5 and 7.

use super::{
    facts::{PersonFact, SchoolFact, wave},
    propose::{Proposal, ProposalWarning, View},
    reason::ProposalGround,
};
use crate::types::{ModelCode, SubjectRef};
use opora_schools::types::{DesignationKind, SchoolId, StaffRole};
use std::collections::BTreeSet;

/// Proposals for schools and for people, in no particular order.
pub(super) fn proposals(view: &View) -> Vec<Proposal> {
    let schools = view.facts.schools.iter().flat_map(|s| [pilot(view, s), base(view, s), network(view, s)]);
    let people = view.facts.people.iter().filter_map(|person| {
        let school = view.schools.get(&person.school)?;
        leader(view, person, school).or_else(|| teacher(view, person, school))
    });
    schools.flatten().chain(people).collect()
}

/// Model 1: by designation alone.
fn pilot(view: &View, school: &SchoolFact) -> Option<Proposal> {
    school
        .designated(DesignationKind::M1, view.on)
        .then(|| ProposalGround::PilotSchool { school: school.code.clone() })
        .and_then(|ground| for_school(view, ModelCode::M1, school, ground))
}

/// Model 2: designated and low-result.
fn base(view: &View, school: &SchoolFact) -> Option<Proposal> {
    let (wave, low) = (wave(&school.designations, view.on)?, school.low()?);
    let ground = ProposalGround::BaseSchool { school: school.code.clone(), wave, low };
    let subject = SubjectRef::School { school: school.id };
    view.proposal((ModelCode::M2, Some(wave)), subject, &school.models, ground)
}

/// Model 7: listed, or high-result.
fn network(view: &View, school: &SchoolFact) -> Option<Proposal> {
    let (listed, high) = (school.listed, school.high(view.on));
    (listed || high.is_some())
        .then(|| ProposalGround::NetworkSchool { school: school.code.clone(), listed, high })
        .and_then(|ground| for_school(view, ModelCode::M7, school, ground))
}

fn for_school(
    view: &View,
    model: ModelCode,
    school: &SchoolFact,
    ground: ProposalGround,
) -> Option<Proposal> {
    view.proposal((model, None), SubjectRef::School { school: school.id }, &school.models, ground)
}

/// Model 4: head of a listed school that is in neither model 1 nor model 2.
fn leader(view: &View, person: &PersonFact, school: &SchoolFact) -> Option<Proposal> {
    if person.role != StaffRole::Head || !school.listed || view.exclusion(school).is_some() {
        return None;
    }
    let subject = SubjectRef::Leader { school: school.id, staff: person.id };
    let ground = ProposalGround::HeadOfListedSchool { school: school.code.clone() };
    view.proposal((ModelCode::M4, None), subject, &person.models, ground)
}

/// Model 5: subject teacher of a low-result school; models 1 and 2 do not exclude.
fn teacher(view: &View, person: &PersonFact, school: &SchoolFact) -> Option<Proposal> {
    if person.role != StaffRole::Teacher {
        return None;
    }
    let (low, taught) = (school.low()?, person.subject?);
    let subject = SubjectRef::Teacher { school: school.id, staff: person.id };
    let school_share = school.low_share(taught);
    let ground = ProposalGround::TeacherOfLowSchool {
        school: school.code.clone(),
        low,
        subject: taught,
        school_share,
    };
    view.proposal((ModelCode::M5, None), subject, &person.models, ground)
}

/// What a person should look at, in order.
pub(super) fn warnings(view: &View) -> Vec<ProposalWarning> {
    let heads = view.facts.people.iter().filter(|person| person.role == StaffRole::Head);
    let headed: BTreeSet<SchoolId> = heads.map(|person| person.school).collect();
    let mut warnings: Vec<_> =
        view.facts.schools.iter().flat_map(|school| warnings_of(view, school, &headed)).flatten().collect();
    warnings.sort_unstable();
    warnings
}

fn warnings_of(
    view: &View,
    school: &SchoolFact,
    headed: &BTreeSet<SchoolId>,
) -> [Option<ProposalWarning>; 3] {
    let runs = |model: ModelCode| model.model().window_on(None, view.on).is_some();
    let left_out = runs(ModelCode::M2) && !school.takes_part(ModelCode::M2, view.on);
    let designated = wave(&school.designations, view.on).filter(|_| left_out);
    let contradiction = school.low().is_some() && school.high_claim(view.on).is_some();
    let leaderless = school.listed
        && runs(ModelCode::M4)
        && view.exclusion(school).is_none()
        && !headed.contains(&school.id);
    let school = school.id;
    [
        designated.map(|wave| ProposalWarning::DesignatedWithoutLowResults { school, wave }),
        contradiction.then_some(ProposalWarning::LowAndHigh { school }),
        leaderless.then_some(ProposalWarning::HeadNotKnown { school }),
    ]
}
