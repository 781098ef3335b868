//! Proposals of the models' rules, and the decisions of people on them.

use crate::{
    auth::{Assign, Guard, Need, ReadAssignments, Regional},
    error::{Answer, ApiError, Language},
    http::{
        answer::{Items, composed, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Body, Draft, Query, list_query, said},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_identity::Permission;
use opora_models::{
    DecisionKind, ModelCode, ProposalId, ProposalRunId, ProposalState, SubjectKind,
    rules::{ProposalReason, ProposalWarning},
    store::{
        Viewer, assignments,
        assignments::AssignmentHistory,
        decisions::{self, Decided, Decision, Selection},
        note_reading,
        proposals::{self, Filter, ProposalRecord},
        runs::{self, NamedCoverageGap, ProposalCount, ProposalRun, RunDetail},
    },
};
use opora_primitives::{Moment, MunicipalityId, Problem, Reason, SchoolId};
use opora_schools::{
    identification::Lang,
    types::{RunId, StaffId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list_runs).service(create_run).service(get_run).service(remove_run);
    config
        .service(list)
        .service(decide_many)
        .service(get)
        .service(confirm)
        .service(decline)
        .service(list_gaps);
}

/// What the caller may see of proposals and assignments.
pub(super) fn viewer<P: Need>(guard: &Guard<P>) -> Viewer {
    Viewer { area: guard.area(), people: guard.actor.may(Permission::ReadStaff) }
}

/// Records that the caller was shown `people`. If that cannot be recorded nobody is shown.
pub(super) async fn shown<P: Need>(
    state: &State,
    guard: &Guard<P>,
    resource: &'static str,
    people: Vec<StaffId>,
) -> Result<(), ApiError> {
    if people.is_empty() {
        return Ok(());
    }
    let note = move |tx: &mut opora_db::Tx| {
        note_reading(tx, resource, &people);
        Ok(())
    };
    state.write(guard.origin(), note).await
}

fn lang(request: &HttpRequest) -> Lang {
    Language::of(request).pick((Lang::En, Lang::Ru))
}

list_query! {
    /// Where in the list.
    ProposalRunQuery {}
}

list_query! {
    /// Which proposals are wanted.
    ProposalQuery {
        /// Only proposals of this run.
        proposal_run_id: ProposalRunId,
        /// Only proposals of this model.
        model: ModelCode,
        /// Only proposals in this state.
        state: ProposalState,
        /// Only proposals for this kind of subject.
        subject_kind: SubjectKind,
        /// Only proposals for this school or its people.
        school_id: SchoolId,
        /// Only proposals for this municipality itself.
        municipality_id: MunicipalityId,
    }
}

list_query! {
    /// Which gaps are wanted.
    CoverageGapQuery {
        /// The proposal run; the newest unless given.
        proposal_run_id: ProposalRunId,
    }
}

/// What a run starts from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRunCreate {
    /// The identification run behind "low" and "listed"; the newest finished one unless given.
    identification_run_id: Option<RunId>,
    /// The day the facts are of; today unless given. From 1 September of the year before that of the run's list, to a year
    /// from today.
    as_of: Option<NaiveDate>,
}

/// A warning of a run.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplainedProposalWarning)]
pub struct ProposalWarningView {
    /// The warning as data.
    warning: ProposalWarning,
    /// The warning in words, in the language asked for.
    text: String,
}

/// A run with what came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ProposalRunDetail)]
pub struct ProposalRunView {
    /// The run.
    #[serde(flatten)]
    run: ProposalRun,
    /// Proposals in the caller's area by model and state, those that name people with them.
    counts: Vec<ProposalCount>,
    /// How many proposals name people and are not shown to the caller.
    #[schema(minimum = 0, example = 0)]
    people_hidden: i64,
    /// What a person should look at.
    warnings: Vec<ProposalWarningView>,
}

impl ProposalRunView {
    fn new(detail: RunDetail, lang: Lang) -> Self {
        let RunDetail { run, counts, people_hidden, warnings } = detail;
        let told = |warning: ProposalWarning| ProposalWarningView { text: warning.words(lang), warning };
        Self { run, counts, people_hidden, warnings: warnings.into_iter().map(told).collect() }
    }
}

/// A proposal with its reason.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalView {
    /// The proposal.
    #[serde(flatten)]
    proposal: ProposalRecord,
    /// Why it was made, as data.
    reason: ProposalReason,
    /// Why it was made, in the language asked for.
    #[schema(example = "Школа 520101 назначена в модель 2 (первая волна).")]
    reason_text: String,
}

