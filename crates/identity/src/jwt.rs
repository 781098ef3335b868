//! JSON Web Tokens that others have signed: assertions of clients, tokens of foreign issuers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// What of a header is looked at. Keys in it, or behind addresses in it, are not.
pub(crate) struct Head {
    /// Which of the keys one has signed it.
    pub kid: Option<String>,
    /// What kind of token it is.
    pub typ: Option<String>,
}

impl Head {
    /// None: no JWT, or one with an extension that must be understood (`crit`) and is not.
    pub fn of(jwt: &str) -> Option<Self> {
        let header: Value = part(jwt, 0)?;
        let text = |name: &str| match &header[name] {
            Value::Null => Some(None),
            value => value.as_str().map(|text| Some(text.to_owned())),
        };
        header["crit"].is_null().then_some(())?;
        Some(Self { kid: text("kid")?, typ: text("typ")? })
    }
}

/// One audience, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Those it names.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// The claims of a JWT whose signature is of `key` in one of `algorithms`, all of which are of the key's kind. What the
/// claims say is for the caller to judge.
pub(crate) fn verified<T: DeserializeOwned>(
    jwt: &str,
    key: &DecodingKey,
    algorithms: Vec<Algorithm>,
) -> Option<T> {
    let mut validation = Validation::new(*algorithms.first()?);
    validation.algorithms = algorithms;
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(jwt, key, &validation).ok().map(|data| data.claims)
}

/// A part of a JWT whose signature nobody has looked at: 0 the header, 1 the claims.
pub(crate) fn part<T: DeserializeOwned>(jwt: &str, n: usize) -> Option<T> {
    let bytes = B64URL.decode(jwt.split('.').nth(n)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
