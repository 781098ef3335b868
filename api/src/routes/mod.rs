//! A file for each resource: request type, annotation, handler.

pub mod acts;
pub mod assignments;
pub mod audit_log;
pub mod bulk;
pub mod changes;
pub mod contexts;
pub mod contract;
pub mod designations;
pub mod discipline;
pub mod evidence;
pub mod exports;
pub mod fact_proposals;
pub mod facts;
pub mod feeds;
pub mod identification;
pub mod imports;
pub mod indicators;
pub mod jobs;
pub mod lists;
pub mod methodologies;
pub mod models;
pub mod municipalities;
pub mod oauth;
pub mod passport;
pub mod plans;
pub mod proposals;
pub mod public;
pub mod reports;
pub mod results;
pub mod schools;
pub mod service;
pub mod service_clients;
pub mod session;
pub mod staff;
pub mod support;
pub mod token_info;
pub mod users;
pub mod webhooks;
pub mod working_group;

use actix_web::web;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// What registers the operations of a file.
type Register = fn(&mut ServiceConfig);

/// Where the operations of [`API`] are.
const PREFIX: &str = "/api/v1";

/// The files whose operations lie under [`PREFIX`], which they do not repeat: an address is compared with one after another,
/// each from its beginning. Being here is what makes them both reachable and part of the contract.
const API: &[Register] = &[
    // Before the records: `/schools/bulk` is not the school `bulk`.
    bulk::register,
    // What is asked for most is found first.
    schools::register,
    municipalities::register,
    results::register,
    contexts::register,
    staff::register,
    designations::register,
    support::register,
    lists::register,
    changes::register,
    session::register,
    users::register,
    service_clients::register,
    token_info::register,
    webhooks::register,
    discipline::register,
    exports::register,
    identification::register,
    imports::register,
    jobs::register,
    methodologies::register,
    assignments::register,
    indicators::register,
    facts::register,
    fact_proposals::register,
    evidence::register,
    models::register,
    plans::register,
    proposals::register,
    acts::register,
    passport::register,
    working_group::register,
    public::register,
    reports::register,
    feeds::register,
    audit_log::register,
];

/// Those whose operations lie beside it.
const BESIDE: &[Register] = &[service::register, oauth::register, feeds::register_fetching];

/// What adds the operations of each file to a contract.
pub fn each() -> impl Iterator<Item = impl FnOnce(&mut ServiceConfig)> {
    let files =
        API.iter().map(|register| (PREFIX, register)).chain(BESIDE.iter().map(|register| ("", register)));
    files.map(|(prefix, register)| {
        move |config: &mut ServiceConfig| {
            config.service(scope::scope(prefix).configure(register));
        }
    })
}

/// Every operation, to be served. What is noted for the contract on the way is dropped file by file: together it would be
/// larger than all else that an idle server holds.
pub fn serve(config: &mut web::ServiceConfig) {
    let add = |config: &mut web::ServiceConfig, files: &[Register]| {
        files.iter().for_each(|register| register(&mut ServiceConfig::new(config)));
    };
    config.service(web::scope(PREFIX).configure(|config| add(config, API)));
    add(config, BESIDE);
}
