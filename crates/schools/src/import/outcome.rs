//! What an import found and did.

use opora_primitives::Reason;
use opora_tables::{RowError, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Refused cells kept for the report; beyond it they are only counted.
const MOST_KEPT: usize = 10_000;

/// What an import found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// Whether anything was written: false for a dry run and for an atomic import with rejects.
    pub applied: bool,
    /// Rows read, without the header.
    #[schema(minimum = 0, example = 900)]
    pub rows: u64,
    /// Records that were new, or would be.
    #[schema(minimum = 0, example = 900)]
    pub created: u64,
    /// Records that had other contents, or would get them.
    #[schema(minimum = 0, example = 0)]
    pub updated: u64,
    /// Rows that say what is there already.
    #[schema(minimum = 0, example = 0)]
    pub unchanged: u64,
    /// Rows refused.
    #[schema(minimum = 0, example = 0)]
    pub rejected: u64,
    /// Whether there are more refused cells than are kept.
    pub rejects_cut: bool,
    /// Columns that are not known and were ignored.
    pub ignored_columns: Vec<String>,
    /// Things that were taken but look wrong: rows by reason.
    pub warnings: Vec<Warning>,
    /// Refused cells; told separately, page by page.
    #[serde(skip)]
    #[schema(ignore)]
    pub rejects: Vec<Reject>,
    /// What became of each line, where the import came by lines; told separately too.
    #[serde(skip)]
    #[schema(ignore)]
    pub lines: Vec<Line>,
}

opora_primitives::word_type!(
    /// What became of a line.
    LineStatus {
        /// A record was made, or would be.
        Created = "created", "создана";
        /// A record got other contents, or would.
        Updated = "updated", "изменена";
        /// It says what is there already.
        Unchanged = "unchanged", "без изменений";
        /// Refused.
        Refused = "refused", "отклонена";
    }
);

/// A line of an import that came by lines, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub line: u64,
    /// What became of it.
    pub status: LineStatus,
    /// The id of its record, where such records have one.
    pub id: Option<i64>,
    /// The natural key, as the line gives it; empty if the line cannot be read.
    pub key: BTreeMap<String, String>,
}

opora_primitives::word_type!(
    /// Why something that was taken looks wrong.
    Caution {
        /// The procedure was not held that year.
        NotHeld = "not_held", "процедура в этом году не проводилась";
        /// The assessment is not given in this grade or subject.
        NotGiven = "not_given", "эта процедура не проводится в таком классе или по такому предмету";
        /// Whether anybody missed the minimum does not go with the mean.
        MeanAgainstMinimum = "mean_against_minimum", "средний балл не согласуется с числом не преодолевших порог";
        /// A school that was merged or split names nobody who took over.
        NoSuccessor = "no_successor", "у реорганизованной школы не указан преемник";
        /// A school that does not work any more says no day of its closing.
        NoClosingDate = "no_closing_date", "у закрытой или реорганизованной школы не указана дата закрытия";
        /// The control digit behind an ОКТМО is not that of the code.
        ControlDigit = "control_digit", "контрольная цифра ОКТМО не сходится";
        /// Of a plan: what should follow one another overlaps.
        Overlap = "overlap", "мероприятия пересекаются по срокам";
        /// Of a plan: an activity is gone; its facts are kept and count nowhere.
        ActivityRemoved = "activity_removed", "мероприятие исключено из плана";
        /// Of a plan: something other than its activities changed.
        ChangedOutsideActivities = "changed_outside_activities", "изменилось не только содержание мероприятий";
    }
);

impl Caution {
    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::NotHeld => "the procedure was not held that year",
            Self::NotGiven => "the assessment is not given in this grade or subject",
            Self::MeanAgainstMinimum => "the mean does not go with the number below the minimum",
            Self::NoSuccessor => "a reorganised school names no successor",
            Self::NoClosingDate => "a closed or reorganised school names no day of its closing",
            Self::ControlDigit => "the control digit of an ОКТМО does not match",
            Self::Overlap => "activities that should follow one another overlap",
            Self::ActivityRemoved => "an activity is gone from the plan",
            Self::ChangedOutsideActivities => "something other than the activities changed",
        }
    }
}

/// Something that was taken but looks wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportWarning)]
pub struct Warning {
    /// The stable name of the reason.
    pub code: Caution,
    /// In how many rows.
    #[schema(minimum = 1)]
    pub rows: u64,
}

/// A refused cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The row, as a spreadsheet numbers it.
    pub row: u64,
    /// The column's canonical name; none if the row as a whole is refused.
    pub column: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// What was refused, and what looked wrong, up to some moment.
