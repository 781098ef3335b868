//! Messages on their way: made from the journal, taken by one node at a time, sent until they are taken or given up.

use crate::{
    rules, subscriptions,
    types::{
        Delivery, DeliveryId, DeliveryState, DisabledBecause, EventType, Webhook, WebhookId, WebhookState,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use diesel::{
    dsl::{max, min},
    prelude::*,
};
use opora_db::{
    Change, Database, Db, Operation, Origin, Result, Tx,
    journal::Position,
    on_each,
    schema::{webhook_deliveries as rows, webhooks},
};
use opora_identity::seal::MasterKey;
use opora_primitives::{Cursor, Limit, Moment, Page, ProblemCode};
use serde_json::json;
use std::collections::HashMap;

/// How long one node has to send a message before another may, in seconds: longer than the receiver may take.
pub const LEASE: i64 = 20;

/// Messages of one webhook that are on their way at once, from all nodes: a receiver that does not answer delays its own
/// messages and leaves room for those of others.
pub const OF_ONE: usize = 4;

/// A change as a message.
#[derive(Clone, Debug)]
pub struct Message {
    /// What kind of change.
    pub event: String,
    /// The record it is about.
    pub subject: String,
    /// What is sent.
    pub body: String,
    /// Whether it tells of people.
    pub names_people: bool,
}

/// Puts `messages` on their way to `webhook`, whose place in the journal thereby becomes `next`; all of it or nothing. If
/// another node has done so already, nothing happens. That people are told of is recorded.
///
/// # Errors
/// Faults of the database.
pub fn enqueue(tx: &mut Tx, webhook: &Webhook, messages: &[Message], next: Position) -> Result<()> {
    let at = tx.at;
    let here = webhooks::table
        .filter(webhooks::id.eq(webhook.id))
        .filter(webhooks::state.eq(WebhookState::Active))
        .filter(webhooks::position.eq(&webhook.position));
    let moved = diesel::update(here).set(webhooks::position.eq(next.to_string())).execute(&mut **tx)?;
    if moved == 0 {
        return Ok(());
    }
    for batch in messages.chunks(200) {
        let values: Vec<_> = batch
            .iter()
            .map(|message| {
                let id = B64URL.encode(subscriptions::random::<16>()?);
                Ok((
                    rows::webhook_id.eq(webhook.id),
                    rows::message_id.eq(format!("msg_{id}")),
                    rows::event.eq(&message.event),
                    rows::subject.eq(&message.subject),
                    rows::body.eq(&message.body),
                    rows::names_people.eq(message.names_people),
                    rows::state.eq(DeliveryState::Pending),
                    rows::next_at.eq(at),
                    rows::created_at.eq(at),
                ))
            })
            .collect::<Result<_>>()?;
        let db: &mut Db = tx;
        on_each!(db, c => diesel::insert_into(rows::table).values(&values).execute(c))?;
    }
    let people = messages.iter().filter(|message| message.names_people).count();
    if people > 0 {
        let what = json!({ "shown": people, "to": webhook.url });
        tx.record(Change::new("webhooks", webhook.id, Operation::Read).after(what));
    }
    Ok(())
}

/// A message that this node is to send now.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its row.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// Where to.
    pub url: String,
    /// The header `webhook-id`.
    pub message_id: String,
    /// What kind of change it tells of.
    pub event: EventType,
    /// What is sent.
    pub body: String,
    /// Whether it tells of people.
    pub names_people: bool,
    /// How often it was sent before.
    pub attempts: i32,
    secrets: Vec<Vec<u8>>,
}

impl Due {
    /// The header `webhook-signature` for an attempt at `timestamp`, in seconds since 1970.
    pub fn signature(&self, timestamp: i64) -> String {
        rules::signature(self.secrets.iter().map(Vec::as_slice), &self.message_id, timestamp, &self.body)
    }
}

/// A webhook for which messages are due: its id, where to, its secrets and until when the older one is good.
type Waiting = (WebhookId, String, String, Option<String>, Option<Moment>);

/// The same webhook: its id, where to, and the secrets that sign.
type Signer = (WebhookId, String, Vec<Vec<u8>>);

/// A message that is due: its row, the header `webhook-id`, event, body, whether it tells of people, attempts.
type Next<Event = EventType> = (DeliveryId, String, Event, String, bool, i32);

/// What a node has taken to send.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The messages.
    pub due: Vec<Due>,
    /// Webhooks for which messages are due that cannot be signed: their secrets were sealed under another master key (D280).
    pub unreadable: Vec<WebhookId>,
}

