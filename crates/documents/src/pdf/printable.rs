//! Text as the bundled fonts can print it.

use crate::fonts;
use crate::text::{REPLACEMENT, clean};

/// Where a line may break inside a word.
const BREAK: char = '\u{200b}';
/// Longer words of letters than this are not words; hyphenation does not know where to break them.
const LONGEST_WORD: usize = 32;
/// What may stand at a word without making it anything else.
const MARKS: &str = "-,.:;!?()«»*";
/// Longer runs of anything else (addresses, checksums) may be wider than a column.
const LONGEST_RUN: usize = 10;

/// `text`, cleaned; a character that no bundled font has is U+FFFD, and words too long for a column may break.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| c.is_whitespace() || fonts::can_show(c);
    let text: String = clean(text).chars().map(|c| if shown(c) { c } else { REPLACEMENT }).collect();
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end().trim_matches(|c| MARKS.contains(c));
        let length = bare.chars().count();
        let is_word = bare.chars().all(|c| c.is_alphabetic() || MARKS.contains(c));
        if length <= if is_word { LONGEST_WORD } else { LONGEST_RUN } {
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
        assert_eq!(printable(text), text);
        assert_eq!(printable("(муниципальные программы:"), "(муниципальные программы:");
        assert_eq!(printable("до 15.06.2020, не позже"), "до 15.06.2020, не позже");
    }

    #[test]
    fn what_cannot_be_printed_is_replaced() {
        assert_eq!(printable("a\u{1f600}b\u{7}c"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn long_words_may_break() {
        assert_eq!(printable("abcdef123456"), "abcd\u{200b}ef12\u{200b}3456");
        assert_eq!(printable(&"щ".repeat(40)).chars().filter(|c| *c == BREAK).count(), 9);
    }
}
