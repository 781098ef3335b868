//! Half-yearly reports and analytical notes: drafted, submitted, accepted or returned, and fetched in any format.

use super::plans::{PlanPath, named};
use crate::{
    auth::{AcceptReports, Guard, ReadReports, Regional, WriteReports},
    error::{Answer, ApiError},
    files::papers::{self, FileFormat, Picture, ReportWithContent, Wanted},
    http::{
        answer::{Items, changed_to, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_identity::Permission;
use opora_primitives::{Moment, Problem, Reason};
use opora_reporting::{
    plan::store::PlanRef,
    reports::{
        DueReportOnDay, Period, PeriodRef, Report, ReportKind, ReportState, Texts, paper,
        store::{self, Decision, NewReport},
    },
};
use opora_schools::types::RunId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config
        .service(list)
        .service(schedule)
        .service(create)
        .service(get)
        .service(file)
        .service(update)
        .service(remove);
    config.service(submit).service(accept).service(give_back).service(chart);
}

list_query! {
    /// Which reports are wanted.
    ReportQuery {
        /// Only reports of this kind.
        kind: ReportKind,
        /// Only reports in this state.
        state: ReportState,
    }
}

/// On which day.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DueReportQuery {
    /// The day as of which the answer is; today unless given.
    #[param(example = "2021-01-20")]
    on: Option<NaiveDate>,
}

/// In which format.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// The format of the answer; it goes before `Accept`.
    #[param(value_type = Option<String>, pattern = "^(json|html|pdf|docx|xlsx|csv)$", example = "pdf")]
    format: Option<String>,
}

/// In which format.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// The format of the file.
    #[param(inline, example = "pdf")]
    format: FileFormat,
}

/// In which format.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChartQuery {
    /// The format of the chart; SVG unless given.
    #[param(inline)]
    format: Option<Picture>,
}

/// A new draft.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportCreate)]
pub struct ReportDraft {
    /// What is reported.
    kind: ReportKind,
    /// The half-year.
    #[schema(value_type = Period)]
    period: String,
    /// The plan's id or code; unless given, the newest plan that covers the period.
    #[schema(max_length = 40, example = "2020-2021")]
    plan: Option<String>,
    /// The run a note on identification rests on; unless given, the newest that was finished on the day the figures are as
    /// of or, if none was, the newest about a school year that was over by then.
    identification_run_id: Option<RunId>,
}

/// Other texts.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportUpdate {
    /// All texts: what is absent becomes empty.
    texts: Texts,
}

/// Why a report is given back.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remarks {
    /// What has to be changed.
    #[schema(min_length = 1, max_length = 5000, example = "Уточнить причины отклонений по пункту 2.7.")]
    remarks: String,
}

