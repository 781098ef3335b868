//! Who may do what: users with a role and an area, service clients with
//! scopes and an area, sessions with rotating refresh tokens, access tokens, signing keys.

pub mod actor;
mod attempts;
pub mod clients;
pub mod feeds;
pub mod issuers;
pub mod jwk;
mod jwt;
pub mod keys;
pub mod passwords;
pub mod permissions;
pub mod seal;
mod secret;
pub mod sessions;
pub mod tokens;
pub mod users;

pub use actor::{Actor, Who};
pub use clients::ClientId;
pub use permissions::{Permission, Permissions, Role};
pub use tokens::Tokens;
pub use users::UserId;
