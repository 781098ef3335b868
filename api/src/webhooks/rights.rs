//! What a webhook may be told: within its own area and that of its owner, what the owner may read at present. Looked at when
//! changes become messages and once more when a message is sent, which may be days later (D255).

use super::disable;
use crate::{feed::Reader, state::State};
use opora_db::{Db, Result, if_found, journal::FeedResource};
use opora_identity::{Permission, Permissions, actor::standing};
use opora_primitives::Area;
use opora_schools::registry;
use opora_webhooks::{
    deliveries::{self, Attempt, Due},
    subscriptions::{self, Whose},
    types::{DisabledBecause, Webhook, WebhookId},
};
use std::collections::BTreeMap;

/// What a webhook may be told.
#[derive(Clone, Copy)]
pub struct Rights {
    owner: (Permissions, Area),
    area: Area,
}

impl Rights {
    /// A reader with these rights of changes of `resources`.
    pub fn reader(&self, resources: &[FeedResource]) -> Reader {
        Reader::of_subscription(self.owner, self.area, resources)
    }
}

/// What `webhook` may be told; or why that is nothing at all.
///
/// # Errors
/// Faults of the database.
pub fn of(db: &mut Db, webhook: &Webhook) -> Result<std::result::Result<Rights, DisabledBecause>> {
    let owner = standing(db, webhook.owner_kind, webhook.owner_id)?;
    let Some(owner) = owner.filter(|(permissions, _)| permissions.has(Permission::ManageWebhooks)) else {
        return Ok(Err(DisabledBecause::OwnerEnded));
    };
    let area = webhook.area();
    let inside = registry::lies_within(db, area, owner.1)?;
    Ok(if inside { Ok(Rights { owner, area }) } else { Err(DisabledBecause::OutOfArea) })
}

/// Those of the messages `taken` by `holder` that may still be sent. The others are given up; those of a webhook that may be
/// told nothing wait for it to be enabled again.
///
/// # Errors
/// Faults of the database.
pub fn sift(state: &State, holder: &str, taken: Vec<Due>) -> Result<Vec<Due>> {
    let rights = state.database.read_consistent(|db| of_all(db, &taken))?;
    for (id, rights) in &rights {
        if let Err(because) = rights {
            disable(state, *id, *because)?;
        }
    }
    let mut good = Vec::with_capacity(taken.len());
    for due in taken {
        let Some(Ok(rights)) = rights.get(&due.webhook_id) else { continue };
        let resource = due.event.resource;
        if rights.reader(&[resource]).tells(resource, due.names_people) {
            good.push(due);
        } else {
            deliveries::settle(&state.database, &due, holder, Attempt::Withheld, &[])?;
        }
    }
    Ok(good)
}

type OfAll = BTreeMap<WebhookId, std::result::Result<Rights, DisabledBecause>>;

/// What each webhook of the messages may be told; nothing about those that have been deleted since.
fn of_all(db: &mut Db, messages: &[Due]) -> Result<OfAll> {
    let mut all = OfAll::new();
    for id in messages.iter().map(|due| due.webhook_id) {
        if all.contains_key(&id) {
            continue;
        }
        if let Some(webhook) = if_found(subscriptions::find(db, Whose::All, id))? {
            all.insert(id, of(db, &webhook)?);
        }
    }
    Ok(all)
}
