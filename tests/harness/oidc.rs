//! A real OpenID provider (`tests/tools/provider.mjs`), and the way a frontend gets its tokens for a person.

use super::oauth::form;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};
use ureq::{Agent, Body, http::Response};

/// What it calls this installation.
const RESOURCE: &str = "https://opora.example";
const CALLBACK: &str = "https://frontend.example/callback";
/// Proves that who redeems a code is who asked for it (RFC 7636).
const VERIFIER: &str = "a verifier of this test, which is as long as one must be";

/// A provider in a process of its own, killed when it is dropped.
pub struct Oidc {
    child: Child,
    // Nobody listens, but to a closed pipe it could not talk.
    _said: BufReader<ChildStdout>,
    /// What stands in its tokens as `iss`.
    pub issuer: String,
    people: Value,
    agent: Agent,
}

impl Oidc {
    /// Starts it with a key of this kind, and with people: what it says of each beside who it is.
    pub fn start(alg: &str, people: Value) -> Self {
        let (child, said, port) = spawn(0, "first", alg, &people);
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
        Self {
            child,
            _said: said,
            issuer: format!("http://127.0.0.1:{port}"),
            people,
            agent: config.build().into(),
        }
    }

    /// Goes away.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Comes back at the same address with a key it has not had.
    pub fn restart(&mut self, kid: &str, alg: &str) {
        self.stop();
        let port = self.issuer.rsplit(':').next().unwrap().parse().unwrap();
        (self.child, self._said, _) = spawn(port, kid, alg, &self.people);
    }

    /// The tokens that a frontend gets when `person` has logged in: a code, and tokens for the code.
    pub fn log_in(&self, person: &str) -> Value {
        let challenge = B64URL.encode(digest(&SHA256, B64URL.encode(VERIFIER).as_bytes()));
        let asked = form(&[
            ("response_type", "code"),
            ("client_id", "frontend"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid opora"),
            ("resource", RESOURCE),
            ("login_hint", person),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let back = self.follow(format!("{}/auth?{asked}", self.issuer));
        let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        let code = code.unwrap_or_else(|| panic!("no code: {back}"));
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "frontend"),
            ("redirect_uri", CALLBACK),
            ("code", code),
            ("code_verifier", &B64URL.encode(VERIFIER)),
        ])
    }

    /// The token of a program, in its own name.
    pub fn program(&self) -> Value {
        self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "a secret of this test"),
            ("resource", RESOURCE),
            ("scope", "opora"),
        ])
    }

    fn token(&self, pairs: &[(&str, &str)]) -> Value {
        let request = self.agent.post(format!("{}/token", self.issuer));
        let request = request.content_type("application/x-www-form-urlencoded");
        let mut reply = request.send(form(pairs)).unwrap();
        let text = reply.body_mut().read_to_string().unwrap();
        assert_eq!(reply.status(), 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Goes where a browser would, with the cookies it is given, until it is sent back to the frontend.
    fn follow(&self, mut address: String) -> String {
        let mut cookies = BTreeMap::new();
        while !address.starts_with(CALLBACK) {
            let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut reply = self.agent.get(&address).header("Cookie", jar.join("; ")).call().unwrap();
            keep(&mut cookies, &reply);
            let next = reply.headers().get("location").map(|next| next.to_str().unwrap().to_owned());
            let next = next.unwrap_or_else(|| panic!("{address}: {:?}", reply.body_mut().read_to_string()));
            address = if next.starts_with('/') { format!("{}{next}", self.issuer) } else { next };
        }
        address
    }
}

fn keep(cookies: &mut BTreeMap<String, String>, reply: &Response<Body>) {
    for cookie in reply.headers().get_all("set-cookie") {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

fn spawn(port: u16, kid: &str, alg: &str, people: &Value) -> (Child, BufReader<ChildStdout>, u16) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/provider.mjs");
    let settings = json!({ "port": port, "kid": kid, "alg": alg, "people": people });
    let mut child = Command::new("node")
        .arg(script)
        .arg(settings.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("node: needs Node.js");
    let (mut said, mut line) = (BufReader::new(child.stdout.take().unwrap()), String::new());
    said.read_line(&mut line).unwrap();
    let port = line.trim().strip_prefix("listening ").and_then(|port| port.parse().ok());
    (child, said, port.unwrap_or_else(|| panic!("the provider does not start: run make test-issuers")))
}

impl Drop for Oidc {
    fn drop(&mut self) {
        // Dead already if the test has stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
