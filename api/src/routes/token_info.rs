//! What one's own token is: whose, what it may do, and for which organisations.

use crate::{
    auth::{Guard, ReadToken},
    error::{Answer, Language},
    routes::session::AreaKind,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use opora_db::{ActorKind, Db, Result};
use opora_identity::{Permission, Permissions};
use opora_primitives::{Area, Limit, Moment};
use opora_schools::registry::{
    municipalities::{self, Filter, Municipality},
    schools::{self, SchoolRef},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operation of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(get);
}

/// What a token is.
#[derive(Serialize, ToSchema)]
pub struct TokenInfo {
    /// `user` or `client`.
    kind: ActorKind,
    /// The login of the user, or the public id of the client.
    #[schema(example = "opc_yW6cQm3nTzq1mQ0pVd2xJA")]
    name: String,
    /// Everything the token may do.
    #[schema(value_type = Vec<Permission>)]
    permissions: Permissions,
    /// For which organisations.
    area: TokenArea,
    /// The same in words.
    #[schema(example = "the whole region: every municipality and every school")]
    area_words: &'static str,
    /// When the token expires.
    expires_at: Moment,
}

/// The organisations a token is for.
#[derive(Serialize, ToSchema)]
pub struct TokenArea {
    /// What part of the region it is.
    #[schema(example = "municipality")]
    kind: AreaKind,
    /// The organisations: a municipality with its city districts, each of which stands for all its schools, or one
    /// school. Of the whole region none is named, because every one belongs to it.
    organisations: Vec<Organisation>,
}

/// An organisation a token is for.
#[derive(Serialize, ToSchema)]
pub struct Organisation {
    /// The kind of organisation.
    #[schema(example = "municipality")]
    kind: OrganisationKind,
    /// Its id among its kind.
    #[schema(minimum = 1, example = 17)]
    id: i64,
    /// Its natural key: ОКТМО of a municipality, the exam-system code of a school.
    #[schema(example = "22654000")]
    code: String,
    /// Its name.
    #[schema(example = "Уренский")]
    name: String,
}

/// What an organisation is: the authority of a municipality, or a school.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// The authority of a municipality, or of a district of a city.
    Municipality,
    /// A school.
    School,
}

impl From<Municipality> for Organisation {
    fn from(found: Municipality) -> Self {
        let Municipality { id, oktmo, name, .. } = found;
        Self { kind: OrganisationKind::Municipality, id: id.0, code: oktmo.to_string(), name }
    }
}

/// The organisations of `area`.
///
/// # Errors
/// Faults of the database.
pub fn area_of(db: &mut Db, area: Area) -> Result<TokenArea> {
    let organisations = match area {
        Area::Region => Vec::new(),
        Area::Municipality(_) => {
            let found =
                municipalities::list(db, area, &Filter::default(), Limit::new(Some(Limit::MOST))?, None)?;
            found.items.into_iter().map(Organisation::from).collect()
        }
        Area::School(id) => {
            let school = schools::find(db, area, &SchoolRef::Id(id))?;
            let code = school.code.to_string();
            vec![Organisation { kind: OrganisationKind::School, id: id.0, code, name: school.name }]
        }
    };
    Ok(TokenArea { kind: area.into(), organisations })
}

const fn words(area: Area) -> (&'static str, &'static str) {
    match area {
        Area::Region => (
            "the whole region: every municipality and every school",
            "вся область: все муниципалитеты и все школы",
        ),
        Area::Municipality(_) => (
            "one municipality with its city districts and all their schools",
            "один муниципалитет с районами города и всеми их школами",
        ),
        Area::School(_) => ("one school", "одна школа"),
    }
}

/// Get information about the token
///
/// Of the token the request is made with, a user's or a client's: what it may do, for which organisations, and until when.
/// What is the region's (its registers to be written, its reports) is closed to a token for a part of it, whatever it may do.
#[utoipa::path(operation_id = "get_token_info", tag = "oauth", security(("bearer" = ["token:read"])),
    responses((status = 200, description = "What it is", body = TokenInfo, headers(("Content-Language" = String, description = "The language of the words")))))]
#[get("/token-info")]
async fn get(guard: Guard<ReadToken>, request: HttpRequest, state: Data<State>) -> Answer {
    let (area, actor) = (guard.area(), guard.actor);
    let found = state.read(move |db| area_of(db, area)).await?;
    Ok(HttpResponse::Ok().json(TokenInfo {
        kind: actor.key().0,
        name: actor.name,
        permissions: actor.permissions,
        area: found,
        area_words: Language::of(&request).pick(words(area)),
        expires_at: actor.expires_at,
    }))
}
