//! Many records at once: a record of JSON a line, or an array of them. The same importer as for files takes them; what
//! became of each line is told.

mod array;
mod line;
mod outcome;

pub use line::*;
pub use outcome::{BulkResult, LineView};

use crate::{
    auth::{Guard, Import, ReadJobs},
    error::{Answer, ApiError, Language},
    http::{
        answer::{Items, page},
        create::{IdempotencyKey, create, respond},
        extract::{Query, SentBody, list_query},
        length,
        prefer::{PreferHeader, Preference},
        upload::media_type,
    },
    routes::{
        contract::unmatched,
        imports::{ImportView, view},
    },
    state::{State, off_thread},
    work::{Desk, LOOK},
};
use actix_web::{
    HttpRequest, get, post, rt,
    web::{self, Data, Path, Payload},
};
use opora_db::{
    idempotency::Created,
    jobs::{Job, JobId},
};
use opora_primitives::ProblemCode;
use opora_schools::import::{
    ImportId, ImportKind, ImportMode,
    spool::{Spool, Spooled},
    store::{self, NewImport},
};
use serde::Deserialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// The largest body, in bytes. 10,000 lines (`opora_tables::Limits`) of any kind are less.
const MOST: usize = 8 * 1024 * 1024;

/// How long the end of the work is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The media type of lines of JSON.
const LINES: &str = "application/x-ndjson";

/// What to do with the lines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkQuery {
    /// Whether to check and report only, without writing anything.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
    /// What happens to the good lines when others are bad; `atomic` unless said.
    mode: Option<ImportMode>,
}

list_query! {
    /// Where in the list of lines.
    LineQuery {}
}

/// Declares the operations: one for each kind of record, alike but for the kind.
macro_rules! bulk_operations {
    ($($name:ident $id:tt $tag:tt $path:tt $kind:ident $line:ident $summary:tt;)+) => {
        /// Registers the operations of this file. With another method their addresses would be taken for records called `bulk`.
        pub fn register(config: &mut ServiceConfig) {
            config$(.service($name).route($path, web::to(unmatched)))+.service(list_lines);
        }

        $(
            #[doc = $summary]
            ///
            /// Takes up to 10,000 records: lines of JSON (`application/x-ndjson`), or an array of the same objects. A record is
            /// found by its natural key and made if it is not there; it is stated whole: a field that is absent or `null` is
            /// cleared. The fields are the columns of import files, and so are area, modes and dry run. The answer tells of each
            /// line what became of it; an atomic write with a refused line writes nothing and is answered with 422, which names
            /// every refused field at `/N/field`, N counted from 0. What takes longer than 20 seconds, or than `Prefer` says, is
            /// answered with 202 and goes on as a job; its lines are told at `/api/v1/imports/{id}/lines`.
            #[utoipa::path(operation_id = $id, tag = $tag, params(BulkQuery, IdempotencyKey, PreferHeader), security(("bearer" = ["imports:write"])),
                request_body(description = "The records as an array; or a line each, as `application/x-ndjson`, for which OpenAPI 3.1 has no form", content = Vec<$line>),
                responses(
                    (status = 200, description = "What became of each line", body = BulkResult, headers(("Content-Language" = String, description = "The language of the words"))),
                    (status = 202, description = "Queued; the report will be there", body = ImportView, headers(("Location" = String, description = "The import's address"), ("Preference-Applied" = String, description = "`respond-async`, if it was asked for")))))]
            #[post($path)]
            async fn $name(
                guard: Guard<Import>,
                request: HttpRequest,
                state: Data<State>,
                Query(query): Query<BulkQuery>,
                payload: Payload,
            ) -> Answer {
                take(ImportKind::$kind, guard, request, state, query, payload).await
            }
        )+
    };
}

bulk_operations! {
    municipalities "upsert_municipalities" "registry" "/municipalities/bulk" Municipalities MunicipalityLine "Upsert many municipalities";
    schools "upsert_schools" "registry" "/schools/bulk" Schools SchoolLine "Upsert many schools";
    contexts "upsert_contexts" "registry" "/contexts/bulk" Contexts ContextLine "Upsert many social contexts";
    results "upsert_results" "registry" "/results/bulk" Results ResultLine "Upsert many results";
    staff "upsert_staff" "registry" "/staff/bulk" Staff StaffLine "Upsert many members of staff";
    designations "upsert_designations" "registry" "/designations/bulk" Designations DesignationLine "Upsert many designations";
    support_records "upsert_support_records" "registry" "/support-records/bulk" SupportRecords SupportRecordLine "Upsert many support records";
}

