//! Evidence of facts: links, and files that are checked by their content and never shown inline.

use super::facts::writer;
use crate::{
    auth::{Guard, ReadFacts, WriteFacts},
    error::{Answer, ApiError},
    files::{Head, Wanted},
    http::{
        answer::{Items, page},
        create::{IDEMPOTENCY_KEY, IdempotencyKey, create_once, created},
        extract::{Draft, Query, SentBody, list_query},
        upload::{Received, media_type, receive},
    },
    state::{State, off_thread},
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    body::SizedStream,
    delete, get, post,
    web::{Data, Path, Payload},
};
use opora_db::{Error, Tx};
use opora_primitives::ProblemCode;
use opora_reporting::facts::{
    Evidence, EvidenceId, FactId, edit,
    evidence::{self, CheckedFile},
    sniff::{self, MediaType},
};
use opora_schools::import::spool::{Spool, Spooled};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(remove).service(content);
}

list_query! {
    /// Where in the list of evidence.
    EvidenceQuery {}
}

/// Further words about a file that is sent as it is.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvidenceFileQuery {
    /// The name of the file; taken from the form if one is sent. No path, no control characters.
    #[param(min_length = 1, max_length = 200, example = "order.pdf", pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    file_name: Option<String>,
}

/// A link as evidence.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLink {
    /// The address: `http` or `https`, without user and password.
    #[schema(
        min_length = 8,
        max_length = 2000,
        pattern = "^https?://[^\\s]+$",
        example = "https://example.org/news/12"
    )]
    url: String,
}

/// A file as a form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the form; the parts are read as a stream")]
pub struct EvidenceForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// List the evidence of a fact
///
/// By id.
#[utoipa::path(operation_id = "list_fact_evidence", tag = "facts", params(("id" = FactId, Path, description = "The fact's id"), EvidenceQuery), security(("bearer" = ["facts:read"])),
    responses((status = 200, description = "A page of evidence", body = Items<Evidence>, headers(("Link" = String, description = "The next page")))))]
#[get("/facts/{id}/evidence")]
async fn list(
    guard: Guard<ReadFacts>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<FactId>,
    Query(query): Query<EvidenceQuery>,
) -> Answer {
    let (area, id, limit) = (guard.area(), id.into_inner(), query.limit()?);
    let found = state.read(move |db| evidence::list(db, area, id, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a piece of evidence
///
/// A link as JSON; a file as a form (`file`) or as the raw body with `file_name`. Files are PDF, DOCX, XLSX, ODT (without
/// macros), JPEG, PNG, and CSV or text in UTF-8: what a file is, its content decides (`unsupported_media_type`); a name or
/// a type that says something else is refused (`evidence_mismatch`), as is an archive that unpacks to too much
/// (`invalid_file`). As a fact may be changed: until it is decided, by the body that entered it. The fact gets a new
/// version.
#[utoipa::path(operation_id = "create_fact_evidence", tag = "facts", params(("id" = FactId, Path, description = "The fact's id"), EvidenceFileQuery, IdempotencyKey),
    extensions(("x-problems" = json!(["fact_decided", "invalid_file", "evidence_mismatch"]))),
    security(("bearer" = ["facts:write"])),
    request_body(description = "The link or the file", content(
        (EvidenceLink = "application/json"), (EvidenceForm = "multipart/form-data"), (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "application/pdf"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.oasis.opendocument.text"),
        (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "text/csv"), (Vec<u8> = "text/plain"))),
    responses((status = 201, description = "The new piece of evidence", body = Evidence, headers(("Location" = String, description = "Its address")))))]
#[post("/facts/{id}/evidence")]
async fn create(
    guard: Guard<WriteFacts>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<FactId>,
    Query(query): Query<EvidenceFileQuery>,
    payload: Payload,
) -> Answer {
    let (writer, id) = (writer(&guard)?, id.into_inner());
    if media_type(&request) == "application/json" {
        let Draft(EvidenceLink { url }) =
            Draft::<EvidenceLink>::from_request(&request, &mut payload.into_inner()).await?;
        let add = move |tx: &mut Tx| placed(&evidence::add_link(tx, writer, id, &url)?);
        return create_once(&state, &guard, &request, add).await;
    }
    let is_repeatable = request.headers().contains_key(IDEMPOTENCY_KEY);
    // Told before megabytes have come; a key may be that of a request that was answered while the fact was open (D285).
    match state.read(move |db| edit::open(db, writer, id)).await {
        Err(ApiError(problem)) if is_repeatable && problem.code == ProblemCode::FactDecided => {}
        open => drop(open?),
    }
    let (file, spooled) = take(&state, &request, payload, query.file_name).await?;
    SentBody::keep(&request, format!("{} {}", file.sha256, file.name).into_bytes());
    let sha256 = file.sha256.clone();
    state.evidence.keep(&sha256, spooled.path()).await?;
    let add = move |tx: &mut Tx| placed(&evidence::add_file(tx, writer, id, &file)?);
    let answer = create_once(&state, &guard, &request, add).await?;
    // Swept in between? From now on a row refers to it, and it stays.
    if !state.evidence.holds(&sha256).await? {
        state.evidence.keep(&sha256, spooled.path()).await?;
    }
    Ok(answer)
}

fn placed(piece: &Evidence) -> opora_db::Result<opora_db::idempotency::Created> {
    created(format!("/api/v1/evidence/{}", piece.id), piece)
}

/// The file of a request, checked; it lies in the spool until that is dropped.
async fn take(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
    name: Option<String>,
) -> Result<(CheckedFile, Spooled), ApiError> {
    let spool = Spool::new(&state.config.data_dir, state.config.evidence_limit_mib * 1024 * 1024)?;
    let is_taken = |sent: &str| {
        sent == "application/octet-stream" || MediaType::ALL.iter().any(|known| known.as_str() == sent)
    };
    let declared = Some(media_type(request)).filter(|sent| *sent != "multipart/form-data").map(str::to_owned);
    let Received { spooled, name: form_name, .. } = receive(spool, request, payload, &[], is_taken).await?;
    let name = evidence::checked_name(name.or(form_name).as_deref())?;
    off_thread(move || {
        let media_type = sniff::sniff(spooled.path(), &name, declared.as_deref())?;
        let (size, sha256) = (spooled.size, spooled.sha256.clone());
        Ok((CheckedFile { name, media_type, size, sha256 }, spooled))
    })
    .await
}

/// Get a piece of evidence
///
/// What it is, without its content. It never changes.
#[utoipa::path(operation_id = "get_evidence", tag = "facts", params(("id" = EvidenceId, Path, description = "The evidence's id")), security(("bearer" = ["facts:read"])),
    responses((status = 200, description = "The piece of evidence", body = Evidence)))]