/// List reports
///
/// Half-yearly reports and analytical notes, those made last first. Readers who do not write reports see those that were
/// submitted.
#[utoipa::path(operation_id = "list_reports", tag = "reports", params(ReportQuery), security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "A page of reports", body = Items<Report>, headers(("Link" = String, description = "The next page")))))]
#[get("/reports")]
async fn list(
    Regional(guard): Regional<ReadReports>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ReportQuery>,
) -> Answer {
    let (limit, is_author) = (query.limit()?, guard.actor.may(Permission::WriteReports));
    let filter = store::Filter { kind: query.kind, state: query.state, is_author };
    let found = state.read(move |db| store::list(db, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// List due half-yearly reports
///
/// The half-yearly reports of a plan: what each covers, when it is due, and how it stands on a day: submitted in time,
/// late, missing or not due yet. A due day on a weekend is flagged, never shifted. What counts is the first submission.
#[utoipa::path(operation_id = "list_due_reports", tag = "reports", params(PlanPath, DueReportQuery), security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The reports", body = Items<DueReportOnDay>)))]
#[get("/plans/{id}/due-reports")]
async fn schedule(
    _: Regional<ReadReports>,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(query): Query<DueReportQuery>,
) -> Answer {
    let plan = named(&path.id)?;
    let on = query.on.unwrap_or_else(|| Moment::now().date());
    let items = state.read_consistent(move |db| store::schedule(db, &plan, on)).await?;
    Ok(HttpResponse::Ok().json(Items { items }))
}

/// Create a report
///
/// One of each kind for a half-year that has begun. The figures draw themselves from the data, as of the last day of the
/// period or, until then, today.
#[utoipa::path(operation_id = "create_report", tag = "reports", params(IdempotencyKey), request_body = ReportDraft, security(("bearer" = ["reports:write"])),
    responses((status = 201, description = "The draft", body = Report, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/reports")]
async fn create(
    guard: Guard<WriteReports>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<ReportDraft>,
) -> Answer {
    let origin = guard.origin();
    let period: Period = draft.period.parse().map_err(|reason| Problem::field("/period", reason))?;
    let plan = draft.plan.as_deref().map(str::parse::<PlanRef>).transpose();
    let plan = plan.map_err(|_| Problem::field("/plan", Reason::UnknownReference))?;
    create_once(&state, &guard, &request, move |tx| {
        let new =
            NewReport { kind: draft.kind, period, plan: plan.clone(), run: draft.identification_run_id };
        let made = store::create(tx, &origin, &new)?;
        created(format!("/api/v1/reports/{}/{}", made.kind, made.period), &made)
    })
    .await
}

/// Get a report
///
/// With what stands in it: as JSON, HTML, PDF, DOCX, XLSX or CSV, by `format` or `Accept`. An open report is made from the
/// data anew; a submitted one stands as it was submitted. The ETag says which; asked with `If-None-Match`, an unchanged
/// report is answered with 304 without being made.
#[utoipa::path(operation_id = "get_report", tag = "reports", params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = PeriodRef, Path, description = "The half-year, or `latest`: the newest with an accepted report"), FormatQuery), security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The report", headers(("ETag" = String, description = "The state and the format")),
        content((ReportWithContent = "application/json"), (String = "text/html"), (Vec<u8> = "application/pdf"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/reports/{kind}/{period}")]
async fn get(
    guard: Regional<ReadReports>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<(ReportKind, PeriodRef)>,
    Query(query): Query<FormatQuery>,
) -> Answer {
    let wanted = Wanted::new(&guard, path.0, path.1.period());
    papers::answer(&request, &state, wanted, query.format.as_deref()).await
}

/// Get a report as a file
///
/// What the same report answers in this format, at an address that answers nothing but files: for programs whose client
/// knows one type of answer for each operation. ETags and `If-None-Match` are those of the report in this format.
#[utoipa::path(operation_id = "get_report_file", tag = "reports", params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = PeriodRef, Path, description = "The half-year, or `latest`: the newest with an accepted report"), FileQuery), security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The file", headers(("ETag" = String, description = "The state and the format")),
        content((Vec<u8> = "application/pdf"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "text/csv"), (Vec<u8> = "text/html")))))]
#[get("/reports/{kind}/{period}/file")]
async fn file(
    guard: Regional<ReadReports>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<(ReportKind, PeriodRef)>,
    Query(query): Query<FileQuery>,
) -> Answer {
    let wanted = Wanted::new(&guard, path.0, path.1.period());
    papers::file(&request, &state, wanted, query.format.into()).await
}

/// Update a report
///
/// Replaces its texts while it is open: the parts its kind has, and the causes of deviations by activity. Needs `If-Match`
/// with the report's ETag.
#[utoipa::path(operation_id = "update_report", tag = "reports", request_body = ReportUpdate,
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = Period, Path, description = "The half-year"), IfMatch), security(("bearer" = ["reports:write"])),
    responses((status = 200, description = "The report", body = Report, headers(("ETag" = String, description = "The version")))))]
#[patch("/reports/{kind}/{period}")]
async fn update(
    guard: Guard<WriteReports>,
    state: Data<State>,
    path: Path<(ReportKind, Period)>,
    IfMatch { version }: IfMatch,
    Draft(update): Draft<ReportUpdate>,
) -> Answer {
    let (kind, period) = path.into_inner();
    let changed = state.write(guard.origin(), move |tx| {
        let id = store::of_period(tx, kind, period)?.id;
        store::write_texts(tx, id, version, &update.texts)
    });
    let changed = changed.await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a report
///
/// One that was never submitted. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "delete_report", tag = "reports",
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = Period, Path, description = "The half-year"), IfMatch), security(("bearer" = ["reports:write"])),
    responses((status = 204, description = "The draft is gone")))]
#[delete("/reports/{kind}/{period}")]
async fn remove(
    guard: Guard<WriteReports>,
    state: Data<State>,
    path: Path<(ReportKind, Period)>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let (kind, period) = path.into_inner();
    let removed = state.write(guard.origin(), move |tx| {
        let id = store::of_period(tx, kind, period)?.id;
        store::delete(tx, id, version)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Submit a report
///
/// To the ministry, when the last day of the period has passed; until then `period_not_over`. From now on it stands as it is,
/// whatever becomes of the data, until it is given back. Needs `If-Match` with the report's ETag.
#[utoipa::path(operation_id = "submit_report", tag = "reports",
    extensions(("x-problems" = json!(["period_not_over"]))),
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = Period, Path, description = "The half-year"), IfMatch), security(("bearer" = ["reports:write"])),
    responses((status = 200, description = "The submitted report", body = Report, headers(("ETag" = String, description = "The version")))))]
