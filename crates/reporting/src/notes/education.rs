//! Education of teachers, as registers word it.

use super::level::Worded;

/// A level of education, from the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Education {
    Higher,
    SecondaryVocational,
    /// Secondary or basic school, without a profession.
    General,
}

impl Worded for Education {
    fn meant(words: &str) -> Option<Self> {
        Some(match words {
            "higher"
            | "высшее"
            | "во"
            | "высшее образование"
            | "высшее педагогическое"
            | "высшее профессиональное" => Self::Higher,
            "secondary_vocational"
            | "спо"
            | "среднее профессиональное"
            | "среднее профессиональное образование"
            | "среднее специальное"
            | "среднее педагогическое" => Self::SecondaryVocational,
            "general" | "secondary" | "среднее" | "общее" | "среднее общее" | "основное общее" => {
                Self::General
            }
            _ => return None,
        })
    }

    fn ru(&self) -> &'static str {
        match self {
            Self::Higher => "высшее",
            Self::SecondaryVocational => "среднее профессиональное",
            Self::General => "общее",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::level::Level, *};

    #[test]
    fn registers_word_education_in_many_ways() {
        for (words, expected) in [
            ("higher", Level::Listed(Education::Higher)),
            ("Высшее  педагогическое", Level::Listed(Education::Higher)),
            ("СПО", Level::Listed(Education::SecondaryVocational)),
            ("среднее общее", Level::Listed(Education::General)),
            ("—", Level::Unknown),
            ("учёная степень", Level::Other),
        ] {
            assert_eq!(Level::of(Some(words)), expected, "{words}");
        }
    }
}
