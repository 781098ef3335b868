//! What the rules are told. The order of facts never matters.

use crate::types::{Branch, ModelCode};
use chrono::NaiveDate;
use opora_primitives::{SchoolCode, Share, word_type};
use opora_schools::types::{DesignationKind, ListId, MunicipalityId, SchoolId, StaffId, StaffRole, Subject};

word_type!(
    /// Why a school counts as one with low results. The list and the verdict are two facts (decision 5).
    LowBasis {
        /// It is on the list in force.
        Listed = "listed", "школа в перечне Рособрнадзора";
        /// The methodology's rule says so; the school is not listed.
        ByRule = "by_rule", "так показало правило методики";
        /// Both.
        Both = "both", "школа в перечне Рособрнадзора, и так же показало правило методики";
    }
);

word_type!(
    /// Why a school counts as one with high results.
    HighBasis {
        /// An act designates it.
        Act = "act", "назначена актом";
        /// The methodology's verdict says so.
        Verdict = "verdict", "так показало правило методики";
    }
);

/// A designation by an act, with the days it is in force; an open end is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Designated {
    /// What for.
    pub kind: DesignationKind,
    /// First day in force.
    pub from: Option<NaiveDate>,
    /// Last day in force.
    pub to: Option<NaiveDate>,
}

impl Designated {
    /// Whether it is in force on `day`, both ends inclusive.
    pub fn in_force_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// The models that a subject has on the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldModels {
    /// Those that have begun: active or paused. The subject takes part in them.
    pub begun: Vec<ModelCode>,
    /// Those that are to begin later. The subject takes no part yet, and is not proposed them again (D20, D292).
    pub planned: Vec<ModelCode>,
}

impl HeldModels {
    /// Whether `model` is among them, begun or planned.
    pub fn holds(&self, model: ModelCode) -> bool {
        self.begun.contains(&model) || self.planned.contains(&model)
    }

    /// Whether there is none, begun or planned.
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.planned.is_empty()
    }
}

/// A municipality: a municipal system, or a city district inside one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MunicipalityFact {
    /// The municipality.
    pub id: MunicipalityId,
    /// The city, for a city district.
    pub parent: Option<MunicipalityId>,
    /// Designations of the municipality itself.
    pub designations: Vec<Designated>,
    /// Models of the municipality itself.
    pub models: HeldModels,
}

/// A subject in which too large a share of the school's pupils is below the minimum. A fact about the school as a
/// whole: it says nothing about any teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowSubject {
    /// The subject.
    pub subject: Subject,
    /// Participants below the minimum, of all participants of the school; at or above the methodology's threshold.
    pub share: Share,
}

/// A working school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchoolFact {
    /// The school.
    pub id: SchoolId,
    /// Its code, to name it in words.
    pub code: SchoolCode,
    /// Its municipality; a state school has none (decision 16).
    pub municipality: Option<MunicipalityId>,
    /// Whether it is on the list version in force.
    pub listed: bool,
    /// Whether the methodology's verdict is "low results".
    pub low_by_rule: bool,
    /// Whether the methodology's verdict is "high results". A designation by an act is read from `designations`.
    pub high_by_verdict: bool,
    /// Designations of the school.
    pub designations: Vec<Designated>,
    /// Models of the school itself.
    pub models: HeldModels,
    /// Subjects with low results; a subject may come from several procedures.
    pub low_subjects: Vec<LowSubject>,
}

impl SchoolFact {
    /// Why it counts as a low-result school, if it does.
    pub fn low(&self) -> Option<LowBasis> {
        match (self.listed, self.low_by_rule) {
            (true, true) => Some(LowBasis::Both),
            (true, false) => Some(LowBasis::Listed),
            (false, true) => Some(LowBasis::ByRule),
            (false, false) => None,
        }
    }

    /// Why it counts as a high-result school on `day`, if it does. The act comes before the verdict. A low-result
    /// school never counts: it cannot lead others, whatever the act says; the contradiction is a warning.
    pub fn high(&self, day: NaiveDate) -> Option<HighBasis> {
        self.high_claim(day).filter(|_| self.low().is_none())
    }

    pub(super) fn high_claim(&self, day: NaiveDate) -> Option<HighBasis> {
        if self.designated(DesignationKind::HighResult, day) {
            return Some(HighBasis::Act);
        }
        self.high_by_verdict.then_some(HighBasis::Verdict)
    }

    /// Whether an act in force on `day` designates it for `kind`.
    pub fn designated(&self, kind: DesignationKind, day: NaiveDate) -> bool {
        designated(&self.designations, kind, day)
    }

    /// Whether it takes part in the first or the second model on `day`: the model has begun, or an act in force
    /// designates the school while the model runs. For the second model the school must have low results too.
    pub fn takes_part(&self, model: ModelCode, day: NaiveDate) -> bool {
        let by_act = match model {
            ModelCode::M1 => self.designated(DesignationKind::M1, day),
            ModelCode::M2 => self.low().is_some() && wave(&self.designations, day).is_some(),
            _ => false,
        };
        self.models.begun.contains(&model) || (by_act && model.model().window_on(None, day).is_some())
    }

    /// The largest share of pupils below the minimum in `subject`, if the subject is low at all.
    pub fn low_share(&self, subject: Subject) -> Option<Share> {
        let shares = self.low_subjects.iter().filter(|low| low.subject == subject).map(|low| low.share);
        // Equal shares: the larger cohort, so that the answer does not hang on the order of facts.
        shares.filter(|share| share.denominator > 0).reduce(|most, share| {
            let order = share.compare(most).map(|order| order.then(share.denominator.cmp(&most.denominator)));
            if order.is_some_and(std::cmp::Ordering::is_gt) { share } else { most }
        })
    }
}

/// A member of staff of a school in the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonFact {
    /// The person.
    pub id: StaffId,
    /// The school.
    pub school: SchoolId,
    /// The role.
    pub role: StaffRole,
    /// The subject taught; absent for a teacher of no single subject.
    pub subject: Option<Subject>,
    /// Models of the person.
    pub models: HeldModels,
}

/// Everything the rules are told, one fact for each id. Schools that were closed and municipalities that are not in
/// force are left out by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The list version behind `listed`.
    pub list: ListId,
    /// Municipalities.
    pub municipalities: Vec<MunicipalityFact>,
    /// Schools.
    pub schools: Vec<SchoolFact>,
    /// People; one whose school is not among the facts is passed over.
    pub people: Vec<PersonFact>,
}

/// Whether one of `designations` is for `kind` and in force on `day`.
pub(super) fn designated(designations: &[Designated], kind: DesignationKind, day: NaiveDate) -> bool {
    designations.iter().any(|d| d.kind == kind && d.in_force_on(day))
}

/// The wave of the second model that `designations` give on `day`; the first wave if both.
pub(super) fn wave(designations: &[Designated], day: NaiveDate) -> Option<Branch> {
    if designated(designations, DesignationKind::M2Wave1, day) {
        return Some(Branch::Wave1);
    }
    designated(designations, DesignationKind::M2Wave2, day).then_some(Branch::Wave2)
}
