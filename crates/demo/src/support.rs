//! Methodical support of staff, as the plan's rows let it come about: courses of school teams in 2020 (3.9), communities of
//! the pilots (2.3), personal plans and courses by the deficits found (1.6, 1.7, 1.10), mentoring and internships under
//! the agreements of 2021 (3.14), seminars (3.17, 1.16). Drawn so that about 74 % of the pedagogical workers of listed
//! schools have completed a form of it by the end of 2021 and clearly fewer than 70 % by its middle.

use crate::model::{Designation, School};
use crate::rng::Rng;
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use crate::staff;
use chrono::{Datelike, Days, NaiveDate};
use std::io;
use std::path::Path;

const SUPPORT: Form = Form {
    kind: "support_records",
    encoding: Encoding::Utf8WithMark,
    delimiter: b';',
    language: Language::Russian,
};

const STREAM: u64 = 8;

/// What a record is of: its form, programme, the days between which it starts, its length in days from and to.
struct Offer {
    form: &'static str,
    programme: &'static str,
    starts: ((i32, u32, u32), (i32, u32, u32)),
    length: (u32, u32),
}

const fn offer(
    form: &'static str,
    programme: &'static str,
    starts: ((i32, u32, u32), (i32, u32, u32)),
    length: (u32, u32),
) -> Offer {
    Offer { form, programme, starts, length }
}

/// Row 3.9: 72 hours for the teams of the base model, June to December 2020.
const TEAM: Offer = offer(
    "course",
    "Школьная проектная команда: управление качеством образования, 72 часа (демо)",
    ((2020, 6, 15), (2020, 10, 12)),
    (40, 65),
);

/// Row 2.3: communities of the pilots, to the end of 2020.
const PILOT: Offer = offer(
    "community",
    "Профессиональное сообщество педагогов пилотной территории (демо)",
    ((2020, 2, 3), (2020, 3, 16)),
    (270, 285),
);

/// Support that ends in 2020, each with its weight.
const YEAR_2020: &[(u32, &Offer)] = &[
    (
        40,
        &offer(
            "methodical_event",
            "Семинар «Работа с результатами оценочных процедур» (демо)",
            ((2020, 9, 7), (2020, 12, 4)),
            (0, 2),
        ),
    ),
    (
        35,
        &offer(
            "course",
            "Формирующее оценивание на уроке, 36 часов (демо)",
            ((2020, 9, 14), (2020, 11, 9)),
            (21, 35),
        ),
    ),
    (
        25,
        &offer(
            "consultation",
            "Консультация методиста по рабочей программе (демо)",
            ((2020, 10, 1), (2020, 12, 15)),
            (0, 7),
        ),
    ),
];

/// Support that ends in the first half of 2021.
const SPRING_2021: &[(u32, &Offer)] = &[
    (
        45,
        &offer(
            "course",
            "Преодоление предметных и методических дефицитов, 36 часов (демо)",
            ((2021, 1, 18), (2021, 5, 10)),
            (21, 40),
        ),
    ),
    (
        20,
        &offer(
            "methodical_event",
            "Семинар по обмену опытом школьных коллективов (демо)",
            ((2021, 4, 5), (2021, 4, 27)),
            (0, 2),
        ),
    ),
    (
        20,
        &offer(
            "individual_plan",
            "Персональный план методической поддержки (демо)",
            ((2020, 10, 12), (2021, 1, 18)),
            (120, 150),
        ),
    ),
    (
        15,
        &offer(
            "internship",
            "Стажировка в школе с высокими результатами (демо)",
            ((2021, 2, 8), (2021, 5, 3)),
            (5, 20),
        ),
    ),
];

/// Support that ends in the second half of 2021.
const AUTUMN_2021: &[(u32, &Offer)] = &[
    (
        40,
        &offer(
            "individual_plan",
            "Персональный план методической поддержки (демо)",
            ((2021, 2, 1), (2021, 4, 5)),
            (210, 260),
        ),
    ),
    (
        30,
        &offer(
            "mentoring",
            "Наставничество по договору о сотрудничестве школ (демо)",
            ((2021, 2, 8), (2021, 3, 29)),
            (180, 260),
        ),
    ),
    (
        30,
        &offer(
            "course",
            "Преодоление предметных и методических дефицитов, 36 часов (демо)",
            ((2021, 8, 30), (2021, 11, 8)),
            (21, 40),
        ),
    ),
];

