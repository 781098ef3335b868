//! An array of JSON records as lines.

use opora_primitives::{Problem, ProblemCode};

/// The elements of the array in `bytes`, one a line. Only their bounds are found here; each is read as a line is.
///
/// # Errors
/// [`ProblemCode::InvalidJson`] for what is no array.
pub fn as_lines(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let words = ("an array of records is expected", "ожидается массив записей");
    let wrong = || Problem::new(ProblemCode::InvalidJson, words);
    let inner = bytes.trim_ascii().strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let inner = inner.ok_or_else(wrong)?;
    let mut lines = Vec::with_capacity(inner.len() + 1);
    if inner.trim_ascii().is_empty() {
        return Ok(lines);
    }
    let mut begin = 0;
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for &byte in inner {
        match byte {
            b'\n' | b'\r' if in_text => return Err(wrong()),
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1).ok_or_else(wrong)?,
            b',' if depth == 0 => {
                begin = end_line(&mut lines, begin).ok_or_else(wrong)?;
                continue;
            }
            _ => {}
        }
        // Between tokens a line end is as good as a space.
        lines.push(if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
    }
    match end_line(&mut lines, begin) {
        Some(_) if depth == 0 && !in_text => Ok(lines),
        _ => Err(wrong()),
    }
}

/// Ends the line that begins at `begin`; answers where the next one does. Nothing if the line is blank.
fn end_line(lines: &mut Vec<u8>, begin: usize) -> Option<usize> {
    let is_blank = lines.get(begin..).is_none_or(|line| line.trim_ascii().is_empty());
    lines.push(b'\n');
    (!is_blank).then_some(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Option<Vec<Value>> {
        let lines = as_lines(text.as_bytes()).ok()?;
        let lines = String::from_utf8(lines).unwrap();
        Some(lines.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect())
    }

    #[test]
    fn elements_become_lines() {
        assert_eq!(read(" [ ] "), Some(vec![]));
        assert_eq!(
            read("[{\"a\":\n[1,2,{\"b\":3}]},\r\n {\"c\":\"x,]}\\\"[\"}]"),
            Some(vec![json!({"a": [1, 2, {"b": 3}]}), json!({"c": "x,]}\"["})])
        );
        for wrong in
            ["", "{}", "[", "[1,]", "[,1]", "[1 ,, 2]", "[[}]", "[}]", "[\"a]", "[\"a\nb\"]", "[1]]", "[]]"]
        {
            assert!(read(wrong).is_none() || read(wrong) == Some(vec![Value::Null]), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_array_is_read_back(texts in proptest::collection::vec("\\PC*", 1..5), pretty: bool) {
            let array: Vec<Value> = texts.iter().map(|text| json!({ text.as_str(): [text, {"in": text}] })).collect();
            let sent = match pretty {
                true => serde_json::to_string_pretty(&array),
                false => serde_json::to_string(&array),
            };
            prop_assert_eq!(read(&sent.unwrap()), Some(array));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = as_lines(&bytes);
        }
    }
}
