//! The keys that sign access tokens: Ed25519, made at first start, kept sealed in the database, rotated without
//! downtime.
//!
//! A new key is published first and signs later ([`PUBLISHED_AHEAD`]), so that every node and every foreign verifier
//! knows it in time; the old one stays valid until the last token it signed has expired.

use crate::seal::MasterKey;
use aws_lc_rs::{
    digest, rand,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use diesel::prelude::*;
use jsonwebtoken::{DecodingKey, EncodingKey};
use opora_db::{Change, Database, Db, Error, Operation, Origin, Result, Tx, schema::signing_keys};
use opora_primitives::Moment;
use serde::Serialize;

/// Seconds between the publication of a key and its first signature. Nodes read the keys anew more often than that.
pub const PUBLISHED_AHEAD: i64 = 300;

const PURPOSE: &str = "signing key";

/// A signing key, opened.
pub struct SigningKey {
    /// Its name in token headers.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: Moment,
    /// The public half, as JWKS shows it.
    pub public: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

/// A key as `/.well-known/jwks.json` shows it (RFC 8037).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    /// Key type.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// The curve of the key.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// The key, Base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    /// Its name.
    #[schema(example = "3q2-7w")]
    pub kid: String,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// The algorithm of the signature.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        let (kid, x) = (key.kid.clone(), key.public.clone());
        Self { kty: "OKP", crv: "Ed25519", x, kid, usage: "sig", alg: "EdDSA" }
    }
}

/// The keys that may still verify a token, newest first.
///
/// # Errors
/// Faults of the database; a key sealed under another master key.
pub fn load(db: &mut Db, master: &MasterKey, now: Moment) -> Result<Vec<SigningKey>> {
    let rows: Vec<(String, String, String, Moment)> = signing_keys::table
        .filter(signing_keys::retired_at.is_null().or(signing_keys::retired_at.gt(now)))
        .order((signing_keys::signs_from.desc(), signing_keys::kid))
        .select((
            signing_keys::kid,
            signing_keys::public_key,
            signing_keys::sealed_private_key,
            signing_keys::signs_from,
        ))
        .load(db)?;
    rows.into_iter()
        .map(|(kid, public, sealed, signs_from)| {
            let encoding = EncodingKey::from_ed_der(&master.open(PURPOSE, &sealed)?);
            let decoding = DecodingKey::from_ed_components(&public).map_err(Error::fault)?;
            Ok(SigningKey { kid, signs_from, public, encoding, decoding })
        })
        .collect()
}

/// Makes the first key, if there is none. It signs at once: nobody holds an older set of keys.
///
/// # Errors
/// Faults of the database or of the random source.
pub fn ensure(database: &Database, master: &MasterKey) -> Result<()> {
    database.write(&Origin::system("start"), |tx| {
        let known: i64 = signing_keys::table.count().get_result::<i64>(&mut **tx)?;
        if known > 0 {
            return Ok(());
        }
        let now = tx.at;
        add(tx, master, now).map(drop)
    })
}

/// Adds a key that takes over after [`PUBLISHED_AHEAD`]; the older ones retire `token_life` seconds later. Answers the
/// new key's name.
///
/// # Errors
/// Faults of the database or of the random source.
pub fn rotate(database: &Database, origin: &Origin, master: &MasterKey, token_life: i64) -> Result<String> {
    database.write(origin, |tx| {
        let signs_from = tx.at.plus_seconds(PUBLISHED_AHEAD);
        diesel::update(signing_keys::table.filter(signing_keys::retired_at.is_null()))
            .set(signing_keys::retired_at.eq(signs_from.plus_seconds(token_life + 60)))
            .execute(&mut **tx)?;
        add(tx, master, signs_from)
    })
}

fn add(tx: &mut Tx, master: &MasterKey, signs_from: Moment) -> Result<String> {
    let document = Ed25519KeyPair::generate_pkcs8v1(&rand::SystemRandom::new()).map_err(Error::fault)?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(Error::fault)?;
    let public = pair.public_key().as_ref();
    let kid = B64URL.encode(&digest::digest(&digest::SHA256, public).as_ref()[..9]);
    let created_at = tx.at;
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(&kid),
            signing_keys::public_key.eq(B64URL.encode(public)),
            signing_keys::sealed_private_key.eq(master.seal(PURPOSE, document.as_ref())?),
            signing_keys::created_at.eq(created_at),
            signing_keys::signs_from.eq(signs_from),
        ))
        .execute(&mut **tx)?;
    let after = serde_json::json!({ "signs_from": signs_from });
    tx.record(Change::new("signing-keys", &kid, Operation::Create).after(after));
    Ok(kid)
}
