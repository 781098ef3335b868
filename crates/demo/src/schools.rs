//! Draws the schools of the region: kind, size, context, profile of results, listing and designation.

use crate::Scale;
use crate::model::{Designation, Ending, Founder, Kind, Municipality, Profile, Role, School};
use crate::rng::Rng;
use crate::territory::{STATE_SCHOOLS, municipalities};
use chrono::NaiveDate;
use std::io;

/// The region (or country) before it is written.
pub(crate) struct Region {
    pub(crate) municipalities: Vec<Municipality>,
    pub(crate) schools: Vec<School>,
    pub(crate) seed: u64,
}

/// First code of the region's schools; beyond the region codes start with 1.
const FIRST_CODE: u32 = 520_001;
const FIRST_GENERATED_CODE: u32 = 100_001;
/// A municipality this large has a school that was closed or merged.
const LARGE: usize = 28;
/// A district with this many listed schools loses one to a merger: one such exists, and its path through the
/// models stays.
const LOSES_ONE: usize = 9;
/// Prefix of the OKTMO codes of generated municipalities.
const GENERATED_OKTMO: &str = "00";

mod stream {
    pub(super) const ROLES: u64 = 1;
    pub(super) const SCHOOL: u64 = 2;
}

impl Region {
    /// Draws the region of `scale`.
    ///
    /// # Errors
    /// `InvalidData` if an embedded table is damaged.
    pub(crate) fn build(scale: &Scale) -> io::Result<Self> {
        let municipalities = municipalities(scale.schools)?;
        let mut schools = Vec::with_capacity(scale.schools);
        for number in 0..STATE_SCHOOLS {
            schools.push(state_school(scale.seed, FIRST_CODE + number as u32, number));
        }
        let (mut own, mut generated) = (FIRST_CODE + STATE_SCHOOLS as u32, FIRST_GENERATED_CODE);
        for (index, m) in municipalities.iter().enumerate() {
            let next = if m.oktmo.starts_with(GENERATED_OKTMO) { &mut generated } else { &mut own };
            schools.extend(schools_of(scale.seed, index, m, *next));
            *next += m.schools as u32;
        }
        Ok(Self { municipalities, schools, seed: scale.seed })
    }

    /// The municipality of `school`; `None` for a state school.
    pub(crate) fn municipality(&self, school: &School) -> Option<&Municipality> {
        school.municipality.and_then(|index| self.municipalities.get(index))
    }
}

/// The schools of one municipality, in the order of their codes.
fn schools_of(seed: u64, index: usize, m: &Municipality, first: u32) -> Vec<School> {
    let roles = roles(seed, index, m);
    let mut schools: Vec<School> = roles
        .iter()
        .zip(first..)
        .enumerate()
        .map(|(position, (&role, code))| School {
            municipality: Some(index),
            ..draw(seed, code, position + 1, m.urban, role)
        })
        .collect();
    let heir = schools.iter().zip(&roles).find(|(s, r)| **r == Role::Plain && s.kind == Kind::Secondary);
    let heir = heir.map(|(school, _)| school.code);
    for (school, role) in schools.iter_mut().zip(&roles) {
        school.ending = ending(*role, heir);
    }
    schools
}

fn roles(seed: u64, index: usize, m: &Municipality) -> Vec<Role> {
    let undesignated = m.listed - m.pilot - m.wave1 - m.wave2;
    let merged = usize::from(m.listed >= LOSES_ONE && undesignated > 0);
    let large = usize::from(m.schools >= LARGE && m.listed + m.high + m.innovation + 4 < m.schools);
    let mut roles: Vec<Role> = [
        (m.pilot, Role::Listed(Some(Designation::Pilot))),
        (m.wave1, Role::Listed(Some(Designation::Wave1))),
        (m.wave2, Role::Listed(Some(Designation::Wave2))),
        (merged, Role::ListedReorganised),
        (undesignated - merged, Role::Listed(None)),
        (m.high, Role::High),
        (m.innovation, Role::Innovation),
        (large, if index.is_multiple_of(2) { Role::Closed } else { Role::Reorganised }),
        (if m.urban == 1000 { large } else { 0 }, Role::Private),
    ]
    .iter()
    .flat_map(|&(count, role)| std::iter::repeat_n(role, count))
    .collect();
    roles.resize(m.schools, Role::Plain);
    Rng::stream(seed, &[stream::ROLES, index as u64]).shuffle(&mut roles);
    roles
}

fn ending(role: Role, heir: Option<u32>) -> Option<Ending> {
    let (year, successor) = match role {
        Role::Closed => (2019, None),
        Role::Reorganised => (2020, heir),
        Role::ListedReorganised => (2021, heir),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, 8, 31).map(|on| Ending { on, successor })
}

fn state_school(seed: u64, code: u32, number: usize) -> School {
    // Row 1.17 names one state school on the list.
    let role = if number == 0 { Role::Listed(None) } else { Role::Plain };
    let school = draw(seed, code, number + 1, 1000, role);
    School {
        founder: Founder::State,
        kind: Kind::Boarding,
        profile: if number == 0 { Profile::Low } else { school.profile },
        pupils: school.pupils.clamp(120, 260),
        ..school
    }
}

