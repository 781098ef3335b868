//! Worked examples: each verdict with the arithmetic beside it.

use super::{
    fixtures::{Region, What, year},
    inputs::Measurement,
    judge::{Finding, Judgement, Outcome},
    methodology::ComparisonGroup,
    step::Step,
    words::Lang,
};
use crate::types::{
    Assessment::{self, Ege, Niko, Oge, Vpr},
    Locality, SchoolKind, Subject,
};

const RUSSIAN: Subject = Subject::Russian;
const MATHS: Subject = Subject::Mathematics;

fn oge(subject: Subject, start: i32) -> What {
    (Oge, 9, subject, start)
}

fn region(rows: &[(usize, What, u32, u32)]) -> Region {
    let mut region = Region::default();
    for (school, what, participants, below) in rows {
        region.row(*school, *what, *participants, *below);
    }
    region
}

fn outcome(judgement: &Judgement) -> (Outcome, &[Finding]) {
    (judgement.outcome, &judgement.findings)
}

#[test]
fn two_procedures_at_exactly_thirty_percent_are_low() {
    // 3 of 10 is 30 %, 30 of 100 is 30 %: two of the two needed.
    let region = region(&[(0, oge(MATHS, 2018), 10, 3), (0, oge(RUSSIAN, 2018), 100, 30)]);
    let judgement = region.judge(0, 2018);
    assert_eq!(outcome(&judgement), (Outcome::Low, [Finding::LowShare, Finding::Risk].as_slice()));
    assert!(judgement.trace.contains(&Step::LowShare {
        found: 2,
        needed: 2,
        of: 2,
        threshold_percent: 30,
        years: 1,
        holds: true
    }));
}

#[test]
fn one_participant_fewer_is_only_risk() {
    // 29 of 100 is under 30 %; 3 of 10 alone is enough for risk.
    let region = region(&[(0, oge(MATHS, 2018), 10, 3), (0, oge(RUSSIAN, 2018), 100, 29)]);
    assert_eq!(outcome(&region.judge(0, 2018)), (Outcome::Risk, [Finding::Risk].as_slice()));
}

#[test]
fn last_year_does_not_count_in_a_window_of_one_year() {
    let mut region = region(&[
        (0, oge(MATHS, 2017), 10, 9),
        (0, oge(RUSSIAN, 2017), 10, 9),
        (0, oge(MATHS, 2018), 10, 3),
        (0, oge(RUSSIAN, 2018), 10, 0),
    ]);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Risk);
    // A window of two years sees three procedures at 30 %.
    region.parameters.low_share.years = 2;
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Low);
}

#[test]
fn two_procedures_in_the_band_are_risk_and_one_is_not() {
    // 2 of 10 is 20 %, 29 of 100 is 29 %; 19 of 100 is under the band.
    let both = region(&[(0, oge(MATHS, 2018), 10, 2), (0, oge(RUSSIAN, 2018), 100, 29)]);
    assert_eq!(both.judge(0, 2018).outcome, Outcome::Risk);
    let one = region(&[(0, oge(MATHS, 2018), 10, 2), (0, oge(RUSSIAN, 2018), 100, 19)]);
    assert_eq!(outcome(&one.judge(0, 2018)), (Outcome::Ordinary, [].as_slice()));
}

#[test]
fn a_trend_goes_over_the_cancelled_exam() {
    // 2018/2019: 2 of 20 against 2 of 40 in the region (10 % > 5 %); 2020/2021 the same. 2019/2020 was cancelled: the
    // row that claims otherwise is no criterion.
    let mut region = region(&[
        (0, oge(MATHS, 2018), 20, 2),
        (1, oge(MATHS, 2018), 20, 0),
        (0, oge(MATHS, 2019), 20, 0),
        (0, oge(MATHS, 2020), 20, 2),
        (1, oge(MATHS, 2020), 20, 0),
    ]);
    let judgement = region.judge(0, 2020);
    assert_eq!(outcome(&judgement), (Outcome::Low, [Finding::LowTrend].as_slice()));
    let years = vec![year(2020), year(2018)];
    assert!(judgement.trace.contains(&Step::LowTrend {
        years,
        needed: 2,
        criteria_percent: 100,
        holds: true
    }));
    assert!(judgement.trace.iter().any(|step| matches!(step, Step::Judged { ignored: 1, .. })));
    assert_eq!(region.judge(1, 2020).outcome, Outcome::Ordinary);

    // A measured year between them in which the school is not below breaks the row.
    region.row(0, (Ege, 11, RUSSIAN, 2019), 20, 0);
    region.row(1, (Ege, 11, RUSSIAN, 2019), 20, 1);
    assert_eq!(region.judge(0, 2020).outcome, Outcome::Ordinary);
}

