//! Messages to webhooks: made from the journal, and sent.

mod resolve;
mod rights;
mod sender;

use crate::{feed::ChangeEntry, state::State};
use opora_db::{
    Error, Origin, Result,
    journal::{self, Stretch, Told},
};
use opora_primitives::{Moment, ProblemCode};
use opora_webhooks::{
    deliveries::{self, Message},
    subscriptions,
    types::{DisabledBecause, EventType, Webhook, WebhookId},
};
use serde::Serialize;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use utoipa::ToSchema;

/// How often the journal and the messages are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How soon after messages were begun it is looked for more.
const SOON: Duration = Duration::from_millis(20);
/// Changes that become messages in one write.
const PORTION: usize = 500;
/// How long messages that were taken or given up are kept, in seconds (D282).
const KEPT: i64 = 30 * 24 * 3600;
/// How often they are swept.
const SWEPT: Duration = Duration::from_secs(3600);

/// Makes messages of what has come into the journal, until `stopping`.
pub fn make(state: &State, stopping: &AtomicBool) {
    let (mut seen, mut swept) = (None, None::<Instant>);
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
        match state.database.read(journal::last_number) {
            Ok(last) if seen != Some(last) => match make_all(state) {
                Ok(()) => seen = Some(last),
                Err(error) => tracing::warn!(%error, "messages to webhooks could not be made"),
            },
            _ => {}
        }
        if swept.is_none_or(|swept| swept.elapsed() > SWEPT) {
            swept = Some(Instant::now());
            let until = Moment::now().plus_seconds(-KEPT);
            if let Err(error) = state.database.keep_books(|db| deliveries::sweep(db, until)) {
                tracing::warn!(%error, "messages that have ended could not be swept");
            }
        }
    }
}

fn make_all(state: &State) -> Result<()> {
    for webhook in state.database.read(subscriptions::active)? {
        let mut next = Some(webhook);
        while let Some(webhook) = next {
            next = make_portion(state, webhook)?;
        }
    }
    Ok(())
}

/// Makes messages of the next changes for `webhook`; answers it at its new place if there are more.
fn make_portion(state: &State, webhook: Webhook) -> Result<Option<Webhook>> {
    let owner =
        Origin { actor_id: Some(webhook.owner_id), ..Origin::system(format!("webhook {}", webhook.id)) };
    let owner = Origin { kind: webhook.owner_kind, actor: webhook.owner.clone(), ..owner };
    let (events, after) = (webhook.event_types(), subscriptions::place(&webhook)?);
    let read = state.database.read_consistent(|db| {
        let resources: Vec<_> = events.iter().map(|event| event.resource).collect();
        match rights::of(db, &webhook)? {
            Ok(rights) => rights.reader(&resources).read(db, after, PORTION).map(Ok),
            Err(because) => Ok(Err(because)),
        }
    });
    let because = match read {
        Ok(Ok(stretch)) => return enqueue(state, &owner, webhook, &events, stretch),
        Ok(Err(because)) => because,
        Err(Error::Problem(problem)) if problem.code == ProblemCode::PositionLost => {
            DisabledBecause::PositionLost
        }
        Err(error) => return Err(error),
    };
    disable(state, webhook.id, because)?;
    Ok(None)
}

fn disable(state: &State, id: WebhookId, because: DisabledBecause) -> Result<()> {
    let origin = Origin::system(format!("webhook {id}"));
    state.database.write(&origin, |tx| subscriptions::disable(tx, id, because))
}

fn enqueue(
    state: &State,
    owner: &Origin,
    webhook: Webhook,
    events: &[EventType],
    stretch: Stretch,
) -> Result<Option<Webhook>> {
    let wanted = |change: &Told| events.iter().any(|event| event.covers(&change.resource, change.happened));
    let changes: Vec<Told> = stretch.changes.into_iter().filter(wanted).collect();
    let messages = changes.into_iter().map(message).collect::<Result<Vec<_>>>()?;
    state.database.write(owner, |tx| deliveries::enqueue(tx, &webhook, &messages, stretch.next))?;
    Ok(stretch.more.then(|| Webhook { position: stretch.next.to_string(), ..webhook }))
}

/// What a receiver is sent, by the convention of Standard Webhooks.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "type": "schools.update",
    "timestamp": "2021-02-01T09:30:00.000000Z",
    "data": {
        "position": "4d2-0-5f1a2b3c4d5e6",
        "at": "2021-02-01T09:30:00.000000Z",
        "resource": "schools",
        "operation": "update",
        "key": "17",
        "natural_key": {"code": "520101"},
        "previous_key": null,
        "school_id": 17,
        "municipality_id": 3,
        "href": "/api/v1/schools/17",
    },
}))]
pub struct ChangeMessage {
    /// The kind of change, by which a webhook asks for it: resource and operation.
    #[serde(rename = "type")]
    event: String,
    /// When the change was written.
    timestamp: Moment,
    /// The change, as the feed tells it.
    data: ChangeEntry,
}

fn message(change: Told) -> Result<Message> {
    let event = format!("{}.{}", change.resource, change.happened);
    let name = change.key.clone().unwrap_or_else(|| change.natural_key.to_string());
    let subject = format!("{} {name}", change.resource);
    let names_people = change.names_people;
    let sent = ChangeMessage { event, timestamp: change.at, data: change.into() };
    let body = serde_json::to_string(&sent).map_err(Error::fault)?;
    Ok(Message { event: sent.event, subject, body, names_people })
}

/// Sends messages that are due, until `stopping`.
pub fn send(state: &State, stopping: &AtomicBool) {
    actix_web::rt::System::new().block_on(async {
        let sender = match sender::Sender::new(state.clone()) {
            Ok(sender) => sender,
            Err(error) => return tracing::error!(%error, "webhooks cannot be sent"),
        };
        while !stopping.load(Ordering::Relaxed) {
            let begun = sender.send_due();
            actix_web::rt::time::sleep(if begun { SOON } else { LOOK }).await;
        }
        sender.finish().await;
    });
}
