//! Closed lists and row ids of the registers, the results and the runs.
//!
//! Every list has one wire word and one Russian name; files may use either (`docs/files.md`), so each list can also be
//! read with `from_file`.

use chrono::NaiveDate;
pub use opora_primitives::{MunicipalityId, SchoolId};
use opora_primitives::{Reason, id_type, text::fold, word_type};

id_type!(
    /// A version of the list of low-result schools.
    ListId
);
id_type!(
    /// A procedure: assessment, academic year, grade and subject.
    ProcedureId
);
id_type!(
    /// A version of the methodology of identification.
    MethodologyId
);
id_type!(
    /// A run of a methodology over the results.
    RunId
);
id_type!(
    /// A member of a school's staff.
    StaffId
);
id_type!(
    /// A designation of a school or a municipality by an act.
    DesignationId
);
id_type!(
    /// A record of methodical support given to a member of staff.
    SupportId
);

word_type!(
    /// The kind of assessment a result comes from.
    Assessment {
        /// All-Russian check works, marks 2 to 5.
        Vpr = "VPR", "ВПР";
        /// Exam after grade 9, marks 2 to 5.
        Oge = "OGE", "ОГЭ";
        /// Exam after grade 11, 0 to 100.
        Ege = "EGE", "ЕГЭ";
        /// National sample study; never a list criterion.
        Niko = "NIKO", "НИКО";
        /// Diagnostic work of the region.
        Regional = "REGIONAL", "Региональная диагностика";
    }
);

word_type!(
    /// Which attempt a result is of. Only the main one counts in a verdict.
    Attempt {
        /// First attempt, main period.
        Main = "main", "Основной период";
        /// Any later attempt.
        Resit = "resit", "Пересдача";
    }
);

word_type!(
    /// A subject by its code in the exam system. Codes from 31 are subjects of assessments that are not exams.
    Subject {
        /// Russian.
        Russian = "01", "Русский язык";
        /// Mathematics; in the exam after grade 11, the profile one.
        Mathematics = "02", "Математика";
        /// Physics.
        Physics = "03", "Физика";
        /// Chemistry.
        Chemistry = "04", "Химия";
        /// Informatics.
        Informatics = "05", "Информатика";
        /// Biology.
        Biology = "06", "Биология";
        /// History.
        History = "07", "История";
        /// Geography.
        Geography = "08", "География";
        /// English.
        English = "09", "Английский язык";
        /// German.
        German = "10", "Немецкий язык";
        /// French.
        French = "11", "Французский язык";
        /// Social studies.
        SocialStudies = "12", "Обществознание";
        /// Spanish.
        Spanish = "13", "Испанский язык";
        /// Chinese.
        Chinese = "14", "Китайский язык";
        /// Literature.
        Literature = "18", "Литература";
        /// Mathematics of the base level in the exam after grade 11.
        BaseMathematics = "22", "Математика (базовая)";
        /// The world around, primary school.
        WorldAround = "31", "Окружающий мир";
        /// A foreign language that the source does not name.
        ForeignLanguage = "32", "Иностранный язык";
        /// Functional literacy: works over several subjects.
        FunctionalLiteracy = "33", "Функциональная грамотность";
        /// Literary reading, primary school.
        LiteraryReading = "34", "Литературное чтение";
        /// Technology.
        Technology = "35", "Технология";
        /// Basics of life safety.
        Safety = "36", "Основы безопасности жизнедеятельности";
        /// Physical education.
        PhysicalEducation = "37", "Физическая культура";
    }
);

word_type!(
    /// The kind of a school.
    SchoolKind {
        /// Grades 1 to 4.
        Primary = "primary", "Начальная";
        /// Grades 1 to 9.
        Basic = "basic", "Основная";
        /// Grades 1 to 11.
        Secondary = "secondary", "Средняя";
        /// Gymnasium.
        Gymnasium = "gymnasium", "Гимназия";
        /// Lyceum.
        Lyceum = "lyceum", "Лицей";
        /// Evening (shift) school.
        Evening = "evening", "Вечерняя";
        /// Boarding school.
        Boarding = "boarding", "Интернат";
        /// School for pupils with special needs.
        Correctional = "correctional", "Коррекционная";
    }
);

word_type!(
    /// Where a school stands.
    Locality {
        /// Town.
        Urban = "urban", "Город";
        /// Village.
        Rural = "rural", "Село";
    }
);

word_type!(
    /// Who founded a school.
    Founder {
        /// A municipality.
        Municipal = "municipal", "Муниципальное";
        /// The region or the federation; such a school has no municipality.
        State = "state", "Государственное";
        /// A private founder.
        Private = "private", "Частное";
    }
);

word_type!(
    /// Whether a school works.
    SchoolStatus {
        /// It works.
        Open = "open", "Действует";
        /// It was closed.
        Closed = "closed", "Закрыта";
        /// It was merged into or split into others.
        Reorganised = "reorganised", "Реорганизована";
    }
);

