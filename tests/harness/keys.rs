//! Key pairs of clients and of issuers, of every kind that is taken.

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

/// A key pair: what its owner signs with, and what others know of it.
#[derive(Clone)]
pub struct Key {
    pub signs: EncodingKey,
    pub public: Value,
}

pub fn ed25519(kid: &str) -> Key {
    let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let x = B64URL.encode(pair.public_key().as_ref());
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x });
    Key { signs: EncodingKey::from_ed_der(document.as_ref()), public }
}

pub fn p256(kid: &str) -> Key {
    let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(kind, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (B64URL.encode(&point[1..33]), B64URL.encode(&point[33..]));
    let public = json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y });
    Key { signs: EncodingKey::from_ec_der(document.as_ref()), public }
}

pub fn rsa(kid: &str) -> Key {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let document = pair.as_der().unwrap();
    // The signer wants the key inside PKCS #8, behind a head of 26 bytes; the modulus stands behind one of 9.
    let modulus = &pair.public_key().as_ref()[9..265];
    let public = json!({ "kty": "RSA", "kid": kid, "n": B64URL.encode(modulus), "e": "AQAB" });
    Key { signs: EncodingKey::from_rsa_der(&document.as_ref()[26..]), public }
}
