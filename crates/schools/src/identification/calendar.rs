//! Facts about assessments that do not depend on a methodology: what was not held, and the minimum scores by year
//! (`docs/identifiers.md`).

use crate::types::{Assessment, Subject};
use opora_primitives::AcademicYear;

/// Calendar year in which the exams of `year` are taken: 2020 for 2019/2020.
fn exam_year(year: AcademicYear) -> i32 {
    year.start() + 1
}

/// Whether the assessment took place. In 2020 the exam after grade 9 was cancelled and base mathematics after grade 11
/// was not held; in 2021 grade 9 took only Russian and mathematics, and base mathematics was again not held.
pub fn was_held(assessment: Assessment, subject: Subject, year: AcademicYear) -> bool {
    match (assessment, exam_year(year)) {
        (Assessment::Oge, 2020) => false,
        (Assessment::Oge, 2021) => matches!(subject, Subject::Russian | Subject::Mathematics),
        (Assessment::Ege, 2020 | 2021) => subject != Subject::BaseMathematics,
        _ => true,
    }
}

/// Whether the assessment is given to pupils whose programme is that of `grade`: the exams after the grades they are
/// named for (a pupil may be a year late in an evening school), the check works by their table. Other assessments know
/// no bounds.
pub fn is_given(assessment: Assessment, subject: Subject, grade: i64) -> bool {
    match assessment {
        Assessment::Oge => {
            (9..=10).contains(&grade) && is_of_exams(subject) && subject != Subject::BaseMathematics
        }
        Assessment::Ege => (11..=12).contains(&grade) && is_of_exams(subject),
        Assessment::Vpr => check_works(grade).contains(&subject),
        Assessment::Niko | Assessment::Regional => true,
    }
}

/// Codes up to 22 are those of the exams.
fn is_of_exams(subject: Subject) -> bool {
    subject <= Subject::BaseMathematics
}

/// The subjects of the check works on the programme of a grade. Those of grades 10 and 11 were written by schools that
/// wished to.
fn check_works(grade: i64) -> &'static [Subject] {
    use Subject::{
        Biology, Chemistry, English, ForeignLanguage, French, Geography, German, History, Mathematics,
        Physics, Russian, SocialStudies, WorldAround,
    };
    match grade {
        4 => &[Russian, Mathematics, WorldAround],
        5 => &[Russian, Mathematics, History, Biology],
        6 => &[Russian, Mathematics, History, Biology, Geography, SocialStudies],
        7 => &[
            Russian,
            Mathematics,
            History,
            Biology,
            Geography,
            SocialStudies,
            Physics,
            ForeignLanguage,
            English,
            German,
            French,
        ],
        8 => &[Russian, Mathematics, History, Biology, Geography, SocialStudies, Physics, Chemistry],
        10 => &[Geography],
        11 => &[History, Biology, Geography, Physics, Chemistry, ForeignLanguage, English, German, French],
        _ => &[],
    }
}

/// The least result that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minimum {
    /// A score out of 100.
    Score(u8),
    /// A mark out of 5.
    Mark(u8),
}

impl Minimum {
    /// In hundredths, as means are kept.
    pub fn hundredths(self) -> i64 {
        let (Self::Score(least) | Self::Mark(least)) = self;
        100 * i64::from(least)
    }
}

/// A row of the table of minimum results of the exam after grade 11.
struct MinimumRow {
    subjects: &'static [Subject],
    /// Calendar year of the first exam it applies to; it applies until a later row of the same subject.
    from: i32,
    minimum: Minimum,
}

