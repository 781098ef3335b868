//! The contract. Paths and schemas come from the handlers' own annotations; what every operation shares (its error
//! responses, the security scheme) is added here once, so that no handler can forget it.

mod examples;
mod languages;
mod refusals;
mod shapes;
mod webhooks;
mod words;

use crate::{
    http::{shape::Named, tag},
    oauth::TOKEN_PATH,
};
use actix_web::App;
use opora_identity::Permission;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{
    OpenApi,
    openapi::{
        ComponentsBuilder, HeaderBuilder, Object, OpenApi as Document, RefOr, Required, ResponseBuilder,
        Schema, Type,
        extensions::Extensions,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        security::{
            ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement,
            SecurityScheme,
        },
    },
};
use utoipa_actix_web::AppExt;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Opora",
        description = "The regional system of support for schools with low educational results: registers and results in; \
            low-result schools, model assignments and target indicators out.\n\n\
            Lists are read in pages: follow `Link: rel=\"next\"` until there is none. Errors are problem documents \
            (RFC 9457) with a stable `code`. Words are in the language that `Accept-Language` prefers of `ru` and `en`, English unless \
            it names one; `Content-Language` tells which. `RateLimit` and `RateLimit-Policy` tell how many requests a caller has left; \
            `Retry-After` stands beside 429 and 503. Whatever answers GET answers HEAD too. A school may be addressed by its id or as `code:520101`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Opora maintainers", url = "https://opora.example"),
    ),
    servers((url = "/", description = "The installation that publishes this document")),
    tags(
        (name = "session", description = "Logging in and out"),
        (name = "users", description = "People who use the system"),
        (name = "oauth", description = "Programs that use the system: their credentials and tokens"),
        (name = "registry", description = "Municipalities, schools and what is known about them"),
        (name = "changes", description = "What changed, for systems that keep a copy"),
        (name = "webhooks", description = "Being told of changes as they come"),
        (name = "imports", description = "Files on their way in, and the jobs that load them"),
        (name = "identification", description = "Methodologies, runs and verdicts on schools"),
        (name = "models", description = "The seven support models, proposals and assignments"),
        (name = "indicators", description = "The target indicators of the passport"),
        (name = "facts", description = "Facts about the activities of a plan, and their evidence"),
        (name = "passport", description = "The stages of the passport, the working group and normative acts"),
        (name = "plans", description = "The plan of support: versions, activities and their status on a day"),
        (name = "reports", description = "Half-yearly reports and analytical notes, in every format"),
        (name = "publication", description = "What is told without a login"),
        (name = "audit", description = "Who did what, and whether the record of it still holds"),
        (name = "service", description = "The state of the installation"),
    ),
    components(schemas(
        crate::error::ProblemDocument,
        crate::error::FieldError,
        crate::webhooks::ChangeMessage,
        opora_reporting::reports::PeriodRef,
        opora_db::journal::FeedResource,
        opora_schools::registry::partitions::Harvest
    )),
)]
struct Base;

/// The whole contract, as the running server publishes it: the work of some tens of milliseconds.
pub fn document() -> Document {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(|config| crate::routes::each().for_each(|add| add(config)))
        .split_for_parts();
    complete(document)
}

/// A query parameter of an operation.
#[derive(Clone)]
pub struct QueryParameter {
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it holds.
    pub schema: RefOr<Schema>,
}

impl QueryParameter {
    fn of(parameter: &RefOr<Parameter>) -> Option<Self> {
        let RefOr::T(parameter) = parameter else { return None };
        let is_query = parameter.parameter_in == ParameterIn::Query;
        let (name, schema) = (parameter.name.clone(), parameter.schema.clone()?);
        is_query.then(|| Self { name, required: parameter.required == Required::True, schema })
    }
}

/// An operation, as far as requests are held against it.
pub struct Asked {
    /// Its path.
    pub path: String,
    /// Its method, in lower case.
    pub method: &'static str,
    /// Its query parameters.
    pub parameters: Vec<QueryParameter>,
}

/// Every operation, and the schemas that their parameters refer to. Made file by file: the whole contract, as long as it is
/// made, is larger than all else that an idle server holds.
pub fn asked() -> (Vec<Asked>, Named) {
    let (mut found, mut named) = (Vec::new(), BTreeMap::new());
    for add in crate::routes::each() {
        let app = App::new().into_utoipa_app().openapi(Base::openapi()).configure(add);
        let (_, mut document) = app.split_for_parts();
        shapes::settle(&mut document);
        let mut wanted = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let parameters: Vec<_> =
                    operation.parameters.iter().flatten().filter_map(QueryParameter::of).collect();
                parameters
                    .iter()
                    .for_each(|parameter| shapes::note_references(&parameter.schema, &mut wanted));
                found.push(Asked { path: path.clone(), method, parameters });
            }
        }
        let schemas = document.components.map(|components| components.schemas).unwrap_or_default();
        while let Some(name) = wanted.pop_first() {
            if let Some(schema) = schemas.get(&name).filter(|_| !named.contains_key(&name)) {
                shapes::note_references(schema, &mut wanted);
                named.insert(name, schema.clone());
            }
        }
    }
    (found, named.into_iter().collect())
}

/// The contract as `openapi.yaml` keeps it.
///
/// # Errors
/// A document that cannot be written as YAML.
pub fn yaml(document: &Document) -> Result<String, String> {
    document.to_yaml().map(|text| quote_words(&text)).map_err(|e| e.to_string())
}