impl ProposalView {
    fn new(proposal: ProposalRecord, lang: Lang) -> opora_db::Result<Self> {
        let reason = proposal.read_reason()?;
        Ok(Self { reason_text: reason.words(lang), reason, proposal })
    }
}

/// A gap of coverage.
#[derive(Serialize, ToSchema)]
#[schema(as = CoverageGap)]
pub struct CoverageGapView {
    /// The gap.
    #[serde(flatten)]
    gap: NamedCoverageGap,
    /// The gap in words, in the language asked for.
    text: String,
}

/// On what terms a proposal is confirmed.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalConfirm {
    /// Why it is confirmed.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
    /// First day of the assignment; the proposed one unless given.
    valid_from: Option<NaiveDate>,
    /// Its last day; the proposed one unless given.
    valid_to: Option<NaiveDate>,
}

/// Why a proposal is declined.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalDecline {
    /// Why it is declined.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000, example = "Школа отказалась от участия")]
    reason: String,
}

/// The open proposals of a run, or those of one model.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalSelection {
    /// The run.
    proposal_run_id: ProposalRunId,
    /// The model; every model unless given.
    model: Option<ModelCode>,
}

/// A decision on many proposals at once.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalDecisions {
    /// The proposals; or else `filter`.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Option<Vec<ProposalId>>,
    /// Which open proposals; or else `ids`.
    filter: Option<ProposalSelection>,
    /// Whether the proposals are confirmed or declined.
    decision: DecisionKind,
    /// Why; needed to decline.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
}

impl ProposalDecisions {
    fn selection(&self) -> Result<Selection, Problem> {
        if self.decision == DecisionKind::Decline && self.reason.is_none() {
            return Err(Problem::field("/reason", Reason::Required));
        }
        match (&self.ids, self.filter) {
            (Some(ids), None) => Ok(Selection::Ids(ids.clone())),
            (None, Some(ProposalSelection { proposal_run_id, model })) => {
                Ok(Selection::Matching(Filter { run: Some(proposal_run_id), model, ..Filter::default() }))
            }
            (Some(_), Some(_)) => Err(Problem::field("/filter", Reason::Contradiction)),
            (None, None) => Err(Problem::field("/ids", Reason::Required)),
        }
    }
}

/// List proposal runs
///
/// The newest first.
#[utoipa::path(operation_id = "list_proposal_runs", tag = "models", params(ProposalRunQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "A page of runs", body = Items<ProposalRun>, headers(("Link" = String, description = "The next page")))))]
#[get("/proposal-runs")]
async fn list_runs(
    _: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ProposalRunQuery>,
) -> Answer {
    let limit = query.limit()?;
    let found = state.read(move |db| runs::list(db, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a proposal run
///
/// Proposes models from the facts of a day: the registers, a finished identification run, the designations and the
/// assignments there are. A model that the subject has already is not proposed again. Open proposals of earlier runs
/// become `superseded`. A proposal binds nobody until a person confirms it. `wrong_state` if no identification run has
/// finished.
#[utoipa::path(operation_id = "create_proposal_run", tag = "models", params(IdempotencyKey), request_body = ProposalRunCreate, security(("bearer" = ["assignments:write"])),
    responses((status = 201, description = "The new run", body = ProposalRun, headers(("Location" = String, description = "Its address")))))]
#[post("/proposal-runs")]
async fn create_run(
    Regional(guard): Regional<Assign>,
    request: HttpRequest,
    state: Data<State>,
    Draft(body): Draft<ProposalRunCreate>,
) -> Answer {
    let (wanted, today) = (body.identification_run_id, Moment::now().date());
    let as_of = body.as_of.unwrap_or(today);
    let actor = Some(guard.user()?.0);
    let prepared = state.read_consistent(move |db| runs::prepare(db, wanted, as_of, today)).await?;
    create_once(&state, &guard, &request, move |tx| {
        let run = runs::store(tx, &prepared, actor)?;
        created(format!("/api/v1/proposal-runs/{}", run.id), &run)
    })
    .await
}

/// Get a proposal run
///
/// With its warnings and with the number of proposals by model and state.
#[utoipa::path(operation_id = "get_proposal_run", tag = "models", params(("id" = ProposalRunId, Path, description = "The run's id")), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "The run", body = ProposalRunView, headers(("Content-Language" = String, description = "The language of the words")))))]
#[get("/proposal-runs/{id}")]
async fn get_run(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ProposalRunId>,
) -> Answer {
    let (viewer, id) = (viewer(&guard), id.into_inner());
    let detail = state.read_consistent(move |db| runs::detail(db, viewer, id)).await?;
    Ok(HttpResponse::Ok().json(ProposalRunView::new(detail, lang(&request))))
}

/// Delete a proposal run
///
/// With its proposals and gaps, when they are of no more use. What it superseded stays superseded. A run with a
/// proposal that somebody has decided is refused with `proposal_decided`.
#[utoipa::path(operation_id = "delete_proposal_run", tag = "models", params(("id" = ProposalRunId, Path, description = "The run's id")),
    extensions(("x-problems" = json!(["proposal_decided"]))),
    security(("bearer" = ["assignments:write"])), responses((status = 204, description = "It is gone")))]
