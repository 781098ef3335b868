//! Assignments with their events, as the rules ask for them.

use crate::{
    rules::{DatedEvent, active_at_any_time, state_in_term},
    types::{
        AssignmentEventId, AssignmentId, AssignmentState, EventKind, ModelCode, SubjectKind, SubjectRef,
    },
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{assignment_events, assignments},
};
use opora_primitives::{DateWindow, MunicipalityId, SchoolId};
use opora_schools::types::StaffId;
use std::collections::BTreeMap;

/// An assignment and everything that happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The assignment.
    pub id: AssignmentId,
    /// The model.
    pub model: ModelCode,
    /// Whom it is of.
    pub subject: SubjectRef,
    /// Its term.
    pub term: DateWindow,
    /// Its events, in any order.
    pub events: Vec<DatedEvent>,
}

impl Life {
    /// The state at the end of `day`.
    ///
    /// # Errors
    /// A stored history that does not hold together, which the writes do not allow.
    pub fn state_on(&self, day: NaiveDate) -> Result<AssignmentState> {
        state_in_term(&self.events, self.term, day).map_err(|e| self.broken(&e))
    }

    /// Whether it was active at the end of some day of `window`.
    ///
    /// # Errors
    /// As [`Self::state_on`].
    pub fn active_during(&self, window: DateWindow) -> Result<bool> {
        active_at_any_time(&self.events, self.term, window).map_err(|e| self.broken(&e))
    }

    /// The days it takes up: its term, cut short by its end. `None` if it was called off before its first day was over.
    pub fn span(&self) -> Option<DateWindow> {
        let ended = self.events.iter().filter(|e| e.kind == EventKind::Ended).map(|e| e.on).min();
        let last = ended.and_then(|day| day.pred_opt());
        let to = last.into_iter().chain(self.term.to).min();
        DateWindow::new(self.term.from, to).ok()
    }

    fn broken(&self, problem: &opora_primitives::Problem) -> Error {
        Error::fault(format!("history of assignment {}: {problem}", self.id))
    }
}

/// Every assignment, by id.
///
/// # Errors
/// Faults of the database.
pub fn all(db: &mut Db) -> Result<Vec<Life>> {
    let rows = assignments::table.select(COLUMNS).order(assignments::id).load(db)?;
    let events = assignment_events::table.select(EVENT_COLUMNS).order(assignment_events::id).load(db)?;
    assemble(rows, events)
}

/// The assignments that were recorded at a school, and those of `people` wherever they were recorded: a person keeps them
/// when changing school.
///
/// # Errors
/// Faults of the database.
pub fn around_school(db: &mut Db, school: SchoolId, people: &[StaffId]) -> Result<Vec<Life>> {
    let of_people = assignments::staff_id.eq_any(people.to_vec());
    let rows = assignments::table
        .filter(assignments::school_id.eq(school).or(of_people))
        .select(COLUMNS)
        .order(assignments::id)
        .load(db)?;
    with_events(db, rows)
}

/// The assignments of municipalities themselves.
///
/// # Errors
/// Faults of the database.
pub fn of_municipalities(db: &mut Db, municipalities: &[MunicipalityId]) -> Result<Vec<Life>> {
    let rows = assignments::table
        .filter(assignments::municipality_id.eq_any(municipalities.to_vec()))
        .select(COLUMNS)
        .order(assignments::id)
        .load(db)?;
    with_events(db, rows)
}

/// The dated events of `ids`, by assignment.
pub(super) fn events_of(
    db: &mut Db,
    ids: &[AssignmentId],
) -> Result<BTreeMap<AssignmentId, Vec<DatedEvent>>> {
    let events = assignment_events::table
        .filter(assignment_events::assignment_id.eq_any(ids.to_vec()))
        .select(EVENT_COLUMNS)
        .order(assignment_events::id)
        .load(db)?;
    Ok(by_assignment(events))
}

type Row = (
    AssignmentId,
    ModelCode,
    (SubjectKind, Option<SchoolId>, Option<MunicipalityId>, Option<StaffId>),
    NaiveDate,
    Option<NaiveDate>,
);
type EventRow = (AssignmentId, AssignmentEventId, NaiveDate, EventKind);

const COLUMNS: (
    assignments::id,
    assignments::model,
    (assignments::subject_kind, assignments::school_id, assignments::municipality_id, assignments::staff_id),
    assignments::valid_from,
    assignments::valid_to,
) = (
    assignments::id,
    assignments::model,
    (assignments::subject_kind, assignments::school_id, assignments::municipality_id, assignments::staff_id),
    assignments::valid_from,
    assignments::valid_to,
);
const EVENT_COLUMNS: (
    assignment_events::assignment_id,
    assignment_events::id,
    assignment_events::on_date,
    assignment_events::kind,
) = (
    assignment_events::assignment_id,
    assignment_events::id,
    assignment_events::on_date,
    assignment_events::kind,
);

fn with_events(db: &mut Db, rows: Vec<Row>) -> Result<Vec<Life>> {
    let ids: Vec<_> = rows.iter().map(|row| row.0).collect();
    let mut events = events_of(db, &ids)?;
    rows.into_iter().map(|row| life(row, &mut events)).collect()
}

fn assemble(rows: Vec<Row>, events: Vec<EventRow>) -> Result<Vec<Life>> {
    let mut events = by_assignment(events);
    rows.into_iter().map(|row| life(row, &mut events)).collect()
}

fn by_assignment(rows: Vec<EventRow>) -> BTreeMap<AssignmentId, Vec<DatedEvent>> {
    let mut events: BTreeMap<AssignmentId, Vec<DatedEvent>> = BTreeMap::new();
    for (assignment, id, on, kind) in rows {
        events.entry(assignment).or_default().push(DatedEvent { id, on, kind });
    }
    events
}

fn life(row: Row, events: &mut BTreeMap<AssignmentId, Vec<DatedEvent>>) -> Result<Life> {
    let (id, model, (kind, school, municipality, staff), from, to) = row;
    let subject = SubjectRef::from_columns(kind, school, municipality, staff)
        .map_err(|_| Error::fault(format!("subject of assignment {id}")))?;
    Ok(Life {
        id,
        model,
        subject,
        term: DateWindow { from, to },
        events: events.remove(&id).unwrap_or_default(),
    })
}
