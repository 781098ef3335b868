//! Rules whose subject is a municipality: models 1, 2, 3 and 6, and the gaps in coverage.

use super::{
    facts::{MunicipalityFact, SchoolFact, designated, wave},
    propose::{CoverageGap, GapKind, LISTED_FROM, LISTED_TO, Proposal, View},
    reason::{ProposalGround, SchoolPair},
};
use crate::types::{Branch, ModelCode, SubjectRef};
use opora_schools::types::{DesignationKind, MunicipalityId, SchoolId};
use std::collections::BTreeMap;

/// What a municipality's schools add up to.
#[derive(Default)]
struct Tally {
    listed: u32,
    in_districts: u32,
    low: Vec<SchoolId>,
    high: Vec<SchoolId>,
    pilot_schools: u32,
    base_schools: u32,
    /// The earliest wave of its schools in the second model.
    wave: Option<Branch>,
}

impl Tally {
    fn within_bounds(&self) -> bool {
        (LISTED_FROM..=LISTED_TO).contains(&self.listed)
    }

    /// A leader for every low-result school, taken in turn, so that the load is even.
    fn pairs(&self) -> Vec<SchoolPair> {
        self.low
            .iter()
            .zip(self.high.iter().cycle())
            .map(|(low, leader)| SchoolPair { low: *low, leader: *leader })
            .collect()
    }
}

/// A municipality as a subject of the rules.
struct Subject<'a> {
    fact: &'a MunicipalityFact,
    tally: &'a Tally,
    in_pilot: bool,
    in_base: bool,
    pilot_assigned: bool,
    base_assigned: bool,
    pilot_designated: bool,
    wave_designated: Option<Branch>,
}

/// Proposals for municipalities, in no particular order.
pub(super) fn proposals(view: &View) -> Vec<Proposal> {
    let (tallies, none) = (tallies(view), Tally::default());
    view.facts
        .municipalities
        .iter()
        .filter(|fact| view.authority_of(fact.id) == fact.id)
        .map(|fact| Subject::new(view, fact, tallies.get(&fact.id).unwrap_or(&none)))
        .flat_map(|subject| {
            [subject.pilot(view), subject.base(view), subject.services(view), subject.partnership(view)]
        })
        .flatten()
        .collect()
}

/// Municipal systems with listed schools outside the bounds, by municipality.
pub(super) fn coverage_gaps(view: &View) -> Vec<CoverageGap> {
    let whole_systems = tallies(view).into_iter().filter(|(id, _)| view.system_of(*id) == *id);
    whole_systems
        .filter_map(|(municipality, Tally { listed, .. })| {
            let kind = match listed {
                1..LISTED_FROM => GapKind::TooFew,
                0 | LISTED_FROM..=LISTED_TO => return None,
                _ => GapKind::TooMany,
            };
            Some(CoverageGap { municipality, listed, kind })
        })
        .collect()
}

/// The tally of every municipality that has schools. In order of school ids, so that lists and pairs come out the same.
fn tallies(view: &View) -> BTreeMap<MunicipalityId, Tally> {
    let mut tallies: BTreeMap<MunicipalityId, Tally> = BTreeMap::new();
    for school in view.schools.values() {
        let Some(municipality) = school.municipality else { continue };
        let (system, authority) = (view.system_of(municipality), view.authority_of(municipality));
        count_results(tallies.entry(system).or_default(), view, school, municipality != system);
        if authority != system {
            count_results(tallies.entry(authority).or_default(), view, school, false);
        }
        count_models(tallies.entry(authority).or_default(), view, school);
    }
    tallies
}

fn count_results(tally: &mut Tally, view: &View, school: &SchoolFact, in_district: bool) {
    tally.listed += u32::from(school.listed);
    tally.in_districts += u32::from(school.listed && in_district);
    if school.low().is_some() {
        tally.low.push(school.id);
    }
    if school.high(view.on).is_some() {
        tally.high.push(school.id);
    }
}

