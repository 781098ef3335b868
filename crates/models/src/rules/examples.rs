//! The rules on examples worked out by hand.

use super::{facts::*, fixtures::*, propose::*, reason::*};
use crate::types::{Branch, ModelCode};
use opora_primitives::Share;
use opora_schools::{
    identification::Lang,
    types::{DesignationKind, MunicipalityId, SchoolId, StaffRole, Subject},
};

const NEVER: [crate::SubjectRef; 0] = [];

/// A municipality with `n` listed schools, ids 1..=n.
fn with_listed(n: i64) -> Facts {
    facts(vec![municipality(1)], (1..=n).map(|id| listed(id, Some(1))).collect(), vec![])
}

fn with(designations: &[DesignationKind], fact: SchoolFact) -> SchoolFact {
    SchoolFact { designations: designations.iter().copied().map(act_for).collect(), ..fact }
}

fn ground(proposals: &Proposals, model: ModelCode) -> &ProposalGround {
    &of(model, proposals)[0].reason.ground
}

#[test]
fn model_1_takes_designated_schools_and_their_authority_until_the_end_of_2020() {
    let facts = facts(
        vec![municipality(1), municipality(2)],
        vec![with(&[DesignationKind::M1], school(1, Some(1))), school(2, Some(2))],
        vec![],
    );
    let last = run(&facts, "2020-12-31");
    assert_eq!(subjects(ModelCode::M1, &last), [a_school(1), a_municipality(1)]);
    let expected = ProposalGround::PilotMunicipality { designated: false, schools: 1 };
    assert_eq!(of(ModelCode::M1, &last)[1].reason.ground, expected);
    assert_eq!(of(ModelCode::M1, &last)[0].period.to, Some(day("2020-12-31")));
    assert_eq!(subjects(ModelCode::M1, &run(&facts, "2021-01-01")), NEVER);
}

#[test]
fn a_designation_counts_only_while_it_is_in_force() {
    let ended = Designated { to: Some(day("2020-05-31")), ..act_for(DesignationKind::M1) };
    let school = SchoolFact { designations: vec![ended], ..school(1, None) };
    let facts = facts(vec![], vec![school], vec![]);
    assert_eq!(subjects(ModelCode::M1, &run(&facts, "2020-05-31")), [a_school(1)]);
    assert_eq!(subjects(ModelCode::M1, &run(&facts, "2020-06-01")), NEVER);
}

#[test]
fn model_2_takes_designated_low_schools_by_wave_and_their_municipalities() {
    let by_rule = SchoolFact { low_by_rule: true, ..school(2, Some(1)) };
    let facts = facts(
        vec![municipality(1), municipality(2)],
        vec![
            with(&[DesignationKind::M2Wave2], listed(1, Some(1))),
            with(&[DesignationKind::M2Wave1], by_rule),
            with(&[DesignationKind::M2Wave2], listed(3, Some(2))),
            listed(4, Some(2)),
        ],
        vec![],
    );
    let result = run(&facts, "2020-06-01");
    let got: Vec<_> = of(ModelCode::M2, &result).iter().map(|p| (p.subject, p.branch)).collect();
    // The first municipality has one school of each wave: its wave is the earlier one.
    assert_eq!(
        got,
        [
            (a_school(1), Some(Branch::Wave2)),
            (a_school(2), Some(Branch::Wave1)),
            (a_school(3), Some(Branch::Wave2)),
            (a_municipality(1), Some(Branch::Wave1)),
            (a_municipality(2), Some(Branch::Wave2)),
        ]
    );
    let schools = of(ModelCode::M2, &result)[3].reason.ground.clone();
    assert_eq!(schools, ProposalGround::BaseMunicipality { designated: false, schools: 2 });
    assert_eq!(subjects(ModelCode::M2, &run(&facts, "2020-03-09")), NEVER);
    assert_eq!(subjects(ModelCode::M2, &run(&facts, "2023-03-10")), NEVER);
}

#[test]
fn a_designated_school_without_low_results_is_a_warning_not_a_proposal() {
    let facts =
        facts(vec![municipality(1)], vec![with(&[DesignationKind::M2Wave1], school(1, Some(1)))], vec![]);
    let result = run(&facts, "2020-06-01");
    assert_eq!(result.proposals, []);
    let warning = ProposalWarning::DesignatedWithoutLowResults { school: SchoolId(1), wave: Branch::Wave1 };
    assert_eq!(result.warnings, [warning]);
}

