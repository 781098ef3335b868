//! What the indicators are computed from, and the rows behind them as a reader may see them.

use super::{
    Actual, Facts, IndicatorCode, LAST_YEAR, ListVersion, PERIOD, Reach, Row, RowGround, SchoolFact, Subject,
    SystemFact, included, later_list, municipal,
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{lists, municipalities as municipalities_table, schools},
};
use opora_models::{
    store::lives::{self, Life},
    types::{AssignmentState, ModelCode, SubjectKind},
};
use opora_primitives::{
    Area, Cursor, Limit, MunicipalityId, Page, Problem, ProblemCode, Reason, SchoolCode, SchoolId,
};
use opora_schools::{
    registry::{bounds, lists as registry_lists, municipalities, visible_schools},
    types::{ListId, MunicipalityKind, SchoolStatus},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The day.
    pub on: NaiveDate,
    /// The list version; the passport's unless given.
    pub list: Option<ListId>,
    /// The number of municipal systems; that of the registers unless given.
    pub denominator: Option<i64>,
}

/// The indicators on a day.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The list version of I1; none if none fits.
    pub list: Option<ListVersion>,
    /// The later list version of I4; none before it is loaded.
    pub later: Option<ListVersion>,
    /// The indicators, by number.
    pub indicators: Vec<Actual>,
}

/// Computes every indicator. To be called in one consistent read.
///
/// # Errors
/// [`ProblemCode::UnknownParameter`] if there is no such list, or the denominator is less than the numerator.
pub fn compute(db: &mut Db, question: Question) -> Result<Answer> {
    let (facts, lives) = (facts(db, question.on)?, lives::all(db)?);
    let now = reach(&lives, |life| Ok(life.state_on(question.on)? == AssignmentState::Active))?;
    let participants = reach(&lives, |life| life.active_during(PERIOD))?;
    let (list, later) = choose(versions(db)?, question)?;
    let (base, after) = (members(db, list)?, members(db, later)?);
    let indicators = vec![
        included(&facts, base.as_ref(), &now),
        municipal(&facts, &now, question.denominator),
        later_list(&facts, &participants, after.as_ref()),
    ];
    if indicators.iter().filter_map(Actual::share).any(|share| share.numerator > share.denominator) {
        return Err(refused("denominator", Reason::MoreThanWhole));
    }
    Ok(Answer { list, later, indicators })
}

fn refused(parameter: &str, reason: Reason) -> opora_db::Error {
    let problem = Problem::field(parameter, reason);
    Problem { code: ProblemCode::UnknownParameter, ..problem }.into()
}

/// Every list version, the oldest year first.
fn versions(db: &mut Db) -> Result<Vec<ListVersion>> {
    let rows: Vec<(ListId, i32, i32)> = lists::table
        .order((lists::list_year, lists::revision))
        .select((lists::id, lists::list_year, lists::revision))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, list_year, revision)| ListVersion { id, list_year, revision }).collect())
}

/// The list of the passport and the later list.
fn choose(
    versions: Vec<ListVersion>,
    question: Question,
) -> Result<(Option<ListVersion>, Option<ListVersion>)> {
    let list = match question.list {
        Some(id) => Some(*versions.iter().find(|v| v.id == id).ok_or(ProblemCode::NotFound)?),
        None => {
            let last = LAST_YEAR.min(question.on.year());
            versions.iter().rev().find(|v| v.list_year <= last).copied()
        }
    };
    let after = list.map_or(LAST_YEAR, |list| list.list_year.max(LAST_YEAR));
    let year = versions.iter().map(|v| v.list_year).find(|year| *year > after);
    let later = versions.iter().rev().find(|v| Some(v.list_year) == year).copied();
    Ok((list, later))
}

fn members(db: &mut Db, list: Option<ListVersion>) -> Result<Option<BTreeSet<SchoolId>>> {
    list.map(|list| Ok(registry_lists::members(db, list.id)?.into_iter().collect())).transpose()
}

fn facts(db: &mut Db, on: NaiveDate) -> Result<Facts> {
    let rows: Vec<(SchoolId, Option<MunicipalityId>, Option<SchoolId>, SchoolStatus)> = schools::table
        .select((schools::id, schools::municipality_id, schools::successor_id, schools::status))
        .load(db)?;
    let schools = rows.into_iter().map(|(id, municipality, successor, status)| {
        (id, SchoolFact { municipality, successor, open: status == SchoolStatus::Open })
    });
    let municipalities = municipalities::all(db)?.into_iter().map(|m| {
        let in_force = m.valid_from.is_none_or(|from| from <= on) && m.valid_to.is_none_or(|to| on <= to);
        let whole = in_force && m.kind != MunicipalityKind::CityDistrict;
        (m.id, SystemFact { parent: m.parent_id, whole })
    });
    Ok(Facts { schools: schools.collect(), municipalities: municipalities.collect() })
}

