//! What a test stands on: a world of its own (database, seed, server) and clients that talk to it.

pub mod checks;
pub mod client;
pub mod cluster;
pub mod contract;
pub mod facts;
pub mod files;
pub mod foreign;
pub mod keys;
pub mod load;
pub mod oauth;
pub mod oidc;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod receiver;
pub mod region;
pub mod seed;
pub mod seed_models;
pub mod storage;
pub mod stuck;
pub mod tables;
pub mod time;
pub mod trail;
pub mod walk;
pub mod world;

pub use client::{Client, Reply};
pub use process::Server;
pub use world::World;

/// One scenario, two tests: `<name>::sqlite` and `<name>::postgres`, both with the attributes of the scenario, which gets a
/// world of its own.
macro_rules! both {
    ($(#[$attribute:meta])* $name:ident, |$world:ident| $body:block) => {
        fn $name($world: &$crate::harness::World) $body

        mod $name {
            #[test]
            $(#[$attribute])*
            fn sqlite() {
                super::$name(&$crate::harness::World::sqlite());
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                super::$name(&$crate::harness::World::postgres());
            }
        }
    };
}
