//! Subscriptions: made, changed and ended by whoever owns them; an administrator sees them all.

use crate::{
    address,
    rules::{OVERLAP, SECRET_PREFIX},
    types::{DisabledBecause, EventType, Webhook, WebhookId, WebhookState},
};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use diesel::prelude::*;
use opora_db::{
    ActorKind, Db, Error, Label, Result, Tx,
    edit::{self, Check, Expected, present, same_version},
    journal::{self, Position},
    schema::{webhook_deliveries, webhooks},
};
use opora_identity::seal::MasterKey;
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, Problem, ProblemCode, Reason, SchoolId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The most webhooks an owner has.
pub const MOST: i64 = 20;
/// The longest description, in characters.
const DESCRIPTION: usize = 200;
/// What secrets are sealed for.
const PURPOSE: &str = "webhook";
/// Bytes of a secret.
const SECRET: usize = 32;

/// Whose webhooks are meant.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// Everybody's.
    All,
    /// One caller's.
    Of(ActorKind, i64),
}

/// A webhook as it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://receiver.example/opora", "events": ["schools.*", "results.create"]}))]
#[schema(as = WebhookCreate)]
pub struct WebhookDraft {
    /// Where messages are sent: `https`, in the public network unless the installation allows others.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: String,
    /// Which changes: `schools.update`, or `schools.*` for all changes of schools.
    #[schema(min_items = 1, max_items = 100, example = json!(["schools.*"]))]
    pub events: Vec<String>,
    /// What it is for.
    #[schema(min_length = 1, max_length = 200, example = "Зеркало реестра")]
    pub description: Option<String>,
    /// Only of this municipality; of the caller's whole area unless given.
    pub municipality_id: Option<MunicipalityId>,
    /// Only of this school.
    pub school_id: Option<SchoolId>,
}

/// What changes in a webhook. An absent field stays, `null` clears one that may be absent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "active"}))]
#[schema(as = WebhookUpdate)]
pub struct WebhookPatch {
    /// Where messages are sent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 2000)]
    pub url: Option<String>,
    /// Which changes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 100)]
    pub events: Option<Vec<String>>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub description: Option<Option<String>>,
    /// Enable it again, or disable it. What changed meanwhile is told as long as the feed knows its place.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = WebhookState, required = false)]
    pub state: Option<WebhookState>,
}

/// Makes a webhook of the caller `owner` for changes in `area` from now on; answers it and its secret, which is kept sealed.
///
/// # Errors
/// All refused fields at once; [`ProblemCode::Conflict`] for a caller who has [`MOST`].
pub fn create(
    tx: &mut Tx,
    master: &MasterKey,
    owner: (ActorKind, i64, &str),
    area: Area,
    draft: &WebhookDraft,
    private: bool,
) -> Result<(Webhook, String)> {
    let (kind, id, name) = owner;
    let own = webhooks::table.filter(webhooks::owner_kind.eq(kind)).filter(webhooks::owner_id.eq(id));
    if own.count().get_result::<i64>(&mut **tx)? >= MOST {
        let words = (
            format!("at most {MOST} webhooks; delete one"),
            format!("не более {MOST} подписок; удалите одну из них"),
        );
        return Err(Problem::new(ProblemCode::Conflict, words).into());
    }
    let mut check = Check::default();
    let events = check_events(&mut check, &draft.events);
    check_url(&mut check, &draft.url, private);
    let description = check.optional_line("/description", draft.description.as_deref(), DESCRIPTION);
    check.done()?;
    let (municipality, school) = area.ids();
    let (secret, sealed) = fresh(master)?;
    let position = journal::position(tx)?.to_string();
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let row = (
        webhooks::owner_kind.eq(kind),
        webhooks::owner_id.eq(id),
        webhooks::owner.eq(name),
        webhooks::url.eq(&draft.url),
        webhooks::description.eq(description),
        webhooks::events.eq(events),
        webhooks::municipality_id.eq(municipality),
        webhooks::school_id.eq(school),
        webhooks::state.eq(WebhookState::Active),
        webhooks::secret_sealed.eq(sealed),
        webhooks::position.eq(position),
        (webhooks::created_at.eq(at), webhooks::updated_at.eq(at)),
    );
    let made = diesel::insert_into(webhooks::table).values(row).returning(webhooks::id);
    let made = made.get_result::<WebhookId>(db);
    let id = made.map_err(|error| edit::missing_area(error, municipality.is_some()))?;
    let made = find(tx, Whose::All, id)?;
    record(tx, None, Some(&made))?;
    Ok((made, secret))
}

