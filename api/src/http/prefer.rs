//! What a client would like best (`Prefer`, RFC 7240). What is not known is ignored, as the RFC says.

use actix_web::{HttpRequest, HttpResponse};
use std::time::Duration;
use utoipa::IntoParams;

/// The contract's words for the header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct PreferHeader {
    /// `respond-async`: answered with 202 at once; the work goes on. `wait=N`: for at most so many seconds is the end
    /// awaited; then 202.
    #[param(rename = "Prefer", value_type = String, required = false, example = "respond-async")]
    pub prefer: Option<String>,
}

/// The preferences that are known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preference {
    /// The answer need not tell the result.
    pub respond_async: bool,
    /// How long the result may be waited for.
    pub wait: Option<Duration>,
}

impl Preference {
    /// Those of `request`. Of two that contradict each other the first counts.
    pub fn of(request: &HttpRequest) -> Self {
        let values = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
        Self::read(values)
    }

    fn read<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for item in values.flat_map(|value| value.split(',')) {
            // Parameters of a preference follow a semicolon; none is known.
            let item = item.split(';').next().unwrap_or_default().trim();
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => found.respond_async = true,
                "wait" => {
                    let seconds = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs);
                    found.wait = found.wait.or(seconds);
                }
                _ => {}
            }
        }
        found
    }

    /// Tells in `response` which of them were followed.
    pub fn tell(self, response: &mut HttpResponse) {
        use actix_web::http::header::{HeaderName, HeaderValue};
        if self.respond_async {
            let name = HeaderName::from_static("preference-applied");
            response.headers_mut().insert(name, HeaderValue::from_static("respond-async"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_as_the_rfc_says() {
        let read = |values: &[&str]| Preference::read(values.iter().copied());
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(read(&[]), Preference::default());
        assert_eq!(read(&["Respond-Async, wait=10"]), Preference { respond_async: true, wait: seconds(10) });
        assert_eq!(
            read(&["return=minimal; foo=bar", "wait = \"3\", wait=9"]),
            Preference { respond_async: false, wait: seconds(3) }
        );
        assert_eq!(read(&["wait=soon, respond-asyncly"]), Preference::default());
    }
}
