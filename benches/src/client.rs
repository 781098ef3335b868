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
    /// The `ETag` header.
    pub etag: Option<String>,
    /// Length of the body in bytes.
    pub length: usize,
}

/// A GET as it goes over the wire.
pub fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    request("GET", path, token, None, "")
}

/// A request as it goes over the wire, with one more header and a JSON body.
pub fn request(
    method: &str,
    path: &str,
    token: Option<&str>,
    header: Option<(&str, &str)>,
    body: &str,
) -> Vec<u8> {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    let entity = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n{bearer}{header}{entity}\r\n{body}")
        .into_bytes()
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
        let status = text.split(' ').nth(1).ok_or("no status")?.parse()?;
        let (mut length, mut link, mut etag) = (None, None, None);
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            match name {
                "content-length" => length = Some(value.parse()?),
                "link" => link = Some(value.to_owned()),
                "etag" => etag = Some(value.to_owned()),
                _ => {}
            }
        }
        let length = match length {
            Some(length) => length,
            None if status == 304 => 0,
            None => return Err("an answer without a length".into()),
        };
        let mut body = filled - head;
        while body < length {
            body += self.more(0)?;
        }
        Ok(Answer { status, link, etag, length })
    }

    /// Sends `request` and insists on a status.
    ///
    /// # Errors
    /// Those of [`Client::send`]; another status.
    pub fn expect(&mut self, request: &[u8], status: u16) -> Outcome<Answer> {
        let answer = self.send(request)?;
        if answer.status == status {
            return Ok(answer);
        }
        let line = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
        Err(format!("{line}: {}", answer.status).into())
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
/// Any answer but one with this status.
pub fn throughput(address: SocketAddr, request: &[u8], status: u16, count: usize) -> Outcome<f64> {
    let barrier = Barrier::new(CONNECTIONS + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let client = Client::connect(address);
                    barrier.wait();
                    repeat(&mut client?, request, status, count)
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

fn repeat(client: &mut Client, request: &[u8], status: u16, count: usize) -> Outcome {
    for _ in 0..count {
        client.expect(request, status)?;
    }
    Ok(())
}
