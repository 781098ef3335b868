//! What a run says about schools, within the reader's area.

use super::store;
use crate::{
    identification::{
        Finding, Lang, Outcome, SocialClass, SocialIndex, Step, compare, social::IndicatorRank,
    },
    registry::{bounds, visible_schools},
    types::{ListId, MethodologyId, RunId},
};
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{identification_runs as runs, schools, verdicts},
};
use opora_primitives::{
    AcademicYear, Area, Cursor, Limit, MunicipalityId, Page, SchoolCode, SchoolId, word_type,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The verdict of a run about a school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Verdict {
    /// The run.
    pub identification_run_id: RunId,
    /// The school.
    pub school_id: SchoolId,
    /// The school's code.
    pub school_code: SchoolCode,
    /// The school's name.
    #[schema(example = "МБОУ «Школа № 12»")]
    pub school_name: String,
    /// The school's municipality; a state school has none.
    pub municipality_id: Option<MunicipalityId>,
    /// The verdict of the rules.
    pub outcome: Outcome,
    /// Whether the school is on the list beside which the run was made: a fact apart from the verdict.
    pub listed: bool,
    /// Facts about the school, each on its own.
    pub findings: Vec<Finding>,
    /// Check works far above the group, not confirmed by the exam after grade 11.
    pub bias_flag: bool,
    /// The index of social conditions in 1/10,000, the best being 10,000; absent when too few indicators are known.
    #[schema(minimum = 0, maximum = 10_000)]
    pub social_index: Option<i32>,
    /// Whether the conditions are adverse: the index is at or below the percentile of the methodology.
    pub adverse: Option<bool>,
    /// Good results in adverse conditions over the years.
    pub resilient: bool,
    /// Results against conditions; absent when either is not known.
    pub social_class: Option<SocialClass>,
}

/// What the social index of a school rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SocialBasis {
    /// Indicators known.
    #[schema(minimum = 0)]
    pub known: u16,
    /// Indicators of the methodology.
    #[schema(minimum = 0)]
    pub of: u16,
    /// The rank of the school on each known indicator.
    pub ranks: Vec<IndicatorRank>,
    /// The measured years with strong results, newest first; looked for only in conditions that make a school
    /// resilient.
    pub strong_years: Vec<AcademicYear>,
}

impl SocialBasis {
    pub(super) fn of(index: &SocialIndex, strong_years: Vec<AcademicYear>) -> Self {
        Self { known: index.known, of: index.of, ranks: index.ranks.clone(), strong_years }
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// A step of the way to a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExplainedStep {
    /// In words.
    #[schema(example = "школа есть в списке")]
    pub words: String,
    /// In numbers, enough to repeat it by hand.
    pub numbers: Step,
}

/// A verdict and what led to it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExplainedVerdict {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What the social index rests on; absent without a social context of the judged year.
    pub social: Option<SocialBasis>,
    /// What the rules looked at, step by step.
    pub trace: Vec<ExplainedStep>,
}

/// A verdict of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PastVerdict {
    /// The judged year.
    pub academic_year: AcademicYear,
    /// The methodology of the run.
    pub methodology_id: MethodologyId,
    /// The list of the run.
    pub list_id: ListId,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Which verdicts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// On the list or not.
    pub listed: Option<bool>,
    /// With this fact.
    pub finding: Option<Finding>,
    /// With or without the bias flag.
    pub bias: Option<bool>,
    /// Resilient or not.
    pub resilient: Option<bool>,
    /// Of this class of results against conditions.
    pub social_class: Option<SocialClass>,
    /// In this municipality or, for a city, in its districts.
    pub municipality: Option<MunicipalityId>,
}

type Row = (
    (RunId, SchoolId, SchoolCode, String, Option<MunicipalityId>),
    (Outcome, bool, String, bool, Option<i32>, Option<bool>, bool),
);

/// The columns of [`Row`].
macro_rules! columns {
    () => {
        (
            (verdicts::run_id, verdicts::school_id, schools::code, schools::name, schools::municipality_id),
            (
                verdicts::outcome,
                verdicts::listed,
                verdicts::findings,
                verdicts::bias_flag,
                verdicts::social_index,
                verdicts::adverse,
                verdicts::resilient,
            ),
        )
    };
}

fn document<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::fault(format!("a stored verdict cannot be read: {e}")))
}

impl TryFrom<Row> for Verdict {
    type Error = Error;

    fn try_from((school, facts): Row) -> Result<Self> {
        let (identification_run_id, school_id, school_code, school_name, municipality_id) = school;
        let (outcome, listed, findings, bias_flag, social_index, adverse, resilient) = facts;
        Ok(Self {
            identification_run_id,
            school_id,
            school_code,
            school_name,
            municipality_id,
            outcome,
            listed,
            findings: document(&findings)?,
            bias_flag,
            social_index,
            adverse,
            resilient,
            social_class: SocialClass::of(outcome, adverse),
        })
    }
}

