//! A row before its cells are understood.

use opora_primitives::Reason;

/// One row of a file: all its text in one buffer, so that reading a million rows allocates once.
#[derive(Debug, Default)]
pub(crate) struct RawRow {
    /// 1-based, as a spreadsheet shows it.
    pub number: u64,
    /// The text of all cells, one after another.
    pub text: String,
    /// Where each cell ends in `text`.
    pub ends: Vec<usize>,
    /// Cells that are refused whatever their text, by ascending position.
    pub flaws: Vec<(usize, Reason)>,
    /// A cell stands farther to the right than any table reaches.
    pub too_wide: bool,
    /// Why nothing of the row can be read.
    pub broken: Option<Reason>,
    /// Fields of a JSON record that are no columns.
    pub strange: Vec<String>,
    /// A record is one even if nothing stands in it; an empty row of a file is none.
    pub is_record: bool,
}

impl RawRow {
    /// Empties the row and keeps its buffers.
    pub fn clear(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.ends.clear();
        self.flaws.clear();
        self.too_wide = false;
        self.broken = None;
        self.strange.clear();
        self.is_record = false;
    }

    /// Puts a cell after the others.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The number of cells.
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// The text of the cell at `position`; empty beyond the end of the row.
    pub fn cell(&self, position: usize) -> &str {
        let Some(&end) = self.ends.get(position) else { return "" };
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        &self.text[start..end]
    }

    /// Why the cell at `position` is refused whatever its text.
    pub fn flaw(&self, position: usize) -> Option<Reason> {
        self.flaws.iter().find(|(at, _)| *at == position).map(|(_, reason)| *reason)
    }

    /// Whether no cell holds anything.
    pub fn is_blank(&self) -> bool {
        self.flaws.is_empty() && !self.too_wide && !self.is_record && trim(&self.text).is_empty()
    }

    /// Whether something stands at or after `position`.
    pub fn reaches(&self, position: usize) -> bool {
        self.too_wide
            || self.flaws.iter().any(|(at, _)| *at >= position)
            || (position..self.width()).any(|at| !trim(self.cell(at)).is_empty())
    }
}

/// The text without spaces around it: no-break, narrow and zero-width ones and a stray byte order mark too.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'))
}
