//! One spelling for a value, so that the same contents always have the same digest.

use aws_lc_rs::digest::{SHA256, digest};
use opora_db::{Error, Result};
use serde::Serialize;

/// `value` as canonical JSON: the form documents have too.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn json(value: &impl Serialize) -> Result<String> {
    opora_documents::canonical_json(value).map_err(Error::fault)
}

/// The SHA-256 of `text`, in hexadecimal.
pub fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_known_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
