//! What receivers of webhooks are sent, as the `webhooks` of the contract: requests that this system makes.

use crate::webhooks::ChangeMessage;
use utoipa::{
    IntoParams, Path,
    openapi::{HttpMethod, OpenApi as Document, PathItem, path::PathsBuilder},
};

/// What stands around a message, by the convention of Standard Webhooks.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the contract's words for what the sender writes")]
struct Envelope {
    /// The message: the same in every attempt, so that what comes twice can be dropped.
    #[param(rename = "webhook-id", example = "msg_kq0Vb0R9wCkqg4dJ")]
    id: String,
    /// When this attempt was made, in seconds since 1970: refuse what is older than five minutes.
    #[param(rename = "webhook-timestamp", example = 1_796_000_000)]
    timestamp: i64,
    /// `v1,` and the Base64 of HMAC-SHA-256 of `id.timestamp.body` under the bytes of the secret. While a secret is
    /// replaced there are two, with a space between: one that fits is enough.
    #[param(rename = "webhook-signature", example = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")]
    signature: String,
    /// The trace that this attempt belongs to (W3C Trace Context).
    #[param(example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    traceparent: String,
}

/// Be told of a change
///
/// Sent to the address of a webhook for every change that it asked for and its owner may read: at least once, and one after
/// another for the same record. Answer within 15 seconds; a message that is not taken is sent again, with growing pauses,
/// for about three days.
#[utoipa::path(post, path = "change", operation_id = "receive_change", params(Envelope),
    request_body = ChangeMessage, security(()),
    responses(
        (status = "2XX", description = "The message is taken; what else the answer says is not read"),
        (status = 410, description = "The receiver wants no more: the webhook is disabled"),
        (status = "default", description = "The message is not taken, and sent again; a redirect is not followed")))]
#[expect(dead_code, reason = "it is the receivers that serve this")]
fn change() {}

/// Adds them to the contract.
pub(super) fn add(document: &mut Document) {
    let mut operation = <__path_change as Path>::operation();
    // What registering a route does for the others.
    operation.tags = Some(vec!["webhooks".to_owned()]);
    operation.security = Some(Vec::new());
    let item = PathItem::new(HttpMethod::Post, operation);
    document.webhooks = Some(PathsBuilder::new().path("change", item).build());
}
