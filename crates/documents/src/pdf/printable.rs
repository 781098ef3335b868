//! Text as the bundled fonts can print it.

use crate::fonts;
use crate::text::{Piece, REPLACEMENT, clean, pieces};
use serde_json::{Value, json};

/// Where a line may break inside a word: the template puts no character there, so that whoever copies or searches the
/// text finds the word whole.
const BREAK: char = '\u{200b}';
/// Longer words of letters than this are not words; hyphenation does not know where to break them.
const LONGEST_WORD: usize = 32;
/// What may stand at a word without making it anything else.
const MARKS: &str = "-,.:;!?()«»*";

/// How wide the place of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// A page or a good part of it: numbers of orders stay on one line.
    Line,
    /// A column of a table that is too narrow for a word in it.
    Column,
}

impl Room {
    /// Longer runs of anything but letters (addresses, checksums) may be wider than it.
    fn longest_run(self) -> usize {
        match self {
            Self::Line => 24,
            Self::Column => 10,
        }
    }
}

/// `text`, cleaned; a character that no bundled font has is U+FFFD.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| c != BREAK && (c.is_whitespace() || fonts::can_show(c));
    clean(text).chars().map(|c| if shown(c) { c } else { REPLACEMENT }).collect()
}

/// As [`printable`], for a place in the text: a string with the places where words too long for the room may break, or,
/// if there are addresses in it, a list of strings and of objects with text and address.
pub(super) fn in_room(text: &str, room: Room) -> Value {
    let text = printable(text);
    match pieces(&text).as_slice() {
        [] => "".into(),
        [Piece::Plain(text)] => breakable(text, room).into(),
        pieces => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => breakable(text, room).into(),
                Piece::Address(address) => json!({"text": breakable(address, room), "address": address}),
            })
            .collect(),
    }
}

fn breakable(text: &str, room: Room) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end().trim_matches(|c| MARKS.contains(c));
        let length = bare.chars().count();
        let is_word = bare.chars().all(|c| c.is_alphabetic() || MARKS.contains(c));
        if length <= if is_word { LONGEST_WORD } else { room.longest_run() } {
            out.push_str(word);
        } else {
            for (at, c) in word.chars().enumerate() {
                if at > 0 && at % 4 == 0 && !c.is_whitespace() {
                    out.push(BREAK);
                }
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_kept() {
        let text = "Образовательные организации, показавшие «низкие» результаты, 12 345,67 %\nв 2020 г.";
        assert_eq!(in_room(text, Room::Column), text);
        for text in ["(муниципальные программы:", "до 15.06.2020, не позже", ""]
        {
            assert_eq!(in_room(text, Room::Column), text);
        }
    }

    #[test]
    fn what_cannot_be_printed_is_replaced() {
        assert_eq!(printable("a\u{1f600}b\u{7}c\u{200b}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }

    #[test]
    fn long_words_may_break() {
        assert_eq!(in_room("abcdef123456", Room::Column), "abcd\u{200b}ef12\u{200b}3456");
        assert_eq!(in_room("316-01-63-950/20", Room::Line), "316-01-63-950/20");
        assert_eq!(breakable(&"щ".repeat(40), Room::Line).chars().filter(|c| *c == BREAK).count(), 9);
    }

    #[test]
    fn an_address_is_whole_where_it_leads() {
        let address = "https://niro.nnov.ru/?id=36785";
        let shown = in_room(&format!("См. {address}."), Room::Column);
        assert_eq!(
            (&shown[0], &shown[1]["address"], &shown[2]),
            (&"См. ".into(), &address.into(), &".".into())
        );
        assert!(shown[1]["text"].as_str().is_some_and(|text| text.replace(BREAK, "") == address));
    }
}