#[test]
fn base_mathematics_skips_two_years() {
    let base = |start| (Ege, 11, Subject::BaseMathematics, start);
    let rows = [2018, 2021].map(|start| [(0, base(start), 20, 2), (1, base(start), 20, 1)]).concat();
    let judgement = region(&rows).judge(0, 2021);
    assert_eq!(judgement.findings, [Finding::LowTrend]);
}

#[test]
fn grade_nine_took_two_subjects_in_2021() {
    // Physics of 2020/2021 cannot have been measured, so it cannot save the school either.
    let physics = oge(Subject::Physics, 2020);
    let rows = [
        (0, oge(MATHS, 2018), 20, 2),
        (1, oge(MATHS, 2018), 20, 0),
        (0, oge(MATHS, 2020), 20, 2),
        (1, oge(MATHS, 2020), 20, 0),
        (0, physics, 20, 0),
        (1, physics, 20, 9),
    ];
    assert_eq!(region(&rows).judge(0, 2020).findings, [Finding::LowTrend]);
}

#[test]
fn one_criterion_not_below_the_group_breaks_the_trend() {
    // Russian in 2018/2019: 1 of 20 in both schools is 2 of 40 in the region: equal, so not below.
    let mut rows = vec![];
    for start in [2017, 2018] {
        rows.extend([(0, oge(MATHS, start), 20, 2), (1, oge(MATHS, start), 20, 0)]);
    }
    rows.extend([(0, oge(RUSSIAN, 2018), 20, 1), (1, oge(RUSSIAN, 2018), 20, 1)]);
    let mut region = region(&rows);
    let judgement = region.judge(0, 2018);
    assert_eq!(judgement.outcome, Outcome::Ordinary);
    let shown = judgement.trace.iter().find_map(|step| match step {
        Step::AgainstGroup { measured, below_group, .. } => Some((measured.subject, *below_group)),
        _ => None,
    });
    assert_eq!(shown, Some((RUSSIAN, false)));
    // Half of the criteria suffices if the methodology says so.
    region.parameters.low_trend.criteria_percent = 50;
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Low);
}

#[test]
fn a_small_cohort_is_pooled_with_its_neighbour() {
    // 2 of 6 and 2 of 6 are 4 of 12: 33.33 %, in two subjects.
    let rows = [RUSSIAN, MATHS].map(|s| [(0, oge(s, 2017), 6, 2), (0, oge(s, 2018), 6, 2)]).concat();
    let judgement = region(&rows).judge(0, 2018);
    assert_eq!(outcome(&judgement), (Outcome::Low, [Finding::LowShare, Finding::Risk].as_slice()));
    let pooled = judgement.trace.iter().find_map(|step| match step {
        Step::ShareReached { measured, .. } => Some((measured.pooled_with.clone(), measured.below)),
        _ => None,
    });
    assert_eq!(pooled, Some((vec![year(2017)], opora_primitives::Share::new(4, 12))));
}

#[test]
fn pooling_goes_over_a_year_nobody_was_measured_in() {
    // The neighbour of 2020/2021 is 2018/2019: the exam of 2020 was cancelled.
    let rows = [RUSSIAN, MATHS].map(|s| [(0, oge(s, 2018), 6, 2), (0, oge(s, 2020), 6, 2)]).concat();
    assert_eq!(region(&rows).judge(0, 2020).outcome, Outcome::Low);
}

