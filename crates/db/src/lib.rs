//! Two databases behind one door: connections and their pool, write transactions that leave an audit record and a
//! journal entry, the schema and its migrations, and the queue of long work.
//!
//! Nothing outside this crate begins a transaction or names a back end, save through [`on_each!`].

pub mod audit;
pub mod backup;
mod connection;
mod database;
pub mod dialect;
pub mod edit;
mod error;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod marks;
pub mod migrations;
mod record;
mod replica;
#[expect(missing_docs, reason = "the tables are documented in migrations/")]
pub mod schema;
mod staging;
pub mod tallies;
mod telling;

pub use connection::{BackEnd, Both, Db};
pub use database::{Database, Session, Settings, Tx};
pub use staging::{Cells, Fate, Merge, Stage};
pub use telling::Telling;

pub use error::{Error, Result, if_found};
pub use record::{ActorKind, Change, Label, Operation, Origin, Place};
