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

/// The least result that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minimum {
    /// A score out of 100.
    Score(u8),
    /// A mark out of 5.
    Mark(u8),
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
    fn the_published_minima() {
        assert_eq!(ege_minimum(Subject::Russian, year(2018)), Some(Minimum::Score(24)));
        assert_eq!(ege_minimum(Subject::Literature, year(2020)), Some(Minimum::Score(32)));
        assert_eq!(ege_minimum(Subject::Chinese, year(2018)), Some(Minimum::Score(22)));
        assert_eq!(ege_minimum(Subject::BaseMathematics, year(2018)), Some(Minimum::Mark(3)));
        assert_eq!(ege_minimum(Subject::Russian, year(2017)), None);
        assert_eq!(ege_minimum(Subject::WorldAround, year(2020)), None);
    }
}
