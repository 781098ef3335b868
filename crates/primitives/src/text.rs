//! Text as people type it.

use crate::Reason;

/// Whether `c` cannot be shown as what it is: control characters (line ends and tabs among them), line separators, and the
/// marks that turn the direction of a text, with which `gpj.exe` is shown as `exe.jpg`.
pub fn is_hidden(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Holds a name that people read, trimmed, to 1 to `most` characters of which none is hidden (D204).
///
/// # Errors
/// [`Reason::WrongLength`], [`Reason::ForbiddenCharacter`].
pub fn check_name(text: &str, most: usize) -> Result<(), Reason> {
    match text.trim() {
        name if !(1..=most).contains(&name.chars().count()) => Err(Reason::WrongLength),
        name if name.chars().any(is_hidden) => Err(Reason::ForbiddenCharacter),
        _ => Ok(()),
    }
}

/// The form in which names are compared and searched: lower case, `ё` as `е`, every run of spaces (no-break ones too)
/// as one space. Computed in Rust, so that both databases search alike.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase).map(|c| if c == 'ё' { 'е' } else { c }));
    }
    folded
}

/// The text with every run of spaces and line ends as one space: names that are part of a key differ by nothing unseen.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A `LIKE` pattern that finds `text` anywhere inside a folded column; escape character `\`.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Names longer than this are compared by their beginning.
const COMPARED: usize = 64;

/// The one of `known` that whoever wrote `name` may have meant: at most a third of its characters differ, two that were
/// swapped count as one, case does not count. Of equals the first.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| fold(text).chars().take(COMPARED).collect::<Vec<char>>();
    let wanted = letters(name);
    let most = (wanted.len() / 3).max(1);
    let measured = known.into_iter().map(|word| (distance(&wanted, &letters(word)), word));
    measured.filter(|(far, _)| *far <= most).min_by_key(|(far, _)| *far).map(|(_, word)| word)
}

/// How many characters must be put in, left out, replaced, or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let (mut before, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_nearest_name_is_what_was_meant() {
        let known = ["login", "password", "academic_year", "limit", "id"];
        for (written, meant) in [
            ("pasword", Some("password")),
            ("pasWrod", Some("password")),
            ("limitt", Some("limit")),
            ("academicYear", Some("academic_year")),
            ("di", Some("id")),
            ("nothing", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
        assert_eq!(nearest("anything", []), None);
    }

    proptest! {
        #[test]
        fn a_name_is_nearest_to_itself(name in "\\PC{1,80}", other in "\\PC{1,80}") {
            let found = nearest(&name, [other.as_str(), name.as_str()]);
            prop_assert!(found.is_some_and(|found| distance(&fold(found).chars().take(64).collect::<Vec<_>>(), &fold(&name).chars().take(64).collect::<Vec<_>>()) == 0));
        }
    }

    #[test]
    fn folds_case_yo_and_spaces() {
        assert_eq!(fold("  Семёновский\u{a0} ОКРУГ "), "семеновский округ");
    }

    #[test]
    fn what_turns_a_text_is_hidden() {
        for c in ['\0', '\n', '\t', '\u{9b}', '\u{202e}', '\u{2067}', '\u{200f}', '\u{2028}'] {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in ['Щ', ' ', '\u{a0}', '\u{ad}', '«', '\u{5d0}', '\u{1f600}'] {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn a_name_is_neither_empty_nor_hidden() {
        assert_eq!(check_name(" Анна ", 4), Ok(()));
        assert_eq!(check_name(" ", 4), Err(Reason::WrongLength));
        assert_eq!(check_name("Анна ", 3), Err(Reason::WrongLength));
        assert_eq!(check_name("а\0б", 4), Err(Reason::ForbiddenCharacter));
    }

    #[test]
    fn a_line_keeps_its_words() {
        assert_eq!(one_line("  Курс\u{a0} 72\r\nчаса "), "Курс 72 часа");
    }

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(contains_pattern("100%_a\\"), r"%100\%\_a\\%");
    }
}
