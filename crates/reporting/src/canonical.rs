//! One spelling for a value, so that the same contents always have the same digest: JSON with sorted keys and without
//! spaces.

use aws_lc_rs::digest::{SHA256, digest};
use opora_db::{Error, Result};
use serde::Serialize;
use serde_json::Value;

/// `value` as canonical JSON.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn json(value: &impl Serialize) -> Result<String> {
    let value = serde_json::to_value(value).map_err(Error::fault)?;
    Ok(sorted(value).to_string())
}

/// The SHA-256 of `text`, in hexadecimal.
pub fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with the keys of every object in order: a map of serde_json keeps the order of insertion.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(key, field)| (key, sorted(field))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let one: Value = serde_json::from_str(r#"{"b": [{"d": 1, "c": null}], "a": "ё"}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"a":"ё","b":[{"c":null,"d":1}]}"#).unwrap();
        assert_eq!(json(&one).unwrap(), r#"{"a":"ё","b":[{"c":null,"d":1}]}"#);
        assert_eq!(json(&one).unwrap(), json(&other).unwrap());
    }

    #[test]
    fn the_digest_is_the_known_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
