//! The target indicators of the passport.

use crate::{
    auth::{Guard, ReadIndicators},
    error::{Answer, ApiError},
    extract::{Items, Query, list_query, page, require},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_db::Db;
use opora_identity::Permission;
use opora_primitives::{DateWindow, Moment, ProblemCode, Reason};
use opora_reporting::indicators::{
    Actual, IndicatorCode, IndicatorTarget, ListVersion, NotMeasurable, PERIOD, TargetVerdict,
    store::{self, IndicatorRow, Question},
};
use opora_schools::types::ListId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(list_rows);
}

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorQuery {
    /// The day; today unless given.
    on: Option<NaiveDate>,
    /// The list version of I1; the newest of the passport's years unless given.
    list_id: Option<ListId>,
    /// The number of municipal systems; that of the registers on the day unless given.
    #[param(minimum = 1, maximum = 10000, example = 52)]
    denominator: Option<i64>,
}

list_query! {
    /// What is asked, and where in the list.
    IndicatorRowQuery {
        /// The day; today unless given.
        on: NaiveDate,
        /// The list version of I1; the newest of the passport's years unless given.
        list_id: ListId,
    }
}

impl IndicatorQuery {
    fn question(&self) -> Result<Question, ApiError> {
        require("denominator", self.denominator.as_ref(), Reason::OutOfRange, |n| (1..=10_000).contains(n))?;
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
        let (version, period) = match code {
            IndicatorCode::I1 => (answer.list, None),
            IndicatorCode::I3 => (None, None),
            IndicatorCode::I4 => (answer.later, Some(PERIOD)),
        };
        Self {
            code,
            name_ru: code.ru(),
            name_en: code.en(),
            on,
            numerator: actual.numerator,
            denominator: actual.denominator,
            basis_points: actual.share().and_then(|share| share.basis_points()),
            through_people: actual.through_people(),
            target: code.target(),
            verdict: actual.verdict,
            reason: actual.reason,
            list: version,
            period,
        }
    }
}

/// List target indicators
///
/// I1, I3 and I4 of the passport, of the whole region, in whole numbers. I2 (staff covered by methodical support) needs
/// records of support, which are not kept yet, and is left out. I4 is `not_measurable` until the list of 2022, or a
/// later one, is loaded.
#[utoipa::path(operation_id = "list_indicators", tag = "indicators", params(IndicatorQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "The indicators", body = Items<Indicator>)))]
#[get("/api/v1/indicators")]
async fn list(_: Guard<ReadIndicators>, state: Data<State>, Query(query): Query<IndicatorQuery>) -> Answer {
    let question = query.question()?;
    let answer = state.read_consistent(move |db| store::compute(db, question)).await?;
    let items = answer.indicators.iter().map(|actual| Indicator::new(actual, question.on, &answer)).collect();
    Ok(HttpResponse::Ok().json(Items::<Indicator> { items }))
}

/// Get a target indicator
///
/// By its number in the passport: I1, I3 or I4.
#[utoipa::path(operation_id = "get_indicator", tag = "indicators", params(("code" = IndicatorCode, Path, description = "The indicator's number"), IndicatorQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "The indicator", body = Indicator)))]
#[get("/api/v1/indicators/{code}")]
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
/// The schools of I1 and I4, the municipal systems of I3, inside the caller's area: whether each counts, and why; by id.
/// Rows of schools need the permission `lists:read` besides.
#[utoipa::path(operation_id = "list_indicator_rows", tag = "indicators", params(("code" = IndicatorCode, Path, description = "The indicator's number"), IndicatorRowQuery), security(("bearer" = ["indicators:read"])),
    responses((status = 200, description = "A page of rows", body = Items<IndicatorRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/api/v1/indicators/{code}/rows")]
async fn list_rows(
    guard: Guard<ReadIndicators>,
    request: HttpRequest,
    state: Data<State>,
    code: Path<IndicatorCode>,
    Query(query): Query<IndicatorRowQuery>,
) -> Answer {
    let (area, code, limit) = (guard.area(), code.into_inner(), query.limit()?);
    if code != IndicatorCode::I3 && !guard.actor.may(Permission::ReadLists) {
        return Err(ProblemCode::Forbidden.into());
    }
    let on = query.on.unwrap_or_else(|| Moment::now().date());
    let question = Question { on, list: query.list_id, denominator: None };
    let rows = move |db: &mut Db| {
        let actual = store::compute(db, question)?.indicators.into_iter().find(|actual| actual.code == code);
        let actual = actual.ok_or(ProblemCode::NotFound)?;
        store::rows(db, area, actual, limit, query.cursor.as_deref(), question)
    };
    Ok(page(&request, state.read_consistent(rows).await?))
}