const EGE_MINIMA: &[MinimumRow] = &[
    MinimumRow { subjects: &[Subject::Russian], from: 2019, minimum: Minimum::Score(24) },
    MinimumRow { subjects: &[Subject::Mathematics], from: 2019, minimum: Minimum::Score(27) },
    MinimumRow {
        subjects: &[Subject::Physics, Subject::Chemistry, Subject::Biology],
        from: 2019,
        minimum: Minimum::Score(36),
    },
    MinimumRow { subjects: &[Subject::Informatics], from: 2019, minimum: Minimum::Score(40) },
    MinimumRow {
        subjects: &[Subject::History, Subject::Literature],
        from: 2019,
        minimum: Minimum::Score(32),
    },
    MinimumRow { subjects: &[Subject::Geography], from: 2019, minimum: Minimum::Score(37) },
    MinimumRow { subjects: &[Subject::SocialStudies], from: 2019, minimum: Minimum::Score(42) },
    MinimumRow {
        subjects: &[Subject::English, Subject::German, Subject::French, Subject::Spanish, Subject::Chinese],
        from: 2019,
        minimum: Minimum::Score(22),
    },
    MinimumRow { subjects: &[Subject::BaseMathematics], from: 2019, minimum: Minimum::Mark(3) },
];

/// The minimum of the exam after grade 11 in `subject` in `year`; `None` for years before the table and for subjects
/// without this exam.
pub fn ege_minimum(subject: Subject, year: AcademicYear) -> Option<Minimum> {
    EGE_MINIMA
        .iter()
        .filter(|row| row.subjects.contains(&subject) && row.from <= exam_year(year))
        .max_by_key(|row| row.from)
        .map(|row| row.minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(start: i32) -> AcademicYear {
        AcademicYear::starting(start).unwrap()
    }

    #[test]
    fn the_gaps_of_2020_and_2021() {
        use Assessment::{Ege, Oge, Vpr};
        assert!(!was_held(Oge, Subject::Russian, year(2019)));
        assert!(was_held(Oge, Subject::Russian, year(2018)) && was_held(Oge, Subject::Russian, year(2020)));
        assert!(
            was_held(Oge, Subject::Mathematics, year(2020)) && !was_held(Oge, Subject::Physics, year(2020))
        );
        assert!(was_held(Oge, Subject::Physics, year(2021)));
        for (start, held) in [(2018, true), (2019, false), (2020, false), (2021, true)] {
            assert_eq!(was_held(Ege, Subject::BaseMathematics, year(start)), held);
            assert!(
                was_held(Ege, Subject::Mathematics, year(start))
                    && was_held(Vpr, Subject::Russian, year(start))
            );
        }
    }

    #[test]
    fn assessments_have_their_grades_and_subjects() {
        use Assessment::{Ege, Niko, Oge, Vpr};
        for (assessment, subject, grade, given) in [
            (Ege, Subject::Russian, 11, true),
            (Ege, Subject::Russian, 12, true),
            (Ege, Subject::Russian, 9, false),
            (Ege, Subject::WorldAround, 11, false),
            (Oge, Subject::Mathematics, 9, true),
            (Oge, Subject::Mathematics, 10, true),
            (Oge, Subject::Mathematics, 11, false),
            (Oge, Subject::BaseMathematics, 9, false),
            (Vpr, Subject::WorldAround, 4, true),
            (Vpr, Subject::WorldAround, 5, false),
            (Vpr, Subject::Chemistry, 7, false),
            (Vpr, Subject::Chemistry, 8, true),
            (Vpr, Subject::German, 7, true),
            (Vpr, Subject::Russian, 9, false),
            (Niko, Subject::History, 6, true),
        ] {
            assert_eq!(is_given(assessment, subject, grade), given, "{assessment} {subject} {grade}");
        }
    }

    #[test]
    fn the_published_minima() {
        assert_eq!(ege_minimum(Subject::Russian, year(2018)), Some(Minimum::Score(24)));
        assert_eq!(ege_minimum(Subject::Literature, year(2020)), Some(Minimum::Score(32)));
        assert_eq!(ege_minimum(Subject::Chinese, year(2018)), Some(Minimum::Score(22)));
        assert_eq!(ege_minimum(Subject::BaseMathematics, year(2018)), Some(Minimum::Mark(3)));
        assert_eq!(ege_minimum(Subject::Russian, year(2017)), None);
        assert_eq!(ege_minimum(Subject::WorldAround, year(2020)), None);
    }
}
