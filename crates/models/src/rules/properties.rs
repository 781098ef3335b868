//! What holds of the rules whatever the facts.

use super::{facts::*, fixtures::*, propose::*, reason::ProposalGround};
use crate::types::{ModelCode, SubjectRef};
use chrono::NaiveDate;
use opora_primitives::Share;
use opora_schools::{
    identification::Lang,
    types::{DesignationKind, MunicipalityId, SchoolId, StaffRole, Subject},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Municipalities 1 and 2 are cities; 3 and 4 are districts of the first; 5 stands alone.
const MUNICIPALITIES: i64 = 5;

fn any_day() -> impl Strategy<Value = NaiveDate> {
    prop::sample::select(vec![
        "2020-02-01",
        "2020-06-01",
        "2020-09-01",
        "2020-12-31",
        "2021-01-01",
        "2021-09-01",
        "2023-06-01",
    ])
    .prop_map(day)
}

fn any_designations() -> impl Strategy<Value = Vec<Designated>> {
    let one = (prop::sample::select(DesignationKind::ALL), any_day(), prop::option::of(any_day()))
        .prop_map(|(kind, from, to)| Designated { kind, from: Some(from), to });
    prop_oneof![3 => Just(vec![]), 2 => prop::collection::vec(one, 1..3)]
}

fn any_models() -> impl Strategy<Value = HeldModels> {
    let any = || prop_oneof![4 => Just(vec![]), 1 => prop::collection::vec(prop::sample::select(ModelCode::ALL), 1..3)];
    (any(), any()).prop_map(|(begun, planned)| HeldModels { begun, planned })
}

fn any_municipality(id: i64) -> impl Strategy<Value = MunicipalityFact> {
    let parent = matches!(id, 3 | 4).then_some(MunicipalityId(1));
    (any_designations(), any_models()).prop_map(move |(designations, models)| MunicipalityFact {
        parent,
        designations,
        models,
        ..municipality(id)
    })
}

fn any_school(id: i64) -> impl Strategy<Value = SchoolFact> {
    let share = (0i64..30, 30i64..40).prop_map(|(n, d)| Share::new(n, d));
    let low = (prop::sample::select(&Subject::ALL[..3]), share)
        .prop_map(|(subject, share)| LowSubject { subject, share });
    (
        prop::option::weighted(0.9, 1..=MUNICIPALITIES),
        any::<[bool; 3]>(),
        any_designations(),
        any_models(),
        prop::collection::vec(low, 0..4),
    )
        .prop_map(
            move |(place, [listed, low_by_rule, high_by_verdict], designations, models, low_subjects)| {
                SchoolFact {
                    listed,
                    low_by_rule,
                    high_by_verdict,
                    designations,
                    models,
                    low_subjects,
                    ..school(id, place)
                }
            },
        )
}

fn any_person(id: i64, schools: i64) -> impl Strategy<Value = PersonFact> {
    let subject = prop::option::of(prop::sample::select(&Subject::ALL[..3]));
    let role = prop::sample::select(&[StaffRole::Head, StaffRole::Teacher, StaffRole::Other][..]);
    (1..=schools, role, subject, any_models()).prop_map(move |(school, role, subject, models)| PersonFact {
        models,
        ..person(id, school, role, subject)
    })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    (0i64..24).prop_flat_map(|schools| {
        let municipalities: Vec<_> = (1..=MUNICIPALITIES).map(any_municipality).collect();
        let schools_in: Vec<_> = (1..=schools).map(any_school).collect();
        // One more school than there is: a person may stand outside the facts.
        let people: Vec<_> = (1..=30).map(|id| any_person(id, schools + 1)).collect();
        (municipalities, schools_in, people).prop_map(|(m, s, p)| facts(m, s, p))
    })
}

/// Facts, and the same facts in another order.
fn facts_twice() -> impl Strategy<Value = (Facts, Facts)> {
    any_facts().prop_flat_map(|facts| {
        let (list, kept) = (facts.list, facts.clone());
        let shuffled = (
            Just(facts.municipalities).prop_shuffle(),
            Just(facts.schools).prop_shuffle(),
            Just(facts.people).prop_shuffle(),
        );
        shuffled.prop_map(move |(municipalities, mut schools, people)| {
            for school in &mut schools {
                school.designations.reverse();
                school.low_subjects.reverse();
            }
            (kept.clone(), Facts { list, municipalities, schools, people })
        })
    })
}

/// The schools of a municipality, counted the plain way: those that stand in it or in a district of it.
fn schools_of(facts: &Facts, id: MunicipalityId) -> Vec<&SchoolFact> {
    let districts: BTreeSet<_> =
        facts.municipalities.iter().filter(|m| m.parent == Some(id)).map(|m| m.id).chain([id]).collect();
    facts.schools.iter().filter(|s| s.municipality.is_some_and(|m| districts.contains(&m))).collect()
}

fn count(schools: &[&SchoolFact], holds: impl Fn(&SchoolFact) -> bool) -> u32 {
    schools.iter().filter(|school| holds(school)).count() as u32
}

fn counts_agree(facts: &Facts, on: NaiveDate, proposal: &Proposal) -> Result<(), TestCaseError> {
    let by_id: BTreeMap<SchoolId, &SchoolFact> = facts.schools.iter().map(|s| (s.id, s)).collect();
    let own = proposal.subject.school().map(|id| by_id[&id]);
    let around = proposal.subject.municipality().map(|id| schools_of(facts, id)).unwrap_or_default();
    match (&proposal.reason.ground, own) {
        (ProposalGround::ListedWithinBounds { listed, in_districts, .. }, _) => {
            prop_assert_eq!(*listed, count(&around, |s| s.listed));
            let elsewhere = |s: &SchoolFact| s.listed && s.municipality != proposal.subject.municipality();
            prop_assert_eq!(*in_districts, count(&around, elsewhere));
            prop_assert!((4..=7).contains(listed));
        }
        (
            ProposalGround::FullPartnership {
                listed, high_result, pairs, within_bounds, in_base_model, ..
            },
            _,
        ) => {
            let low = |s: &SchoolFact| s.listed || s.low_by_rule;
            prop_assert_eq!(*listed, count(&around, |s| s.listed));
            prop_assert_eq!(*high_result, count(&around, |s| s.high(on).is_some()));
            let expected = if *high_result == 0 { 0 } else { count(&around, low) };
            prop_assert_eq!(pairs.len() as u32, expected);
            let inside: BTreeSet<_> = around.iter().map(|s| s.id).collect();
            prop_assert!(pairs.iter().all(|p| inside.contains(&p.low) && inside.contains(&p.leader)));
            prop_assert!(*in_base_model || ((4..=7).contains(listed) && *high_result > 0));
            prop_assert_eq!(*within_bounds, (4..=7).contains(listed) && *high_result > 0);
        }
        (
            ProposalGround::PilotMunicipality { schools, .. }
            | ProposalGround::PilotPartnership { schools, .. },
            _,
        ) => prop_assert!(*schools <= count(&around, |s| s.takes_part(ModelCode::M1, on))),
        (ProposalGround::BaseMunicipality { schools, .. }, _) => {
            prop_assert!(*schools <= count(&around, |s| s.takes_part(ModelCode::M2, on)));
        }
        (ProposalGround::TeacherOfLowSchool { school, low, subject, school_share }, Some(own)) => {
            prop_assert_eq!((school, Some(*low)), (&own.code, own.low()));
            let shares = || own.low_subjects.iter().filter(|l| l.subject == *subject).map(|l| l.share);
            prop_assert_eq!(school_share.is_some(), shares().next().is_some());
            prop_assert!(school_share.is_none_or(|most| shares().all(|s| s.compare(most) != Some(std::cmp::Ordering::Greater))));
        }
        (ProposalGround::HeadOfListedSchool { school }, Some(own)) => {
            prop_assert!(own.listed && own.code == *school);
        }
        (ProposalGround::NetworkSchool { listed, high, .. }, Some(own)) => {
            prop_assert_eq!((*listed, *high), (own.listed, own.high(on)));
            prop_assert!(*listed || high.is_some());
        }
        (ProposalGround::BaseSchool { low, .. }, Some(own)) => prop_assert_eq!(Some(*low), own.low()),
        (ProposalGround::PilotSchool { .. }, Some(_)) => {}
        (other, None) => prop_assert!(false, "{:?} without a school", other),
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_order_of_facts_changes_nothing((one, other) in facts_twice(), on in any_day()) {
        prop_assert_eq!(propose(&one, on, RULE_VERSION), propose(&other, on, RULE_VERSION));
    }

    #[test]
    fn a_model_is_proposed_once_to_a_subject_in_order(facts in any_facts(), on in any_day()) {
        let result = propose(&facts, on, RULE_VERSION);
        let keys: Vec<_> = result.proposals.iter().map(|p| (p.model, p.subject)).collect();
        prop_assert!(keys.is_sorted_by(|a, b| a < b));
        prop_assert!(result.proposals.iter().all(|p| p.period.contains(on)));
        prop_assert!(result.proposals.iter().all(|p| p.model.model().subjects.contains(&p.subject.kind())));
    }

    #[test]
    fn no_head_of_a_school_in_models_1_or_2_is_proposed(facts in any_facts(), on in any_day()) {
        let year_2020 = on < day("2021-01-01");
        for proposal in of(ModelCode::M4, &propose(&facts, on, RULE_VERSION)) {
            let own = facts.schools.iter().find(|s| Some(s.id) == proposal.subject.school()).unwrap();
            prop_assert!(!own.models.begun.contains(&ModelCode::M1) && !own.models.begun.contains(&ModelCode::M2));
            prop_assert!(!(year_2020 && own.designated(DesignationKind::M1, on)));
            let base = own.designated(DesignationKind::M2Wave1, on) || own.designated(DesignationKind::M2Wave2, on);
            prop_assert!(!(base && on <= day("2023-03-09")));
        }
    }

    #[test]
    fn the_counts_of_every_reason_agree_with_the_facts(facts in any_facts(), on in any_day()) {
        for proposal in propose(&facts, on, RULE_VERSION).proposals {
            counts_agree(&facts, on, &proposal)?;
            let words = [proposal.reason.words(Lang::Ru), proposal.reason.words(Lang::En)];
            prop_assert!(words.iter().all(|w| w.ends_with('.') && !w.contains("  ")), "{:?}", words);
        }
    }

    #[test]
    fn every_system_with_listed_schools_has_the_third_model_or_a_gap(facts in any_facts(), on in any_day()) {
        let result = propose(&facts, on, RULE_VERSION);
        for fact in facts.municipalities.iter().filter(|m| m.parent.is_none()) {
            let listed = count(&schools_of(&facts, fact.id), |s| s.listed);
            let gap = result.coverage_gaps.iter().any(|g| g.municipality == fact.id && g.listed == listed);
            let subject = SubjectRef::Municipality { municipality: fact.id };
            let third = result.proposals.iter().any(|p| p.model == ModelCode::M3 && p.subject == subject)
                || (fact.models.holds(ModelCode::M3) && (4..=7).contains(&listed));
            prop_assert_eq!((gap, third), (listed > 0 && !(4..=7).contains(&listed), (4..=7).contains(&listed)));
        }
        prop_assert!(result.coverage_gaps.iter().all(|g| !matches!(g.municipality.0, 3 | 4)));
    }
}
