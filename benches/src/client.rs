//! A client for load: HTTP/1.1 over one kept-alive connection, one request after another. It takes little of the cores
//! that the server needs.

use crate::Outcome;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Barrier,
    time::Instant,
};

/// A connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Link` header.
    pub link: Option<String>,
    /// Length of the body in bytes.
    pub length: usize,
}

/// A GET as it goes over the wire.
pub fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n{bearer}\r\n").into_bytes()
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// A server that does not listen.
    pub fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 256 * 1024] })
    }

    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    /// A broken connection; an answer without a length.
    pub fn send(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let head = loop {
            filled += self.more(filled)?;
            if let Some(end) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let header = |wanted: &str| {
            text.lines().find_map(|line| {
                line.split_once(": ")
                    .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                    .map(|(_, value)| value)
            })
        };
        let status = text.split(' ').nth(1).ok_or("no status")?.parse()?;
        let length = header("content-length").ok_or("an answer without a length")?.parse()?;
        let link = header("link").map(str::to_owned);
        let mut body = filled - head;
        while body < length {
            body += self.more(0)?;
        }
        Ok(Answer { status, link, length })
    }

    /// Sends `request` and drops the answer as it comes, to the end of its chunks. Answers how many bytes came.
    ///
    /// # Errors
    /// Any answer but 200; one that is cut short.
    pub fn drain(&mut self, request: &[u8]) -> Outcome<u64> {
        const END: &[u8] = b"\r\n0\r\n\r\n";
        self.stream.write_all(request)?;
        let mut received = 0;
        let mut tail = Vec::new();
        loop {
            let read = self.more(0)?;
            if received == 0 && !self.buffer.starts_with(b"HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&self.buffer[..read.min(200)]).into());
            }
            received += read as u64;
            tail.extend_from_slice(&self.buffer[read.saturating_sub(END.len())..read]);
            tail.drain(..tail.len().saturating_sub(END.len()));
            if tail == END {
                return Ok(received);
            }
        }
    }

    fn more(&mut self, from: usize) -> Outcome<usize> {
        match self.stream.read(&mut self.buffer[from..])? {
            0 => Err("the connection was closed".into()),
            n => Ok(n),
        }
    }
}

/// Connections of [`throughput`].
const CONNECTIONS: usize = 4;

/// Requests a second, over a few connections, `count` on each.
///
/// # Errors
/// Any answer but 200.
pub fn throughput(address: SocketAddr, request: &[u8], count: usize) -> Outcome<f64> {
    let barrier = Barrier::new(CONNECTIONS + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let client = Client::connect(address);
                    barrier.wait();
                    repeat(&mut client?, request, count)
                })
            })
            .collect();
        barrier.wait();
        let begun = Instant::now();
        for worker in workers {
            worker.join().map_err(|_| "a client panicked")??;
        }
        Ok((CONNECTIONS * count) as f64 / begun.elapsed().as_secs_f64())
    })
}

fn repeat(client: &mut Client, request: &[u8], count: usize) -> Outcome {
    for _ in 0..count {
        let answer = client.send(request)?;
        if answer.status != 200 {
            return Err(format!("status {}", answer.status).into());
        }
    }
    Ok(())
}
