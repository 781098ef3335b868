//! OAuth 2 for programs: tokens by client credentials (RFC 6749, 7523), what a token is (RFC 7662), and where all this
//! is found (RFC 8414).

use crate::{
    auth::bearer,
    error::ApiError,
    limits,
    oauth::{self, Form, INTROSPECTION_PATH, OAuthError, OAuthErrorBody, TOKEN_PATH},
    routes::token_info::{TokenArea, area_of},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, PRAGMA},
    post,
    web::Data,
};
use opora_db::ActorKind;
use opora_identity::{Actor, Permission, Permissions, jwk::ALGORITHMS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(issue).service(introspect).service(metadata);
}

/// A request for a token. The client authenticates in exactly one way: by a Basic header, by `client_id` and
/// `client_secret`, or by `client_assertion`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials", "scope": "registry:read indicators:read"}))]
#[expect(dead_code, reason = "describes the form, which is read as pairs")]
pub struct TokenRequest {
    /// The kind of grant: `client_credentials`.
    #[schema(pattern = "^client_credentials$", example = "client_credentials")]
    grant_type: String,
    /// The scopes wanted, parted by spaces; all of the client's unless said, except those that name people: these are
    /// given only when asked for.
    scope: Option<String>,
    /// The client, if no header names it.
    client_id: Option<String>,
    /// Its secret, if no header has it.
    #[schema(format = Password)]
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, with an assertion.
    client_assertion_type: Option<String>,
    /// A JWT signed with a key of the client: `iss` and `sub` its id, one `aud` (the token endpoint or the issuer), `exp`
    /// at most five minutes away, a `jti` that is used once.
    client_assertion: Option<String>,
}

/// A token for a client (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
pub struct ClientToken {
    /// Goes into `Authorization: Bearer ...`.
    access_token: String,
    /// How the token is used: `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Its life in seconds.
    #[schema(minimum = 1, example = 600)]
    expires_in: i64,
    /// What it may do, parted by spaces.
    #[schema(example = "registry:read indicators:read")]
    scope: String,
}

/// A token to look into.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read as pairs")]
pub struct IntrospectionRequest {
    /// The token.
    #[schema(min_length = 1)]
    token: String,
    /// Of what kind it may be; not needed.
    token_type_hint: Option<String>,
    /// The client that asks, if no header names it.
    client_id: Option<String>,
    /// Its secret, if no header has it.
    #[schema(format = Password)]
    client_secret: Option<String>,
    /// As for a token.
    client_assertion_type: Option<String>,
    /// As for a token.
    client_assertion: Option<String>,
}

/// What a token is (RFC 7662, 2.2). Of a token that is not valid, or that the caller may not ask about, nothing but
/// `active` is told.
#[derive(Default, Serialize, ToSchema)]
#[schema(example = json!({"active": true, "scope": "registry:read", "client_id": "opc_yW6cQm3nTzq1mQ0pVd2xJA",
    "sub": "opc_yW6cQm3nTzq1mQ0pVd2xJA", "token_type": "Bearer", "exp": 1798765432, "iss": "https://opora.example",
    "aud": "opora"}))]
pub struct Introspection {
    /// Whether it is valid now.
    active: bool,
    /// What it may do, parted by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The client that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The login of the user that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    username: Option<String>,
    /// Whom it is about: the id of the user or of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<String>,
    /// How the token is used: `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    /// When it expires, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aud: Option<String>,
    /// For which organisations it may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    area: Option<TokenArea>,
}

/// How this installation gives tokens (RFC 8414).
#[derive(Serialize, ToSchema)]
pub struct ServerMetadata {
    /// The issuer of its tokens.
    #[schema(example = "https://opora.example")]
    issuer: String,
    /// Where tokens are given.
    token_endpoint: String,
    /// Where tokens are looked into.
    introspection_endpoint: String,
    /// The keys that verify tokens.
    jwks_uri: String,
    /// Where the contract is shown.
    service_documentation: String,
    /// None: nothing is authorised in a browser.
    response_types_supported: Vec<String>,
    /// The kinds of grants: `client_credentials`.
    grant_types_supported: Vec<&'static str>,
    /// How a client proves who it is at the token endpoint.
    token_endpoint_auth_methods_supported: &'static [&'static str],
    /// In which algorithms it signs assertions.
    token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    /// How it proves who it is at the introspection endpoint, besides a bearer token.
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    /// In which algorithms it signs assertions there.
    introspection_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    /// Every scope a client may be given.
    scopes_supported: &'static [Permission],
}

