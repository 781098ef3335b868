//! A client over HTTP for which every status is an answer.

use super::seed::PASSWORD;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use ureq::{
    Agent,
    http::{HeaderMap, Request, Response},
};

/// Talks to one server, with or without a token.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    /// Sent as a bearer token.
    pub token: Option<String>,
    /// The refresh token last given.
    pub refresh: String,
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body as text, as far as it is text.
    pub text: String,
    /// The body, `null` if it is not JSON.
    pub json: Value,
    request: String,
}

impl Client {
    /// A client of the server at `address`, without a token.
    pub fn of(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), base: format!("http://{address}"), token: None, refresh: String::new() }
    }

    /// Where its server listens.
    pub fn address(&self) -> SocketAddr {
        self.base.trim_start_matches("http://").parse().unwrap()
    }

    /// Logs in as a seeded user and keeps the tokens.
    pub fn log_in(&mut self, login: &str) {
        let reply = self.try_log_in(login, PASSWORD).expect(200);
        self.keep(&reply);
    }

    /// One attempt to log in.
    pub fn try_log_in(&self, login: &str, password: &str) -> Reply {
        self.post("/api/v1/auth/login", &json!({ "login": login, "password": password }))
    }

    /// Keeps the tokens of a pair.
    pub fn keep(&mut self, pair: &Reply) {
        self.token = pair.json["access_token"].as_str().map(str::to_owned);
        self.refresh = pair.json["refresh_token"].as_str().unwrap_or_default().to_owned();
    }

    /// The same server with another token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path).send()
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path).json(body).send()
    }

    pub fn patch(&self, path: &str, etag: &str, body: &Value) -> Reply {
        self.call("PATCH", path).header("If-Match", etag).json(body).send()
    }

    /// A request to fill in.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let headers =
            self.token.iter().map(|t| ("Authorization".to_owned(), format!("Bearer {t}"))).collect();
        Call { client: self, method: method.to_owned(), path: path.to_owned(), headers, body: None }
    }
}

/// A request on its way.
pub struct Call<'a> {
    client: &'a Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self.header("Content-Type", media_type)
    }

    pub fn send(self) -> Reply {
        let line = format!("{} {}", self.method, self.path);
        self.try_send().unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    /// Like [`Call::send`], for a server that may be gone.
    pub fn try_send(self) -> Result<Reply, ureq::Error> {
        let mut request =
            Request::builder().method(self.method.as_str()).uri(self.client.base.clone() + &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let line = format!("{} {}", self.method, self.path);
        let answer = match self.body {
            Some(bytes) => self.client.agent.run(request.body(bytes).unwrap()),
            None => self.client.agent.run(request.body(()).unwrap()),
        };
        Reply::read(line, answer?)
    }
}

impl Reply {
    fn read(request: String, mut response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let bytes = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes,
            text,
            json,
            request,
        })
    }

    /// A header's value, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// Insists on a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Insists on a well-formed problem document with this code.
    #[track_caller]
    pub fn problem(self, code: &str) -> Self {
        assert_eq!(self.json["code"], code, "{self}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        assert_eq!(self.json["status"], self.status, "{self}");
        assert_eq!(self.json["type"], format!("/docs/errors#{code}"), "{self}");
        assert!(self.json["title"].as_str().is_some_and(|t| !t.is_empty()), "{self}");
        assert_eq!(self.json["request_id"], self.header("x-request-id"), "{self}");
        self
    }

    /// Insists on a refusal of the query that names what is wrong in it.
    #[track_caller]
    pub fn refused_query(self) -> Self {
        let known =
            |code: &Value| ["unknown_parameter", "invalid_parameter"].iter().any(|known| code == known);
        assert!(known(&self.json["code"]) && !self.flaws().is_empty(), "{self}");
        self
    }

    /// The pairs of pointer and reason of a problem's refused fields.
    pub fn flaws(&self) -> Vec<(&str, &str)> {
        let list = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|e| (e["pointer"].as_str().unwrap_or(""), e["code"].as_str().unwrap_or(""))).collect()
    }

    /// The items of a page.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no page: {self}"))
    }

    /// The path of the next page, if there is one.
    pub fn next(&self) -> Option<String> {
        let link = self.header("link");
        let (path, rest) = link.strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| path.to_owned())
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.text.chars().take(600).collect();
        write!(f, "{} -> {} {start}", self.request, self.status)
    }
}
