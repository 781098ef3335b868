//! The refusals of an operation: those that follow from its form, and those that only it can answer, which its annotation
//! names in `x-problems`.

use super::{has_parameter, languages};
use crate::{error::PROBLEM_JSON, http::create::IDEMPOTENCY_KEY, limits, oauth};
use opora_primitives::ProblemCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Type, path::Operation,
    security::SecurityRequirement,
};

/// Where an operation names the problems of its own.
const OWN: &str = "x-problems";

/// The refusals that operations share, by the name of the response component and the status.
const SHARED: &[(&str, u16)] = &[
    ("BadRequest", 400),
    ("Unauthorized", 401),
    ("Forbidden", 403),
    ("NotFound", 404),
    ("NotAcceptable", 406),
    ("RequestTimeout", 408),
    ("Conflict", 409),
    ("Gone", 410),
    ("PreconditionFailed", 412),
    ("BodyTooLarge", 413),
    ("UriTooLong", 414),
    ("UnsupportedMediaType", 415),
    ("RangeNotSatisfiable", 416),
    ("InvalidFields", 422),
    ("PreconditionRequired", 428),
    ("TooManyRequests", 429),
    ("HeadersTooLarge", 431),
    ("Internal", 500),
    ("Unavailable", 503),
    ("StorageFull", 507),
];

/// Whether `code` is answered only by operations that name it.
fn is_particular(code: ProblemCode) -> bool {
    use ProblemCode::*;
    matches!(
        code,
        WrongCredentials
            | InvalidRefreshToken
            | ReusedRefreshToken
            | TooManyAttempts
            | TooManyRows
            | MethodologyFrozen
            | ProposalDecided
            | FactDecided
            | ModelExcluded
            | NotEligible
            | PeriodNotOver
            | OwnReport
            | InvalidFile
            | EvidenceMismatch
    )
}

/// The problems of `status` that any operation which refuses with it may answer.
fn general(status: u16) -> impl Iterator<Item = ProblemCode> {
    let of_status = move |code: &ProblemCode| code.status() == status && !is_particular(*code);
    ProblemCode::ALL.iter().copied().filter(of_status)
}

/// The responses that operations refer to, by name.
pub(super) fn components() -> impl Iterator<Item = (&'static str, Response)> {
    SHARED.iter().map(|(name, status)| (*name, response(&general(*status).collect::<Vec<_>>())))
}

/// Which refusals an operation may answer follows from its form.
pub(super) fn add(path: &str, method: &str, operation: &mut Operation) {
    // These speak the words of OAuth and say so themselves.
    if oauth::speaks_at(path) {
        return;
    }
    // An open operation carries the empty requirement, so that it stands out in the contract.
    let secured = operation.security.iter().flatten().any(|need| *need != SecurityRequirement::default());
    let writes = method != "get";
    let names_version = has_parameter(operation, &["If-Match"]);
    let has_body = operation.request_body.is_some();
    let takes_key = has_parameter(operation, &[IDEMPOTENCY_KEY]);
    let in_parts = operation.responses.responses.contains_key("206");
    let api = path.starts_with("/api/");
    // A run or a list that the answer is about: a record that must be there.
    let names_another = has_parameter(operation, &["proposal_run_id", "list_id"]);
    // What the configuration may leave out.
    let hidden = ["/metrics", "/api/v1/public/summary"].contains(&path);
    let has_formats = has_parameter(operation, &["format"]);
    let follows = has_parameter(operation, &["after"]);
    let applies = |name: &str| match name {
        "BadRequest" => true,
        "Unauthorized" | "Forbidden" => secured,
        "NotFound" => path.contains('{') || hidden || names_another,
        "NotAcceptable" => has_formats,
        "Gone" => follows,
        "Conflict" => writes && secured,
        "RangeNotSatisfiable" => in_parts,
        "PreconditionFailed" | "PreconditionRequired" => names_version,
        "BodyTooLarge" | "UnsupportedMediaType" | "RequestTimeout" => has_body,
        // A key that was used for another request is refused without a body too.
        "InvalidFields" => has_body || takes_key,
        "UriTooLong" | "HeadersTooLarge" => true,
        "TooManyRequests" => limits::is_limited(path),
        "Internal" => api,
        "Unavailable" => api || path == "/health/ready",
        "StorageFull" => api && writes,
        _ => false,
    };
    let own = own(operation);
    for (name, status) in SHARED {
        let mut codes: Vec<_> = own.iter().copied().filter(|code| code.status() == *status).collect();
        let refusal: RefOr<Response> = match (codes.is_empty(), applies(name)) {
            (true, false) => continue,
            (true, true) => Ref::from_response_name(*name).into(),
            (false, shares) => {
                codes.extend(general(*status).filter(|_| shares));
                response(&codes).into()
            }
        };
        operation.responses.responses.entry(status.to_string()).or_insert(refusal);
    }
}

/// Takes the problems that the annotation of `operation` names. An annotation with a word that is none stays, so that a
/// test finds it.
fn own(operation: &mut Operation) -> Vec<ProblemCode> {
    let code = |word: &Value| ProblemCode::ALL.iter().copied().find(|code| code.as_str() == word);
    let named = operation.extensions.as_ref().and_then(|extensions| extensions.get(OWN)?.as_array());
    let codes: Option<Vec<_>> = named.map(|words| words.iter().map(code).collect()).unwrap_or_default();
    if codes.is_some()
        && let Some(extensions) = &mut operation.extensions
    {
        extensions.remove(OWN);
    }
    codes.unwrap_or_default()
}

/// The problem documents of `codes`, which are of one status; the first is the example.
fn response(codes: &[ProblemCode]) -> Response {
    let lines: Vec<String> = codes.iter().map(|c| format!("`{}`: {}.", c.as_str(), c.titles().0)).collect();
    let Some(first) = codes.first() else { return Response::default() };
    let example = json!({
        "type": format!("/docs/errors#{}", first.as_str()),
        "title": first.titles().0,
        "status": first.status(),
        "code": first.as_str(),
        "request_id": "64a1f0c2b7e3-1f",
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).example(Some(example));
    let mut response = ResponseBuilder::new()
        .description(lines.join(" "))
        .content(PROBLEM_JSON, content.build())
        .header(languages::ANSWERED, languages::header());
    if matches!(first.status(), 429 | 503) {
        let seconds = Object::builder().schema_type(Type::Integer).minimum(Some(0)).build();
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait before trying again"));
        response = response.header("Retry-After", header.build());
    }
    if first.status() == 429 {
        for (name, words) in limits::HEADERS {
            let text = Object::builder().schema_type(Type::String).build();
            let header = HeaderBuilder::new().schema(Some(text)).description(Some(words));
            response = response.header(name, header.build());
        }
    }
    response.build()
}