#[derive(Clone)]
pub(super) struct Snapshot {
    rejected: u64,
    cut: bool,
    rejects: Vec<Reject>,
    warnings: Vec<Warning>,
    doubtful: BTreeMap<u64, Vec<Caution>>,
}

/// A report in the making.
#[derive(Default)]
pub(super) struct Tally {
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    rejected: u64,
    cut: bool,
    ignored: Vec<String>,
    rejects: Vec<Reject>,
    warnings: Vec<Warning>,
    /// What looked wrong in rows that may still be refused, by number.
    doubtful: BTreeMap<u64, Vec<Caution>>,
    /// By number; nothing unless the import came by lines.
    lines: Option<BTreeMap<u64, Line>>,
}

impl Tally {
    /// Will tell what became of each line.
    pub fn by_line() -> Self {
        Self { lines: Some(BTreeMap::new()), ..Self::default() }
    }

    /// Notes that line `number` is about the record with this key.
    pub fn line(&mut self, number: u64, key: impl FnOnce() -> BTreeMap<String, String>) {
        if let Some(lines) = &mut self.lines {
            let (status, id) = (LineStatus::Unchanged, None);
            lines.insert(number, Line { line: number, status, id, key: key() });
        }
    }

    /// Notes what became of line `number`.
    pub fn settle(&mut self, number: u64, status: LineStatus, id: Option<i64>) {
        if let Some(line) = self.lines.as_mut().and_then(|lines| lines.get_mut(&number)) {
            (line.status, line.id) = (status, id.or(line.id));
        }
    }

    pub fn begin(&mut self, table: &Table) {
        self.ignored = table.header().unknown.clone();
    }

    /// Notes a refused row with all its refused cells.
    pub fn reject_all(&mut self, flaws: Vec<RowError>) {
        self.rejected += 1;
        if let Some(first) = flaws.first() {
            self.settle(first.row, LineStatus::Refused, None);
            for code in self.doubtful.remove(&first.row).unwrap_or_default() {
                self.unwarn(code);
            }
        }
        for RowError { row, column, reason } in flaws {
            if self.rejects.len() < MOST_KEPT {
                self.rejects.push(Reject { row, column, reason });
            } else {
                self.cut = true;
            }
        }
    }

    /// Notes `rows` refused rows of which not all are named.
    pub fn reject_more(&mut self, rows: u64) {
        self.rejected += rows;
        self.cut |= rows > 0;
    }

    /// Notes what looks wrong in row `number`, which was read; `for_now` if it may still be refused.
    pub fn pass(&mut self, number: u64, cautions: Vec<Caution>, for_now: bool) {
        for code in &cautions {
            match self.warnings.iter_mut().find(|w| w.code == *code) {
                Some(warning) => warning.rows += 1,
                None => self.warnings.push(Warning { code: *code, rows: 1 }),
            }
        }
        if for_now && !cautions.is_empty() {
            self.doubtful.insert(number, cautions);
        }
    }

    fn unwarn(&mut self, code: Caution) {
        self.warnings.iter_mut().filter(|w| w.code == code).for_each(|w| w.rows -= 1);
        self.warnings.retain(|w| w.rows > 0);
    }

    /// What was found so far.
    pub fn snapshot(&self) -> Snapshot {
        let (rejects, warnings) = (self.rejects.clone(), self.warnings.clone());
        Snapshot {
            rejected: self.rejected,
            cut: self.cut,
            rejects,
            warnings,
            doubtful: self.doubtful.clone(),
        }
    }

    /// Forgets what was found since the snapshot.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        let Snapshot { rejected, cut, rejects, warnings, doubtful } = snapshot.clone();
        (self.rejected, self.cut, self.rejects) = (rejected, cut, rejects);
        (self.warnings, self.doubtful) = (warnings, doubtful);
    }

    pub fn report(&self, applied: bool) -> Report {
        let mut rejects = self.rejects.clone();
        rejects.sort_by(|a, b| (a.row, &a.column).cmp(&(b.row, &b.column)));
        Report {
            applied,
            rows: self.rows,
            created: self.created,
            updated: self.updated,
            unchanged: self.unchanged,
            rejected: self.rejected,
            rejects_cut: self.cut,
            ignored_columns: self.ignored.clone(),
            warnings: self.warnings.clone(),
            rejects,
            lines: self.lines.iter().flat_map(|lines| lines.values().cloned()).collect(),
        }
    }
}
