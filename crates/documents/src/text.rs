//! Text made safe for a format. What is given is text: no format computes it, runs it or reads markup in it.

use opora_primitives::text::is_hidden;
use std::borrow::Cow;
use std::fmt;

/// What stands for a character that a format cannot hold.
pub(crate) const REPLACEMENT: char = '\u{fffd}';

/// `text` with characters that XML 1.0 forbids (control characters but tab and line feed, U+FFFE, U+FFFF) and those that
/// would turn the direction of the text replaced by U+FFFD, and CR LF and CR by a line feed. Every format writes this but
/// JSON, which keeps what it was given and spells such characters out (`\u202e`).
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| c == '\r' || forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n");
    let kept = |c| match c {
        '\r' => '\n',
        c if forbidden(c) => REPLACEMENT,
        c => c,
    };
    Cow::Owned(lines.chars().map(kept).collect())
}

fn forbidden(c: char) -> bool {
    is_hidden(c) && !matches!(c, '\n' | '\t') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Text that is an address of the web, or is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    Address(&'a str),
}

/// What ends a sentence or a quotation and not the address in it.
const AFTER_ADDRESS: [char; 8] = ['.', ',', ';', ':', '!', '?', ')', ']'];

/// `text` in pieces, so that its addresses can be followed: `http` and `https`, in ASCII. One with other letters, or with
/// what no address has, is plain text rather than half an address.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut plain, mut from) = (0, 0);
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '«' | '»');
        let word = text[at..].split(ends).next().unwrap_or_default().trim_end_matches(AFTER_ADDRESS);
        from = at + word.len().max("http".len());
        let begins = !text[..at].ends_with(char::is_alphanumeric);
        if begins && is_address(word) {
            found.extend((plain < at).then(|| Piece::Plain(&text[plain..at])));
            found.push(Piece::Address(word));
            plain = from;
        }
    }
    found.extend((plain < text.len()).then(|| Piece::Plain(&text[plain..])));
    found
}

fn is_address(word: &str) -> bool {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    let begins = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    begins
        && word
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'{' | b'}' | b'|' | b'^' | b'`'))
}

/// Writes text as the contents of an XML or HTML element or of a quoted attribute.
pub(crate) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = clean(self.0);
        let mut rest = &*clean;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            f.write_str(match special.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = &special[1..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced_and_line_ends_unified() {
        assert_eq!(clean("a\0b\u{1b}c\u{85}d\u{ffff}"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(clean("a\r\nb\rc\nd\te"), "a\nb\nc\nd\te");
        assert!(matches!(clean("Школа № 5"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_turns_the_text() {
        assert_eq!(clean("a\u{202e}fdp.exe\u{2066}"), "a\u{fffd}fdp.exe\u{fffd}");
    }

    #[test]
    fn addresses_are_found_whole_or_not_at_all() {
        use Piece::{Address, Plain};
        let address = "https://niro.nnov.ru/?id=1&a=(b)c#d";
        assert_eq!(pieces(address), [Address(address)]);
        let text = "См. (http://a.ru/b), «https://c.ru».";
        let expected =
            [Plain("См. ("), Address("http://a.ru/b"), Plain("), «"), Address("https://c.ru"), Plain("».")];
        assert_eq!(pieces(text), expected);
        for none in [
            "",
            "http",
            "https://",
            "xhttps://a.ru",
            "https://a.ru/Школа",
            "javascript:alert(1)",
            "https://a\\b",
        ] {
            assert!(pieces(none).iter().all(|piece| matches!(piece, Plain(_))), "{none}");
            let text = |piece: &Piece<'_>| match piece {
                Plain(text) | Address(text) => (*text).to_owned(),
            };
            let joined: String = pieces(none).iter().map(text).collect();
            assert_eq!(joined, none);
        }
    }

    #[test]
    fn markup_is_text() {
        let text = "<script>alert('&\"')</script>";
        assert_eq!(Escaped(text).to_string(), "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;");
    }
}
