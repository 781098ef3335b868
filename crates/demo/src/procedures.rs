//! Which procedures a school sat in which year: the real calendar with its gaps, and regional diagnostics
//! around it.

use crate::model::{Kind, words};
use opora_primitives::AcademicYear;

words! {
    /// Type of a procedure.
    Type { Vpr = "VPR", Oge = "OGE", Ege = "EGE", Niko = "NIKO", Regional = "REGIONAL", }
}

/// One line a school may have in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Procedure {
    pub(crate) kind: Type,
    pub(crate) grade: u32,
    /// Grade whose programme was tested.
    pub(crate) programme: u32,
    pub(crate) subject: &'static str,
    /// Thousandths of the grade that sit it.
    pub(crate) sat_by: u32,
}

/// Base-level maths of the ЕГЭ.
pub(crate) const BASE_MATHS: &str = "22";

const RUSSIAN: &str = "01";
const MATHS: &str = "02";

/// Subjects chosen for the exams and the thousandths of a grade that choose them.
const ELECTIVES: &[(&str, u32)] = &[
    ("12", 450),
    ("03", 220),
    ("06", 180),
    ("07", 170),
    ("04", 120),
    ("05", 130),
    ("09", 110),
    ("18", 70),
    ("08", 60),
];

/// Subjects the whole grade writes in the all-Russian works (VPR); "31" is the world around.
fn vpr_subjects(programme: u32) -> &'static [&'static str] {
    match programme {
        4 => &["01", "02", "31"],
        5 => &["01", "02", "06", "07"],
        6 => &["01", "02", "06", "07", "08", "12"],
        7 => &["01", "02", "03", "06", "07", "08", "09", "12"],
        8 => &["01", "02", "03", "04", "06", "07", "08", "12"],
        10 => &["08"],
        11 => &["03", "04", "06", "07", "08", "09"],
        _ => &[],
    }
}

/// Subjects of regional diagnostics in a grade.
fn regional_subjects(grade: u32) -> &'static [&'static str] {
    match grade {
        2..=4 => &["01", "02", "31", "09"],
        5 => &["01", "02", "06", "07", "08", "09", "18"],
        6 => &["01", "02", "06", "07", "08", "09", "12", "18"],
        7 => &["01", "02", "03", "05", "06", "07", "08", "09", "12", "18"],
        8..=11 => &["01", "02", "03", "04", "05", "06", "07", "08", "09", "12", "18"],
        _ => &[],
    }
}

/// The procedures a school of `kind` really had in `year`.
///
/// The gaps: ОГЭ was cancelled in 2020 and only Russian and maths in 2021; base-maths ЕГЭ was not held in
/// 2020 and 2021; the ВПР of spring 2020 moved to autumn for grades 4 to 8, so that it stands in 2020/2021
/// under the grade that wrote it (5 to 9) with the programme of the grade before. Of 2019/2020 only grades 10
/// and 11 wrote in time (March). In spring 2021 only grade 4 is kept: the other grades would repeat the
/// natural key of the autumn works.
pub(crate) fn held(kind: Kind, year: AcademicYear, out: &mut Vec<Procedure>) {
    if kind == Kind::Correctional {
        return;
    }
    let first = out.len();
    match year.start() {
        ..=2018 => vpr(&[4, 5, 6, 7, 11], 0, out),
        2019 => vpr(&[10, 11], 0, out),
        2020 => {
            vpr(&[4], 0, out);
            vpr(&[5, 6, 7, 8, 9], 1, out);
        }
        2021.. => vpr(&[4, 5, 6, 7, 8, 11], 0, out),
    }
    if kind == Kind::Evening {
        out.truncate(first);
    }
    oge(year, out);
    ege(year, out);
    let (lowest, highest) = kind.grades();
    out.retain(|procedure| (lowest..=highest).contains(&procedure.grade));
}

fn vpr(grades: &[u32], behind: u32, out: &mut Vec<Procedure>) {
    for &grade in grades {
        let programme = grade - behind;
        out.extend(vpr_subjects(programme).iter().map(|&subject| Procedure {
            kind: Type::Vpr,
            grade,
            programme,
            subject,
            sat_by: 950,
        }));
    }
}

