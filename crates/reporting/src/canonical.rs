//! One spelling for a value, so that the same contents always have the same digest.

use opora_db::{Error, Result};
use serde::Serialize;

pub use opora_db::audit::chain::sha256;

/// `value` as canonical JSON: the form documents have too.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn json(value: &impl Serialize) -> Result<String> {
    opora_documents::canonical_json(value).map_err(Error::fault)
}