word_type!(
    /// The kind of a municipality.
    MunicipalityKind {
        /// Municipal district.
        District = "district", "Муниципальный район";
        /// City okrug.
        CityOkrug = "city_okrug", "Городской округ";
        /// Municipal okrug.
        MunicipalOkrug = "municipal_okrug", "Муниципальный округ";
        /// District inside a city.
        CityDistrict = "city_district", "Район города";
    }
);

word_type!(
    /// The role of a member of staff.
    StaffRole {
        /// Head of the school.
        Head = "head", "Руководитель";
        /// Deputy head.
        Deputy = "deputy", "Заместитель руководителя";
        /// Teacher.
        Teacher = "teacher", "Учитель";
        /// Psychologist.
        Psychologist = "psychologist", "Педагог-психолог";
        /// Anyone else.
        Other = "other", "Другое";
    }
);

word_type!(
    /// What an act designates a school or a municipality for.
    DesignationKind {
        /// Pilot of the first model.
        M1 = "M1", "Модель 1";
        /// First wave of the second model.
        M2Wave1 = "M2_wave1", "Модель 2, первая волна";
        /// Second wave of the second model.
        M2Wave2 = "M2_wave2", "Модель 2, вторая волна";
        /// School with high results.
        HighResult = "high_result", "Школа с высокими результатами";
        /// Innovation platform.
        InnovationPlatform = "innovation_platform", "Инновационная площадка";
    }
);

word_type!(
    /// A form of methodical support. The list is closed: what fits none of them is no support that indicator I2 counts.
    SupportForm {
        /// A training course with a document at its end.
        Course = "course", "Курсы повышения квалификации";
        /// A personal plan made from the deficits found (rows 1.6 and 1.10 of the plan).
        IndividualPlan = "individual_plan", "Персональный план";
        /// A consultation, or a series of them.
        Consultation = "consultation", "Консультация";
        /// Work with a mentor.
        Mentoring = "mentoring", "Наставничество";
        /// A seminar, workshop, master class or webinar.
        MethodicalEvent = "methodical_event", "Методическое мероприятие";
        /// An internship, as a rule at a school with high results.
        Internship = "internship", "Стажировка";
        /// Work in a professional community (row 2.3 of the plan).
        Community = "community", "Профессиональное сообщество";
    }
);

/// Years in which support may start and end.
pub const SUPPORT_YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

impl StaffRole {
    /// The posts of pedagogical workers. Heads and their deputies are managers, counted apart by law; of the others the
    /// register does not say (D35).
    pub const PEDAGOGICAL: [Self; 2] = [Self::Teacher, Self::Psychologist];
}

/// Reads a cell that says yes or no, in Russian, English or a digit, whatever the case.
///
/// # Errors
/// [`Reason::UnknownValue`] if it is neither.
pub fn yes_or_no(text: &str) -> Result<bool, Reason> {
    match fold(text).as_str() {
        "да" | "yes" | "true" | "1" => Ok(true),
        "нет" | "no" | "false" | "0" => Ok(false),
        _ => Err(Reason::UnknownValue),
    }
}

/// The value whose word or Russian name is `text`, whatever the case, the spaces and the letter `ё`.
fn recognise<T: Copy>(
    text: &str,
    values: &[T],
    word: fn(&T) -> &'static str,
    name: fn(&T) -> &'static str,
) -> Result<T, Reason> {
    let wanted = fold(text);
    values
        .iter()
        .find(|value| word(value) == text || fold(word(value)) == wanted || fold(name(value)) == wanted)
        .copied()
        .ok_or(Reason::UnknownValue)
}

macro_rules! read_from_files {
    ($($name:ident),+) => {
        $(impl $name {
            /// Reads a cell of a file: the word or the Russian name, whatever the case and the spaces.
            ///
            /// # Errors
            /// [`Reason::UnknownValue`] if it is neither.
            pub fn from_file(text: &str) -> Result<Self, Reason> {
                recognise(text, Self::ALL, Self::as_str, Self::ru)
            }
        })+
    };
}

read_from_files!(
    Assessment,
    Attempt,
    SchoolKind,
    Locality,
    Founder,
    SchoolStatus,
    MunicipalityKind,
    StaffRole,
    DesignationKind,
    SupportForm
);

impl SchoolStatus {
    /// Whether a school of this status works on `day`: to the end of the day on which it was or will be closed (D38), where
    /// that is known; otherwise the status says it (D301).
    pub fn works_on(self, closed_on: Option<NaiveDate>, day: NaiveDate) -> bool {
        closed_on.map_or(self == Self::Open, |closed| day <= closed)
    }
}

