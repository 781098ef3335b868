//! Webhooks: other systems are told of changes as they come, by the convention of Standard Webhooks. Which changes follows
//! from the journal and from what the subscription's owner may read; a subscription keeps its place there. Every message is
//! a row until it was taken or given up, so none is lost, and messages about one record are sent one after another.
//!
//! Sending is HTTP and lives in `api/`.

pub mod address;
pub mod deliveries;
pub mod rules;
pub mod subscriptions;
pub mod types;
