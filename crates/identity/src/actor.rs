//! Who is asking: a user or a service client. What handlers ask of a caller is the same for both.

use crate::{
    Permission, Permissions, Role,
    clients::{self, ClientId},
    sessions::SessionId,
    users::{self, UserId},
};
use opora_db::{ActorKind, Db, Origin, Result, if_found};
use opora_primitives::{Area, Moment};

/// Who is asking: taken from a token that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A user or a client.
    pub who: Who,
    /// The login, or the public id of the client.
    pub name: String,
    /// Everything it may do.
    pub permissions: Permissions,
    /// The part of the region it works for.
    pub area: Area,
    /// When its token expires.
    pub expires_at: Moment,
}

/// A user or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person who logged in, here or at a foreign issuer.
    User {
        /// The user.
        id: UserId,
        /// The part it plays.
        role: Role,
        /// The session its token belongs to; none of a person whom a foreign issuer vouches for.
        session: Option<SessionId>,
    },
    /// A program with credentials of its own.
    Client {
        /// The client.
        id: ClientId,
        /// How often its rights had been taken back when the token was made.
        epoch: i64,
        /// How many requests it may send in a minute, if not as many as any client.
        rate_limit: Option<i32>,
    },
}

/// What the actor of this kind and row may do at present, and where; nothing for one that may not ask any more.
///
/// # Errors
/// Faults of the database.
pub fn standing(db: &mut Db, kind: ActorKind, id: i64) -> Result<Option<(Permissions, Area)>> {
    Ok(match kind {
        ActorKind::System => None,
        ActorKind::User => if_found(users::find(db, UserId(id)))?
            .filter(|user| user.is_current(Moment::now()))
            .map(|user| (Permissions::of(user.role), user.area())),
        ActorKind::Client => if_found(clients::find(db, ClientId(id)))?
            .filter(|client| client.is_live(Moment::now()))
            .map(|client| (client.scopes, client.area())),
    })
}

impl Actor {
    /// Whether it may do `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User { id, .. } => Some(id),
            Who::Client { .. } => None,
        }
    }

    /// The role, if it is a user.
    pub fn role(&self) -> Option<Role> {
        match self.who {
            Who::User { role, .. } => Some(role),
            Who::Client { .. } => None,
        }
    }

    /// What kind of actor it is, and its row.
    pub fn key(&self) -> (ActorKind, i64) {
        match self.who {
            Who::User { id, .. } => (ActorKind::User, id.0),
            Who::Client { id, .. } => (ActorKind::Client, id.0),
        }
    }

    /// How many requests it may send in a minute, if that was said of it alone.
    pub fn rate_limit(&self) -> Option<u32> {
        match self.who {
            Who::User { .. } => None,
            Who::Client { rate_limit, .. } => rate_limit.and_then(|limit| limit.try_into().ok()),
        }
    }

    /// For the audit of what it writes.
    pub fn origin(&self, request_id: &str) -> Origin {
        let (kind, id) = self.key();
        Origin { kind, actor_id: Some(id), actor: self.name.clone(), request_id: request_id.to_owned() }
    }
}
