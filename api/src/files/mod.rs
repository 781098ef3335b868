//! Answers that are files: with a validator, a digest, and parts of a large one on demand.

pub mod audit_log;
pub mod outlet;
pub mod papers;

use crate::{
    error::{Answer, ApiError},
    http::answer::is_known,
};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, Charset, ContentDisposition, DispositionParam,
            DispositionType, ETAG, ExtendedValue, Header, HeaderValue, HttpDate, IF_NONE_MATCH, IF_RANGE,
            IfModifiedSince, LAST_MODIFIED, Range as Ranges, X_CONTENT_TYPE_OPTIONS,
        },
    },
    web::Bytes,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use opora_primitives::{Moment, ProblemCode};
use std::{ops::Range, time::SystemTime};

/// A file on its way to a client.
pub struct File {
    /// What it holds.
    pub bytes: Bytes,
    /// What kind of file it is.
    pub content_type: String,
    /// The name to save it under; a file without one is shown.
    pub name: Option<String>,
    /// Its strong ETag, with the quotes.
    pub etag: String,
    /// When it last changed, if that is known.
    pub modified: Option<Moment>,
}

/// What is known of a file before its bytes are read.
pub struct Head {
    /// How many bytes it has.
    pub length: u64,
    /// What kind of file it is.
    pub content_type: String,
    /// The name to save it under; a file without one is shown.
    pub name: Option<String>,
    /// Its strong ETag, with the quotes.
    pub etag: String,
    /// When it last changed, if that is known.
    pub modified: Option<Moment>,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// What a request for a file comes to.
pub enum Wanted {
    /// An answer without bytes of it.
    Nothing(HttpResponse),
    /// These bytes, under this head.
    Bytes(Range<u64>, HttpResponseBuilder),
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
        let Self { bytes, content_type, name, etag, modified } = self;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        let head = Head { length: bytes.len() as u64, content_type, name, etag, modified, sha256 };
        Ok(match head.wanted(request) {
            Wanted::Nothing(response) => response,
            Wanted::Bytes(Range { start, end }, mut response) => {
                response.body(bytes.slice(start as usize..end as usize))
            }
        })
    }
}

impl Head {
    /// Which bytes the request asks for, if any.
    pub fn wanted(&self, request: &HttpRequest) -> Wanted {
        if has_it(request, &self.etag, self.modified) {
            return Wanted::Nothing(not_modified(&self.etag, self.modified));
        }
        match self.part(request) {
            Part::Whole => Wanted::Bytes(0..self.length, self.headed(StatusCode::OK)),
            Part::Bytes(first, last) => {
                let mut response = self.headed(StatusCode::PARTIAL_CONTENT);
                response.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{}", self.length)));
                Wanted::Bytes(first..last + 1, response)
            }
            Part::None => Wanted::Nothing(out_of_range(self.length)),
        }
    }

    /// Several ranges at once are answered with the whole file, as is a range of an older version (RFC 9110, 14.2).
    fn part(&self, request: &HttpRequest) -> Part {
        let current =
            request.headers().get(IF_RANGE).is_none_or(|tag| tag.as_bytes() == self.etag.as_bytes());
        match Ranges::parse(request) {
            Ok(Ranges::Bytes(ranges)) if current && ranges.len() == 1 => {
                let found = ranges[0].to_satisfiable_range(self.length);
                found.map_or(Part::None, |(first, last)| Part::Bytes(first, last))
            }
            _ => Part::Whole,
        }
    }

    fn headed(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        let digest = BASE64_STANDARD.encode(self.sha256);
        response
            .content_type(self.content_type.as_str())
            // Its bytes as they are: a packed answer would have other ranges and another digest.
            .insert_header((CONTENT_ENCODING, "identity"))
            .insert_header((ETAG, self.etag.as_str()))
            .insert_header((ACCEPT_RANGES, "bytes"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header(("Repr-Digest", format!("sha-256=:{digest}:")))
            .insert_header(("Digest", format!("SHA-256={digest}")));
        if let Some(name) = &self.name {
            response.insert_header(attachment(name));
        }
        if let Some(at) = self.modified {
            response.insert_header((LAST_MODIFIED, http_date(at)));
        }
        response
    }
}

/// 416 for a part that a file of `length` bytes does not have.
fn out_of_range(length: u64) -> HttpResponse {
    let mut refusal = ApiError::from(ProblemCode::RangeNotSatisfiable).error_response();
    // Digits and ASCII words: always a value.
    if let Ok(whole) = HeaderValue::try_from(format!("bytes */{length}")) {
        refusal.headers_mut().insert(CONTENT_RANGE, whole);
    }
    refusal
}

/// Has a file saved under `name`, never shown. A name that is not plain ASCII is written as RFC 8187 has it, with a plain
/// one for old clients.
fn attachment(name: &str) -> ContentDisposition {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_. ".contains(&b));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let mut parameters = vec![match plain {
        true => DispositionParam::Filename(name.to_owned()),
        false => DispositionParam::Filename(format!("file.{ending}")),
    }];
    if !plain {
        let value = name.as_bytes().to_vec();
        let extended = ExtendedValue { charset: Charset::Ext("UTF-8".into()), language_tag: None, value };
        parameters.push(DispositionParam::FilenameExt(extended));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

/// Whether the caller has the version `etag`, which last changed at `modified`: `If-None-Match` says so or, where it is
/// absent, `If-Modified-Since` (RFC 9110, 13.2.2).
pub fn has_it(request: &HttpRequest, etag: &str, modified: Option<Moment>) -> bool {
    if request.headers().contains_key(IF_NONE_MATCH) {
        return is_known(request, etag);
    }
    let since = IfModifiedSince::parse(request).ok().map(|IfModifiedSince(since)| SystemTime::from(since));
    // What is sent as `Last-Modified` has no fractions of a second.
    modified.zip(since).is_some_and(|(at, since)| {
        DateTime::<Utc>::from(at).timestamp() <= DateTime::<Utc>::from(since).timestamp()
    })
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