/// The outcomes and the conditions that make a class.
fn members(class: SocialClass) -> (Vec<Outcome>, bool) {
    let conditions = [true, false].into_iter();
    let found = conditions.map(|adverse| {
        let of_class = |outcome: &&Outcome| SocialClass::of(**outcome, Some(adverse)) == Some(class);
        (Outcome::ALL.iter().filter(of_class).copied().collect::<Vec<_>>(), adverse)
    });
    found.into_iter().find(|(outcomes, _)| !outcomes.is_empty()).unwrap_or_default()
}

/// The verdicts of a run, by school.
///
/// # Errors
/// The run is not found; a cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    run: RunId,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Verdict>> {
    store::find(db, run)?;
    let scope = format!("verdicts {run} {filter:?}");
    let mut query = verdicts::table
        .inner_join(schools::table)
        .filter(verdicts::run_id.eq(run))
        .select(columns!())
        .into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(verdicts::school_id.eq_any(visible_schools(municipality, school)));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(verdicts::outcome.eq(outcome));
    }
    if let Some(listed) = filter.listed {
        query = query.filter(verdicts::listed.eq(listed));
    }
    if let Some(finding) = filter.finding {
        // Underscores of the words are wild; no two words differ by them alone.
        query = query.filter(verdicts::findings.like(format!("%\"{finding}\"%")));
    }
    if let Some(bias) = filter.bias {
        query = query.filter(verdicts::bias_flag.eq(bias));
    }
    if let Some(resilient) = filter.resilient {
        query = query.filter(verdicts::resilient.eq(resilient));
    }
    if let Some(class) = filter.social_class {
        let (outcomes, adverse) = members(class);
        query = query.filter(verdicts::outcome.eq_any(outcomes)).filter(verdicts::adverse.eq(adverse));
    }
    if let Some(id) = filter.municipality {
        query = query.filter(verdicts::school_id.eq_any(visible_schools(id, SchoolId(0))));
    }
    if let Some(cursor) = cursor {
        query = query.filter(verdicts::school_id.gt(Cursor::decode::<SchoolId>(&scope, cursor)?));
    }
    let rows: Vec<Row> = query.order(verdicts::school_id).limit(limit.to_fetch()).load(db)?;
    let rows = rows.into_iter().map(Verdict::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, limit, &scope, |verdict: &Verdict| verdict.school_id))
}

/// The verdict about a school that [`crate::registry::schools::resolve`] has found, with its trace in `lang`.
///
/// # Errors
/// Not found: no such run, or no verdict about the school in it.
pub fn find(db: &mut Db, run: RunId, school: SchoolId, lang: Lang) -> Result<ExplainedVerdict> {
    let wanted = verdicts::table.inner_join(schools::table).filter(verdicts::run_id.eq(run));
    let columns = (columns!(), verdicts::social, verdicts::trace);
    let (row, social, trace): (Row, Option<String>, String) =
        wanted.filter(verdicts::school_id.eq(school)).select(columns).first(db)?;
    let steps: Vec<Step> = document(&trace)?;
    let explain = |numbers: Step| ExplainedStep { words: numbers.words(lang), numbers };
    Ok(ExplainedVerdict {
        verdict: row.try_into()?,
        social: social.as_deref().map(document).transpose()?,
        trace: steps.into_iter().map(explain).collect(),
    })
}

/// The verdicts of all runs about a school that [`crate::registry::schools::resolve`] has found, newest first.
///
/// # Errors
/// A cursor of another list.
pub fn of_school(
    db: &mut Db,
    school: SchoolId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<PastVerdict>> {
    let scope = format!("verdicts of {school}");
    let before = cursor.map(|cursor| Cursor::decode::<RunId>(&scope, cursor)).transpose()?;
    let rows: Vec<((AcademicYear, MethodologyId, ListId), Row)> = verdicts::table
        .inner_join(schools::table)
        .inner_join(runs::table)
        .filter(verdicts::school_id.eq(school))
        .filter(verdicts::run_id.lt(before.unwrap_or(RunId(i64::MAX))))
        .order(verdicts::run_id.desc())
        .limit(limit.to_fetch())
        .select(((runs::academic_year, runs::methodology_id, runs::list_id), columns!()))
        .load(db)?;
    let past = |((academic_year, methodology_id, list_id), row): (_, Row)| {
        Ok(PastVerdict { academic_year, methodology_id, list_id, verdict: row.try_into()? })
    };
    let rows = rows.into_iter().map(past).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, limit, &scope, |past: &PastVerdict| past.verdict.identification_run_id))
}

/// How many schools of the reader's area got an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OutcomeCount {
    /// The outcome.
    pub outcome: Outcome,
    /// How many schools.
    #[schema(minimum = 0)]
    pub schools: i64,
}

/// How many schools of the area got which outcome, every outcome once.
///
/// # Errors
/// Faults of the database.
pub fn counts(db: &mut Db, area: Area, run: RunId) -> Result<Vec<OutcomeCount>> {
    let found = facts(db, area, run)?;
    let count = |outcome: &Outcome| OutcomeCount {
        outcome: *outcome,
        schools: found.iter().filter(|(_, _, of)| of == outcome).map(|_| 1).sum(),
    };
    Ok(Outcome::ALL.iter().map(count).collect())
}

