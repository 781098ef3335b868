//! Strict readers of bodies and queries, and the conditions a request may carry.

use crate::{
    error::ApiError,
    http::{
        create::IDEMPOTENCY_KEY,
        length, pointer,
        shape::{Misfit, escaped, misfit, misplaced_arrays, nul_flaws},
    },
    routes::contract::Published,
};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_TYPE, IF_MATCH},
    web,
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use opora_db::edit::Expected;
use opora_primitives::{
    Flaw, Problem, ProblemCode, Reason,
    text::{check_name, is_hidden},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::future::{Ready, ready};
use url::form_urlencoded;
use utoipa::ToSchema;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

/// The largest JSON body.
const MOST_JSON: usize = 1024 * 1024;

/// A JSON body that was read and validated: unknown fields are refused, all field errors are told at once.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + ToSchema + Validate + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let draft = Draft::<T>::from_request(request, payload);
        async move {
            let Draft(value) = draft.await?;
            value.validate().map_err(|errors| Problem::fields(flaws(&errors)))?;
            Ok(Self(value))
        }
        .boxed_local()
    }
}

/// A JSON body that was read; unknown fields are refused. For a record whose store checks every field, so that what
/// needs the database is told together with what does not.
pub struct Draft<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Draft<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| {
            v.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
        });
        let bytes = web::Payload::from_request(request, payload).into_inner();
        let request = request.clone();
        async move {
            if !is_json {
                return Err(ProblemCode::UnsupportedMediaType.into());
            }
            length::check(&request, MOST_JSON as u64)?;
            let payload = bytes.map_err(|_| ProblemCode::BadRequest)?;
            let bytes = match payload.to_bytes_limited(MOST_JSON).await {
                Ok(read) => read.map_err(|_| ProblemCode::BadRequest)?,
                Err(_) => return Err(ProblemCode::BodyTooLarge.into()),
            };
            let value: T = parse(&bytes)?;
            SentBody::note(&request, &bytes);
            Ok(Self(value))
        }
        .boxed_local()
    }
}

/// How deep a body may be nested.
const MOST_DEEP: usize = 64;

/// Whether arrays and objects in `bytes` stand one inside another more than [`MOST_DEEP`] times.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for &byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_DEEP {
            return true;
        }
    }
    false
}

/// How U+0000 is written in JSON, which has no other way to hold it.
const NUL: &[u8] = b"\\u0000";

/// Reads a JSON object.
fn parse<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T, Problem> {
    if is_too_deep(bytes) {
        let words =
            (format!("nested deeper than {MOST_DEEP}"), format!("вложенность больше {MOST_DEEP} уровней"));
        return Err(Problem::new(ProblemCode::InvalidJson, words));
    }
    let may_hold_nul = bytes.windows(NUL.len()).any(|part| part == NUL);
    if may_hold_nul || bytes.contains(&b'[') {
        let value: Value = serde_json::from_slice(bytes).map_err(|e| unreadable::<T>(&e, bytes))?;
        let flaws = nul_flaws(&value, "");
        if !flaws.is_empty() {
            return Err(Problem { flaws, ..ProblemCode::InvalidFields.into() });
        }
        if !misplaced_arrays::<T>(&value).is_empty() {
            return Err(unfit(misfit::<T>(&value)));
        }
    }
    // To JSON Schema `7.0` is an integer, to serde it is not: such numbers get a second chance.
    serde_json::from_slice(bytes).or_else(|error| match with_whole_numbers(bytes) {
        Some(whole) => serde_json::from_slice(&whole).map_err(|e| unreadable::<T>(&e, &whole)),
        None => Err(unreadable::<T>(&error, bytes)),
    })
}

