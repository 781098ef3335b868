//! Logging in, staying in, logging out.

use crate::{
    auth::{Guard, ReadSelf, people_only},
    error::Answer,
    http::{extract::Body, middleware::RequestId},
    limits,
    state::{State, off_thread},
};
use actix_web::{HttpRequest, HttpResponse, get, post, put, web::Data};
use opora_identity::{
    Permission, Permissions, Who,
    sessions::{self, Opened},
    users::{self, User},
};
use opora_primitives::{Area, MunicipalityId, Problem, ProblemCode, SchoolId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(log_in).service(refresh).service(log_out).service(me).service(change_password);
}

/// Login and password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The login; case does not matter.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "institute")]
    login: String,
    /// The password.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, format = Password, example = "a long demonstration password")]
    password: String,
}

/// A refresh token.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token last given in this session.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0")]
    refresh_token: String,
}

/// One's own password, the old one and the new one.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password one has.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, format = Password, example = "a long demonstration password")]
    current_password: String,
    /// The password one wants: not the login, and no single character over and over.
    #[validate(length(min = 10, max = 128))]
    #[schema(min_length = 10, max_length = 128, format = Password, example = "four other random words")]
    password: String,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    /// Goes into `Authorization: Bearer ...`.
    access_token: String,
    /// How the access token is used: `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Life of the access token in seconds.
    #[schema(minimum = 1, example = 600)]
    expires_in: i64,
    /// Gives the next pair, once. Using it twice ends the session.
    refresh_token: String,
}

/// What the caller is and may do.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The user.
    user: User,
    /// The part it plays, in Russian.
    #[schema(example = "институт развития образования")]
    role_name: &'static str,
    /// The part of the region it works for.
    area: AreaView,
    /// Everything it may do.
    #[schema(value_type = Vec<Permission>)]
    permissions: Permissions,
}

/// The part of the region a user works for.
#[derive(Serialize, ToSchema)]
#[schema(as = Area)]
pub struct AreaView {
    /// What part of the region it is.
    #[schema(example = "region")]
    kind: AreaKind,
    /// The municipality, if the area is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    municipality_id: Option<MunicipalityId>,
    /// The school, if the area is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    school_id: Option<SchoolId>,
}

/// How large an area is: `region` the whole region; `municipality` one with its city districts and its schools; `school` one
/// school.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaKind {
    /// The whole region.
    Region,
    /// One municipality, with its city districts and its schools.
    Municipality,
    /// One school.
    School,
}

impl From<Area> for AreaKind {
    fn from(area: Area) -> Self {
        match area {
            Area::Region => Self::Region,
            Area::Municipality(_) => Self::Municipality,
            Area::School(_) => Self::School,
        }
    }
}

impl From<Area> for AreaView {
    fn from(area: Area) -> Self {
        let (municipality_id, school_id) = match area {
            Area::Region => (None, None),
            Area::Municipality(id) => (Some(id), None),
            Area::School(id) => (None, Some(id)),
        };
        Self { kind: area.into(), municipality_id, school_id }
    }
}

/// Where a request comes from: failures are counted by it.
fn address(request: &HttpRequest) -> String {
    limits::address_of(request).map(|address| address.to_string()).unwrap_or_default()
}

fn pair(state: &State, opened: &Opened) -> Answer {
    Ok(HttpResponse::Ok().json(TokenPair {
        access_token: state.tokens.issue(&opened.user, opened.session)?,
        token_type: "Bearer",
        expires_in: state.tokens.life(),
        refresh_token: opened.refresh_token.clone(),
    }))
}

/// Log in
///
/// Gives an access token and a refresh token. After ten failures in a quarter of an hour a login is refused for a while.
#[utoipa::path(operation_id = "log_in", tag = "session", request_body = Credentials, security(()),
    extensions(("x-problems" = json!(["wrong_credentials", "too_many_attempts"]))),
    responses((status = 200, description = "The tokens of a new session", body = TokenPair)))]
