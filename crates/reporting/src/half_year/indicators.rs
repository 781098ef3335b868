//! The target indicators in a report.

use super::IndicatorReport;
use crate::indicators::{
    Actual, IndicatorCode,
    store::{Question, compute},
};
use chrono::NaiveDate;
use opora_db::{Db, Result};
use std::collections::BTreeMap;

/// The indicators on a day, for a report.
///
/// # Errors
/// Faults of the database.
pub(crate) fn reports(
    db: &mut Db,
    on: NaiveDate,
    first_half_to: Option<NaiveDate>,
) -> Result<Vec<IndicatorReport>> {
    let mut compute = |on| compute(db, Question { on, list: None, denominator: None });
    let points = |actual: &Actual| actual.share().and_then(|share| share.basis_points());
    let half: BTreeMap<IndicatorCode, Option<i64>> = match first_half_to {
        Some(day) => compute(day)?.indicators.iter().map(|actual| (actual.code, points(actual))).collect(),
        None => BTreeMap::new(),
    };
    let now = compute(on)?.indicators;
    let report = |actual: &Actual| {
        let target = actual.code.target();
        IndicatorReport {
            code: actual.code,
            name: actual.code.ru().to_owned(),
            numerator: actual.numerator,
            denominator: actual.denominator,
            basis_points: points(actual),
            comparison: target.comparison,
            percent: target.percent,
            verdict: actual.verdict,
            reason: actual.reason.map(|reason| reason.ru().to_owned()),
            first_half_basis_points: half.get(&actual.code).copied().flatten(),
        }
    };
    Ok(now.iter().map(report).collect())
}