impl Subject {
    /// Spellings of files that are neither a code nor the name of the list; folded.
    const SPELLINGS: &'static [(&'static str, Subject)] = &[
        ("математика (профильная)", Subject::Mathematics),
        ("математика профильная", Subject::Mathematics),
        ("математика (профильный уровень)", Subject::Mathematics),
        ("математика базовая", Subject::BaseMathematics),
        ("математика (базовый уровень)", Subject::BaseMathematics),
        ("информатика и икт", Subject::Informatics),
        ("обж", Subject::Safety),
        ("физкультура", Subject::PhysicalEducation),
    ];

    /// Reads a cell of a file: the code, with its leading zero or without (spreadsheets lose it), the Russian name, or
    /// a usual spelling of it.
    ///
    /// # Errors
    /// [`Reason::UnknownValue`] if it is none of these.
    pub fn from_file(text: &str) -> Result<Self, Reason> {
        let trimmed = text.trim();
        let padded = format!("{trimmed:0>2}");
        if let Ok(subject) = padded.parse() {
            return Ok(subject);
        }
        recognise(trimmed, Self::ALL, Self::as_str, Self::ru).or_else(|reason| {
            let folded = fold(trimmed);
            Self::SPELLINGS.iter().find(|(spelling, _)| *spelling == folded).map(|(_, s)| *s).ok_or(reason)
        })
    }

    /// The name in English.
    pub fn en(&self) -> &'static str {
        match self {
            Self::Russian => "Russian",
            Self::Mathematics => "mathematics",
            Self::Physics => "physics",
            Self::Chemistry => "chemistry",
            Self::Informatics => "informatics",
            Self::Biology => "biology",
            Self::History => "history",
            Self::Geography => "geography",
            Self::English => "English",
            Self::German => "German",
            Self::French => "French",
            Self::SocialStudies => "social studies",
            Self::Spanish => "Spanish",
            Self::Chinese => "Chinese",
            Self::Literature => "literature",
            Self::BaseMathematics => "mathematics (base)",
            Self::WorldAround => "the world around",
            Self::ForeignLanguage => "foreign language",
            Self::FunctionalLiteracy => "functional literacy",
            Self::LiteraryReading => "literary reading",
            Self::Technology => "technology",
            Self::Safety => "life safety",
            Self::PhysicalEducation => "physical education",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_by_code_or_by_name() {
        for text in ["01", "1", " 1 ", "Русский язык", "русский\u{a0} ЯЗЫК"] {
            assert_eq!(Subject::from_file(text), Ok(Subject::Russian), "{text}");
        }
        assert_eq!(Subject::from_file("Математика (базовый уровень)"), Ok(Subject::BaseMathematics));
        assert_eq!(Subject::from_file("2"), Ok(Subject::Mathematics));
        assert_eq!(Subject::from_file("Математика"), Ok(Subject::Mathematics));
        for text in ["", "0", "99", "Астрология"] {
            assert_eq!(Subject::from_file(text), Err(Reason::UnknownValue), "{text}");
        }
    }

    #[test]
    fn the_day_of_closing_says_whether_a_school_works_and_without_it_the_status() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let closed = Some(day("2020-08-31"));
        for status in SchoolStatus::ALL {
            assert!(status.works_on(closed, day("2020-08-31")), "{status}");
            assert!(!status.works_on(closed, day("2020-09-01")), "{status}");
            assert_eq!(status.works_on(None, day("2020-09-01")), *status == SchoolStatus::Open, "{status}");
        }
    }

    #[test]
    fn yes_and_no_have_many_words() {
        assert!([" Да", "TRUE", "1", "yes"].iter().all(|text| yes_or_no(text) == Ok(true)));
        assert!(["НЕТ ", "false", "0", "no"].iter().all(|text| yes_or_no(text) == Ok(false)));
        assert_eq!(yes_or_no("возможно"), Err(Reason::UnknownValue));
    }

    #[test]
    fn every_list_is_read_by_word_and_by_name() {
        assert_eq!(Assessment::from_file("впр"), Ok(Assessment::Vpr));
        assert_eq!(Assessment::from_file("oge"), Ok(Assessment::Oge));
        assert_eq!(SchoolKind::from_file(" ЛИЦЕЙ "), Ok(SchoolKind::Lyceum));
        assert_eq!(DesignationKind::from_file("M2_wave1"), Ok(DesignationKind::M2Wave1));
        assert_eq!(MunicipalityKind::from_file("городской округ"), Ok(MunicipalityKind::CityOkrug));
        assert_eq!(SchoolStatus::from_file("реорганизована"), Ok(SchoolStatus::Reorganised));
        assert_eq!(StaffRole::from_file("директор"), Err(Reason::UnknownValue));
        assert_eq!(SupportForm::from_file("курсы повышения квалификации"), Ok(SupportForm::Course));
        assert_eq!(SupportForm::from_file("другое"), Err(Reason::UnknownValue));
    }

    #[test]
    fn names_of_subjects_are_distinct() {
        for (i, subject) in Subject::ALL.iter().enumerate() {
            assert_eq!(Subject::from_file(subject.ru()), Ok(*subject));
            assert_eq!(Subject::from_file(subject.as_str()), Ok(*subject));
            assert!(Subject::ALL[..i].iter().all(|other| other.en() != subject.en()));
        }
    }
}