/// Quotes the words that are truth values to readers of YAML 1.1, which most of Python's are: a parameter is called `on`.
fn quote_words(yaml: &str) -> String {
    const WORDS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];
    let quote = |line: &str| -> String {
        let text = line.trim_start_matches([' ', '-']);
        let start = &line[..line.len() - text.len()];
        let (key, value) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
        match (WORDS.contains(&key), WORDS.contains(&value)) {
            (true, _) => format!("{start}'{key}'{}", &text[key.len()..]),
            (_, true) => format!("{start}{key}: '{value}'"),
            _ => line.to_owned(),
        }
    };
    yaml.lines().map(|line| quote(line) + "\n").collect()
}

/// The contract as JSON.
///
/// # Errors
/// A document that cannot be written as JSON.
pub fn json(document: &Document) -> Result<String, String> {
    serde_json::to_string(document).map_err(|e| e.to_string())
}

fn complete(mut document: Document) -> Document {
    let mut components = ComponentsBuilder::from(document.components.take().unwrap_or_default());
    for (name, response) in refusals::components() {
        components = components.response(name, response);
    }
    for (name, scheme) in schemes() {
        components = components.security_scheme(name, scheme);
    }
    components = components.parameter(languages::ASKED, languages::parameter());
    document.components = Some(components.build());
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            refusals::add(path, method, operation);
            add_tag(path, method, operation);
            add_condition(method, operation);
            name_permission(operation);
            languages::add(path, operation);
        }
    }
    shapes::settle(&mut document);
    webhooks::add(&mut document);
    words::complete(&mut document);
    examples::add(&mut document);
    document
}

/// How a caller proves who it is.
fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let words: Vec<&str> = Permission::ALL.iter().map(|p| p.as_str()).collect();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(format!(
        "The access token of `login` or of `/oauth/token`. An operation names the permission it needs; the permissions are {}.",
        words.join(", ")
    )));
    let scopes = Permission::FOR_CLIENTS.iter().map(|scope| (scope.as_str(), scope.meaning()));
    let flow = ClientCredentials::new(TOKEN_PATH, Scopes::from_iter(scopes));
    let oauth2 = OAuth2::with_description(
        [Flow::ClientCredentials(flow)],
        "Tokens for programs. What no scope allows is reserved to people.",
    );
    let client = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(
        "Id and secret of a service client. It may send them in the form instead, or a signed assertion.",
    ));
    [
        ("bearer", SecurityScheme::Http(bearer.build())),
        ("oauth2", SecurityScheme::OAuth2(oauth2)),
        ("client", SecurityScheme::Http(client.build())),
    ]
}

/// The permission of an operation, as an extension and in words: OpenAPI knows scopes of OAuth flows only. Where a program
/// may have it, it is a scope too.
fn name_permission(operation: &mut Operation) {
    let Some(need) = operation.security.iter().flatten().find_map(|need| scopes(need).into_iter().next())
    else {
        return;
    };
    let description = operation.description.get_or_insert_default();
    description.push_str(&format!("\n\nNeeds the permission `{need}`."));
    let mut security = vec![SecurityRequirement::new("bearer", [""; 0])];
    if Permission::FOR_CLIENTS.iter().any(|scope| scope.as_str() == need) {
        security.push(SecurityRequirement::new("oauth2", [need.as_str()]));
    }
    operation.security = Some(security);
    let permission = Extensions::builder().add("x-permission", need).build();
    operation.extensions.get_or_insert_default().merge(permission);
}

fn scopes(need: &SecurityRequirement) -> Vec<String> {
    let value = serde_json::to_value(need).unwrap_or_default();
    value["bearer"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|scope| scope.as_str().map(str::to_owned))
        .collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("put", item.put.as_mut()),
        ("post", item.post.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn has_parameter(operation: &Operation, names: &[&str]) -> bool {
    let named = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => names.contains(&parameter.name.as_str()),
        RefOr::Ref(_) => false,
    };
    operation.parameters.iter().flatten().any(named)
}

/// A record that no version is counted of is tagged by its contents (`crate::http::tag`).
fn add_tag(path: &str, method: &str, operation: &mut Operation) {
    if method != "get" || !tag::is_record(path) {
        return;
    }
    let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") else { return };
    if found.content.contains_key("application/json") && !found.headers.contains_key("ETag") {
        let text = Object::builder().schema_type(Type::String).build();
        let header = HeaderBuilder::new().schema(Some(text)).description(Some("A digest of the contents"));
        found.headers.insert("ETag".into(), header.build().into());
    }
}

/// Whatever is read with an ETag may be asked for only if it has changed.
fn add_condition(method: &str, operation: &mut Operation) {
    let tagged = matches!(operation.responses.responses.get("200"), Some(RefOr::T(found)) if found.headers.contains_key("ETag"));
    if method != "get" || !tagged {
        return;
    }
    let text = Object::builder().schema_type(Type::String).build();
    let condition = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("ETags the caller has: answered with 304 if the record is still at one of them"))
        .schema(Some(text))
        .example(Some(json!("\"1\"")));
    operation.parameters.get_or_insert_default().push(condition.build().into());
    let unchanged = ResponseBuilder::new().description("Still at the version the caller has").build();
    operation.responses.responses.insert("304".into(), unchanged.into());
}
