//! The rules of the indicators. Pure: no clock, no database.

use super::types::{Actual, IndicatorCode, NotMeasurable, Row, RowGround, Subject};
use chrono::NaiveDate;
use opora_models::{
    rules::{municipal_system_of, municipal_systems_included},
    types::ModelCode,
};
use opora_primitives::{MunicipalityId, SchoolId};
use opora_schools::types::StaffId;
use std::collections::{BTreeMap, BTreeSet};

/// A school on the day, closed ones with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolFact {
    /// Its municipality; a state school has none.
    pub municipality: Option<MunicipalityId>,
    /// The school that took over, once it does not work any more.
    pub successor: Option<SchoolId>,
    /// Whether it works on the day.
    pub open: bool,
}

/// A municipality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemFact {
    /// The city, for a city district.
    pub parent: Option<MunicipalityId>,
    /// Whether it is a system of its own that is in force on the day: no city district.
    pub whole: bool,
}

/// A pedagogical worker (D35).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonFact {
    /// Who.
    pub id: StaffId,
    /// The school the register has the person in.
    pub school: SchoolId,
    /// The last days of the forms of support the person completed, in any order.
    pub completed: Vec<NaiveDate>,
}

impl PersonFact {
    fn row(&self, on: NaiveDate) -> Row {
        let counts = self.completed.iter().any(|day| *day <= on);
        Row {
            subject: Subject::Person { id: self.id, school: self.school },
            counts,
            why: if counts { RowGround::Supported } else { RowGround::NotSupported },
            successor: None,
            models: Vec::new(),
        }
    }
}

/// Whom active assignments reach: on a day, or at any time of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Schools with models of their own.
    pub schools: BTreeMap<SchoolId, BTreeSet<ModelCode>>,
    /// Schools whose head or teachers have models.
    pub through_people: BTreeSet<SchoolId>,
    /// Municipalities with models of their own.
    pub municipalities: BTreeMap<MunicipalityId, BTreeSet<ModelCode>>,
}

impl Reach {
    /// Every school that is reached, once.
    pub fn all_schools(&self) -> BTreeSet<SchoolId> {
        self.schools.keys().chain(&self.through_people).copied().collect()
    }

    fn why(&self, school: SchoolId) -> RowGround {
        if self.schools.contains_key(&school) {
            RowGround::OwnModel
        } else if self.through_people.contains(&school) {
            RowGround::ThroughPeople
        } else {
            RowGround::NoModel
        }
    }

    fn models_of(&self, school: SchoolId) -> Vec<ModelCode> {
        self.schools.get(&school).into_iter().flatten().copied().collect()
    }
}

/// What the rules are told of the registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Schools.
    pub schools: BTreeMap<SchoolId, SchoolFact>,
    /// Municipalities, those out of force with them: a district may lie in one.
    pub municipalities: BTreeMap<MunicipalityId, SystemFact>,
}

/// Where following the successors of a school leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// To this school, perhaps itself.
    To(SchoolId),
    /// Nowhere: the last of them is closed and nobody took over.
    Closed,
}

impl Facts {
    /// `school` and the schools that took over, one after another. A circle, which the registers do not allow, leaves
    /// the school itself.
    pub fn heirs(&self, school: SchoolId) -> Vec<SchoolId> {
        let mut path = vec![school];
        while let Some(next) = path.last().and_then(|last| self.schools.get(last)?.successor) {
            if path.contains(&next) {
                return vec![school];
            }
            path.push(next);
        }
        path
    }

    /// Follows the successors of `school` to the last one. A school that the registers do not know stays what it is.
    pub fn follow(&self, school: SchoolId) -> Followed {
        let last = self.heirs(school).last().copied().unwrap_or(school);
        match self.schools.get(&last) {
            Some(SchoolFact { open: false, successor: None, .. }) => Followed::Closed,
            _ => Followed::To(last),
        }
    }

    fn parents(&self) -> BTreeMap<MunicipalityId, MunicipalityId> {
        self.municipalities.iter().filter_map(|(id, m)| Some((*id, m.parent?))).collect()
    }

    fn home(&self, school: SchoolId) -> Option<MunicipalityId> {
        self.schools.get(&school)?.municipality
    }
}

/// I1: schools of the list, and which of them have an active assignment; through a successor too. Without a list it
/// cannot be said.
pub fn included(facts: &Facts, list: Option<&BTreeSet<SchoolId>>, reach: &Reach) -> Actual {
    let Some(list) = list else {
        return Actual::unknown(IndicatorCode::I1, NotMeasurable::NoList, Vec::new());
    };
    let rows = list.iter().map(|school| {
        let own = reach.why(*school);
        match facts.follow(*school) {
            Followed::To(last) if own == RowGround::NoModel && last != *school => {
                row(*school, Some(last), reach.why(last), reach.models_of(last))
            }
            Followed::Closed if own == RowGround::NoModel => {
                row(*school, None, RowGround::ClosedWithoutSuccessor, Vec::new())
            }
            _ => row(*school, None, own, reach.models_of(*school)),
        }
    });
    Actual::of(IndicatorCode::I1, rows.collect(), None)
}

