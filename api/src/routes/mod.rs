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

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers every operation. Being here is what makes it both reachable and part of the contract.
pub fn all(config: &mut ServiceConfig) {
    service::register(config);
    session::register(config);
    users::register(config);
    service_clients::register(config);
    oauth::register(config);
    token_info::register(config);
    changes::register(config);
    webhooks::register(config);
    // Before the records: `/schools/bulk` is not the school `bulk`.
    bulk::register(config);
    contexts::register(config);
    designations::register(config);
    discipline::register(config);
    exports::register(config);
    identification::register(config);
    imports::register(config);
    jobs::register(config);
    lists::register(config);
    methodologies::register(config);
    municipalities::register(config);
    results::register(config);
    schools::register(config);
    staff::register(config);
    support::register(config);
    assignments::register(config);
    indicators::register(config);
    facts::register(config);
    fact_proposals::register(config);
    evidence::register(config);
    models::register(config);
    plans::register(config);
    proposals::register(config);
    acts::register(config);
    passport::register(config);
    working_group::register(config);
    public::register(config);
    reports::register(config);
    feeds::register(config);
    audit_log::register(config);
}
