//! Public keys of others: of clients, which sign assertions, and of foreign issuers, which sign tokens (RFC 7517). Only
//! these kinds of keys are taken, and each kind fixes the algorithms, so that the header of what is signed chooses
//! nothing.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use jsonwebtoken::{Algorithm, DecodingKey};
use opora_primitives::Reason;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of an RSA modulus: 2048 to 4096 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// What only a private or a shared key has (RFC 7518, 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The algorithms in which others may sign. All are asymmetric: what is public is no shared secret.
pub const ALGORITHMS: [&str; 4] = ["EdDSA", "ES256", "RS256", "PS256"];

/// The algorithm called `name`, if it is one of [`ALGORITHMS`].
pub fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.contains(&name).then(|| name.parse().ok()).flatten()
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ClientKey)]
pub struct Jwk {
    /// Its kind: `OKP`, `EC` or `RSA`.
    #[schema(example = "OKP")]
    pub kty: String,
    /// The curve: `Ed25519` of `OKP`, `P-256` of `EC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ed25519")]
    pub crv: Option<String>,
    /// Its name in the headers of what it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-1")]
    pub kid: Option<String>,
    /// The only algorithm it is used with, if that is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "EdDSA")]
    pub alg: Option<String>,
    /// The public key, or its first coordinate; Base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: Option<String>,
    /// The second coordinate; Base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus; Base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent; Base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

impl Jwk {
    /// Reads a key as it was sent. Members that mean nothing here are left out (RFC 7517, 4).
    ///
    /// # Errors
    /// A private or shared key, one of another kind, one that is malformed, weak, or not for signatures.
    pub fn read(value: &Value) -> Result<Self, Reason> {
        if PRIVATE.iter().any(|name| !value[name].is_null()) {
            return Err(Reason::PrivateKey);
        }
        let key: Self = serde_json::from_value(value.clone()).map_err(|_| Reason::WrongFormat)?;
        if value["use"].as_str().is_some_and(|usage| usage != "sig") {
            return Err(Reason::Contradiction);
        }
        let named = key.kid.as_deref().is_none_or(|kid| (1..=200).contains(&kid.chars().count()));
        let bytes = |part: &Option<String>| {
            part.as_deref().and_then(|text| B64URL.decode(text).ok()).ok_or(Reason::WrongFormat)
        };
        let right = match (key.kty.as_str(), key.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => bytes(&key.x)?.len() == 32,
            ("EC", Some("P-256")) => {
                let point = [vec![4], bytes(&key.x)?, bytes(&key.y)?].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).parse().is_ok()
            }
            ("RSA", None) => {
                let (modulus, exponent) = (bytes(&key.n)?, bytes(&key.e)?);
                let padding = modulus.iter().take_while(|byte| **byte == 0).count();
                if modulus.len() - padding < *RSA_BYTES.start() {
                    return Err(Reason::TooWeak);
                }
                let odd = exponent.last().is_some_and(|last| last % 2 == 1);
                RSA_BYTES.contains(&modulus.len()) && odd && !matches!(*exponent, [1])
            }
            _ => return Err(Reason::UnknownValue),
        };
        if !right || !named {
            return Err(Reason::WrongFormat);
        }
        if key.algorithms().is_empty() { Err(Reason::Contradiction) } else { Ok(key) }
    }

    /// The algorithms it may be used with: those of its kind, or of them the one it names.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let of_kind: &[(&str, Algorithm)] = match self.kty.as_str() {
            "OKP" => &[("EdDSA", Algorithm::EdDSA)],
            "EC" => &[("ES256", Algorithm::ES256)],
            "RSA" => &[("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256)],
            _ => &[],
        };
        let named = |name: &str| self.alg.as_deref().is_none_or(|alg| alg == name);
        of_kind.iter().filter(|(name, _)| named(name)).map(|(_, algorithm)| *algorithm).collect()
    }

    /// The key as the verifier wants it.
    pub(crate) fn decoding(&self) -> Option<DecodingKey> {
        let part = |part: &'_ Option<String>| part.clone().unwrap_or_default();
        match self.kty.as_str() {
            "OKP" => DecodingKey::from_ed_components(&part(&self.x)).ok(),
            "EC" => DecodingKey::from_ec_components(&part(&self.x), &part(&self.y)).ok(),
            "RSA" => DecodingKey::from_rsa_components(&part(&self.n), &part(&self.e)).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn reason(key: Value) -> Option<Reason> {
        Jwk::read(&key).err()
    }

    #[test]
    fn only_public_keys_of_the_known_kinds_are_taken() {
        assert_eq!(reason(json!({"kty": "OKP", "crv": "Ed25519", "x": ED, "x5c": ["ignored"]})), None);
        assert_eq!(
            reason(json!({"kty": "OKP", "crv": "Ed25519", "x": ED, "d": ED})),
            Some(Reason::PrivateKey)
        );
        assert_eq!(reason(json!({"kty": "oct", "k": "c2VjcmV0"})), Some(Reason::PrivateKey));
        assert_eq!(reason(json!({"kty": "oct"})), Some(Reason::UnknownValue));
        assert_eq!(reason(json!({"kty": "OKP", "crv": "X25519", "x": ED})), Some(Reason::UnknownValue));
        assert_eq!(reason(json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"})), Some(Reason::WrongFormat));
        // A point that is not on the curve.
        assert_eq!(reason(json!({"kty": "EC", "crv": "P-256", "x": ED, "y": ED})), Some(Reason::WrongFormat));
        for weak in [vec![0xc5; 128], [vec![0; 128], vec![0xc5; 128]].concat()] {
            let key = json!({"kty": "RSA", "n": B64URL.encode(weak), "e": "AQAB"});
            assert_eq!(reason(key), Some(Reason::TooWeak));
        }
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": ED, "alg": "HS256"});
        assert_eq!(reason(key), Some(Reason::Contradiction));
        assert_eq!(reason(json!("text")), Some(Reason::WrongFormat));
    }

    #[test]
    fn the_kind_fixes_the_algorithms() {
        let n = B64URL.encode([0xc5; 256]);
        let rsa = |alg: Value| Jwk::read(&json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": alg})).unwrap();
        assert_eq!(rsa(Value::Null).algorithms(), [Algorithm::RS256, Algorithm::PS256]);
        assert_eq!(rsa(json!("PS256")).algorithms(), [Algorithm::PS256]);
    }
}
