//! Columns and the header row that names them.

use crate::raw::{RawRow, trim};
use crate::{FileError, FileFlaw, RowError};
use opora_primitives::{Reason, text};
use std::collections::HashMap;

/// What the values of a column are: what a field of a JSON record may hold. Cells of a file are text whatever they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// Text: names, codes, words of closed lists, academic years.
    #[default]
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers of which two decimals are kept.
    Decimal,
    /// Days.
    Day,
    /// Yes or no.
    Truth,
}

/// A column a domain reads. Names are compared folded: case, `ё` and kinds of spaces do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The canonical English name; errors carry it.
    pub name: &'static str,
    /// The Russian names under which it comes.
    pub synonyms: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
    /// What its values are.
    pub holds: Holds,
    /// Whether it is part of the natural key.
    pub key: bool,
}

impl Column {
    /// A column without which a file is refused.
    pub const fn required(name: &'static str, synonyms: &'static [&'static str]) -> Self {
        Self { name, synonyms, required: true, holds: Holds::Text, key: false }
    }

    /// A column a file may lack.
    pub const fn optional(name: &'static str, synonyms: &'static [&'static str]) -> Self {
        Self { required: false, ..Self::required(name, synonyms) }
    }

    /// The same column with values of this kind.
    pub const fn of(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }

    /// The same column as part of the natural key.
    pub const fn key(self) -> Self {
        Self { key: true, ..self }
    }
}

/// What the header of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The 1-based number of the header row; of the lower one where two rows make the header.
    pub row: u64,
    /// Columns nobody asked for, as the file calls them; they are ignored.
    pub unknown: Vec<String>,
    /// For each column asked for, its position in the file.
    pub(crate) positions: Vec<Option<usize>>,
    /// Cells of the header.
    pub(crate) width: usize,
    /// Whether its records are read strictly: no spreadsheet has touched them.
    pub(crate) strict: bool,
}

impl Header {
    /// Of records that name their fields: every one of `count` columns, in their order.
    pub(crate) fn of_records(count: usize) -> Self {
        let positions = (0..count).map(Some).collect();
        Self { row: 0, unknown: Vec::new(), positions, width: count, strict: true }
    }

    /// Whether the file has the column with this index.
    pub fn has(&self, column: usize) -> bool {
        self.positions.get(column).is_some_and(Option::is_some)
    }

    /// The unknown columns as remarks for a report.
    pub fn remarks(&self) -> impl Iterator<Item = RowError> + '_ {
        let remark = |name: &String| RowError {
            row: self.row,
            column: Some(name.clone()),
            reason: Reason::UnknownColumn,
        };
        self.unknown.iter().map(remark)
    }

    /// How many of the columns asked for the file has.
    pub(crate) fn recognised(&self) -> usize {
        self.positions.iter().flatten().count()
    }
}

/// The header is looked for in so many rows from the top; rows above it are titles.
pub(crate) const HEADER_ROWS: usize = 5;

/// Longer names of unknown columns are cut to so many characters.
const UNKNOWN_NAME: usize = 100;

/// A row, or two, read as a header.
struct Candidate {
    header: Header,
    duplicates: Vec<usize>,
    /// The index of its last row among the first rows.
    last: usize,
}

/// What looking for the header came to.
pub(crate) struct Search {
    best: Option<Candidate>,
    missing: Vec<&'static str>,
    names: Vec<&'static str>,
}

impl Search {
    /// Looks for the header in the first rows of a file that are not blank: the first row that names all required
    /// columns. A Russian report often has a two-row header with merged cells; then the lower row names a column, and
    /// where it is empty the upper one does.
    pub fn run(columns: &[Column], rows: &[RawRow]) -> Self {
        let matcher = Matcher::new(columns);
        let complete = |candidate: &Candidate| matcher.missing(candidate).is_empty();
        let mut best: Option<Candidate> = None;
        for index in 0..rows.len().min(HEADER_ROWS) {
            let plain = matcher.read(rows, index, false);
            let candidate = if complete(&plain) {
                matcher.with_second_row(rows, plain)
            } else if index > 0 {
                let double = matcher.read(rows, index, true);
                if complete(&double) { double } else { plain }
            } else {
                plain
            };
            let found = complete(&candidate) && candidate.header.recognised() > 0;
            if found
                || best.as_ref().is_none_or(|best| best.header.recognised() < candidate.header.recognised())
            {
                best = Some(candidate);
            }
            if found {
                break;
            }
        }
        let missing = match &best {
            Some(candidate) => matcher.missing(candidate),
            None => Vec::new(),
        };
        Self { best, missing, names: columns.iter().map(|column| column.name).collect() }
    }

    /// The better of two searches has the larger rank. Without a header anywhere, the search that saw no row at all is
    /// the better one: it found a file of empty cells, or one that breaks off at once.
    pub fn rank(&self) -> (bool, usize, usize) {
        let Some(best) = &self.best else { return (false, usize::MAX, 0) };
        (self.is_complete(), best.header.recognised(), best.header.width)
    }

