//! What the indicators are computed from, read once; then any of its days can be asked without the database.

use super::{
    Actual, Answer, Facts, IndicatorCode, LAST_YEAR, LATER_YEAR, ListVersion, PERIOD, PersonFact, Question,
    Reach, SchoolFact, SystemFact, included, later_list, municipal, supported,
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{lists, schools},
};
use opora_models::{
    store::lives::{self, Life},
    types::{AssignmentState, SubjectKind},
};
use opora_primitives::{Problem, ProblemCode, Reason, SchoolId};
use opora_schools::{
    registry::{lists as registry_lists, municipalities, succession::Territory, support},
    types::{ListId, SchoolStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// A school as the register has it.
struct SchoolLife {
    id: SchoolId,
    successor: Option<SchoolId>,
    status: SchoolStatus,
    closed_on: Option<NaiveDate>,
}

/// The registers, assignments, lists and people behind the indicators of some days.
pub struct Ground {
    schools: Vec<SchoolLife>,
    territory: Territory,
    lives: Vec<Life>,
    /// Every list version, the oldest year first.
    versions: Vec<ListVersion>,
    /// The schools of those that the days need.
    members: BTreeMap<ListId, BTreeSet<SchoolId>>,
    people: Vec<PersonFact>,
}

impl Ground {
    /// Reads what the answers of `days` need; `list` is the version a caller named. To be called in one consistent read.
    ///
    /// # Errors
    /// Not found if there is no such list.
    pub fn read(db: &mut Db, days: &[NaiveDate], list: Option<ListId>) -> Result<Self> {
        let mut ground = Self {
            schools: school_lives(db)?,
            territory: municipalities::territory(db)?,
            lives: lives::all(db)?,
            versions: versions(db)?,
            members: BTreeMap::new(),
            people: Vec::new(),
        };
        let mut wanted = BTreeSet::new();
        for day in days {
            let (base, later) = ground.choose(*day, list)?;
            wanted.extend([base, later].into_iter().flatten().map(|version| version.id));
        }
        for id in wanted {
            ground.members.insert(id, registry_lists::members(db, id)?.into_iter().collect());
        }
        ground.people = ground.read_people(db)?;
        Ok(ground)
    }

    /// The pedagogical workers of the lists' schools and of those that ever took over.
    fn read_people(&self, db: &mut Db) -> Result<Vec<PersonFact>> {
        let facts = self.facts(NaiveDate::MAX);
        let whose: BTreeSet<SchoolId> =
            self.members.values().flatten().flat_map(|school| facts.heirs(*school)).collect();
        let whose: Vec<SchoolId> = whose.into_iter().collect();
        let mut completed = BTreeMap::<_, Vec<NaiveDate>>::new();
        for (person, day) in support::completed(db, &whose)? {
            completed.entry(person).or_default().push(day);
        }
        let people = support::pedagogical(db, &whose)?.into_iter();
        Ok(people
            .map(|(id, school)| PersonFact {
                id,
                school,
                completed: completed.remove(&id).unwrap_or_default(),
            })
            .collect())
    }

    /// The indicators on a day.
    ///
    /// # Errors
    /// [`ProblemCode::InvalidParameter`] if the denominator is less than the numerator.
    pub fn answer(&self, question: Question) -> Result<Answer> {
        let (list, later) = self.choose(question.on, question.list)?;
        let codes = IndicatorCode::ALL.iter();
        let indicators = codes.map(|code| self.actual(*code, question)).collect::<Result<Vec<_>>>()?;
        Ok(Answer { list, later, indicators })
    }

    /// One indicator on a day.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn actual(&self, code: IndicatorCode, question: Question) -> Result<Actual> {
        let on = question.on;
        let (base, later) = self.choose(on, question.list)?;
        let members = |version: Option<ListVersion>| self.members.get(&version?.id);
        let actual = match code {
            IndicatorCode::I1 => included(&self.facts(on), members(base), &self.reach_on(on)?),
            IndicatorCode::I2 => supported(&self.facts(on), members(base), &self.people, on),
            IndicatorCode::I3 => municipal(&self.facts(on), &self.reach_on(on)?, question.denominator),
            IndicatorCode::I4 => {
                let participants = self.reach(NaiveDate::MAX, |life| life.active_during(PERIOD))?;
                later_list(&self.facts(NaiveDate::MAX), &participants, members(later))
            }
        };
        match actual.share() {
            Some(share) if share.numerator > share.denominator => {
                Err(refused("denominator", Reason::MoreThanWhole))
            }
            _ => Ok(actual),
        }
    }

    /// The list of the passport on the day, and the later list.
    ///
    /// # Errors
    /// Not found if `wanted` is no list.
    pub fn choose(
        &self,
        on: NaiveDate,
        wanted: Option<ListId>,
    ) -> Result<(Option<ListVersion>, Option<ListVersion>)> {
        let newest_first = || self.versions.iter().rev();
        let list = match wanted {
            Some(id) => Some(*newest_first().find(|v| v.id == id).ok_or(ProblemCode::NotFound)?),
            None => of_the_passport(&self.versions, on),
        };
        let later = newest_first().find(|v| v.list_year == LATER_YEAR).copied();
        Ok((list, later))
    }

    /// The registers as they are on the day: a school works to the end of the day on which it was closed, and lies in the
    /// municipality that was in force.
    fn facts(&self, on: NaiveDate) -> Facts {
        let schools = self.schools.iter().map(|school| {
            let open = school.status.works_on(school.closed_on, on);
            let successor = school.successor.filter(|_| !open);
            let municipality = self.territory.home(school.id, on);
            (school.id, SchoolFact { municipality, successor, open })
        });
        let lines = &self.territory.lines;
        let municipalities = lines
            .all()
            .map(|m| (m.id, SystemFact { parent: lines.city(m.id, on), whole: m.is_system_on(on) }));
        Facts { schools: schools.collect(), municipalities: municipalities.collect() }
    }

    fn reach_on(&self, on: NaiveDate) -> Result<Reach> {
        self.reach(on, |life| Ok(life.state_on(on)? == AssignmentState::Active))
    }

    /// Whom the assignments that are `active` reach; municipalities as they are on the day.
    fn reach(&self, on: NaiveDate, active: impl Fn(&Life) -> Result<bool>) -> Result<Reach> {
        let mut reach = Reach::default();
        for life in &self.lives {
            if !active(life)? {
                continue;
            }
            let subject = life.subject;
            if let Some(id) = subject.municipality() {
                let there = self.territory.lines.on(id, on);
                reach.municipalities.entry(there).or_default().insert(life.model);
            } else if let Some(id) = subject.school() {
                if subject.kind() == SubjectKind::School {
                    reach.schools.entry(id).or_default().insert(life.model);
                } else {
                    reach.through_people.insert(id);
                }
            }
        }
        Ok(reach)
    }
}

fn refused(parameter: &str, reason: Reason) -> opora_db::Error {
    Problem::parameter(parameter, reason).into()
}

/// The newest version of the newest list of a year not after that of the passport and not after that of the day (D30).
fn of_the_passport(versions: &[ListVersion], on: NaiveDate) -> Option<ListVersion> {
    let last = LAST_YEAR.min(on.year());
    versions.iter().rev().find(|version| version.list_year <= last).copied()
}

/// The schools of the passport's list on the day; none before the first list.
///
/// # Errors
/// Faults of the database.
pub fn passport_members(db: &mut Db, on: NaiveDate) -> Result<Vec<SchoolId>> {
    let list = of_the_passport(&versions(db)?, on);
    list.map_or_else(|| Ok(Vec::new()), |list| registry_lists::members(db, list.id))
}

fn versions(db: &mut Db) -> Result<Vec<ListVersion>> {
    let rows: Vec<(ListId, i32, i32)> = lists::table
        .order((lists::list_year, lists::revision))
        .select((lists::id, lists::list_year, lists::revision))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, list_year, revision)| ListVersion { id, list_year, revision }).collect())
}

fn school_lives(db: &mut Db) -> Result<Vec<SchoolLife>> {
    type Row = (SchoolId, Option<SchoolId>, SchoolStatus, Option<NaiveDate>);
    let rows: Vec<Row> = schools::table
        .select((schools::id, schools::successor_id, schools::status, schools::closed_on))
        .load(db)?;
    let life = |(id, successor, status, closed_on)| SchoolLife { id, successor, status, closed_on };
    Ok(rows.into_iter().map(life).collect())
}
