//! Access tokens of users and of service clients: signed with Ed25519, short-lived, refused once their session has ended
//! or something was taken from their client.

use crate::{
    Permission, Permissions, Role,
    actor::{Actor, Who},
    clients::{self, ClientId, authenticate::Authenticated},
    keys::{self, PublicKey, SigningKey},
    seal::MasterKey,
    secret,
    sessions::{self, SessionId},
    users::{User, UserId},
};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use opora_db::{Database, Error, Result};
use opora_primitives::{Area, Moment, MunicipalityId, ProblemCode, SchoolId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

/// What stands in an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    login: String,
    sid: i64,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    municipality: Option<MunicipalityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    school: Option<SchoolId>,
    iat: i64,
    exp: i64,
}

impl Claims {
    fn actor(self) -> Option<Actor> {
        let who = Who::User {
            id: UserId(self.sub.parse().ok()?),
            role: self.role,
            session: Some(SessionId(self.sid)),
        };
        Some(Actor {
            who,
            name: self.login,
            permissions: Permissions::of(self.role),
            area: area(self.municipality, self.school)?,
            expires_at: Moment::from_unix(self.exp)?,
        })
    }
}

/// What stands in an access token of a client (RFC 9068).
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ClientClaims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    scope: String,
    jti: String,
    /// The client's row and epoch.
    cid: i64,
    epoch: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    municipality: Option<MunicipalityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    school: Option<SchoolId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_limit: Option<i32>,
    iat: i64,
    exp: i64,
}

impl ClientClaims {
    /// What is reserved to people stays so, whatever stands in the token.
    fn actor(self) -> Option<Actor> {
        let granted = Permissions::known(&self.scope).iter().filter(|p| Permission::FOR_CLIENTS.contains(p));
        Some(Actor {
            who: Who::Client { id: ClientId(self.cid), epoch: self.epoch, rate_limit: self.rate_limit },
            name: self.client_id,
            permissions: granted.chain([Permission::ReadToken]).collect(),
            area: area(self.municipality, self.school)?,
            expires_at: Moment::from_unix(self.exp)?,
        })
    }
}

fn area(municipality: Option<MunicipalityId>, school: Option<SchoolId>) -> Option<Area> {
    match (school, municipality) {
        (Some(school), None) => Some(Area::School(school)),
        (None, Some(municipality)) => Some(Area::Municipality(municipality)),
        (None, None) => Some(Area::Region),
        (Some(_), Some(_)) => None,
    }
}

/// The type of a client's token in its header (RFC 9068, 2.1); a user's has none of its own.
const CLIENT_TYPE: &str = "at+jwt";

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `iss` claim: the address clients know this installation by.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// Life of an access token in seconds, [`LONGEST_LIFE`] at most.
    pub life: i64,
}

/// The longest life that an access token can be given, in seconds.
pub const LONGEST_LIFE: i64 = 86_400;

/// Issues and verifies access tokens. Holds the keys, the tokens it has verified and the sessions that have ended;
/// [`Self::reload`] brings all of it up to date with the database.
pub struct Tokens {
    settings: Settings,
    master: MasterKey,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    keys: Vec<SigningKey>,
    ended: HashSet<SessionId>,
    /// How often the rights of clients had been taken back: older tokens are refused.
    epochs: HashMap<ClientId, i64>,
    /// A signature is checked once for each token; the rest is looked at every time.
    verified: HashMap<Box<str>, Actor>,
}

impl Known {
    /// Whether what the token rests on has ended.
    fn has_ended(&self, who: &Who) -> bool {
        match who {
            Who::User { session, .. } => session.is_some_and(|session| self.ended.contains(&session)),
            Who::Client { id, epoch, .. } => self.epochs.get(id).is_some_and(|now| epoch < now),
        }
    }
}

/// The most tokens remembered as verified; beyond it the memory starts afresh.
const MOST_REMEMBERED: usize = 20_000;

impl Tokens {
    /// Loads the keys, making the first one if there is none.
    ///
    /// # Errors
    /// Faults of the database; a key sealed under another master key.
    pub fn open(database: &Database, settings: Settings, master: MasterKey) -> Result<Self> {
        keys::ensure(database, &master)?;
        let tokens = Self { settings, master, known: RwLock::default() };
        tokens.reload(database)?;
        Ok(tokens)
    }

    /// Reads keys, ended sessions and changed clients anew; called every few seconds.
    ///
    /// # Errors
    /// Faults of the database; what was known stays.
    pub fn reload(&self, database: &Database) -> Result<()> {
        let now = Moment::now();
        // Tokens of before a restart, or of another node, may have been given a longer life than is in force here.
        let since = now.plus_seconds(-LONGEST_LIFE - 60);
        let (keys, ended, epochs) = database.read(|db| {
            let keys = keys::load(db, &self.master, now)?;
            Ok((keys, sessions::ended_since(db, since)?, clients::epochs_since(db, since)?))
        })?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let kept: HashSet<&str> = keys.iter().map(|k| k.kid.as_str()).collect();
        if known.keys.iter().any(|k| !kept.contains(k.kid.as_str())) {
            known.verified.clear();
        }
        known.verified.retain(|_, actor| actor.expires_at > now);
        known.keys = keys;
        // A session forgotten here while the query ran is not in its answer: what is known stays.
        if known.ended.len() > ended.len() + MOST_REMEMBERED {
            known.ended.clear();
        }
        known.ended.extend(ended);
        for (client, epoch) in epochs {
            let known = known.epochs.entry(client).or_default();
            *known = epoch.max(*known);
        }
        Ok(())
    }