    /// Whether there is a header with all required columns.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.best.as_ref().is_some_and(|best| best.header.recognised() > 0)
    }

    /// The header and the index of its last row.
    ///
    /// # Errors
    /// [`Reason::EmptyFile`], or every missing ([`Reason::MissingColumn`]) and repeated column
    /// ([`Reason::DuplicateColumn`]) at once.
    pub fn finish(self) -> Result<(Header, usize), FileError> {
        let complete = self.is_complete();
        let Some(best) = self.best else {
            return Err(FileError::new(Reason::EmptyFile, ("", "")));
        };
        let flaw = |reason, name: &str| FileFlaw {
            reason,
            column: Some(name.to_owned()),
            detail: (
                format!("header in row {}", best.header.row),
                format!("заголовок в строке {}", best.header.row),
            )
                .into(),
        };
        let mut flaws: Vec<_> = self.missing.iter().map(|name| flaw(Reason::MissingColumn, name)).collect();
        flaws.extend(best.duplicates.iter().map(|index| flaw(Reason::DuplicateColumn, self.names[*index])));
        match flaws.is_empty() {
            false => Err(FileError::Refused(flaws)),
            true if complete => Ok((best.header, best.last)),
            true => Err(FileError::new(
                Reason::EmptyFile,
                ("no column of the file is known", "ни одной известной колонки"),
            )),
        }
    }
}

struct Matcher<'a> {
    columns: &'a [Column],
    by_name: HashMap<String, usize>,
}

impl<'a> Matcher<'a> {
    fn new(columns: &'a [Column]) -> Self {
        let mut by_name = HashMap::new();
        for (index, column) in columns.iter().enumerate() {
            for name in std::iter::once(&column.name).chain(column.synonyms) {
                by_name.entry(text::fold(name)).or_insert(index);
            }
        }
        Self { columns, by_name }
    }

    /// Reads the row at `index` as a header; with the row above it as the upper half if `double`.
    fn read(&self, rows: &[RawRow], index: usize, double: bool) -> Candidate {
        let lower = &rows[index];
        let upper = if double { Some(&rows[index - 1]) } else { None };
        let width = lower.width().max(upper.map_or(0, RawRow::width));
        let mut header = Header {
            row: lower.number,
            unknown: Vec::new(),
            positions: vec![None; self.columns.len()],
            width,
            strict: false,
        };
        let mut duplicates = Vec::new();
        let mut group = "";
        for position in 0..width {
            let above = upper.map_or("", |row| trim(row.cell(position)));
            group = if above.is_empty() { group } else { above };
            let name = trim(lower.cell(position));
            let name = if name.is_empty() { above } else { name };
            match self.column(name, group) {
                Some(column) if header.positions[column].is_some() => duplicates.push(column),
                Some(column) => header.positions[column] = Some(position),
                None if name.is_empty() => {}
                None => header.unknown.push(name.chars().take(UNKNOWN_NAME).collect()),
            }
        }
        duplicates.sort_unstable();
        duplicates.dedup();
        Candidate { header, duplicates, last: index }
    }

    /// A column by its name, or by the name after that of the merged cell above it ("Отметки" over "2").
    fn column(&self, name: &str, group: &str) -> Option<usize> {
        let by_name = self.by_name.get(&text::fold(name)).copied();
        by_name.or_else(|| {
            let wanted = !group.is_empty() && !name.is_empty();
            wanted.then(|| self.by_name.get(&text::fold(&format!("{group} {name}"))).copied()).flatten()
        })
    }

    /// A complete header row may be the upper half of a two-row header: the row below it is then empty wherever the upper
    /// one named a column, and names more columns, or stands under merged cells whether its names are known or not: they
    /// make the table as wide as it is.
    fn with_second_row(&self, rows: &[RawRow], plain: Candidate) -> Candidate {
        let next = plain.last + 1;
        let Some(lower) = rows.get(next) else { return plain };
        let stands_free = |position: &usize| trim(lower.cell(*position)).is_empty();
        if !plain.header.positions.iter().flatten().all(stands_free) {
            return plain;
        }
        let double = self.read(rows, next, true);
        let names_more = double.header.recognised() > plain.header.recognised();
        if names_more || self.stands_under_a_group(&rows[plain.last], lower) { double } else { plain }
    }

    /// Whether a cell of the lower row stands beneath the empty rest of a merged cell that names no column.
    fn stands_under_a_group(&self, upper: &RawRow, lower: &RawRow) -> bool {
        let mut under_group = false;
        (0..lower.width()).any(|position| {
            let above = trim(upper.cell(position));
            if !above.is_empty() {
                under_group = self.column(above, "").is_none();
            }
            above.is_empty() && under_group && !trim(lower.cell(position)).is_empty()
        })
    }

    fn missing(&self, candidate: &Candidate) -> Vec<&'static str> {
        let columns = self.columns.iter().zip(&candidate.header.positions);
        columns
            .filter(|(column, at)| column.required && at.is_none())
            .map(|(column, _)| column.name)
            .collect()
    }
}