#[post("/reports/{kind}/{period}/submit")]
async fn submit(
    guard: Guard<WriteReports>,
    state: Data<State>,
    path: Path<(ReportKind, Period)>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let ((kind, period), origin) = (path.into_inner(), guard.origin());
    let today = Moment::now().date();
    // Made before the write, which stays short; the version says whether the texts are still the same.
    let made = state.read_consistent(move |db| {
        let report = store::of_period(db, kind, period)?;
        let snapshot = paper::snapshot(db, &report, today)?;
        Ok((report.id, snapshot))
    });
    let (id, snapshot) = made.await?;
    let submitted =
        state.write(guard.origin(), move |tx| store::submit(tx, &origin, id, version, &snapshot)).await?;
    Ok(changed_to(submitted.version, &submitted))
}

/// Accept a report
///
/// It is sealed as it was submitted and never changes. Who made or submitted it cannot accept it (`own_report`). Needs
/// `If-Match` with the ETag of what was read.
#[utoipa::path(operation_id = "accept_report", tag = "reports",
    extensions(("x-problems" = json!(["own_report"]))),
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = Period, Path, description = "The half-year"), IfMatch), security(("bearer" = ["reports:accept"])),
    responses((status = 200, description = "The accepted report", body = Report, headers(("ETag" = String, description = "The version")))))]
#[post("/reports/{kind}/{period}/accept")]
async fn accept(
    guard: Guard<AcceptReports>,
    state: Data<State>,
    path: Path<(ReportKind, Period)>,
    IfMatch { version }: IfMatch,
) -> Answer {
    decide(&guard, &state, path.into_inner(), version, Decision::Accept).await
}

/// Return a report
///
/// With remarks; its texts may change again. Needs `If-Match` with the ETag of what was read.
#[utoipa::path(operation_id = "return_report", tag = "reports", request_body = Remarks,
    extensions(("x-problems" = json!(["own_report"]))),
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = Period, Path, description = "The half-year"), IfMatch), security(("bearer" = ["reports:accept"])),
    responses((status = 200, description = "The returned report", body = Report, headers(("ETag" = String, description = "The version")))))]
#[post("/reports/{kind}/{period}/return")]
async fn give_back(
    guard: Guard<AcceptReports>,
    state: Data<State>,
    path: Path<(ReportKind, Period)>,
    IfMatch { version }: IfMatch,
    Draft(body): Draft<Remarks>,
) -> Answer {
    decide(&guard, &state, path.into_inner(), version, Decision::Return(body.remarks)).await
}

async fn decide(
    guard: &Guard<AcceptReports>,
    state: &State,
    (kind, period): (ReportKind, Period),
    version: opora_db::edit::Expected,
    decision: Decision,
) -> Result<HttpResponse, ApiError> {
    let origin = guard.origin();
    let decided = state.write(guard.origin(), move |tx| {
        let id = store::of_period(tx, kind, period)?.id;
        store::decide(tx, &origin, id, version, &decision)
    });
    let decided = decided.await?;
    Ok(changed_to(decided.version, &decided))
}

/// Get a chart of a report
///
/// The figure with this number, as it stands in the documents.
#[utoipa::path(operation_id = "get_report_chart", tag = "reports",
    params(("kind" = ReportKind, Path, description = "The kind of the report"), ("period" = PeriodRef, Path, description = "The half-year, or `latest`"),
        ("number" = usize, Path, description = "The number of the figure", minimum = 1, maximum = 100, example = 1), ChartQuery), security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The chart", headers(("ETag" = String, description = "The state and the format")),
        content((String = "image/svg+xml"), (Vec<u8> = "image/png")))))]
#[get("/reports/{kind}/{period}/charts/{number}")]
async fn chart(
    guard: Regional<ReadReports>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<(ReportKind, PeriodRef, usize)>,
    Query(query): Query<ChartQuery>,
) -> Answer {
    let (kind, period, number) = path.into_inner();
    let wanted = Wanted::new(&guard, kind, period.period());
    papers::chart(&request, &state, wanted, number, query.format.unwrap_or(Picture::Svg)).await
}