    /// Refuses the tokens of `session` from now on, on this node at once.
    pub fn forget(&self, session: SessionId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).ended.insert(session);
    }

    /// The master key behind the keys.
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Life of an access token in seconds.
    pub fn life(&self) -> i64 {
        self.settings.life
    }

    /// An access token for `user` in `session`.
    ///
    /// # Errors
    /// No key that may sign yet.
    pub fn issue(&self, user: &User, session: SessionId) -> Result<String> {
        let now = Moment::now();
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            aud: self.settings.audience.clone(),
            sub: user.id.to_string(),
            login: user.login.clone(),
            sid: session.0,
            role: user.role,
            municipality: user.municipality_id,
            school: user.school_id,
            iat: now.unix(),
            exp: now.unix() + self.settings.life,
        };
        self.sign(&claims, "JWT", now)
    }

    /// An access token for a client that has proved who it is, for `scopes`, and when it expires: no later than the
    /// client.
    ///
    /// # Errors
    /// No key that may sign yet.
    pub fn issue_to(&self, holder: &Authenticated, scopes: Permissions) -> Result<(String, i64)> {
        let (now, client) = (Moment::now(), &holder.client);
        let end = client.expires_at.map_or(i64::MAX, Moment::unix);
        let exp = end.min(now.unix() + self.settings.life);
        let claims = ClientClaims {
            iss: self.settings.issuer.clone(),
            aud: self.settings.audience.clone(),
            sub: client.client_id.clone(),
            client_id: client.client_id.clone(),
            scope: scopes.to_string(),
            jti: secret::random::<16>()?,
            cid: client.id.0,
            epoch: holder.epoch,
            municipality: client.municipality_id,
            school: client.school_id,
            rate_limit: client.rate_limit,
            iat: now.unix(),
            exp,
        };
        Ok((self.sign(&claims, CLIENT_TYPE, now)?, exp - now.unix()))
    }

    fn sign(&self, claims: &impl Serialize, kind: &str, now: Moment) -> Result<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key =
            known.keys.iter().find(|k| k.signs_from <= now).ok_or_else(|| Error::fault("no signing key"))?;
        let (kid, typ) = (Some(key.kid.clone()), Some(kind.to_owned()));
        let header = Header { kid, typ, ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(Error::fault)
    }

    /// Who holds `token`.
    ///
    /// # Errors
    /// [`ProblemCode::ExpiredToken`]; [`ProblemCode::InvalidToken`] for everything else that is wrong with it, or if
    /// its session or what its client was given has ended.
    pub fn verify(&self, token: &str) -> std::result::Result<Actor, ProblemCode> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let remembered = known.verified.get(token).cloned();
        let is_new = remembered.is_none();
        let actor = remembered.map_or_else(|| self.check(&known.keys, token), Ok)?;
        if known.has_ended(&actor.who) {
            return Err(ProblemCode::InvalidToken);
        }
        drop(known);
        if is_new {
            self.remember(token, &actor);
        }
        if actor.expires_at > Moment::now() { Ok(actor) } else { Err(ProblemCode::ExpiredToken) }
    }

    fn remember(&self, token: &str, actor: &Actor) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.verified.len() >= MOST_REMEMBERED {
            known.verified.clear();
        }
        known.verified.insert(token.into(), actor.clone());
    }

    /// The key is chosen by `kid` among our own and the algorithm is fixed: of the header only the type of the token
    /// is trusted, once the signature is.
    fn check(&self, keys: &[SigningKey], token: &str) -> std::result::Result<Actor, ProblemCode> {
        let kid =
            jsonwebtoken::decode_header(token).ok().and_then(|h| h.kid).ok_or(ProblemCode::InvalidToken)?;
        let key = keys.iter().find(|k| k.kid == kid).ok_or(ProblemCode::InvalidToken)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let data = jsonwebtoken::decode::<serde_json::Value>(token, &key.decoding, &validation);
        let data = data.map_err(|e| match e.kind() {
            ErrorKind::ExpiredSignature => ProblemCode::ExpiredToken,
            _ => ProblemCode::InvalidToken,
        })?;
        let actor = if data.header.typ.as_deref() == Some(CLIENT_TYPE) {
            serde_json::from_value(data.claims).ok().and_then(ClientClaims::actor)
        } else {
            serde_json::from_value(data.claims).ok().and_then(Claims::actor)
        };
        actor.ok_or(ProblemCode::InvalidToken)
    }

    /// The public keys, for verifiers elsewhere.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.iter().map(PublicKey::from).collect()
    }
}
