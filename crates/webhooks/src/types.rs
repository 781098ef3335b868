//! Subscriptions and messages as the API shows them.

use diesel::prelude::*;
use opora_db::{
    ActorKind,
    journal::{FeedResource, Happened},
    schema::{webhook_deliveries, webhooks},
};
use opora_primitives::{Area, Moment, MunicipalityId, Reason, SchoolId};
use serde::Serialize;

opora_primitives::id_type!(
    /// A webhook.
    WebhookId
);
opora_primitives::id_type!(
    /// A message on its way to a webhook.
    DeliveryId
);
opora_primitives::word_type!(
    /// Whether a webhook is told of changes.
    WebhookState {
        /// It is.
        Active = "active", "действует";
        /// It is not, until it is enabled again.
        Disabled = "disabled", "отключён";
    }
);
opora_primitives::word_type!(
    /// Why a webhook was disabled.
    DisabledBecause {
        /// Somebody did it.
        ByHand = "by_hand", "вручную";
        /// Its address answered 410.
        Gone = "gone", "адрес ответил 410";
        /// Its owner may no longer have webhooks.
        OwnerEnded = "owner_ended", "владелец отключён";
        /// Its area does not lie in that of its owner any more.
        OutOfArea = "out_of_area", "вне области владельца";
        /// The journal went back to an earlier state: a backup was restored.
        PositionLost = "position_lost", "место в ленте утрачено";
        /// Its secret was sealed under another master key, so that nothing can be signed: it needs a new one.
        SecretLost = "secret_lost", "секрет утрачен";
        /// Its messages were given up for two weeks on end.
        Undeliverable = "undeliverable", "не принимает сообщений";
    }
);
opora_primitives::word_type!(
    /// How far a message is.
    DeliveryState {
        /// It was not taken yet.
        Pending = "pending", "ожидает";
        /// It was taken.
        Delivered = "delivered", "доставлено";
        /// It was given up.
        Dead = "dead", "не доставлено";
    }
);

/// What kind of change a webhook is told of: `schools.update`, or `schools.*` for all changes of schools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// Of which resource.
    pub resource: FeedResource,
    /// What happened; anything if none.
    pub happened: Option<Happened>,
}

impl EventType {
    /// Whether it is a change of this kind.
    pub fn covers(self, resource: &str, happened: Happened) -> bool {
        self.resource.as_str() == resource && self.happened.is_none_or(|wanted| wanted == happened)
    }
}

impl std::str::FromStr for EventType {
    type Err = Reason;
    fn from_str(text: &str) -> Result<Self, Reason> {
        let (resource, happened) = text.rsplit_once('.').ok_or(Reason::UnknownValue)?;
        let happened = if happened == "*" { None } else { Some(happened.parse()?) };
        Ok(Self { resource: resource.parse()?, happened })
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.resource, self.happened.as_ref().map_or("*", Happened::as_str))
    }
}

/// A subscription to changes.
#[derive(Clone, Debug, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What kind of caller made it; it is told what that caller may read at present.
    pub owner_kind: ActorKind,
    /// The caller's row.
    #[serde(skip)]
    pub owner_id: i64,
    /// The caller's name.
    #[schema(example = "opc_9f2c")]
    pub owner: String,
    /// Where messages are sent.
    #[schema(example = "https://receiver.example/opora")]
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which changes it is told of.
    #[serde(serialize_with = "words")]
    #[schema(value_type = Vec<String>, example = json!(["schools.*", "results.create"]))]
    pub events: String,
    /// The municipality whose changes it is told of, if that bounds them.
    pub municipality_id: Option<MunicipalityId>,
    /// The school whose changes it is told of, if that bounds them.
    pub school_id: Option<SchoolId>,
    /// Whether it is told of changes.
    pub state: WebhookState,
    /// Why it is not.
    pub disabled_because: Option<DisabledBecause>,
    /// Up to where in the change feed it has been told, or will be by messages on their way.
    #[schema(example = "4d2-0-5f1a2b3c4d5e6")]
    pub position: String,
    /// Counts the changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

fn words<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(text.split(' '))
}

impl Webhook {
    /// The part of the region whose changes it is told of.
    pub fn area(&self) -> Area {
        Area::of(self.municipality_id, self.school_id)
    }

    /// Which changes it is told of.
    pub fn event_types(&self) -> Vec<EventType> {
        self.events.split(' ').filter_map(|word| word.parse().ok()).collect()
    }
}

/// A message on its way, or at its end.
#[derive(Clone, Debug, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = webhook_deliveries)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The header `webhook-id`: the same in every attempt, so that the receiver can tell a message it has.
    #[schema(example = "msg_kq0Vb0R9wCkqg4dJ")]
    pub message_id: String,
    /// What kind of change it tells of.
    #[schema(example = "schools.update")]
    pub event: String,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was sent.
    #[schema(minimum = 0, example = 1)]
    pub attempts: i32,
    /// When it is sent next, if it is pending.
    pub next_at: Moment,
    /// The status of the last answer, if there was one.
    #[schema(minimum = 100, maximum = 599, example = 503)]
    pub last_status: Option<i32>,
    /// Why the last attempt failed, or `forbidden`: the owner may not read what the message tells of any more, so it was not
    /// sent.
    #[schema(example = "status")]
    pub last_failure: Option<String>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was taken or given up.
    pub ended_at: Option<Moment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_type_reads_its_own_words() {
        for text in ["schools.*", "support-records.create", "working-group/seats.delete", "results.leave"] {
            assert_eq!(text.parse::<EventType>().unwrap().to_string(), text);
        }
        for text in ["", "*", "schools", "schools.", "pupils.create", "schools.load", ".*"] {
            assert!(text.parse::<EventType>().is_err(), "{text}");
        }
        let updates: EventType = "schools.update".parse().unwrap();
        assert!(updates.covers("schools", Happened::Update) && !updates.covers("schools", Happened::Delete));
        assert!(!updates.covers("results", Happened::Update));
    }
}