fn count_models(tally: &mut Tally, view: &View, school: &SchoolFact) {
    tally.pilot_schools += u32::from(school.takes_part(ModelCode::M1, view.on));
    if school.takes_part(ModelCode::M2, view.on) {
        tally.base_schools += 1;
        tally.wave = earliest(tally.wave, wave(&school.designations, view.on));
    }
}

fn earliest(one: Option<Branch>, other: Option<Branch>) -> Option<Branch> {
    one.into_iter().chain(other).min()
}

impl<'a> Subject<'a> {
    fn new(view: &View, fact: &'a MunicipalityFact, tally: &'a Tally) -> Self {
        let runs = |model: ModelCode| model.model().window_on(None, view.on).is_some();
        let pilot_designated =
            runs(ModelCode::M1) && designated(&fact.designations, DesignationKind::M1, view.on);
        let wave_designated = wave(&fact.designations, view.on).filter(|_| runs(ModelCode::M2));
        let assigned = |model| fact.models.begun.contains(&model);
        let (pilot_assigned, base_assigned) = (assigned(ModelCode::M1), assigned(ModelCode::M2));
        Self {
            fact,
            tally,
            in_pilot: pilot_designated || tally.pilot_schools > 0 || pilot_assigned,
            in_base: wave_designated.is_some() || tally.base_schools > 0 || base_assigned,
            pilot_assigned,
            base_assigned,
            pilot_designated,
            wave_designated,
        }
    }

    fn proposal(
        &self,
        view: &View,
        model: ModelCode,
        branch: Option<Branch>,
        ground: ProposalGround,
    ) -> Option<Proposal> {
        let subject = SubjectRef::Municipality { municipality: self.fact.id };
        view.proposal((model, branch), subject, &self.fact.models, ground)
    }

    /// Model 1.
    fn pilot(&self, view: &View) -> Option<Proposal> {
        let ground = ProposalGround::PilotMunicipality {
            designated: self.pilot_designated,
            schools: self.tally.pilot_schools,
        };
        self.in_pilot.then(|| self.proposal(view, ModelCode::M1, None, ground))?
    }

    /// Model 2. The wave is the earliest of the municipality and its schools.
    fn base(&self, view: &View) -> Option<Proposal> {
        let ground = ProposalGround::BaseMunicipality {
            designated: self.wave_designated.is_some(),
            schools: self.tally.base_schools,
        };
        let wave = earliest(self.wave_designated, self.tally.wave);
        self.in_base.then(|| self.proposal(view, ModelCode::M2, wave, ground))?
    }

    /// Model 3.
    fn services(&self, view: &View) -> Option<Proposal> {
        let Tally { listed, in_districts, .. } = *self.tally;
        let ground =
            ProposalGround::ListedWithinBounds { listed, in_districts, from: LISTED_FROM, to: LISTED_TO };
        self.tally.within_bounds().then(|| self.proposal(view, ModelCode::M3, None, ground))?
    }

    /// Model 6: the pilot in 2020, the full run after it; they share no day.
    fn partnership(&self, view: &View) -> Option<Proposal> {
        self.pilot_partnership(view).or_else(|| self.full_partnership(view))
    }

    fn pilot_partnership(&self, view: &View) -> Option<Proposal> {
        let ground = ProposalGround::PilotPartnership {
            designated: self.pilot_designated,
            assigned: self.pilot_assigned,
            schools: self.tally.pilot_schools,
        };
        self.in_pilot.then(|| self.proposal(view, ModelCode::M6, Some(Branch::Pilot), ground))?
    }

    fn full_partnership(&self, view: &View) -> Option<Proposal> {
        let Tally { listed, base_schools, .. } = *self.tally;
        let within_bounds = self.tally.within_bounds() && !self.tally.high.is_empty();
        if !self.in_base && !within_bounds {
            return None;
        }
        let ground = ProposalGround::FullPartnership {
            in_base_model: self.in_base,
            assigned: self.base_assigned && self.wave_designated.is_none(),
            base_schools,
            within_bounds,
            listed,
            high_result: u32::try_from(self.tally.high.len()).unwrap_or(u32::MAX),
            pairs: self.tally.pairs(),
        };
        self.proposal(view, ModelCode::M6, Some(Branch::Full), ground)
    }
}
