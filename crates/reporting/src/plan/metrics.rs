//! How facts of a metric add up. The metric's name decides, by the one table below; a plan may use any name.

use opora_primitives::word_type;
use std::ops::RangeInclusive;

word_type!(
    /// How the facts of a metric add up to be compared with its target.
    MetricScope {
        /// The sum over all windows of the row.
        Total = "total", "сумма по мероприятию";
        /// The sum in each window.
        PerWindow = "per_window", "сумма в каждом периоде";
        /// The sum in each year.
        PerYear = "per_year", "сумма за каждый год";
        /// No sum: a quality that each fact has.
        EachFact = "each_fact", "каждый факт отдельно";
    }
);

/// Endings of names, and names; whatever is not here is a total.
const TABLE: &[(&str, MetricScope)] = &[
    ("_per_window", MetricScope::PerWindow),
    ("_per_year", MetricScope::PerYear),
    ("_per_school", MetricScope::EachFact),
    ("_percent", MetricScope::EachFact),
    (TEAM_SIZE, MetricScope::EachFact),
    ("hours", MetricScope::EachFact),
    ("term_years", MetricScope::EachFact),
];

/// The metric that tells how many people a school's team has.
pub const TEAM_SIZE: &str = "team_size";

/// What a fact of a metric may say to have the quality at all, whatever the target asks for: a team has 4 to 5 people
/// (decision 10).
pub fn bounds(metric: &str) -> Option<RangeInclusive<i64>> {
    (metric == TEAM_SIZE).then_some(4..=5)
}

impl MetricScope {
    /// How facts of `metric` add up.
    pub fn of(metric: &str) -> Self {
        let fits = |pattern: &str| match pattern.starts_with('_') {
            true => metric.ends_with(pattern),
            false => metric == pattern,
        };
        TABLE.iter().find(|(pattern, _)| fits(pattern)).map_or(Self::Total, |(_, scope)| *scope)
    }

    /// Whether each window is asked for itself, so that what is there of one says nothing of another.
    pub fn is_of_window(self) -> bool {
        matches!(self, Self::PerWindow | Self::PerYear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides() {
        for (metric, scope) in [
            ("school_roadmaps_drafted", MetricScope::Total),
            ("reports_per_window", MetricScope::PerWindow),
            ("analytical_notes_per_year", MetricScope::PerYear),
            ("persons_per_school", MetricScope::EachFact),
            ("coverage_percent", MetricScope::EachFact),
            ("team_size", MetricScope::EachFact),
            ("teaching_hours", MetricScope::Total),
        ] {
            assert_eq!(MetricScope::of(metric), scope, "{metric}");
        }
    }
}