/// `bytes` with integers in place of numbers without a fraction, each in its place; nothing if there are none, or if this is
/// no JSON. The text is rewritten and not its value, in which a field that stands twice would stand once.
fn with_whole_numbers(bytes: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let (mut written, mut changed) = (Vec::with_capacity(bytes.len()), false);
    let (mut at, mut in_text, mut escaped) = (0, false, false);
    while let Some(&byte) = bytes.get(at) {
        let is_number = !in_text && (byte == b'-' || byte.is_ascii_digit());
        let length = if is_number { length_of_number(&bytes[at..]) } else { 1 };
        let token = &bytes[at..at + length];
        let whole = if is_number { whole(token) } else { None };
        changed |= whole.is_some();
        match whole {
            Some(number) => written.extend_from_slice(format!("{number:<length$}").as_bytes()),
            None => written.extend_from_slice(token),
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
        at += length;
    }
    changed.then_some(written)
}

/// How many bytes the number at the beginning of `bytes` has.
fn length_of_number(bytes: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    bytes.iter().take_while(|byte| is_part(byte)).count()
}

/// The integer that is written with a fraction of zero, or with an exponent.
fn whole(number: &[u8]) -> Option<i64> {
    /// Whole numbers are exact in a double up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.iter().find(|byte| b".eE".contains(byte))?;
    let float: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

/// The body of a request with an idempotency key, as far as it matters whether two are the same.
pub struct SentBody(Vec<u8>);

impl SentBody {
    /// Keeps the JSON in `bytes` with the request. Spaces and the order of fields do not count.
    fn note(request: &HttpRequest, bytes: &[u8]) {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
            Self::keep(request, value.to_string().into_bytes());
        }
    }

    /// Keeps `bytes` (a body, or its digest) with the request: for handlers that read the body themselves.
    pub fn keep(request: &HttpRequest, bytes: Vec<u8>) {
        request.extensions_mut().insert(Self(bytes));
    }

    /// What was kept; nothing for a request without a body.
    pub fn of(request: &HttpRequest) -> Vec<u8> {
        request.extensions().get::<Self>().map(|body| body.0.clone()).unwrap_or_default()
    }
}

/// A body whose fields do not fit.
fn unfit(Misfit { flaws, known }: Misfit) -> Problem {
    let detail = known.map(|known| {
        let known = known.join(", ");
        (format!("known fields: {known}"), format!("известные поля: {known}")).into()
    });
    Problem { detail, flaws, ..ProblemCode::InvalidJson.into() }
}

/// What is wrong with a body that serde refused: all that does not fit its schema, or else the field where serde stopped.
/// serde's own words repeat values and are not passed on.
fn unreadable<T: ToSchema>(error: &serde_json::Error, bytes: &[u8]) -> Problem {
    let (line, column) = (error.line(), error.column());
    let place = (format!("at line {line}, column {column}"), format!("строка {line}, столбец {column}"));
    let value = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if error.is_data() && line > 0 => value,
        _ => return Problem::new(ProblemCode::InvalidJson, place),
    };
    let found = misfit::<T>(&value);
    if !found.flaws.is_empty() {
        return unfit(found);
    }
    let (words, at) = (error.to_string(), pointer::of_place(bytes, line, column));
    let named = |prefix: &str| words.strip_prefix(prefix).and_then(|rest| rest.split('`').nth(1));
    let flaw = if let Some(field) = named("unknown field ") {
        Flaw::unknown(format!("/{}", escaped(field)), known_names(&words))
    } else if let Some(field) = named("missing field ") {
        Flaw::at(format!("{at}/{field}"), Reason::Required)
    } else if named("duplicate field ").is_some() {
        Flaw::at(at, Reason::Repeated)
    } else {
        Flaw::at(at, Reason::WrongFormat)
    };
    Problem { flaws: vec![flaw], ..Problem::new(ProblemCode::InvalidJson, place) }
}

/// The names that serde would have taken, out of its words.
fn known_names(words: &str) -> impl Iterator<Item = &str> {
    let list = words.split_once(", expected").map_or("", |(_, list)| list);
    list.split('`').skip(1).step_by(2)
}

/// Refuses a reason that says nothing, and one with control characters (D204).
pub fn said(reason: &str) -> Result<(), ValidationError> {
    let shown = if reason.chars().any(is_hidden) { Err(Reason::ForbiddenCharacter) } else { Ok(()) };
    let checked = check_name(reason, usize::MAX).and(shown);
    checked.map_err(|reason| ValidationError::new(reason.as_str()))
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

/// Query parameters; an unknown, misspelt or repeated one is refused, and a value of another form.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = read_query(request.query_string());
        ready(read.map(Self).map_err(|words| refused_query::<T>(request, &words).into()))
    }
}

/// The parameters in `query`, or what serde says of them.
///
/// # Errors
/// serde's words: they repeat values.
pub fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let read = web::Query::<T>::from_query(query).map(web::Query::into_inner);
    read.map_err(|error| {
        let words = error.to_string();
        words.strip_prefix("Query deserialize error: ").unwrap_or(&words).to_owned()
    })
}

/// The names and values in `query`, in their order.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    read_query(query).unwrap_or_default()
}

/// Why the query of `request` was refused: by the contract all that is wrong, or else what serde does not read.
fn refused_query<T: DeserializeOwned>(request: &HttpRequest, words: &str) -> Problem {
    let published = request.app_data::<web::Data<Published>>();
    if let Some(Err(problem)) = published.map(|published| published.check_parameters(request)) {
        return problem;
    }
    let sent = pairs(request.query_string());
    if words.starts_with("unknown field") {
        let known = || known_names(words);
        let strange = sent.iter().filter(|(name, _)| known().all(|word| word != name));
        let flaws = strange.map(|(name, _)| unknown_parameter(name, known())).collect();
        return Problem { flaws, ..ProblemCode::UnknownParameter.into() };
    }
    if let Some(name) = words.strip_prefix("missing field ") {
        return Problem::parameter(name.trim_matches('`'), Reason::Required);
    }
    // Alone, each is read or not; serde does not say which it was.
    let is_read = |name: &str, value: &str| {
        let alone = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        read_query::<T>(&alone).err().is_none_or(|words| words.starts_with("missing field"))
    };
    let wrong = sent.iter().filter(|(name, value)| !is_read(name, value));
    Problem::parameters(wrong.map(|(name, _)| Flaw::at(name, Reason::WrongFormat)).collect())
}

/// There is no parameter `name`.
pub fn unknown_parameter<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Flaw {
    Flaw::unknown(name.chars().take(100).collect::<String>(), known)
}

