//! Analytical notes. All have the same shape: purpose, base, method, sample, results, comparison, conclusions,
//! recommendations. Figures and the sentences that follow from them are made here; people add their own words.

mod category;
mod education;
mod execution;
mod identification;
mod indicators;
mod level;
mod staffing;

pub use execution::execution;
pub use identification::identification;
pub use indicators::indicators;
pub use staffing::staffing;

use crate::reports::{TextPart, Texts};
use opora_documents::model::{Block, Cell, Column, Document, Language, Row, Signature, Table, TitleBlock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an analytical note says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// What it is for.
    pub purpose: String,
    /// On which acts and data it rests.
    pub base: Vec<String>,
    /// How its figures were made.
    pub method: Method,
    /// What was looked at.
    pub sample: Vec<SampleSize>,
    /// What was found.
    pub results: Vec<Block>,
    /// What was compared with what.
    pub comparison: Vec<Block>,
    /// What follows from the figures.
    pub conclusions: Vec<String>,
    /// What should be done.
    pub recommendations: Vec<String>,
}

/// A method and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Method {
    /// Its name.
    #[schema(example = "Базовая методика")]
    pub name: String,
    /// Its version.
    #[schema(example = "default, редакция 1")]
    pub version: String,
}

/// How many of something were looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SampleSize {
    /// What is counted.
    #[schema(example = "Школ с вердиктом")]
    pub name: String,
    /// How many there are.
    #[schema(minimum = 0, example = 894)]
    pub count: i64,
}

impl SampleSize {
    fn new(name: &str, count: i64) -> Self {
        Self { name: name.to_owned(), count }
    }
}

/// The note under the head `title`, with what people wrote.
pub fn document(title: TitleBlock, note: &Note, texts: &Texts) -> Document {
    let mut blocks = vec![Block::heading(1, TextPart::Purpose.ru()), Block::paragraph(note.purpose.as_str())];
    blocks.extend(texts.paragraphs(TextPart::Purpose));
    blocks.push(Block::heading(1, TextPart::Base.ru()));
    blocks.push(Block::list(false, note.base.iter().map(String::as_str)));
    blocks.extend(texts.paragraphs(TextPart::Base));
    blocks.push(Block::heading(1, "Методика"));
    let method = [("Методика", note.method.name.as_str()), ("Версия", note.method.version.as_str())];
    blocks.push(Block::properties(method));
    blocks.push(Block::heading(1, "Выборка"));
    blocks.push(Block::properties(note.sample.iter().map(|size| (size.name.as_str(), size.count))));
    blocks.push(Block::heading(1, "Результаты"));
    blocks.extend(note.results.iter().cloned());
    blocks.push(Block::heading(1, TextPart::Comparison.ru()));
    blocks.extend(note.comparison.iter().cloned());
    blocks.extend(texts.paragraphs(TextPart::Comparison));
    for (part, sentences) in
        [(TextPart::Conclusions, &note.conclusions), (TextPart::Recommendations, &note.recommendations)]
    {
        blocks.push(Block::heading(1, part.ru()));
        blocks.push(Block::list(true, sentences.iter().map(String::as_str)));
        blocks.extend(texts.paragraphs(part));
    }
    blocks.push(signature());
    Document { language: Language::Ru, title, blocks }
}

/// The line that the head of the institute signs (decision 17).
pub(crate) fn signature() -> Block {
    Block::Signature(Signature {
        position: "Руководитель института".to_owned(), name: None, date: None
    })
}

/// A table with rows of `cells`.
fn table(
    name: &str,
    caption: &str,
    columns: Vec<Column>,
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Table {
    Table {
        name: name.to_owned(),
        caption: caption.to_owned(),
        columns,
        rows: rows.into_iter().map(Row::Cells).collect(),
        ..Table::default()
    }
}
