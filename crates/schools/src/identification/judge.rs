//! The verdict about one school.

use super::{
    evidence::Evidence, inputs::SchoolInput, landscape::Landscape, methodology::Parameters, rules, step::Step,
};
use opora_primitives::word_type;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

word_type!(
    /// The verdict of the rules. The list never enters it.
    Outcome {
        /// `LOW_SHARE` or `LOW_TREND` holds.
        Low = "low", "Низкие результаты";
        /// `RISK` holds and the school is not low.
        Risk = "risk", "Зона риска";
        /// `HIGH` holds.
        High = "high", "Высокие результаты";
        /// The judged year has no measured criterion, and no rule proves low results or risk. Never read as "not low".
        InsufficientData = "insufficient_data", "Недостаточно данных";
        /// None of these.
        Ordinary = "ordinary", "Без особенностей";
        /// A kind of school that the methodology excludes.
        Excluded = "excluded", "Не оценивается";
    }
);

word_type!(
    /// A fact about the school. Each stands on its own: a school in `LOW_SHARE` is in `RISK` too, a listed one may be
    /// ordinary.
    Finding {
        /// It is on the list version of the run.
        Listed = "LISTED", "В списке";
        /// Great share below the minimum in several procedures.
        LowShare = "LOW_SHARE", "Высокая доля не достигших минимума";
        /// Below the comparison group in consecutive measured years.
        LowTrend = "LOW_TREND", "Результаты ниже группы сравнения несколько лет подряд";
        /// Near the thresholds of low results.
        Risk = "RISK", "Риск низких результатов";
        /// High results, by the rule or by an act.
        High = "HIGH", "Высокие результаты";
        /// The judged year has no measured criterion.
        InsufficientData = "INSUFFICIENT_DATA", "Недостаточно данных";
    }
);

impl Outcome {
    /// How serious it is, for order: high 0, ordinary 1, insufficient data 2, risk 3, low 4; excluded has none. With
    /// the comparison group held still, more participants below the minimum never lower it.
    pub fn severity(self) -> Option<u8> {
        match self {
            Self::High => Some(0),
            Self::Ordinary => Some(1),
            Self::InsufficientData => Some(2),
            Self::Risk => Some(3),
            Self::Low => Some(4),
            Self::Excluded => None,
        }
    }
}

/// The verdict about a school with what led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Judgement {
    /// The verdict.
    pub outcome: Outcome,
    /// Facts, each once, in the order of the list of findings.
    pub findings: Vec<Finding>,
    /// Check works far above the group, not confirmed by the exam after grade 11. Shown beside the verdict: it blocks
    /// `HIGH` by results, and never removes a low verdict.
    pub bias_flag: bool,
    /// What the rules looked at, enough to repeat the verdict by hand.
    pub trace: Vec<Step>,
}

/// Judges a school about the year of `landscape`, which must have been made with the same `parameters` and the same
/// list of procedures.
pub fn judge(parameters: &Parameters, landscape: &Landscape, school: &SchoolInput<'_>) -> Judgement {
    let mut trace = Vec::with_capacity(8);
    if school.listed {
        trace.push(Step::Listed);
    }
    if school.high_by_act {
        trace.push(Step::HighByAct);
    }
    if parameters.excluded_kinds.contains(&school.kind) {
        trace.push(Step::Excluded { kind: school.kind });
        let findings = findings(&[(Finding::Listed, school.listed), (Finding::High, school.high_by_act)]);
        return Judgement { outcome: Outcome::Excluded, findings, bias_flag: false, trace };
    }
    let evidence = Evidence::gather(parameters, landscape, school);
    let insufficient = !evidence.is_measured();
    describe(&evidence, &mut trace);
    let shares = rules::shares(&evidence, &mut trace);
    let low_trend = rules::low_trend(&evidence, &mut trace);
    let bias_flag = rules::bias(&evidence, &mut trace);
    let high = rules::high(&evidence, bias_flag, &mut trace) || school.high_by_act;
    let outcome = match () {
        () if shares.low || low_trend => Outcome::Low,
        () if shares.risk => Outcome::Risk,
        () if insufficient => Outcome::InsufficientData,
        () if high => Outcome::High,
        () => Outcome::Ordinary,
    };
    let findings = findings(&[
        (Finding::Listed, school.listed),
        (Finding::LowShare, shares.low),
        (Finding::LowTrend, low_trend),
        (Finding::Risk, shares.risk),
        (Finding::High, high),
        (Finding::InsufficientData, insufficient),
    ]);
    Judgement { outcome, findings, bias_flag, trace }
}

fn findings(facts: &[(Finding, bool)]) -> Vec<Finding> {
    facts.iter().filter(|(_, holds)| *holds).map(|(finding, _)| *finding).collect()
}

/// The steps that say what there was to look at.
fn describe(evidence: &Evidence<'_>, trace: &mut Vec<Step>) {
    let year = evidence.landscape.year;
    let count = |found: usize| u32::try_from(found).unwrap_or(u32::MAX);
    let small = || evidence.small.iter().filter(|criterion| criterion.year == year);
    trace.push(Step::Judged {
        year,
        measured: evidence.years.first().filter(|tally| tally.year == year).map_or(0, |tally| tally.criteria),
        small: count(small().count()),
        years: evidence.years.iter().map(|tally| tally.year).collect(),
        ignored: evidence.ignored,
    });
    if !evidence.is_measured() {
        let minimum = evidence.parameters.minimum_cohort;
        trace
            .extend(small().map(|criterion| Step::Small { measured: evidence.measured(criterion), minimum }));
        trace.push(Step::InsufficientData { year });
    }
}