/// Declares the query parameters of a list: its filters, each optional, and the place in the list. (The query format has
/// no nested structures, so each list has all of them.)
///
/// A list `in parts` may be asked for one part of a resource that is harvested in several.
macro_rules! list_query {
    ($(#[$meta:meta])* $name:ident in parts { $($(#[$fmeta:meta])* $field:ident: $type:ident,)* }) => {
        $crate::http::extract::list_query! {
            $(#[$meta])*
            $name {
                $($(#[$fmeta])* $field: $type,)*
                /// Only records of this partition, as `/api/v1/changes/partitions` names it.
                partition: String,
            }
        }

        impl $name {
            /// The part of `of` that is asked for.
            fn part(
                &self,
                of: opora_schools::registry::partitions::Harvest,
            ) -> Result<Option<opora_schools::registry::partitions::Partition>, opora_primitives::Problem> {
                let read = |token: &String| opora_schools::registry::partitions::Partition::read(of, token);
                self.partition.as_ref().map(read).transpose()
            }
        }
    };
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $type:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$fmeta])* $field: Option<$type>,)*
            /// How many items a page holds.
            #[param(minimum = 1, maximum = 1000, default = 100)]
            limit: Option<u16>,
            /// Where the page starts; taken from the `Link` of the page before.
            cursor: Option<String>,
        }

        impl $name {
            /// How many items the page holds.
            fn limit(&self) -> Result<opora_primitives::Limit, opora_primitives::Problem> {
                opora_primitives::Limit::new(self.limit)
            }
        }
    };
}
pub(crate) use list_query;

/// Refuses the query parameter `name` unless its value, where one is given, `holds`.
///
/// # Errors
/// [`ProblemCode::InvalidParameter`] that names the parameter and `reason`.
pub fn require<T>(
    name: &str,
    value: Option<&T>,
    reason: Reason,
    holds: impl Fn(&T) -> bool,
) -> Result<(), Problem> {
    if value.is_none_or(holds) { Ok(()) } else { Err(Problem::parameter(name, reason)) }
}

/// Refuses a text with characters that are not shown as what they are (D204).
///
/// # Errors
/// As [`require`].
pub fn visible(name: &str, value: Option<&String>) -> Result<(), Problem> {
    require(name, value, Reason::ForbiddenCharacter, |text| !text.chars().any(is_hidden))
}

/// Refuses an empty or overlong part of a name to search for, and one with control characters.
///
/// # Errors
/// As [`require`].
pub fn searchable(name: &str, value: Option<&String>) -> Result<(), Problem> {
    visible(name, value)?;
    require(name, value, Reason::WrongLength, |text| (1..=200).contains(&text.chars().count()))
}

/// The version a change starts from, as `If-Match` names it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The ETag of the version to change, or several, of which one must be that of the record as it is.
    #[param(rename = "If-Match", value_type = String, example = "\"1\"")]
    pub version: Expected,
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(expected_version(request).map(|version| Self { version }))
    }
}

/// The versions named in `If-Match` (RFC 9110, 13.1.1). A weak tag and one that we never gave are those of no version.
///
/// # Errors
/// [`ProblemCode::PreconditionRequired`] without one, and for `*`, which would lose what others have changed;
/// [`ProblemCode::BadRequest`] for too many.
fn expected_version(request: &HttpRequest) -> Result<Expected, ApiError> {
    let sent = || request.headers().get_all(IF_MATCH).filter_map(|header| header.to_str().ok());
    if !request.headers().contains_key(IF_MATCH) {
        return Err(ProblemCode::PreconditionRequired.into());
    }
    let tags = || sent().flat_map(|header| header.split(',')).map(str::trim);
    if tags().any(|tag| tag == "*") {
        let words = ("If-Match: name the version, not *", "If-Match: укажите версию, а не *");
        return Err(Problem::new(ProblemCode::PreconditionRequired, words).into());
    }
    let versions: Vec<i64> = tags().filter_map(version_of).collect();
    Expected::any_of(&versions).ok_or_else(|| {
        let most = Expected::MOST;
        let words = (format!("If-Match: at most {most} tags"), format!("If-Match: не более {most} меток"));
        Problem::new(ProblemCode::BadRequest, words).into()
    })
}

/// The version that a strong tag is of. After it the tag may say more: of which format it is, or as of when.
fn version_of(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_fraction_becomes_an_integer_in_its_place() {
        let written = |text: &str| with_whole_numbers(text.as_bytes()).map(|b| String::from_utf8(b).unwrap());
        assert_eq!(
            written(r#"{"a": 7.0,"a":-1e2, "b": 0.50}"#).unwrap(),
            r#"{"a": 7  ,"a":-100, "b": 0.50}"#
        );
        assert_eq!(written(r#"[1E3]"#).unwrap(), "[1000]");
        for same in [r#"{"a": 7}"#, r#"["7.0", "\"7.0"]"#, "[1e300]", "[0.5]", "[01.0, 7.0]", "[7.0"] {
            assert_eq!(written(same), None, "{same}");
        }
    }
}
