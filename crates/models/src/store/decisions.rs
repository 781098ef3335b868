//! Decisions on proposals. A named person takes them; a confirmed proposal becomes an assignment.

use super::{
    Viewer,
    ledger::{Ledger, NewAssignment, record, term_within},
    proposals::{self as kept, Filter},
};
use crate::types::{
    AssignmentId, DecisionKind, ModelCode, ProposalId, ProposalState, SubjectKind, SubjectRef,
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Result, Tx,
    schema::{proposal_runs, proposals},
};
use opora_primitives::{DateWindow, Flaw, MunicipalityId, Problem, ProblemCode, Reason, SchoolId, Words};
use opora_schools::{registry::staff, types::StaffId};
use serde::Serialize;
use serde_json::json;

/// What a person decides, with the terms of an assignment where they differ from the proposed ones.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Which way.
    pub kind: DecisionKind,
    /// Why; a refusal needs it.
    pub reason: Option<String>,
    /// First day of the assignment; the proposed one unless given.
    pub valid_from: Option<NaiveDate>,
    /// Its last day; the proposed one unless given.
    pub valid_to: Option<NaiveDate>,
    /// Who decides.
    pub actor: Option<i64>,
}

impl Decision {
    fn state(&self) -> ProposalState {
        match self.kind {
            DecisionKind::Confirm => ProposalState::Confirmed,
            DecisionKind::Decline => ProposalState::Declined,
        }
    }
}

/// What a decision led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Decided {
    /// The proposal.
    pub proposal_id: ProposalId,
    /// What became of it.
    pub state: ProposalState,
    /// The assignment, if it was confirmed.
    pub assignment_id: Option<AssignmentId>,
}

/// Which proposals a bulk decision is about.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These.
    Ids(Vec<ProposalId>),
    /// The open ones that a filter lets through.
    Matching(Filter),
}

/// Decides on one proposal.
///
/// # Errors
/// Not found, or not for this reader; [`ProblemCode::ProposalDecided`] if it is not open; refused dates; those of
/// [`Ledger::assign`].
pub fn decide(tx: &mut Tx, viewer: Viewer, id: ProposalId, decision: &Decision) -> Result<Decided> {
    let open = open(tx, viewer, id)?;
    let mut ledger = Ledger::around(tx, &open.subject)?;
    carry_out(tx, &mut ledger, &open, decision)
}

/// Decides on many proposals: all of them or, if one cannot be decided so, none. In the order of ids, so that a school's
/// first and second models come before its head's fourth.
///
/// # Errors
/// One problem that names every refused proposal: `/ids/<position>` for proposals given by id.
pub fn decide_many(
    tx: &mut Tx,
    viewer: Viewer,
    selection: &Selection,
    decision: &Decision,
) -> Result<Vec<Decided>> {
    let ids = match selection {
        Selection::Ids(ids) => ids.clone(),
        Selection::Matching(filter) => {
            kept::ids(tx, viewer, &Filter { state: Some(ProposalState::Open), ..filter.clone() })?
        }
    };
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|at| ids[*at]);
    let (mut ledger, mut decided, mut refused) = (Ledger::all(tx)?, Vec::new(), Vec::new());
    for at in order {
        let one = open(tx, viewer, ids[at]).and_then(|open| carry_out(tx, &mut ledger, &open, decision));
        match one {
            Ok(done) => decided.push(done),
            Err(Error::Problem(problem)) => refused.push((at, ids[at], problem)),
            Err(fault) => return Err(fault),
        }
    }
    if refused.is_empty() { Ok(decided) } else { Err(together(&refused).into()) }
}

/// One problem from many: their common code, or that of a conflict.
fn together(refused: &[(usize, ProposalId, Problem)]) -> Problem {
    /// How many refusals are told in words; every one stands among the flaws.
    const TOLD: usize = 20;
    let first = refused[0].2.code;
    let code = match first {
        _ if refused.iter().any(|(_, _, p)| p.code != first) => ProblemCode::Conflict,
        // The address is there; an id in the body is not.
        ProblemCode::NotFound => ProblemCode::MissingReference,
        first => first,
    };
    let told: Vec<_> = refused
        .iter()
        .take(TOLD)
        .map(|(_, id, problem)| format!("{id}: {}", problem.code.as_str()))
        .collect();
    let flaws =
        refused.iter().map(|(at, _, problem)| Flaw::at(format!("/ids/{at}"), reason_of(problem.code)));
    Problem { flaws: flaws.collect(), ..Problem::new(code, Words::same(told.join("; "))) }
}