#[delete("/proposal-runs/{id}")]
async fn remove_run(
    Regional(guard): Regional<Assign>,
    state: Data<State>,
    id: Path<ProposalRunId>,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| runs::delete(tx, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List proposals
///
/// By id: those of the caller's area. Proposals that name people are shown only to those who may read staff, and that
/// reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_proposals", tag = "models", params(ProposalQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "A page of proposals", body = Items<ProposalView>, headers(("Link" = String, description = "The next page"), ("Content-Language" = String, description = "The language of the words")))))]
#[get("/proposals")]
async fn list(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ProposalQuery>,
) -> Answer {
    let (viewer, lang, limit) = (viewer(&guard), lang(&request), query.limit()?);
    let filter = Filter {
        run: query.proposal_run_id,
        model: query.model,
        state: query.state,
        subject_kind: query.subject_kind,
        school: query.school_id,
        municipality: query.municipality_id,
    };
    let found =
        state.read(move |db| proposals::list(db, viewer, &filter, limit, query.cursor.as_deref())).await?;
    shown(&state, &guard, "proposals", found.items.iter().filter_map(|p| p.staff_id).collect()).await?;
    let items =
        found.items.into_iter().map(|p| ProposalView::new(p, lang)).collect::<opora_db::Result<_>>()?;
    page(&request, opora_primitives::Page { items, next: found.next })
}

/// Get a proposal
///
/// With its reason, as data and in words.
#[utoipa::path(operation_id = "get_proposal", tag = "models", params(("id" = ProposalId, Path, description = "The proposal's id")), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "The proposal", body = ProposalView, headers(("ETag" = String, description = "The version and a digest of the answer"), ("Content-Language" = String, description = "The language of the words")))))]
#[get("/proposals/{id}")]
async fn get(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ProposalId>,
) -> Answer {
    let (viewer, id) = (viewer(&guard), id.into_inner());
    let found = state.read(move |db| proposals::find(db, viewer, id)).await?;
    shown(&state, &guard, "proposals", found.staff_id.into_iter().collect()).await?;
    composed(&request, found.version, &ProposalView::new(found, lang(&request))?)
}

/// Confirm a proposal
///
/// Makes the assignment; the caller is recorded as the one who decided. Exclusion is checked again at this moment:
/// `model_excluded`. `proposal_decided` if it is not open any more, `already_exists` if the subject has the model on
/// some of these days, `not_eligible` if the person is not at the school in the post any more. Dates of one's own lie within
/// those that were proposed.
#[utoipa::path(operation_id = "confirm_proposal", tag = "models", params(("id" = ProposalId, Path, description = "The proposal's id"), IdempotencyKey), request_body = ProposalConfirm,
    extensions(("x-problems" = json!(["proposal_decided", "model_excluded", "not_eligible"]))),
    security(("bearer" = ["assignments:write"])),
    responses((status = 201, description = "The new assignment", body = AssignmentHistory, headers(("Location" = String, description = "Its address")))))]
