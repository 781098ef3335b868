//! The public keys of a client: what verifies its assertions.

use crate::jwk::Jwk;
use opora_db::edit::Check;
use opora_primitives::Reason;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;

/// The most keys of one client.
const MOST: usize = 10;

/// The public keys of a client (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClientKeys {
    /// The keys; with more than one, each has a `kid`.
    pub keys: Vec<Jwk>,
}

impl ClientKeys {
    /// Reads a key set as it was sent, at `/jwks`.
    pub(super) fn read(check: &mut Check, sent: &Value) -> Option<Self> {
        let list = sent["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        check.unless((1..=MOST).contains(&list.len()), "/jwks/keys", Reason::WrongLength);
        let mut keys = Vec::new();
        for (n, value) in list.iter().enumerate() {
            let at = format!("/jwks/keys/{n}");
            match Jwk::read(value) {
                Ok(key) => keys.push(key),
                Err(reason) => check.flaw(&at, reason),
            }
        }
        let names: HashSet<Option<&str>> = keys.iter().map(|key| key.kid.as_deref()).collect();
        let told_apart = keys.len() < 2 || names.len() == keys.len() && !names.contains(&None);
        check.unless(told_apart, "/jwks/keys", Reason::DuplicateKey);
        Some(Self { keys })
    }

    /// The key called `kid`; without a name the only one.
    pub(super) fn choose(&self, kid: Option<&str>) -> Option<&Jwk> {
        match (kid, self.keys.as_slice()) {
            (Some(_), keys) => keys.iter().find(|key| key.kid.as_deref() == kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}