fn reason_of(code: ProblemCode) -> Reason {
    match code {
        ProblemCode::NotFound => Reason::UnknownReference,
        ProblemCode::ProposalDecided | ProblemCode::AlreadyExists => Reason::AlreadyTaken,
        _ => Reason::Contradiction,
    }
}

/// An open proposal, as far as a decision needs it.
struct Open {
    id: ProposalId,
    model: ModelCode,
    subject: SubjectRef,
    period: DateWindow,
    as_of: NaiveDate,
    version: i64,
}

type Row = (
    ModelCode,
    (SubjectKind, Option<SchoolId>, Option<MunicipalityId>, Option<StaffId>),
    (NaiveDate, Option<NaiveDate>, NaiveDate),
    ProposalState,
    i64,
);

fn open(tx: &mut Tx, viewer: Viewer, id: ProposalId) -> Result<Open> {
    let query = proposals::table
        .inner_join(proposal_runs::table)
        .filter(proposals::id.eq(id))
        .select((
            proposals::model,
            (proposals::subject_kind, proposals::school_id, proposals::municipality_id, proposals::staff_id),
            (proposals::valid_from, proposals::valid_to, proposal_runs::as_of),
            proposals::state,
            proposals::version,
        ))
        .into_boxed();
    let (model, (kind, school, municipality, staff), (from, to, as_of), state, version): Row =
        within!(query, proposals, viewer).first(&mut **tx)?;
    if state != ProposalState::Open {
        let words = (format!("the proposal is {state}"), format!("состояние предложения: {}", state.ru()));
        return Err(Problem::new(ProblemCode::ProposalDecided, words).into());
    }
    let subject = SubjectRef::from_columns(kind, school, municipality, staff)
        .map_err(|_| Error::fault(format!("subject of proposal {id}")))?;
    Ok(Open { id, model, subject, period: DateWindow { from, to }, as_of, version })
}

fn carry_out(tx: &mut Tx, ledger: &mut Ledger, open: &Open, decision: &Decision) -> Result<Decided> {
    let assignment_id = match decision.kind {
        DecisionKind::Confirm => Some(assign(tx, ledger, open, decision)?),
        DecisionKind::Decline => None,
    };
    let state = decision.state();
    diesel::update(proposals::table.find(open.id))
        .set((
            proposals::state.eq(state),
            proposals::decided_by.eq(decision.actor),
            proposals::decided_at.eq(tx.at),
            proposals::decision_reason.eq(decision.reason.as_deref()),
            proposals::version.eq(open.version + 1),
        ))
        .execute(&mut **tx)?;
    let change = Change::new("proposals", open.id, Operation::Update)
        .before(json!({ "state": ProposalState::Open }))
        .after(json!({ "state": state, "decision_reason": decision.reason, "assignment_id": assignment_id }));
    record(tx, change, &open.subject)?;
    Ok(Decided { proposal_id: open.id, state, assignment_id })
}

fn assign(tx: &mut Tx, ledger: &mut Ledger, open: &Open, decision: &Decision) -> Result<AssignmentId> {
    still_in_post(tx, &open.subject)?;
    let from = decision.valid_from.unwrap_or(open.period.from);
    // The rules held the subject for this branch or cohort, not for another one of the model (D291).
    let term = term_within(Some(open.period), from, decision.valid_to)?;
    // The rules spoke of the run's day; a date given by the person is asked as it is.
    let checked_on = decision.valid_from.unwrap_or(open.period.from.max(open.as_of));
    let new = NewAssignment {
        proposal: Some(open.id),
        model: open.model,
        subject: open.subject,
        term,
        checked_on,
        exception: false,
        reason: decision.reason.clone(),
        actor: decision.actor,
    };
    ledger.assign(tx, &new)
}

/// Refuses a proposal for a person who is no longer at the school in the post that it was made for (D290).
///
/// # Errors
/// [`ProblemCode::NotEligible`].
fn still_in_post(db: &mut Db, subject: &SubjectRef) -> Result<()> {
    let (Some(id), Some(school)) = (subject.staff(), subject.school()) else { return Ok(()) };
    if staff::post_of(db, id)?.is_some_and(|(at, role)| at == school && subject.kind().is_of_post(role)) {
        return Ok(());
    }
    let words = (
        "the person no longer has the post at the school that the support was proposed for",
        "работник больше не занимает в школе ту должность, для которой предложена поддержка",
    );
    Err(Problem::new(ProblemCode::NotEligible, words).into())
}
