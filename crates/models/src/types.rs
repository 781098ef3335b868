//! Row ids and closed lists of proposals and assignments.

use opora_primitives::{id_type, word_type};
use opora_schools::types::{MunicipalityId, SchoolId, StaffId, StaffRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

id_type!(
    /// A proposal of the rules.
    ProposalId
);
id_type!(
    /// A run of the rules over the facts of one day.
    ProposalRunId
);
id_type!(
    /// An assignment of a model to a subject.
    AssignmentId
);
id_type!(
    /// A dated event of an assignment.
    AssignmentEventId
);

word_type!(
    /// A model of support, by its number.
    ModelCode {
        /// Practice-oriented pilot.
        M1 = "M1", "Практико-ориентированная модель";
        /// Base support.
        M2 = "M2", "Базовая модель";
        /// Support of municipal methodical services.
        M3 = "M3", "Адресная модель поддержки муниципальных методических служб";
        /// Support of school leaders.
        M4 = "M4", "Адресная модель поддержки руководителей";
        /// Support of subject teachers.
        M5 = "M5", "Адресная модель поддержки учителей-предметников";
        /// Municipal partnership.
        M6 = "M6", "Муниципальная модель";
        /// Regional network.
        M7 = "M7", "Сетевая модель";
    }
);

word_type!(
    /// A branch of a model that runs in parts: the waves of the second model, the stages of the sixth.
    Branch {
        /// Second model, first wave.
        Wave1 = "wave1", "Первая волна";
        /// Second model, second wave: schools added by row 3.4 of the plan (decision 11).
        Wave2 = "wave2", "Вторая волна";
        /// Sixth model, pilot of 2020.
        Pilot = "pilot", "Пилотный этап";
        /// Sixth model, full run from 2021.
        Full = "full", "Основной этап";
    }
);

word_type!(
    /// What kind of subject a model is assigned to.
    SubjectKind {
        /// A school.
        School = "school", "Школа";
        /// A municipality, with its authority and methodical service.
        Municipality = "municipality", "Муниципалитет";
        /// The head of a school.
        Leader = "leader", "Руководитель";
        /// A teacher of a subject.
        Teacher = "teacher", "Учитель";
    }
);

impl SubjectKind {
    /// Whether a person with the post `role` is such a subject.
    pub fn is_of_post(self, role: StaffRole) -> bool {
        match self {
            Self::Leader => role == StaffRole::Head,
            Self::Teacher => role == StaffRole::Teacher,
            Self::School | Self::Municipality => false,
        }
    }
}

word_type!(
    /// What became of a proposal.
    ProposalState {
        /// Nobody has decided yet.
        Open = "open", "Ожидает решения";
        /// A named person confirmed it.
        Confirmed = "confirmed", "Подтверждено";
        /// A named person declined it.
        Declined = "declined", "Отклонено";
        /// A later run took its place before anyone decided.
        Superseded = "superseded", "Заменено новым расчётом";
    }
);

word_type!(
    /// What a person decides on a proposal.
    DecisionKind {
        /// It becomes an assignment.
        Confirm = "confirm", "Подтвердить";
        /// It is refused.
        Decline = "decline", "Отклонить";
    }
);

word_type!(
    /// The state of an assignment on a day. Never stored: it follows from the events.
    AssignmentState {
        /// Confirmed, not started.
        Planned = "planned", "Запланировано";
        /// Running.
        Active = "active", "Действует";
        /// Interrupted, to be resumed.
        Paused = "paused", "Приостановлено";
        /// Over, for good.
        Ended = "ended", "Завершено";
    }
);

word_type!(
    /// What happened to an assignment.
    EventKind {
        /// Support began.
        Started = "started", "Начато";
        /// Support was interrupted.
        Paused = "paused", "Приостановлено";
        /// Support went on after a pause.
        Resumed = "resumed", "Возобновлено";
        /// Support is over, or was called off before it began.
        Ended = "ended", "Завершено";
    }
);

/// The subject of a proposal or an assignment. A person is named with the school, because the right to see the person
/// follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SubjectRef {
    /// A school.
    School {
        /// The school.
        school: SchoolId,
    },
    /// A municipality.
    Municipality {
        /// The municipality.
        municipality: MunicipalityId,
    },
    /// The head of a school.
    Leader {
        /// The school that the person heads.
        school: SchoolId,
        /// The person.
        staff: StaffId,
    },
    /// A teacher of a subject.
    Teacher {
        /// The school where the person teaches.
        school: SchoolId,
        /// The person.
        staff: StaffId,
    },
}

impl SubjectRef {
    /// Its kind.
    pub fn kind(&self) -> SubjectKind {
        match self {
            Self::School { .. } => SubjectKind::School,
            Self::Municipality { .. } => SubjectKind::Municipality,
            Self::Leader { .. } => SubjectKind::Leader,
            Self::Teacher { .. } => SubjectKind::Teacher,
        }
    }

    /// The school: the subject itself or the person's; none for a municipality.
    pub fn school(&self) -> Option<SchoolId> {
        match *self {
            Self::School { school } | Self::Leader { school, .. } | Self::Teacher { school, .. } => {
                Some(school)
            }
            Self::Municipality { .. } => None,
        }
    }

    /// The municipality, if it is one.
    pub fn municipality(&self) -> Option<MunicipalityId> {
        match *self {
            Self::Municipality { municipality } => Some(municipality),
            _ => None,
        }
    }

    /// The person, if it is one.
    pub fn staff(&self) -> Option<StaffId> {
        match *self {
            Self::Leader { staff, .. } | Self::Teacher { staff, .. } => Some(staff),
            _ => None,
        }
    }

    /// The subject that the columns of a row describe.
    ///
    /// # Errors
    /// [`opora_primitives::Reason::Contradiction`] if the columns do not fit the kind.
    pub fn from_columns(
        kind: SubjectKind,
        school: Option<SchoolId>,
        municipality: Option<MunicipalityId>,
        staff: Option<StaffId>,
    ) -> Result<Self, opora_primitives::Reason> {
        match (kind, school, municipality, staff) {
            (SubjectKind::School, Some(school), None, None) => Ok(Self::School { school }),
            (SubjectKind::Municipality, None, Some(municipality), None) => {
                Ok(Self::Municipality { municipality })
            }
            (SubjectKind::Leader, Some(school), None, Some(staff)) => Ok(Self::Leader { school, staff }),
            (SubjectKind::Teacher, Some(school), None, Some(staff)) => Ok(Self::Teacher { school, staff }),
            _ => Err(opora_primitives::Reason::Contradiction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_survives_the_trip_through_its_columns() {
        for subject in [
            SubjectRef::School { school: SchoolId(1) },
            SubjectRef::Municipality { municipality: MunicipalityId(2) },
            SubjectRef::Leader { school: SchoolId(1), staff: StaffId(3) },
            SubjectRef::Teacher { school: SchoolId(1), staff: StaffId(4) },
        ] {
            let (school, municipality, staff) = (subject.school(), subject.municipality(), subject.staff());
            assert_eq!(SubjectRef::from_columns(subject.kind(), school, municipality, staff), Ok(subject));
        }
        assert!(SubjectRef::from_columns(SubjectKind::Leader, Some(SchoolId(1)), None, None).is_err());
    }

    #[test]
    fn a_subject_is_tagged_on_the_wire() {
        let json =
            serde_json::to_string(&SubjectRef::Leader { school: SchoolId(1), staff: StaffId(3) }).unwrap();
        assert_eq!(json, r#"{"kind":"leader","school":1,"staff":3}"#);
    }
}