#[test]
fn still_too_small_is_insufficient_and_never_not_low() {
    // 4 + 5 = 9 < 10.
    let rows = [(0, oge(MATHS, 2017), 4, 0), (0, oge(MATHS, 2018), 5, 0)];
    let mut region = region(&rows);
    let judgement = region.judge(0, 2018);
    assert_eq!(outcome(&judgement), (Outcome::InsufficientData, [Finding::InsufficientData].as_slice()));
    assert!(judgement.trace.iter().any(|step| matches!(step, Step::Small { minimum: 10, .. })));
    // An act does not turn too few data into high results, and stays visible.
    region.school(0).high_by_act = true;
    let findings = [Finding::High, Finding::InsufficientData];
    assert_eq!(outcome(&region.judge(0, 2018)), (Outcome::InsufficientData, findings.as_slice()));
    // One pupil more and it is measured.
    region.row(0, oge(MATHS, 2018), 1, 0);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::High);
}

#[test]
fn without_a_row_of_the_year_there_is_no_conclusion() {
    let region = region(&[(0, oge(MATHS, 2017), 20, 0), (1, oge(MATHS, 2018), 20, 0)]);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::InsufficientData);
    let mut nobody = region.clone();
    nobody.row(0, oge(MATHS, 2018), 0, 0);
    assert_eq!(nobody.judge(0, 2018).outcome, Outcome::InsufficientData);
}

#[test]
fn a_trend_stands_through_an_unmeasured_year() {
    let rows =
        [2016, 2017].map(|start| [(0, oge(MATHS, start), 20, 2), (1, oge(MATHS, start), 20, 0)]).concat();
    let judgement = region(&rows).judge(0, 2018);
    assert_eq!(
        outcome(&judgement),
        (Outcome::Low, [Finding::LowTrend, Finding::InsufficientData].as_slice())
    );
}

#[test]
fn one_small_cohort_does_not_make_two_years() {
    // 6 + 6 is one sufficient cohort of 2018/2019; 2017/2018 has none left, so there is one measured year.
    let rows =
        [2017, 2018].map(|start| [(0, oge(MATHS, start), 6, 1), (1, oge(MATHS, start), 60, 0)]).concat();
    let judgement = region(&rows).judge(0, 2018);
    assert_eq!(judgement.outcome, Outcome::Ordinary);
    assert!(
        judgement
            .trace
            .iter()
            .any(|step| matches!(step, Step::Judged { years, .. } if *years == [year(2018)]))
    );
}

#[test]
fn the_sample_study_is_never_a_criterion() {
    let rows = [RUSSIAN, MATHS].map(|s| (0, (Niko, 7, s, 2018), 20, 20));
    let mut region = region(&rows);
    region.row(0, oge(MATHS, 2018), 20, 0);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Ordinary);
    region.parameters.counted_assessments.push(Niko);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Ordinary);
}

#[test]
fn an_assessment_the_methodology_leaves_out_is_no_criterion() {
    let rows = [RUSSIAN, MATHS].map(|s| (0, (Assessment::Regional, 7, s, 2018), 20, 20));
    let mut region = region(&rows);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Low);
    region.parameters.counted_assessments = vec![Vpr, Oge, Ege];
    assert_eq!(region.judge(0, 2018).outcome, Outcome::InsufficientData);
}

#[test]
fn an_excluded_kind_gets_no_verdict_and_leaves_the_group() {
    let mut region = region(&[
        (0, oge(MATHS, 2017), 20, 2),
        (0, oge(MATHS, 2018), 20, 2),
        (1, oge(MATHS, 2017), 20, 20),
        (1, oge(MATHS, 2018), 20, 20),
    ]);
    region.school(1).kind = SchoolKind::Evening;
    region.school(1).listed = true;
    assert_eq!(region.judge(1, 2018).outcome, Outcome::Low);
    region.parameters.excluded_kinds = vec![SchoolKind::Evening];
    assert_eq!(outcome(&region.judge(1, 2018)), (Outcome::Excluded, [Finding::Listed].as_slice()));
    let group = region.landscape(2018).group_results(0, Locality::Urban).unwrap();
    assert_eq!(group.below, opora_primitives::Share::new(2, 20));
}

