//! Clients made, changed and ended.

use super::{ClientId, ServiceClient, find, keys::ClientKeys};
use crate::{Permission, Permissions, secret};
use diesel::prelude::*;
use opora_db::{
    Db, Error, Label, Result, Tx,
    edit::{Check, Expected, change, missing_area, present, same_version},
    schema::{client_secrets, service_clients as clients},
};
use opora_primitives::{Moment, MunicipalityId, ProblemCode, Reason, SchoolId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The longest name, in characters.
const NAME: usize = 200;

/// The highest limit, in requests a minute.
const MOST_REQUESTS: i32 = 1_000_000;

/// A new client.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Региональная витрина данных", "scopes": ["registry:read", "indicators:read"]}))]
#[schema(as = ServiceClientCreate)]
pub struct ClientDraft {
    /// Which system it is.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What its tokens may do at most. What is reserved to people is refused.
    #[schema(value_type = Vec<Permission>, min_items = 1)]
    pub scopes: Vec<String>,
    /// The municipality it works for; the whole region unless this or a school is named.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it works for; not together with a municipality.
    pub school_id: Option<SchoolId>,
    /// How many requests it may send in a minute, if not as many as any client.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub rate_limit: Option<i32>,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
    /// Its public keys (RFC 7517), if it authenticates by signed assertions: Ed25519, P-256, or RSA of 2048 bits and more.
    #[schema(value_type = Option<ClientKeys>, example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2026-1",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}))]
    pub jwks: Option<Value>,
}

/// What changes in a client; its area does not. An absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"disabled": true}))]
#[schema(as = ServiceClientUpdate)]
pub struct ClientPatch {
    /// Another name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Other scopes, all of them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<Permission>, required = false, min_items = 1)]
    pub scopes: Option<Vec<String>>,
    /// Another limit, in requests a minute.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1_000_000)]
    pub rate_limit: Option<Option<i32>>,
    /// Another end.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Moment>)]
    pub expires_at: Option<Option<Moment>>,
    /// Whether it is stopped for a while.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub disabled: Option<bool>,
    /// Other public keys, all of them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ClientKeys>)]
    pub jwks: Option<Option<Value>>,
}

/// Makes a client. It gets no secret here: see [`super::secrets::add`].
///
/// # Errors
/// All refused fields at once: an unknown or reserved scope, a name of the wrong length, an end in the past, two areas or
/// one that does not exist, keys that cannot be used.
pub fn create(tx: &mut Tx, draft: &ClientDraft) -> Result<ServiceClient> {
    let mut check = Check::default();
    let name = check.line("/name", &draft.name, NAME);
    let scopes = checked_scopes(&mut check, &draft.scopes);
    check.unless(draft.expires_at.is_none_or(|end| end > tx.at), "/expires_at", Reason::OutOfRange);
    check_limit(&mut check, draft.rate_limit);
    let twice = draft.municipality_id.is_some() && draft.school_id.is_some();
    check.unless(!twice, "/school_id", Reason::Contradiction);
    let keys = draft.jwks.as_ref().and_then(|jwks| ClientKeys::read(&mut check, jwks));
    check.done()?;
    let row = (
        clients::client_id.eq(format!("opc_{}", secret::random::<16>()?)),
        clients::name.eq(name),
        clients::scopes.eq(scopes.to_string()),
        clients::municipality_id.eq(draft.municipality_id),
        clients::school_id.eq(draft.school_id),
        clients::jwks.eq(keys.as_ref().map(text).transpose()?),
        clients::rate_limit.eq(draft.rate_limit),
        clients::expires_at.eq(draft.expires_at),
        clients::created_at.eq(tx.at),
        clients::updated_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let made = diesel::insert_into(clients::table).values(row).returning(clients::id);
    let made = made.get_result::<ClientId>(db);
    let id = made.map_err(|error| missing_area(error, draft.municipality_id.is_some()))?;
    let made = find(tx, id)?;
    record(tx, None, Some(&made))?;
    Ok(made)
}

/// Changes the client `id`, if it is still at `version`. Whatever takes something from it voids its tokens.
///
/// # Errors
/// Not found; [`ProblemCode::PreconditionFailed`]; [`ProblemCode::WrongState`] for one that was ended; otherwise as
/// [`create`].
pub fn update(
    tx: &mut Tx,
    id: ClientId,
    version: impl Into<Expected>,
    patch: &ClientPatch,
) -> Result<ServiceClient> {
    let at = tx.at;
    let before = open(tx, id, version)?;
    let mut after = before.clone();
    let mut check = Check::default();
    if let Some(name) = &patch.name {
        after.name = check.line("/name", name, NAME);
    }
    if let Some(words) = &patch.scopes {
        after.scopes = checked_scopes(&mut check, words);
    }
    if let Some(limit) = patch.rate_limit {
        check_limit(&mut check, limit);
        after.rate_limit = limit;
    }
    if let Some(end) = patch.expires_at {
        check.unless(end.is_none_or(|end| end > at), "/expires_at", Reason::OutOfRange);
        after.expires_at = end;
    }
    if let Some(jwks) = &patch.jwks {
        after.jwks = jwks.as_ref().and_then(|jwks| ClientKeys::read(&mut check, jwks));
    }
    after.disabled = patch.disabled.unwrap_or(before.disabled);
    check.done()?;
    diesel::update(clients::table.find(id))
        .set((
            clients::name.eq(&after.name),
            clients::scopes.eq(after.scopes.to_string()),
            clients::rate_limit.eq(after.rate_limit),
            clients::expires_at.eq(after.expires_at),
            clients::disabled.eq(after.disabled),
            clients::jwks.eq(after.jwks.as_ref().map(text).transpose()?),
        ))
        .execute(&mut **tx)?;
    touch(tx, id, takes_something(&before, &after))?;
    let after = find(tx, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok(after)
}

/// Ends the client `id` for good, if it is still at `version`: its secrets and keys go, its tokens are void. The record
/// stays, so that the audit log can be read.
///
/// # Errors
/// As [`update`].
pub fn revoke(tx: &mut Tx, id: ClientId, version: impl Into<Expected>) -> Result<()> {
    let at = tx.at;
    let before = open(tx, id, version)?;
    diesel::delete(client_secrets::table.filter(client_secrets::client_id.eq(id))).execute(&mut **tx)?;
    diesel::update(clients::table.find(id))
        .set((clients::revoked_at.eq(at), clients::jwks.eq(None::<String>)))
        .execute(&mut **tx)?;
    touch(tx, id, true)?;
    record(tx, Some(&before), None)
}

/// Counts a change of the client; `voids`: its tokens are refused from now on.
pub(super) fn touch(tx: &mut Tx, id: ClientId, voids: bool) -> Result<()> {
    let at = tx.at;
    diesel::update(clients::table.find(id))
        .set((
            clients::version.eq(clients::version + 1),
            clients::epoch.eq(clients::epoch + i64::from(voids)),
            clients::updated_at.eq(at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

fn open(tx: &mut Tx, id: ClientId, version: impl Into<Expected>) -> Result<ServiceClient> {
    let client = find(tx, id)?;
    if client.revoked_at.is_some() {
        return Err(ProblemCode::WrongState.into());
    }
    same_version(client.version, version)?;
    Ok(client)
}

fn takes_something(before: &ServiceClient, after: &ServiceClient) -> bool {
    // A token says what limit its client had, and what any client has may be less.
    let less = before.rate_limit != after.rate_limit
        && (after.rate_limit.is_none()
            || before.rate_limit.is_none()
            || after.rate_limit < before.rate_limit);
    let sooner = match (before.expires_at, after.expires_at) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(old), Some(new)) => new < old,
    };
    let keys_changed = before.jwks.is_some() && before.jwks != after.jwks;
    sooner || less || keys_changed || after.disabled || !before.scopes.within(after.scopes)
}

fn checked_scopes(check: &mut Check, words: &[String]) -> Permissions {
    check.unless(!words.is_empty(), "/scopes", Reason::Required);
    let mut scopes = Vec::new();
    for (n, word) in words.iter().enumerate() {
        match word.parse::<Permission>() {
            Ok(scope) if Permission::FOR_CLIENTS.contains(&scope) => scopes.push(scope),
            Ok(_) => check.flaw(&format!("/scopes/{n}"), Reason::ReservedToPeople),
            Err(reason) => check.flaw(&format!("/scopes/{n}"), reason),
        }
    }
    scopes.into_iter().collect()
}

fn check_limit(check: &mut Check, limit: Option<i32>) {
    let right = limit.is_none_or(|limit| (1..=MOST_REQUESTS).contains(&limit));
    check.unless(right, "/rate_limit", Reason::OutOfRange);
}

fn text(keys: &ClientKeys) -> Result<String> {
    serde_json::to_string(keys).map_err(Error::fault)
}

/// The change of a client. Its contents hold no secret.
fn record(tx: &mut Tx, before: Option<&ServiceClient>, after: Option<&ServiceClient>) -> Result<()> {
    let Some(client) = after.or(before) else { return Ok(()) };
    let label = |client: &ServiceClient| {
        let (municipality, school) = client.area().ids();
        Label::new(client.client_id.as_str()).within(municipality, school)
    };
    tx.record(change("service-clients", client.id, before, after, label)?);
    Ok(())
}
