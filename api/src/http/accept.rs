//! Which format an answer is in.

use crate::{error::ApiError, http::vary};
use actix_web::{HttpRequest, http::header::ACCEPT};
use opora_documents::Format;
use opora_primitives::{Flaw, Problem, ProblemCode};

/// A format that an answer may be in.
pub trait Offer: Copy {
    /// Its name in a query.
    fn name(self) -> &'static str;

    /// Its media type, without parameters.
    fn media_type(self) -> &'static str;
}

impl Offer for Format {
    fn name(self) -> &'static str {
        self.as_str()
    }

    fn media_type(self) -> &'static str {
        Format::media_type(self)
    }
}

/// One of `formats`: the one the query names, or the best that `Accept` names; the first if neither says anything.
///
/// # Errors
/// [`ProblemCode::NotAcceptable`]; [`ProblemCode::InvalidParameter`] for the name of another.
pub fn chosen<F: Offer>(
    request: &HttpRequest,
    named: Option<&str>,
    formats: &[F],
) -> std::result::Result<F, ApiError> {
    if let Some(name) = named {
        let known = formats.iter().copied().find(|format| format.name() == name);
        return known.ok_or_else(|| {
            let names = formats.iter().map(|format| format.name());
            Problem::parameters(vec![Flaw::unknown_word("format", name, names)]).into()
        });
    }
    vary::note(request, ACCEPT);
    let Some(accept) = request.headers().get(ACCEPT).and_then(|v| v.to_str().ok()) else {
        return formats.first().copied().ok_or_else(|| ProblemCode::NotAcceptable.into());
    };
    preferred(accept, formats).ok_or_else(|| ProblemCode::NotAcceptable.into())
}

/// The format with the greatest weight; of equals the one named first.
fn preferred<F: Offer>(accept: &str, formats: &[F]) -> Option<F> {
    let mut best: Option<(f32, F)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        let found = formats.iter().copied().find(|format| fits(media_type, format.media_type()));
        if let Some(format) = found
            && weight > best.map_or(0.0, |(most, _)| most)
        {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format)
}

/// Whether the range `wanted` of `Accept` takes in the media type `offered`.
fn fits(wanted: &str, offered: &str) -> bool {
    let kind = |media_type: &str| media_type.split('/').next().unwrap_or_default().to_owned();
    wanted == "*/*"
        || wanted.eq_ignore_ascii_case(offered)
        || wanted.strip_suffix("/*") == Some(&kind(offered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_weight_decides() {
        assert_eq!(preferred("application/pdf", &Format::ALL), Some(Format::Pdf));
        assert_eq!(preferred("*/*", &Format::ALL), Some(Format::Json));
        assert_eq!(preferred("text/*;q=0.5, application/pdf;q=0.4", &Format::ALL), Some(Format::Html));
        assert_eq!(preferred("text/csv;q=0.1, application/pdf;q=0.9", &Format::ALL), Some(Format::Pdf));
        assert_eq!(preferred("image/png, application/pdf;q=0", &Format::ALL), None);
        assert_eq!(
            preferred("application/json, text/*;q=0.1", &[Format::Csv, Format::Xlsx]),
            Some(Format::Csv)
        );
        assert_eq!(preferred("application/json", &[Format::Csv, Format::Xlsx]), None);
    }
}