/// When a worker of a listed school completes the first form of support: thousandths of the workers.
const COMPLETE_2020: u32 = 165;
const COMPLETE_SPRING: u32 = 365;
const COMPLETE_AUTUMN: u32 = 205;
/// Who begins and does not complete.
const BEGIN_ONLY: u32 = 90;
/// Who of the other schools took a course of the usual schedule.
const ELSEWHERE: u32 = 100;

/// Writes the support of the people whom the staff file names.
pub(crate) fn write_support(region: &Region, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, SUPPORT)?;
    let present = staff::present()?;
    for school in region.schools.iter().filter(|school| school.taught_in(present)) {
        let mut rng = Rng::stream(region.seed, &[STREAM, u64::from(school.code)]);
        let mut team = Team::default();
        for (place, role) in staff::roles(school).enumerate() {
            person(&mut table, school, place + 1, role, &mut team, &mut rng)?;
        }
    }
    table.finish()
}

/// Places of a school team that are taken: a head, a deputy, two teachers, a psychologist.
#[derive(Default)]
struct Team {
    deputy: bool,
    teachers: u32,
}

impl Team {
    fn takes(&mut self, role: &str) -> bool {
        match role {
            "head" | "psychologist" => true,
            "deputy" => !std::mem::replace(&mut self.deputy, true),
            "teacher" => {
                self.teachers += 1;
                self.teachers <= 2
            }
            _ => false,
        }
    }
}

fn person(
    table: &mut Table,
    school: &School,
    place: usize,
    role: &str,
    team: &mut Team,
    rng: &mut Rng,
) -> io::Result<()> {
    let mut write = |offer: &Offer, completed: bool, rng: &mut Rng| {
        table.show(format_args!("{}-{place:03}", school.code));
        row(table, offer, completed, rng)
    };
    if matches!(school.designation, Some(Designation::Wave1)) && team.takes(role) {
        write(&TEAM, true, rng)?;
    }
    if matches!(school.designation, Some(Designation::Pilot)) && role == "teacher" && rng.chance(600) {
        write(&PILOT, true, rng)?;
    }
    if !school.listed {
        return if rng.chance(ELSEWHERE) { write(choose(SPRING_2021, rng), true, rng) } else { Ok(()) };
    }
    let stages = [
        (COMPLETE_2020, Some((YEAR_2020, true))),
        (COMPLETE_SPRING, Some((SPRING_2021, true))),
        (COMPLETE_AUTUMN, Some((AUTUMN_2021, true))),
        (BEGIN_ONLY, Some((AUTUMN_2021, false))),
        (1000 - COMPLETE_2020 - COMPLETE_SPRING - COMPLETE_AUTUMN - BEGIN_ONLY, None),
    ];
    let Some((offers, completed)) = rng.weighted(&stages, None) else { return Ok(()) };
    let first = choose(offers, rng);
    write(first, completed, rng)?;
    // Every fourth goes on with something else.
    let next = choose(AUTUMN_2021, rng);
    let goes_on = completed && rng.chance(250) && next.programme != first.programme;
    if goes_on { write(next, rng.chance(800), rng) } else { Ok(()) }
}

fn choose<'a>(offers: &[(u32, &'a Offer)], rng: &mut Rng) -> &'a Offer {
    rng.weighted(offers, &TEAM)
}

/// The cells after the person's id.
fn row(table: &mut Table, offer: &Offer, completed: bool, rng: &mut Rng) -> io::Result<()> {
    let day = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let (first, last) = (day(offer.starts.0), day(offer.starts.1));
    let span = u32::try_from((last - first).num_days()).unwrap_or_default();
    let starts = workday(first + Days::new(rng.between(0..=span).into()));
    let ends = workday(starts + Days::new(rng.between(offer.length.0..=offer.length.1).into()));
    table.text(offer.form).text(offer.programme).day(Some(starts));
    // Of what was not completed the last day is not always known.
    table.day(Some(ends).filter(|_| completed || rng.chance(500)));
    table.text(if completed { "да" } else { "нет" }).end()
}

/// The day, or the Monday after a weekend.
fn workday(day: NaiveDate) -> NaiveDate {
    let into_week = u64::from(day.weekday().num_days_from_monday());
    if into_week < 5 { day } else { day + Days::new(7 - into_week) }
}
