//! Secrets of service clients: random, shown once, kept as SHA-256; two may live at once, so that one can replace the
//! other while the client runs.
//!
//! SHA-256 and not argon2: a slow hash protects what people choose. 256 random bits cannot be guessed at any speed, and a
//! slow hash at the token endpoint would let anybody keep the processors busy (D142).

use super::{ClientId, ServiceClient, edit::touch, find};
use crate::secret::{self, hashed};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use diesel::prelude::*;
use opora_db::{Change, Db, Operation, Result, Tx, schema::client_secrets as rows};
use opora_primitives::{Moment, Problem, ProblemCode, Reason};
use serde::Serialize;
use std::collections::HashMap;

opora_primitives::id_type!(
    /// A secret of a service client.
    SecretId
);

/// What every secret begins with, so that those who scan for leaked secrets find it.
pub const PREFIX: &str = "opora_cs_";

/// The most secrets that live at once.
pub const MOST: usize = 2;

/// A secret, without itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = rows)]
pub struct ClientSecret {
    /// Its id.
    pub id: SecretId,
    /// When it was made.
    pub created_at: Moment,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
    /// When it was last used for a token, to the minute: the old one of two may go when the new one alone is used.
    pub last_used_at: Option<Moment>,
}

/// The secrets of `clients`, the oldest first.
pub(super) fn of(db: &mut Db, clients: &[ClientId]) -> Result<HashMap<ClientId, Vec<ClientSecret>>> {
    let found: Vec<(ClientId, ClientSecret)> = rows::table
        .filter(rows::client_id.eq_any(clients))
        .order(rows::id)
        .select((rows::client_id, ClientSecret::as_select()))
        .load(db)?;
    let mut secrets = HashMap::<_, Vec<_>>::new();
    for (client, secret) in found {
        secrets.entry(client).or_default().push(secret);
    }
    Ok(secrets)
}

/// Makes a secret of `client`; answers it and, this once, the secret itself. Tokens made before stay valid.
///
/// # Errors
/// Not found; [`ProblemCode::WrongState`] for a client that was ended; [`ProblemCode::Conflict`] if [`MOST`] live already;
/// an end that lies in the past.
pub fn add(tx: &mut Tx, client: ClientId, expires_at: Option<Moment>) -> Result<(ClientSecret, String)> {
    let at = tx.at;
    let owner = find(tx, client)?;
    if owner.revoked_at.is_some() {
        return Err(ProblemCode::WrongState.into());
    }
    if expires_at.is_some_and(|end| end <= at) {
        return Err(Problem::field("/expires_at", Reason::OutOfRange).into());
    }
    let own = rows::table.filter(rows::client_id.eq(client));
    diesel::delete(own.filter(rows::expires_at.le(at))).execute(&mut **tx)?;
    let live: i64 = own.count().get_result(&mut **tx)?;
    if live >= MOST as i64 {
        let words = (
            format!("at most {MOST} secrets live at once; remove one"),
            format!("одновременно действуют не более {MOST} секретов; удалите один из них"),
        );
        return Err(Problem::new(ProblemCode::Conflict, words).into());
    }
    let secret = format!("{PREFIX}{}", secret::fresh()?);
    let row = (
        rows::client_id.eq(client),
        rows::secret_hash.eq(hashed(&secret)),
        rows::created_at.eq(at),
        rows::expires_at.eq(expires_at),
    );
    let db: &mut Db = tx;
    let id: SecretId = diesel::insert_into(rows::table).values(row).returning(rows::id).get_result(db)?;
    let made: ClientSecret = rows::table.find(id).select(ClientSecret::as_select()).first(db)?;
    touch(tx, client, false)?;
    let after = serde_json::to_value(&made).unwrap_or_default();
    tx.record(Change::new("client-secrets", id, Operation::Create).named(owner.client_id).after(after));
    Ok((made, secret))
}

/// Removes a secret of `client`. It may have leaked, so all tokens of the client are void; whoever holds another secret
/// gets new ones.
///
/// # Errors
/// Not found, or of another client.
pub fn remove(tx: &mut Tx, client: ClientId, id: SecretId) -> Result<()> {
    let owner = find(tx, client)?;
    let own = rows::table.filter(rows::client_id.eq(client).and(rows::id.eq(id)));
    let gone: ClientSecret = own.select(ClientSecret::as_select()).first(&mut **tx)?;
    diesel::delete(rows::table.find(id)).execute(&mut **tx)?;
    touch(tx, client, true)?;
    let before = serde_json::to_value(&gone).unwrap_or_default();
    tx.record(Change::new("client-secrets", id, Operation::Delete).named(owner.client_id).before(before));
    Ok(())
}

/// Which live secret of `client` is `secret`, if one is; each is compared in constant time. Without a client the same
/// work is done for nothing.
pub(super) fn matching(
    db: &mut Db,
    client: Option<&ServiceClient>,
    secret: &str,
    now: Moment,
) -> Result<Option<SecretId>> {
    let sent = hashed(secret);
    let id = client.map_or(ClientId(0), |client| client.id);
    let live = rows::expires_at.is_null().or(rows::expires_at.gt(now));
    let kept: Vec<(SecretId, String)> = rows::table
        .filter(rows::client_id.eq(id))
        .filter(live)
        .select((rows::id, rows::secret_hash))
        .load(db)?;
    let same = |hash: &str| verify_slices_are_equal(hash.as_bytes(), sent.as_bytes()).is_ok();
    Ok(kept.into_iter().fold(None, |found, (id, hash)| if same(&hash) { Some(id) } else { found }))
}
