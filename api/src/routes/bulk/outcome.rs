//! What became of the lines.

use crate::{
    error::{Answer, ApiError, FieldError, Language},
    http::shape::escaped,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse};
use opora_db::jobs::Job;
use opora_primitives::{Area, Flaw, Limit, Problem, ProblemCode, Reason};
use opora_schools::import::{
    ImportId, ImportKind, Line, LineStatus, Reject, Report, columns,
    store::{self, Import},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Refused fields that a problem document names; the import names all of them.
const MOST_NAMED: usize = 1000;

/// What became of many records.
#[derive(Serialize, ToSchema)]
pub struct BulkResult {
    /// The import they are, whose lines can be read again.
    import_id: ImportId,
    /// Whether it only checked.
    dry_run: bool,
    /// What was found and done.
    report: Report,
    /// Each line in its turn.
    lines: Vec<LineView>,
}

/// What became of a line.
#[derive(Serialize, ToSchema)]
#[schema(as = LineOutcome)]
pub struct LineView {
    /// Its number, from 1; blank lines count.
    #[schema(minimum = 1, example = 17)]
    line: u64,
    /// What became of it.
    status: LineStatus,
    /// The natural key, as the line gives it; empty if the line cannot be read.
    #[schema(example = json!({"school_code": "520101", "academic_year": "2019/2020"}))]
    key: BTreeMap<String, String>,
    /// The id of its record, where such records have one.
    #[schema(minimum = 1)]
    id: Option<i64>,
    /// Why it was refused: JSON pointers into the line, empty for the line as a whole.
    errors: Vec<FieldError>,
}

type Found = (Line, Vec<Reject>);

/// `found` as it is told in `language`.
pub fn view_of(kind: ImportKind, found: Found, language: Language) -> LineView {
    let (Line { line, status, id, key }, rejects) = found;
    let errors = rejects.iter().map(|reject| FieldError::of(&flaw(kind, "", reject), language)).collect();
    LineView { line, status, key, id, errors }
}

/// A refused cell as a refused field under `at`.
fn flaw(kind: ImportKind, at: &str, reject: &Reject) -> Flaw {
    let Some(column) = &reject.column else { return Flaw::at(at, reject.reason) };
    let pointer = format!("{at}/{}", escaped(column));
    match reject.reason {
        Reason::UnknownField => {
            let known = columns(kind).unwrap_or_default();
            Flaw::unknown(pointer, known.iter().map(|column| column.name))
        }
        reason => Flaw::at(pointer, reason),
    }
}

/// The answer when the job of a bulk write has ended.
///
/// # Errors
/// What ended the job without a report; [`ProblemCode::InvalidFields`] for an atomic write with a refused line.
pub async fn answer(request: &HttpRequest, state: &State, id: ImportId, job: Job) -> Answer {
    let (import, found) = state
        .read(move |db| {
            let import = store::find(db, Area::Region, id)?;
            let (limit, mut found, mut cursor) = (Limit::new(Some(Limit::MOST))?, Vec::new(), None);
            loop {
                let page = store::lines(db, id, limit, cursor.as_deref())?;
                found.extend(page.items);
                match page.next {
                    Some(next) => cursor = Some(next),
                    None => return Ok((import, found)),
                }
            }
        })
        .await?;
    let Some(report) = import.report() else {
        return Err(job.problem().unwrap_or_else(|| ProblemCode::WrongState.into()).into());
    };
    if !report.applied && !import.dry_run {
        return Err(refused(&import, &found));
    }
    let language = Language::of(request);
    let lines = found.into_iter().map(|line| view_of(import.kind, line, language)).collect();
    Ok(HttpResponse::Ok().json(BulkResult { import_id: id, dry_run: import.dry_run, report, lines }))
}

/// Nothing was written: every refused field, as in the body as one array.
fn refused(import: &Import, found: &[Found]) -> ApiError {
    let flaws = found.iter().flat_map(|(line, rejects)| {
        let at = format!("/{}", line.line.saturating_sub(1));
        rejects.iter().map(move |reject| flaw(import.kind, &at, reject))
    });
    let lines = format!("/api/v1/imports/{}/lines", import.id);
    let words = (
        format!("nothing was written; what became of each line: {lines}"),
        format!("ничего не записано; что стало с каждой строкой: {lines}"),
    );
    let flaws = flaws.take(MOST_NAMED).collect();
    Problem { flaws, ..Problem::new(ProblemCode::InvalidFields, words) }.into()
}
