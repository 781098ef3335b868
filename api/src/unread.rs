//! Bodies that are answered before they have come whole.
//!
//! A refusal (413, 401, ...) may leave while the client is still sending. The framework then says `Connection: close`,
//! goes on reading for a while, so that the answer is not lost to a reset, and closes. It does so only if the body's
//! receiver is still there when the answer ends: a chunked body whose receiver is gone it reads without end. Handlers
//! drop what they do not read, so the receiver is kept here until the answer has been written.

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;
use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// The body of a request, which lives as long as its last holder.
#[derive(Clone)]
pub struct Incoming(Rc<RefCell<Payload>>);

impl Incoming {
    /// A further hold on the body of `request`; nothing for a request without one.
    pub fn of(request: &mut ServiceRequest) -> Option<Self> {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return None;
        }
        let held = Self(Rc::new(RefCell::new(payload)));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }

    /// Lets go when `response` has been written.
    pub fn keep_until_end(self, response: ServiceResponse) -> ServiceResponse {
        response.map_body(|_, body| BoxBody::new(Holding { body, _incoming: self }))
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
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
