//! Black-box tests: the real server over real HTTP, every scenario on SQLite and on PostgreSQL.
//!
//! Each test owns its database, a copy of a migrated and seeded template, so all of them run in parallel. Run with
//! `scripts/with-postgres.sh cargo test -p opora-tests`.

#[cfg(test)]
#[macro_use]
mod harness;

#[cfg(test)]
mod access;
#[cfg(test)]
mod areas;
#[cfg(test)]
mod assertions;
#[cfg(test)]
mod audit_chain;
#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod audit_stories;
#[cfg(test)]
mod audit_trail;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod bad_files;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod change_stories;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod discipline;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod fact_proposals;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod foreign_tokens;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod health;
#[cfg(test)]
mod http;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod issuer_keys;
#[cfg(test)]
mod issuers;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod models;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod passport;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod publication;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod removals;
#[cfg(test)]
mod report_files;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod rolling;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod social;
#[cfg(test)]
mod succession;
#[cfg(test)]
mod support;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod webhook_rights;
#[cfg(test)]
mod webhooks;
