//! Examples worked by hand, and what holds of every summary: no sum or difference of what is told, over all of its tables
//! and indicators together, tells a small count.

use super::{
    PublicIndicator, PublicTable,
    rules::{Figures, Told, tell},
};
use crate::{
    indicators::{Actual, IndicatorCode, TargetVerdict},
    publication::suppression::LEAST,
};
use opora_primitives::Share;
use opora_schools::{
    identification::Outcome,
    types::{Locality, MunicipalityKind},
};
use proptest::prelude::*;

fn actual(code: IndicatorCode, numerator: i64, denominator: i64) -> Actual {
    let met = code.target().reached(Share::new(numerator, denominator)).unwrap_or(false);
    let verdict = if met { TargetVerdict::Met } else { TargetVerdict::NotMet };
    let (numerator, denominator) = (Some(numerator), Some(denominator));
    Actual {
        code,
        numerator,
        denominator,
        verdict,
        reason: None,
        rows: Vec::new(),
        without_staff: Vec::new(),
    }
}

fn repeat<T: Copy>(counts: &[(T, i64)]) -> Vec<T> {
    let one = |(item, n): &(T, i64)| vec![*item; usize::try_from(*n).unwrap()];
    counts.iter().flat_map(one).collect()
}

fn of(told: &Told, code: IndicatorCode) -> &PublicIndicator {
    told.indicators.iter().find(|indicator| indicator.code == code).unwrap()
}

fn numbers(indicator: &PublicIndicator) -> (Option<i64>, Option<i64>) {
    (indicator.numerator, indicator.denominator)
}

/// Counts of a table with totals, as they are told.
fn cells(table: &PublicTable) -> Vec<Vec<Option<i64>>> {
    let rows = table.rows.iter().map(|row| row.counts.iter().copied().chain([row.total]).collect());
    rows.chain([table.totals.iter().copied().chain([table.total]).collect()]).collect()
}

fn schools(n: i64) -> Vec<(Locality, Option<Outcome>)> {
    repeat(&[((Locality::Rural, Some(Outcome::Ordinary)), n)])
}

#[test]
fn figures_of_a_region_by_hand() {
    use MunicipalityKind::{CityOkrug, District, MunicipalOkrug};
    let systems = repeat(&[
        ((District, true), 17),
        ((District, false), 7),
        ((CityOkrug, true), 9),
        ((CityOkrug, false), 6),
        ((MunicipalOkrug, true), 11),
        ((MunicipalOkrug, false), 2),
    ]);
    let indicators = vec![
        actual(IndicatorCode::I1, 100, 115),
        actual(IndicatorCode::I3, 37, 52),
        actual(IndicatorCode::I4, 60, 110),
    ];
    let told = tell(&Figures { schools: schools(870), systems, indicators });
    // 2 is small; 11 of its row and the smallest of its column, 6, with 9 of that row go with it.
    let expected = [
        [Some(17), Some(7), Some(24)],
        [None, None, Some(15)],
        [None, None, Some(13)],
        [Some(37), Some(15), Some(52)],
    ];
    assert_eq!(cells(&told.municipalities), expected);
    assert_eq!(numbers(of(&told, IndicatorCode::I1)), (Some(100), Some(115)));
    assert_eq!(numbers(of(&told, IndicatorCode::I3)), (Some(37), Some(52)));
    assert_eq!(of(&told, IndicatorCode::I3).basis_points, Some(7115));
    assert_eq!(numbers(of(&told, IndicatorCode::I4)), (Some(60), Some(110)));
}

#[test]
fn a_small_numerator_and_a_small_rest_are_withheld() {
    for (numerator, shown) in [(4, None), (5, Some(5)), (110, Some(110)), (111, None), (115, None)] {
        let indicators = vec![actual(IndicatorCode::I1, numerator, 115)];
        let told = tell(&Figures { schools: schools(870), indicators, ..Figures::default() });
        let i1 = of(&told, IndicatorCode::I1);
        assert_eq!(numbers(i1), (shown, Some(115)));
        // Of a share of 100 % that is asked for, the verdict alone would tell that all 115 count.
        assert_eq!((i1.verdict.is_some(), i1.basis_points.is_some()), (shown.is_some(), shown.is_some()));
    }
}

