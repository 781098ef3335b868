//! Text as people type it.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_yo_and_spaces() {
        assert_eq!(fold("  Семёновский\u{a0} ОКРУГ "), "семеновский округ");
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
