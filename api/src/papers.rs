//! Reports on their way out: found, compared with what the caller has, and only then made.

use crate::{
    accept::chosen,
    auth::{Guard, ReadReports},
    error::Answer,
    extract::is_known,
    files::{File, not_modified},
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::Bytes,
};
use opora_db::{Error, Result};
use opora_documents::{self as documents, Format, model::Block};
use opora_identity::Permission;
use opora_primitives::{Moment, ProblemCode};
use opora_reporting::reports::{
    Period, Report, ReportKind, ReportState, files,
    paper::{self, Paper, Seen},
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
    /// The report of `kind` about `period`, or the latest accepted one.
    pub fn new(guard: &Guard<ReadReports>, kind: ReportKind, period: Option<Period>) -> Self {
        Self { kind, period, is_author: guard.actor.may(Permission::WriteReports) }
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
        Format::Json => {
            let whole = ReportWithContent { report: seen.report.clone(), paper: paper.clone() };
            documents::write_json(&whole, &mut bytes)
        }
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
        let mut figures = document.blocks.iter().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        });
        let figure = number.checked_sub(1).and_then(|n| figures.nth(n)).ok_or(ProblemCode::NotFound)?;
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
    let seen = state.read(move |db| paper::look(db, kind, period, is_author, today)).await?;
    let etag = format!("\"{}-{}-{format}\"", seen.tag(), files::EDITION);
    let report = &seen.report;
    let modified = if seen.moving.is_some() { None } else { report.decided_at.or(report.submitted_at) };
    if is_known(request, &etag) {
        return Ok(kept(not_modified(&etag, modified)));
    }
    let name = format!("{}-{}.{}", report.kind, report.period, format.rsplit('.').next().unwrap_or(format));
    let shown = ["json", "html", "svg", "png"].iter().any(|ending| format.ends_with(ending));
    let database = state.database.clone();
    let format = format.to_owned();
    let file = off_thread(move || {
        let keeps = seen.report.state == ReportState::Accepted && seen.moving.is_none();
        if keeps && let Some(kept) = database.read(|db| files::kept(db, seen.report.id, &format))? {
            return Ok(kept);
        }
        let paper = database.read_consistent(|db| paper::read(db, &seen))?;
        let made = make(&seen, &paper)?;
        if keeps {
            database.keep_books(|db| files::keep(db, seen.report.id, &format, &made))?;
        }
        Ok(made)
    })
    .await?;
    let file = File {
        bytes: Bytes::from(file),
        content_type: content_type.to_owned(),
        name: (!shown).then_some(name),
        etag,
        modified,
    };
    file.answer(request).map(kept)
}

/// A fetcher may keep what it has got, and asks each time whether it still holds.
fn kept(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
