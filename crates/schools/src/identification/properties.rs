//! Properties of the verdict over any region.

use super::{
    fixtures::{Made, Region, year},
    inputs::{Measurement, SchoolInput},
    judge::{Finding, Judgement, Outcome, judge},
    landscape::{LandscapeBuilder, survey},
    methodology::{ComparisonGroup, Parameters},
    step::Step,
};
use crate::types::{Assessment, Locality, SchoolKind, Subject};
use proptest::prelude::*;

const JUDGED: i32 = 2020;

/// Four years of check works and exams, the gaps of 2020 and 2021 and the sample study among them.
fn procedures(region: &mut Region) {
    for start in JUDGED - 3..=JUDGED + 1 {
        for subject in [Subject::Russian, Subject::Mathematics, Subject::Physics] {
            for (assessment, grade) in [(Assessment::Vpr, 6), (Assessment::Oge, 9), (Assessment::Ege, 11)] {
                region.procedure((assessment, grade, subject, start));
            }
        }
        region.procedure((Assessment::Niko, 7, Subject::Russian, start));
    }
}

/// Five years of ten procedures.
const PROCEDURES: u16 = 50;

fn any_row() -> impl Strategy<Value = Measurement> {
    (0..PROCEDURES, 0u32..30, 0u32..30, proptest::option::of(200i32..500)).prop_map(
        |(procedure, participants, below, mean)| Measurement::new(procedure, participants, below, mean),
    )
}

prop_compose! {
    fn any_school()(
        rows in proptest::collection::vec(any_row(), 0..60), rural: bool, listed: bool, act in proptest::bool::weighted(0.1),
    ) -> Made {
        let locality = if rural { Locality::Rural } else { Locality::Urban };
        Made { kind: SchoolKind::Basic, locality, listed, high_by_act: act, rows }
    }
}

prop_compose! {
    /// Lenient enough that every outcome comes up.
    fn any_parameters()(
        same_locality: bool, cohort in 1u16..15, pooled in 0u8..3, share in 10u8..60, procedures in 1u8..4,
        criteria in 30u8..=100, years in 1u8..4,
    ) -> Parameters {
        let mut parameters = Parameters { minimum_cohort: cohort, pooled_years: pooled, ..Parameters::default() };
        if same_locality {
            parameters.comparison_group = ComparisonGroup::SameLocality;
        }
        parameters.low_share.share_percent = share;
        parameters.low_share.procedures = procedures;
        parameters.low_share.years = years;
        parameters.low_trend.criteria_percent = criteria;
        parameters.low_trend.years = years;
        parameters.risk.share_percent = share;
        parameters.risk.band_from_percent = share / 2;
        parameters.high.criteria_percent = criteria;
        parameters.high.minimum_schools = 1;
        parameters.high.years = years;
        parameters.high.quartile_percent = 50;
        parameters.bias.vpr_excess_percent = 1;
        parameters
    }
}