/// Queues the lines as an import and, unless the client prefers not to wait, sees it through.
async fn take(
    kind: ImportKind,
    guard: Guard<Import>,
    request: HttpRequest,
    state: Data<State>,
    query: BulkQuery,
    payload: Payload,
) -> Answer {
    if !kind.is_local() {
        guard.whole_region()?;
    }
    let preference = Preference::of(&request);
    let queued = queue(kind, &guard, &request, &state, &query, payload).await?;
    let (id, job) = announced(&queued)?;
    let patience = preference.wait.unwrap_or(PATIENCE).min(PATIENCE);
    let until = Instant::now() + if preference.respond_async { Duration::ZERO } else { patience };
    if let Some(job) = seen_through(&state, job, until).await? {
        return outcome::answer(&request, &state, id, job).await;
    }
    state.bell.ring();
    let mut response = respond(queued)?;
    preference.tell(&mut response);
    Ok(response)
}

/// The import that was made of the body now, or the first time.
async fn queue(
    kind: ImportKind,
    guard: &Guard<Import>,
    request: &HttpRequest,
    state: &State,
    query: &BulkQuery,
    payload: Payload,
) -> Result<Created, ApiError> {
    let spooled = spooled(request, state, payload).await?;
    SentBody::keep(request, format!("{} {query:?}", spooled.sha256).into_bytes());
    let new = NewImport {
        kind,
        mode: query.mode.unwrap_or(ImportMode::Atomic),
        dry_run: query.dry_run,
        sheet: None,
        file_name: None,
        size: spooled.size,
        sha256: spooled.sha256.clone(),
        by_line: true,
        area: guard.area(),
    };
    let (origin, spooled) = (guard.origin(), Arc::new(spooled));
    create(state, guard, request, move |tx| {
        let (id, job) = store::queue(tx, &origin, &new, spooled.chunks()?)?;
        let import = store::find(tx, new.area, id)?;
        Created::new(202, format!("/api/v1/imports/{id}"), &view(import, Some(job)))
    })
    .await
}

/// The lines of the body, wherever they stand in it.
async fn spooled(request: &HttpRequest, state: &State, payload: Payload) -> Result<Spooled, ApiError> {
    let is_array = match media_type(request) {
        LINES => false,
        "application/json" => true,
        _ => return Err(ProblemCode::UnsupportedMediaType.into()),
    };
    length::check(request, MOST as u64)?;
    let Ok(bytes) = payload.to_bytes_limited(MOST).await else {
        return Err(ProblemCode::BodyTooLarge.into());
    };
    let bytes = bytes.map_err(|_| ProblemCode::BadRequest)?;
    let lines = if is_array { array::as_lines(&bytes)?.into() } else { bytes };
    let folder = state.config.data_dir.clone();
    off_thread(move || {
        let mut spool = Spool::new(&folder, u64::MAX)?;
        spool.take(&lines)?;
        spool.finish()
    })
    .await
}

/// Import and job that the answer to its making names.
fn announced(created: &Created) -> Result<(ImportId, JobId), ApiError> {
    let view: serde_json::Value = serde_json::from_str(&created.body).map_err(opora_db::Error::fault)?;
    let id = |field: &str| view[field].as_i64().ok_or_else(|| opora_db::Error::fault("no import was made"));
    Ok((ImportId(id("id")?), JobId(id("job_id")?)))
}

/// The job when it has ended: carried out here, unless a worker is quicker or others of its kind are at work. Nothing if
/// that does not happen by `until`; then it is the worker's.
async fn seen_through(state: &State, id: JobId, until: Instant) -> Result<Option<Job>, ApiError> {
    while Instant::now() < until {
        let (database, config) = (state.database.clone(), state.config.clone());
        let work = off_thread(move || Desk::new(database, config).look_after(id, &|_, _| ()));
        let left = until.saturating_duration_since(Instant::now());
        match rt::time::timeout(left, work).await {
            Ok(job) => match job? {
                job if job.has_ended() => return Ok(Some(job)),
                _ => rt::time::sleep(LOOK).await,
            },
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

/// List the lines of an import
///
/// What became of each line of a bulk write, once its job has ended. Nothing for an import that came as a file.
#[utoipa::path(operation_id = "list_import_lines", tag = "imports", params(("id" = ImportId, Path, description = "The import's id"), LineQuery), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "A page of lines", body = Items<LineView>, headers(("Link" = String, description = "The next page"), ("Content-Language" = String, description = "The language of the words")))))]
#[get("/imports/{id}/lines")]
async fn list_lines(
    guard: Guard<ReadJobs>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ImportId>,
    Query(query): Query<LineQuery>,
) -> Answer {
    let (id, area, limit) = (id.into_inner(), guard.area(), query.limit()?);
    let read = move |db: &mut opora_db::Db| {
        let import = store::find(db, area, id)?;
        Ok((import.kind, store::lines(db, id, limit, query.cursor.as_deref())?))
    };
    let (kind, found) = state.read(read).await?;
    let language = Language::of(&request);
    page(&request, found.map(|line| outcome::view_of(kind, line, language)))
}
