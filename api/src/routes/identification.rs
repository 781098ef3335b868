//! Identification runs and their verdicts.

use crate::{
    auth::{Guard, Identify, ReadVerdicts, Regional},
    error::{Answer, Language},
    http::{
        answer::{Items, page},
        create::{IdempotencyKey, create_once},
        extract::{Draft, Query, list_query},
    },
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, post,
    web::{Data, Path},
};
use opora_db::idempotency::Created;
use opora_primitives::{AcademicYear, MunicipalityId};
use opora_schools::{
    identification::{Finding, Lang, Outcome, SocialClass},
    registry::schools::{self, SchoolRef},
    runs::{
        self, NewRun, Run,
        verdicts::{self, ComparisonTable, ExplainedVerdict, Filter, OutcomeCount, PastVerdict, Verdict},
    },
    types::{ListId, MethodologyId, RunId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(remove);
    config.service(list_verdicts).service(get_verdict).service(compare).service(history);
}

/// What a run is made from; what is absent takes the newest there is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentificationRunCreate)]
pub struct RunCreate {
    /// A published methodology; absent, the one published last.
    methodology_id: Option<MethodologyId>,
    /// A version of the list; absent, the newest version of the newest year.
    list_id: Option<ListId>,
    /// The year to judge; absent, the newest year with results.
    academic_year: Option<AcademicYear>,
}

/// A run and what it says in the reader's area.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentificationRunDetail)]
pub struct RunDetail {
    /// The run.
    #[serde(flatten)]
    run: Run,
    /// How many schools of the reader's area got which outcome.
    counts: Vec<OutcomeCount>,
}

/// Which verdict.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct VerdictPath {
    /// The run's id.
    id: RunId,
    /// The school: its id, or `code:` and its code in the exam system.
    #[param(pattern = r"^(\d{1,16}|code:[0-9A-Za-zА-Яа-яЁё_.-]{1,20})$", example = "code:520101")]
    school: String,
}

list_query! {
    /// Where in the list of runs, or of the verdicts about a school.
    RunQuery {}
}

list_query! {
    /// Which verdicts are wanted.
    VerdictQuery {
        /// Only verdicts with this outcome.
        outcome: Outcome,
        /// Only verdicts on schools that are on the list of the run, or only on those that are not.
        listed: bool,
        /// Only verdicts with this finding.
        finding: Finding,
        /// Only verdicts with the bias flag, or only those without it.
        bias: bool,
        /// Only verdicts on resilient schools, or only on those that are not.
        resilient: bool,
        /// Only verdicts with this class of results against conditions.
        social_class: SocialClass,
        /// Only schools of this municipality or, for a city, of its districts.
        municipality_id: MunicipalityId,
    }
}

impl From<&VerdictQuery> for Filter {
    fn from(query: &VerdictQuery) -> Self {
        Self {
            outcome: query.outcome,
            listed: query.listed,
            finding: query.finding,
            bias: query.bias,
            resilient: query.resilient,
            social_class: query.social_class,
            municipality: query.municipality_id,
        }
    }
}

/// List identification runs
///
/// The newest comes first. What a run says stands in the run itself and in its verdicts.
#[utoipa::path(operation_id = "list_identification_runs", tag = "identification", params(RunQuery), security(("bearer" = ["verdicts:read"])),
    responses((status = 200, description = "A page of runs", body = Items<Run>, headers(("Link" = String, description = "The next page")))))]
#[get("/identification-runs")]
async fn list(
    _: Guard<ReadVerdicts>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<RunQuery>,
) -> Answer {
    let limit = query.limit()?;
    let found = state.read(move |db| runs::list(db, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create an identification run
///
/// The answer comes at once; the job `job_id` carries the run out. Verdicts are there when it has succeeded, all
/// of them or none. A year without results of the main period, in it and in the years before it that the methodology looks
/// at, is refused (`without_results`).
#[utoipa::path(operation_id = "create_identification_run", tag = "identification", params(IdempotencyKey), request_body = RunCreate, security(("bearer" = ["identification:run"])),
    responses((status = 202, description = "The run, queued", body = Run, headers(("Location" = String, description = "The run's address")))))]
#[post("/identification-runs")]
async fn create(
    Regional(guard): Regional<Identify>,
    request: HttpRequest,
    state: Data<State>,
    Draft(body): Draft<RunCreate>,
) -> Answer {
    let new =
        NewRun { methodology: body.methodology_id, list: body.list_id, academic_year: body.academic_year };
    let origin = guard.origin();
    let answer = create_once(&state, &guard, &request, move |tx| {
        let run = runs::create(tx, &origin, &new)?;
        Created::new(202, format!("/api/v1/identification-runs/{}", run.id), &run)
    })
    .await?;
    state.bell.ring();
    Ok(answer)
}

/// Get an identification run
///
/// With its fingerprint of the inputs, the state of its job, and how many schools of the reader's area got which
/// outcome.
#[utoipa::path(operation_id = "get_identification_run", tag = "identification", params(("id" = RunId, Path, description = "The run's id")),
    security(("bearer" = ["verdicts:read"])), responses((status = 200, description = "The run", body = RunDetail)))]
