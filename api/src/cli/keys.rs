//! `opora keys`.

use super::Outcome;
use crate::{config::Config, startup};
use clap::{Args, Subcommand};
use opora_db::Origin;
use opora_identity::keys;
use opora_primitives::Moment;

/// Options of `opora keys`.
#[derive(Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with signing keys.
#[derive(Subcommand)]
enum Action {
    /// Add a key. It is published at once and signs in five minutes; the older ones stay valid until their last tokens
    /// have expired, so no server stops and no client notices.
    Rotate,
    /// List the keys that may verify a token.
    List,
}

impl Keys {
    pub(super) fn run(self, config: Config) -> Outcome {
        let state = startup::state(config)?;
        let master = state.tokens.master();
        match self.action {
            Action::Rotate => {
                let origin = Origin::system("command line: keys rotate");
                let kid = keys::rotate(&state.database, &origin, master, state.tokens.life())?;
                tell!("key {kid} signs in {} seconds", keys::PUBLISHED_AHEAD);
            }
            Action::List => {
                let now = Moment::now();
                for key in state.database.read(|db| keys::load(db, master, now))? {
                    tell!("{} signs from {}", key.kid, key.signs_from);
                }
            }
        }
        Ok(())
    }
}
