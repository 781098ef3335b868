//! A foreign issuer of the tests, its people and their tokens.

use super::{
    Client, World,
    keys::{Key, ed25519},
    provider::{Answer, Provider},
    world::Node,
};
use jsonwebtoken::{Algorithm, Header};
use opora::config;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

/// Where its keys are.
pub const JWKS: &str = "/jwks";

/// An issuer with one key.
pub struct Foreign {
    pub provider: Provider,
    pub key: Key,
    pub issuer: String,
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

impl Foreign {
    pub fn new() -> Self {
        let (provider, key) = (Provider::start(), ed25519("a"));
        let foreign = Self { issuer: provider.url(""), provider, key };
        foreign.publish(&[&foreign.key.public]);
        foreign
    }

    /// Publishes these keys and no others from now on.
    pub fn publish(&self, keys: &[&Value]) {
        self.provider.answer(JWKS, Answer::of(json!({ "keys": keys })));
    }

    /// How the installation trusts it: words for every role, an area for the bounded ones.
    pub fn trusted(&self) -> config::Issuer {
        let roles = opora_identity::Role::ALL.iter().map(|role| (format!("edu-{role}"), role.to_string()));
        config::Issuer {
            name: "ministry".into(),
            issuer: self.issuer.clone(),
            audience: "opora".into(),
            jwks_url: self.provider.url(JWKS),
            roles: BTreeMap::from_iter(roles),
            municipality_claim: "oktmo".into(),
            school_claim: "/org/code".into(),
            ..config::Issuer::default()
        }
    }

    /// A server that trusts it.
    pub fn node(&self, world: &World) -> Node {
        self.node_with(world, |_| {})
    }

    /// A server that trusts it in another way.
    pub fn node_with(&self, world: &World, change: impl FnOnce(&mut config::Issuer)) -> Node {
        let mut trusted = self.trusted();
        change(&mut trusted);
        world.another_node(|config| config.issuers.push(trusted))
    }

    /// What a good token of `subject` says.
    pub fn claims(&self, subject: &str, role: &str) -> Value {
        json!({ "iss": self.issuer, "aud": "opora", "sub": subject, "client_id": "frontend", "iat": now(), "exp": now() + 600,
            "roles": [format!("edu-{role}"), "offline_access"], "preferred_username": subject, "name": format!("Имя {subject}") })
    }

    /// The claims in a token as it should be.
    pub fn token(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&header("a"), claims, &self.key.signs).unwrap()
    }

    /// `subject` in this role, as a client of `node`.
    pub fn person(&self, node: &Node, subject: &str, role: &str) -> Client {
        node.stranger().with_token(self.token(&self.claims(subject, role)))
    }
}

/// The header of a good token.
pub fn header(kid: &str) -> Header {
    let (kid, typ) = (Some(kid.to_owned()), Some("at+jwt".to_owned()));
    Header { kid, typ, ..Header::new(Algorithm::EdDSA) }
}
