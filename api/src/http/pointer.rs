//! Where in a JSON text a reader stopped: serde says line and column, people want the field.

use crate::http::shape::escaped;

/// One step into a JSON text.
enum Step {
    /// Into an object, at the field of that name; none before the first is read.
    Field(Option<String>),
    /// Into an array, at that element.
    Element(usize),
}

/// The JSON pointer of what stands at `line` and `column` of `bytes`, both counted from one.
pub fn of_place(bytes: &[u8], line: usize, column: usize) -> String {
    let before = bytes.split(|byte| *byte == b'\n').take(line.saturating_sub(1));
    let begin: usize = before.map(|line| line.len() + 1).sum();
    let end = (begin + column).min(bytes.len());
    let (mut path, mut at) = (Vec::new(), 0);
    while at < end {
        match bytes[at] {
            b'{' => path.push(Step::Field(None)),
            b'[' => path.push(Step::Element(0)),
            b'}' | b']' => drop(path.pop()),
            b',' => match path.last_mut() {
                Some(Step::Field(name)) => *name = None,
                Some(Step::Element(n)) => *n += 1,
                None => {}
            },
            b'"' => {
                let close = end_of_text(bytes, at);
                if let Some(Step::Field(name @ None)) = path.last_mut() {
                    *name = serde_json::from_slice(&bytes[at..close]).ok();
                }
                at = close;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    let steps = path.iter().filter_map(|step| match step {
        Step::Field(name) => name.as_deref().map(escaped),
        Step::Element(n) => Some(n.to_string()),
    });
    steps.map(|step| format!("/{step}")).collect()
}

/// Where the text ends that begins at `begin`, behind its quote.
fn end_of_text(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_field() {
        let text = br#"{"a":[1,{"b\"/":"x"}],
            "c":2}"#;
        let at = |line, part: &str| {
            let lines: Vec<&str> = std::str::from_utf8(text).unwrap().split('\n').collect();
            of_place(text, line, lines[line - 1].find(part).unwrap() + part.len())
        };
        assert_eq!(at(1, "[1"), "/a/0");
        assert_eq!(at(1, r#""x""#), "/a/1/b\"~1");
        assert_eq!(at(2, "2"), "/c");
        assert_eq!(of_place(b"", 7, 7), "");
        assert_eq!(of_place(b"\"\\", 1, 9), "");
    }
}