prop_compose! {
    fn any_region()(parameters in any_parameters(), schools in proptest::collection::vec(any_school(), 1..6)) -> Region {
        let mut region = Region { parameters, schools, ..Region::default() };
        procedures(&mut region);
        region
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_order_of_rows_schools_and_procedures_does_not_matter(region in any_region(), turn in 0usize..60) {
        let expected: Vec<_> = (0..region.schools.len()).map(|school| region.judge(school, JUDGED)).collect();
        let mut turned = region.clone();
        turned.procedures.reverse();
        for school in &mut turned.schools {
            let there = |m: &Measurement| PROCEDURES - 1 - m.procedure();
            let moved = |m: &Measurement| Measurement::new(there(m), m.participants(), m.below_minimum(), m.mean_score());
            school.rows = school.rows.iter().map(moved).collect();
            let middle = turn.min(school.rows.len());
            school.rows.rotate_left(middle);
            school.rows[middle / 2..].reverse();
        }
        turned.schools.reverse();
        for (school, judgement) in expected.iter().rev().enumerate() {
            prop_assert_eq!(&turned.judge(school, JUDGED), judgement);
        }
    }

    #[test]
    fn more_below_the_minimum_never_improves_the_outcome(region in any_region(), row in 0usize..60, more in 1u32..30) {
        // The group is held still: a school that grew worse also lowers its group, and others gain by that.
        let landscape = region.landscape(JUDGED);
        let mut worse = region.schools[0].clone();
        if let Some(at) = row.checked_rem(worse.rows.len()) {
            let m = worse.rows[at];
            worse.rows[at] =
                Measurement::new(m.procedure(), m.participants(), m.below_minimum() + more, m.mean_score());
        }
        let before = judge(&region.parameters, &landscape, &region.schools[0].input(0));
        let after = judge(&region.parameters, &landscape, &worse.input(0));
        prop_assert!(after.outcome.severity() >= before.outcome.severity(), "{before:?}\n{after:?}");
        prop_assert_eq!(before.bias_flag, after.bias_flag);
    }

    #[test]
    fn the_list_never_changes_the_outcome(region in any_region()) {
        let landscape = region.landscape(JUDGED);
        let school = region.schools[0].input(0);
        let judged = |listed| judge(&region.parameters, &landscape, &SchoolInput { listed, ..school });
        let (unlisted, mut listed) = (judged(false), judged(true));
        prop_assert_eq!(listed.findings.remove(0), Finding::Listed);
        prop_assert_eq!(listed.trace.remove(0), Step::Listed);
        prop_assert_eq!(listed, unlisted);
    }

    #[test]
    fn a_survey_can_be_made_school_by_school(region in any_region()) {
        let mut builder = LandscapeBuilder::new(&region.parameters, year(JUDGED), &region.procedures);
        region.schools.iter().rev().for_each(|made| builder.add(&made.input(0)));
        let landscape = builder.finish();
        let inputs: Vec<_> = region.schools.iter().zip(0..).map(|(made, id)| made.input(id)).collect();
        let whole = survey(&region.parameters, year(JUDGED), &region.procedures, &inputs);
        for procedure in 0..PROCEDURES {
            for locality in [Locality::Urban, Locality::Rural] {
                let (a, b) = (landscape.group_results(procedure, locality), whole.group_results(procedure, locality));
                prop_assert_eq!(a, b);
            }
        }
    }

    #[test]
    fn a_threshold_is_reached_exactly(participants in 10u32..100_000, percent in 1u8..=100, delta in -1i64..=1) {
        // The least whole number at the threshold, one fewer, one more.
        let least = (i64::from(participants) * i64::from(percent) + 99) / 100;
        let below = u32::try_from((least + delta).clamp(0, participants.into())).unwrap();
        let mut region = Region::default();
        region.parameters.low_share.share_percent = percent;
        for subject in [Subject::Russian, Subject::Mathematics] {
            region.row(0, (Assessment::Oge, 9, subject, 2018), participants, below);
        }
        let low = region.judge(0, 2018).findings.contains(&Finding::LowShare);
        prop_assert_eq!(low, i64::from(below) >= least);
    }

    #[test]
    fn the_trace_repeats_the_verdict(region in any_region()) {
        let judgement = region.judge(0, JUDGED);
        prop_assert_eq!(by_hand(&judgement), judgement.outcome);
    }

    #[test]
    fn too_few_data_never_say_not_low(region in any_region()) {
        let judgement = region.judge(0, JUDGED);
        if judgement.findings.contains(&Finding::InsufficientData) {
            prop_assert!(!matches!(judgement.outcome, Outcome::High | Outcome::Ordinary));
        }
    }
}

/// The outcome as a reader of the trace finds it, from the numbers of the steps and not from what they say holds.
fn by_hand(judgement: &Judgement) -> Outcome {
    let (mut low, mut risk, mut high, mut insufficient) = (false, false, false, false);
    let shares = || {
        judgement.trace.iter().filter_map(|step| match step {
            Step::ShareReached { measured, .. } => Some(measured.below),
            _ => None,
        })
    };
    let at = |percent: u8| shares().filter(|share| share.at_least(percent.into())).count();
    for step in &judgement.trace {
        match step {
            Step::LowShare { needed, threshold_percent, .. } => {
                low |= at(*threshold_percent) >= usize::from(*needed)
            }
            Step::Risk { threshold_percent, band_from_percent, needed, .. } => {
                let upper = at(*threshold_percent);
                risk |= upper > 0 || at(*band_from_percent) - upper >= usize::from(*needed);
            }
            Step::LowTrend { years, needed, .. } => low |= years.len() >= usize::from(*needed),
            Step::High { years, needed, .. } => {
                high |= years.len() >= usize::from(*needed) && !judgement.bias_flag;
            }
            Step::HighByAct => high = true,
            Step::Judged { measured, .. } => insufficient = *measured == 0,
            Step::AgainstGroup { measured, group, below_group } => {
                let worse = measured.below.compare(*group) == Some(std::cmp::Ordering::Greater);
                assert_eq!(worse, *below_group);
            }
            _ => {}
        }
    }
    match () {
        () if low => Outcome::Low,
        () if risk => Outcome::Risk,
        () if insufficient => Outcome::InsufficientData,
        () if high => Outcome::High,
        () => Outcome::Ordinary,
    }
}

#[test]
fn any_region_shows_every_outcome() {
    // A property over regions that are all alike would prove nothing.
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    let mut biased = 0;
    for _ in 0..1500 {
        let region = any_region().new_tree(&mut runner).unwrap().current();
        let judgement = region.judge(0, JUDGED);
        seen.insert(judgement.outcome);
        biased += u32::from(judgement.bias_flag);
    }
    assert_eq!(seen.len(), Outcome::ALL.len() - 1, "{seen:?}");
    assert!(biased > 0);
}