/// Takes up to `most` messages that are due, for `holder`, and of no webhook more than [`OF_ONE`]. A message waits while an
/// earlier one about the same record does.
///
/// # Errors
/// Faults of the database.
pub fn claim(database: &Database, master: &MasterKey, holder: &str, most: usize) -> Result<Claimed> {
    let now = Moment::now();
    let (taken, unreadable) = database.keep_books(|db| {
        let under_way = under_way(db, now)?;
        let (mut taken, mut unreadable) = (Vec::new(), Vec::new());
        for webhook in waiting(db, now)? {
            let id = webhook.0;
            let Some(signer) = signer(master, now, webhook) else {
                unreadable.push(id);
                continue;
            };
            let begun = under_way.get(&id).copied().unwrap_or(0).min(OF_ONE);
            let next = next_of(db, id, now, OF_ONE - begun)?;
            taken.extend((begun..).zip(next).map(|(place, next)| (place, signer.clone(), next)));
        }
        // The first message of each webhook goes before the second of any.
        taken.sort_by_key(|(place, _, next)| (*place, next.0));
        taken.truncate(most);
        let ids: Vec<DeliveryId> = taken.iter().map(|(.., next)| next.0).collect();
        diesel::update(rows::table.filter(rows::id.eq_any(ids)))
            .set((rows::lease_owner.eq(holder), rows::lease_until.eq(now.plus_seconds(LEASE))))
            .execute(db)?;
        Ok((taken, unreadable))
    })?;
    let due = taken.into_iter().map(|(_, signer, next)| due(signer, next)).collect();
    Ok(Claimed { due, unreadable })
}

/// The webhook with its secrets opened; nothing if the one that is good now cannot be.
fn signer(master: &MasterKey, now: Moment, webhook: Waiting) -> Option<Signer> {
    let (id, url, sealed, previous, until) = webhook;
    let previous = previous.filter(|_| until.is_some_and(|until| now < until));
    Some((id, url, subscriptions::secrets(master, &sealed, previous.as_deref())?))
}

/// How many messages of each webhook are on their way, from all nodes.
fn under_way(db: &mut Db, now: Moment) -> Result<HashMap<WebhookId, usize>> {
    let leased: Vec<WebhookId> =
        rows::table.filter(rows::lease_until.ge(now).assume_not_null()).select(rows::webhook_id).load(db)?;
    let mut counts = HashMap::new();
    for webhook in leased {
        *counts.entry(webhook).or_default() += 1;
    }
    Ok(counts)
}

/// The active webhooks for which messages are due.
fn waiting(db: &mut Db, now: Moment) -> Result<Vec<Waiting>> {
    let due = rows::table
        .filter(rows::webhook_id.eq(webhooks::id))
        .filter(rows::state.eq(DeliveryState::Pending))
        .filter(rows::next_at.le(now));
    Ok(webhooks::table
        .filter(webhooks::state.eq(WebhookState::Active))
        .filter(diesel::dsl::exists(due))
        .select((
            webhooks::id,
            webhooks::url,
            webhooks::secret_sealed,
            webhooks::previous_sealed,
            webhooks::previous_until,
        ))
        .load(db)?)
}