/// Issue an access token
///
/// For a service client, by its credentials. The token is a JWT (RFC 9068) that lives as long as `expires_in` says; it is
/// refused at once when the client is stopped, ended, or given less. There is no refresh token: ask again. After ten failures of
/// a client from one address in a quarter of an hour further attempts are refused for a while.
#[utoipa::path(operation_id = "issue_token", tag = "oauth", security(("client" = [])),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", description = "How the client proves who it is, and what it wants"),
    responses((status = 200, description = "The token", body = ClientToken),
        (status = 400, description = "`invalid_request`, `invalid_scope` or `unsupported_grant_type`", body = OAuthErrorBody),
        (status = 401, description = "`invalid_client`", body = OAuthErrorBody, headers(("WWW-Authenticate" = String, description = "How a client authenticates"))),
        (status = 429, description = "Too many failures, or too many requests", body = OAuthErrorBody, headers(("Retry-After" = i64, description = "Seconds to wait before trying again"))),
        (status = 414, description = "The address is longer than allowed", body = OAuthErrorBody),
        (status = 431, description = "The headers are more or longer than allowed", body = OAuthErrorBody),
        (status = 500, description = "`server_error`", body = OAuthErrorBody),
        (status = 503, description = "`temporarily_unavailable`", body = OAuthErrorBody, headers(("Retry-After" = i64, description = "Seconds to wait before trying again")))))]
#[post("/oauth/token")]
async fn issue(request: HttpRequest, state: Data<State>, mut form: Form) -> Result<HttpResponse, OAuthError> {
    if form.require("grant_type")? != "client_credentials" {
        return Err(OAuthError::grant_type());
    }
    let wanted = form.take("scope");
    let holder = oauth::client(&state, &request, &mut form).await?;
    let scopes = granted(wanted.as_deref(), holder.client.scopes)?;
    let (access_token, expires_in) = state.tokens.issue_to(&holder, scopes)?;
    let scope = scopes.to_string();
    Ok(unkept().json(ClientToken { access_token, token_type: "Bearer", expires_in, scope }))
}

/// What a token gets of what the client has.
fn granted(wanted: Option<&str>, has: Permissions) -> Result<Permissions, OAuthError> {
    let Some(words) = wanted else {
        let open: Permissions = has.iter().filter(|scope| !scope.names_people()).collect();
        return match open == Permissions::default() {
            true => Err(OAuthError::scope("every scope of this client names people: ask for them by name")),
            false => Ok(open),
        };
    };
    match words.parse::<Permissions>() {
        Ok(scopes) if scopes != Permissions::default() && scopes.within(has) => Ok(scopes),
        _ => Err(OAuthError::scope(refused_scopes(words, has))),
    }
}

/// Which of the scopes that were asked for there are not, and which the client does not have.
fn refused_scopes(words: &str, has: Permissions) -> String {
    let (mut unknown, mut withheld) = (Vec::new(), Vec::new());
    for (place, word) in words.split(' ').filter(|word| !word.is_empty()).enumerate() {
        match Permission::ALL.iter().find(|known| known.as_str() == word) {
            Some(known) if !has.has(*known) => withheld.push(word.to_owned()),
            Some(_) => {}
            // What is no scope by its form (RFC 6749, 3.3) is not repeated.
            None if word.len() <= 60
                && word.bytes().all(|b| b.is_ascii_lowercase() || b":_-.".contains(&b)) =>
            {
                unknown.push(word.to_owned());
            }
            None => unknown.push(format!("number {}", place + 1)),
        }
    }
    let told = [("unknown", unknown), ("not given to this client", withheld)];
    let told = told.into_iter().filter(|(_, words)| !words.is_empty());
    let told: Vec<String> = told.map(|(what, words)| format!("{what}: {}", words.join(" "))).collect();
    if told.is_empty() { "no scope is named".to_owned() } else { told.join("; ") }
}

/// Introspect a token
///
/// The caller holds a bearer token or authenticates as a client, as at the token endpoint. Everybody may ask about tokens
/// of their own; about others', who has `tokens:introspect`. Tokens of foreign issuers are asked about there. `/api/v1/token-info` tells the same of the token it is asked with.
#[utoipa::path(operation_id = "introspect_token", tag = "oauth", security(("client" = [])),
    request_body(content = IntrospectionRequest, content_type = "application/x-www-form-urlencoded", description = "The token, and who asks"),
    responses((status = 200, description = "What it is", body = Introspection),
        (status = 400, description = "`invalid_request`", body = OAuthErrorBody),
        (status = 401, description = "`invalid_client` or `invalid_token`", body = OAuthErrorBody, headers(("WWW-Authenticate" = String, description = "How a caller authenticates"))),
        (status = 429, description = "Too many failures, or too many requests", body = OAuthErrorBody, headers(("Retry-After" = i64, description = "Seconds to wait before trying again"))),
        (status = 414, description = "The address is longer than allowed", body = OAuthErrorBody),
        (status = 431, description = "The headers are more or longer than allowed", body = OAuthErrorBody),
        (status = 500, description = "`server_error`", body = OAuthErrorBody),
        (status = 503, description = "`temporarily_unavailable`", body = OAuthErrorBody, headers(("Retry-After" = i64, description = "Seconds to wait before trying again")))))]