#[post("/proposals/{id}/confirm")]
async fn confirm(
    guard: Guard<Assign>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ProposalId>,
    Body(body): Body<ProposalConfirm>,
) -> Answer {
    let (viewer, id, actor) = (viewer(&guard), id.into_inner(), Some(guard.user()?.0));
    let ProposalConfirm { reason, valid_from, valid_to } = body;
    let decision = Decision { kind: DecisionKind::Confirm, reason, valid_from, valid_to, actor };
    create_once(&state, &guard, &request, move |tx| {
        let decided = decisions::decide(tx, viewer, id, &decision)?;
        let id =
            decided.assignment_id.ok_or_else(|| opora_db::Error::fault("confirmed without an assignment"))?;
        let today = tx.at.date();
        created(format!("/api/v1/assignments/{id}"), &assignments::find(tx, viewer, id, today)?)
    })
    .await
}

/// Decline a proposal
///
/// With a reason; the caller is recorded as the one who decided. `proposal_decided` if it is not open any more.
#[utoipa::path(operation_id = "decline_proposal", tag = "models", params(("id" = ProposalId, Path, description = "The proposal's id")), request_body = ProposalDecline,
    extensions(("x-problems" = json!(["proposal_decided"]))),
    security(("bearer" = ["assignments:write"])),
    responses((status = 200, description = "The declined proposal", body = ProposalView, headers(("Content-Language" = String, description = "The language of the words")))))]
#[post("/proposals/{id}/decline")]
async fn decline(
    guard: Guard<Assign>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ProposalId>,
    Body(body): Body<ProposalDecline>,
) -> Answer {
    let (viewer, id, actor) = (viewer(&guard), id.into_inner(), Some(guard.user()?.0));
    let (kind, reason) = (DecisionKind::Decline, Some(body.reason));
    let decision = Decision { kind, reason, valid_from: None, valid_to: None, actor };
    let decide = move |tx: &mut opora_db::Tx| {
        decisions::decide(tx, viewer, id, &decision)?;
        proposals::find(tx, viewer, id)
    };
    let declined = state.write(guard.origin(), decide).await?;
    shown(&state, &guard, "proposals", declined.staff_id.into_iter().collect()).await?;
    Ok(HttpResponse::Ok().json(ProposalView::new(declined, lang(&request))?))
}

/// Decide on many proposals
///
/// Confirms or declines all of them or, if one of them cannot be decided so, none: the refusal then names each such
/// proposal by its place in `ids`, or in the selection by id. A person decides: the caller is recorded.
#[utoipa::path(operation_id = "decide_proposals", tag = "models", request_body = ProposalDecisions, security(("bearer" = ["assignments:write"])),
    extensions(("x-problems" = json!(["proposal_decided", "model_excluded", "not_eligible"]))),
    responses((status = 200, description = "What became of each", body = Items<Decided>)))]
#[post("/proposal-decisions")]
async fn decide_many(
    guard: Guard<Assign>,
    state: Data<State>,
    Body(body): Body<ProposalDecisions>,
) -> Answer {
    let (viewer, selection, actor) = (viewer(&guard), body.selection()?, Some(guard.user()?.0));
    let decision =
        Decision { kind: body.decision, reason: body.reason, valid_from: None, valid_to: None, actor };
    let decide = move |tx: &mut opora_db::Tx| decisions::decide_many(tx, viewer, &selection, &decision);
    let items = state.write(guard.origin(), decide).await?;
    Ok(HttpResponse::Ok().json(Items { items }))
}

/// List coverage gaps
///
/// Municipal systems with listed schools, but not as many as the third model asks for; by code.
#[utoipa::path(operation_id = "list_coverage_gaps", tag = "models", params(CoverageGapQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "A page of gaps", body = Items<CoverageGapView>, headers(("Link" = String, description = "The next page"), ("Content-Language" = String, description = "The language of the words")))))]
#[get("/coverage-gaps")]
async fn list_gaps(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<CoverageGapQuery>,
) -> Answer {
    let (area, lang, limit) = (guard.area(), lang(&request), query.limit()?);
    let run = query.proposal_run_id;
    let found =
        state.read_consistent(move |db| runs::gaps(db, area, run, limit, query.cursor.as_deref())).await?;
    page(&request, found.map(|gap| CoverageGapView { text: gap.gap().words(lang), gap }))
}