/// The first messages of `webhook` that are due and that nobody sends, at most `most`. One about what this version does not
/// know waits for a node of the newer version that made it.
fn next_of(db: &mut Db, webhook: WebhookId, now: Moment, most: usize) -> Result<Vec<Next>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let earlier = diesel::alias!(rows as earlier);
    let before = earlier
        .filter(earlier.field(rows::webhook_id).eq(rows::webhook_id))
        .filter(earlier.field(rows::subject).eq(rows::subject))
        .filter(earlier.field(rows::state).eq(DeliveryState::Pending))
        .filter(earlier.field(rows::id).lt(rows::id));
    let free = rows::lease_until.is_null().or(rows::lease_until.lt(now).assume_not_null());
    let found: Vec<Next<String>> = rows::table
        .filter(rows::webhook_id.eq(webhook))
        .filter(rows::state.eq(DeliveryState::Pending))
        .filter(rows::next_at.le(now))
        .filter(free)
        .filter(diesel::dsl::not(diesel::dsl::exists(before)))
        .order(rows::id)
        .limit(most as i64)
        .select((rows::id, rows::message_id, rows::event, rows::body, rows::names_people, rows::attempts))
        .load(db)?;
    let known = |(id, message_id, event, body, names_people, attempts): Next<String>| {
        Some((id, message_id, event.parse().ok()?, body, names_people, attempts))
    };
    Ok(found.into_iter().filter_map(known).collect())
}

