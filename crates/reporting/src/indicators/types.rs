//! What an indicator is and what is found of it.

use crate::plan::Comparison;
use opora_models::types::ModelCode;
use opora_primitives::{MunicipalityId, SchoolId, Share, word_type};
use opora_schools::types::{ListId, StaffId};
use serde::Serialize;
use utoipa::ToSchema;

word_type!(
    /// A target indicator, by its number in the passport.
    IndicatorCode {
        /// Listed schools included.
        I1 = "I1", "Доля ОО из списка Рособрнадзора в региональной системе";
        /// Pedagogical workers of listed schools covered by methodical support.
        I2 = "I2", "Доля педагогов с методическим сопровождением";
        /// Municipal systems included.
        I3 = "I3", "Доля муниципальных систем в региональной системе";
        /// Participants off the later list.
        I4 = "I4", "Доля участников не в списке 2022 года";
    }
);

word_type!(
    /// Whether the target is reached.
    TargetVerdict {
        /// It is.
        Met = "met", "Достигнут";
        /// It is not.
        NotMet = "not_met", "Не достигнут";
        /// It cannot be said yet.
        NotMeasurable = "not_measurable", "Пока не измеряется";
    }
);

word_type!(
    /// Why it cannot be said yet.
    NotMeasurable {
        /// There is no list to measure by.
        NoList = "no_list", "Список не загружен";
        /// The later list is not loaded (decision 4).
        BeforeTheLaterList = "before_the_later_list", "Список 2022 года не загружен";
        /// The denominator is zero.
        NothingToMeasure = "nothing_to_measure", "Не из чего вычислять долю";
    }
);

word_type!(
    /// Why a row counts or does not.
    RowGround {
        /// The school itself has a model.
        OwnModel = "own_model", "У школы есть модель поддержки";
        /// Its head or a teacher of it has a model.
        ThroughPeople = "through_people", "Модель поддержки есть у работников школы";
        /// Neither the school nor its people have one.
        NoModel = "no_model", "Модели поддержки нет";
        /// The municipality has a model of its own.
        MunicipalModel = "municipal_model", "Модель муниципального уровня";
        /// A school of the municipal system has a model.
        AssignedSchool = "assigned_school", "Модель есть у школы муниципальной системы";
        /// The person has completed a form of support; or somebody of the school has.
        Supported = "supported", "Есть завершённая форма сопровождения";
        /// The person has completed none; or nobody of the school has.
        NotSupported = "not_supported", "Завершённой формы сопровождения нет";
        /// The school is not on the later list.
        OffTheLaterList = "off_the_later_list", "Нет в более позднем списке";
        /// The school is on the later list.
        OnTheLaterList = "on_the_later_list", "Есть в более позднем списке";
        /// The later list is not loaded.
        NotYetKnown = "not_yet_known", "Пока не известно";
        /// The school closed and nobody took over.
        ClosedWithoutSuccessor = "closed_without_successor", "Закрыта без правопреемника";
    }
);

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IndicatorTarget {
    /// How the share is compared.
    pub comparison: Comparison,
    /// With how much, percent.
    #[schema(minimum = 0, maximum = 100, example = 70)]
    pub percent: i64,
}

impl IndicatorTarget {
    /// Whether `share` reaches it, exactly; `None` for a share of nothing.
    pub fn reached(self, share: Share) -> Option<bool> {
        (share.denominator > 0).then(|| match self.comparison {
            Comparison::AtLeast => share.at_least(self.percent),
            Comparison::Equal => 100 * share.numerator == self.percent * share.denominator,
            Comparison::AtMost => 100 * share.numerator <= self.percent * share.denominator,
        })
    }
}

