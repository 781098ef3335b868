//! Opora's HTTP and command line. No SQL and no domain rule lives here: handlers read a request, call a store function
//! of a domain crate with the caller's area, and shape the answer.

pub mod accept;
pub mod auth;
pub mod backup;
pub mod cli;
pub mod config;
pub mod create;
pub mod error;
pub mod extract;
pub mod feed;
pub mod files;
pub mod issuers;
pub mod length;
pub mod log_file;
pub mod middleware;
pub mod notify;
pub mod oauth;
pub mod openapi;
pub mod outlet;
pub mod papers;
pub mod prefer;
pub mod routes;
pub mod sealer;
pub mod shape;
pub mod startup;
pub mod state;
pub mod traces;
pub mod unread;
pub mod upload;
pub mod vary;
pub mod webhooks;
pub mod work;
pub mod worker;
