//! Assignments as they are kept and read.

use super::{
    Viewer,
    ledger::{Ledger, NewAssignment, add_event, record, term_of},
    lives::events_of,
};
use crate::{
    rules::{DatedEvent, check_history, state_in_term},
    types::{
        AssignmentEventId, AssignmentId, AssignmentState, EventKind, ModelCode, ProposalId, SubjectKind,
        SubjectRef,
    },
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Result, Tx,
    schema::{assignment_events, assignments, municipalities, schools, staff},
};
use opora_primitives::{
    Area, Cursor, DateWindow, Limit, Moment, MunicipalityId, Page, Problem, Reason, SchoolCode, SchoolId,
};
use opora_schools::{
    registry::{municipalities as territory, schools as register, schools::SchoolRef, staff as people},
    types::StaffId,
};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// An assignment with the names of its subject. Its state is computed beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = assignments)]
pub struct AssignmentRecord {
    /// Its id.
    pub id: AssignmentId,
    /// The proposal it follows from; none for one made by hand.
    pub proposal_id: Option<ProposalId>,
    /// The model.
    pub model: ModelCode,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// The school: the subject itself, or the person's.
    pub school_id: Option<SchoolId>,
    /// The school's code.
    #[diesel(select_expression = schools::code.nullable())]
    pub school_code: Option<SchoolCode>,
    /// The school's name.
    #[diesel(select_expression = schools::name.nullable())]
    pub school_name: Option<String>,
    /// The municipality, if it is the subject.
    pub municipality_id: Option<MunicipalityId>,
    /// The municipality's name.
    #[diesel(select_expression = municipalities::name.nullable())]
    pub municipality_name: Option<String>,
    /// The person, if one is the subject.
    pub staff_id: Option<StaffId>,
    /// The person's name.
    #[diesel(select_expression = staff::full_name.nullable())]
    pub staff_name: Option<String>,
    /// First day of the term.
    pub valid_from: NaiveDate,
    /// Last day of the term.
    pub valid_to: Option<NaiveDate>,
    /// Whether it was made by hand though the rules of the model did not hold the subject.
    pub exception: bool,
    /// Counts the changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
}

/// An assignment and its state on a day.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Assignment {
    /// The assignment.
    #[serde(flatten)]
    pub record: AssignmentRecord,
    /// Its state at the end of the day asked for.
    pub state: AssignmentState,
    /// The day of the state.
    pub on: NaiveDate,
}

/// Something that happened to an assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = assignment_events)]
pub struct AssignmentEvent {
    /// Its id; events of one day follow one another by it.
    pub id: AssignmentEventId,
    /// What happened.
    pub kind: EventKind,
    /// The day it happened.
    pub on_date: NaiveDate,
    /// Why it was done.
    pub reason: Option<String>,
    /// The user who recorded it.
    pub actor_id: Option<i64>,
    /// When it was recorded.
    pub recorded_at: Moment,
}

/// An assignment with its history.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AssignmentHistory {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Everything that happened to it, in order.
    pub events: Vec<AssignmentEvent>,
}

/// Which assignments are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The day of the state.
    pub on: NaiveDate,
    /// In this state on that day.
    pub state: Option<AssignmentState>,
    /// Of this model.
    pub model: Option<ModelCode>,
    /// Of such a subject.
    pub subject_kind: Option<SubjectKind>,
    /// Of this school or its people.
    pub school: Option<SchoolId>,
    /// Of this municipality itself.
    pub municipality: Option<MunicipalityId>,
}

impl Filter {
    /// All assignments, with their state on `on`.
    pub fn on(on: NaiveDate) -> Self {
        Self { on, state: None, model: None, subject_kind: None, school: None, municipality: None }
    }
}

