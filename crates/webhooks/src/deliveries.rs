//! Messages on their way: made from the journal, taken by one node at a time, sent until they are taken or given up.

use crate::{
    rules, subscriptions,
    types::{Delivery, DeliveryId, DeliveryState, DisabledBecause, Webhook, WebhookId, WebhookState},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use diesel::prelude::*;
use opora_db::{
    Change, Database, Db, Operation, Origin, Result, Tx,
    journal::Position,
    on_each,
    schema::{webhook_deliveries as rows, webhooks},
};
use opora_identity::seal::MasterKey;
use opora_primitives::{Cursor, Limit, Moment, Page, ProblemCode};
use serde_json::json;

/// How long one node has to send a message before another may, in seconds: longer than the receiver may take.
pub const LEASE: i64 = 20;

/// A change as a message.
#[derive(Clone, Debug)]
pub struct Message {
    /// What kind of change.
    pub event: String,
    /// The record it is about.
    pub subject: String,
    /// What is sent.
    pub body: String,
}

/// Puts `messages` on their way to `webhook`, whose place in the journal thereby becomes `next`; all of it or nothing. If
/// another node has done so already, nothing happens. That people are told of is recorded.
///
/// # Errors
/// Faults of the database.
pub fn enqueue(
    tx: &mut Tx,
    webhook: &Webhook,
    messages: &[Message],
    next: Position,
    people: usize,
) -> Result<()> {
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
                    rows::state.eq(DeliveryState::Pending),
                    rows::next_at.eq(at),
                    rows::created_at.eq(at),
                ))
            })
            .collect::<Result<_>>()?;
        let db: &mut Db = tx;
        on_each!(db, c => diesel::insert_into(rows::table).values(&values).execute(c))?;
    }
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
    /// What is sent.
    pub body: String,
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

type Waiting = (DeliveryId, WebhookId, String, String, i32, String, String, Option<String>, Option<Moment>);

/// Takes up to `most` messages that are due, for `holder`. A message waits while an earlier one about the same record does.
///
/// # Errors
/// Faults of the database; a master key that does not fit.
pub fn claim(database: &Database, master: &MasterKey, holder: &str, most: i64) -> Result<Vec<Due>> {
    let now = Moment::now();
    let taken = database.keep_books(|db| {
        let earlier = diesel::alias!(rows as earlier);
        let before = earlier
            .filter(earlier.field(rows::webhook_id).eq(rows::webhook_id))
            .filter(earlier.field(rows::subject).eq(rows::subject))
            .filter(earlier.field(rows::state).eq(DeliveryState::Pending))
            .filter(earlier.field(rows::id).lt(rows::id));
        let free = rows::lease_until.is_null().or(rows::lease_until.lt(now).assume_not_null());
        let due: Vec<Waiting> = rows::table
            .inner_join(webhooks::table)
            .filter(rows::state.eq(DeliveryState::Pending))
            .filter(rows::next_at.le(now))
            .filter(webhooks::state.eq(WebhookState::Active))
            .filter(free)
            .filter(diesel::dsl::not(diesel::dsl::exists(before)))
            .order(rows::id)
            .limit(most)
            .select((
                rows::id,
                rows::webhook_id,
                rows::message_id,
                rows::body,
                rows::attempts,
                webhooks::url,
                webhooks::secret_sealed,
                webhooks::previous_sealed,
                webhooks::previous_until,
            ))
            .load(db)?;
        let ids: Vec<DeliveryId> = due.iter().map(|row| row.0).collect();
        diesel::update(rows::table.filter(rows::id.eq_any(ids)))
            .set((rows::lease_owner.eq(holder), rows::lease_until.eq(now.plus_seconds(LEASE))))
            .execute(db)?;
        Ok(due)
    })?;
    taken
        .into_iter()
        .map(|(id, webhook_id, message_id, body, attempts, url, sealed, previous, until)| {
            let previous = previous.filter(|_| until.is_some_and(|until| now < until));
            let secrets = subscriptions::secrets(master, &sealed, previous.as_deref())?;
            Ok(Due { id, webhook_id, url, message_id, body, attempts, secrets })
        })
        .collect()
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
}

/// Notes the end of an attempt of `holder`. A message that failed is due again after the next of `retries` seconds, or given
/// up; one that met 410 is given up and its webhook disabled.
///
/// # Errors
/// Faults of the database.
pub fn settle(database: &Database, due: &Due, holder: &str, attempt: Attempt, retries: &[i64]) -> Result<()> {
    let attempts = due.attempts + 1;
    let again = rules::pause(retries, attempts);
    let origin = Origin::system(format!("webhook {}", due.webhook_id));
    database.write(&origin, |tx| {
        let at = tx.at;
        let (state, status, failure) = match attempt {
            Attempt::Taken(status) => (DeliveryState::Delivered, Some(status), None),
            Attempt::Gone => (DeliveryState::Dead, Some(410), Some("gone")),
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
        if noted > 0 && attempt == Attempt::Gone {
            subscriptions::disable(tx, due.webhook_id, DisabledBecause::Gone)?;
        }
        Ok(())
    })
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

/// Removes messages that were taken before `until`: they are of no more use. Dead ones stay.
///
/// # Errors
/// Faults of the database.
pub fn sweep(db: &mut Db, until: Moment) -> Result<usize> {
    let old = rows::state.eq(DeliveryState::Delivered).and(rows::ended_at.lt(until).assume_not_null());
    Ok(diesel::delete(rows::table.filter(old)).execute(db)?)
}
