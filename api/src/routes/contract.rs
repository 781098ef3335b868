//! The contract and its documentation, served from the binary.

use crate::{
    error::{Answer, ApiError},
    http::{
        extract::{pairs, unknown_parameter},
        route,
        shape::{Named, parameter_flaw},
    },
    openapi::{self, Asked, QueryParameter},
};
use actix_web::{
    HttpRequest, HttpResponse,
    dev::ResourceDef,
    http::header::ALLOW,
    web::{self, Data},
};
use opora_db::Error;
use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};
use utoipa_swagger_ui::SwaggerUi;

/// What requests are held against, and the contract itself.
pub struct Published {
    /// The contract in both forms, made when it is first asked for.
    written: OnceLock<Result<Written, String>>,
    /// The address of each operation with its method: what a request with another method is told.
    methods: Vec<(ResourceDef, String)>,
    /// The query parameters of each operation, by its path and its method.
    parameters: HashMap<String, Vec<(&'static str, Vec<QueryParameter>)>>,
    /// The schemas that these refer to.
    schemas: Named,
}

/// The contract in both forms.
struct Written {
    yaml: String,
    json: String,
}

impl Written {
    fn new() -> Result<Self, String> {
        let document = openapi::document();
        Ok(Self { yaml: openapi::yaml(&document)?, json: openapi::json(&document)? })
    }
}

impl Default for Published {
    fn default() -> Self {
        let (operations, schemas) = openapi::asked();
        let (mut methods, mut parameters) = (Vec::new(), HashMap::<String, Vec<_>>::new());
        for Asked { path, method, parameters: known } in operations {
            let told = if method == "get" { "GET, HEAD".into() } else { method.to_uppercase() };
            methods.push((ResourceDef::new(path.as_str()), told));
            parameters.entry(path).or_default().push((method, known));
        }
        Self { written: OnceLock::new(), methods, parameters, schemas }
    }
}

impl Published {
    fn written(&self) -> Result<&Written, ApiError> {
        let written = self.written.get_or_init(Written::new).as_ref();
        written.map_err(|fault| Error::fault(fault.clone()).into())
    }

    /// Refuses query parameters of `request` that its operation does not have, that are missing, stand twice, or have a
    /// value of another form, all at once. Handlers without any would not look.
    ///
    /// # Errors
    /// [`ProblemCode::UnknownParameter`] if there is an unknown one, else [`ProblemCode::InvalidParameter`].
    pub fn check_parameters(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(known) = self.parameters_of(request) else { return Ok(()) };
        let sent = pairs(request.query_string());
        let names = || known.iter().map(|parameter| parameter.name.as_str());
        let is_unknown = |(name, _): &&(String, String)| names().all(|word| word != name);
        let mut flaws: Vec<Flaw> =
            sent.iter().filter(is_unknown).map(|(name, _)| unknown_parameter(name, names())).collect();
        let strange = flaws.len();
        flaws.extend(known.iter().flat_map(|parameter| self.flaws_of(parameter, &sent)));
        match (strange, flaws.is_empty()) {
            (_, true) => Ok(()),
            (0, _) => Err(Problem::parameters(flaws)),
            _ => Err(Problem { flaws, ..Problem::new(ProblemCode::UnknownParameter, list(names())) }),
        }
    }

    /// What is wrong with values that the operation of `request` takes as query parameters and that came in its body.
    pub fn flaws_of_parts(&self, request: &HttpRequest, parts: &BTreeMap<String, String>) -> Vec<Flaw> {
        let known = self.parameters_of(request).unwrap_or_default();
        let of = |parameter: &QueryParameter| {
            let value = parts.get(&parameter.name)?;
            parameter_flaw(&self.schemas, &parameter.schema, &format!("/{}", parameter.name), value)
        };
        known.iter().filter_map(of).collect()
    }

    fn parameters_of(&self, request: &HttpRequest) -> Option<&[QueryParameter]> {
        let operations = self.parameters.get(&*route::of(request)?)?;
        let is_asked = |(method, _): &&(&str, _)| request.method().as_str().eq_ignore_ascii_case(method);
        operations.iter().find(is_asked).map(|(_, known)| known.as_slice())
    }

    fn flaws_of(&self, parameter: &QueryParameter, sent: &[(String, String)]) -> Option<Flaw> {
        let QueryParameter { name, required, schema } = parameter;
        let mut values = sent.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Some(Flaw::at(name, Reason::Repeated)),
            (Some(value), None) => parameter_flaw(&self.schemas, schema, name, value),
            (None, _) => required.then(|| Flaw::at(name, Reason::Required)),
        }
    }
}

/// The known parameters, in words.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> (String, String) {
    match names.collect::<Vec<_>>().join(", ").as_str() {
        "" => ("there are none here".to_owned(), "здесь нет параметров".to_owned()),
        list => (format!("known: {list}"), format!("известные: {list}")),
    }
}

/// Registers the pages. They describe the operations and so are not operations themselves.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/openapi.yaml", web::get().to(yaml))
        .route("/openapi.json", web::get().to(json))
        .route("/docs/errors", web::get().to(errors))
        .route("/", web::get().to(to_docs))
        .route("/docs", web::get().to(to_docs))
        .service(SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::new(["/openapi.json"])));
}

/// Answers what no route takes: 405 with the methods of the address, 404 where no operation lives.
pub async fn unmatched(request: HttpRequest, published: Data<Published>) -> HttpResponse {
    let path = request.path();
    let here = || published.methods.iter().filter(|(address, _)| address.is_match(path));
    // `/schools/bulk` looks like a school of that name as well; what is written out is meant.
    let is_written_out = here().any(|(address, _)| address.pattern() == Some(path));
    let methods: Vec<&str> = here()
        .filter(|(address, _)| !is_written_out || address.pattern() == Some(path))
        .map(|(_, method)| method.as_str())
        .collect();
    if methods.is_empty() {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods.join(", "))).finish()
}

/// To the documentation, for who knows only the address of the server.
async fn to_docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/docs/")).finish()
}

async fn yaml(published: Data<Published>) -> Answer {
    let text = published.written()?.yaml.clone();
    Ok(HttpResponse::Ok().content_type("application/yaml; charset=utf-8").body(text))
}

async fn json(published: Data<Published>) -> Answer {
    Ok(HttpResponse::Ok().content_type("application/json").body(published.written()?.json.clone()))
}

/// The catalogue that the `type` of a problem document points into.
async fn errors() -> HttpResponse {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Opora: errors</title>\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
         td,th{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top}code{font-size:.95em}</style>\
         <h1>Problems</h1><p>A program looks at <code>code</code>; titles may change.</p>\
         <table><tr><th>code<th>status<th>title<th>по-русски</tr>",
    );
    for code in ProblemCode::ALL {
        let ((en, ru), name) = (code.titles(), code.as_str());
        page +=
            &format!("<tr id=\"{name}\"><td><code>{name}</code><td>{}<td>{en}<td>{ru}</tr>", code.status());
    }
    page +=
        "</table><h1>Reasons of a refused field or row</h1><table><tr><th>code<th>meaning<th>по-русски</tr>";
    for reason in Reason::ALL {
        let ((en, ru), name) = (reason.messages(), reason.as_str());
        page += &format!("<tr id=\"reason-{name}\"><td><code>{name}</code><td>{en}<td>{ru}</tr>");
    }
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page + "</table></html>")
}
