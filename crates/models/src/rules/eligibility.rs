//! Whether the rules hold a subject for a model that somebody assigns by hand.

use super::{
    facts::Facts,
    municipal,
    propose::{RULE_VERSION, View, propose},
};
use crate::types::{ModelCode, SubjectRef};
use chrono::NaiveDate;
use opora_schools::types::SchoolId;

/// Whether the rules hold `subject` for `model` on the day `on`: what they would propose it, had it not the model already.
/// The seventh model is open to all (D26). A school is held for the sixth with its municipality, if it can lead or be led.
pub fn eligible(mut facts: Facts, on: NaiveDate, model: ModelCode, subject: SubjectRef) -> bool {
    if model.model().open_enrolment {
        return true;
    }
    without(&mut facts, model, subject);
    match subject {
        SubjectRef::School { school } if model == ModelCode::M6 => is_partner(&facts, on, school),
        _ => {
            let found = propose(&facts, on, RULE_VERSION).proposals;
            found.iter().any(|proposal| (proposal.model, proposal.subject) == (model, subject))
        }
    }
}

/// What the subject has already, perhaps of another year, is no ground against it: whether it may have the model twice is
/// asked elsewhere.
fn without(facts: &mut Facts, model: ModelCode, subject: SubjectRef) {
    let held = match subject {
        SubjectRef::School { school } => {
            facts.schools.iter_mut().find(|s| s.id == school).map(|s| &mut s.models)
        }
        SubjectRef::Municipality { municipality } => {
            facts.municipalities.iter_mut().find(|m| m.id == municipality).map(|m| &mut m.models)
        }
        SubjectRef::Leader { staff, .. } | SubjectRef::Teacher { staff, .. } => {
            facts.people.iter_mut().find(|p| p.id == staff).map(|p| &mut p.models)
        }
    };
    if let Some(held) = held {
        held.begun.retain(|one| *one != model);
        held.planned.retain(|one| *one != model);
    }
}

fn is_partner(facts: &Facts, on: NaiveDate, school: SchoolId) -> bool {
    let view = View::new(facts, on, RULE_VERSION);
    let Some(fact) = view.schools.get(&school) else { return false };
    let Some(home) = fact.municipality.filter(|_| fact.low().is_some() || fact.high(on).is_some()) else {
        return false;
    };
    let homes = [view.authority_of(home), view.system_of(home)];
    let proposed = municipal::proposals(&view);
    let mut of_model = proposed.iter().filter(|p| p.model == ModelCode::M6);
    of_model.any(|p| p.subject.municipality().is_some_and(|id| homes.contains(&id)))
        || facts.municipalities.iter().any(|m| homes.contains(&m.id) && m.models.holds(ModelCode::M6))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{
            a_municipality, a_school, act_for, day, facts, high, leader, listed, municipality, person, school,
        },
        *,
    };
    use opora_schools::types::{DesignationKind, StaffRole};

    fn held(facts: &Facts, on: &str, model: ModelCode, subject: SubjectRef) -> bool {
        eligible(facts.clone(), day(on), model, subject)
    }

    #[test]
    fn the_rules_hold_whom_they_propose() {
        // Municipality 1 has two listed schools, municipality 2 four and a high-result one.
        let two = (1..=2).map(|id| listed(id, Some(1)));
        let four = (3..=6).map(|id| listed(id, Some(2)));
        let mut schools: Vec<_> = two.chain(four).chain([high(7, Some(2)), school(8, Some(2))]).collect();
        schools[2].designations.push(act_for(DesignationKind::M2Wave1));
        let people = vec![person(31, 3, StaffRole::Head, None), person(41, 4, StaffRole::Head, None)];
        let facts = facts(vec![municipality(1), municipality(2)], schools, people);
        let cases = [
            (ModelCode::M3, a_municipality(1), false),
            (ModelCode::M3, a_municipality(2), true),
            (ModelCode::M6, a_municipality(1), false),
            (ModelCode::M6, a_municipality(2), true),
            (ModelCode::M1, a_school(3), false),
            (ModelCode::M2, a_school(3), true),
            (ModelCode::M2, a_school(4), false),
            // The school of the first head is in the second model.
            (ModelCode::M4, leader(31, 3), false),
            (ModelCode::M4, leader(41, 4), true),
            // A low-result and a high-result school of the partnership; one that is neither; one outside it.
            (ModelCode::M6, a_school(4), true),
            (ModelCode::M6, a_school(7), true),
            (ModelCode::M6, a_school(8), false),
            (ModelCode::M6, a_school(1), false),
            (ModelCode::M7, a_school(8), true),
        ];
        for (model, subject, expected) in cases {
            assert_eq!(held(&facts, "2021-03-01", model, subject), expected, "{model} {subject:?}");
        }
    }

    #[test]
    fn a_model_of_another_year_is_no_ground_against_it() {
        let mut facts = facts(vec![municipality(1)], (1..=4).map(|id| listed(id, Some(1))).collect(), vec![]);
        facts.municipalities[0].models.begun.push(ModelCode::M3);
        assert!(held(&facts, "2021-03-01", ModelCode::M3, a_municipality(1)));
        // The schools of a partnership that is there already may join it.
        facts.municipalities[0].models.begun = vec![ModelCode::M6];
        assert!(held(&facts, "2021-03-01", ModelCode::M6, a_school(1)));
    }
}
