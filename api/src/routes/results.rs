//! Results: aggregates of a school in a procedure.

use crate::{
    auth::{Guard, ReadRegistry, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, Removed, page},
        extract::{Query, list_query, require},
    },
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use opora_primitives::{AcademicYear, Problem, Reason, SchoolId};
use opora_schools::{
    registry::{
        edit::results as edit,
        partitions::Harvest,
        results::{self, Filter, ResultRow},
        schools,
    },
    types::{Assessment, Attempt, Subject},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(remove).service(list_of_school);
}

/// The parameters of both lists: in the results of one school there is no other school to ask for.
macro_rules! result_query {
    ($(#[$meta:meta])* $name:ident $(in $parts:ident)? { $($(#[$fmeta:meta])* $field:ident: $type:ident,)* }) => {
        list_query! {
            $(#[$meta])*
            $name $(in $parts)? {
                $($(#[$fmeta])* $field: $type,)*
                /// Only records of this academic year.
                #[param(example = "2019/2020")]
                academic_year: AcademicYear,
                /// Only results of this assessment.
                #[serde(rename = "type")]
                assessment: Assessment,
                /// Only results of pupils in this grade.
                #[param(minimum = 1, maximum = 12, example = 9)]
                grade: i32,
                /// Only results in this subject.
                subject: Subject,
                /// Only results of this attempt.
                attempt: Attempt,
            }
        }

        impl $name {
            fn filter(&self, school: Option<SchoolId>) -> Result<Filter, Problem> {
                require("grade", self.grade.as_ref(), Reason::OutOfRange, |grade| (1..=12).contains(grade))?;
                Ok(Filter {
                    school,
                    year: self.academic_year,
                    assessment: self.assessment,
                    grade: self.grade,
                    subject: self.subject,
                    attempt: self.attempt,
                    partition: None,
                })
            }
        }
    };
}

result_query! {
    /// Which results are wanted.
    ResultQuery in parts {
        /// Only records of this school.
        school_id: SchoolId,
    }
}
result_query! {
    /// Which results of the school are wanted.
    SchoolResultQuery {}
}

/// Which results are to go.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultRemoval {
    /// Only records of this academic year.
    #[param(example = "2019/2020")]
    academic_year: AcademicYear,
    /// Only results of this assessment.
    #[serde(rename = "type")]
    assessment: Assessment,
    /// Only results of pupils in this grade.
    #[param(minimum = 1, maximum = 12, example = 9)]
    grade: Option<i32>,
    /// Only results in this subject.
    subject: Option<Subject>,
    /// Only results of this attempt.
    attempt: Option<Attempt>,
    /// Only results of this school.
    school_id: Option<SchoolId>,
}

impl ResultRemoval {
    fn filter(&self) -> Result<Filter, Problem> {
        require("grade", self.grade.as_ref(), Reason::OutOfRange, |grade| (1..=12).contains(grade))?;
        let Self { academic_year, assessment, grade, subject, attempt, school_id } = *self;
        let (year, assessment) = (Some(academic_year), Some(assessment));
        Ok(Filter { school: school_id, year, assessment, grade, subject, attempt, partition: None })
    }
}

/// List results
///
/// By school: those of the caller's area.
#[utoipa::path(operation_id = "list_results", tag = "registry", params(ResultQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of results", body = Items<ResultRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/results")]
async fn list(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ResultQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    let partition = query.part(Harvest::Results)?;
    let filter = Filter { partition, ..query.filter(query.school_id)? };
    let found =
        state.read(move |db| results::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Delete results
///
/// Those of an assessment in a year that came by mistake: all of them, or those of a grade, a subject, an attempt, a
/// school; with all of these, one result. At most 50,000 at once. Each leaves its contents in the audit log and an entry in
/// the change journal.
#[utoipa::path(operation_id = "delete_results", tag = "registry", params(ResultRemoval), security(("bearer" = ["registry:write"])),
    responses((status = 200, description = "How many are gone", body = Removed)))]
#[delete("/results")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    Query(wanted): Query<ResultRemoval>,
) -> Answer {
    let filter = wanted.filter()?;
    let removed = state.write(guard.origin(), move |tx| edit::delete(tx, &filter)).await?;
    Ok(HttpResponse::Ok().json(Removed { removed }))
}

/// List a school's results
///
/// By procedure.
#[utoipa::path(operation_id = "list_school_results", tag = "registry", params(SchoolPath, SchoolResultQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of results", body = Items<ResultRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools/{id}/results")]
async fn list_of_school(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
    Query(query): Query<SchoolResultQuery>,
) -> Answer {
    let (area, wanted, limit, filter) = (guard.area(), path.school()?, query.limit()?, query.filter(None)?);
    let found = state
        .read_consistent(move |db| {
            let filter = Filter { school: Some(schools::resolve(db, area, &wanted)?), ..filter.clone() };
            results::list(db, area, &filter, limit, query.cursor.as_deref())
        })
        .await?;
    page(&request, found)
}
