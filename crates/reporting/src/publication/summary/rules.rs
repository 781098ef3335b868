//! What of the figures may be told. Pure.

use super::types::{PublicIndicator, PublicLabel, PublicRow, PublicTable};
use crate::{
    indicators::{Actual, IndicatorCode, TargetVerdict},
    publication::suppression::{LEAST, suppress},
};
use opora_schools::{
    identification::Outcome,
    types::{Locality, MunicipalityKind},
};

/// What is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    /// Every open school: where it lies, and what the run says of it.
    pub schools: Vec<(Locality, Option<Outcome>)>,
    /// Every municipal system in force: its kind, and whether a model of support reaches it.
    pub systems: Vec<(MunicipalityKind, bool)>,
    /// The indicators, as they are.
    pub indicators: Vec<Actual>,
}

/// What may be told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub outcomes: PublicTable,
    pub municipalities: PublicTable,
    pub indicators: Vec<PublicIndicator>,
}

/// Leaves out what must not be told.
///
/// The number of schools is the total of one table, and I3 a row of totals of the other, so that no number is told twice
/// under different rules. The other numbers of schools are of groups that lie one inside another; each is told only if it
/// differs from those told before it by five or more, or not at all.
pub(super) fn tell(figures: &Figures) -> Told {
    let (outcomes, municipalities) = (by_outcome(&figures.schools), by_support(&figures.systems));
    let mut schools: Vec<i64> = outcomes.total.into_iter().collect();
    let told = figures.indicators.iter().map(|actual| {
        let (numerator, denominator) = if actual.code == IndicatorCode::I3 {
            (municipalities.totals[0], municipalities.total)
        } else if [IndicatorCode::I1, IndicatorCode::I4].contains(&actual.code) {
            fraction(actual, &mut schools)
        } else {
            // Of people: no other number here is.
            fraction(actual, &mut Vec::new())
        };
        indicator(actual, numerator, denominator)
    });
    let indicators = told.collect();
    Told { outcomes, municipalities, indicators }
}

/// The numerator and the denominator, as far as they may be told beside the numbers in `told`, where they are added.
fn fraction(actual: &Actual, told: &mut Vec<i64>) -> (Option<i64>, Option<i64>) {
    let mut tell = |n: i64| {
        let apart = told.iter().all(|other| n == *other || (n - other).abs() >= LEAST);
        (n >= LEAST && apart).then(|| {
            told.push(n);
            n
        })
    };
    let denominator = actual.denominator.and_then(&mut tell);
    let numerator = actual.numerator.zip(denominator).filter(|(n, of)| of - n >= LEAST);
    (numerator.and_then(|(n, _)| tell(n)), denominator)
}

fn indicator(actual: &Actual, numerator: Option<i64>, denominator: Option<i64>) -> PublicIndicator {
    let (code, is_told) = (actual.code, numerator.is_some());
    PublicIndicator {
        code,
        name_ru: code.ru().to_owned(),
        name_en: code.en().to_owned(),
        numerator,
        denominator,
        basis_points: actual.share().filter(|_| is_told).and_then(|share| share.basis_points()),
        target: code.target(),
        verdict: Some(actual.verdict).filter(|v| is_told || *v == TargetVerdict::NotMeasurable),
    }
}

fn by_outcome(schools: &[(Locality, Option<Outcome>)]) -> PublicTable {
    let columns: Vec<Option<Outcome>> = Outcome::ALL.iter().copied().map(Some).chain([None]).collect();
    let named = |outcome: &Option<Outcome>| match outcome {
        Some(outcome) => label(outcome.as_str(), outcome.ru()),
        None => label("not_judged", "Нет вывода"),
    };
    let rows = Locality::ALL.iter().map(|locality| {
        let here = |column: &Option<Outcome>| count(schools, &(*locality, *column));
        (label(locality.as_str(), locality.ru()), columns.iter().map(here).collect())
    });
    table(columns.iter().map(named).collect(), rows.collect())
}

fn by_support(systems: &[(MunicipalityKind, bool)]) -> PublicTable {
    let columns = vec![label("supported", "С поддержкой"), label("not_supported", "Без поддержки")];
    // A district of a city is no system of its own.
    let kinds = MunicipalityKind::ALL.iter().filter(|kind| **kind != MunicipalityKind::CityDistrict);
    let rows = kinds.map(|kind| {
        let here = [true, false].map(|supported| count(systems, &(*kind, supported)));
        (label(kind.as_str(), kind.ru()), here.to_vec())
    });
    table(columns, rows.collect())
}

fn label(code: &str, name_ru: &str) -> PublicLabel {
    PublicLabel { code: code.to_owned(), name_ru: name_ru.to_owned() }
}

fn count<T: PartialEq>(items: &[T], wanted: &T) -> i64 {
    items.iter().filter(|item| *item == wanted).map(|_| 1).sum()
}

/// The table of `rows` with totals, without what must be withheld.
fn table(columns: Vec<PublicLabel>, rows: Vec<(PublicLabel, Vec<i64>)>) -> PublicTable {
    let (labels, counts): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let mut shown = suppress(&counts);
    let mut totals = shown.pop().unwrap_or_default();
    let total = totals.pop().flatten();
    let rows = labels.into_iter().zip(shown).map(|(label, mut counts)| {
        let total = counts.pop().flatten();
        PublicRow { label, counts, total }
    });
    PublicTable { columns, rows: rows.collect(), totals, total }
}