/// What an assignment by hand is made from.
#[derive(Clone, Debug)]
pub struct ByHand {
    /// The model.
    pub model: ModelCode,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// The school, if it is the subject.
    pub school: Option<SchoolId>,
    /// The municipality, if it is the subject.
    pub municipality: Option<MunicipalityId>,
    /// The person, if one is the subject; the school follows.
    pub staff: Option<StaffId>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// Whether the subject may be one that the rules of the model do not hold.
    pub exception: bool,
    /// Why it was done.
    pub reason: String,
    /// Who decides.
    pub actor: Option<i64>,
}

/// Assignments by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    viewer: Viewer,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Assignment>> {
    let scope = format!("assignments {filter:?}");
    let mut after = cursor.map(|c| Cursor::decode::<AssignmentId>(&scope, c)).transpose()?;
    let mut found = Vec::new();
    // The state is no column, so a filter by it may leave few of the rows that were read.
    loop {
        let rows = batch(db, viewer, filter, limit, after)?;
        let last = (rows.len() > limit.get()).then(|| rows.last().map(|r| r.id)).flatten();
        let fitting = with_state(db, rows, filter.on)?.into_iter();
        found.extend(fitting.filter(|a| filter.state.is_none_or(|state| a.state == state)));
        match last {
            Some(id) if found.len() <= limit.get() => after = Some(id),
            _ => return Ok(Page::cut(found, limit, &scope, |a: &Assignment| a.record.id)),
        }
    }
}

fn batch(
    db: &mut Db,
    viewer: Viewer,
    filter: &Filter,
    limit: Limit,
    after: Option<AssignmentId>,
) -> Result<Vec<AssignmentRecord>> {
    let query = assignments::table
        .left_join(schools::table)
        .left_join(municipalities::table)
        .left_join(staff::table)
        .select(AssignmentRecord::as_select())
        .into_boxed();
    let mut query = within!(query, assignments, viewer);
    if let Some(model) = filter.model {
        query = query.filter(assignments::model.eq(model));
    }
    if let Some(kind) = filter.subject_kind {
        query = query.filter(assignments::subject_kind.eq(kind));
    }
    if let Some(school) = filter.school {
        query = query.filter(assignments::school_id.eq(school));
    }
    if let Some(municipality) = filter.municipality {
        query = query.filter(assignments::municipality_id.eq(municipality));
    }
    if let Some(after) = after {
        query = query.filter(assignments::id.gt(after));
    }
    Ok(query.order(assignments::id).limit(limit.to_fetch()).load(db)?)
}

fn with_state(db: &mut Db, rows: Vec<AssignmentRecord>, on: NaiveDate) -> Result<Vec<Assignment>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let events = events_of(db, &ids)?;
    rows.into_iter().map(|row| stated(row, &events, on)).collect()
}

fn stated(
    record: AssignmentRecord,
    events: &BTreeMap<AssignmentId, Vec<DatedEvent>>,
    on: NaiveDate,
) -> Result<Assignment> {
    let events = events.get(&record.id).map_or(&[][..], Vec::as_slice);
    let term = DateWindow { from: record.valid_from, to: record.valid_to };
    let state = state_in_term(events, term, on).map_err(Error::fault)?;
    Ok(Assignment { record, state, on })
}

/// The assignment `id` with its history and its state on `on`.
///
/// # Errors
/// Not found, or not for this reader.
pub fn find(db: &mut Db, viewer: Viewer, id: AssignmentId, on: NaiveDate) -> Result<AssignmentHistory> {
    let query = assignments::table
        .left_join(schools::table)
        .left_join(municipalities::table)
        .left_join(staff::table)
        .filter(assignments::id.eq(id))
        .select(AssignmentRecord::as_select())
        .into_boxed();
    let record = within!(query, assignments, viewer).first(db)?;
    let events = assignment_events::table
        .filter(assignment_events::assignment_id.eq(id))
        .order((assignment_events::on_date, assignment_events::id))
        .select(AssignmentEvent::as_select())
        .load(db)?;
    Ok(AssignmentHistory { assignment: stated(record, &events_of(db, &[id])?, on)?, events })
}

