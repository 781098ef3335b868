//! Reports on their way out: found, compared with what the caller has, and only then made.

use crate::{
    auth::{ReadReports, Regional},
    error::Answer,
    files::{File, has_it, not_modified},
    http::accept::chosen,
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::Bytes,
};
use opora_db::{Error, Result};
use opora_documents::{
    self as documents, Format,
    model::{Block, Document, Figure},
};
use opora_identity::Permission;
use opora_primitives::{Moment, ProblemCode};
use opora_reporting::reports::{
    Period, Report, ReportKind, ReportRound, files,
    paper::{self, Glance, Paper, Seen},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A format of a chart.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// Scalable.
    Svg,
    /// Pixels.
    Png,
}

impl Picture {
    fn content_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// A format of a report as a file.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Pages as they are signed.
    Pdf,
    /// Pages to be edited.
    Docx,
    /// The tables as a workbook.
    Xlsx,
    /// The tables one after another.
    Csv,
    /// A page to read.
    Html,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Pdf => Self::Pdf,
            FileFormat::Docx => Self::Docx,
            FileFormat::Xlsx => Self::Xlsx,
            FileFormat::Csv => Self::Csv,
            FileFormat::Html => Self::Html,
        }
    }
}

/// Which report is wanted, and by whom.
#[derive(Clone, Copy)]
pub struct Wanted {
    kind: ReportKind,
    period: Option<Period>,
    is_author: bool,
}

impl Wanted {
    /// The report of `kind` about `period`, or the latest accepted one. Reports are about the whole region (D254).
    pub fn new(guard: &Regional<ReadReports>, kind: ReportKind, period: Option<Period>) -> Self {
        Self { kind, period, is_author: guard.0.actor.may(Permission::WriteReports) }
    }
}

/// A report with what stands in it.
#[derive(Serialize, ToSchema)]
pub struct ReportWithContent {
    /// The report.
    #[serde(flatten)]
    pub report: Report,
    /// What stands in it.
    pub paper: Paper,
    /// What the ministry said of it, round after round, the first one first.
    pub rounds: Vec<ReportRound>,
    /// Its figures, in the order of the documents.
    pub figures: Vec<ReportFigure>,
}

/// Where a figure of a report is.
#[derive(Serialize, ToSchema)]
pub struct ReportFigure {
    /// Its number.
    #[schema(minimum = 1, example = 1)]
    pub number: usize,
    /// What it shows.
    #[schema(example = "Целевые показатели и цели")]
    pub caption: String,
    /// Its address as SVG.
    #[schema(example = "/api/v1/reports/half-year/2020-H2/charts/1?format=svg")]
    pub svg: String,
    /// Its address as PNG.
    #[schema(example = "/api/v1/reports/half-year/2020-H2/charts/1?format=png")]
    pub png: String,
}

impl ReportFigure {
    fn of(report: &Report, (number, figure): (usize, &Figure)) -> Self {
        let address = |picture: Picture| {
            let (kind, period, format) = (report.kind, report.period, picture.ending());
            format!("/api/v1/reports/{kind}/{period}/charts/{number}?format={format}")
        };
        let caption = figure.caption.clone();
        Self { number, caption, svg: address(Picture::Svg), png: address(Picture::Png) }
    }
}

/// The figures of a document with their numbers.
fn figures(document: &Document) -> impl Iterator<Item = (usize, &Figure)> {
    let figures = document.blocks.iter().filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    (1..).zip(figures)
}

fn with_content(seen: &Seen, paper: &Paper) -> ReportWithContent {
    let document = paper::document(seen, paper);
    ReportWithContent {
        report: seen.report.clone(),
        paper: paper.clone(),
        rounds: seen.rounds.clone(),
        figures: figures(&document).map(|figure| ReportFigure::of(&seen.report, figure)).collect(),
    }
}

/// Answers with the report in the format of the query or of `Accept`.
///
/// # Errors
/// Not found; [`ProblemCode::NotAcceptable`]; an unknown format.
pub async fn answer(request: &HttpRequest, state: &State, wanted: Wanted, format: Option<&str>) -> Answer {
    file(request, state, wanted, chosen(request, format, &Format::ALL)?).await
}

