//! Secrets that are handed out once and of which only the hash is kept.

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use opora_db::{Error, Result};

/// 256 random bits, in 43 characters that may stand in an address. Whoever guesses has no use of a slow hash.
pub(crate) fn fresh() -> Result<String> {
    random::<32>()
}

/// So many random bytes, in characters that may stand in an address.
pub(crate) fn random<const BYTES: usize>() -> Result<String> {
    let mut secret = [0; BYTES];
    rand::fill(&mut secret).map_err(Error::fault)?;
    Ok(B64URL.encode(secret))
}

/// What is kept of a secret, and looked for.
pub(crate) fn hashed(secret: &str) -> String {
    B64URL.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
