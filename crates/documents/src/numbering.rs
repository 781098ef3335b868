//! The numbers of headings, tables and figures: the same in every format.

use crate::model::{Block, Document, Language};

/// A block with the words that go before its text: `1.2.`, `Таблица 3`, `Рисунок 1`, or nothing.
pub(crate) fn numbered(document: &Document) -> impl Iterator<Item = (String, &Block)> {
    let tables = document.blocks.iter().filter(|block| matches!(block, Block::Table(_))).count();
    let mut numbers = Numbers { data: u32::try_from(tables).unwrap_or(u32::MAX), ..Numbers::default() };
    document.blocks.iter().map(move |block| (numbers.label(block, document.language), block))
}

/// `Таблица 3 – Сроки`, or the label alone where there is no caption.
pub(crate) fn captioned(label: &str, caption: &str) -> String {
    if caption.is_empty() { label.to_owned() } else { format!("{label} \u{2013} {caption}") }
}

/// The level of a heading within its bounds.
pub(crate) fn level(given: u8) -> u8 {
    given.clamp(1, 3)
}

#[derive(Default)]
struct Numbers {
    headings: [u32; 3],
    tables: u32,
    /// Those for programs, counted on from the last of the others.
    data: u32,
    figures: u32,
}

impl Numbers {
    fn label(&mut self, block: &Block, language: Language) -> String {
        let words = language.words();
        match block {
            Block::Heading(heading) => self.heading(usize::from(level(heading.level))),
            Block::Table(_) => {
                self.tables += 1;
                format!("{} {}", words.table, self.tables)
            }
            Block::Data(_) => {
                self.data += 1;
                format!("{} {}", words.table, self.data)
            }
            Block::Figure(_) => {
                self.figures += 1;
                format!("{} {}", words.figure, self.figures)
            }
            _ => String::new(),
        }
    }

    fn heading(&mut self, level: usize) -> String {
        let (outer, inner) = self.headings.split_at_mut(level);
        inner.fill(0);
        if let Some(last) = outer.last_mut() {
            *last += 1;
        }
        // A heading that skips a level counts the level it skips as the first.
        outer.iter().map(|number| format!("{}.", (*number).max(1))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TitleBlock;

    #[test]
    fn inner_numbers_begin_anew() {
        let blocks = [1, 2, 2, 1, 2, 9].map(|level| Block::heading(level, "")).to_vec();
        let document = Document { language: Language::Ru, title: TitleBlock::default(), blocks };
        let labels: Vec<_> = numbered(&document).map(|(label, _)| label).collect();
        assert_eq!(labels, ["1.", "1.1.", "1.2.", "2.", "2.1.", "2.1.1."]);
    }
}
