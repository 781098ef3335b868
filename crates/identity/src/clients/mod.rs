//! Service clients: programs of other systems with credentials of their own, scopes and an area. They get tokens by
//! OAuth 2 client credentials; a change that takes something from a client voids its tokens at once.

pub mod authenticate;
pub mod edit;
pub mod keys;
pub mod secrets;

use crate::Permissions;
use diesel::prelude::*;
use keys::ClientKeys;
use opora_db::{Db, Error, Result, schema::service_clients};
use opora_primitives::{Area, Cursor, Limit, Moment, MunicipalityId, Page, SchoolId};
use secrets::ClientSecret;
use serde::Serialize;
use std::collections::HashMap;

opora_primitives::id_type!(
    /// A service client.
    ClientId
);

/// A service client, without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ServiceClient {
    /// Its id.
    pub id: ClientId,
    /// What it calls itself when it asks for a token.
    #[schema(example = "opc_yW6cQm3nTzq1mQ0pVd2xJA")]
    pub client_id: String,
    /// Which system it is.
    #[schema(example = "Региональная витрина данных")]
    pub name: String,
    /// What its tokens may do at most.
    #[schema(value_type = Vec<crate::Permission>)]
    pub scopes: Permissions,
    /// The municipality it works for, if that bounds its area.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it works for, if that bounds its area.
    pub school_id: Option<SchoolId>,
    /// The public keys that verify its assertions, if it has any.
    pub jwks: Option<ClientKeys>,
    /// Its secrets, the oldest first; never the secrets themselves.
    pub secrets: Vec<ClientSecret>,
    /// How many requests it may send in a minute, if not as many as any client.
    pub rate_limit: Option<i32>,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
    /// Whether it is stopped for a while.
    pub disabled: bool,
    /// When it was ended for good.
    pub revoked_at: Option<Moment>,
    /// When it last got a token, to the minute.
    pub last_used_at: Option<Moment>,
    /// Counts the changes; the ETag begins with it.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

impl ServiceClient {
    /// The part of the region it works for.
    pub fn area(&self) -> Area {
        Area::of(self.municipality_id, self.school_id)
    }

    /// Whether it may have tokens.
    pub fn is_live(&self, now: Moment) -> bool {
        !self.disabled && self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// The row of a client.
#[derive(Queryable, Selectable)]
#[diesel(table_name = service_clients)]
struct Row {
    id: ClientId,
    client_id: String,
    name: String,
    scopes: String,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    jwks: Option<String>,
    rate_limit: Option<i32>,
    expires_at: Option<Moment>,
    disabled: bool,
    revoked_at: Option<Moment>,
    last_used_at: Option<Moment>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl Row {
    fn with(self, secrets: Vec<ClientSecret>) -> Result<ServiceClient> {
        let Row { id, client_id, name, municipality_id, school_id, rate_limit, .. } = self;
        let Row { expires_at, disabled, revoked_at, last_used_at, version, created_at, updated_at, .. } =
            self;
        let jwks = self.jwks.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::fault)?;
        let scopes = Permissions::known(&self.scopes);
        Ok(ServiceClient {
            id,
            client_id,
            name,
            scopes,
            municipality_id,
            school_id,
            jwks,
            secrets,
            rate_limit,
            expires_at,
            disabled,
            revoked_at,
            last_used_at,
            version,
            created_at,
            updated_at,
        })
    }
}

/// The client `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: ClientId) -> Result<ServiceClient> {
    let row: Row = service_clients::table.find(id).select(Row::as_select()).first(db)?;
    let secrets = secrets::of(db, &[id])?.remove(&id).unwrap_or_default();
    row.with(secrets)
}

/// The client that calls itself `client_id`.
///
/// # Errors
/// Not found.
pub fn named(db: &mut Db, client_id: &str) -> Result<ServiceClient> {
    let found = service_clients::table.filter(service_clients::client_id.eq(client_id));
    let id = found.select(service_clients::id).first(db)?;
    find(db, id)
}

/// Clients in the order in which they were made, ended ones with them.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, limit: Limit, cursor: Option<&str>) -> Result<Page<ServiceClient>> {
    const SCOPE: &str = "service clients";
    let after = cursor.map(|c| Cursor::decode::<ClientId>(SCOPE, c)).transpose()?;
    let rows: Vec<Row> = service_clients::table
        .filter(service_clients::id.gt(after.unwrap_or(ClientId(0))))
        .order(service_clients::id)
        .limit(limit.to_fetch())
        .select(Row::as_select())
        .load(db)?;
    let ids: Vec<ClientId> = rows.iter().map(|row| row.id).collect();
    let mut secrets = secrets::of(db, &ids)?;
    let clients: Result<Vec<_>> = rows
        .into_iter()
        .map(|row| {
            let own = secrets.remove(&row.id).unwrap_or_default();
            row.with(own)
        })
        .collect();
    Ok(Page::cut(clients?, limit, SCOPE, |client: &ServiceClient| client.id))
}

/// How often the rights of each client that has changed since `since` had been taken back: tokens made before are
/// refused although they have not expired.
///
/// # Errors
/// Faults of the database.
pub(crate) fn epochs_since(db: &mut Db, since: Moment) -> Result<HashMap<ClientId, i64>> {
    let changed = service_clients::table.filter(service_clients::updated_at.gt(since));
    let rows: Vec<(ClientId, i64)> =
        changed.select((service_clients::id, service_clients::epoch)).load(db)?;
    Ok(rows.into_iter().collect())
}
