//! Jobs: long work somebody asked for.

use crate::{
    auth::{Guard, ReadJobs},
    error::{Answer, Language},
    state::State,
    work::clear_up,
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use opora_db::{
    Change, Operation, Result,
    jobs::{self, JobId, JobState},
};
use opora_identity::{Actor, Role};
use opora_primitives::{Area, Moment, ProblemCode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(get).service(cancel);
}

/// Long work, from the request for it to its end.
#[derive(Serialize, ToSchema)]
pub struct Job {
    /// Its id.
    id: JobId,
    /// What kind of work.
    #[schema(example = "import_results")]
    kind: String,
    /// Where it stands.
    state: JobState,
    /// How far it is.
    progress: JobProgress,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<JobProblem>,
    /// When it was asked for.
    created_at: Moment,
    /// When a worker first took it.
    started_at: Option<Moment>,
    /// When it ended.
    finished_at: Option<Moment>,
    /// How often a worker has begun it, but for what a stop of the server broke off.
    #[schema(minimum = 0, example = 1)]
    attempts: i32,
}

/// How far a job is, in units of its kind: rows, bytes, schools.
#[derive(Serialize, ToSchema)]
pub struct JobProgress {
    /// How much is done.
    #[schema(minimum = 0, example = 20000)]
    done: i64,
    /// Out of how much, where that is known.
    #[schema(minimum = 0, example = 55000)]
    total: Option<i64>,
}

/// Why a job failed.
#[derive(Serialize, ToSchema)]
pub struct JobProblem {
    /// The stable name of the problem, as in problem documents.
    #[schema(example = "invalid_file")]
    code: String,
    /// What exactly is wrong, in the language asked for.
    detail: Option<String>,
}

impl Job {
    fn new(job: jobs::Job, language: Language) -> Self {
        let detail = job.problem_words().map(|words| language.of_words(&words).to_owned());
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            progress: JobProgress { done: job.done, total: job.total },
            problem: job.problem_code.map(|code| JobProblem { code, detail }),
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            attempts: job.attempts,
        }
    }
}

/// A job is seen by the one who asked for it, and by those who run the system for the whole region.
fn visible(actor: &Actor, job: jobs::Job) -> Result<jobs::Job> {
    let own = job.actor_id.is_some_and(|id| (job.actor_kind, id) == actor.key());
    let runs_all = matches!(actor.role(), Some(Role::Admin | Role::Institute)) && actor.area == Area::Region;
    if own || runs_all { Ok(job) } else { Err(ProblemCode::NotFound.into()) }
}

/// Get a job
///
/// Where it stands and how far it is: one's own; the administrator and the institute see all.
#[utoipa::path(operation_id = "get_job", tag = "imports", params(("id" = JobId, Path, description = "The job's id")), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "The job", body = Job, headers(("Content-Language" = String, description = "The language of the words")))))]
#[get("/jobs/{id}")]
async fn get(guard: Guard<ReadJobs>, request: HttpRequest, state: Data<State>, id: Path<JobId>) -> Answer {
    let (actor, id) = (guard.actor, id.into_inner());
    let job = state.read(move |db| visible(&actor, jobs::find(db, id)?)).await?;
    Ok(HttpResponse::Ok().json(Job::new(job, Language::of(&request))))
}

/// Cancel a job
///
/// A waiting job ends at once, a running one at its next sign of life, without effect. A job that has ended is refused
/// with `wrong_state`.
#[utoipa::path(operation_id = "cancel_job", tag = "imports", params(("id" = JobId, Path, description = "The job's id")), security(("bearer" = ["jobs:read"])),
    responses((status = 202, description = "The job, cancelled or about to be", body = Job, headers(("Content-Language" = String, description = "The language of the words")))))]
#[post("/jobs/{id}/cancel")]
async fn cancel(guard: Guard<ReadJobs>, request: HttpRequest, state: Data<State>, id: Path<JobId>) -> Answer {
    let (origin, actor, id) = (guard.origin(), guard.actor, id.into_inner());
    let job = state
        .write(origin, move |tx| {
            let before = visible(&actor, jobs::find(tx, id)?)?;
            let now = tx.at;
            jobs::cancel(tx, id, now)?;
            let after = jobs::find(tx, id)?;
            if after.state == JobState::Cancelled {
                clear_up(tx, &after, now)?;
            }
            let change = Change::new("jobs", id, Operation::Update).before(json!({"state": before.state}));
            tx.record(change.after(json!({"cancel_requested": true})));
            Ok(after)
        })
        .await?;
    Ok(HttpResponse::Accepted().json(Job::new(job, Language::of(&request))))
}