/// Answers with the report in `format`.
///
/// # Errors
/// Not found.
pub async fn file(request: &HttpRequest, state: &State, wanted: Wanted, format: Format) -> Answer {
    let make = move |seen: &Seen, paper: &Paper| write(seen, paper, format);
    deliver(request, state, wanted, format.as_str(), format.content_type(), make).await
}

/// The report in `format`.
///
/// # Errors
/// Faults of the format.
pub fn write(seen: &Seen, paper: &Paper, format: Format) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let written = match format {
        Format::Json => documents::write_json(&with_content(seen, paper), &mut bytes),
        _ => documents::write(&paper::document(seen, paper), format, &mut bytes),
    };
    written.map(|()| bytes).map_err(Error::fault)
}

/// Answers with figure `number` of the report.
///
/// # Errors
/// Not found.
pub async fn chart(
    request: &HttpRequest,
    state: &State,
    wanted: Wanted,
    number: usize,
    picture: Picture,
) -> Answer {
    let format = format!("figure-{number}.{}", picture.ending());
    deliver(request, state, wanted, &format, picture.content_type(), move |seen, paper| {
        let document = paper::document(seen, paper);
        let (_, figure) = figures(&document).find(|(n, _)| *n == number).ok_or(ProblemCode::NotFound)?;
        let mut bytes = Vec::new();
        match picture {
            Picture::Svg => {
                documents::write_svg(figure, document.language, &mut bytes).map_err(Error::fault)?
            }
            Picture::Png => {
                documents::write_png(figure, document.language, &mut bytes).map_err(Error::fault)?
            }
        }
        Ok(bytes)
    })
    .await
}

/// Finds the report, answers 304 to a caller that has it, and otherwise makes the file called `format`. Files of
/// accepted reports are kept.
async fn deliver(
    request: &HttpRequest,
    state: &State,
    wanted: Wanted,
    format: &str,
    content_type: &'static str,
    make: impl FnOnce(&Seen, &Paper) -> Result<Vec<u8>> + Send + Sync + 'static,
) -> Answer {
    let today = Moment::now().date();
    let Wanted { kind, period, is_author } = wanted;
    let glance = state.read(move |db| paper::glance(db, kind, period, is_author, today)).await?;
    let named = |glance: &Glance| format!("\"{}-{}-{format}\"", glance.tag(), files::EDITION);
    let etag = named(&glance);
    if has_it(request, &etag, glance.modified()) {
        return Ok(kept(not_modified(&etag, glance.modified())));
    }
    let shown = ["json", "html", "svg", "png"].iter().any(|ending| format.ends_with(ending));
    let database = state.database.clone();
    let made_as = format.to_owned();
    // It may have changed since: what is sent is named by what was read.
    let (glance, file) = off_thread(move || {
        let (glance, read) = database.read_consistent(|db| {
            let (glance, seen) = paper::look(db, kind, period, is_author, today)?;
            let there = if glance.is_final() { files::kept(db, glance.mark.id, &made_as)? } else { None };
            let read = match there {
                Some(file) => Read::File(file),
                None => Read::Paper(Box::new((paper::read(db, &seen)?, seen))),
            };
            Ok((glance, read))
        })?;
        let (paper, seen) = match read {
            Read::File(file) => return Ok((glance, file)),
            Read::Paper(paper) => *paper,
        };
        let made = make(&seen, &paper)?;
        if glance.is_final() {
            database.keep_books(|db| files::keep(db, glance.mark.id, &made_as, &made))?;
        }
        Ok((glance, made))
    })
    .await?;
    let ending = format.rsplit('.').next().unwrap_or(format);
    let name = format!("{kind}-{}.{ending}", glance.mark.period);
    let (etag, modified) = (named(&glance), glance.modified());
    let file = File {
        bytes: Bytes::from(file),
        content_type: content_type.to_owned(),
        name: (!shown).then_some(name),
        etag,
        modified,
    };
    file.answer(request).map(kept)
}

/// What there is of a report.
enum Read {
    /// The file, made before.
    File(Vec<u8>),
    /// What a file is made from.
    Paper(Box<(Paper, Seen)>),
}

/// A fetcher may keep what it has got, and asks each time whether it still holds.
fn kept(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