#[get("/identification-runs/{id}")]
async fn get(guard: Guard<ReadVerdicts>, state: Data<State>, id: Path<RunId>) -> Answer {
    let (id, area) = (id.into_inner(), guard.area());
    let read =
        move |db: &mut _| Ok(RunDetail { run: runs::find(db, id)?, counts: verdicts::counts(db, area, id)? });
    Ok(HttpResponse::Ok().json(state.read_consistent(read).await?))
}

/// Delete an identification run
///
/// With its verdicts, when they are of no more use. A run that proposals rest on is refused with `still_referenced`, one
/// whose job has not ended with `wrong_state`.
#[utoipa::path(operation_id = "delete_identification_run", tag = "identification", params(("id" = RunId, Path, description = "The run's id")),
    security(("bearer" = ["identification:run"])), responses((status = 204, description = "It is gone")))]
#[delete("/identification-runs/{id}")]
async fn remove(Regional(guard): Regional<Identify>, state: Data<State>, id: Path<RunId>) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| runs::delete(tx, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List the verdicts of a run
///
/// By school. A verdict, the list and the other facts about a school stand side by side and can be filtered each on its
/// own.
#[utoipa::path(operation_id = "list_verdicts", tag = "identification", params(("id" = RunId, Path, description = "The run's id"), VerdictQuery),
    security(("bearer" = ["verdicts:read"])),
    responses((status = 200, description = "A page of verdicts", body = Items<Verdict>, headers(("Link" = String, description = "The next page")))))]
#[get("/identification-runs/{id}/verdicts")]
async fn list_verdicts(
    guard: Guard<ReadVerdicts>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<RunId>,
    Query(query): Query<VerdictQuery>,
) -> Answer {
    let (id, area, limit) = (id.into_inner(), guard.area(), query.limit()?);
    let filter = Filter::from(&query);
    let found =
        state.read(move |db| verdicts::list(db, area, id, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get the verdict about a school
///
/// With everything the rules looked at, in words of the language asked for and in numbers, enough to repeat the verdict
/// by hand.
#[utoipa::path(operation_id = "get_verdict", tag = "identification",
    params(VerdictPath),
    security(("bearer" = ["verdicts:read"])),
    responses((status = 200, description = "The verdict", body = ExplainedVerdict, headers(("Content-Language" = String, description = "The language of the words")))))]
#[get("/identification-runs/{id}/verdicts/{school}")]
async fn get_verdict(
    guard: Guard<ReadVerdicts>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<VerdictPath>,
) -> Answer {
    let (id, area) = (path.id, guard.area());
    let (school, language): (SchoolRef, _) = (path.school.parse()?, Language::of(&request));
    let lang = language.pick((Lang::En, Lang::Ru));
    let verdict = state.read(move |db| {
        schools::resolve(db, area, &school).and_then(|school| verdicts::find(db, id, school, lang))
    });
    Ok(HttpResponse::Ok().json(verdict.await?))
}

/// Compare the list with the rules
///
/// Which schools of the reader's area the list and the rules agree on, and which not. Schools about which too little is
/// known stand apart: that is never "not low".
#[utoipa::path(operation_id = "compare_identification_run", tag = "identification", params(("id" = RunId, Path, description = "The run's id")),
    security(("bearer" = ["verdicts:read"])), responses((status = 200, description = "The table", body = ComparisonTable)))]
#[get("/identification-runs/{id}/comparison")]
async fn compare(guard: Guard<ReadVerdicts>, state: Data<State>, id: Path<RunId>) -> Answer {
    let (id, area) = (id.into_inner(), guard.area());
    let table = state.read_consistent(move |db| verdicts::comparison(db, area, id)).await?;
    Ok(HttpResponse::Ok().json(table))
}

/// List the verdicts about a school
///
/// Of all runs, the newest first.
#[utoipa::path(operation_id = "list_school_verdicts", tag = "identification",
    params(SchoolPath, RunQuery),
    security(("bearer" = ["verdicts:read"])),
    responses((status = 200, description = "A page of verdicts", body = Items<PastVerdict>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools/{id}/verdicts")]
async fn history(
    guard: Guard<ReadVerdicts>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
    Query(query): Query<RunQuery>,
) -> Answer {
    let (school, area, limit) = (path.school()?, guard.area(), query.limit()?);
    let read = move |db: &mut _| {
        schools::resolve(db, area, &school)
            .and_then(|id| verdicts::of_school(db, id, limit, query.cursor.as_deref()))
    };
    page(&request, state.read(read).await?)
}