impl IndicatorCode {
    /// The name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::I1 => "Listed schools included",
            Self::I2 => "Staff covered by methodical support",
            Self::I3 => "Municipal systems included",
            Self::I4 => "Participants off the later list",
        }
    }

    /// Which of the passport's list and the later one it is made with.
    pub fn version(self, (list, later): (Option<ListVersion>, Option<ListVersion>)) -> Option<ListVersion> {
        match self {
            Self::I1 | Self::I2 => list,
            Self::I3 => None,
            Self::I4 => later,
        }
    }

    /// What the passport asks for.
    pub fn target(self) -> IndicatorTarget {
        let (comparison, percent) = match self {
            Self::I1 => (Comparison::Equal, 100),
            Self::I2 | Self::I3 => (Comparison::AtLeast, 70),
            Self::I4 => (Comparison::AtLeast, 30),
        };
        IndicatorTarget { comparison, percent }
    }
}

/// A version of the list that a number was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListVersion {
    /// Its id.
    pub id: ListId,
    /// The year.
    #[schema(minimum = 2000, maximum = 2100, example = 2020)]
    pub list_year: i32,
    /// Which version of that year.
    #[schema(minimum = 1, example = 1)]
    pub revision: i32,
}

/// Whom a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A school.
    School(SchoolId),
    /// A municipal system.
    Municipality(MunicipalityId),
    /// A pedagogical worker.
    Person {
        /// Who.
        id: StaffId,
        /// The school the register has the person in.
        school: SchoolId,
    },
}

/// A member of the denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whom it is about.
    pub subject: Subject,
    /// Whether it counts in the numerator.
    pub counts: bool,
    /// Why it counts or does not.
    pub why: RowGround,
    /// The school that is looked at in its place, if another took over.
    pub successor: Option<SchoolId>,
    /// The models of the school or of the municipality itself; never those of people.
    pub models: Vec<ModelCode>,
}

/// What is found of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
    /// Which one.
    pub code: IndicatorCode,
    /// How many count; absent while that cannot be said.
    pub numerator: Option<i64>,
    /// Of how many; absent while that cannot be said.
    pub denominator: Option<i64>,
    /// Whether the target is reached.
    pub verdict: TargetVerdict,
    /// Why that cannot be said.
    pub reason: Option<NotMeasurable>,
    /// The rows behind it.
    pub rows: Vec<Row>,
    /// For I2: working schools of the list of which the register knows no pedagogical worker, so that the number is
    /// silent about them.
    pub without_staff: Vec<SchoolId>,
}

impl Actual {
    /// A number from its rows; `denominator` replaces their count where it is a parameter.
    pub(super) fn of(code: IndicatorCode, rows: Vec<Row>, denominator: Option<i64>) -> Self {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let share = Share::new(
            count(rows.iter().filter(|row| row.counts).count()),
            denominator.unwrap_or(count(rows.len())),
        );
        let (verdict, reason) = match code.target().reached(share) {
            Some(true) => (TargetVerdict::Met, None),
            Some(false) => (TargetVerdict::NotMet, None),
            None => (TargetVerdict::NotMeasurable, Some(NotMeasurable::NothingToMeasure)),
        };
        let (numerator, denominator) = (Some(share.numerator), Some(share.denominator));
        Self { code, numerator, denominator, verdict, reason, rows, without_staff: Vec::new() }
    }

    /// A number that cannot be said yet, with the part that can.
    pub(super) fn unknown(code: IndicatorCode, reason: NotMeasurable, rows: Vec<Row>) -> Self {
        let denominator = (!rows.is_empty()).then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let (numerator, verdict) = (None, TargetVerdict::NotMeasurable);
        let reason = Some(reason);
        Self { code, numerator, denominator, verdict, reason, rows, without_staff: Vec::new() }
    }

    /// The share, if it can be said.
    pub fn share(&self) -> Option<Share> {
        Some(Share::new(self.numerator?, self.denominator?))
    }

    /// How many of the numerator count through their people only.
    pub fn through_people(&self) -> i64 {
        let through =
            self.rows.iter().filter(|row| row.counts && row.why == RowGround::ThroughPeople).count();
        i64::try_from(through).unwrap_or(i64::MAX)
    }
}