#[test]
fn a_village_school_can_be_compared_with_village_schools() {
    // 3 of 20 (15 %) against the region's 7 of 80 (8.75 %) is below; against the villages' 7 of 40 (17.5 %) it is not.
    let mut rows = vec![];
    for start in [2017, 2018] {
        rows.extend([
            (0, oge(MATHS, start), 20, 3),
            (1, oge(MATHS, start), 20, 4),
            (2, oge(MATHS, start), 40, 0),
        ]);
    }
    let mut region = region(&rows);
    for village in [0, 1] {
        region.school(village).locality = Locality::Rural;
    }
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Low);
    region.parameters.comparison_group = ComparisonGroup::SameLocality;
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Ordinary);
}

/// Four schools over `years`, three check works a year; school 0 is the best of the four.
fn four_schools(years: impl Iterator<Item = i32>) -> Region {
    let mut region = Region::default();
    for start in years {
        for subject in [RUSSIAN, MATHS, Subject::Biology] {
            region.scored(0, (Vpr, 6, subject, start), 20, 0, Some(420));
            for school in 1..4 {
                region.scored(school, (Vpr, 6, subject, start), 20, 2 + school as u32 % 2, Some(380));
            }
        }
    }
    region
}

#[test]
fn the_best_quarter_in_three_measured_years_is_high() {
    // A quarter of four is one school. The group's mean is (420 + 3 * 380) / 4 = 390; 420 is under 390 * 1.15 = 448.5.
    let region = four_schools(2016..2019);
    let judgement = region.judge(0, 2018);
    assert_eq!(outcome(&judgement), (Outcome::High, [Finding::High].as_slice()));
    assert!(!judgement.bias_flag);
    assert_eq!(judgement.trace.iter().filter(|s| matches!(s, Step::AgainstBest { .. })).count(), 9);
    // Two years are not three. School 2, with 2 of 20 like the group's 8 of 80, is neither below it nor the best.
    assert_eq!(four_schools(2017..2019).judge(0, 2018).outcome, Outcome::Ordinary);
    assert_eq!(region.judge(2, 2018).outcome, Outcome::Ordinary);
}

#[test]
fn three_schools_have_no_quarter() {
    let mut region = four_schools(2016..2019);
    region.schools.truncate(3);
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Ordinary);
}

#[test]
fn an_act_designates_high_results_but_not_over_low_ones() {
    let mut region = region(&[(0, oge(MATHS, 2018), 20, 0)]);
    region.school(0).high_by_act = true;
    assert_eq!(outcome(&region.judge(0, 2018)), (Outcome::High, [Finding::High].as_slice()));
    region.row(0, oge(RUSSIAN, 2018), 10, 3);
    let findings = [Finding::Risk, Finding::High];
    assert_eq!(outcome(&region.judge(0, 2018)), (Outcome::Risk, findings.as_slice()));
}

/// School 0 far above in check works (480 against (480 + 3 * 380) / 4 = 405: 405 * 1.15 = 465.75) and one exam.
fn biased(ege_mean: i32) -> Region {
    let mut region = four_schools(2016..2019);
    let best = region.school(0);
    best.rows = best.rows.iter().map(|m| Measurement::new(m.procedure(), 20, 0, Some(480))).collect();
    for start in 2016..2019 {
        region.scored(0, (Ege, 11, RUSSIAN, start), 20, 0, Some(ege_mean));
        region.scored(1, (Ege, 11, RUSSIAN, start), 20, 0, Some(6000));
    }
    region
}