#[test]
fn model_3_takes_municipalities_with_4_to_7_listed_schools() {
    for (listed, proposed, gap) in [
        (0, false, None),
        (1, false, Some(GapKind::TooFew)),
        (3, false, Some(GapKind::TooFew)),
        (4, true, None),
        (7, true, None),
        (8, false, Some(GapKind::TooMany)),
    ] {
        let result = run(&with_listed(listed), "2020-06-01");
        assert_eq!(!subjects(ModelCode::M3, &result).is_empty(), proposed, "{listed}");
        assert_eq!(result.coverage_gaps.first().map(|gap| gap.kind), gap, "{listed}");
        assert!(result.coverage_gaps.iter().all(|gap| i64::from(gap.listed) == listed));
    }
}

#[test]
fn low_schools_off_the_list_do_not_count_for_model_3() {
    let mut facts = with_listed(3);
    facts.schools.push(SchoolFact { low_by_rule: true, ..school(4, Some(1)) });
    assert_eq!(subjects(ModelCode::M3, &run(&facts, "2020-06-01")), NEVER);
}

#[test]
fn a_city_counts_the_listed_schools_of_its_districts() {
    let district = MunicipalityFact { parent: Some(MunicipalityId(1)), ..municipality(2) };
    let schools = vec![listed(1, Some(1)), listed(2, Some(1)), listed(3, Some(2)), listed(4, Some(2))];
    let result = run(&facts(vec![municipality(1), district], schools, vec![]), "2020-06-01");
    assert_eq!(subjects(ModelCode::M3, &result), [a_municipality(1)]);
    let expected = ProposalGround::ListedWithinBounds { listed: 4, in_districts: 2, from: 4, to: 7 };
    assert_eq!(ground(&result, ModelCode::M3), &expected);
    assert_eq!(result.coverage_gaps, []);
}

#[test]
fn a_district_with_its_own_authority_is_a_subject_besides_its_city() {
    let district = MunicipalityFact {
        parent: Some(MunicipalityId(1)),
        designations: vec![act_for(DesignationKind::M1)],
        ..municipality(2)
    };
    // City: 4 schools of its own and 4 of the district are 8, too many. District: 4, within the bounds.
    let schools = (1..=8).map(|id| listed(id, Some(if id <= 4 { 1 } else { 2 }))).collect();
    let result = run(&facts(vec![municipality(1), district], schools, vec![]), "2020-06-01");
    assert_eq!(subjects(ModelCode::M3, &result), [a_municipality(2)]);
    let gap = CoverageGap { municipality: MunicipalityId(1), listed: 8, kind: GapKind::TooMany };
    assert_eq!(result.coverage_gaps, [gap]);
    assert_eq!(subjects(ModelCode::M1, &result), [a_municipality(2)]);
    assert_eq!(subjects(ModelCode::M6, &result), [a_municipality(2)]);
}

#[test]
fn model_4_takes_heads_of_listed_schools_outside_models_1_and_2() {
    let schools = vec![
        listed(1, None),
        with(&[DesignationKind::M1], listed(2, None)),
        with(&[DesignationKind::M2Wave2], listed(3, None)),
        SchoolFact { models: begun(&[ModelCode::M2]), ..listed(4, None) },
        SchoolFact { low_by_rule: true, ..school(5, None) },
        SchoolFact { models: begun(&[ModelCode::M7]), ..listed(6, None) },
    ];
    let mut people: Vec<_> = (1..=6).map(|id| person(id, id, StaffRole::Head, None)).collect();
    people.push(person(7, 1, StaffRole::Deputy, None));
    let facts = facts(vec![], schools, people);
    assert_eq!(subjects(ModelCode::M4, &run(&facts, "2020-07-31")), NEVER);
    assert_eq!(subjects(ModelCode::M4, &run(&facts, "2020-09-01")), [leader(1, 1), leader(6, 6)]);
    // The first model is over in 2021 (decision 9), so the head of its school may come in.
    assert_eq!(
        subjects(ModelCode::M4, &run(&facts, "2021-01-01")),
        [leader(1, 1), leader(2, 2), leader(6, 6)]
    );
}

