//! The target indicators of the passport.

use super::proposals::shown;
use crate::{
    auth::{Guard, ReadIndicators},
    error::{Answer, ApiError},
    http::{
        answer::{Items, page},
        extract::{Query, list_query, require},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_db::Db;
use opora_identity::Permission;
use opora_models::store::Viewer;
use opora_primitives::{DateWindow, Moment, Problem, ProblemCode, Reason};
use opora_reporting::indicators::{
    Actual, Ground, IndicatorCode, IndicatorTarget, ListVersion, NotMeasurable, PERIOD, TargetVerdict,
    series::{self, Point, SeriesStep},
    store::{self, IndicatorRow, Question},
};
use opora_schools::types::ListId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(list_rows).service(get_series);
}

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorQuery {
    /// The day as of which the answer is; today unless given.
    on: Option<NaiveDate>,
    /// The list version of I1 and I2; the newest of the passport's years unless given.
    list_id: Option<ListId>,
    /// The number of municipal systems; that of the registers on the day unless given.
    #[param(minimum = 1, maximum = 10000, example = 52)]
    denominator: Option<i64>,
}

list_query! {
    /// What is asked, and where in the list.
    IndicatorRowQuery {
        /// The day as of which the answer is; today unless given.
        on: NaiveDate,
        /// The list version of I1 and I2; the newest of the passport's years unless given.
        list_id: ListId,
    }
}

/// Which series is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorSeriesQuery {
    /// The first day; the first of the passport unless given.
    from: Option<NaiveDate>,
    /// The last day, a point whatever the step; today unless given.
    to: Option<NaiveDate>,
    /// How far the points are apart; half a year unless given.
    step: Option<SeriesStep>,
    /// The list version of I1 and I2; the newest of the passport's years, on each day, unless given.
    list_id: Option<ListId>,
    /// The number of municipal systems; that of the registers on each day unless given.
    #[param(minimum = 1, maximum = 10000, example = 52)]
    denominator: Option<i64>,
}

impl IndicatorSeriesQuery {
    fn days(&self, step: SeriesStep) -> Result<Vec<NaiveDate>, ApiError> {
        require_denominator(self.denominator)?;
        let (from, to) = (self.from.unwrap_or(PERIOD.from), self.to.unwrap_or_else(|| Moment::now().date()));
        Ok(step.days(from, to).map_err(|reason| Problem::parameter("to", reason))?)
    }
}

fn require_denominator(denominator: Option<i64>) -> Result<(), Problem> {
    require("denominator", denominator.as_ref(), Reason::OutOfRange, |n| (1..=10_000).contains(n))
}

impl IndicatorQuery {
    fn question(&self) -> Result<Question, ApiError> {
        require_denominator(self.denominator)?;
        let on = self.on.unwrap_or_else(|| Moment::now().date());
        Ok(Question { on, list: self.list_id, denominator: self.denominator })
    }
}

/// A target indicator on a day.
#[derive(Serialize, ToSchema)]
pub struct Indicator {
    /// Its number in the passport.
    code: IndicatorCode,
    /// Its name in Russian.
    name_ru: &'static str,
    /// Its name in English.
    name_en: &'static str,
    /// The day.
    on: NaiveDate,
    /// How many count; absent while that cannot be said.
    #[schema(minimum = 0, example = 40)]
    numerator: Option<i64>,
    /// Of how many; absent while that cannot be said.
    #[schema(minimum = 0, example = 52)]
    denominator: Option<i64>,
    /// The share in hundredths of a percent, rounded, for people to read: 7692 is 76.92 %. The verdict does not use it.
    #[schema(minimum = 0, example = 7692)]
    basis_points: Option<i64>,
    /// How many of the numerator count through a head or a teacher only.
    #[schema(minimum = 0, example = 0)]
    through_people: i64,
    /// For I2: working schools of the list of which the register knows no pedagogical worker; the number is silent about
    /// them.
    #[schema(minimum = 0, example = 0)]
    schools_without_staff: usize,
    /// What is to be reached.
    target: IndicatorTarget,
    /// Whether it is reached; exact.
    verdict: TargetVerdict,
    /// Why that cannot be said.
    reason: Option<NotMeasurable>,
    /// The list version it was made with: the passport's, or the later one.
    list: Option<ListVersion>,
    /// The period, for an indicator that does not hang on the day.
    period: Option<DateWindow>,
}

impl Indicator {
    fn new(actual: &Actual, on: NaiveDate, answer: &store::Answer) -> Self {
        let code = actual.code;
        Self {
            code,
            name_ru: code.ru(),
            name_en: code.en(),
            on,
            numerator: actual.numerator,
            denominator: actual.denominator,
            basis_points: actual.share().and_then(|share| share.basis_points()),
            through_people: actual.through_people(),
            schools_without_staff: actual.without_staff.len(),
            target: code.target(),
            verdict: actual.verdict,
            reason: actual.reason,
            list: code.version((answer.list, answer.later)),
            period: (code == IndicatorCode::I4).then_some(PERIOD),
        }
    }
}

/// A target indicator over time.
#[derive(Serialize, ToSchema)]
pub struct IndicatorSeries {
    /// Its number in the passport.
    code: IndicatorCode,
    /// Its name in Russian.
    name_ru: &'static str,
    /// Its name in English.
    name_en: &'static str,
    /// What is to be reached.
    target: IndicatorTarget,
    /// How far the points are apart.
    step: SeriesStep,
    /// The days, the earliest first.
    points: Vec<IndicatorPoint>,
}

