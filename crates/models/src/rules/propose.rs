//! The proposals that follow from the facts of a day, the gaps in coverage and the warnings.

use super::{
    facts::{Facts, HeldModels, MunicipalityFact, SchoolFact},
    municipal,
    reason::{ProposalGround, ProposalReason},
    single,
    systems::municipal_system_of,
};
use crate::types::{Branch, ModelCode, SubjectRef};
use chrono::{Months, NaiveDate};
use opora_primitives::{DateWindow, word_type};
use opora_schools::types::{MunicipalityId, SchoolId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Version of the rules of this module, for a caller that has no other.
pub const RULE_VERSION: &str = "2020.1";

/// Least number of listed schools for the third model and for the second condition of the sixth, inclusive (the order's
/// description of models 3 and 6).
pub const LISTED_FROM: u32 = 4;

/// Greatest number of listed schools for the same, inclusive.
pub const LISTED_TO: u32 = 7;

/// A proposal: a model for a subject, with the reason. It binds nobody until a named person confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// The model.
    pub model: ModelCode,
    /// The branch, where the model has any and it is known.
    pub branch: Option<Branch>,
    /// Whom it is for.
    pub subject: SubjectRef,
    /// Why.
    pub reason: ProposalReason,
    /// The period of the model.
    pub period: DateWindow,
}

word_type!(
    /// Why a municipality has no way into the third model.
    GapKind {
        /// It has listed schools, but fewer than four.
        TooFew = "too_few", "Меньше 4 школ из перечня";
        /// It has more than seven listed schools.
        TooMany = "too_many", "Больше 7 школ из перечня";
    }
);

/// A municipal system that has listed schools, but not as many as the third model asks for (decision 7). A system
/// without listed schools has no gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageGap {
    /// The municipality.
    pub municipality: MunicipalityId,
    /// Its listed schools, those of its city districts with them.
    pub listed: u32,
    /// Too few or too many.
    pub kind: GapKind,
}

/// Facts that a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProposalWarning {
    /// An act designates the school to the second model, but its results are not low: not proposed.
    DesignatedWithoutLowResults {
        /// The school.
        school: SchoolId,
        /// The wave of the designation.
        wave: Branch,
    },
    /// The school counts as both low-result and high-result; it was taken as low-result only.
    LowAndHigh {
        /// The school.
        school: SchoolId,
    },
    /// The head of a listed school is not in the register, so that the fourth model reaches nobody there.
    HeadNotKnown {
        /// The school.
        school: SchoolId,
    },
}

impl ProposalWarning {
    /// The school it is about.
    pub fn school(&self) -> SchoolId {
        match *self {
            Self::DesignatedWithoutLowResults { school, .. }
            | Self::LowAndHigh { school }
            | Self::HeadNotKnown { school } => school,
        }
    }
}

/// What the rules say of the facts of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposals {
    /// Proposals, by model and subject; at most one for each model and subject.
    pub proposals: Vec<Proposal>,
    /// Gaps in coverage, by municipality.
    pub coverage_gaps: Vec<CoverageGap>,
    /// Warnings.
    pub warnings: Vec<ProposalWarning>,
}

/// The days whose facts the rules may be applied to (D199). A list is drawn up in the school year that ends in its year, so it
/// says nothing of the days before that; what is known today is no ground for what will be in more than a year.
pub fn days_of_a_run(list_year: i32, today: NaiveDate) -> DateWindow {
    let from = NaiveDate::from_ymd_opt(list_year - 1, 9, 1).unwrap_or_default();
    DateWindow { from, to: today.checked_add_months(Months::new(12)) }
}

/// Applies the rules to the facts of the day `on`. The order of facts changes nothing.
pub fn propose(facts: &Facts, on: NaiveDate, rule_version: &str) -> Proposals {
    let view = View::new(facts, on, rule_version);
    let mut proposals = single::proposals(&view);
    proposals.extend(municipal::proposals(&view));
    proposals.sort_by_key(|proposal| (proposal.model, proposal.subject));
    Proposals { proposals, coverage_gaps: municipal::coverage_gaps(&view), warnings: single::warnings(&view) }
}

/// The models that a school and its head cannot have beside `model`: the first and the second of a school exclude the
/// fourth of its head, whichever comes first; no other model excludes any.
pub fn exclusions(model: ModelCode) -> &'static [ModelCode] {
    match model {
        ModelCode::M1 | ModelCode::M2 => &[ModelCode::M4],
        ModelCode::M4 => &[ModelCode::M1, ModelCode::M2],
        _ => &[],
    }
}

/// The facts, indexed.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts,
    pub(super) on: NaiveDate,
    pub(super) schools: BTreeMap<SchoolId, &'a SchoolFact>,
    municipalities: BTreeMap<MunicipalityId, &'a MunicipalityFact>,
    parents: BTreeMap<MunicipalityId, MunicipalityId>,
    rule_version: &'a str,
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts, on: NaiveDate, rule_version: &'a str) -> Self {
        Self {
            facts,
            on,
            schools: facts.schools.iter().map(|school| (school.id, school)).collect(),
            municipalities: facts.municipalities.iter().map(|m| (m.id, m)).collect(),
            parents: facts.municipalities.iter().filter_map(|m| Some((m.id, m.parent?))).collect(),
            rule_version,
        }
    }

    pub(super) fn system_of(&self, id: MunicipalityId) -> MunicipalityId {
        municipal_system_of(id, &self.parents)
    }

    /// The authority that a school in `id` answers to: see the module's decisions.
    pub(super) fn authority_of(&self, id: MunicipalityId) -> MunicipalityId {
        let own = |m: &MunicipalityFact| !m.designations.is_empty() || !m.models.is_empty();
        if self.municipalities.get(&id).is_some_and(|m| own(m)) { id } else { self.system_of(id) }
    }

    /// The first or the second model, if the school is in it and the model therefore keeps its head out of the fourth.
    pub(super) fn exclusion(&self, school: &SchoolFact) -> Option<ModelCode> {
        exclusions(ModelCode::M4).iter().copied().find(|model| school.takes_part(*model, self.on))
    }

    /// The proposal, if the model runs on the day and the subject, whose models are `held`, has it not yet.
    pub(super) fn proposal(
        &self,
        (model, branch): (ModelCode, Option<Branch>),
        subject: SubjectRef,
        held: &HeldModels,
        ground: ProposalGround,
    ) -> Option<Proposal> {
        if held.holds(model) {
            return None;
        }
        let period = model.model().window_on(branch, self.on)?;
        let (rule_version, list) = (self.rule_version.to_owned(), self.facts.list);
        let reason = ProposalReason { rule_version, list, on: self.on, ground };
        Some(Proposal { model, branch, subject, reason, period })
    }
}
