//! Bodies that are answered before they have come whole, and bodies that do not come.
//!
//! A refusal (413, 401, ...) may leave while the client is still sending. The framework then says `Connection: close`,
//! goes on reading for a while, so that the answer is not lost to a reset, and closes. It does so only if the body's
//! receiver is still there when the answer ends: a chunked body whose receiver is gone it reads without end. Handlers
//! drop what they do not read, so the receiver is kept here until the answer has been written.
//!
//! A body of which nothing comes, or next to nothing, would hold its handler for ever: it is given up.

use crate::state::State;
use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    rt::time::{Instant, Sleep, sleep_until},
    web::{Bytes, Data},
};
use futures_util::Stream;
use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

/// Bytes a second that a body must come at, over all the time that it is waited for.
const SLOWEST: u64 = 1024;

/// The body of a request, which lives as long as its last holder.
#[derive(Clone)]
pub struct Incoming(Rc<RefCell<Flow>>);

struct Flow {
    payload: Payload,
    /// How long nothing may come.
    patience: Duration,
    received: u64,
    /// How long it was waited for before this moment.
    waited: Duration,
    /// Since when it is being waited for, and until when.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    late: bool,
}

impl Incoming {
    /// A further hold on the body of `request`; nothing for a request without one.
    pub fn of(request: &mut ServiceRequest) -> Option<Self> {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return None;
        }
        let seconds = request.app_data::<Data<State>>().map_or(30, |state| state.config.body_timeout_seconds);
        let patience = Duration::from_secs(seconds);
        let flow =
            Flow { payload, patience, received: 0, waited: Duration::ZERO, waiting: None, late: false };
        let held = Self(Rc::new(RefCell::new(flow)));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }

    /// Whether it was given up because it did not come.
    pub fn is_late(&self) -> bool {
        self.0.borrow().late
    }

    /// Lets go when `response` has been written.
    pub fn keep_until_end(self, response: ServiceResponse) -> ServiceResponse {
        response.map_body(|_, body| BoxBody::new(Holding { body, _incoming: self }))
    }
}

impl Flow {
    /// How long it may still be waited for: as long as nothing may come, or until it is too slow over all.
    fn left(&self) -> Duration {
        let whole = self.patience + Duration::from_secs(self.received / SLOWEST);
        self.patience.min(whole.saturating_sub(self.waited))
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let flow = &mut *self.0.borrow_mut();
        match Pin::new(&mut flow.payload).poll_next(cx) {
            Poll::Ready(item) => {
                if let Some((since, _)) = flow.waiting.take() {
                    flow.waited += since.elapsed();
                }
                if let Some(Ok(bytes)) = &item {
                    flow.received += bytes.len() as u64;
                }
                Poll::Ready(item)
            }
            Poll::Pending => {
                let left = flow.left();
                let (_, until) = flow.waiting.get_or_insert_with(|| {
                    let now = Instant::now();
                    (now, Box::pin(sleep_until(now + left)))
                });
                if until.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                flow.late = true;
                Poll::Ready(Some(Err(PayloadError::Incomplete(None))))
            }
        }
    }
}

/// The body of an answer that holds on to the body of its request.
struct Holding {
    body: BoxBody,
    _incoming: Incoming,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