#[test]
fn groups_inside_each_other_do_not_differ_by_a_few() {
    // 118 of 120 schools are on the list: two are not. Of those told, 100 count now and 103 at some time.
    let indicators = vec![actual(IndicatorCode::I1, 100, 118)];
    let told = tell(&Figures { schools: schools(120), indicators, ..Figures::default() });
    assert_eq!(numbers(of(&told, IndicatorCode::I1)), (None, None));
    let indicators = vec![actual(IndicatorCode::I1, 100, 115), actual(IndicatorCode::I4, 50, 103)];
    let told = tell(&Figures { schools: schools(870), indicators, ..Figures::default() });
    assert_eq!(numbers(of(&told, IndicatorCode::I4)), (None, None));
}

/// A world of schools and systems: how many of each.
fn worlds() -> impl Strategy<Value = (Vec<i64>, Vec<i64>, Vec<(i64, i64)>)> {
    let fraction = (0..40i64).prop_flat_map(|whole| (0..=whole, Just(whole)));
    let some = prop_oneof![0..3i64, 0..12i64, 5..40i64];
    (prop::collection::vec(some, 14), prop::collection::vec(0..9i64, 6), prop::collection::vec(fraction, 2))
}

fn figures((of_schools, of_systems, fractions): &(Vec<i64>, Vec<i64>, Vec<(i64, i64)>)) -> Figures {
    let columns: Vec<Option<Outcome>> = Outcome::ALL.iter().copied().map(Some).chain([None]).collect();
    let places = Locality::ALL.iter().flat_map(|l| columns.iter().map(|c| (*l, *c)));
    let schools: Vec<_> = places.zip(of_schools.iter().copied()).collect();
    let kinds = [MunicipalityKind::District, MunicipalityKind::CityOkrug, MunicipalityKind::MunicipalOkrug];
    let systems: Vec<_> =
        kinds.iter().flat_map(|k| [(*k, true), (*k, false)]).zip(of_systems.iter().copied()).collect();
    let reached = of_systems.iter().step_by(2).sum();
    Figures {
        schools: repeat(&schools),
        systems: repeat(&systems),
        indicators: vec![
            actual(IndicatorCode::I1, fractions[0].0, fractions[0].1),
            actual(IndicatorCode::I3, reached, of_systems.iter().sum()),
            actual(IndicatorCode::I4, fractions[1].0, fractions[1].1),
        ],
    }
}

/// Everything that is told, as equations over the unknown counts of a table: which counts are added up, and their sum.
fn equations(table: &PublicTable) -> (usize, Vec<(Vec<usize>, i64)>) {
    let (rows, columns) = (table.rows.len(), table.columns.len());
    let shown = cells(table);
    let mut found = Vec::new();
    for (r, row) in shown.iter().enumerate() {
        for (c, told) in row.iter().enumerate() {
            let over = |at: usize, end: usize| if at < end { at..at + 1 } else { 0..end };
            let inside = over(r, rows).flat_map(|r| over(c, columns).map(move |c| r * columns + c));
            found.extend(told.map(|sum| (inside.collect::<Vec<_>>(), sum)));
        }
    }
    (rows * columns, found)
}

/// What is told, as equations that can be added and subtracted: elimination over the remainders of a large prime, which is
/// as good as over fractions.
struct Known {
    unknowns: usize,
    basis: Vec<(usize, Vec<i128>)>,
}

impl Known {
    const P: i128 = 2_147_483_647;

    fn of(unknowns: usize, equations: &[(Vec<usize>, i64)]) -> Self {
        let mut known = Self { unknowns, basis: Vec::new() };
        for (terms, _) in equations {
            let vector = known.rest(terms);
            if let Some(lead) = vector.iter().position(|x| *x != 0) {
                let inverse = Self::power(vector[lead], Self::P - 2);
                known.basis.push((lead, vector.iter().map(|x| x * inverse % Self::P).collect()));
            }
        }
        known
    }

