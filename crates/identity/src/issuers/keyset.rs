//! The public keys of an issuer, as it publishes them (RFC 7517).

use crate::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// The most keys a set may hold.
const MOST: usize = 100;

/// The keys of an issuer that may verify its tokens.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    /// How many others the set holds: symmetric, private, weak, malformed ones, or of kinds that are not taken.
    pub passed_over: usize,
}

/// A key and what it may verify.
#[derive(Clone, Debug)]
pub(super) struct Key {
    kid: Option<String>,
    /// Those of its kind that the configuration allows; at least one.
    pub algorithms: Vec<Algorithm>,
    pub decoding: DecodingKey,
}

impl KeySet {
    /// Reads a set as it is published. Keys that cannot be used are passed over (RFC 7517, 5): a provider may publish
    /// kinds that are not known here.
    ///
    /// # Errors
    /// Not a key set, too many keys, or none that may be used; in words for the operator, without the contents.
    pub fn read(bytes: &[u8], allowed: &[Algorithm]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
        let list = set["keys"].as_array().ok_or("it is no key set")?;
        if list.len() > MOST {
            return Err(format!("it holds more than {MOST} keys"));
        }
        let keys: Vec<Key> = list.iter().filter_map(|value| Key::read(value, allowed)).collect();
        let passed_over = list.len() - keys.len();
        match keys.is_empty() {
            true => Err(format!("none of its {passed_over} keys may be used")),
            false => Ok(Self { keys, passed_over }),
        }
    }

    /// How many keys may be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// The key called `kid`, which is compared and nothing else; without a name the only one.
    pub(super) fn choose(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (Some(_), keys) => keys.iter().find(|key| key.kid.as_deref() == kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Key {
    fn read(value: &Value, allowed: &[Algorithm]) -> Option<Self> {
        let jwk = Jwk::read(value).ok()?;
        let mut algorithms = jwk.algorithms();
        algorithms.retain(|algorithm| allowed.contains(algorithm));
        let decoding = jwk.decoding()?;
        (!algorithms.is_empty()).then_some(Self { kid: jwk.kid, algorithms, decoding })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn read(keys: &Value) -> Result<KeySet, String> {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), &[Algorithm::EdDSA, Algorithm::PS256])
    }

    fn ed(kid: &str) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": ED, "kid": kid})
    }

    #[test]
    fn keys_that_may_not_verify_are_passed_over() {
        let mut private = ed("private");
        private["d"] = json!(ED);
        let mut for_encryption = ed("enc");
        for_encryption["use"] = json!("enc");
        let rsa = |kid: &str, bytes: usize, alg: Option<&str>| {
            use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
            json!({"kty": "RSA", "kid": kid, "n": URL_SAFE_NO_PAD.encode(vec![0xc5; bytes]), "e": "AQAB", "alg": alg})
        };
        let set = json!([
            ed("good"),
            private,
            for_encryption,
            rsa("weak", 128, None),
            rsa("not allowed", 256, Some("RS256")),
            rsa("rsa", 256, None),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
            {"kty": "new", "kid": "unknown"},
            "text",
        ]);
        let set = read(&set).unwrap();
        assert_eq!((set.usable(), set.passed_over), (2, 7));
        assert_eq!(set.choose(Some("good")).unwrap().algorithms, [Algorithm::EdDSA]);
        assert_eq!(set.choose(Some("rsa")).unwrap().algorithms, [Algorithm::PS256]);
        for name in [Some("private"), Some("weak"), Some("shared"), Some(""), None] {
            assert!(set.choose(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_key_without_a_name_serves_where_it_is_the_only_one() {
        let mut nameless = ed("");
        nameless["kid"] = Value::Null;
        assert!(read(&json!([nameless])).unwrap().choose(None).is_some());
        assert!(read(&json!([nameless])).unwrap().choose(Some("any")).is_none());
        assert!(read(&json!([nameless, ed("b")])).unwrap().choose(None).is_none());
    }

    #[test]
    fn what_is_no_set_of_usable_keys_is_refused() {
        assert!(read(&json!([])).is_err());
        assert!(read(&json!("text")).is_err());
        assert!(read(&json!(vec![ed("a"); MOST + 1])).is_err());
        assert!(KeySet::read(b"<html>", &[Algorithm::EdDSA]).is_err());
        assert!(KeySet::read(b"[]", &[Algorithm::EdDSA]).is_err());
        let words = read(&json!([{"kty": "oct", "k": "c2VjcmV0"}])).unwrap_err();
        assert!(!words.contains("c2VjcmV0"), "{words}");
    }
}
