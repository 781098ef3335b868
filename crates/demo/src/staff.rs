//! Staff: plainly generated people.

use crate::model::{Kind, School};
use crate::rng::Rng;
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use opora_primitives::AcademicYear;
use std::io;
use std::path::Path;

const STAFF: Form =
    Form { kind: "staff", encoding: Encoding::Windows1251, delimiter: b';', language: Language::Russian };

const STREAM: u64 = 5;
/// The year the ages are drawn for.
const PRESENT: u32 = 2020;

/// Subjects of teachers and their weight; no subject: primary classes, arts, sport.
const SUBJECTS: &[(u32, Option<&str>)] = &[
    (16, Some("01")),
    (15, Some("02")),
    (6, Some("03")),
    (4, Some("04")),
    (5, Some("05")),
    (5, Some("06")),
    (6, Some("07")),
    (4, Some("08")),
    (10, Some("09")),
    (2, Some("10")),
    (3, Some("12")),
    (3, Some("18")),
    (21, None),
];

/// Writes the staff of every school that teaches in 2020/2021.
pub(crate) fn write_staff(region: &Region, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, STAFF)?;
    let mut number = 0;
    let present = present()?;
    for school in region.schools.iter().filter(|school| school.taught_in(present)) {
        let mut rng = Rng::stream(region.seed, &[STREAM, u64::from(school.code)]);
        for (place, role) in roles(school).enumerate() {
            number += 1;
            person(&mut table, school, place + 1, role, number, &mut rng)?;
        }
    }
    table.finish()
}

/// The year whose staff is known.
pub(crate) fn present() -> io::Result<AcademicYear> {
    AcademicYear::starting(PRESENT as i32)
        .map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, format!("{reason:?}")))
}

/// The posts of a school, by its size; the place of each, counted from 1, is part of the person's id.
pub(crate) fn roles(school: &School) -> impl Iterator<Item = &'static str> {
    let size = school.pupils as usize;
    let teachers = match school.kind {
        Kind::Primary => 2 + size / 25,
        Kind::Correctional | Kind::Boarding => 6 + size / 14,
        _ => 6 + size / 36,
    };
    let posts = [
        ("head", 1),
        ("deputy", usize::from(size > 60) + size / 350),
        ("psychologist", usize::from(size > 150)),
        ("other", size / 400),
        ("teacher", teachers),
    ];
    posts.into_iter().flat_map(|(role, count)| std::iter::repeat_n(role, count))
}

fn person(
    table: &mut Table,
    school: &School,
    place: usize,
    role: &str,
    number: u32,
    rng: &mut Rng,
) -> io::Result<()> {
    let age = rng.between(if role == "head" { 34..=66 } else { 22..=70 });
    let experience = (age - 21) * rng.between(50..=100) / 100;
    let subject = match role {
        "teacher" if school.kind != Kind::Primary => rng.weighted(SUBJECTS, None),
        _ => None,
    };
    let word = if role == "head" { "Руководитель" } else { "Педагог" };
    table.show(format_args!("{}-{place:03}", school.code)).show(school.code).text(role).maybe(subject);
    table.show(format_args!("Демонстрационный {word} {number:05}"));
    table.text(rng.weighted(&[(82, "higher"), (17, "secondary_vocational"), (1, "н/д")], "higher"));
    table.text(category(school, experience, rng));
    table.show(experience).show(PRESENT - age);
    table.hundredths(if role == "head" {
        100
    } else {
        rng.weighted(&[(70, 100), (12, 150), (10, 50), (8, 125)], 100)
    });
    table.end()
}

/// Qualification category: the stronger the school and the longer the experience, the higher.
fn category(school: &School, experience: u32, rng: &mut Rng) -> &'static str {
    if experience < 3 {
        return "none";
    }
    let highest = 50 + school.strength / 3;
    rng.weighted(&[(highest, "highest"), (400, "first"), (200, "none")], "none")
}
