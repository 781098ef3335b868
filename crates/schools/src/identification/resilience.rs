//! Resilient schools: good results in adverse conditions, the natural mentors (`docs/methodology.md`).

use super::{
    evidence::{Evidence, reaches},
    inputs::SchoolInput,
    landscape::Landscape,
    methodology::{Parameters, Resilience},
};
use opora_primitives::AcademicYear;

/// A measured year of a school and how strong its results were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrongYear {
    /// The year.
    pub year: AcademicYear,
    /// Measured criteria.
    pub criteria: u32,
    /// Criteria with a mean at or above the percentile of [`Resilience::results_percentile`]. A criterion without a
    /// mean is not strong.
    pub strong_criteria: u32,
    /// Whether the strong criteria are the needed part of the year's.
    pub strong: bool,
}

/// The measured years of a school up to the judged one, newest first.
pub fn strong_years(
    parameters: &Parameters,
    landscape: &Landscape,
    school: &SchoolInput<'_>,
) -> Vec<StrongYear> {
    let evidence = Evidence::gather(parameters, landscape, school);
    let strong_in = |year: AcademicYear| {
        let strong = evidence.criteria.iter().filter(|criterion| {
            let boundary = evidence.group(criterion.slot).resilient_mean;
            criterion.year == year && boundary.is_some_and(|boundary| criterion.cohort.mean.reaches(boundary))
        });
        u32::try_from(strong.count()).unwrap_or(u32::MAX)
    };
    let describe = |year: AcademicYear, criteria: u32| {
        let strong_criteria = strong_in(year);
        let strong = reaches(strong_criteria, criteria, parameters.resilience.criteria_percent);
        StrongYear { year, criteria, strong_criteria, strong }
    };
    evidence.years.iter().map(|tally| describe(tally.year, tally.criteria)).collect()
}

/// Whether a school is resilient: `adverse` is whether its social index of the judged year is at or below
/// [`Resilience::index_percentile`]; the results must be strong in enough measured years, not necessarily consecutive.
pub fn is_resilient(rule: &Resilience, adverse: bool, years: &[StrongYear]) -> bool {
    adverse && years.iter().filter(|year| year.strong).count() >= usize::from(rule.years)
}
