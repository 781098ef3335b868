//! The rules, each on its own: a rule looks at the evidence, writes its steps and says whether it holds.

use super::{
    evidence::{Criterion, Evidence, YearTally, reaches},
    step::Step,
};
use crate::types::Assessment;
use opora_primitives::AcademicYear;

/// What the two rules about shares find.
pub(super) struct Shares {
    pub(super) low: bool,
    pub(super) risk: bool,
}

/// `LOW_SHARE` and `RISK`: both look at the same criteria.
pub(super) fn shares(evidence: &Evidence<'_>, trace: &mut Vec<Step>) -> Shares {
    let (rule, risk_rule) = (&evidence.parameters.low_share, &evidence.parameters.risk);
    let mut thresholds = [rule.share_percent, risk_rule.share_percent, risk_rule.band_from_percent];
    thresholds.sort_unstable();
    let (mut of, mut found, mut high, mut in_band) = (0, 0, 0, 0);
    for criterion in evidence.window(rule.years) {
        let share = criterion.cohort.share();
        let at = |percent: u8| share.at_least(percent.into());
        of += 1;
        found += u32::from(at(rule.share_percent));
        high += u32::from(at(risk_rule.share_percent));
        in_band += u32::from(at(risk_rule.band_from_percent) && !at(risk_rule.share_percent));
        if let Some(threshold_percent) = thresholds.into_iter().rev().find(|percent| at(*percent)) {
            let next_percent = thresholds.into_iter().find(|percent| !at(*percent));
            trace.push(Step::ShareReached {
                measured: evidence.measured(criterion),
                threshold_percent,
                next_percent,
            });
        }
    }
    let low = found >= u32::from(rule.procedures);
    let risk = high >= 1 || in_band >= u32::from(risk_rule.procedures);
    trace.push(Step::LowShare {
        found,
        needed: rule.procedures,
        of,
        threshold_percent: rule.share_percent,
        years: rule.years,
        holds: low,
    });
    trace.push(Step::Risk {
        high,
        threshold_percent: risk_rule.share_percent,
        in_band,
        band_from_percent: risk_rule.band_from_percent,
        needed: risk_rule.procedures,
        holds: risk,
    });
    Shares { low, risk }
}

/// The newest measured years in a row that satisfy `holds`, and the year that breaks the row.
fn row_of_years(
    years: &[YearTally],
    holds: impl Fn(&YearTally) -> bool,
) -> (Vec<AcademicYear>, Option<AcademicYear>) {
    let length = years.iter().take_while(|tally| holds(tally)).count();
    (years[..length].iter().map(|tally| tally.year).collect(), years.get(length).map(|tally| tally.year))
}

/// The criteria that prove a row of years: all that satisfy `holds` inside `years` if the rule holds, else the first
/// that does not in the year that breaks the row.
fn proof<'e>(
    evidence: &'e Evidence<'_>,
    years: &[AcademicYear],
    broken_by: Option<AcademicYear>,
    rule_holds: bool,
    holds: impl Fn(&Criterion) -> bool,
) -> Vec<(&'e Criterion, bool)> {
    if rule_holds {
        let inside = |criterion: &&Criterion| years.contains(&criterion.year) && holds(criterion);
        return evidence.criteria.iter().filter(inside).map(|criterion| (criterion, true)).collect();
    }
    let breaks = |criterion: &&Criterion| Some(criterion.year) == broken_by && !holds(criterion);
    evidence.criteria.iter().find(breaks).map(|criterion| (criterion, false)).into_iter().collect()
}

/// `LOW_TREND`: below the group in the latest measured years in a row.
pub(super) fn low_trend(evidence: &Evidence<'_>, trace: &mut Vec<Step>) -> bool {
    let rule = &evidence.parameters.low_trend;
    let (years, broken_by) = row_of_years(&evidence.years, |tally| {
        reaches(tally.below_group, tally.criteria, rule.criteria_percent)
    });
    let holds = years.len() >= usize::from(rule.years);
    for (criterion, below_group) in proof(evidence, &years, broken_by, holds, Criterion::is_below_group) {
        let measured = evidence.measured(criterion);
        trace.push(Step::AgainstGroup { measured, group: criterion.group.share(), below_group });
    }
    trace.push(Step::LowTrend { years, needed: rule.years, criteria_percent: rule.criteria_percent, holds });
    holds
}

