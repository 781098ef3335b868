//! Service clients of the tests, and requests in the forms of OAuth.

use super::{Client, Reply, World, client::Call};
use base64::{Engine, engine::general_purpose::STANDARD};
use opora_identity::Role;
use serde_json::{Value, json};

pub const CLIENTS: &str = "/api/v1/service-clients";
pub const TOKEN: &str = "/oauth/token";
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A service client with a secret.
#[derive(Clone)]
pub struct Made {
    pub id: i64,
    pub client_id: String,
    pub secret: String,
    pub secret_id: i64,
}

/// Parameters as a form.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", escaped(k), escaped(v))).collect();
    pairs.join("&")
}

/// The header of a client with this id and secret.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

impl Call<'_> {
    /// Sends these parameters.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.body(FORM, form(pairs))
    }
}

impl Reply {
    /// Insists on a refusal in the words of OAuth, kept by nobody.
    #[track_caller]
    pub fn refused(self, status: u16, error: &str) -> Self {
        assert_eq!((self.status, &self.json["error"]), (status, &json!(error)), "{self}");
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        assert_eq!((self.header("cache-control"), self.header("pragma")), ("no-store", "no-cache"), "{self}");
        assert!(self.json["error_description"].as_str().is_some_and(|words| !words.is_empty()), "{self}");
        assert_eq!(!self.header("www-authenticate").is_empty(), status == 401, "{self}");
        self
    }
}

impl World {
    /// Makes a client from `draft`, which may leave out the name, without a secret.
    #[track_caller]
    pub fn keyless_client(&self, mut draft: Value) -> (i64, String) {
        if draft["name"].is_null() {
            draft["name"] = json!("Витрина");
        }
        let made = self.client(Role::Admin).post(CLIENTS, &draft).expect(201).json;
        (made["id"].as_i64().unwrap(), made["client_id"].as_str().unwrap().to_owned())
    }

    /// Makes a client from `draft` and gives it a secret.
    #[track_caller]
    pub fn service_client(&self, draft: Value) -> Made {
        let (id, client_id) = self.keyless_client(draft);
        let (secret_id, secret) = self.add_secret(id);
        Made { id, client_id, secret, secret_id }
    }

    /// A client that reads the registry and the indicators of the whole region.
    pub fn reading_client(&self) -> Made {
        self.service_client(json!({ "scopes": ["registry:read", "indicators:read"] }))
    }

    /// Gives a client one more secret.
    #[track_caller]
    pub fn add_secret(&self, id: i64) -> (i64, String) {
        let made = self.client(Role::Admin).post(&format!("{CLIENTS}/{id}/secrets"), &json!({})).expect(201);
        (made.json["id"].as_i64().unwrap(), made.json["secret"].as_str().unwrap().to_owned())
    }

    /// Changes a client, whatever its version.
    #[track_caller]
    pub fn change_client(&self, id: i64, patch: &Value) -> Reply {
        let (admin, path) = (self.client(Role::Admin), format!("{CLIENTS}/{id}"));
        let tag = admin.get(&path).expect(200).header("etag").to_owned();
        admin.patch(&path, &tag, patch)
    }

    /// Ends a client.
    #[track_caller]
    pub fn end_client(&self, id: i64) -> Reply {
        let (admin, path) = (self.client(Role::Admin), format!("{CLIENTS}/{id}"));
        let tag = admin.get(&path).expect(200).header("etag").to_owned();
        admin.call("DELETE", &path).header("If-Match", &tag).send()
    }

    /// Asks for a token.
    pub fn ask_token(&self, made: &Made, scope: Option<&str>) -> Reply {
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(scope.map(|scope| ("scope", scope)));
        let header = basic(&made.client_id, &made.secret);
        self.stranger().call("POST", TOKEN).header("Authorization", &header).form(&pairs).send()
    }

    /// A client over HTTP that holds a token of `made` for these scopes.
    #[track_caller]
    pub fn program(&self, made: &Made, scope: Option<&str>) -> Client {
        let reply = self.ask_token(made, scope).expect(200);
        self.stranger().with_token(reply.json["access_token"].as_str().unwrap())
    }
}
