//! A file for each resource: request type, annotation, handler.

pub mod contract;
pub mod service;
pub mod session;
pub mod users;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers every operation. Being here is what makes it both reachable and part of the contract.
pub fn all(config: &mut ServiceConfig) {
    service::register(config);
    session::register(config);
    users::register(config);
}
