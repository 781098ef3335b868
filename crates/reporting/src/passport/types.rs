//! Row ids and closed lists of the passport.

use opora_primitives::{id_type, word_type};

id_type!(
    /// A normative act.
    ActId
);
id_type!(
    /// One holder's time in a seat of the working group.
    SeatId
);

word_type!(
    /// The kind of a normative act.
    ActKind {
        /// A federal law.
        FederalLaw = "federal_law", "федеральный закон";
        /// A law of the region.
        RegionalLaw = "regional_law", "закон субъекта Российской Федерации";
        /// A decree of a government.
        Decree = "decree", "постановление";
        /// An order of an authority.
        Order = "order", "приказ";
        /// A directive.
        Directive = "directive", "распоряжение";
        /// A letter.
        Letter = "letter", "письмо";
        /// Another document.
        Other = "other", "иной документ";
    }
);

word_type!(
    /// A stage of the passport, in the passport's order.
    StageCode {
        /// What is to be reached.
        Goals = "goals", "Цели";
        /// By what it is measured, and how.
        Indicators = "indicators", "Показатели и методы";
        /// What is measured.
        Monitoring = "monitoring", "Мониторинг";
        /// What follows from it.
        Analysis = "analysis", "Анализ и адресные рекомендации";
        /// What is done.
        Measures = "measures", "Меры и управленческие решения";
        /// What it led to.
        Evaluation = "evaluation", "Оценка эффективности мер";
    }
);

impl StageCode {
    /// Its number, from 1 to 6.
    pub fn number(self) -> i32 {
        // The list is declared in the passport's order.
        self as i32 + 1
    }

    /// The stage in front of it.
    pub fn previous(self) -> Option<Self> {
        Self::ALL.iter().copied().take_while(|stage| *stage != self).last()
    }

    /// The stage after it.
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|stage| *stage > self)
    }

    /// Its name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Goals => "Goals",
            Self::Indicators => "Indicators and methods",
            Self::Monitoring => "Monitoring",
            Self::Analysis => "Analysis and recommendations",
            Self::Measures => "Measures and decisions",
            Self::Evaluation => "Evaluation of effect",
        }
    }
}

word_type!(
    /// How far a stage is; follows from its dates.
    StageState {
        /// It has not begun.
        NotStarted = "not_started", "не начат";
        /// It has begun and is not done.
        InProgress = "in_progress", "выполняется";
        /// It is done.
        Done = "done", "выполнен";
    }
);

word_type!(
    /// The part a member plays in the working group.
    SeatRole {
        /// Leads the group; the deputy minister (decision 20).
        Chair = "chair", "руководитель";
        /// Stands in for the chair.
        DeputyChair = "deputy_chair", "заместитель руководителя";
        /// Keeps the minutes.
        Secretary = "secretary", "секретарь";
        /// Takes part.
        Member = "member", "член рабочей группы";
    }
);

#[cfg(test)]
mod tests {
    use super::StageCode::{self, *};

    #[test]
    fn six_stages_follow_each_other() {
        assert_eq!(StageCode::ALL.iter().map(|stage| stage.number()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!((Goals.previous(), Goals.next()), (None, Some(Indicators)));
        assert_eq!((Analysis.previous(), Analysis.next()), (Some(Monitoring), Some(Measures)));
        assert_eq!((Evaluation.previous(), Evaluation.next()), (Some(Measures), None));
    }
}
