//! CHECK constraints in one form, whichever database tells them: PostgreSQL writes `IN` as `= ANY (ARRAY[...])`, `BETWEEN`
//! as two comparisons, and parentheses and casts of its own.

/// The conditions of the CHECKs in the definition of a table.
pub fn of_definition(definition: &str) -> Vec<String> {
    let lines = definition.lines().map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, word) in text.match_indices("CHECK") {
        let open = at + word.len() + text[at + word.len()..].find('(').expect("a condition");
        let mut depth = 0;
        let end = text[open..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        });
        found.push(text[open..=open + end.expect("an end").0].to_owned());
    }
    found
}

/// The condition `text` in its one form.
pub fn normal(text: &str) -> String {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let condition = parser.any_of();
    assert_eq!(
        parser.at,
        parser.tokens.len(),
        "{text} is not read to its end: {:?}",
        &parser.tokens[parser.at..]
    );
    condition
}

fn tokens(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => rest[1..].find('\'').expect("a closing quote") + 2,
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ if ["::", "<>", "<=", ">=", "!="].iter().any(|sign| rest.starts_with(sign)) => 2,
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after.trim_start();
        if token == "::" {
            // A cast says nothing that the column does not say.
            let end = rest.find([')', ',', ']', ' ']).unwrap_or(rest.len());
            rest = rest[end..].trim_start();
            continue;
        }
        found.push(if token.starts_with('\'') { token.to_owned() } else { token.to_ascii_lowercase() });
    }
    found
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn is(&self, word: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token == word)
    }

    fn take(&mut self, word: &str) -> bool {
        let there = self.is(word);
        self.at += usize::from(there);
        there
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn any_of(&mut self) -> String {
        let mut parts = vec![self.all_of()];
        while self.take("or") {
            parts.push(self.all_of());
        }
        joined("or", parts)
    }

    fn all_of(&mut self) -> String {
        let mut parts = vec![self.one()];
        while self.take("and") {
            parts.push(self.one());
        }
        joined("and", parts)
    }

    fn one(&mut self) -> String {
        if self.take("not") {
            return format!("(not {})", self.one());
        }
        let left = self.value();
        if self.take("is") {
            let denied = self.take("not");
            assert!(self.take("null"));
            return format!("({left} is {})", if denied { "there" } else { "null" });
        }
        if self.take("between") {
            let low = self.value();
            assert!(self.take("and"));
            return joined(
                "and",
                vec![format!("({left} >= {low})"), format!("({left} <= {})", self.value())],
            );
        }
        let denied = self.take("not");
        if self.take("in") {
            return self.listed(&left, denied);
        }
        assert!(!denied, "not after a value");
        if !["=", "<>", "!=", "<", "<=", ">", ">="].iter().any(|sign| self.is(sign)) {
            return left;
        }
        let sign = self.next().replace("!=", "<>");
        if self.take("any") || self.take("all") {
            return self.listed(&left, sign == "<>");
        }
        format!("({left} {sign} {})", self.value())
    }

    /// `('a', 'b')`, or `(ARRAY['a', 'b'])`.
    fn listed(&mut self, left: &str, denied: bool) -> String {
        let mut words = Vec::new();
        while self.take("(") || self.take("array") || self.take("[") {}
        loop {
            words.push(self.next());
            if !self.take(",") {
                break;
            }
        }
        while self.take("]") {}
        assert!(self.take(")"));
        words.sort();
        format!("({left} {} {})", if denied { "outside" } else { "in" }, words.join(" "))
    }

    fn value(&mut self) -> String {
        if self.take("(") {
            let inner = self.any_of();
            assert!(self.take(")"));
            return inner;
        }
        let word = self.next();
        if !self.take("(") {
            return word;
        }
        let inner = self.any_of();
        assert!(self.take(")"));
        format!("{word}({inner})")
    }
}

/// `and` inside `and` is one `and`; the order does not matter.
fn joined(sign: &str, parts: Vec<String>) -> String {
    if parts.len() == 1 {
        return parts.into_iter().next().unwrap_or_default();
    }
    let prefix = format!("[{sign} ");
    let mut flat: Vec<String> = Vec::new();
    for part in parts {
        match part.strip_prefix(&prefix).and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => flat.extend(inner.split(" ; ").map(str::to_owned)),
            None => flat.push(part),
        }
    }
    flat.sort();
    format!("{prefix}{}]", flat.join(" ; "))
}

#[test]
fn both_ways_of_writing_are_one() {
    for (one, other) in [
        ("kind IN ('a', 'b')", "((kind = ANY (ARRAY['a'::text, 'b'::text])))"),
        (
            "state NOT IN ('a', 'b') OR x IS NOT NULL",
            "(((state <> ALL (ARRAY['a'::text, 'b'::text])) OR (x IS NOT NULL)))",
        ),
        ("grade BETWEEN 1 AND 12", "(((grade >= 1) AND (grade <= 12)))"),
        ("(a IS NULL) <> (b IS NULL)", "(((a IS NULL) <> (b IS NULL)))"),
        ("NOT done OR ends IS NOT NULL", "(((NOT done) OR (ends IS NOT NULL)))"),
        (
            "(kind = 'v') = (m IS NOT NULL AND n IS NOT NULL)",
            "(((kind = 'v'::text) = ((m IS NOT NULL) AND (n IS NOT NULL))))",
        ),
    ] {
        assert_eq!(normal(one), normal(other));
    }
    for (one, other) in
        [("kind IN ('a')", "kind IN ('a', 'b')"), ("a < 1", "a <= 1"), ("a IS NULL", "a IS NOT NULL")]
    {
        assert_ne!(normal(one), normal(other));
    }
    assert_eq!(of_definition("x TEXT CHECK (x IN ('a', 'b')), -- CHECK (y)\n CHECK ((a) OR b)").len(), 2);
}