fn reach(lives: &[Life], active: impl Fn(&Life) -> Result<bool>) -> Result<Reach> {
    let mut reach = Reach::default();
    for life in lives {
        if !active(life)? {
            continue;
        }
        let subject = life.subject;
        if let Some(id) = subject.municipality() {
            reach.municipalities.entry(id).or_default().insert(life.model);
        } else if let Some(id) = subject.school() {
            if subject.kind() == SubjectKind::School {
                reach.schools.entry(id).or_default().insert(life.model);
            } else {
                reach.through_people.insert(id);
            }
        }
    }
    Ok(reach)
}

/// A member of a denominator, with its names.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IndicatorRow {
    /// The school, for an indicator of schools.
    pub school_id: Option<SchoolId>,
    /// Its code.
    pub school_code: Option<SchoolCode>,
    /// The municipality: the row's own, or the school's.
    pub municipality_id: Option<MunicipalityId>,
    /// The name of the school, or of the municipality for an indicator of municipalities.
    #[schema(example = "МБОУ «Школа № 12»")]
    pub name: String,
    /// Whether it counts in the numerator.
    pub counts: bool,
    /// RowGround.
    pub why: RowGround,
    /// The school that is looked at in its place, if another took over.
    pub successor_id: Option<SchoolId>,
    /// Models of the school or of the municipality itself.
    pub models: Vec<ModelCode>,
}

/// The rows behind the indicator `code` inside `area`: schools by id, municipalities by id. To be called in the same
/// consistent read as [`compute`].
///
/// # Errors
/// A cursor of another list.
pub fn rows(
    db: &mut Db,
    area: Area,
    actual: Actual,
    limit: Limit,
    cursor: Option<&str>,
    question: Question,
) -> Result<Page<IndicatorRow>> {
    let scope = format!("indicator rows {} {question:?}", actual.code);
    let after = cursor.map(|c| Cursor::decode::<i64>(&scope, c)).transpose()?.unwrap_or(0);
    let rows: Vec<Row> = actual.rows.into_iter().filter(|row| key(row.subject) > after).collect();
    let named = match actual.code {
        IndicatorCode::I3 => name_municipalities(db, area, rows)?,
        IndicatorCode::I1 | IndicatorCode::I4 => name_schools(db, area, rows)?,
    };
    let most = usize::try_from(limit.to_fetch()).unwrap_or(usize::MAX);
    let page =
        Page::cut(named.into_iter().take(most).collect(), limit, &scope, |(key, _): &(i64, IndicatorRow)| {
            *key
        });
    Ok(page.map(|(_, row)| row))
}

fn key(subject: Subject) -> i64 {
    match subject {
        Subject::School(id) => id.0,
        Subject::Municipality(id) => id.0,
    }
}

fn name_schools(db: &mut Db, area: Area, rows: Vec<Row>) -> Result<Vec<(i64, IndicatorRow)>> {
    let mut query = schools::table
        .select((schools::id, schools::code, schools::municipality_id, schools::name))
        .into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
    }
    let visible: Vec<(SchoolId, SchoolCode, Option<MunicipalityId>, String)> = query.load(db)?;
    let mut visible: BTreeMap<i64, _> = visible.into_iter().map(|row| (row.0.0, row)).collect();
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let (id, code, municipality_id, name) = visible.remove(&key(row.subject))?;
            let names = IndicatorRow {
                school_id: Some(id),
                school_code: Some(code),
                municipality_id,
                name,
                ..plain(row)
            };
            Some((id.0, names))
        })
        .collect())
}

fn name_municipalities(db: &mut Db, area: Area, rows: Vec<Row>) -> Result<Vec<(i64, IndicatorRow)>> {
    use municipalities_table as m;
    let mut query = m::table.select((m::id, m::name)).into_boxed();
    query = match area {
        Area::Region => query,
        Area::Municipality(id) => query.filter(m::id.eq(id).or(m::parent_id.eq(id))),
        Area::School(school) => {
            let home: Option<Option<MunicipalityId>> =
                schools::table.find(school).select(schools::municipality_id).first(db).optional()?;
            query.filter(m::id.eq(home.flatten().unwrap_or(MunicipalityId(0))))
        }
    };
    let mut visible: BTreeMap<MunicipalityId, String> = query.load(db)?.into_iter().collect();
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let id = MunicipalityId(key(row.subject));
            let name = visible.remove(&id)?;
            Some((id.0, IndicatorRow { municipality_id: Some(id), name, ..plain(row) }))
        })
        .collect())
}

fn plain(row: Row) -> IndicatorRow {
    IndicatorRow {
        school_id: None,
        school_code: None,
        municipality_id: None,
        name: String::new(),
        counts: row.counts,
        why: row.why,
        successor_id: row.successor,
        models: row.models,
    }
}
