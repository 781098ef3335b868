//! Opora's HTTP and command line. No SQL and no domain rule lives here: handlers read a request, call a store function
//! of a domain crate with the caller's area, and shape the answer.

pub mod auth;
pub mod backup;
pub mod cli;
pub mod config;
pub mod error;
pub mod feed;
pub mod files;
pub mod http;
pub mod issuers;
pub mod limits;
pub mod log;
pub mod notify;
pub mod oauth;
pub mod openapi;
pub mod routes;
pub mod sealer;
pub mod startup;
pub mod state;
pub mod traces;
pub mod webhooks;
pub mod work;
pub mod worker;
