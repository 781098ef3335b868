//! The audit log: who did what to which record, when, on which request; and the chain that tells whether it is still as it
//! was written.
//!
//! Entries are written with the change they tell of ([`crate::Tx::record`]) and are never changed or removed; triggers in
//! both databases refuse it. A *sealer* seals them afterwards, block by block: a seal names every entry of its block with
//! the digest of its contents, and its own hash is taken over that and over the hash of the seal before ([`chain`]). A
//! chain inside each writing transaction would need the last hash, which a serializable snapshot taken before the lock
//! cannot see, and would make every two writes clash.
//!
//! No entry can appear behind the sealer: numbers are drawn under the journal's lock, which the sealer takes before it
//! looks ([`crate::Database::read_settled`]). So blocks leave no room between them, and whatever is found there later was
//! put there by another hand.
//!
//! What this cannot show: entries that were changed before they were sealed, and a chain that was written anew from some
//! block to its end. Against the latter a head (block and hash) kept elsewhere helps: [`verify::against`].

pub mod chain;
mod entries;
pub mod seal;
pub mod verify;

pub use chain::Head;
pub use entries::{AuditEntry, AuditEntryId, Filter, find, list, note_reading, part};
