//! Imports: a file is taken in whole, queued, and loaded by a job.

use crate::{
    auth::{Guard, Import, ReadJobs},
    error::{Answer, ApiError, Language},
    http::{
        answer::{Items, page},
        create::{IdempotencyKey, create_once},
        extract::{Query, SentBody, list_query, pairs, read_query, visible},
        upload::{Received, media_type, receive},
    },
    routes::contract::Published,
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path, Payload},
};
use opora_db::{Error, idempotency::Created, jobs::JobId};
use opora_primitives::{Area, Flaw, Limit, Moment, Problem, ProblemCode, Reason};
use opora_schools::import::{
    ImportId, ImportKind, ImportMode, Reject, Report,
    spool::{Spool, Spooled},
    store::{self, NewImport},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(create).service(list).service(get).service(rejects).service(rejects_file);
}

/// What to do with the file.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// What the file holds; needed, unless a form says it.
    kind: Option<ImportKind>,
    /// Whether to check and report only, without writing anything.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
    /// What happens to the good rows when others are bad; `atomic` unless said.
    mode: Option<ImportMode>,
    /// The sheet of a workbook; the first unless said.
    #[param(max_length = 100)]
    sheet: Option<String>,
    /// The name of the file, for people; taken from the form if one is sent.
    #[param(max_length = 200)]
    file_name: Option<String>,
}

/// A file as a form. Every part but the file may stand in the address instead; where both say it, they say the same.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the form; the parts are read as a stream")]
pub struct ImportForm {
    /// The file: CSV or XLSX, YAML or JSON for a plan.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What the file holds; needed, unless the address says it.
    #[schema(nullable = false)]
    kind: Option<ImportKind>,
    /// Whether to check and report only, without writing anything.
    #[schema(nullable = false)]
    dry_run: Option<bool>,
    /// What happens to the good rows when others are bad; `atomic` unless said.
    #[schema(nullable = false)]
    mode: Option<ImportMode>,
    /// The sheet of a workbook; the first unless said.
    #[schema(nullable = false, max_length = 100)]
    sheet: Option<String>,
    /// The name of the file, for people; that of the part `file` unless said.
    #[schema(nullable = false, max_length = 200)]
    file_name: Option<String>,
}

/// The parts of the form besides the file.
const PARTS: &[&str] = &["kind", "dry_run", "mode", "sheet", "file_name"];

list_query! {
    /// Which imports are wanted.
    ImportListQuery {
        /// Only imports of this kind.
        kind: ImportKind,
    }
}

list_query! {
    /// Where in the list of refused cells.
    RejectQuery {}
}

/// An import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportView {
    /// Its id.
    id: ImportId,
    /// Whether it came as records of JSON: then `/api/v1/imports/{id}/lines` tells what became of each.
    by_line: bool,
    /// What the file holds.
    kind: ImportKind,
    /// What happens to the good rows when others are bad.
    mode: ImportMode,
    /// Whether it only checks.
    dry_run: bool,
    /// The name the file came with.
    file_name: Option<String>,
    /// Its size in bytes.
    #[schema(minimum = 0, example = 18_240)]
    size: i64,
    /// Its SHA-256, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    sha256: String,
    /// The job that loads it: ask `/api/v1/jobs/{id}` how far it is.
    job_id: Option<JobId>,
    /// When it came.
    created_at: Moment,
    /// When it was done.
    finished_at: Option<Moment>,
    /// What was found and done; absent until then.
    report: Option<Report>,
}

/// A refused cell.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportReject)]
pub struct RejectView {
    /// The row, as a spreadsheet numbers it; of a plan the position of the activity, 0 for its head.
    #[schema(minimum = 0, example = 17)]
    row: u64,
    /// The column's canonical name, of a plan the path of the field; absent if the row as a whole is refused.
    #[schema(example = "below_minimum")]
    column: Option<String>,
    /// The stable name of the reason.
    #[schema(example = "more_than_whole")]
    code: String,
    /// The reason in the language asked for.
    #[schema(example = "a part is greater than the whole")]
    message: String,
}

impl RejectView {
    fn new(Reject { row, column, reason }: Reject, language: Language) -> Self {
        let message = language.pick(reason.messages()).to_owned();
        Self { row, column, code: reason.as_str().to_owned(), message }
    }
}

/// `import` as it is told, with its job.
pub fn view(import: store::Import, job_id: Option<JobId>) -> ImportView {
    let report = import.report();
    let store::Import {
        id,
        kind,
        mode,
        dry_run,
        file_name,
        size,
        sha256,
        created_at,
        finished_at,
        by_line,
        ..
    } = import;
    ImportView {
        id,
        by_line,
        kind,
        mode,
        dry_run,
        file_name,
        size,
        sha256,
        job_id,
        created_at,
        finished_at,
        report,
    }
}

