//! JSON with one spelling: keys in the order of their code points, no spaces. Its SHA-256 stands for the contents.

use crate::error::DocumentError;
use opora_primitives::text::is_hidden;
use serde::Serialize;
use serde_json::Value;
use std::{fmt::Write as _, io::Write};

/// The canonical form of `value`: the same value gives the same text whatever the order of its fields. Characters that are
/// hidden are spelt out: `\u202e` is read as what it is by programs and turns nothing before people.
///
/// # Errors
/// A value that JSON has no form for: a map whose keys are not text, a number that is not finite.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<String, DocumentError> {
    let mut value = serde_json::to_value(value)?;
    sort(&mut value);
    Ok(spelt_out(serde_json::to_string(&value)?))
}

/// Hidden characters stand in strings alone, where JSON may spell any character out.
fn spelt_out(json: String) -> String {
    if !json.contains(is_hidden) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        if is_hidden(c) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Writes the canonical form of `value`.
///
/// # Errors
/// Those of [`canonical_json`] and of `out`.
pub fn write_json<T: Serialize + ?Sized>(value: &T, mut out: impl Write) -> Result<(), DocumentError> {
    Ok(out.write_all(canonical_json(value)?.as_bytes())?)
}

/// Sorts explicitly: whether `serde_json` keeps the order of fields is decided by other crates' features.
fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            map.extend(entries);
            map.values_mut().for_each(sort);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hidden_characters_are_spelt_out() {
        let text = "a\u{202e}b\u{7f}\u{2028}\n";
        let json = canonical_json(text).unwrap();
        assert_eq!(json, r#""a\u202eb\u007f\u2028\n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_padded() {
        let value = json!({"б": 1, "a": {"z": [{"y": 1, "x": "<b>"}], "b": null}, "B": "а\n"});
        assert_eq!(
            canonical_json(&value).unwrap(),
            r#"{"B":"а\n","a":{"b":null,"z":[{"x":"<b>","y":1}]},"б":1}"#
        );
    }
}
