//! The seven models as data: what the order says of them, in own words.
//!
//! The order is [`ORDER`]; where it is silent or ambiguous the number of the decision stands beside the fact.

use crate::types::{Branch, ModelCode, SubjectKind};
use chrono::{Datelike, NaiveDate};
use opora_primitives::DateWindow;
use serde::Serialize;
use utoipa::ToSchema;

/// A legal act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegalAct {
    /// Its number.
    #[schema(example = "316-01-63-950/20")]
    pub number: &'static str,
    /// The day it was signed.
    pub date: NaiveDate,
}

/// When a model, or a branch of it, runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelTerm {
    /// The branch, for a model whose branches run at different times.
    pub branch: Option<Branch>,
    /// First day.
    pub start: NaiveDate,
    /// Last day; absent for a model without an end and for one that is renewed every year.
    pub end: Option<NaiveDate>,
    /// Length in years; absent for a model without an end.
    #[schema(example = 3)]
    pub years: Option<u8>,
    /// Whether a new cohort begins every year, each lasting `years`.
    pub yearly: bool,
}

impl ModelTerm {
    /// The period that holds `day`: the whole term, or the cohort of that day for a yearly model. `None` outside.
    pub fn window_on(&self, day: NaiveDate) -> Option<DateWindow> {
        let window =
            if self.yearly { self.cohort_on(day)? } else { DateWindow { from: self.start, to: self.end } };
        (day >= self.start && window.contains(day)).then_some(window)
    }

    fn cohort_on(&self, day: NaiveDate) -> Option<DateWindow> {
        let this_year = self.start.with_year(day.year())?;
        let from = if this_year <= day { this_year } else { self.start.with_year(day.year() - 1)? };
        Some(DateWindow { from, to: last_day(from, self.years?) })
    }
}

/// The last day of a term of `years` that begins on `start`.
fn last_day(start: NaiveDate, years: u8) -> Option<NaiveDate> {
    start.with_year(start.year() + i32::from(years))?.pred_opt()
}

/// A step of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelStage {
    /// In Russian.
    pub ru: &'static str,
    /// In English.
    pub en: &'static str,
}

/// A model of support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Model {
    /// Its code.
    pub code: ModelCode,
    /// Its name in Russian.
    pub name_ru: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
    /// What it is for, in Russian.
    pub purpose_ru: &'static str,
    /// What it is for, in English.
    pub purpose_en: &'static str,
    /// The act that set the model up, where the order names one.
    pub act: Option<LegalAct>,
    /// The act these facts come from.
    pub source: LegalAct,
    /// When it runs, by branch.
    pub terms: &'static [ModelTerm],
    /// Whom it may be assigned to.
    pub subjects: &'static [SubjectKind],
    /// Who is eligible, in Russian.
    pub eligibility_ru: &'static str,
    /// Who is eligible, in English.
    pub eligibility_en: &'static str,
    /// Whether every school of the region may join without a proposal of the rules.
    pub open_enrolment: bool,
    /// Its steps, in order.
    pub stages: &'static [ModelStage],
    /// The rows of the regional plan that are the model's own; rows 1.1, 1.4, 1.16 and 1.17 serve every model besides.
    pub plan_rows: &'static [&'static str],
}

impl Model {
    /// The period of the model on `day`; `branch` where its branches run at different times. `None` outside.
    pub fn window_on(&self, branch: Option<Branch>, day: NaiveDate) -> Option<DateWindow> {
        self.terms.iter().find(|term| term.branch.is_none() || term.branch == branch)?.window_on(day)
    }

    /// The period of the model, of whichever branch, that holds `day`. `None` outside.
    pub fn period_on(&self, day: NaiveDate) -> Option<DateWindow> {
        self.terms.iter().find_map(|term| term.window_on(day))
    }
}

impl ModelCode {
    /// What the catalogue says of the model.
    pub fn model(self) -> &'static Model {
        match self {
            Self::M1 => &M1,
            Self::M2 => &M2,
            Self::M3 => &M3,
            Self::M4 => &M4,
            Self::M5 => &M5,
            Self::M6 => &M6,
            Self::M7 => &M7,
        }
    }
}

/// The calendar day; a day that does not exist becomes the first of the calendar, which a test forbids.
const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