/// A target indicator on one day of a series.
#[derive(Serialize, ToSchema)]
pub struct IndicatorPoint {
    /// The day.
    on: NaiveDate,
    /// How many count; absent while that cannot be said.
    #[schema(minimum = 0, example = 40)]
    numerator: Option<i64>,
    /// Of how many; absent while that cannot be said.
    #[schema(minimum = 0, example = 52)]
    denominator: Option<i64>,
    /// The share in hundredths of a percent, rounded, for people to read. The verdict does not use it.
    #[schema(minimum = 0, example = 7692)]
    basis_points: Option<i64>,
    /// Whether the target is reached; exact.
    verdict: TargetVerdict,
    /// Why that cannot be said.
    reason: Option<NotMeasurable>,
    /// The list version it was made with.
    list: Option<ListVersion>,
}

impl From<Point> for IndicatorPoint {
    fn from(Point { on, actual, list: version }: Point) -> Self {
        Self {
            on,
            numerator: actual.numerator,
            denominator: actual.denominator,
            basis_points: actual.share().and_then(|share| share.basis_points()),
            verdict: actual.verdict,
            reason: actual.reason,
            list: version,
        }
    }
}

/// List target indicators
///
/// The four of the passport, of the whole region, in whole numbers. I4 is `not_measurable` until the list of 2022 is
/// loaded; a list of another year does not stand for it.
#[utoipa::path(operation_id = "list_indicators", tag = "indicators", params(IndicatorQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "The indicators", body = Items<Indicator>)))]
#[get("/indicators")]
async fn list(_: Guard<ReadIndicators>, state: Data<State>, Query(query): Query<IndicatorQuery>) -> Answer {
    let question = query.question()?;
    let answer = state.read_consistent(move |db| store::compute(db, question)).await?;
    let items = answer.indicators.iter().map(|actual| Indicator::new(actual, question.on, &answer)).collect();
    Ok(HttpResponse::Ok().json(Items::<Indicator> { items }))
}

/// Get a target indicator
///
/// By its number in the passport.
#[utoipa::path(operation_id = "get_indicator", tag = "indicators", params(("code" = IndicatorCode, Path, description = "The indicator's number"), IndicatorQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "The indicator", body = Indicator)))]
#[get("/indicators/{code}")]
async fn get(
    _: Guard<ReadIndicators>,
    state: Data<State>,
    code: Path<IndicatorCode>,
    Query(query): Query<IndicatorQuery>,
) -> Answer {
    let question = query.question()?;
    let answer = state.read_consistent(move |db| store::compute(db, question)).await?;
    let found = answer.indicators.iter().find(|actual| actual.code == *code).ok_or(ProblemCode::NotFound)?;
    Ok(HttpResponse::Ok().json(Indicator::new(found, question.on, &answer)))
}

/// List the rows behind an indicator
///
/// The schools of I1 and I4, the people of I2, the municipal systems of I3, inside the caller's area: whether each counts,
/// and why; by id. Rows of schools and people need the permission `lists:read` besides. People are shown only to those who
/// may read staff and support, and that reading is recorded in the audit log; others are told the schools with the number
/// of people.
#[utoipa::path(operation_id = "list_indicator_rows", tag = "indicators", params(("code" = IndicatorCode, Path, description = "The indicator's number"), IndicatorRowQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "A page of rows", body = Items<IndicatorRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/indicators/{code}/rows")]
async fn list_rows(
    guard: Guard<ReadIndicators>,
    request: HttpRequest,
    state: Data<State>,
    code: Path<IndicatorCode>,
    Query(query): Query<IndicatorRowQuery>,
) -> Answer {
    let (code, limit) = (code.into_inner(), query.limit()?);
    let people = guard.actor.may(Permission::ReadStaff) && guard.actor.may(Permission::ReadSupport);
    let viewer = Viewer { area: guard.area(), people };
    if code != IndicatorCode::I3 {
        guard.may(Permission::ReadLists)?;
    }
    let on = query.on.unwrap_or_else(|| Moment::now().date());
    let question = Question { on, list: query.list_id, denominator: None };
    let rows = move |db: &mut Db| {
        let actual = Ground::read(db, &[on], question.list)?.actual(code, question)?;
        store::rows(db, viewer, actual, limit, query.cursor.as_deref(), question)
    };
    let found = state.read_consistent(rows).await?;
    shown(&state, &guard, "indicators", found.items.iter().filter_map(|row| row.staff_id).collect()).await?;
    page(&request, found)
}

/// Get an indicator over time
///
/// On the last day of each step from `from` to `to`, and on `to` itself, at most 120 points; with the verdict of each. The
/// staff register has no history: I2 counts the people it holds now on every day. I4 does not hang on the day.
#[utoipa::path(operation_id = "get_indicator_series", tag = "indicators", params(("code" = IndicatorCode, Path, description = "The indicator's number"), IndicatorSeriesQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "The series", body = IndicatorSeries)))]
#[get("/indicators/{code}/series")]
async fn get_series(
    _: Guard<ReadIndicators>,
    state: Data<State>,
    code: Path<IndicatorCode>,
    Query(query): Query<IndicatorSeriesQuery>,
) -> Answer {
    let (code, step) = (code.into_inner(), query.step.unwrap_or(SeriesStep::HalfYear));
    let days = query.days(step)?;
    let points = state
        .read_consistent(move |db| series::series(db, code, &days, query.list_id, query.denominator))
        .await?;
    Ok(HttpResponse::Ok().json(IndicatorSeries {
        code,
        name_ru: code.ru(),
        name_en: code.en(),
        target: code.target(),
        step,
        points: points.into_iter().map(IndicatorPoint::from).collect(),
    }))
}
