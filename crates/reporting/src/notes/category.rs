//! Qualification categories of teachers, as registers word them.

use super::level::Worded;

/// A category, from the highest to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Highest,
    First,
    /// Attested for the post held, which is no category.
    Fit,
    None,
}

impl Category {
    /// Whether it is neither the first nor the highest category (D95).
    pub(super) fn is_none(self) -> bool {
        matches!(self, Self::Fit | Self::None)
    }
}

impl Worded for Category {
    fn meant(words: &str) -> Option<Self> {
        Some(match words {
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
            _ => return Option::None,
        })
    }

    fn ru(&self) -> &'static str {
        match self {
            Self::Highest => "высшая",
            Self::First => "первая",
            Self::Fit => "соответствие занимаемой должности",
            Self::None => "без категории",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::level::Level, *};

    #[test]
    fn registers_word_a_category_in_many_ways() {
        for (words, expected) in [
            ("highest", Level::Listed(Category::Highest)),
            ("Высшая квалификационная категория", Level::Listed(Category::Highest)),
            ("ПЕРВАЯ", Level::Listed(Category::First)),
            ("СЗД", Level::Listed(Category::Fit)),
            ("none", Level::Listed(Category::None)),
            ("Без категории", Level::Listed(Category::None)),
            ("—", Level::Listed(Category::None)),
            ("педагог-методист", Level::Other),
        ] {
            assert_eq!(Level::of(Some(words)), expected, "{words}");
        }
    }
}
