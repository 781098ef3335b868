//! Levels of teachers, as registers word them.

use opora_primitives::text::fold;
use std::fmt;

/// A list of levels, declared from the highest.
pub(super) trait Worded: Sized {
    /// The level that `words` mean, folded as [`fold`] does; none, if the list does not know them.
    fn meant(words: &str) -> Option<Self>;

    /// The name of the level in the note.
    fn ru(&self) -> &'static str;
}

/// What a register says of a teacher's level: levels of the list `Word`, then what it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level<Word> {
    Listed(Word),
    /// Words that the list does not know. They are not kept: free text may tell of one person, and the note has counts only.
    Other,
    /// The register says nothing.
    Unknown,
}

impl<Word: Worded> Level<Word> {
    /// What a register means by `words`.
    pub(super) fn of(words: Option<&str>) -> Self {
        let Some(words) = words.map(fold) else { return Self::Unknown };
        match (Word::meant(&words), words.as_str()) {
            (Some(level), _) => Self::Listed(level),
            (None, "н/д" | "нет данных" | "нет сведений" | "-" | "–" | "—") => {
                Self::Unknown
            }
            (None, _) => Self::Other,
        }
    }
}

impl<Word: Worded> fmt::Display for Level<Word> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listed(level) => level.ru(),
            Self::Other => "иное",
            Self::Unknown => "нет сведений",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::education::Education, *};

    #[test]
    fn words_that_no_list_knows_are_not_repeated() {
        let name = |words| Level::<Education>::of(words).to_string();
        assert_eq!(name(Some("Иванов И. И., заочно")), "иное");
        assert_eq!(name(Some("Высшее")), "высшее");
        for words in [None, Some("н/д"), Some("Нет данных")] {
            assert_eq!(name(words), "нет сведений", "{words:?}");
        }
    }
}