#[test]
fn check_works_that_the_exam_does_not_confirm_block_high() {
    // Three of four criteria are among the best: 75 %, as needed. Equal to the group is not above it.
    for ege_mean in [5000, 6000] {
        let judgement = biased(ege_mean).judge(0, 2018);
        assert!(judgement.bias_flag);
        assert_eq!(outcome(&judgement), (Outcome::Ordinary, [].as_slice()));
        assert!(
            judgement
                .trace
                .iter()
                .any(|s| matches!(s, Step::High { blocked_by_bias: true, holds: false, .. }))
        );
    }
    let confirmed = biased(6001).judge(0, 2018);
    assert!(!confirmed.bias_flag);
    assert_eq!(confirmed.outcome, Outcome::High);
}

#[test]
fn bias_never_removes_a_low_verdict() {
    let mut region = biased(5000);
    for subject in [Subject::Physics, Subject::History] {
        region.scored(0, (Ege, 11, subject, 2018), 10, 3, Some(4000));
    }
    let judgement = region.judge(0, 2018);
    assert!(judgement.bias_flag);
    assert_eq!(judgement.outcome, Outcome::Low);
}

#[test]
fn strong_years_of_a_resilient_school() {
    let region = four_schools(2017..2019);
    let years = region.strong_years(0, 2018);
    let seen: Vec<_> = years.iter().map(|y| (y.year, y.strong_criteria, y.criteria, y.strong)).collect();
    assert_eq!(seen, [(year(2018), 3, 3, true), (year(2017), 3, 3, true)]);
    let rule = &region.parameters.resilience;
    assert!(super::is_resilient(rule, true, &years));
    assert!(!super::is_resilient(rule, false, &years) && !super::is_resilient(rule, true, &years[..1]));
    assert!(region.strong_years(1, 2018).iter().all(|y| !y.strong));
}

#[test]
fn a_trace_reads_as_sentences() {
    let region = region(&[(0, oge(MATHS, 2018), 30, 12), (0, oge(RUSSIAN, 2018), 30, 7)]);
    let judgement = region.judge(0, 2018);
    let words = |lang| judgement.trace.iter().map(|step| step.words(lang)).collect::<Vec<_>>();
    let (ru, en) = (words(Lang::Ru), words(Lang::En));
    assert!(
        ru.contains(
            &"ОГЭ, 9 класс, математика, 2018/2019: 12 из 30 (40,00 %) ниже минимума; порог 30 % достигнут"
                .to_owned()
        )
    );
    assert!(en.contains(
        &"OGE, grade 9, Russian, 2018/2019: 7 of 30 (23.33%) below the minimum; the threshold 20% is reached, the \
          threshold 30% is not"
            .to_owned()
    ));
    assert!(ru[0].starts_with("оценивается 2018/2019: процедур с достаточным числом участников — 2"));
    assert!(ru.iter().chain(&en).all(|sentence| !sentence.is_empty()));
}

#[test]
fn every_kind_of_step_has_words_and_a_stored_form() {
    let mut traces = vec![biased(5000).judge(0, 2018), biased(6001).judge(0, 2018)];
    let small = [(0, oge(MATHS, 2017), 4, 0), (0, oge(MATHS, 2018), 5, 0)];
    traces.push(region(&small).judge(0, 2018));
    let mut excluded = region(&small);
    excluded.parameters.excluded_kinds = vec![SchoolKind::Secondary];
    excluded.school(0).listed = true;
    excluded.school(0).high_by_act = true;
    traces.push(excluded.judge(0, 2018));
    for judgement in traces {
        for step in &judgement.trace {
            assert!(!step.words(Lang::Ru).is_empty() && !step.words(Lang::En).is_empty(), "{step:?}");
        }
        let stored = serde_json::to_string(&judgement).unwrap();
        assert_eq!(serde_json::from_str::<Judgement>(&stored).unwrap(), judgement);
    }
}

#[test]
fn an_index_outside_the_list_of_procedures_is_no_criterion() {
    let mut region = region(&[(0, oge(MATHS, 2018), 20, 0)]);
    region.school(0).rows.push(Measurement::new(999, 20, 20, None));
    assert_eq!(region.judge(0, 2018).outcome, Outcome::Ordinary);
}
