//! Who may do what: users with a role and an area, sessions with rotating refresh tokens, access tokens, signing keys.

pub mod feeds;
pub mod keys;
pub mod passwords;
pub mod permissions;
pub mod seal;
mod secret;
pub mod sessions;
pub mod tokens;
pub mod users;

pub use permissions::{Permission, Role};
pub use tokens::{Actor, Tokens};
pub use users::UserId;
