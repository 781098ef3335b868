//! The texts people write in a report, beside the figures it is made of.

use super::types::printable;
use opora_documents::model::Block;
use opora_primitives::{Flaw, Reason, word_type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

word_type!(
    /// A part of a report that people write.
    TextPart {
        /// The half-year in short.
        Summary = "summary", "Общая характеристика периода";
        /// Risks, beside those found in the figures.
        Risks = "risks", "Риски";
        /// Corrections of the plan that are proposed.
        Corrections = "corrections", "Предложения по корректировке плана";
        /// What a note is for.
        Purpose = "purpose", "Цель";
        /// On which acts and data a note rests.
        Base = "base", "Основание";
        /// What was compared with what.
        Comparison = "comparison", "Сравнение";
        /// Conclusions.
        Conclusions = "conclusions", "Выводы";
        /// Recommendations.
        Recommendations = "recommendations", "Рекомендации";
    }
);

/// Longest text of a part, in characters.
const MOST: usize = 20_000;
/// Most activities whose deviation is explained.
const MOST_CAUSES: usize = 500;

/// What people write in a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Text by part; which parts a report has depends on its kind. At most 20,000 characters each; line breaks make
    /// paragraphs.
    #[serde(default)]
    #[schema(example = json!({"summary": "План исполняется."}))]
    pub parts: BTreeMap<TextPart, String>,
    /// Why an activity deviates from the plan, by the activity's number; of the half-yearly report alone.
    #[serde(default)]
    #[schema(example = json!({"2.7": "Занятия перенесены из-за ограничительных мер."}))]
    pub causes: BTreeMap<String, String>,
}

impl Texts {
    /// What is wrong with the texts for a report that has `parts` about `activities`; pointers start at `at`.
    pub fn flaws(&self, at: &str, parts: &[TextPart], activities: &dyn Fn(&str) -> bool) -> Vec<Flaw> {
        let of_part = |(part, text): (&TextPart, &String)| {
            let known = parts.contains(part);
            flaw(&format!("{at}/parts/{part}"), known.then_some(text).ok_or(Reason::UnknownField))
        };
        let of_cause = |(number, text): (&String, &String)| {
            let known = activities(number);
            flaw(&format!("{at}/causes/{number}"), known.then_some(text).ok_or(Reason::UnknownReference))
        };
        let too_many =
            (self.causes.len() > MOST_CAUSES).then(|| Flaw::at(format!("{at}/causes"), Reason::WrongLength));
        let parts = self.parts.iter().filter_map(of_part);
        parts.chain(self.causes.iter().take(MOST_CAUSES).filter_map(of_cause)).chain(too_many).collect()
    }
}

fn flaw(pointer: &str, text: Result<&String, Reason>) -> Option<Flaw> {
    let checked = text.and_then(|text| {
        if text.chars().count() > MOST {
            return Err(Reason::WrongLength);
        }
        printable(text)
    });
    checked.err().map(|reason| Flaw::at(pointer, reason))
}

impl Texts {
    /// What people wrote in `part`, as paragraphs: a line break begins a new one.
    pub fn paragraphs(&self, part: TextPart) -> Vec<Block> {
        let lines = self.parts.get(&part).map(String::as_str).unwrap_or_default().lines();
        lines.map(str::trim).filter(|line| !line.is_empty()).map(Block::paragraph).collect()
    }
}