/// Create an import
///
/// Takes a CSV or XLSX file, or for the kind `plan` a YAML or JSON file, as a form (`file`) or as the raw body and queues
/// its loading. What the parameters say may stand in the form as well. The columns of each kind are listed in the
/// documentation; the same file twice changes nothing. A plan is loaded whole or not at all. Users of a municipality may
/// load contexts, results and support records of their own schools and people.
#[utoipa::path(operation_id = "create_import", tag = "imports", params(ImportQuery, IdempotencyKey), security(("bearer" = ["imports:write"])),
    request_body(description = "The file", content(
        (ImportForm = "multipart/form-data"), (Vec<u8> = "text/csv"), (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/yaml"), (std::collections::BTreeMap<String, serde_json::Value> = "application/json"))),
    responses((status = 202, description = "Queued; the report will be there", body = ImportView, headers(("Location" = String, description = "The import's address")))))]
#[post("/imports")]
async fn create(
    guard: Guard<Import>,
    request: HttpRequest,
    state: Data<State>,
    published: Data<Published>,
    Query(query): Query<ImportQuery>,
    payload: Payload,
) -> Answer {
    admit(&guard, &request, query.kind)?;
    let spool = Spool::new(&state.config.data_dir, state.config.import_limit_mib * 1024 * 1024)?;
    let is_taken = |sent: &str| query.kind.is_some_and(|kind| is_taken(kind, sent));
    let Received { spooled, name, parts } = receive(spool, &request, payload, PARTS, is_taken).await?;
    let (kind, query) = merged(&request, &published, parts)?;
    admit(&guard, &request, Some(kind))?;
    SentBody::keep(&request, format!("{} {query:?}", spooled.sha256).into_bytes());
    let new = new_import(kind, query, name, &spooled, guard.area())?;
    let (origin, spooled) = (guard.origin(), Arc::new(spooled));
    let answer = create_once(&state, &guard, &request, move |tx| {
        let (id, job) = store::queue(tx, &origin, &new, spooled.chunks()?)?;
        let import = store::find(tx, new.area, id)?;
        Created::new(202, format!("/api/v1/imports/{id}"), &view(import, Some(job)))
    })
    .await?;
    state.bell.ring();
    Ok(answer)
}

fn new_import(
    kind: ImportKind,
    query: ImportQuery,
    name: Option<String>,
    spooled: &Spooled,
    area: Area,
) -> Result<NewImport, Problem> {
    let file_name: Option<String> = query.file_name.or(name).map(|name| name.chars().take(200).collect());
    visible("sheet", query.sheet.as_ref())?;
    visible("file_name", file_name.as_ref())?;
    Ok(NewImport {
        kind,
        mode: query.mode.unwrap_or(ImportMode::Atomic),
        dry_run: query.dry_run,
        sheet: query.sheet,
        file_name,
        size: spooled.size,
        sha256: spooled.sha256.clone(),
        by_line: false,
        area,
    })
}

/// Refuses a kind that the caller may not load, and none at all where no form can say it.
fn admit(guard: &Guard<Import>, request: &HttpRequest, kind: Option<ImportKind>) -> Result<(), ApiError> {
    match kind {
        Some(kind) if !kind.is_local() => guard.whole_region(),
        None if media_type(request) != "multipart/form-data" => {
            Err(Problem::parameter("kind", Reason::Required).into())
        }
        _ => Ok(()),
    }
}

/// What the address and the form say together.
fn merged(
    request: &HttpRequest,
    published: &Published,
    mut parts: BTreeMap<String, String>,
) -> Result<(ImportKind, ImportQuery), Problem> {
    // Libraries write truth values as their language does: `True`.
    if let Some(said) = parts.get_mut("dry_run") {
        said.make_ascii_lowercase();
    }
    let said = pairs(request.query_string());
    let mut flaws = published.flaws_of_parts(request, &parts);
    let differs = |(name, value): &&(String, String)| parts.get(name).is_some_and(|part| part != value);
    let pointer = |name: &str| format!("/{name}");
    flaws.extend(said.iter().filter(differs).map(|(name, _)| Flaw::at(pointer(name), Reason::Contradiction)));
    if !flaws.is_empty() {
        let words = (
            "parts of the form; the address may say the same, not another",
            "части формы; адрес может повторять их, но не противоречить им",
        );
        return Err(Problem { flaws, ..Problem::new(ProblemCode::BadRequest, words) });
    }
    let rest = said.iter().filter(|(name, _)| !parts.contains_key(name));
    let whole =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&parts).extend_pairs(rest).finish();
    let query: ImportQuery = read_query(&whole).map_err(|_| ProblemCode::BadRequest)?;
    Ok((query.kind.ok_or_else(|| Problem::parameter("kind", Reason::Required))?, query))
}