/// The webhook `id`, if it is one of `whose`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, whose: Whose, id: WebhookId) -> Result<Webhook> {
    let mut query = webhooks::table.filter(webhooks::id.eq(id)).select(Webhook::as_select()).into_boxed();
    if let Whose::Of(kind, owner) = whose {
        query = query.filter(webhooks::owner_kind.eq(kind)).filter(webhooks::owner_id.eq(owner));
    }
    Ok(query.first(db)?)
}

/// Webhooks by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, whose: Whose, limit: Limit, cursor: Option<&str>) -> Result<Page<Webhook>> {
    let mut query = webhooks::table.select(Webhook::as_select()).into_boxed();
    if let Whose::Of(kind, owner) = whose {
        query = query.filter(webhooks::owner_kind.eq(kind)).filter(webhooks::owner_id.eq(owner));
    }
    if let Some(cursor) = cursor {
        query = query.filter(webhooks::id.gt(Cursor::decode::<WebhookId>("webhooks", cursor)?));
    }
    let rows = query.order(webhooks::id).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, "webhooks", |webhook: &Webhook| webhook.id))
}

/// Changes the webhook `id`, if it is still at `version`. An enabled one whose place was lost begins at the present.
///
/// # Errors
/// Not found; `precondition_failed`; all refused fields at once.
pub fn update(
    tx: &mut Tx,
    whose: Whose,
    id: WebhookId,
    version: impl Into<Expected>,
    patch: WebhookPatch,
    private: bool,
) -> Result<Webhook> {
    let before = find(tx, whose, id)?;
    same_version(before.version, version)?;
    let mut check = Check::default();
    let url = patch.url.unwrap_or_else(|| before.url.clone());
    check_url(&mut check, &url, private);
    let events = match &patch.events {
        Some(events) => check_events(&mut check, events),
        None => before.events.clone(),
    };
    let description = patch.description.unwrap_or_else(|| before.description.clone());
    let description = check.optional_line("/description", description.as_deref(), DESCRIPTION);
    check.done()?;
    let state = patch.state.unwrap_or(before.state);
    let because = match state {
        WebhookState::Active => None,
        WebhookState::Disabled => before.disabled_because.or(Some(DisabledBecause::ByHand)),
    };
    let lost = before.disabled_because == Some(DisabledBecause::PositionLost);
    let position = match state {
        WebhookState::Active if lost => journal::position(tx)?.to_string(),
        _ => before.position.clone(),
    };
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(webhooks::table.find(id))
        .set((
            webhooks::url.eq(url),
            webhooks::events.eq(events),
            webhooks::description.eq(description),
            webhooks::state.eq(state),
            webhooks::disabled_because.eq(because),
            webhooks::position.eq(position),
            webhooks::version.eq(before.version + 1),
            webhooks::updated_at.eq(at),
        ))
        .execute(db)?;
    let after = find(tx, whose, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok(after)
}

/// Ends the webhook `id` with all its messages, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed`.
pub fn delete(tx: &mut Tx, whose: Whose, id: WebhookId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, whose, id)?;
    same_version(before.version, version)?;
    let messages = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(id));
    diesel::delete(messages).execute(&mut **tx)?;
    diesel::delete(webhooks::table.find(id)).execute(&mut **tx)?;
    record(tx, Some(&before), None)
}

