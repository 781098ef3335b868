//! Long answers: written by a thread that may block, sent as they are written, never held whole.

use crate::error::Answer;
use actix_web::{HttpResponse, rt::time::timeout, web};
use futures_util::{StreamExt, stream};
use opora_db::{Error, Result};
use std::{
    io::{self, Write},
    time::Duration,
};
use tokio::{runtime::Handle, sync::mpsc};

/// Bytes that are sent at a time.
const CHUNK: usize = 64 * 1024;
/// Chunks that may wait to be sent: a writer that is faster than its reader stops here.
const WAITING: usize = 4;
/// How long a reader may take none of them. It holds a connection of the database.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes, or what went wrong. No bytes are the end: a channel that ends without it was left by a thread that failed.
type Chunk = std::result::Result<web::Bytes, Error>;

/// The writing end of an answer. Writing fails once the reader is gone, which ends the work.
pub struct Outlet {
    chunks: mpsc::Sender<Chunk>,
    filled: Vec<u8>,
    runtime: Handle,
}

impl Outlet {
    /// Whether there is nobody to write for any more.
    pub fn is_abandoned(&self) -> bool {
        self.chunks.is_closed()
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.send(Ok(web::Bytes::new()))
    }

    fn send(&mut self, chunk: Chunk) -> io::Result<()> {
        let sending = timeout(PATIENCE, self.chunks.send(chunk));
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.filled.extend_from_slice(bytes);
        if self.filled.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.filled, Vec::with_capacity(CHUNK));
        if full.is_empty() { Ok(()) } else { self.send(Ok(full.into())) }
    }
}

/// Answers with what `work` writes, as the file `name`. What goes wrong before the first byte is a refusal; after it the
/// connection is cut, so that nobody takes a part for the whole.
///
/// # Errors
/// What `work` answers before it has written.
pub async fn answer(
    content_type: &'static str,
    name: &str,
    work: impl FnOnce(&mut Outlet) -> Result<()> + Send + 'static,
) -> Answer {
    let (sender, mut chunks) = mpsc::channel(WAITING);
    let mut outlet = Outlet { chunks: sender, filled: Vec::with_capacity(CHUNK), runtime: Handle::current() };
    // The thread is not waited for: its end is the end of the channel.
    drop(web::block(move || {
        let outcome = work(&mut outlet).and_then(|()| outlet.end().map_err(Error::fault));
        if let Err(error) = outcome {
            // Where there is no room for it, the end of the channel tells.
            let _ = outlet.chunks.try_send(Err(error));
        }
    }));
    let first = match chunks.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(error.into()),
        None => return Err(Error::fault("an answer was not written").into()),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = HttpResponse::Ok();
    response.content_type(content_type).insert_header(("Content-Disposition", disposition));
    // The end came first: there is nothing to write, and an empty chunk would end the answer too early.
    if first.is_empty() {
        return Ok(response.body(first));
    }
    let rest = stream::poll_fn(move |context| {
        chunks.poll_recv(context).map(|chunk| match chunk {
            Some(Ok(bytes)) if bytes.is_empty() => None,
            Some(chunk) => Some(chunk),
            None => Some(Err(Error::fault("an answer was cut short"))),
        })
    });
    let body = stream::iter([Ok(first)]).chain(rest);
    Ok(response.streaming(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{body::to_bytes, rt::System};

    /// How many bytes come, if the answer comes to its end.
    fn received(work: impl FnOnce(&mut Outlet) -> Result<()> + Send + 'static) -> Option<usize> {
        let reading = async {
            let response = answer("text/csv", "file.csv", work).await.ok()?;
            to_bytes(response.into_body()).await.ok().map(|body| body.len())
        };
        System::new().block_on(reading)
    }

    fn put(outlet: &mut Outlet, bytes: usize) {
        outlet.write_all(&vec![b'x'; bytes]).unwrap();
    }

    #[test]
    fn a_part_is_never_the_whole() {
        for size in [0, 1, CHUNK, 10 * CHUNK + 1] {
            let whole = received(move |outlet| {
                put(outlet, size);
                Ok(())
            });
            let failing = received(move |outlet| {
                put(outlet, size);
                Err(Error::fault("the rest cannot be read"))
            });
            let leaving = received(move |outlet| {
                put(outlet, size);
                panic!("the thread ends")
            });
            assert_eq!((whole, failing, leaving), (Some(size), None, None));
        }
    }
}