    fn power(mut base: i128, mut exponent: i128) -> i128 {
        let mut result = 1;
        while exponent > 0 {
            if exponent % 2 == 1 {
                result = result * base % Self::P;
            }
            (base, exponent) = (base * base % Self::P, exponent / 2);
        }
        result
    }

    /// What no equation tells of a sum of unknowns.
    fn rest(&self, terms: &[usize]) -> Vec<i128> {
        let mut vector: Vec<i128> = (0..self.unknowns).map(|n| i128::from(terms.contains(&n))).collect();
        for (lead, known) in &self.basis {
            let factor = vector[*lead];
            vector.iter_mut().zip(known).for_each(|(x, k)| *x = (*x - factor * k).rem_euclid(Self::P));
        }
        vector
    }

    /// Whether the sum of `terms` follows.
    fn tells(&self, terms: &[usize]) -> bool {
        self.rest(terms).iter().all(|x| *x == 0)
    }
}

/// Which of `counts` make less than five together, four of them at most.
fn small_sums(counts: &[i64]) -> Vec<Vec<usize>> {
    let mut found: Vec<(i64, Vec<usize>)> = vec![(0, Vec::new())];
    for (at, count) in counts.iter().enumerate() {
        let with = |(sum, of): &(i64, Vec<usize>)| {
            (sum + count < LEAST && of.len() < 4).then(|| (sum + count, [of.as_slice(), &[at]].concat()))
        };
        let more: Vec<_> = found.iter().filter_map(with).collect();
        found.extend(more);
    }
    found.into_iter().map(|(_, of)| of).filter(|of| !of.is_empty()).collect()
}

proptest! {
    #[test]
    fn no_sum_or_difference_tells_a_small_count(world in worlds()) {
        let all = figures(&world);
        let told = tell(&all);
        for (table, counts) in [(&told.outcomes, &world.0), (&told.municipalities, &world.1)] {
            let (unknowns, mut known) = equations(table);
            // What an indicator tells of the systems is one more equation: its numerator is the column of those reached.
            let i3 = of(&told, IndicatorCode::I3);
            if unknowns == 6 {
                known.extend(i3.numerator.map(|n| (vec![0, 2, 4], n)));
                known.extend(i3.denominator.map(|n| ((0..6).collect(), n)));
            }
            let known = Known::of(unknowns, &known);
            for terms in small_sums(counts) {
                prop_assert!(!known.tells(&terms), "the sum of {terms:?} is told: {table:?}");
            }
        }
        // Numbers of schools are told of groups that may lie one inside another.
        let i1 = of(&told, IndicatorCode::I1);
        let i4 = of(&told, IndicatorCode::I4);
        let numbers = [told.outcomes.total, i1.numerator, i1.denominator, i4.numerator, i4.denominator];
        let numbers: Vec<i64> = numbers.into_iter().flatten().collect();
        for (a, b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (a, b))) {
            prop_assert!(a == b || (a - b).abs() >= LEAST, "{numbers:?}");
        }
        for indicator in &told.indicators {
            let (n, whole) = self::numbers(indicator);
            prop_assert!(n.is_none_or(|n| n >= LEAST && whole.is_some_and(|whole| whole - n >= LEAST)), "{indicator:?}");
            prop_assert_eq!(n.is_some(), indicator.verdict.is_some() && indicator.basis_points.is_some());
        }
    }

    #[test]
    fn what_is_told_is_true(world in worlds()) {
        let all = figures(&world);
        let told = tell(&all);
        for (table, counts) in [(&told.outcomes, &world.0), (&told.municipalities, &world.1)] {
            for (terms, sum) in equations(table).1 {
                prop_assert!(sum >= LEAST);
                prop_assert_eq!(sum, terms.iter().map(|n| counts[*n]).sum::<i64>());
            }
        }
        for (actual, shown) in all.indicators.iter().zip(&told.indicators) {
            prop_assert!(shown.numerator.is_none_or(|n| Some(n) == actual.numerator));
            prop_assert!(shown.denominator.is_none_or(|n| Some(n) == actual.denominator));
        }
    }
}
