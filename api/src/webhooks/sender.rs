//! One attempt after another, several side by side.

use super::{
    disable,
    resolve::{Inside, Public},
    rights,
};
use crate::{
    state::State,
    traces::{Begun, Ended, SpanKind},
};
use actix_web::rt;
use opora_db::{Error, Result};
use opora_primitives::Moment;
use opora_webhooks::{
    address,
    deliveries::{self, Attempt, Due},
    rules::RETRIES,
    types::DisabledBecause,
};
use reqwest::{Client, StatusCode, redirect::Policy};
use std::{cell::Cell, error::Error as _, rc::Rc, sync::Arc, time::Duration};

/// How long a receiver may take for its answer; well below [`deliveries::LEASE`].
const PATIENCE: Duration = Duration::from_secs(15);
/// Messages that are on their way from one node at once: more than all webhooks of one owner may have there.
const AT_ONCE: usize = 128;

/// Sends messages. What it has begun it ends, or another node does when the lease has run out.
pub struct Sender {
    state: State,
    client: Client,
    holder: String,
    retries: Rc<Vec<i64>>,
    flying: Rc<Cell<usize>>,
}

impl Sender {
    /// A sender under a name of its own.
    ///
    /// # Errors
    /// A network library that cannot be set up.
    pub fn new(state: State) -> Result<Self> {
        let private = state.config.webhook_private_networks;
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Public { private }))
            .timeout(PATIENCE)
            .user_agent(concat!("opora/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Error::fault)?;
        let holder = format!("{}-{:x}", std::process::id(), Moment::now().micros());
        let retries = Rc::new(state.config.webhook_pauses().unwrap_or_else(|| RETRIES.to_vec()));
        Ok(Self { state, client, holder, retries, flying: Rc::default() })
    }

    /// Takes what is due, leaves out what its owner may not be told any more, and begins to send the rest. Answers whether
    /// anything was taken.
    pub fn send_due(&self) -> bool {
        let free = AT_ONCE.saturating_sub(self.flying.get());
        if free == 0 {
            return false;
        }
        let (state, master) = (&self.state, self.state.tokens.master());
        let taken = deliveries::claim(&state.database, master, &self.holder, free).and_then(|claimed| {
            let any = !claimed.due.is_empty();
            rights::sift(state, &self.holder, claimed.due)?.into_iter().for_each(|due| self.begin(due));
            for id in claimed.unreadable {
                tracing::warn!(webhook = %id, "disabled: the master key does not open its secret");
                disable(state, id, DisabledBecause::SecretLost)?;
            }
            Ok(any)
        });
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "messages to webhooks could not be taken");
            false
        })
    }

    fn begin(&self, due: Due) {
        let (client, state, holder) = (self.client.clone(), self.state.clone(), self.holder.clone());
        let (retries, flying) = (self.retries.clone(), self.flying.clone());
        flying.set(flying.get() + 1);
        rt::spawn(async move {
            // A trace of its own: what it tells of may have been done days ago.
            let begun = Begun::now(state.traces.context(None));
            let traceparent = begun.context.traceparent();
            let attempt = attempt(&client, &due, state.config.webhook_private_networks, &traceparent).await;
            state.traces.note(&begun, || ended(&due, &attempt));
            flying.set(flying.get() - 1);
            if !matches!(attempt, Attempt::Taken(_)) {
                tracing::info!(webhook = %due.webhook_id, message = %due.message_id, ?attempt, "a message was not taken");
            }
            if let Err(error) = deliveries::settle(&state.database, &due, &holder, attempt, &retries) {
                tracing::warn!(%error, "the end of an attempt could not be noted; the message will be sent again");
            }
        });
    }

    /// Lets what was begun come to its end, for as long as a receiver may take.
    pub async fn finish(&self) {
        let begun = std::time::Instant::now();
        while self.flying.get() > 0 && begun.elapsed() < PATIENCE {
            rt::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What a collector is told of an attempt: not the address, which may have a secret in it.
fn ended(due: &Due, attempt: &Attempt) -> Ended {
    let status = match attempt {
        Attempt::Taken(status) | Attempt::Failed(Some(status), _) => Some(*status),
        Attempt::Gone => Some(StatusCode::GONE.as_u16()),
        Attempt::Failed(None, _) | Attempt::Withheld => None,
    };
    let mut attributes = vec![
        ("opora.webhook_id", due.webhook_id.0.into()),
        ("opora.message_id", due.message_id.as_str().into()),
    ];
    attributes.extend(status.map(|status| ("http.response.status_code", status.into())));
    let failed = !matches!(attempt, Attempt::Taken(_));
    Ended { name: "webhook".into(), kind: SpanKind::Client, attributes, failed }
}

/// Sends a message once. What the receiver says besides its status is not read.
async fn attempt(client: &Client, due: &Due, private: bool, traceparent: &str) -> Attempt {
    // Addresses that are written as numbers are not resolved; the setting may be another than when it was made.
    let Ok(url) = address::parse(&due.url, private) else { return Attempt::Failed(None, "address_refused") };
    let timestamp = Moment::now().unix();
    let sent = client
        .post(url)
        .header("content-type", "application/json")
        .header("traceparent", traceparent)
        .header("webhook-id", &due.message_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", due.signature(timestamp))
        .body(due.body.clone())
        .send()
        .await;
    match sent.map(|response| response.status()) {
        Ok(StatusCode::GONE) => Attempt::Gone,
        Ok(status) if status.is_success() => Attempt::Taken(status.as_u16()),
        Ok(status) if status.is_redirection() => Attempt::Failed(Some(status.as_u16()), "redirect"),
        Ok(status) => Attempt::Failed(Some(status.as_u16()), "status"),
        Err(error) => Attempt::Failed(None, failure(&error)),
    }
}

fn failure(error: &reqwest::Error) -> &'static str {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    match error {
        _ if causes.any(|cause| cause.is::<Inside>()) => "address_refused",
        error if error.is_timeout() => "timeout",
        _ => "connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_inside_is_told_from_an_outage() {
        let failed = |private: bool| {
            let client =
                Client::builder().no_proxy().dns_resolver(Arc::new(Public { private })).build().unwrap();
            // A port that nobody listens on.
            let sent = client.get("http://localhost:1/").send();
            failure(&rt::System::new().block_on(sent).unwrap_err())
        };
        assert_eq!((failed(false), failed(true)), ("address_refused", "connection"));
    }
}