#[post("/oauth/introspect")]
async fn introspect(
    request: HttpRequest,
    state: Data<State>,
    form: Result<Form, OAuthError>,
) -> Result<HttpResponse, OAuthError> {
    let (mut form, Asker { key, about_all, .. }) = admitted(&state, &request, form).await?;
    let token = form.require("token")?;
    let told = match state.tokens.verify(&token) {
        Ok(actor) if about_all || actor.key() == key => told(&state, actor).await?,
        _ => Introspection::default(),
    };
    Ok(unkept().json(told))
}

/// Who asks about a token.
struct Asker {
    /// By whom it is counted.
    key: (ActorKind, i64),
    /// Whether about everybody's.
    about_all: bool,
    /// How many requests a minute it may send, if that was said of it alone.
    limit: Option<u32>,
}

/// The form, and who sent it. The request is counted for who asks or, where that is not proved, for the address (D286). A
/// form that cannot be read comes here so that it is counted.
async fn admitted(
    state: &State,
    request: &HttpRequest,
    form: Result<Form, OAuthError>,
) -> Result<(Form, Asker), OAuthError> {
    let asked = async {
        let mut form = form?;
        let asker = asker(state, request, &mut form).await?;
        Ok((form, asker))
    };
    let asked = asked.await;
    match &asked {
        Ok((_, asker)) => limits::charge_known(request, asker.key, asker.limit)?,
        Err(_) => limits::charge_address(request)?,
    }
    asked
}

async fn asker(state: &State, request: &HttpRequest, form: &mut Form) -> Result<Asker, OAuthError> {
    let header = request.headers().get("authorization").map(|value| value.as_bytes());
    if header.is_some_and(|value| value.len() >= 7 && value[..7].eq_ignore_ascii_case(b"bearer ")) {
        let actor = bearer(request).await?;
        let (about_all, limit) = (actor.may(Permission::Introspect), actor.rate_limit());
        return Ok(Asker { key: actor.key(), about_all, limit });
    }
    // Credentials are looked up in the database, which an address that has no request left does not reach.
    limits::admit_address(request)?;
    let client = oauth::client(state, request, form).await?.client;
    let (about_all, limit) = (client.scopes.has(Permission::Introspect), client.rate_limit);
    let limit = limit.and_then(|limit| limit.try_into().ok());
    Ok(Asker { key: (ActorKind::Client, client.id.0), about_all, limit })
}

async fn told(state: &State, actor: Actor) -> Result<Introspection, ApiError> {
    let (kind, id) = actor.key();
    let (client_id, username) = match kind {
        ActorKind::Client => (Some(actor.name.clone()), None),
        _ => (None, Some(actor.name.clone())),
    };
    let area = actor.area;
    Ok(Introspection {
        active: true,
        scope: Some(actor.permissions.to_string()),
        sub: Some(client_id.clone().unwrap_or_else(|| id.to_string())),
        client_id,
        username,
        token_type: Some("Bearer"),
        exp: Some(actor.expires_at.unix()),
        iss: Some(state.config.issuer.clone()),
        aud: Some(state.config.audience.clone()),
        area: Some(state.read(move |db| area_of(db, area)).await?),
    })
}

fn unkept() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
    response
}

/// Get the metadata of the authorization server
///
/// Where tokens are given and looked into, how a client authenticates, which scopes there are.
#[utoipa::path(operation_id = "get_server_metadata", tag = "oauth", security(()),
    responses((status = 200, description = "The metadata", body = ServerMetadata)))]
#[get("/.well-known/oauth-authorization-server")]
async fn metadata(state: Data<State>) -> HttpResponse {
    const METHODS: &[&str] = &["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let base = state.config.base();
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=3600")).json(ServerMetadata {
        issuer: state.config.issuer.clone(),
        token_endpoint: format!("{base}{TOKEN_PATH}"),
        introspection_endpoint: format!("{base}{INTROSPECTION_PATH}"),
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        service_documentation: format!("{base}/docs/"),
        response_types_supported: Vec::new(),
        grant_types_supported: vec!["client_credentials"],
        token_endpoint_auth_methods_supported: METHODS,
        token_endpoint_auth_signing_alg_values_supported: &ALGORITHMS,
        introspection_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint_auth_signing_alg_values_supported: &ALGORITHMS,
        scopes_supported: Permission::FOR_CLIENTS,
    })
}
