//! Results: aggregates of a school in a procedure.

use super::{narrow::narrow, partitions::Partition};
use crate::types::{Assessment, Attempt, Subject};
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{procedures, results, schools},
};
use opora_primitives::{AcademicYear, Area, Cursor, Limit, Page, SchoolCode, SchoolId};
use serde::Serialize;

/// The result of a school in a procedure. Its natural key is the school, the procedure (type, year, grade, subject) and
/// the attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, utoipa::ToSchema)]
pub struct ResultRow {
    /// The school.
    pub school_id: SchoolId,
    /// The school's code.
    pub school_code: SchoolCode,
    /// The academic year.
    pub academic_year: AcademicYear,
    /// The assessment.
    #[serde(rename = "type")]
    pub assessment: Assessment,
    /// The grade of the pupils.
    #[schema(minimum = 1, maximum = 12, example = 9)]
    pub grade: i32,
    /// The subject.
    pub subject: Subject,
    /// Which attempt; verdicts use the main one.
    pub attempt: Attempt,
    /// The grade whose programme was tested, where it is not the pupils' own (autumn 2020).
    pub programme_grade: Option<i32>,
    /// Pupils who took part.
    #[schema(minimum = 0, example = 30)]
    pub participants: i32,
    /// Of these, below the minimum: mark 2, or under the threshold.
    #[schema(minimum = 0, example = 9)]
    pub below_minimum: i32,
    /// The mean score, exact to two decimals.
    #[serde(serialize_with = "super::hundredths")]
    #[schema(value_type = Option<f64>, example = 3.45)]
    pub mean_score: Option<i32>,
    /// Marks 2.
    pub mark2: Option<i32>,
    /// Marks 3.
    pub mark3: Option<i32>,
    /// Marks 4.
    pub mark4: Option<i32>,
    /// Marks 5.
    pub mark5: Option<i32>,
    /// The import that last changed it.
    pub import_id: Option<i64>,
    /// The procedure's row: part of the sort key.
    #[serde(skip)]
    pub procedure_id: i64,
}

/// Which results are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this school.
    pub school: Option<SchoolId>,
    /// Of this year.
    pub year: Option<AcademicYear>,
    /// Of this assessment.
    pub assessment: Option<Assessment>,
    /// Of this grade.
    pub grade: Option<i32>,
    /// Of this subject.
    pub subject: Option<Subject>,
    /// Of this attempt.
    pub attempt: Option<Attempt>,
    /// In this part of the whole.
    pub partition: Option<Partition>,
}

/// Results by school, procedure and attempt.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ResultRow>> {
    let scope = format!("results {filter:?}");
    let all = results::table
        .inner_join(procedures::table)
        .inner_join(schools::table)
        .select((
            (
                results::school_id,
                schools::code,
                procedures::academic_year,
                procedures::assessment,
                procedures::grade,
                procedures::subject,
                results::attempt,
                results::programme_grade,
                results::participants,
            ),
            (
                results::below_minimum,
                results::mean_score,
                results::mark2,
                results::mark3,
                results::mark4,
                results::mark5,
                results::import_id,
                results::procedure_id,
            ),
        ))
        .into_boxed();
    let wanted = procedures_wanted(db, filter)?;
    let mut query = narrow!(
        all;
        area => results::school_id;
        filter.partition => results::school_id, SchoolId;
        filter.school => results::school_id,
        filter.attempt => results::attempt,
    );
    if let Some(wanted) = wanted {
        query = query.filter(results::procedure_id.eq_any(wanted));
    }
    if let Some(cursor) = cursor {
        let (school, procedure, attempt): (SchoolId, i64, String) = Cursor::decode(&scope, cursor)?;
        // The first condition alone lets the database seek; the second cuts within the school.
        query = query.filter(results::school_id.ge(school)).filter(
            results::school_id
                .gt(school)
                .or(results::procedure_id.gt(procedure))
                .or(results::procedure_id.eq(procedure).and(results::attempt.gt(attempt))),
        );
    }
    let key = (results::school_id, results::procedure_id, results::attempt);
    let rows: Vec<(Head, Tail)> = query.order(key).limit(limit.to_fetch()).load(db)?;
    let rows = rows.into_iter().map(ResultRow::from).collect();
    Ok(Page::cut(rows, limit, &scope, |r: &ResultRow| (r.school_id, r.procedure_id, r.attempt)))
}

type Head = (SchoolId, SchoolCode, AcademicYear, Assessment, i32, Subject, Attempt, Option<i32>, i32);
type Tail = (i32, Option<i32>, Option<i32>, Option<i32>, Option<i32>, Option<i32>, Option<i64>, i64);

impl From<(Head, Tail)> for ResultRow {
    fn from((head, tail): (Head, Tail)) -> Self {
        let (
            school_id,
            school_code,
            academic_year,
            assessment,
            grade,
            subject,
            attempt,
            programme_grade,
            participants,
        ) = head;
        let (below_minimum, mean_score, mark2, mark3, mark4, mark5, import_id, procedure_id) = tail;
        Self {
            school_id,
            school_code,
            academic_year,
            assessment,
            grade,
            subject,
            attempt,
            programme_grade,
            participants,
            below_minimum,
            mean_score,
            mark2,
            mark3,
            mark4,
            mark5,
            import_id,
            procedure_id,
        }
    }
}

/// The procedures a filter asks for, by id: a few dozen, so that the large table is searched by its own key. `None` if
/// the filter does not speak of procedures.
fn procedures_wanted(db: &mut Db, filter: &Filter) -> Result<Option<Vec<i64>>> {
    if filter.year.is_none()
        && filter.assessment.is_none()
        && filter.grade.is_none()
        && filter.subject.is_none()
    {
        return Ok(None);
    }
    Ok(Some(procedures(db, filter)?.into_iter().map(|(id, ..)| id).collect()))
}

/// A procedure: its id, year, assessment, grade and subject.
pub(super) type Procedure = (i64, AcademicYear, Assessment, i32, Subject);

/// The procedures a filter asks for.
pub(super) fn procedures(db: &mut Db, filter: &Filter) -> Result<Vec<Procedure>> {
    let mut query = procedures::table.into_boxed();
    if let Some(year) = filter.year {
        query = query.filter(procedures::academic_year.eq(year));
    }
    if let Some(assessment) = filter.assessment {
        query = query.filter(procedures::assessment.eq(assessment));
    }
    if let Some(grade) = filter.grade {
        query = query.filter(procedures::grade.eq(grade));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(procedures::subject.eq(subject));
    }
    Ok(query.load(db)?)
}
