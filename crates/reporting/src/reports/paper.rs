//! What stands in a report: made from the data while it is open, as it was submitted afterwards.

use super::{
    AsOf, Period, Report, ReportKind, ReportRound, ReportState, Texts, rounds,
    store::{self, Mark, Snapshot},
};
use crate::{
    canonical,
    half_year::{self, HalfYear},
    notes::{self, Note},
    plan,
};
use chrono::NaiveDate;
use opora_db::{Db, Error, Result, journal};
use opora_documents::model::{Block, Document, TitleBlock};
use opora_primitives::{Moment, ProblemCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands in a report: its figures and its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportContent)]
pub struct Paper {
    /// The plan it is about.
    pub plan: PlanMention,
    /// The figures.
    pub content: Content,
    /// What people wrote.
    pub texts: Texts,
}

/// The figures of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Of the half-yearly report.
    HalfYear(HalfYear),
    /// Of an analytical note.
    Note(Note),
}

/// The version of the plan a report was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanMention {
    /// The plan's code.
    #[schema(example = "2020-2021")]
    pub code: String,
    /// Its title in Russian.
    pub title_ru: String,
    /// The number of the version.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// The number of its act.
    #[schema(example = "316-01-63-950/20")]
    pub act_number: String,
    /// The day that act was signed.
    pub act_date: NaiveDate,
}

/// A report as a reader may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The report.
    pub report: Report,
    /// What the ministry said of it, the first time first.
    pub rounds: Vec<ReportRound>,
    /// While its figures move with the data: the last entry of the change journal, and the day they are as of.
    pub moving: Option<(i64, AsOf)>,
}

/// Which state of which report a reader may see: what a caller who has it already is told, and no more is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The report.
    pub mark: Mark,
    /// As in [`Seen`].
    pub moving: Option<(i64, AsOf)>,
}

impl Glance {
    /// Names this state of the report: another text for other contents. Costs no look at the figures.
    pub fn tag(&self) -> String {
        // With the period: another report may come to stand at the address of the latest.
        let named = format!("{}-{}", self.mark.version, self.mark.period);
        match self.moving {
            Some((position, as_of)) => format!("{named}-{position}-{as_of}"),
            None => named,
        }
    }

    /// When it last changed; not told of what moves.
    pub fn modified(&self) -> Option<Moment> {
        // Submitted again, it changed after it was given back.
        if self.moving.is_some() { None } else { self.mark.decided_at.max(self.mark.submitted_at) }
    }

    /// Whether it never changes again.
    pub fn is_final(&self) -> bool {
        self.mark.state == ReportState::Accepted && self.moving.is_none()
    }
}

/// The report of `kind` about `period`, or about the newest period that has an accepted one, for a reader on the day
/// `today`: one short row. Open reports are the authors' business: others see what was submitted last, if anything was.
///
/// # Errors
/// Not found.
pub fn glance(
    db: &mut Db,
    kind: ReportKind,
    period: Option<Period>,
    is_author: bool,
    today: NaiveDate,
) -> Result<Glance> {
    let mark = store::mark(db, kind, period)?;
    let moves = mark.state.is_open() && is_author;
    if !moves && mark.submitted_at.is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    let moving = if moves { Some((journal::last_number(db)?, AsOf::of(mark.period, today))) } else { None };
    Ok(Glance { mark, moving })
}

/// The report that [`glance`] finds, to be read.
///
/// # Errors
/// As [`glance`].
pub fn look(
    db: &mut Db,
    kind: ReportKind,
    period: Option<Period>,
    is_author: bool,
    today: NaiveDate,
) -> Result<(Glance, Seen)> {
    let glance = glance(db, kind, period, is_author, today)?;
    let (report, rounds) = (store::find(db, glance.mark.id)?, rounds::list(db, glance.mark.id)?);
    let seen = Seen { report, rounds, moving: glance.moving };
    Ok((glance, seen))
}

/// What stands in the report, in one consistent read.
///
/// # Errors
/// Faults of the database.
pub fn read(db: &mut Db, seen: &Seen) -> Result<Paper> {
    match seen.moving {
        Some((_, as_of)) => make(db, &seen.report, as_of),
        None => {
            let snapshot = store::snapshot(db, seen.report.id)?;
            serde_json::from_str(&snapshot).map_err(Error::fault)
        }
    }
}

