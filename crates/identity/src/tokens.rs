//! Access tokens: signed with Ed25519, short-lived, refused once their session has ended.

use crate::{
    Permission, Role,
    keys::{self, PublicKey, SigningKey},
    seal::MasterKey,
    sessions::{self, SessionId},
    users::{User, UserId},
};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use opora_db::{Database, Error, Origin, Result};
use opora_primitives::{Area, Moment, MunicipalityId, ProblemCode, SchoolId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

/// Who is asking: taken from a token that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// Its login.
    pub login: String,
    /// The session its token belongs to.
    pub session: SessionId,
    /// The part it plays.
    pub role: Role,
    /// The part of the region it works for.
    pub area: Area,
}

impl Actor {
    /// Whether it may do `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        permission.given_to(self.role)
    }

    /// For the audit of what it writes.
    pub fn origin(&self, request_id: &str) -> Origin {
        Origin { actor_id: Some(self.user.0), actor: self.login.clone(), request_id: request_id.to_owned() }
    }
}

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
    fn actor(&self) -> Option<Actor> {
        let area = match (self.school, self.municipality) {
            (Some(school), None) => Area::School(school),
            (None, Some(municipality)) => Area::Municipality(municipality),
            (None, None) => Area::Region,
            _ => return None,
        };
        let user = UserId(self.sub.parse().ok()?);
        Some(Actor { user, login: self.login.clone(), session: SessionId(self.sid), role: self.role, area })
    }
}

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `iss` claim: the address clients know this installation by.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// Life of an access token in seconds.
    pub life: i64,
}

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
    /// A signature is checked once for each token; the rest is looked at every time.
    verified: HashMap<Box<str>, (Actor, i64)>,
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

    /// Reads keys and ended sessions anew; called every few seconds.
    ///
    /// # Errors
    /// Faults of the database; what was known stays.
    pub fn reload(&self, database: &Database) -> Result<()> {
        let now = Moment::now();
        let since = now.plus_seconds(-self.settings.life - 60);
        let (keys, ended) = database
            .read(|db| Ok((keys::load(db, &self.master, now)?, sessions::ended_since(db, since)?)))?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let kept: HashSet<&str> = keys.iter().map(|k| k.kid.as_str()).collect();
        if known.keys.iter().any(|k| !kept.contains(k.kid.as_str())) {
            known.verified.clear();
        }
        known.verified.retain(|_, (_, expires)| *expires > now.unix());
        known.keys = keys;
        // A session forgotten here while the query ran is not in its answer: what is known stays.
        if known.ended.len() > MOST_REMEMBERED {
            known.ended.clear();
        }
        known.ended.extend(ended);
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
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key =
            known.keys.iter().find(|k| k.signs_from <= now).ok_or_else(|| Error::fault("no signing key"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(Error::fault)
    }

    /// Who holds `token`.
    ///
    /// # Errors
    /// [`ProblemCode::ExpiredToken`]; [`ProblemCode::InvalidToken`] for everything else that is wrong with it, or if
    /// its session has ended.
    pub fn verify(&self, token: &str) -> std::result::Result<Actor, ProblemCode> {
        let now = Moment::now().unix();
        let (actor, expires) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            match known.verified.get(token) {
                Some(hit) if !known.ended.contains(&hit.0.session) => hit.clone(),
                Some(_) => return Err(ProblemCode::InvalidToken),
                None => {
                    let claims = self.check(&known.keys, token)?;
                    let actor = claims.actor().ok_or(ProblemCode::InvalidToken)?;
                    if known.ended.contains(&actor.session) {
                        return Err(ProblemCode::InvalidToken);
                    }
                    drop(known);
                    self.remember(token, &actor, claims.exp);
                    (actor, claims.exp)
                }
            }
        };
        if expires > now { Ok(actor) } else { Err(ProblemCode::ExpiredToken) }
    }

    fn remember(&self, token: &str, actor: &Actor, expires: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.verified.len() >= MOST_REMEMBERED {
            known.verified.clear();
        }
        known.verified.insert(token.into(), (actor.clone(), expires));
    }

    /// The key is chosen by `kid` among our own and the algorithm is fixed: nothing in the header is trusted.
    fn check(&self, keys: &[SigningKey], token: &str) -> std::result::Result<Claims, ProblemCode> {
        let kid =
            jsonwebtoken::decode_header(token).ok().and_then(|h| h.kid).ok_or(ProblemCode::InvalidToken)?;
        let key = keys.iter().find(|k| k.kid == kid).ok_or(ProblemCode::InvalidToken)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map(|data| data.claims).map_err(
            |e| match e.kind() {
                ErrorKind::ExpiredSignature => ProblemCode::ExpiredToken,
                _ => ProblemCode::InvalidToken,
            },
        )
    }

    /// The public keys, for verifiers elsewhere.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.iter().map(PublicKey::from).collect()
    }
}