const fn term(start: NaiveDate, end: Option<NaiveDate>, years: Option<u8>, yearly: bool) -> ModelTerm {
    ModelTerm { branch: None, start, end, years, yearly }
}

const fn stage(ru: &'static str, en: &'static str) -> ModelStage {
    ModelStage { ru, en }
}

/// The order with the models and the plan of 2020-2021.
pub const ORDER: LegalAct = LegalAct { number: "316-01-63-950/20", date: day(2020, 5, 29) };

/// Section 2 of the plan.
const SECTION_2: &[&str] =
    &["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.13"];

/// Section 3 of the plan, which the second and the sixth model share.
const SECTION_3: &[&str] = &[
    "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14",
    "3.15", "3.16", "3.17", "3.18", "3.19", "3.20", "3.21", "3.22", "3.23", "3.24",
];

/// Every model, by number.
pub const CATALOGUE: &[Model] = &[M1, M2, M3, M4, M5, M6, M7];

const M1: Model = Model {
    code: ModelCode::M1,
    name_ru: "Практико-ориентированная модель",
    name_en: "Practice-oriented pilot",
    purpose_ru: "Отработать базовую модель: виды поддержки, методы диагностики, мониторинг результатов, \
                 рекомендации, инновационные площадки",
    purpose_en: "Work out the base model: kinds of support, diagnostic methods, monitoring of results, \
                 recommendations, innovation platforms",
    act: None,
    source: ORDER,
    // Decision 9: it ends with 2020.
    terms: &[term(day(2018, 1, 1), Some(day(2020, 12, 31)), Some(3), false)],
    subjects: &[SubjectKind::School, SubjectKind::Municipality],
    eligibility_ru: "Шесть назначенных пилотных школ с устойчиво низкими результатами и четыре пилотных органа \
                     управления образованием: Урень, Кстово, Сормовский и Автозаводский районы",
    eligibility_en: "Six designated pilot schools with stable low results and four pilot authorities: Uren, Kstovo, \
                     Sormovsky and Avtozavodsky districts",
    open_enrolment: false,
    stages: &[],
    plan_rows: SECTION_2,
};

const M2: Model = Model {
    code: ModelCode::M2,
    name_ru: "Базовая модель",
    name_en: "Base support",
    purpose_ru: "Помочь школам с низкими результатами найти причины и устранить их командой, по дорожной карте, при \
                 поддержке муниципалитета",
    purpose_en: "Help low-result schools to find the causes and remove them as a team, by a roadmap, backed by the \
                 municipality",
    act: Some(LegalAct { number: "316-01-63-585/20", date: day(2020, 3, 10) }),
    source: ORDER,
    terms: &[term(day(2020, 3, 10), Some(day(2023, 3, 9)), Some(3), false)],
    subjects: &[SubjectKind::School, SubjectKind::Municipality],
    eligibility_ru: "Школа с низкими результатами, назначенная в проект: первая волна — 8 органов управления \
                     образованием и 16 школьных команд, вторая — школы, добавленные по строке 3.4 плана",
    eligibility_en: "A low-result school designated to the project: the first wave has 8 authorities and 16 school \
                     teams, the second the schools added by row 3.4 of the plan",
    open_enrolment: false,
    stages: &[
        stage("Диагностика факторов", "Diagnostics of factors"),
        stage("Обучение команды, 72 часа", "Training of the team, 72 hours"),
        stage("Разработка дорожной карты", "Roadmap drafted"),
        stage("Экспертиза", "Expert review"),
        stage("Реализация дорожной карты", "Roadmap run"),
        stage("Мониторинг результатов", "Results monitored"),
        stage("Муниципальная программа", "Municipal programme"),
    ],
    plan_rows: SECTION_3,
};

const M3: Model = Model {
    code: ModelCode::M3,
    name_ru: "Адресная модель поддержки муниципальных методических служб",
    name_en: "Support of municipal methodical services",
    purpose_ru: "Подготовить методическую службу и муниципальную команду к тому, чтобы вести свои школы по программе",
    purpose_en: "Prepare the methodical service and the municipal team to lead their schools by a programme",
    act: None,
    source: ORDER,
    terms: &[term(day(2020, 1, 1), None, Some(1), true)],
    subjects: &[SubjectKind::Municipality],
    eligibility_ru: "Муниципалитет, в котором от 4 до 7 школ из перечня Рособрнадзора включительно",
    eligibility_en: "A municipality with 4 to 7 schools on the Rosobrnadzor list, inclusive",
    open_enrolment: false,
    stages: &[
        stage(
            "Обучение специалистов службы и муниципальных команд: школ с низкими результатами и школ-лидеров",
            "Training of the service's specialists and of municipal teams: low-result schools and leader schools",
        ),
        stage(
            "Анализ социальной и образовательной ситуации",
            "Analysis of the social and educational situation",
        ),
        stage("Разработка и реализация муниципальной программы", "Municipal programme drafted and run"),
        stage("Анализ эффекта", "Analysis of the effect"),
    ],
    plan_rows: &["1.8", "1.11", "1.12"],
};