/// What stands in the report if it is made now.
fn make(db: &mut Db, report: &Report, as_of: AsOf) -> Result<Paper> {
    let plan = plan::store::find(db, &plan::store::PlanRef::Id(report.plan_id))?;
    let (version, document) = plan::store::version(db, &plan, None)?;
    let content = match report.kind {
        ReportKind::HalfYear => {
            Content::HalfYear(half_year::make(db, &plan, &document, report.period, as_of)?)
        }
        ReportKind::Identification => {
            let run = report.identification_run_id.ok_or(ProblemCode::MissingReference)?;
            Content::Note(notes::identification(db, run, as_of.on)?)
        }
        ReportKind::Staffing => Content::Note(notes::staffing(db, as_of.on)?),
        ReportKind::Plan => Content::Note(notes::execution(db, &plan, &document, as_of)?),
        ReportKind::Indicators => Content::Note(notes::indicators(db, as_of.on)?),
    };
    let plan = PlanMention {
        code: plan.code,
        title_ru: document.title_ru,
        version: version.number,
        act_number: version.act_number,
        act_date: version.act_date,
    };
    Ok(Paper { plan, content, texts: report.texts.clone() })
}

/// What is submitted when it is submitted on the day `today`.
///
/// # Errors
/// As [`read`].
pub fn snapshot(db: &mut Db, report: &Report, today: NaiveDate) -> Result<Snapshot> {
    let canonical = canonical::json(&make(db, report, AsOf::of(report.period, today))?)?;
    let sha256 = canonical::sha256(&canonical);
    Ok(Snapshot { canonical, sha256 })
}

/// Who writes reports and notes, and to whom (decision 17; `indicators.yaml`, `half_year_report`).
const AUTHOR: &str = "Региональный институт развития образования";
const RECIPIENT: &str = "Министерство образования";

/// The report as a document.
pub fn document(seen: &Seen, paper: &Paper) -> Document {
    let report = &seen.report;
    let title = |title: &str| TitleBlock {
        organisation: AUTHOR.to_owned(),
        title: title.to_owned(),
        subtitle: Some(paper.plan.title_ru.clone()),
        number: None,
        date: report.decided_at.or(report.submitted_at).filter(|_| seen.moving.is_none()).map(|at| at.date()),
        period: None,
        addressee: Some(RECIPIENT.to_owned()),
        mark: mark(seen).map(str::to_owned),
        fingerprint: report.sha256.clone().filter(|_| seen.moving.is_none()),
    };
    let mut document = match &paper.content {
        Content::HalfYear(content) => {
            let title = TitleBlock {
                period: Some(content.period_ru()),
                ..title("Отчёт о реализации плана мероприятий региональной системы поддержки школ")
            };
            let submitted = report.first_submitted_at.map(|at| at.date());
            half_year::document(title, paper, content, submitted)
        }
        Content::Note(note) => {
            let title = TitleBlock { period: Some(report.period.ru()), ..title(report.kind.ru()) };
            notes::document(title, note, &paper.texts)
        }
    };
    document.blocks.splice(0..0, remarks(report));
    document
}

/// What the ministry remarked when it gave the report back, as long as the report is not submitted anew.
fn remarks(report: &Report) -> Vec<Block> {
    let remarks = report.remarks.as_deref().filter(|_| report.state == ReportState::Returned);
    let lines = remarks.into_iter().flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<Block> = lines.map(Block::paragraph).collect();
    let heading = (!said.is_empty()).then(|| Block::heading(1, "Замечания министерства"));
    heading.into_iter().chain(said).collect()
}

/// What must not be overlooked about its state.
fn mark(seen: &Seen) -> Option<&'static str> {
    match (seen.report.state, seen.moving) {
        (_, Some(_)) => Some("ПРОЕКТ"),
        (ReportState::Submitted, None) => Some("НА РАССМОТРЕНИИ"),
        (ReportState::Returned | ReportState::Draft, None) => Some("ВОЗВРАЩЁН НА ДОРАБОТКУ"),
        (ReportState::Accepted, None) => None,
    }
}
