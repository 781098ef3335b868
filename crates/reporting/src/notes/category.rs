//! Qualification categories of teachers, as registers word them.

use opora_primitives::text::fold;
use std::fmt;

/// A category, from the highest to none; then what no list knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Highest,
    First,
    /// Attested for the post held, which is no category.
    Fit,
    None,
    /// As the register words it.
    Other(String),
    /// The register says nothing.
    Unknown,
}

impl Category {
    /// What a register means by `words`.
    pub(super) fn of(words: Option<&str>) -> Self {
        let Some(words) = words else { return Self::Unknown };
        match fold(words).as_str() {
            "highest" | "high" | "высшая" | "высшая категория" | "высшая квалификационная категория" => {
                Self::Highest
            }
            "first" | "1" | "i" | "первая" | "первая категория" | "первая квалификационная категория" => {
                Self::First
            }
            "fit" | "сзд" | "соответствие" | "соответствие занимаемой должности" => {
                Self::Fit
            }
            "none"
            | "no"
            | "-"
            | "–"
            | "—"
            | "нет"
            | "без"
            | "без категории"
            | "нет категории"
            | "не имеет" => Self::None,
            _ => Self::Other(words.to_owned()),
        }
    }

    /// Whether it is known to be neither the first nor the highest category nor another one.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Fit | Self::None)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Highest => "высшая",
            Self::First => "первая",
            Self::Fit => "соответствие занимаемой должности",
            Self::None => "без категории",
            Self::Other(words) => words,
            Self::Unknown => "нет сведений",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_word_a_category_in_many_ways() {
        for (words, expected) in [
            ("highest", Category::Highest),
            ("Высшая квалификационная категория", Category::Highest),
            ("ПЕРВАЯ", Category::First),
            ("СЗД", Category::Fit),
            ("none", Category::None),
            ("Без категории", Category::None),
            ("педагог-методист", Category::Other("педагог-методист".to_owned())),
        ] {
            assert_eq!(Category::of(Some(words)), expected, "{words}");
        }
        assert_eq!(Category::of(None).to_string(), "нет сведений");
    }
}