fn row(school: SchoolId, successor: Option<SchoolId>, why: RowGround, models: Vec<ModelCode>) -> Row {
    let counts = matches!(why, RowGround::OwnModel | RowGround::ThroughPeople | RowGround::OffTheLaterList);
    Row { subject: Subject::School(school), counts, why, successor, models }
}

/// I2: pedagogical workers of the list's schools, and which of them have completed a form of support by `on`. A merged
/// school's people are those of the schools that took over too; one that closed without a successor has none. Without a
/// list it cannot be said.
pub fn supported(
    facts: &Facts,
    list: Option<&BTreeSet<SchoolId>>,
    people: &[PersonFact],
    on: NaiveDate,
) -> Actual {
    let Some(list) = list else {
        return Actual::unknown(IndicatorCode::I2, NotMeasurable::NoList, Vec::new());
    };
    let working = list.iter().filter(|school| facts.follow(**school) != Followed::Closed);
    let heirs: BTreeMap<SchoolId, Vec<SchoolId>> = working.map(|s| (*s, facts.heirs(*s))).collect();
    let whose: BTreeSet<SchoolId> = heirs.values().flatten().copied().collect();
    let counted: BTreeMap<StaffId, &PersonFact> =
        people.iter().filter(|p| whose.contains(&p.school)).map(|p| (p.id, p)).collect();
    let staffed: BTreeSet<SchoolId> = counted.values().map(|p| p.school).collect();
    let rows = counted.into_values().map(|person| person.row(on)).collect();
    let silent = heirs.into_iter().filter(|(_, heirs)| heirs.iter().all(|s| !staffed.contains(s)));
    let without_staff = silent.map(|(school, _)| school).collect();
    Actual { without_staff, ..Actual::of(IndicatorCode::I2, rows, None) }
}

/// I3: whole municipal systems in force, and which of them have an assigned school or a model of the municipal level.
/// `denominator` replaces their number.
pub fn municipal(facts: &Facts, reach: &Reach, denominator: Option<i64>) -> Actual {
    let parents = facts.parents();
    let homes = reach.all_schools().into_iter().map(|school| facts.home(school));
    let by_school = municipal_systems_included(homes, [], &parents);
    let mut by_model: BTreeMap<MunicipalityId, BTreeSet<ModelCode>> = BTreeMap::new();
    for (id, models) in &reach.municipalities {
        by_model.entry(municipal_system_of(*id, &parents)).or_default().extend(models);
    }
    let whole = facts.municipalities.iter().filter(|(_, m)| m.whole).map(|(id, _)| *id);
    let rows = whole.map(|id| {
        let models: Vec<_> = by_model.get(&id).into_iter().flatten().copied().collect();
        let why = match (models.is_empty(), by_school.contains(&id)) {
            (false, _) => RowGround::MunicipalModel,
            (true, true) => RowGround::AssignedSchool,
            (true, false) => RowGround::NoModel,
        };
        Row {
            subject: Subject::Municipality(id),
            counts: why != RowGround::NoModel,
            why,
            successor: None,
            models,
        }
    });
    Actual::of(IndicatorCode::I3, rows.collect(), denominator)
}

/// I4: participants of the period, and which of them are not on the later list. Without that list it cannot be said
/// (decision 4).
pub fn later_list(facts: &Facts, participants: &Reach, later: Option<&BTreeSet<SchoolId>>) -> Actual {
    let last_ones: Option<BTreeSet<SchoolId>> = later.map(|list| {
        // A list may name a school that was merged since.
        let followed = list.iter().filter_map(|school| match facts.follow(*school) {
            Followed::To(last) => Some(last),
            Followed::Closed => None,
        });
        followed.chain(list.iter().copied()).collect()
    });
    let rows = participants.all_schools().into_iter().map(|school| {
        let followed = facts.follow(school);
        let successor = match followed {
            Followed::To(last) if last != school => Some(last),
            _ => None,
        };
        let why = match &last_ones {
            None => RowGround::NotYetKnown,
            Some(list) => later_why(list, school, followed),
        };
        row(school, successor, why, participants.models_of(school))
    });
    let rows: Vec<_> = rows.collect();
    match last_ones {
        None => Actual::unknown(IndicatorCode::I4, NotMeasurable::BeforeTheLaterList, rows),
        Some(_) => Actual::of(IndicatorCode::I4, rows, None),
    }
}

fn later_why(list: &BTreeSet<SchoolId>, school: SchoolId, followed: Followed) -> RowGround {
    match followed {
        _ if list.contains(&school) => RowGround::OnTheLaterList,
        Followed::Closed => RowGround::ClosedWithoutSuccessor,
        Followed::To(last) if list.contains(&last) => RowGround::OnTheLaterList,
        Followed::To(_) => RowGround::OffTheLaterList,
    }
}