/// Gives the webhook `id` a new secret; for a day messages are signed with the old one too.
///
/// # Errors
/// Not found.
pub fn rotate(tx: &mut Tx, master: &MasterKey, whose: Whose, id: WebhookId) -> Result<(Webhook, String)> {
    let before = find(tx, whose, id)?;
    let (secret, sealed) = fresh(master)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let row = webhooks::table.find(id);
    let old: String = row.select(webhooks::secret_sealed).first(db)?;
    diesel::update(row)
        .set((
            webhooks::secret_sealed.eq(sealed),
            webhooks::previous_sealed.eq(old),
            webhooks::previous_until.eq(at.plus_seconds(OVERLAP)),
            webhooks::version.eq(before.version + 1),
            webhooks::updated_at.eq(at),
        ))
        .execute(db)?;
    let after = find(tx, whose, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok((after, secret))
}

/// Every webhook that is to be told of changes.
///
/// # Errors
/// Faults of the database.
pub fn active(db: &mut Db) -> Result<Vec<Webhook>> {
    let query = webhooks::table.filter(webhooks::state.eq(WebhookState::Active));
    Ok(query.order(webhooks::id).select(Webhook::as_select()).load(db)?)
}

/// Disables the webhook `id`, if it is active.
///
/// # Errors
/// Faults of the database.
pub fn disable(tx: &mut Tx, id: WebhookId, because: DisabledBecause) -> Result<()> {
    let before = find(tx, Whose::All, id)?;
    if before.state == WebhookState::Disabled {
        return Ok(());
    }
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(webhooks::table.find(id))
        .set((
            webhooks::state.eq(WebhookState::Disabled),
            webhooks::disabled_because.eq(because),
            webhooks::version.eq(before.version + 1),
            webhooks::updated_at.eq(at),
        ))
        .execute(db)?;
    let after = find(tx, Whose::All, id)?;
    record(tx, Some(&before), Some(&after))
}

/// The secrets that are good at present, opened, the newest first; nothing if the newest was sealed under another master
/// key. An older one that cannot be opened is left out: the receiver has the newest.
pub(crate) fn secrets(master: &MasterKey, sealed: &str, previous: Option<&str>) -> Option<Vec<Vec<u8>>> {
    let open = |text: &str| master.open(PURPOSE, text).ok();
    Some([open(sealed)?].into_iter().chain(previous.and_then(open)).collect())
}

/// Where the journal was read up to.
///
/// # Errors
/// A place that cannot be read.
pub fn place(webhook: &Webhook) -> Result<Position> {
    webhook.position.parse().map_err(|_| Error::fault(format!("position of webhook {}", webhook.id)))
}

/// So many random bytes.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(Error::fault)?;
    Ok(bytes)
}

fn fresh(master: &MasterKey) -> Result<(String, String)> {
    let bytes = random::<SECRET>()?;
    Ok((format!("{SECRET_PREFIX}{}", BASE64.encode(bytes)), master.seal(PURPOSE, &bytes)?))
}

fn check_url(check: &mut Check, url: &str, private: bool) {
    if let Err(reason) = address::parse(url, private) {
        check.flaw("/url", reason);
    }
}

fn check_events(check: &mut Check, events: &[String]) -> String {
    check.unless((1..=100).contains(&events.len()), "/events", Reason::WrongLength);
    for (n, event) in events.iter().enumerate() {
        check.unless(event.parse::<EventType>().is_ok(), &format!("/events/{n}"), Reason::UnknownValue);
    }
    events.join(" ")
}

fn record(tx: &mut Tx, before: Option<&Webhook>, after: Option<&Webhook>) -> Result<()> {
    if let Some(webhook) = after.or(before) {
        let label = |webhook: &Webhook| Label::new(json!({ "id": webhook.id }));
        tx.record(edit::change("webhooks", webhook.id, before, after, label)?);
    }
    Ok(())
}