#[get("/evidence/{id}")]
async fn get(guard: Guard<ReadFacts>, state: Data<State>, id: Path<EvidenceId>) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| evidence::find(db, area, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Delete a piece of evidence
///
/// As a fact may be changed: until it is decided, by the body that entered it. The fact gets a new version.
#[utoipa::path(operation_id = "delete_evidence", tag = "facts", params(("id" = EvidenceId, Path, description = "The evidence's id")), security(("bearer" = ["facts:write"])),
    extensions(("x-problems" = json!(["fact_decided"]))),
    responses((status = 204, description = "The piece of evidence is gone")))]
#[delete("/evidence/{id}")]
async fn remove(guard: Guard<WriteFacts>, state: Data<State>, id: Path<EvidenceId>) -> Answer {
    let (writer, id) = (writer(&guard)?, id.into_inner());
    state.write(guard.origin(), move |tx| evidence::delete(tx, writer, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the content of a file
///
/// To be saved, never shown: `Content-Disposition: attachment`, `nosniff`. Whole, in parts with `Range`, or 304 for a
/// caller that has it. A file may name people, so its reading is recorded in the audit log. A link has no content.
#[utoipa::path(operation_id = "get_evidence_content", tag = "facts", params(("id" = EvidenceId, Path, description = "The evidence's id")), security(("bearer" = ["facts:read"])),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "Its SHA-256"), ("Content-Disposition" = String, description = "Its name"))),
        (status = 206, description = "The part that `Range` asks for", body = Vec<u8>, content_type = "application/octet-stream", headers(("Content-Range" = String, description = "Which bytes")))))]
#[get("/evidence/{id}/content")]
async fn content(
    guard: Guard<ReadFacts>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<EvidenceId>,
) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| evidence::find(db, area, id)).await?;
    let sha256 = found.sha256.clone().ok_or(ProblemCode::NotFound)?;
    match head(&found, &sha256)?.wanted(&request) {
        Wanted::Nothing(response) => Ok(response),
        Wanted::Bytes(range, mut response) => {
            let note = move |tx: &mut Tx| {
                evidence::note_reading(tx, &found);
                Ok(())
            };
            state.write(guard.origin(), note).await?;
            let length = range.end - range.start;
            let bytes = state.evidence.read(&sha256, range).await?;
            Ok(response.body(SizedStream::new(length, bytes)))
        }
    }
}

/// What is told of a file before its content.
fn head(file: &Evidence, digest: &str) -> Result<Head, Error> {
    let mut sha256 = [0; 32];
    for (place, byte) in sha256.iter_mut().enumerate() {
        let digits = digest.get(2 * place..2 * place + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(Error::fault)?;
    }
    Ok(Head {
        length: file.size.and_then(|size| size.try_into().ok()).unwrap_or_default(),
        content_type: file.media_type.clone().unwrap_or_default(),
        name: file.file_name.clone(),
        etag: format!("\"{digest}\""),
        modified: Some(file.added_at),
        sha256,
    })
}
