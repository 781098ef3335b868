//! The feed as Server-Sent Events.

use super::{ChangeEntry, Reader, still_holds, take};
use crate::{
    auth::{Guard, ReadChanges},
    limits::places::Place,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentEncoding,
    rt::time::Instant,
    web::{Bytes, Data},
};
use futures_util::stream;
use opora_db::journal::Position;
use opora_primitives::Moment;
use std::{fmt::Write, time::Duration};

/// How long a stream may be silent: proxies close what says nothing.
const SILENCE: Duration = Duration::from_secs(15);
/// Changes that are sent at a time.
const PORTION: usize = 200;

/// What a stream goes on with.
struct Flow {
    state: Data<State>,
    guard: Guard<ReadChanges>,
    request: HttpRequest,
    reader: Reader,
    after: Position,
    _place: Place,
}

/// Sends what follows `after`, and then whatever comes, until the token is no longer good or the server stops.
pub fn answer(
    state: Data<State>,
    guard: Guard<ReadChanges>,
    request: HttpRequest,
    reader: Reader,
    after: Position,
    place: Place,
) -> HttpResponse {
    let flow = Flow { state, guard, request, reader, after, _place: place };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // Compression would hold events back.
        .insert_header(ContentEncoding::Identity)
        // nginx would collect them in its buffers.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(flow, |mut flow| async { Some((flow.next().await?, flow)) }))
}

impl Flow {
    /// Whether the token is no longer good or the server is about to stop.
    async fn is_over(&self) -> bool {
        still_holds(&self.guard, &self.request).await.is_err() || self.state.pulse.listen().is_closing()
    }

    /// The next events; none at the end.
    async fn next(&mut self) -> Option<Result<Bytes, actix_web::Error>> {
        if self.is_over().await {
            return None;
        }
        // A stream does not outlive its token, not even by a silence.
        let life = self.guard.actor.expires_at.unix() - Moment::now().unix();
        let deadline = Instant::now() + SILENCE.min(Duration::from_secs(life.max(0) as u64 + 1));
        let (after, request) = (self.after, &self.request);
        let taken = take(&self.state, &self.guard, request, &self.reader, after, PORTION, deadline).await;
        let stretch = match taken {
            Ok(stretch) => stretch,
            Err(_) if self.is_over().await => return None,
            Err(error) => return Some(Err(error.into())),
        };
        let mut text = String::new();
        let moved = std::mem::replace(&mut self.after, stretch.next) != stretch.next;
        for change in stretch.changes {
            let position = change.position;
            let data = serde_json::to_string(&ChangeEntry::from(change)).unwrap_or_default();
            // Writing into a String does not fail.
            let _ = write!(text, "id: {position}\nevent: change\ndata: {data}\n\n");
        }
        match (text.is_empty(), moved) {
            // So that a reader who comes back need not pass by what is not for it again.
            (true, true) => text = format!("id: {}\nevent: position\ndata: {{}}\n\n", self.after),
            (true, false) => text.push_str(": still here\n\n"),
            _ => {}
        }
        Some(Ok(text.into()))
    }
}