/// `HIGH` by results: among the best in each of the last measured years, and no bias flag.
pub(super) fn high(evidence: &Evidence<'_>, biased: bool, trace: &mut Vec<Step>) -> bool {
    let rule = &evidence.parameters.high;
    let last = &evidence.years[..evidence.years.len().min(rule.years.into())];
    let (years, broken_by) =
        row_of_years(last, |tally| reaches(tally.high, tally.criteria, rule.criteria_percent));
    let by_results = years.len() >= usize::from(rule.years);
    let is_high = |criterion: &Criterion| criterion.is_high(evidence.group(criterion.slot));
    for (criterion, among_best) in proof(evidence, &years, broken_by, by_results, is_high) {
        let group = evidence.group(criterion.slot);
        trace.push(Step::AgainstBest {
            measured: evidence.measured(criterion),
            mean: Some(criterion.cohort.mean).filter(|mean| mean.participants > 0),
            low_share: group.low_share,
            high_mean: group.high_mean,
            among_best,
        });
    }
    let holds = by_results && !biased;
    trace.push(Step::High {
        years,
        needed: rule.years,
        criteria_percent: rule.criteria_percent,
        blocked_by_bias: by_results && biased,
        holds,
    });
    holds
}

/// Bias flag over the last measured years: check works far above the group, not confirmed by the exam after grade 11.
/// It looks at means only, so the number below the minimum cannot lower it. A school without the exam has no flag.
pub(super) fn bias(evidence: &Evidence<'_>, trace: &mut Vec<Step>) -> bool {
    let rule = &evidence.parameters.bias;
    let last = evidence.years.iter().take(evidence.parameters.high.years.into()).next_back();
    let Some(first_year) = last.map(|tally| tally.year) else { return false };
    let excess = 100 + u16::from(rule.vpr_excess_percent);
    let slots = &evidence.landscape.catalogue.slots;
    let against_group = |assessment: Assessment, speaks: fn(&Criterion, u16) -> Option<bool>| {
        evidence
            .criteria
            .iter()
            .filter(move |criterion| {
                criterion.year >= first_year && slots[criterion.slot].track.0 == assessment
            })
            .filter_map(move |criterion| Some((criterion, speaks(criterion, excess)?)))
    };
    let far_above = |c: &Criterion, percent: u16| c.cohort.mean.at_least_percent_of(percent, c.group.mean);
    let not_above = |c: &Criterion, _: u16| c.cohort.mean.above(c.group.mean).map(|above| !above);
    let (vpr, ege) =
        (|| against_group(Assessment::Vpr, far_above), || against_group(Assessment::Ege, not_above));
    let (vpr_far_above, vpr_compared) = count(vpr());
    let (ege_not_above, ege_compared) = count(ege());
    let flagged = reaches(vpr_far_above, vpr_compared, rule.vpr_procedures_percent)
        && reaches(ege_not_above, ege_compared, rule.ege_procedures_percent);
    if flagged {
        let speaking = vpr().chain(ege()).filter(|(_, speaks)| *speaks);
        trace.extend(speaking.map(|(criterion, _)| Step::BiasedMean {
            measured: evidence.measured(criterion),
            mean: criterion.cohort.mean,
            group: criterion.group.mean,
        }));
    }
    if vpr_far_above > 0 && ege_compared > 0 {
        let excess_percent = rule.vpr_excess_percent;
        trace.push(Step::Bias {
            vpr_far_above,
            vpr_compared,
            excess_percent,
            ege_not_above,
            ege_compared,
            flagged,
        });
    }
    flagged
}

fn count<'e>(compared: impl Iterator<Item = (&'e Criterion, bool)>) -> (u32, u32) {
    compared.fold((0, 0), |(speaking, all), (_, speaks)| (speaking + u32::from(speaks), all + 1))
}
