//! Answers that are files: with a validator, a digest, and parts of a large one on demand.

use crate::{
    error::{Answer, ApiError},
    extract::is_known,
};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, Header, HeaderValue, HttpDate, IF_RANGE,
            LAST_MODIFIED, Range, X_CONTENT_TYPE_OPTIONS,
        },
    },
    web::Bytes,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use opora_db::Error;
use opora_primitives::{Moment, ProblemCode};
use std::time::SystemTime;

/// A file on its way to a client.
pub struct File {
    /// What it holds.
    pub bytes: Bytes,
    /// What kind of file it is.
    pub content_type: String,
    /// The name to save it under; a file without one is shown. Only names we made: ASCII, no quotes.
    pub name: Option<String>,
    /// Its strong ETag, with the quotes.
    pub etag: String,
    /// When it last changed, if that is known.
    pub modified: Option<Moment>,
}

/// What of the file is sent.
enum Part {
    Whole,
    /// From the first to the last byte, inclusive.
    Bytes(u64, u64),
    /// No part of it is what was asked for.
    None,
}

impl File {
    /// The response: whole, the part that `Range` asks for, or 304 if the caller has it.
    pub fn answer(self, request: &HttpRequest) -> Answer {
        if is_known(request, &self.etag) {
            return Ok(not_modified(&self.etag, self.modified));
        }
        let length = self.bytes.len() as u64;
        Ok(match self.part(request) {
            Part::Whole => self.headed(StatusCode::OK).body(self.bytes),
            Part::Bytes(first, last) => {
                let mut response = self.headed(StatusCode::PARTIAL_CONTENT);
                response.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
                response.body(self.bytes.slice(first as usize..=last as usize))
            }
            Part::None => {
                let mut refusal = ApiError::from(ProblemCode::RangeNotSatisfiable).error_response();
                let whole = HeaderValue::try_from(format!("bytes */{length}")).map_err(Error::fault)?;
                refusal.headers_mut().insert(CONTENT_RANGE, whole);
                refusal
            }
        })
    }

    /// Several ranges at once are answered with the whole file, as is a range of an older version (RFC 9110, 14.2).
    fn part(&self, request: &HttpRequest) -> Part {
        let current =
            request.headers().get(IF_RANGE).is_none_or(|tag| tag.as_bytes() == self.etag.as_bytes());
        match Range::parse(request) {
            Ok(Range::Bytes(ranges)) if current && ranges.len() == 1 => {
                let found = ranges[0].to_satisfiable_range(self.bytes.len() as u64);
                found.map_or(Part::None, |(first, last)| Part::Bytes(first, last))
            }
            _ => Part::Whole,
        }
    }

    fn headed(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        let digest = BASE64_STANDARD.encode(digest(&SHA256, &self.bytes));
        response
            .content_type(self.content_type.as_str())
            .insert_header((ETAG, self.etag.as_str()))
            .insert_header((ACCEPT_RANGES, "bytes"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header(("Repr-Digest", format!("sha-256=:{digest}:")))
            .insert_header(("Digest", format!("SHA-256={digest}")));
        if let Some(name) = &self.name {
            response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        }
        if let Some(at) = self.modified {
            response.insert_header((LAST_MODIFIED, http_date(at)));
        }
        response
    }
}

/// 304 for a caller that has the version `etag`.
pub fn not_modified(etag: &str, modified: Option<Moment>) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    response.insert_header((ETAG, etag));
    if let Some(at) = modified {
        response.insert_header((LAST_MODIFIED, http_date(at)));
    }
    response.finish()
}

fn http_date(at: Moment) -> HttpDate {
    HttpDate::from(SystemTime::from(DateTime::<Utc>::from(at)))
}