fn due((webhook_id, url, secrets): Signer, next: Next) -> Due {
    let (id, message_id, event, body, names_people, attempts) = next;
    Due { id, webhook_id, url, message_id, event, body, names_people, attempts, secrets }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver has taken it.
    Taken(u16),
    /// The receiver wants no more: 410.
    Gone,
    /// It has to be tried again: the status, if there was an answer, and why.
    Failed(Option<u16>, &'static str),
    /// It was not sent: the webhook's owner may not read what it tells of any more.
    Withheld,
}

/// Notes the end of an attempt of `holder`. A message that failed is due again after the next of `retries` seconds, or given
/// up; one that met 410 is given up and its webhook disabled; one that is withheld is given up. A webhook whose messages
/// were given up for [`rules::PATIENCE`] on end is disabled.
///
/// # Errors
/// Faults of the database.
pub fn settle(database: &Database, due: &Due, holder: &str, attempt: Attempt, retries: &[i64]) -> Result<()> {
    let attempts = due.attempts + i32::from(attempt != Attempt::Withheld);
    let again = rules::pause(retries, attempts);
    let origin = Origin::system(format!("webhook {}", due.webhook_id));
    database.write(&origin, |tx| {
        let at = tx.at;
        let (state, status, failure) = match attempt {
            Attempt::Taken(status) => (DeliveryState::Delivered, Some(status), None),
            Attempt::Gone => (DeliveryState::Dead, Some(410), Some("gone")),
            Attempt::Withheld => (DeliveryState::Dead, None, Some("forbidden")),
            Attempt::Failed(status, why) if again.is_some() => (DeliveryState::Pending, status, Some(why)),
            Attempt::Failed(status, why) => (DeliveryState::Dead, status, Some(why)),
        };
        let ended = (state != DeliveryState::Pending).then_some(at);
        let own = rows::table.filter(rows::id.eq(due.id)).filter(rows::lease_owner.eq(holder));
        let noted = diesel::update(own)
            .set((
                rows::state.eq(state),
                rows::attempts.eq(attempts),
                rows::next_at.eq(at.plus_seconds(again.unwrap_or_default())),
                rows::last_status.eq(status.map(i32::from)),
                rows::last_failure.eq(failure),
                rows::ended_at.eq(ended),
                rows::lease_owner.eq(None::<String>),
                rows::lease_until.eq(None::<Moment>),
            ))
            .execute(&mut **tx)?;
        let because = match attempt {
            _ if noted == 0 => None,
            Attempt::Gone => Some(DisabledBecause::Gone),
            Attempt::Failed(..) if ended.is_some() && is_undeliverable(tx, due.webhook_id)? => {
                Some(DisabledBecause::Undeliverable)
            }
            _ => None,
        };
        because.map_or(Ok(()), |because| subscriptions::disable(tx, due.webhook_id, because))
    })
}

/// Whether messages of `webhook` were given up for [`rules::PATIENCE`] on end (D281): meanwhile none was taken, and nobody
/// changed or enabled it. What was withheld says nothing about the receiver.
fn is_undeliverable(tx: &mut Tx, webhook: WebhookId) -> Result<bool> {
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let own = rows::table.filter(rows::webhook_id.eq(webhook));
    let taken = own.filter(rows::state.eq(DeliveryState::Delivered)).select(max(rows::ended_at));
    let taken: Option<Moment> = taken.first(db)?;
    let changed: Moment = webhooks::table.find(webhook).select(webhooks::updated_at).first(db)?;
    let since = taken.map_or(changed, |taken| taken.max(changed));
    let given_up = own.filter(rows::state.eq(DeliveryState::Dead)).filter(rows::last_failure.ne("forbidden"));
    let first = given_up.filter(rows::ended_at.gt(since)).select(min(rows::ended_at));
    let first: Option<Moment> = first.first(db)?;
    Ok(first.is_some_and(|first| first.plus_seconds(rules::PATIENCE) <= at))
}

/// The messages of a webhook that the caller has found, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    webhook: WebhookId,
    state: Option<DeliveryState>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Delivery>> {
    let scope = format!("deliveries {webhook} {state:?}");
    let mut query =
        rows::table.filter(rows::webhook_id.eq(webhook)).select(Delivery::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(rows::state.eq(state));
    }
    if let Some(cursor) = cursor {
        query = query.filter(rows::id.lt(Cursor::decode::<DeliveryId>(&scope, cursor)?));
    }
    let found = query.order(rows::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(found, limit, &scope, |delivery: &Delivery| delivery.id))
}

/// Sends dead messages of a webhook again, as if new: the one called `only`, or all. Answers how many.
///
/// # Errors
/// [`ProblemCode::NotFound`] for a message of another webhook; [`ProblemCode::WrongState`] for one that is not dead.
pub fn replay(tx: &mut Tx, webhook: WebhookId, only: Option<DeliveryId>) -> Result<usize> {
    if let Some(id) = only {
        let found = rows::table.find(id).filter(rows::webhook_id.eq(webhook));
        let state: DeliveryState = found.select(rows::state).first(&mut **tx)?;
        if state != DeliveryState::Dead {
            return Err(ProblemCode::WrongState.into());
        }
    }
    let at = tx.at;
    let dead = rows::webhook_id.eq(webhook).and(rows::state.eq(DeliveryState::Dead));
    let set = (
        rows::state.eq(DeliveryState::Pending),
        rows::attempts.eq(0),
        rows::next_at.eq(at),
        rows::ended_at.eq(None::<Moment>),
    );
    let count = match only {
        Some(id) => {
            diesel::update(rows::table.filter(dead).filter(rows::id.eq(id))).set(set).execute(&mut **tx)?
        }
        None => diesel::update(rows::table.filter(dead)).set(set).execute(&mut **tx)?,
    };
    let what = json!({ "replayed": count, "delivery": only });
    let before = json!({ "state": DeliveryState::Dead });
    tx.record(Change::new("webhooks", webhook, Operation::Update).before(before).after(what));
    Ok(count)
}

/// Removes messages that were taken or given up before `until` (D282).
///
/// # Errors
/// Faults of the database.
pub fn sweep(db: &mut Db, until: Moment) -> Result<usize> {
    let old = rows::state.ne(DeliveryState::Pending).and(rows::ended_at.lt(until).assume_not_null());
    Ok(diesel::delete(rows::table.filter(old)).execute(db)?)
}
