//! Worked examples of the social index, and its properties.

use super::{
    judge::Outcome,
    methodology::{Sign, Social, SocialIndicator, WeightedIndicator},
    social::{Context, SocialClass, boundary, social_indices},
};
use crate::types::{Locality, SchoolId};
use proptest::prelude::*;

fn context(school: i64, pupils: i32, one_parent: Option<i32>) -> Context {
    Context {
        school: SchoolId(school),
        locality: Locality::Urban,
        pupils,
        both_parents_higher: None,
        one_parent,
        low_income: None,
        parent_out_of_work: None,
        on_register: None,
        special_needs: None,
        non_native_language: None,
        wards: None,
        poor_housing: None,
    }
}

fn weighing(indicators: &[(SocialIndicator, u16, Sign)]) -> Social {
    let weighted = |(indicator, weight, sign): &(SocialIndicator, u16, Sign)| WeightedIndicator {
        indicator: *indicator,
        weight: *weight,
        sign: *sign,
    };
    Social { indicators: indicators.iter().map(weighted).collect(), ..Social::default() }
}

#[test]
fn ranks_count_half_of_the_ties_and_turn_with_the_sign() {
    // Shares of one-parent families: 10 %, 20 %, 20 %, 40 %. Ranks (2 * below + ties) / 8: 1/8, 4/8, 4/8, 7/8.
    // Turned, because more is worse: 8750, 5000, 5000, 1250. The lowest quarter of four is one school.
    let parameters = weighing(&[(SocialIndicator::OneParent, 1, Sign::Adverse)]);
    let contexts = [
        context(1, 100, Some(10)),
        context(2, 100, Some(20)),
        context(3, 50, Some(10)),
        context(4, 10, Some(4)),
    ];
    let indices = social_indices(&parameters, &contexts);
    assert_eq!(indices.iter().map(|i| i.index).collect::<Vec<_>>(), [8750, 5000, 5000, 1250].map(Some));
    assert_eq!(indices.iter().map(|i| i.adverse).collect::<Vec<_>>(), [false, false, false, true].map(Some));
    assert_eq!(boundary(&indices, 50), Some(5000));
}

#[test]
fn weights_are_proportions() {
    // One-parent: school 1 ranks 1/4, school 2 ranks 3/4; turned 7500 and 2500. Size: 100 ranks 7500, 50 ranks 2500.
    // School 1: (3 * 7500 + 1 * 7500) / 4 = 7500. With size adverse: (3 * 7500 + 2500) / 4 = 6250.
    let both =
        |sign| weighing(&[(SocialIndicator::OneParent, 3, Sign::Adverse), (SocialIndicator::Size, 1, sign)]);
    let contexts = [context(1, 100, Some(10)), context(2, 50, Some(10))];
    assert_eq!(social_indices(&both(Sign::Favourable), &contexts)[0].index, Some(7500));
    assert_eq!(social_indices(&both(Sign::Adverse), &contexts)[0].index, Some(6250));
}

#[test]
fn four_of_five_indicators_are_enough_and_three_are_not() {
    use SocialIndicator::{LowIncome, OneParent, Rural, Size, Wards};
    let all = [OneParent, LowIncome, Wards, Rural, Size].map(|indicator| (indicator, 1, Sign::Adverse));
    let known = Context { low_income: Some(3), ..context(1, 100, Some(10)) };
    let indices = social_indices(&weighing(&all), &[known, context(2, 100, Some(10))]);
    assert_eq!((indices[0].known, indices[0].of, indices[0].index.is_some()), (4, 5, true));
    assert_eq!((indices[1].known, indices[1].index, indices[1].adverse), (3, None, None));
}

#[test]
fn without_pupils_only_the_locality_is_known() {
    let indices = social_indices(&Social::default(), &[context(1, 0, Some(0))]);
    assert_eq!((indices[0].known, indices[0].index), (1, None));
}

#[test]
fn four_classes_and_no_class_without_data() {
    assert_eq!(SocialClass::of(Outcome::Low, Some(true)), Some(SocialClass::LowAdverse));
    assert_eq!(SocialClass::of(Outcome::Low, Some(false)), Some(SocialClass::LowOther));
    assert_eq!(SocialClass::of(Outcome::Risk, Some(true)), Some(SocialClass::OrdinaryAdverse));
    assert_eq!(SocialClass::of(Outcome::High, Some(false)), Some(SocialClass::OrdinaryOther));
    assert_eq!(SocialClass::of(Outcome::InsufficientData, Some(true)), None);
    assert_eq!(SocialClass::of(Outcome::Low, None), None);
}

prop_compose! {
    fn any_context()(pupils in 1i32..60, rural: bool, counts in proptest::array::uniform4(proptest::option::of(0i32..60)))
        -> Context {
        let part = |i: usize| counts[i].map(|count: i32| count.min(pupils));
        Context {
            locality: if rural { Locality::Rural } else { Locality::Urban },
            both_parents_higher: part(0),
            low_income: part(1),
            wards: part(2),
            ..context(0, pupils, part(3))
        }
    }
}

fn lenient() -> Social {
    Social { minimum_coverage_percent: 1, ..Social::default() }
}

proptest! {
    #[test]
    fn the_order_of_schools_does_not_matter(contexts in proptest::collection::vec(any_context(), 1..12)) {
        let mut contexts = contexts;
        contexts.iter_mut().zip(0..).for_each(|(context, id)| context.school = SchoolId(id));
        let straight = social_indices(&lenient(), &contexts);
        contexts.reverse();
        prop_assert_eq!(straight, social_indices(&lenient(), &contexts));
    }

    #[test]
    fn at_least_the_lowest_quarter_is_adverse(contexts in proptest::collection::vec(any_context(), 1..12)) {
        let indices = social_indices(&lenient(), &contexts);
        let adverse = indices.iter().filter(|i| i.adverse == Some(true)).count();
        prop_assert!(4 * adverse >= indices.len());
        let worst = indices.iter().filter_map(|i| i.index).min();
        prop_assert!(indices.iter().all(|i| i.index != worst || i.adverse == Some(true)));
    }

    #[test]
    fn more_poor_pupils_never_raise_the_index(contexts in proptest::collection::vec(any_context(), 2..8)) {
        let mut contexts = contexts;
        contexts.iter_mut().zip(0..).for_each(|(context, id)| context.school = SchoolId(id));
        contexts[0].low_income = Some(contexts[0].low_income.unwrap_or(0).min(contexts[0].pupils - 1));
        let before = social_indices(&lenient(), &contexts)[0].index;
        contexts[0].low_income = contexts[0].low_income.map(|count| count + 1);
        prop_assert!(social_indices(&lenient(), &contexts)[0].index <= before);
    }
}