const M4: Model = Model {
    code: ModelCode::M4,
    name_ru: "Адресная модель поддержки руководителей",
    name_en: "Support of school leaders",
    purpose_ru: "Помочь руководителю школы восполнить управленческие дефициты, выявленные диагностикой",
    purpose_en: "Help the head of a school to make good the managerial deficits that diagnostics found",
    act: None,
    source: ORDER,
    // The order gives no start; the first work is row 1.3. Cohorts of a year: decision 9.
    terms: &[term(day(2020, 8, 1), None, Some(1), true)],
    subjects: &[SubjectKind::Leader],
    eligibility_ru: "Руководитель школы из перечня Рособрнадзора, если школа не участвует в моделях 1 и 2",
    eligibility_en: "The head of a school on the Rosobrnadzor list, unless the school is in model 1 or 2",
    open_enrolment: false,
    stages: &[
        stage("Диагностика управленческих дефицитов", "Managerial diagnostics"),
        stage("Адресное обучение", "Targeted training"),
        stage("Меры по восполнению дефицитов", "Measures against the deficits"),
        stage("Обмен в сети руководителей", "Exchange in the leaders' network"),
        stage("Анализ результатов", "Analysis of the results"),
    ],
    plan_rows: &["1.3", "1.5", "1.6", "1.7", "1.9", "1.10", "1.15"],
};

const M5: Model = Model {
    code: ModelCode::M5,
    name_ru: "Адресная модель поддержки учителей-предметников",
    name_en: "Support of subject teachers",
    purpose_ru: "Помочь учителю-предметнику восполнить предметные и методические дефициты, выявленные диагностикой",
    purpose_en: "Help a subject teacher to make good the subject and methodical deficits that diagnostics found",
    act: None,
    source: ORDER,
    // As for the fourth model: decision 9.
    terms: &[term(day(2020, 8, 1), None, Some(1), true)],
    subjects: &[SubjectKind::Teacher],
    eligibility_ru: "Учитель-предметник школы с низкими результатами, в том числе участвующей в моделях 1 и 2. \
                     Правило только предлагает поддержку и не оценивает работу учителя; решает человек",
    eligibility_en: "A subject teacher of a low-result school, also of one in model 1 or 2. The rule only proposes \
                     support and does not judge the teacher's work; a person decides",
    open_enrolment: false,
    stages: &[
        stage("Выбор учителей по результатам оценочных процедур", "Teachers found from assessment results"),
        stage("Меры кафедр института", "Measures by the institute's departments"),
        stage(
            "Диагностика предметных и методических дефицитов",
            "Diagnosis of subject and methodical deficits",
        ),
        stage("Обучение и помощь", "Training and help"),
        stage("Анализ результатов", "Analysis of the results"),
    ],
    plan_rows: &["1.2", "1.5", "1.6", "1.7", "1.9", "1.10", "1.15"],
};

