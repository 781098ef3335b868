//! What the comparison groups show in each procedure: totals, means and the boundaries of quartiles.

use super::{
    catalogue::{Catalogue, Row},
    inputs::{Procedure, SchoolInput},
    measured::{Cohort, MeanScore},
    methodology::{ComparisonGroup, Parameters},
    rank,
};
use crate::types::Locality;
use opora_primitives::{AcademicYear, Share};

/// Groups of a slot: the region, or urban and rural schools.
const GROUPS: usize = 2;

/// Results of a comparison group in a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    pub(super) cohort: Cohort,
    pub(super) schools: usize,
    /// Boundary of the lowest shares below the minimum.
    pub(super) low_share: Option<Share>,
    /// Boundary of the highest means, hundredths.
    pub(super) high_mean: Option<i32>,
    /// Boundary of the means that make a resilient school, hundredths.
    pub(super) resilient_mean: Option<i32>,
}

/// Years next to a slot in its track in which anybody was measured.
#[derive(Clone, Copy, Debug, Default)]
struct Neighbours {
    earlier: Option<usize>,
    later: Option<usize>,
}

/// What the comparison groups show up to the judged year. Made once a run; the same for any order of the schools and
/// of their rows.
#[derive(Clone, Debug)]
pub struct Landscape {
    pub(super) year: AcademicYear,
    pub(super) catalogue: Catalogue,
    groups: Vec<[Group; GROUPS]>,
    neighbours: Vec<Neighbours>,
    by_locality: bool,
}

/// Results of a comparison group in a procedure, to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupResults {
    /// Participants below the minimum, of all participants.
    pub below: Share,
    /// Mean over the participants whose schools give one.
    pub mean: MeanScore,
    /// Schools with a sufficient cohort.
    pub schools: usize,
    /// Boundary of the lowest shares, inclusive; `None` with too few schools.
    pub low_share: Option<Share>,
    /// Boundary of the highest means, hundredths, inclusive; `None` with too few schools.
    pub high_mean: Option<i32>,
}

impl Landscape {
    /// The judged year.
    pub fn year(&self) -> AcademicYear {
        self.year
    }

    /// What the group of schools in `locality` shows in the procedure at `procedure` of the run's list; `None` if the
    /// procedure is no criterion.
    pub fn group_results(&self, procedure: u16, locality: Locality) -> Option<GroupResults> {
        let group = self.group(self.catalogue.slot(procedure)?, locality);
        Some(GroupResults {
            below: group.cohort.share(),
            mean: group.cohort.mean,
            schools: group.schools,
            low_share: group.low_share,
            high_mean: group.high_mean,
        })
    }

    pub(super) fn group(&self, slot: usize, locality: Locality) -> &Group {
        &self.groups[slot][group_of(self.by_locality, locality)]
    }

    /// The nearest earlier and later slots of the same track in which anybody was measured.
    pub(super) fn earlier(&self, slot: usize) -> Option<usize> {
        self.neighbours[slot].earlier
    }

    /// See [`Self::earlier`].
    pub(super) fn later(&self, slot: usize) -> Option<usize> {
        self.neighbours[slot].later
    }
}

fn group_of(by_locality: bool, locality: Locality) -> usize {
    usize::from(by_locality && locality == Locality::Rural)
}

/// What is gathered about a group while schools stream by: 12 bytes a sufficient measurement.
#[derive(Clone, Debug, Default)]
struct Gathered {
    cohort: Cohort,
    shares: Vec<(u32, u32)>,
    means: Vec<i32>,
}

/// Builds a [`Landscape`] from schools that stream by, each once, in any order.
#[derive(Clone, Debug)]
pub struct LandscapeBuilder {
    parameters: Parameters,
    year: AcademicYear,
    catalogue: Catalogue,
    gathered: Vec<[Gathered; GROUPS]>,
    scratch: Vec<Row>,
}

impl LandscapeBuilder {
    /// A survey for verdicts about `year`, over the run's list of procedures.
    pub fn new(parameters: &Parameters, year: AcademicYear, procedures: &[Procedure]) -> Self {
        let catalogue = Catalogue::new(parameters, year, procedures);
        let gathered = vec![Default::default(); catalogue.slots.len()];
        Self { parameters: parameters.clone(), year, catalogue, gathered, scratch: Vec::new() }
    }