/// School, whether listed, outcome: answered from an index.
fn facts(db: &mut Db, area: Area, run: RunId) -> Result<Vec<(SchoolId, bool, Outcome)>> {
    let columns = (verdicts::school_id, verdicts::listed, verdicts::outcome);
    let mut query = verdicts::table.filter(verdicts::run_id.eq(run)).select(columns).into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(verdicts::school_id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.load(db)?)
}

word_type!(
    /// What the rules say, as far as the comparison with the list goes.
    ByRule {
        /// Low.
        Low = "low", "Низкие результаты";
        /// Risk, high or ordinary.
        NotLow = "not_low", "Не низкие результаты";
        /// Too few data, which is never "not low".
        InsufficientData = "insufficient_data", "Недостаточно данных";
        /// Of an excluded kind.
        Excluded = "excluded", "Не оценивается";
    }
);

/// A school of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
pub struct ComparedSchool {
    /// Its id.
    pub id: SchoolId,
    /// Its code in the exam system.
    pub code: SchoolCode,
    /// Its name.
    #[schema(example = "МБОУ «Школа № 12»")]
    pub name: String,
}

/// A cell of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ComparisonCell {
    /// Whether its schools are on the list.
    pub listed: bool,
    /// What the rules say about them.
    pub by_rule: ByRule,
    /// How many there are in the reader's area.
    #[schema(minimum = 0)]
    pub count: usize,
    /// Which they are, by code.
    pub schools: Vec<ComparedSchool>,
}

/// The list against the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ComparisonTable {
    /// The run.
    pub identification_run_id: RunId,
    /// The list it stands beside.
    pub list_id: ListId,
    /// On the list and not, by what the rules say; every cell once.
    pub cells: Vec<ComparisonCell>,
}

/// The list against the rules within the area.
///
/// # Errors
/// Not found.
pub fn comparison(db: &mut Db, area: Area, run: RunId) -> Result<ComparisonTable> {
    let list_id = store::find(db, run)?.list.id;
    let facts = facts(db, area, run)?;
    let mut names = names(db, area, run)?;
    let table = compare(facts);
    let mut cell = |listed, by_rule, schools: Vec<SchoolId>| {
        let mut schools: Vec<_> = schools.iter().filter_map(|id| names.remove(id)).collect();
        schools.sort_by(|a, b| a.code.cmp(&b.code));
        ComparisonCell { listed, by_rule, count: schools.len(), schools }
    };
    let cells = vec![
        cell(true, ByRule::Low, table.listed_low),
        cell(true, ByRule::NotLow, table.listed_not_low),
        cell(true, ByRule::InsufficientData, table.listed_insufficient_data),
        cell(true, ByRule::Excluded, table.listed_excluded),
        cell(false, ByRule::Low, table.unlisted_low),
        cell(false, ByRule::NotLow, table.unlisted_not_low),
        cell(false, ByRule::InsufficientData, table.unlisted_insufficient_data),
        cell(false, ByRule::Excluded, table.unlisted_excluded),
    ];
    Ok(ComparisonTable { identification_run_id: run, list_id, cells })
}

/// The schools of a run that lie in the area, by id.
fn names(db: &mut Db, area: Area, run: RunId) -> Result<HashMap<SchoolId, ComparedSchool>> {
    let of_run = verdicts::table.inner_join(schools::table).filter(verdicts::run_id.eq(run));
    let mut query = of_run.select((schools::id, schools::code, schools::name)).into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(verdicts::school_id.eq_any(visible_schools(municipality, school)));
    }
    let found: Vec<ComparedSchool> = query.load(db)?;
    Ok(found.into_iter().map(|school| (school.id, school)).collect())
}

/// A verdict as far as counting goes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct SchoolVerdict {
    /// The school.
    pub school_id: SchoolId,
    /// Its municipality; a state school has none.
    pub municipality_id: Option<MunicipalityId>,
    /// The verdict of the rules.
    pub outcome: Outcome,
    /// Whether the school is on the list.
    pub listed: bool,
    /// Whether its conditions are adverse.
    pub adverse: Option<bool>,
    /// Good results in adverse conditions over the years.
    pub resilient: bool,
}

/// All verdicts of a run about schools of the area, by school.
///
/// # Errors
/// Faults of the database.
pub fn of_run(db: &mut Db, area: Area, run: RunId) -> Result<Vec<SchoolVerdict>> {
    let columns = (
        verdicts::school_id,
        schools::municipality_id,
        verdicts::outcome,
        verdicts::listed,
        verdicts::adverse,
        verdicts::resilient,
    );
    let of_run = verdicts::table.inner_join(schools::table).filter(verdicts::run_id.eq(run));
    let mut query = of_run.select(columns).into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(verdicts::school_id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.order(verdicts::school_id).load(db)?)
}