/// Whether a file of `kind` may be sent as the raw body of this media type.
fn is_taken(kind: ImportKind, media_type: &str) -> bool {
    match (kind, media_type) {
        (_, "application/octet-stream") => true,
        (ImportKind::Plan, other) => matches!(other, "application/yaml" | "application/json"),
        (_, other) => {
            matches!(other, "text/csv" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        }
    }
}

/// List imports
///
/// The newest first.
#[utoipa::path(operation_id = "list_imports", tag = "imports", params(ImportListQuery), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "A page of imports", body = Items<ImportView>, headers(("Link" = String, description = "The next page")))))]
#[get("/imports")]
async fn list(
    guard: Guard<ReadJobs>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ImportListQuery>,
) -> Answer {
    let (limit, area) = (query.limit()?, guard.area());
    let found = state
        .read_consistent(move |db| {
            let found = store::list(db, area, query.kind, limit, query.cursor.as_deref())?;
            let jobs = store::jobs_of(db, &found.items)?;
            Ok(found.map(|import| {
                let job = jobs.get(&import.id).copied();
                view(import, job)
            }))
        })
        .await?;
    page(&request, found)
}

/// Get an import
///
/// With its report once the job has ended.
#[utoipa::path(operation_id = "get_import", tag = "imports", params(("id" = ImportId, Path, description = "The import's id")), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "The import", body = ImportView)))]
#[get("/imports/{id}")]
async fn get(guard: Guard<ReadJobs>, state: Data<State>, id: Path<ImportId>) -> Answer {
    let (id, area) = (id.into_inner(), guard.area());
    let body = state
        .read(move |db| {
            let import = store::find(db, area, id)?;
            let job = store::jobs_of(db, std::slice::from_ref(&import))?.remove(&id);
            Ok(view(import, job))
        })
        .await?;
    Ok(HttpResponse::Ok().json(body))
}

/// List refused cells
///
/// Every refused cell with its row, column and reason.
#[utoipa::path(operation_id = "list_import_rejects", tag = "imports", params(("id" = ImportId, Path, description = "The import's id"), RejectQuery), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "A page of refused cells", body = Items<RejectView>, headers(("Link" = String, description = "The next page"), ("Content-Language" = String, description = "The language of the words")))))]
#[get("/imports/{id}/rejects")]
async fn rejects(
    guard: Guard<ReadJobs>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ImportId>,
    Query(query): Query<RejectQuery>,
) -> Answer {
    let (id, area, limit) = (id.into_inner(), guard.area(), query.limit()?);
    let language = Language::of(&request);
    let found = state
        .read(move |db| {
            store::find(db, area, id)?;
            store::rejects(db, id, limit, query.cursor.as_deref())
        })
        .await?;
    page(&request, found.map(|reject| RejectView::new(reject, language)))
}

/// Export refused cells
///
/// All of them as a CSV file, with the reasons in the language asked for, for who mends the spreadsheet.
#[utoipa::path(operation_id = "export_import_rejects", tag = "imports", params(("id" = ImportId, Path, description = "The import's id")), security(("bearer" = ["jobs:read"])),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv", headers(("Content-Language" = String, description = "The language of the reasons")), example = "row;column;code;message\r\n17;below_minimum;more_than_whole;часть больше целого\r\n")))]
#[get("/imports/{id}/rejects/file")]
async fn rejects_file(
    guard: Guard<ReadJobs>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ImportId>,
) -> Answer {
    let (id, area, database) = (id.into_inner(), guard.area(), state.database.clone());
    let language = Language::of(&request);
    let made = move || database.read(|db| store::find(db, area, id).and_then(|_| as_csv(db, id, language)));
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(off_thread(made).await?))
}

/// The refused cells as a file for a spreadsheet.
fn as_csv(db: &mut opora_db::Db, id: ImportId, language: Language) -> opora_db::Result<Vec<u8>> {
    use opora_tables::{CsvOptions, CsvWriter};
    let mut table = CsvWriter::new(Vec::new(), CsvOptions::default()).map_err(Error::fault)?;
    table.write_row(["row", "column", "code", "message"]).map_err(Error::fault)?;
    let (limit, mut cursor) = (Limit::new(Some(Limit::MOST))?, None);
    loop {
        let found = store::rejects(db, id, limit, cursor.as_deref())?;
        for reject in found.items.into_iter().map(|reject| RejectView::new(reject, language)) {
            let row =
                [reject.row.to_string(), reject.column.unwrap_or_default(), reject.code, reject.message];
            table.write_row(row.iter().map(String::as_str)).map_err(Error::fault)?;
        }
        match found.next {
            Some(next) => cursor = Some(next),
            None => return table.finish().map_err(Error::fault),
        }
    }
}
