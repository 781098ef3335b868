//! Users: made and let go by the administrator.

use crate::{
    auth::{Guard, ManageUsers},
    error::{Answer, ApiError},
    http::{
        answer::{Items, changed_to, page, versioned},
        create::{IdempotencyKey, create_once, created},
        extract::{Body, IfMatch, Query, list_query},
    },
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, get, patch, post,
    web::{Data, Path},
};
use opora_db::edit::present;
use opora_identity::{
    Role,
    passwords::{self, NewPassword},
    users::{self, NewUser, User, UserChange, UserId},
};
use opora_primitives::{Area, Cursor, MunicipalityId, Page, SchoolId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update);
}

list_query! {
    /// Where in the list.
    UserQuery {}
}

/// A new user.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserCreate {
    /// What is typed to log in; kept in lower case.
    #[validate(length(min = 2, max = 60))]
    #[schema(min_length = 2, max_length = 60, example = "uren.coordinator")]
    login: String,
    /// The name people read.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Координатор Уренского округа")]
    display_name: String,
    /// The password.
    #[validate(length(min = 10, max = 128))]
    #[schema(min_length = 10, max_length = 128, format = Password, example = "four random words")]
    password: String,
    /// The part it plays.
    role: Role,
    /// The municipality it works for; needed by the role `municipality`.
    municipality_id: Option<MunicipalityId>,
    /// The school it works for; needed by the role `school`.
    school_id: Option<SchoolId>,
}

/// What changes in a user. An absent field stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false}))]
pub struct UserUpdate {
    /// The name people read.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 200))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    display_name: Option<String>,
    /// Whether it may log in. When it may not, its sessions end.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    active: Option<bool>,
    /// Another password, for a user who has forgotten the old one. Its sessions end. One's own is changed at
    /// `/api/v1/me/password` (`conflict`).
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 10, max = 128))]
    #[schema(value_type = String, required = false, min_length = 10, max_length = 128, format = Password)]
    password: Option<String>,
}

impl UserUpdate {
    fn change(self) -> opora_db::Result<UserChange> {
        let Self { display_name, active, password } = self;
        let password = password.map(NewPassword::of).transpose()?;
        Ok(UserChange { display_name, active, password, kept: None })
    }
}

impl From<UserCreate> for NewUser {
    fn from(body: UserCreate) -> Self {
        let area = match (body.school_id, body.municipality_id) {
            (Some(school), _) => Area::School(school),
            (None, Some(municipality)) => Area::Municipality(municipality),
            (None, None) => Area::Region,
        };
        let UserCreate { login, display_name, password, role, .. } = body;
        Self { login, display_name, password, role, area }
    }
}

/// Records that the caller was shown `people` by name. If that cannot be recorded nobody is shown.
async fn shown(state: &State, guard: &Guard<ManageUsers>, people: Vec<UserId>) -> Result<(), ApiError> {
    let note = move |tx: &mut opora_db::Tx| {
        users::note_reading(tx, &people);
        Ok(())
    };
    state.write(guard.origin(), note).await
}

/// List users
///
/// In the order in which they were made. Names people: the reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_users", tag = "users", params(UserQuery), security(("bearer" = ["users:manage"])),
    responses((status = 200, description = "A page of users", body = Items<User>, headers(("Link" = String, description = "The next page")))))]
#[get("/users")]
async fn list(
    guard: Guard<ManageUsers>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<UserQuery>,
) -> Answer {
    let limit = query.limit()?;
    let after = query.cursor.as_deref().map(|c| Cursor::decode("users", c)).transpose()?;
    let rows = state.read(move |db| users::list(db, after, limit.to_fetch())).await?;
    let found = Page::cut(rows, limit, "users", |user| user.id);
    shown(&state, &guard, found.items.iter().map(|user| user.id).collect()).await?;
    page(&request, found)
}

/// Create a user
///
/// The role `municipality` needs a municipality, the role `school` a school.
#[utoipa::path(operation_id = "create_user", tag = "users", params(IdempotencyKey), request_body = UserCreate, security(("bearer" = ["users:manage"])),
    responses((status = 201, description = "The new user", body = User, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/users")]
async fn create(
    guard: Guard<ManageUsers>,
    request: HttpRequest,
    state: Data<State>,
    Body(body): Body<UserCreate>,
) -> Answer {
    let new = NewUser::from(body);
    // Hashing is slow on purpose and has no place in a transaction.
    let (new, hash) = off_thread(move || {
        users::check(&new)?;
        let hash = passwords::hash(&new.password)?;
        Ok((new, hash))
    })
    .await?;
    create_once(&state, &guard, &request, move |tx| {
        let user = users::create(tx, &new, &hash)?;
        created(format!("/api/v1/users/{}", user.id), &user)
    })
    .await
}

/// Get a user
///
/// With the ETag that a change needs. Names a person: the reading is recorded in the audit log.
#[utoipa::path(operation_id = "get_user", tag = "users", params(("id" = UserId, Path, description = "The user's id")), security(("bearer" = ["users:manage"])),
    responses((status = 200, description = "The user", body = User, headers(("ETag" = String, description = "The version")))))]
#[get("/users/{id}")]
async fn get(
    guard: Guard<ManageUsers>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<UserId>,
) -> Answer {
    let id = id.into_inner();
    let user = state.read(move |db| users::find(db, id)).await?;
    shown(&state, &guard, vec![id]).await?;
    Ok(versioned(&request, user.version, &user))
}

/// Update a user
///
/// Lets it in or out, names it anew, gives it another password. Needs `If-Match` with the user's ETag. A user of a foreign
/// issuer has no password here and is called as its issuer says: `wrong_state`.
#[utoipa::path(operation_id = "update_user", tag = "users", request_body = UserUpdate,
    params(("id" = UserId, Path, description = "The user's id"), IfMatch),
    security(("bearer" = ["users:manage"])),
    responses((status = 200, description = "The changed user", body = User, headers(("ETag" = String, description = "The version")))))]
#[patch("/users/{id}")]
async fn update(
    guard: Guard<ManageUsers>,
    state: Data<State>,
    id: Path<UserId>,
    IfMatch { version }: IfMatch,
    Body(body): Body<UserUpdate>,
) -> Answer {
    let (id, by) = (id.into_inner(), guard.user()?);
    let change = off_thread(move || body.change()).await?;
    let ends = change.password.is_some() || change.active == Some(false);
    let user =
        state.write(guard.origin(), move |tx| users::update(tx, id, &change, version, Some(by))).await?;
    if ends {
        state.forget_ended().await?;
    }
    Ok(changed_to(user.version, &user))
}
