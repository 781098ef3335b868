//! Which operation a request came to, by the template of its address: `/api/v1/schools/{school}`.

use actix_web::{HttpMessage, HttpRequest};
use std::rc::Rc;

#[derive(Clone)]
struct Template(Option<Rc<str>>);

/// The template, or none where no operation lives. It is remembered with the request: the framework compares the address
/// with all templates anew each time it is asked.
pub fn of(request: &HttpRequest) -> Option<Rc<str>> {
    if let Some(Template(found)) = request.extensions().get::<Template>() {
        return found.clone();
    }
    let found: Option<Rc<str>> = request.match_pattern().map(Into::into);
    request.extensions_mut().insert(Template(found.clone()));
    found
}