/// Makes an assignment by hand: no proposal, the same checks, and that the rules hold the subject on the first day unless
/// it is an exception.
///
/// # Errors
/// Refused fields: a subject that the model does not take, that does not exist or is outside the area, a term that ends
/// before it starts or reaches beyond that of the model; those of a confirmation.
pub fn create(tx: &mut Tx, viewer: Viewer, by_hand: &ByHand) -> Result<AssignmentId> {
    if !by_hand.model.model().subjects.contains(&by_hand.subject_kind) {
        return Err(Problem::field("/subject_kind", Reason::Contradiction).into());
    }
    let term = term_of(by_hand.model, by_hand.valid_from, by_hand.valid_to)?;
    let subject = subject_of(tx, viewer.area, by_hand)?;
    let new = NewAssignment {
        proposal: None,
        model: by_hand.model,
        subject,
        term,
        checked_on: term.from,
        exception: by_hand.exception,
        reason: Some(by_hand.reason.clone()),
        actor: by_hand.actor,
    };
    Ledger::around(tx, &subject)?.assign(tx, &new)
}

fn subject_of(db: &mut Db, area: Area, by_hand: &ByHand) -> Result<SubjectRef> {
    let school = match by_hand.staff {
        Some(id) => Some(school_of_person(db, id, by_hand)?),
        None => by_hand.school,
    };
    if let Some(id) = school {
        known(register::resolve(db, area, &SchoolRef::Id(id)), "/school_id")?;
    }
    if let Some(id) = by_hand.municipality {
        known(territory::find(db, area, id), "/municipality_id")?;
    }
    SubjectRef::from_columns(by_hand.subject_kind, school, by_hand.municipality, by_hand.staff)
        .map_err(|reason| Problem::field("/subject_kind", reason).into())
}

/// The school of a person who has the post that the subject's kind asks for.
fn school_of_person(db: &mut Db, id: StaffId, by_hand: &ByHand) -> Result<SchoolId> {
    let post = people::post_of(db, id)?;
    let (school, role) = post.ok_or_else(|| Problem::field("/staff_id", Reason::UnknownReference))?;
    if !by_hand.subject_kind.is_of_post(role) || by_hand.school.is_some_and(|named| named != school) {
        return Err(Problem::field("/staff_id", Reason::Contradiction).into());
    }
    Ok(school)
}

fn known<T>(found: Result<T>, pointer: &str) -> Result<T> {
    found.map_err(|error| match error {
        Error::Problem(_) => Problem::field(pointer, Reason::UnknownReference).into(),
        fault => fault,
    })
}

/// Records that `kind` happened to the assignment `id` on `on`.
///
/// # Errors
/// Not found, or not for this reader; a day outside the term; [`opora_primitives::ProblemCode::WrongState`] if the
/// history would not hold together, later events with it.
pub fn add(
    tx: &mut Tx,
    viewer: Viewer,
    id: AssignmentId,
    (kind, on): (EventKind, NaiveDate),
    reason: &str,
    actor: Option<i64>,
) -> Result<()> {
    let AssignmentHistory { assignment: Assignment { record: row, state, .. }, .. } =
        find(tx, viewer, id, on)?;
    let mut events = events_of(tx, &[id])?.remove(&id).unwrap_or_default();
    events.push(DatedEvent { id: AssignmentEventId(i64::MAX), on, kind });
    check_history(&events)?;
    if !(DateWindow { from: row.valid_from, to: row.valid_to }).contains(on) {
        return Err(Problem::field("/on_date", Reason::OutOfRange).into());
    }
    add_event(tx, id, kind, on, Some(reason), actor)?;
    diesel::update(assignments::table.find(id))
        .set(assignments::version.eq(row.version + 1))
        .execute(&mut **tx)?;
    let subject =
        SubjectRef::from_columns(row.subject_kind, row.school_id, row.municipality_id, row.staff_id)
            .map_err(|_| Error::fault(format!("subject of assignment {id}")))?;
    let after = json!({ "event": kind, "on_date": on, "reason": reason });
    let before = json!({ "state": state, "on_date": on });
    record(tx, Change::new("assignments", id, Operation::Update).before(before).after(after), &subject)
}
