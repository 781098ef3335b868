//! The criteria on which a school is judged: sufficient cohorts, alone or pooled over neighbouring years.

use super::{
    catalogue::Row,
    inputs::SchoolInput,
    landscape::{Group, Landscape},
    measured::{Cohort, Measured},
    methodology::Parameters,
};
use crate::types::Locality;
use opora_primitives::AcademicYear;

/// A criterion of a school: what it and its group show in a slot.
#[derive(Clone, Debug)]
pub(super) struct Criterion {
    pub(super) slot: usize,
    pub(super) year: AcademicYear,
    /// The school's cohort, with what was pooled.
    pub(super) cohort: Cohort,
    /// The group's cohort over the same years.
    pub(super) group: Cohort,
    /// Slots pooled with it; empty for a cohort that is sufficient alone.
    pooled: Vec<usize>,
}

impl Criterion {
    /// Whether the share below the minimum is strictly greater than the group's.
    pub(super) fn is_below_group(&self) -> bool {
        self.cohort.share().compare(self.group.share()).is_some_and(std::cmp::Ordering::is_gt)
    }

    /// Whether the share is among the lowest and the mean among the highest of the group. Without a mean or without
    /// quartiles it cannot be said, so it is not.
    pub(super) fn is_high(&self, group: &Group) -> bool {
        let low_share = group.low_share.and_then(|boundary| self.cohort.share().compare(boundary));
        low_share.is_some_and(std::cmp::Ordering::is_le)
            && group.high_mean.is_some_and(|boundary| self.cohort.mean.reaches(boundary))
    }
}

/// How many criteria of a measured year satisfy what.
#[derive(Clone, Copy, Debug)]
pub(super) struct YearTally {
    pub(super) year: AcademicYear,
    pub(super) criteria: u32,
    pub(super) below_group: u32,
    pub(super) high: u32,
}

/// Everything the rules look at for one school.
pub(super) struct Evidence<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) landscape: &'a Landscape,
    locality: Locality,
    /// Measured criteria, by assessment, grade and subject, newest year first.
    pub(super) criteria: Vec<Criterion>,
    /// Criteria whose cohorts stay too small.
    pub(super) small: Vec<Criterion>,
    /// Measured years, newest first.
    pub(super) years: Vec<YearTally>,
    /// Measurements that are not criteria.
    pub(super) ignored: u32,
}

impl<'a> Evidence<'a> {
    pub(super) fn gather(
        parameters: &'a Parameters,
        landscape: &'a Landscape,
        school: &SchoolInput<'_>,
    ) -> Self {
        let mut rows = Vec::with_capacity(school.measurements.len());
        let ignored = landscape.catalogue.collect(school.measurements, &mut rows);
        let mut evidence = Self {
            parameters,
            landscape,
            locality: school.locality,
            criteria: Vec::with_capacity(rows.len()),
            small: Vec::new(),
            years: Vec::with_capacity(8),
            ignored,
        };
        let slots = &landscape.catalogue.slots;
        for track in rows.chunk_by_mut(|a, b| slots[a.slot].track == slots[b.slot].track) {
            evidence.walk(track);
        }
        evidence.tally();
        evidence
    }

    pub(super) fn group(&self, slot: usize) -> &Group {
        self.landscape.group(slot, self.locality)
    }

    /// The measured criteria of the years after `year` less `years`, the judged year being the last.
    pub(super) fn window(&self, years: u8) -> impl Iterator<Item = &Criterion> {
        let before_first = self.landscape.year.start() - i32::from(years);
        self.criteria.iter().filter(move |criterion| criterion.year.start() > before_first)
    }

    /// Whether the judged year is measured.
    pub(super) fn is_measured(&self) -> bool {
        self.years.first().is_some_and(|newest| newest.year == self.landscape.year)
    }

    /// A criterion as it stands in a trace.
    pub(super) fn measured(&self, criterion: &Criterion) -> Measured {
        let slots = &self.landscape.catalogue.slots;
        let (assessment, grade, subject) = slots[criterion.slot].track;
        let mut pooled_with: Vec<_> = criterion.pooled.iter().map(|slot| slots[*slot].year).collect();
        pooled_with.sort_unstable();
        Measured {
            assessment,
            grade,
            subject,
            year: criterion.year,
            pooled_with,
            below: criterion.cohort.share(),
        }
    }

    /// Turns the rows of one track into criteria, newest year first.
    fn walk(&mut self, rows: &mut [Row]) {
        let minimum = i64::from(self.parameters.minimum_cohort);
        for i in (0..rows.len()).rev() {
            let row = rows[i];
            if row.cohort.participants >= minimum {
                let criterion = self.alone(row);
                self.criteria.push(criterion);
            } else if !row.spent {
                self.pool(rows, i, minimum);
            }
        }
    }

    fn alone(&self, row: Row) -> Criterion {
        Criterion {
            slot: row.slot,
            year: self.landscape.catalogue.slots[row.slot].year,
            cohort: row.cohort,
            group: self.group(row.slot).cohort,
            pooled: Vec::new(),
        }
    }

    /// Pools the small cohort at `i` with its neighbours until it suffices; a small cohort that helped is spent.
    fn pool(&mut self, rows: &mut [Row], i: usize, minimum: i64) {
        let mut criterion = self.alone(rows[i]);
        let mut used = vec![i];
        let (mut earlier, mut later) = (Some(criterion.slot), Some(criterion.slot));
        for _ in 0..self.parameters.pooled_years {
            earlier = earlier.and_then(|slot| self.landscape.earlier(slot));
            later = later.and_then(|slot| self.landscape.later(slot));
            for slot in [earlier, later].into_iter().flatten() {
                let found =
                    rows.binary_search_by_key(&slot, |row| row.slot).ok().filter(|at| !rows[*at].spent);
                if let Some(at) = found.filter(|_| criterion.cohort.participants < minimum) {
                    criterion.cohort.add(rows[at].cohort);
                    criterion.group.add(self.group(slot).cohort);
                    criterion.pooled.push(slot);
                    used.push(at);
                }
            }
        }
        if criterion.cohort.participants < minimum {
            self.small.push(criterion);
            return;
        }
        for at in used {
            rows[at].spent = rows[at].cohort.participants < minimum;
        }
        self.criteria.push(criterion);
    }

    fn tally(&mut self) {
        for criterion in &self.criteria {
            let below_group = u32::from(criterion.is_below_group());
            let high = u32::from(criterion.is_high(self.landscape.group(criterion.slot, self.locality)));
            match self.years.iter_mut().find(|tally| tally.year == criterion.year) {
                Some(tally) => {
                    tally.criteria += 1;
                    tally.below_group += below_group;
                    tally.high += high;
                }
                None => self.years.push(YearTally { year: criterion.year, criteria: 1, below_group, high }),
            }
        }
        self.years.sort_unstable_by_key(|tally| std::cmp::Reverse(tally.year));
    }
}

/// Whether `part` of `whole` is at least `percent`; of nothing it never is.
pub(super) fn reaches(part: u32, whole: u32, percent: u8) -> bool {
    opora_primitives::Share::new(part.into(), whole.into()).at_least(percent.into())
}
