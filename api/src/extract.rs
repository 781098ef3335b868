//! Strict readers of bodies and queries, and the conditions a request may carry.

use crate::error::ApiError;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH},
    web,
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use opora_primitives::{Flaw, Page, Problem, ProblemCode, Reason};
use serde::{Serialize, de::DeserializeOwned};
use std::future::{Ready, ready};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

/// The largest JSON body.
const MOST_JSON: usize = 1024 * 1024;

/// A JSON body that was read and validated: unknown fields are refused, all field errors are told at once.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json"));
        let bytes = web::Payload::from_request(request, payload).into_inner();
        async move {
            if !is_json {
                return Err(ProblemCode::UnsupportedMediaType.into());
            }
            let payload = bytes.map_err(|_| ProblemCode::BadRequest)?;
            let bytes = match payload.to_bytes_limited(MOST_JSON).await {
                Ok(read) => read.map_err(|_| ProblemCode::BadRequest)?,
                Err(_) => return Err(ProblemCode::BodyTooLarge.into()),
            };
            let value: T = serde_json::from_slice(&bytes).map_err(|e| unreadable(&e))?;
            value.validate().map_err(|errors| Problem::fields(flaws(&errors)))?;
            Ok(Self(value))
        }
        .boxed_local()
    }
}

/// serde's words name fields and places but also repeat values; only the place and the kind are passed on.
fn unreadable(error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let named = |prefix: &str| words.strip_prefix(prefix).and_then(|rest| rest.split('`').nth(1)).map(str::to_owned);
    if let Some(field) = named("unknown field ") {
        let nearest = words.split("expected").nth(1).map(|list| format!("known fields:{}", list.split(" at line").next().unwrap_or("")));
        return Problem {
            code: ProblemCode::InvalidJson,
            detail: nearest,
            flaws: vec![Flaw::at(format!("/{field}"), Reason::UnknownField)],
        };
    }
    if let Some(field) = named("missing field ") {
        return Problem { flaws: vec![Flaw::at(format!("/{field}"), Reason::Required)], ..ProblemCode::InvalidJson.into() };
    }
    Problem::new(ProblemCode::InvalidJson, format!("at line {}, column {}", error.line(), error.column()))
}

/// The flaws inside a validator's answer. Its messages and parameters are dropped: they carry the submitted value.
fn flaws(errors: &ValidationErrors) -> Vec<Flaw> {
    fn walk(errors: &ValidationErrors, at: &str, found: &mut Vec<Flaw>) {
        for (field, kind) in errors.errors() {
            let pointer = format!("{at}/{field}");
            match kind {
                ValidationErrorsKind::Field(list) => found.extend(list.iter().map(|e| {
                    let reason = e.code.parse().unwrap_or(match e.code.as_ref() {
                        "length" => Reason::WrongLength,
                        "range" => Reason::OutOfRange,
                        "required" => Reason::Required,
                        _ => Reason::WrongFormat,
                    });
                    Flaw::at(pointer.clone(), reason)
                })),
                ValidationErrorsKind::Struct(inner) => walk(inner, &pointer, found),
                ValidationErrorsKind::List(list) => {
                    list.iter().for_each(|(i, inner)| walk(inner, &format!("{pointer}/{i}"), found));
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(errors, "", &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

/// Query parameters; an unknown or misspelt one is refused.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(web::Query::<T>::from_query(request.query_string()).map(|q| Self(q.into_inner())).map_err(|e| {
            let words = e.to_string();
            let detail = words.strip_prefix("Query deserialize error: ").unwrap_or(&words);
            // For a misspelt name the words list the known ones; for a wrong value they would repeat it.
            if detail.starts_with("unknown field") || detail.starts_with("missing field") {
                Problem::new(ProblemCode::UnknownParameter, detail).into()
            } else {
                ProblemCode::UnknownParameter.into()
            }
        }))
    }
}

/// A list in pages.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    /// The items of this page.
    pub items: Vec<T>,
}

/// The response for a page: its items, and the address of the next page in `Link` (RFC 8288).
pub fn page<T: Serialize>(request: &HttpRequest, page: Page<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = page.next {
        let rest = request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor="));
        let query: Vec<String> = rest.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
        response.insert_header(("Link", format!("<{}?{}>; rel=\"next\"", request.path(), query.join("&"))));
    }
    response.json(Items { items: page.items })
}

/// The response for one record at `version`: with its ETag, or 304 if the caller has it.
pub fn versioned<T: Serialize>(request: &HttpRequest, version: i64, body: &T) -> HttpResponse {
    let tag = format!("\"{version}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|t| t.trim() == tag || t.trim() == "*")) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    HttpResponse::Ok().insert_header((ETAG, tag)).json(body)
}

/// The version named in `If-Match`.
///
/// # Errors
/// [`ProblemCode::PreconditionRequired`] without one; [`ProblemCode::PreconditionFailed`] for a tag we never gave.
pub fn expected_version(request: &HttpRequest) -> Result<i64, ApiError> {
    let header = request.headers().get(IF_MATCH).ok_or(ProblemCode::PreconditionRequired)?;
    let tag = header.to_str().ok().and_then(|v| v.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    tag.ok_or_else(|| ProblemCode::PreconditionFailed.into())
}