const M6: Model = Model {
    code: ModelCode::M6,
    name_ru: "Муниципальная модель",
    name_en: "Municipal partnership",
    purpose_ru: "Соединить школы с низкими результатами со школами-лидерами своего муниципалитета",
    purpose_en: "Bring low-result schools together with the leader schools of their municipality",
    act: None,
    source: ORDER,
    terms: &[
        ModelTerm {
            branch: Some(Branch::Pilot),
            ..term(day(2020, 1, 1), Some(day(2020, 12, 31)), Some(1), false)
        },
        ModelTerm {
            branch: Some(Branch::Full),
            ..term(day(2021, 1, 1), Some(day(2023, 12, 31)), Some(3), false)
        },
    ],
    subjects: &[SubjectKind::Municipality, SubjectKind::School],
    eligibility_ru: "Пилотный этап: муниципалитет модели 1. Основной: муниципалитет модели 2 либо муниципалитет, в \
                     котором от 4 до 7 школ из перечня и хотя бы одна школа с высокими результатами",
    // Decision 8: the high-result school is a condition of the second half only.
    eligibility_en: "Pilot: a municipality of model 1. Full run: a municipality of model 2, or one with 4 to 7 listed \
                     schools and at least one high-result school",
    open_enrolment: false,
    stages: &[
        stage("Координирующий орган", "Coordinating body"),
        stage(
            "Пары: школа-лидер и школа с низкими результатами",
            "Pairing of a leader school with a low-result one",
        ),
        stage(
            "Договоры: стажировки, консультации, ресурсы",
            "Agreements: internships, consultations, resources",
        ),
    ],
    plan_rows: SECTION_3,
};

const M7: Model = Model {
    code: ModelCode::M7,
    name_ru: "Сетевая модель",
    name_en: "Regional network",
    purpose_ru: "Дать школам региона общий сетевой ресурс и обмен опытом поверх границ муниципалитетов",
    purpose_en: "Give the region's schools a common network resource and exchange across municipalities",
    act: None,
    source: ORDER,
    terms: &[term(day(2021, 1, 1), None, None, false)],
    subjects: &[SubjectKind::School, SubjectKind::Teacher, SubjectKind::Leader],
    eligibility_ru: "Открыта для каждой школы региона",
    eligibility_en: "Open to every school of the region",
    open_enrolment: true,
    stages: &[
        stage("Создание сетевого ресурса", "Network resource created"),
        stage("Обмен между муниципалитетами", "Exchange across municipalities"),
        stage("Сообщества по категориям работников", "Communities by category of staff"),
    ],
    plan_rows: &["1.13", "1.14"],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_model_stands_in_it_once_under_its_number() {
        assert_eq!(CATALOGUE.iter().map(|m| m.code).collect::<Vec<_>>(), ModelCode::ALL);
        for code in ModelCode::ALL {
            assert_eq!(code.model().code, *code);
            assert_eq!(code.model().name_ru, code.ru());
        }
    }

    #[test]
    fn dates_exist_and_a_fixed_term_ends_after_its_years() {
        for term in CATALOGUE.iter().flat_map(|m| m.terms) {
            assert!(term.start > on("2017-12-31"));
            let expected = term.years.filter(|_| !term.yearly).and_then(|years| last_day(term.start, years));
            assert_eq!(term.end, expected);
        }
        for act in CATALOGUE.iter().filter_map(|m| m.act).chain([ORDER]) {
            assert!(act.date >= on("2020-01-01"));
        }
    }

    #[test]
    fn a_yearly_model_gives_the_cohort_of_the_day() {
        let window = |code: ModelCode, day| code.model().window_on(None, on(day));
        let cohort = |from, to| Some(DateWindow { from: on(from), to: Some(on(to)) });
        assert_eq!(window(ModelCode::M4, "2020-07-31"), None);
        assert_eq!(window(ModelCode::M4, "2020-08-01"), cohort("2020-08-01", "2021-07-31"));
        assert_eq!(window(ModelCode::M4, "2021-07-31"), cohort("2020-08-01", "2021-07-31"));
        assert_eq!(window(ModelCode::M4, "2021-08-01"), cohort("2021-08-01", "2022-07-31"));
        assert_eq!(window(ModelCode::M3, "2021-05-01"), cohort("2021-01-01", "2021-12-31"));
    }

    #[test]
    fn branches_of_the_sixth_model_meet_at_the_turn_of_the_year() {
        let open = |branch, day| M6.window_on(Some(branch), on(day)).is_some();
        assert!(open(Branch::Pilot, "2020-12-31") && !open(Branch::Pilot, "2021-01-01"));
        assert!(!open(Branch::Full, "2020-12-31") && open(Branch::Full, "2021-01-01"));
        assert_eq!(M6.window_on(None, on("2020-06-01")), None);
        for (branch, day) in [(Branch::Pilot, "2020-06-01"), (Branch::Full, "2021-06-01")] {
            assert_eq!(M6.period_on(on(day)), M6.window_on(Some(branch), on(day)));
        }
        assert_eq!(M6.period_on(on("2019-12-31")), None);
    }
}