#[test]
fn a_listed_school_without_a_head_is_a_warning() {
    let warnings = run(&facts(vec![], vec![listed(1, None)], vec![]), "2020-09-01").warnings;
    assert_eq!(warnings, [ProposalWarning::HeadNotKnown { school: SchoolId(1) }]);
}

#[test]
fn models_1_and_2_and_the_fourth_exclude_each_other_and_no_others() {
    for model in ModelCode::ALL {
        for other in exclusions(*model) {
            assert!(exclusions(*other).contains(model), "{model} and {other}");
        }
    }
    assert_eq!(exclusions(ModelCode::M4), [ModelCode::M1, ModelCode::M2]);
    let others = [ModelCode::M3, ModelCode::M5, ModelCode::M6, ModelCode::M7];
    assert!(others.iter().all(|model| exclusions(*model).is_empty()));
}

#[test]
fn model_5_takes_subject_teachers_of_low_schools_with_the_schools_share() {
    let low = |subject, n, of| LowSubject { subject, share: Share::new(n, of) };
    let first = SchoolFact {
        // 7 of 20 is 35 %, 4 of 10 and 12 of 30 are both 40 %: the larger share is told, of equal ones the larger cohort.
        low_subjects: [(7, 20), (4, 10), (12, 30)].map(|(n, of)| low(Subject::Mathematics, n, of)).to_vec(),
        ..with(&[DesignationKind::M2Wave1], listed(1, None))
    };
    let by_rule = SchoolFact { low_by_rule: true, ..school(2, None) };
    let people = vec![
        person(1, 1, StaffRole::Teacher, Some(Subject::Mathematics)),
        person(2, 1, StaffRole::Teacher, Some(Subject::Physics)),
        person(3, 1, StaffRole::Teacher, None),
        person(4, 1, StaffRole::Psychologist, Some(Subject::Physics)),
        person(5, 2, StaffRole::Teacher, Some(Subject::Physics)),
        person(6, 3, StaffRole::Teacher, Some(Subject::Physics)),
    ];
    let result = run(&facts(vec![], vec![first, by_rule, school(3, None)], people), "2020-09-01");
    assert_eq!(subjects(ModelCode::M5, &result), [teacher(1, 1), teacher(2, 1), teacher(5, 2)]);
    let shares: Vec<_> = of(ModelCode::M5, &result)
        .iter()
        .map(|proposal| match &proposal.reason.ground {
            ProposalGround::TeacherOfLowSchool { school_share, .. } => *school_share,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shares, [Some(Share::new(12, 30)), None, None]);
    let words = of(ModelCode::M5, &result)[0].reason.words(Lang::Ru);
    assert!(words.contains("12 из 30 участников (40 %)"), "{words}");
    assert!(words.contains("нельзя судить о работе учителя"), "{words}");
}

#[test]
fn model_6_pilots_in_2020_with_the_municipalities_of_model_1() {
    let pilot = MunicipalityFact { designations: vec![act_for(DesignationKind::M1)], ..municipality(1) };
    let facts = facts(vec![pilot, municipality(2)], vec![], vec![]);
    let result = run(&facts, "2020-12-31");
    assert_eq!(subjects(ModelCode::M6, &result), [a_municipality(1)]);
    assert_eq!(of(ModelCode::M6, &result)[0].branch, Some(Branch::Pilot));
    let expected = ProposalGround::PilotPartnership { designated: true, assigned: false, schools: 0 };
    assert_eq!(ground(&result, ModelCode::M6), &expected);
    assert_eq!(subjects(ModelCode::M6, &run(&facts, "2021-01-01")), NEVER);
}

#[test]
fn model_6_full_run_needs_a_high_school_only_with_4_to_7_listed() {
    for (count, leaders, proposed) in
        [(3, 1, false), (4, 0, false), (4, 1, true), (7, 1, true), (8, 1, false), (7, 0, false)]
    {
        let mut facts = with_listed(count);
        facts.schools.extend((0..leaders).map(|i| high(100 + i, Some(1))));
        assert_eq!(
            !subjects(ModelCode::M6, &run(&facts, "2021-01-01")).is_empty(),
            proposed,
            "{count} {leaders}"
        );
        assert_eq!(subjects(ModelCode::M6, &run(&facts, "2020-12-31")), NEVER);
    }
    // Decision 8: a municipality of the second model needs no high-result school.
    let base = with(&[DesignationKind::M2Wave1], listed(1, Some(1)));
    let result = run(&facts(vec![municipality(1)], vec![base], vec![]), "2021-01-01");
    assert_eq!(subjects(ModelCode::M6, &result), [a_municipality(1)]);
    let expected = ProposalGround::FullPartnership {
        in_base_model: true,
        assigned: false,
        base_schools: 1,
        within_bounds: false,
        listed: 1,
        high_result: 0,
        pairs: vec![],
    };
    assert_eq!(ground(&result, ModelCode::M6), &expected);
}

#[test]
fn pairs_stay_inside_the_municipality_and_share_the_leaders() {
    let mut facts = with_listed(4);
    facts.municipalities.push(municipality(2));
    facts.schools.extend([high(11, Some(1)), high(12, Some(1)), high(13, Some(2))]);
    let result = run(&facts, "2021-01-01");
    let ProposalGround::FullPartnership { pairs, high_result, .. } = ground(&result, ModelCode::M6) else {
        panic!("another ground");
    };
    let ids: Vec<_> = pairs.iter().map(|pair| (pair.low.0, pair.leader.0)).collect();
    assert_eq!((ids, *high_result), (vec![(1, 11), (2, 12), (3, 11), (4, 12)], 2));
}

#[test]
fn a_school_both_low_and_high_leads_nobody() {
    let mut facts = with_listed(3);
    facts.schools.push(with(&[DesignationKind::HighResult], listed(4, Some(1))));
    let result = run(&facts, "2021-01-01");
    assert_eq!(subjects(ModelCode::M6, &result), NEVER);
    assert!(result.warnings.contains(&ProposalWarning::LowAndHigh { school: SchoolId(4) }));
}

#[test]
fn a_state_school_takes_no_part_in_models_3_and_6() {
    let mut facts = with_listed(3);
    facts.schools.extend([listed(4, None), high(5, None)]);
    for on in ["2020-06-01", "2021-01-01"] {
        let result = run(&facts, on);
        assert_eq!(subjects(ModelCode::M3, &result), NEVER);
        assert_eq!(subjects(ModelCode::M6, &result), NEVER);
        assert_eq!(result.coverage_gaps[0].listed, 3);
    }
    assert!(subjects(ModelCode::M7, &run(&facts, "2021-01-01")).contains(&a_school(4)));
}

#[test]
fn model_7_is_proposed_to_listed_and_high_schools_from_2021() {
    let schools = vec![
        listed(1, None),
        high(2, None),
        with(&[DesignationKind::HighResult], high(3, None)),
        school(4, None),
        SchoolFact { models: begun(&[ModelCode::M7]), ..listed(5, None) },
    ];
    let facts = facts(vec![], schools, vec![]);
    assert_eq!(subjects(ModelCode::M7, &run(&facts, "2020-12-31")), NEVER);
    let result = run(&facts, "2021-01-01");
    assert_eq!(subjects(ModelCode::M7, &result), [a_school(1), a_school(2), a_school(3)]);
    let high: Vec<_> = of(ModelCode::M7, &result)
        .iter()
        .map(|proposal| match proposal.reason.ground {
            ProposalGround::NetworkSchool { high, .. } => high,
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(high, [None, Some(HighBasis::Verdict), Some(HighBasis::Act)]);
    assert!(ModelCode::M7.model().open_enrolment);
}

#[test]
fn a_model_that_is_active_is_not_proposed_again() {
    let mut facts = with_listed(4);
    facts.municipalities[0].models.begun.push(ModelCode::M3);
    facts.people =
        vec![PersonFact { models: begun(&[ModelCode::M4]), ..person(1, 1, StaffRole::Head, None) }];
    let result = run(&facts, "2020-09-01");
    assert_eq!(result.proposals, []);
}

#[test]
fn a_planned_model_is_had_and_not_yet_taken_part_in() {
    let planned = HeldModels { planned: vec![ModelCode::M2, ModelCode::M7], ..HeldModels::default() };
    let head = || vec![person(1, 1, StaffRole::Head, None)];
    let with_models = |models: HeldModels| {
        let school = SchoolFact { models, ..listed(1, Some(1)) };
        run(&facts(vec![municipality(1)], vec![school], head()), "2021-03-01")
    };
    let result = with_models(planned);
    assert_eq!(subjects(ModelCode::M4, &result), [leader(1, 1)]);
    for model in [ModelCode::M2, ModelCode::M6, ModelCode::M7] {
        assert_eq!(subjects(model, &result), NEVER, "{model}");
    }
    let result = with_models(begun(&[ModelCode::M2, ModelCode::M7]));
    assert_eq!(subjects(ModelCode::M4, &result), NEVER);
    for (model, expected) in [(ModelCode::M2, vec![a_municipality(1)]), (ModelCode::M7, vec![])] {
        assert_eq!(subjects(model, &result), expected, "{model}");
    }
    assert_eq!(subjects(ModelCode::M6, &result), [a_municipality(1)]);
}

#[test]
fn a_municipality_in_a_model_by_assignment_alone_is_told_so() {
    let assigned = |model| MunicipalityFact { models: begun(&[model]), ..municipality(1) };
    let of_day = |model, on| {
        let result = run(&facts(vec![assigned(model)], vec![], vec![]), on);
        of(ModelCode::M6, &result)[0].reason.clone()
    };
    let pilot = of_day(ModelCode::M1, "2020-12-15");
    assert_eq!(
        pilot.ground,
        ProposalGround::PilotPartnership { designated: false, assigned: true, schools: 0 }
    );
    assert_eq!(
        pilot.words(Lang::Ru),
        "Муниципалитет участвует в модели 1. Она назначена муниципалитету отдельным решением, школ модели 1: 0. \
         Пилотный этап модели 6 — до конца 2020 года."
    );
    assert_eq!(
        pilot.words(Lang::En),
        "The municipality is in model 1. It has the model by an assignment of its own; schools in model 1: 0. The pilot of \
         model 6 lasts until the end of 2020."
    );
    let full = of_day(ModelCode::M2, "2021-03-01");
    assert!(
        full.words(Lang::Ru)
            .starts_with("Муниципалитет участвует в модели 2 по отдельному решению, школ модели 2: 0.")
    );
    assert!(
        full.words(Lang::En).starts_with(
            "The municipality is in model 2 by an assignment of its own; schools in model 2: 0."
        )
    );
    // An act designates the municipality besides.
    let designations = vec![act_for(DesignationKind::M2Wave1)];
    let designated = MunicipalityFact { designations, ..assigned(ModelCode::M2) };
    let result = run(&facts(vec![designated], vec![], vec![]), "2021-03-01");
    let words = of(ModelCode::M6, &result)[0].reason.words(Lang::Ru);
    assert!(words.starts_with("Муниципалитет участвует в модели 2, школ модели 2: 0."), "{words}");
    // What was kept before the ground was told.
    let old = serde_json::json!({ "kind": "pilot_partnership", "designated": true, "schools": 0 });
    let expected = ProposalGround::PilotPartnership { designated: true, assigned: false, schools: 0 };
    assert_eq!(serde_json::from_value::<ProposalGround>(old).unwrap(), expected);
}

#[test]
fn a_reason_names_its_rules_and_survives_the_trip_through_json() {
    let reason = run(&with_listed(5), "2020-06-01").proposals[0].reason.clone();
    let json = serde_json::to_value(&reason).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "rule_version": RULE_VERSION, "list": 1, "on": "2020-06-01",
            "ground": {"kind": "listed_within_bounds", "listed": 5, "in_districts": 0, "from": 4, "to": 7},
        })
    );
    assert_eq!(serde_json::from_value::<ProposalReason>(json).unwrap(), reason);
    assert_eq!(
        reason.words(Lang::Ru),
        "В муниципалитете 5 школ из перечня Рособрнадзора; модель 3 — для 4–7 включительно."
    );
    assert_eq!(
        reason.words(Lang::En),
        "The municipality has 5 schools on the Rosobrnadzor list; model 3 is for 4 to 7, inclusive."
    );
}
