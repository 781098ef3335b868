//! The document as data: what it says, not how it looks. Its JSON is the `json` format itself.
//!
//! Text is plain text everywhere: no format reads markup in it. A line feed is a line break. Numbers of headings,
//! tables and figures are not part of the model: every format counts them alike ([`crate::numbering`]).

mod cell;
mod chart;
mod table;
mod text;

pub use cell::{Cell, Decimal};
pub use chart::{
    Bar, BarsChart, CategoriesChart, Chart, Legend, LinesChart, Series, Span, TimelineChart, TimelineRow,
    Tone, Unit,
};
pub use table::{Align, Column, ColumnKind, Row, Table};
pub use text::{Run, Text};

use crate::words::Words;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A document: a title block and what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// The language of the text, and of the words that formats add.
    pub language: Language,
    /// What stands at the head of the first page.
    pub title: TitleBlock,
    /// The contents, in order.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Its tables, with the numbers they have in every format: 1, 2, ...; then those for programs, counted on.
    pub fn tables(&self) -> impl Iterator<Item = (usize, &Table)> {
        let tables = self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        let data = self.blocks.iter().filter_map(|block| match block {
            Block::Data(table) => Some(table),
            _ => None,
        });
        (1..).zip(tables.chain(data))
    }

    /// Whether the block at this place stands on a turned page: headings go along with what they head.
    pub(crate) fn is_turned(&self, at: usize) -> bool {
        let headed = self.blocks.iter().skip(at).find(|block| !matches!(block, Block::Heading(_)));
        matches!(headed, Some(Block::Table(table)) if table.landscape)
    }
}

/// The longest value, in characters, that stands beside a long name.
const SHORT: usize = 14;

/// The language of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Russian: `15.01.2021`, `12 345,6`.
    #[default]
    Ru,
    /// English: `2021-01-15`, `12 345.6`.
    En,
}

/// The head of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TitleBlock {
    /// Who issues it; a line feed separates the lines of a long name.
    #[schema(example = "Региональный институт развития образования")]
    pub organisation: String,
    /// What it is called.
    #[schema(example = "Отчёт о выполнении плана мероприятий")]
    pub title: String,
    /// A second line of the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subtitle: Option<String>,
    /// Its number in the issuer's register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub number: Option<String>,
    /// Its date; also the date in the properties of files, so that the same document gives the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date: Option<NaiveDate>,
    /// The period it covers, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2020 год")]
    pub period: Option<String>,
    /// Whom it is written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub addressee: Option<String>,
    /// A mark that must not be overlooked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ПРОЕКТ")]
    pub mark: Option<String>,
    /// The SHA-256 of the frozen contents, printed at the foot of every page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fingerprint: Option<String>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// The heading of a section; formats number it.
    Heading(Heading),
    /// A paragraph.
    Paragraph(Paragraph),
    /// A list of points.
    List(List),
    /// A table; formats number it.
    Table(Table),
    /// A table for programs: in workbooks and CSV what pages tell in words. On pages it is not shown; where it is, its
    /// number follows those of the others.
    Data(Table),
    /// A chart with its caption; formats number it.
    Figure(Figure),
    /// Names and what they stand for, beside each other.
    Properties(Properties),
    /// What is attached.
    Attachments(Attachments),
    /// Who signs.
    Signature(Signature),
    /// What follows begins on a new page where there are pages.
    PageBreak,
}

/// The heading of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heading {
    /// 1 is a section, 2 and 3 lie inside; what is outside is taken for the nearest of these.
    #[schema(minimum = 1, maximum = 3)]
    pub level: u8,
    /// The heading, without its number.
    pub text: String,
}

/// A paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Paragraph {
    /// What it says.
    pub text: Text,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BulletList)]
pub struct List {
    /// Whether the points are numbered.
    pub numbered: bool,
    /// The points.
    pub items: Vec<Text>,
}

/// A chart with its caption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// What it shows; formats write the number before it.
    pub caption: String,
    /// The chart.
    pub chart: Chart,
}

/// Names and what they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Properties {
    /// In the order they are shown.
    pub items: Vec<Property>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Property {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub value: Cell,
}

/// What is attached to the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachments {
    /// In order; formats number them.
    pub items: Vec<Attachment>,
}

/// One attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// What it is.
    pub title: String,
    /// Where it is, how large, its checksum: whatever helps to find it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
}

/// A line to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// The signer's position; a line feed breaks the line.
    pub position: String,
    /// The signer's name; without it a place to write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date: Option<NaiveDate>,
}

impl Block {
    /// A heading of `level` 1 to 3.
    pub fn heading(level: u8, text: impl Into<String>) -> Self {
        Self::Heading(Heading { level, text: text.into() })
    }

    /// A paragraph.
    pub fn paragraph(text: impl Into<Text>) -> Self {
        Self::Paragraph(Paragraph { text: text.into() })
    }

    /// A list, numbered or not.
    pub fn list<T: Into<Text>>(numbered: bool, items: impl IntoIterator<Item = T>) -> Self {
        Self::List(List { numbered, items: items.into_iter().map(Into::into).collect() })
    }

    /// A chart with its caption.
    pub fn figure(caption: impl Into<String>, chart: Chart) -> Self {
        Self::Figure(Figure { caption: caption.into(), chart })
    }

    /// Names and what they stand for.
    pub fn properties<N: Into<String>, V: Into<Cell>>(items: impl IntoIterator<Item = (N, V)>) -> Self {
        let items =
            items.into_iter().map(|(name, value)| Property { name: name.into(), value: value.into() });
        Self::Properties(Properties { items: items.collect() })
    }
}

impl TitleBlock {
    /// What stands at the head besides the title, each with its name.
    pub(crate) fn facts(&self, words: &'static Words) -> impl Iterator<Item = (&'static str, Cell)> {
        let text = |text: &Option<String>| Cell::from(text.as_ref().map(|text| text.replace('\n', " ")));
        let facts = [
            (words.number, text(&self.number)),
            (words.date, Cell::from(self.date)),
            (words.period, text(&self.period)),
            (words.addressee, text(&self.addressee)),
            (words.fingerprint, text(&self.fingerprint)),
        ];
        facts.into_iter().filter(|(_, value)| *value != Cell::Empty)
    }
}

impl Properties {
    /// Whether what the names stand for is so short that the names get most of the room.
    pub(crate) fn are_short(&self, language: Language) -> bool {
        self.items.iter().all(|item| crate::shown::single(&item.value, language).chars().count() <= SHORT)
    }
}

impl List {
    /// Its points as lines of text: `1. Текст` or `– Текст`.
    pub(crate) fn points(&self) -> impl Iterator<Item = String> {
        let mark = |number: usize| if self.numbered { format!("{number}.") } else { "–".to_owned() };
        (1..).zip(&self.items).map(move |(number, item)| format!("{} {}", mark(number), item.joined()))
    }
}