    /// Takes the school into its comparison group. A school of an excluded kind does not enter.
    pub fn add(&mut self, school: &SchoolInput<'_>) {
        if self.parameters.excluded_kinds.contains(&school.kind) {
            return;
        }
        let by_locality = self.parameters.comparison_group == ComparisonGroup::SameLocality;
        let group = group_of(by_locality, school.locality);
        let minimum = i64::from(self.parameters.minimum_cohort);
        self.catalogue.collect(school.measurements, &mut self.scratch);
        for row in &self.scratch {
            self.gathered[row.slot][group].add(row.cohort, minimum);
        }
    }

    /// The landscape of all schools taken.
    pub fn finish(self) -> Landscape {
        let Self { parameters, year, catalogue, gathered, .. } = self;
        let groups: Vec<_> =
            gathered.into_iter().map(|groups| groups.map(|gathered| gathered.finish(&parameters))).collect();
        let neighbours = neighbours(&catalogue, &groups);
        let by_locality = parameters.comparison_group == ComparisonGroup::SameLocality;
        Landscape { year, catalogue, groups, neighbours, by_locality }
    }
}

/// The landscape of all `schools`; see [`LandscapeBuilder`] for schools that do not fit in memory.
pub fn survey<'a, 'm: 'a>(
    parameters: &Parameters,
    year: AcademicYear,
    procedures: &[Procedure],
    schools: impl IntoIterator<Item = &'a SchoolInput<'m>>,
) -> Landscape {
    let mut builder = LandscapeBuilder::new(parameters, year, procedures);
    schools.into_iter().for_each(|school| builder.add(school));
    builder.finish()
}

impl Gathered {
    fn add(&mut self, cohort: Cohort, minimum: i64) {
        self.cohort.add(cohort);
        if cohort.participants < minimum {
            return;
        }
        let narrow = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        self.shares.push((narrow(cohort.below), narrow(cohort.participants)));
        if let Some(mean) = cohort.mean.hundredths().and_then(|mean| i32::try_from(mean).ok()) {
            self.means.push(mean);
        }
    }

    fn finish(mut self, parameters: &Parameters) -> Group {
        let schools = self.shares.len();
        let enough = |count: usize| count >= usize::from(parameters.high.minimum_schools);
        let quartile = parameters.high.quartile_percent;
        let low_share = rank::lowest(schools, quartile).filter(|_| enough(schools)).map(|position| {
            let product = |(n, _): (u32, u32), (_, d): (u32, u32)| u64::from(n) * u64::from(d);
            let (_, boundary, _) =
                self.shares.select_nth_unstable_by(position, |a, b| product(*a, *b).cmp(&product(*b, *a)));
            reduced(*boundary)
        });
        let mut mean_boundary = |percent: u8| {
            let position = rank::highest(self.means.len(), percent).filter(|_| enough(self.means.len()))?;
            Some(*self.means.select_nth_unstable(position).1)
        };
        let high_mean = mean_boundary(quartile);
        let resilient_mean = mean_boundary(100 - parameters.resilience.results_percentile.min(100));
        Group { cohort: self.cohort, schools, low_share, high_mean, resilient_mean }
    }
}

/// The share in lowest terms: equal shares must give one boundary, whichever school it came from.
fn reduced((below, participants): (u32, u32)) -> Share {
    let (mut divisor, mut rest) = (participants, below);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let divisor = divisor.max(1);
    Share::new((below / divisor).into(), (participants / divisor).into())
}

fn neighbours(catalogue: &Catalogue, groups: &[[Group; GROUPS]]) -> Vec<Neighbours> {
    let mut found = vec![Neighbours::default(); catalogue.slots.len()];
    let measured = |slot: usize| groups[slot].iter().any(|group| group.cohort.participants > 0);
    let mut last: Option<usize> = None;
    for slot in (0..catalogue.slots.len()).filter(|slot| measured(*slot)) {
        if let Some(earlier) = last.filter(|last| catalogue.slots[*last].track == catalogue.slots[slot].track)
        {
            found[slot].earlier = Some(earlier);
            found[earlier].later = Some(slot);
        }
        last = Some(slot);
    }
    found
}