#[post("/auth/login")]
async fn log_in(request: HttpRequest, state: Data<State>, Body(body): Body<Credentials>) -> Answer {
    let (database, id, address) = (state.database.clone(), RequestId::of(&request), address(&request));
    let opened =
        off_thread(move || sessions::log_in(&database, &id, &body.login, &body.password, &address)).await?;
    pair(&state, &opened)
}

/// Refresh the tokens
///
/// Gives the next pair for a refresh token and uses it up. A token that comes a second time ends its session: somebody
/// else may hold it.
#[utoipa::path(operation_id = "refresh_session", tag = "session", request_body = RefreshRequest, security(()),
    extensions(("x-problems" = json!(["invalid_refresh_token", "reused_refresh_token"]))),
    responses((status = 200, description = "The next tokens of the session", body = TokenPair)))]
#[post("/auth/refresh")]
async fn refresh(request: HttpRequest, state: Data<State>, Body(body): Body<RefreshRequest>) -> Answer {
    let (database, id) = (state.database.clone(), RequestId::of(&request));
    let opened = off_thread(move || sessions::refresh(&database, &id, &body.refresh_token)).await;
    if opened.as_ref().is_err_and(|refusal| refusal.0.code == ProblemCode::ReusedRefreshToken) {
        state.forget_ended().await?;
    }
    pair(&state, &opened?)
}

/// Log out
///
/// Ends the session: its refresh token is void, its access tokens are refused at once. Who has come with a token of a
/// foreign issuer has no session here and logs out there.
#[utoipa::path(operation_id = "log_out", tag = "session", security(("bearer" = ["self:read"])),
    responses((status = 204, description = "The session has ended")))]
#[post("/auth/logout")]
async fn log_out(guard: Guard<ReadSelf>, state: Data<State>) -> Answer {
    let (database, origin) = (state.database.clone(), guard.origin());
    let Who::User { session: Some(session), .. } = guard.actor.who else {
        let words = ("this token is of no session here", "у этого токена нет сеанса в системе");
        return Err(Problem::new(ProblemCode::Forbidden, words).into());
    };
    off_thread(move || sessions::log_out(&database, &origin, session)).await?;
    state.tokens.forget(session);
    Ok(HttpResponse::NoContent().finish())
}

/// Get the current user
///
/// The user behind the token, its area, and everything it may do.
#[utoipa::path(operation_id = "get_me", tag = "session", security(("bearer" = ["self:read"])),
    responses((status = 200, description = "The caller", body = Me)))]
#[get("/me")]
async fn me(guard: Guard<ReadSelf>, state: Data<State>) -> Answer {
    let Who::User { id, role, .. } = guard.actor.who else { return Err(people_only().into()) };
    let user = state.read(move |db| users::find(db, id)).await?;
    let (area, permissions) = (guard.area().into(), guard.actor.permissions);
    Ok(HttpResponse::Ok().json(Me { user, role_name: role.ru(), area, permissions }))
}

/// Change the current user's password
///
/// The session goes on; all others of the user end. A wrong current password counts as a failed login. Who has come with a
/// token of a foreign issuer has no password here: `wrong_state`.
#[utoipa::path(operation_id = "change_password", tag = "session", request_body = PasswordChange, security(("bearer" = ["self:read"])),
    extensions(("x-problems" = json!(["too_many_attempts"]))),
    responses((status = 204, description = "The password is changed")))]
#[put("/me/password")]
async fn change_password(
    guard: Guard<ReadSelf>,
    request: HttpRequest,
    state: Data<State>,
    Body(body): Body<PasswordChange>,
) -> Answer {
    let Who::User { id, session, .. } = guard.actor.who else { return Err(people_only().into()) };
    let (database, origin, address) = (state.database.clone(), guard.origin(), address(&request));
    off_thread(move || {
        let PasswordChange { current_password: current, password: new } = &body;
        sessions::change_password(&database, &origin, (id, session), current, new, &address)
    })
    .await?;
    state.forget_ended().await?;
    Ok(HttpResponse::NoContent().finish())
}