fn exam(kind: Type, grade: u32, subjects: &[(&'static str, u32)], out: &mut Vec<Procedure>) {
    out.extend(subjects.iter().map(|&(subject, sat_by)| Procedure {
        kind,
        grade,
        programme: grade,
        subject,
        sat_by,
    }));
}

fn oge(year: AcademicYear, out: &mut Vec<Procedure>) {
    if year.start() == 2019 {
        return;
    }
    exam(Type::Oge, 9, &[(RUSSIAN, 980), (MATHS, 980)], out);
    if year.start() != 2020 {
        exam(Type::Oge, 9, ELECTIVES, out);
    }
}

fn ege(year: AcademicYear, out: &mut Vec<Procedure>) {
    exam(Type::Ege, 11, &[(RUSSIAN, 980), (MATHS, 550)], out);
    if !matches!(year.start(), 2019 | 2020) {
        exam(Type::Ege, 11, &[(BASE_MATHS, 430)], out);
    }
    exam(Type::Ege, 11, ELECTIVES, out);
}

/// Whether those who did not pass could sit again: not in the summer of 2020.
pub(crate) fn has_resit(procedure: &Procedure, year: AcademicYear) -> bool {
    let compulsory = matches!(procedure.subject, RUSSIAN | MATHS | BASE_MATHS);
    matches!(procedure.kind, Type::Oge | Type::Ege) && compulsory && year.start() != 2019
}

/// Regional diagnostics a school of `kind` may have, most usual first: generated, to bring a school to the
/// asked number of aggregates. In 2020/2021 grade 10 wrote for the cancelled ОГЭ: the programme of grade 9.
pub(crate) fn regional(kind: Kind, year: AcademicYear) -> impl Iterator<Item = Procedure> {
    let (lowest, highest) = kind.grades();
    (0..12).flat_map(move |rank| {
        [10, 8, 6, 5, 7, 3, 9, 4, 11, 2].into_iter().filter_map(move |grade| {
            let subject = regional_subjects(grade).get(rank)?;
            let programme = if grade == 10 && year.start() == 2020 { 9 } else { grade };
            (lowest..=highest).contains(&grade).then_some(Procedure {
                kind: Type::Regional,
                grade,
                programme,
                subject,
                sat_by: 920,
            })
        })
    })
}

/// The national sample study of a school in the sample; never a list criterion.
pub(crate) fn niko(kind: Kind, out: &mut Vec<Procedure>) {
    let (lowest, highest) = kind.grades();
    for (grade, subject) in [(6, "07"), (8, "12")] {
        if (lowest..=highest).contains(&grade) && kind != Kind::Correctional {
            out.push(Procedure { kind: Type::Niko, grade, programme: grade, subject, sat_by: 800 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn held_in(start: i32, kind: Kind) -> Vec<Procedure> {
        let mut out = Vec::new();
        held(kind, AcademicYear::starting(start).unwrap(), &mut out);
        out
    }

    #[test]
    fn the_gaps_are_real() {
        let of = |start, kind: Type| -> Vec<&str> {
            held_in(start, Kind::Secondary).iter().filter(|p| p.kind == kind).map(|p| p.subject).collect()
        };
        assert!(of(2018, Type::Oge).len() > 2 && of(2018, Type::Ege).contains(&"22"));
        assert!(of(2019, Type::Oge).is_empty() && !of(2019, Type::Ege).contains(&"22"));
        assert_eq!(of(2020, Type::Oge), ["01", "02"]);
        assert!(!of(2020, Type::Ege).contains(&"22") && of(2020, Type::Ege).contains(&"02"));
    }

    #[test]
    fn the_autumn_of_2020_tested_the_year_before() {
        for p in held_in(2020, Kind::Basic).iter().filter(|p| p.kind == Type::Vpr) {
            assert_eq!(p.programme, if p.grade == 4 { 4 } else { p.grade - 1 });
        }
    }

    #[test]
    fn no_kind_sits_above_its_grades() {
        for start in 2017..2023 {
            assert!(held_in(start, Kind::Primary).iter().all(|p| p.kind == Type::Vpr && p.grade == 4));
            assert!(held_in(start, Kind::Basic).iter().all(|p| p.kind != Type::Ege && p.grade <= 9));
            assert!(held_in(start, Kind::Evening).iter().all(|p| p.kind != Type::Vpr));
            let all = held_in(start, Kind::Secondary);
            let keys: HashSet<_> = all.iter().map(|p| (p.kind.word(), p.grade, p.subject)).collect();
            assert_eq!(keys.len(), all.len());
        }
    }
}