/// Draws everything about a school that its role does not fix.
fn draw(seed: u64, code: u32, number: usize, urban: u32, role: Role) -> School {
    let mut rng = Rng::stream(seed, &[stream::SCHOOL, u64::from(code)]);
    let urban = rng.chance(urban);
    let kind = kind(role, urban, &mut rng);
    let profile = profile(role, kind, urban, &mut rng);
    let (share, strength) = level(profile, &mut rng);
    School {
        code,
        municipality: None,
        number,
        kind,
        urban,
        founder: if role == Role::Private { Founder::Private } else { Founder::Municipal },
        opened: NaiveDate::from_ymd_opt(rng.between(1936..=2012) as i32, 9, 1).unwrap_or_default(),
        ending: None,
        listed: matches!(role, Role::Listed(_) | Role::ListedReorganised),
        designation: match role {
            Role::Listed(designation) => designation,
            Role::High => Some(Designation::HighResult),
            Role::Innovation => Some(Designation::Innovation),
            _ => None,
        },
        profile,
        share,
        strength,
        adversity: adversity(profile, &mut rng),
        pupils: pupils(kind, urban, &mut rng),
    }
}

fn kind(role: Role, urban: bool, rng: &mut Rng) -> Kind {
    use Kind::*;
    let options: &[(u32, Kind)] = match (role, urban) {
        (Role::Listed(Some(_)), _) => &[(80, Secondary), (20, Basic)],
        (Role::Listed(None) | Role::ListedReorganised, true) => &[(85, Secondary), (8, Basic), (7, Evening)],
        (Role::Listed(None) | Role::ListedReorganised, false) => &[(65, Secondary), (35, Basic)],
        (Role::High | Role::Innovation, _) => &[(40, Gymnasium), (30, Lyceum), (30, Secondary)],
        (Role::Private, _) => &[(50, Gymnasium), (50, Primary)],
        (Role::Closed | Role::Reorganised, _) => &[(60, Basic), (40, Primary)],
        (Role::Plain, true) => &[
            (72, Secondary),
            (8, Gymnasium),
            (7, Lyceum),
            (4, Basic),
            (3, Primary),
            (2, Evening),
            (2, Boarding),
            (2, Correctional),
        ],
        (Role::Plain, false) => {
            &[(62, Secondary), (29, Basic), (6, Primary), (1, Boarding), (2, Correctional)]
        }
    };
    rng.weighted(options, Secondary)
}

fn profile(role: Role, kind: Kind, urban: bool, rng: &mut Rng) -> Profile {
    use Profile::*;
    let options: &[(u32, Profile)] = match role {
        Role::Listed(Some(_)) => &[(1, Low)],
        // `listed` and `by rule` are two facts (decision 5): some listed schools are not low by rule.
        Role::Listed(None) | Role::ListedReorganised => &[(82, Low), (10, Risk), (8, Ordinary)],
        Role::High => &[(1, High)],
        Role::Plain if !urban && matches!(kind, Kind::Secondary | Kind::Basic) => {
            &[(30, Low), (80, Risk), (60, Resilient), (20, Inflated), (810, Ordinary)]
        }
        Role::Plain if kind == Kind::Secondary => {
            &[(25, Low), (70, Risk), (40, High), (30, Inflated), (835, Ordinary)]
        }
        Role::Plain if matches!(kind, Kind::Gymnasium | Kind::Lyceum) => &[(200, High), (800, Ordinary)],
        _ => &[(1, Ordinary)],
    };
    rng.weighted(options, Ordinary)
}

/// Usual share below the minimum (thousandths) and strength. Strength of an ordinary school rises with its
/// share, so that few of them fall below the region on every criterion at once, which is what the rule
/// LOW_TREND looks for.
fn level(profile: Profile, rng: &mut Rng) -> (u32, u32) {
    match profile {
        Profile::Low => (rng.between(260..=420), rng.between(150..=330)),
        Profile::Risk => (rng.between(165..=195), rng.between(700..=800)),
        Profile::Ordinary => {
            let share = rng.between(10..=90);
            (share, 400 + 2 * share + rng.below(150))
        }
        Profile::High | Profile::Resilient => (rng.below(9), rng.between(880..=960)),
        Profile::Inflated => (rng.between(90..=150), rng.between(200..=300)),
    }
}

fn adversity(profile: Profile, rng: &mut Rng) -> u32 {
    match profile {
        Profile::Low => rng.between(550..=950),
        Profile::Risk => rng.between(400..=850),
        Profile::Ordinary | Profile::Inflated => rng.between(150..=750),
        Profile::High => rng.between(30..=250),
        Profile::Resilient => rng.between(860..=990),
    }
}

fn pupils(kind: Kind, urban: bool, rng: &mut Rng) -> u32 {
    match (kind, urban) {
        (Kind::Primary, true) => rng.between(120..=300),
        (Kind::Primary, false) => rng.between(12..=60),
        (Kind::Basic, true) => rng.between(150..=350),
        (Kind::Basic, false) => rng.between(35..=110),
        (Kind::Secondary, true) => rng.between(350..=1100),
        (Kind::Secondary, false) => rng.between(80..=320),
        (Kind::Gymnasium | Kind::Lyceum, _) => rng.between(600..=1200),
        (Kind::Evening, _) => rng.between(60..=180),
        (Kind::Boarding, _) => rng.between(120..=260),
        (Kind::Correctional, _) => rng.between(60..=160),
    }
}
