//! The assignments there are, against which a new one is checked before it is written.

use super::{
    facts,
    lives::{self, Life},
};
use crate::{
    rules::{DatedEvent, exclusions},
    types::{AssignmentEventId, AssignmentId, EventKind, ModelCode, ProposalId, SubjectRef},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Result, Tx,
    schema::{assignment_events, assignments, schools},
};
use opora_primitives::{DateWindow, MunicipalityId, Problem, ProblemCode, Reason, SchoolId};
use opora_schools::{
    registry::{municipalities, staff, succession::Lines},
    types::StaffId,
};
use serde_json::json;
use std::collections::BTreeMap;

/// What a new assignment is made from.
#[derive(Clone, Debug)]
pub(super) struct NewAssignment {
    /// The proposal it follows from, if any.
    pub(super) proposal: Option<ProposalId>,
    /// The model.
    pub(super) model: ModelCode,
    /// Whom it is of.
    pub(super) subject: SubjectRef,
    /// Its term; support begins on its first day.
    pub(super) term: DateWindow,
    /// The day of which acts are asked.
    pub(super) checked_on: NaiveDate,
    /// Whether it is made by hand, though the rules may not hold the subject.
    pub(super) exception: bool,
    /// Why.
    pub(super) reason: Option<String>,
    /// Who decided.
    pub(super) actor: Option<i64>,
}

/// Whom assignments are of. A person is the same one at every school (D290).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    School(SchoolId),
    /// By the last successor.
    Municipality(MunicipalityId),
    Person(StaffId),
}

/// Assignments by whom they are of.
pub(super) struct Ledger {
    lives: BTreeMap<Key, Vec<Life>>,
    lines: Lines,
}

impl Ledger {
    /// All assignments: for many decisions at once.
    pub(super) fn all(db: &mut Db) -> Result<Self> {
        Ok(Self::of(lives::all(db)?, municipalities::lines(db)?))
    }

    /// The assignments that a decision about `subject` may clash with.
    pub(super) fn around(db: &mut Db, subject: &SubjectRef) -> Result<Self> {
        let (school, people) = match *subject {
            SubjectRef::Municipality { municipality } => {
                let lines = municipalities::lines(db)?;
                return Ok(Self::of(lives::of_municipalities(db, &lines.family(municipality))?, lines));
            }
            SubjectRef::School { school } => (school, staff::heads(db, school)?),
            SubjectRef::Leader { school, staff } | SubjectRef::Teacher { school, staff } => {
                (school, vec![staff])
            }
        };
        Ok(Self::of(lives::around_school(db, school, &people)?, Lines::default()))
    }

    fn of(lives: Vec<Life>, lines: Lines) -> Self {
        let mut ledger = Self { lives: BTreeMap::new(), lines };
        for life in lives {
            ledger.lives.entry(ledger.key(&life.subject)).or_default().push(life);
        }
        ledger
    }

    fn key(&self, subject: &SubjectRef) -> Key {
        match *subject {
            SubjectRef::School { school } => Key::School(school),
            SubjectRef::Municipality { municipality } => Key::Municipality(self.lines.last(municipality)),
            SubjectRef::Leader { staff, .. } | SubjectRef::Teacher { staff, .. } => Key::Person(staff),
        }
    }

    fn of_key(&self, key: Key) -> &[Life] {
        self.lives.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether two subjects of one key are one: a municipality and its successor are, two that joined the same are not.
    fn same(&self, one: &SubjectRef, other: &SubjectRef) -> bool {
        match (one.municipality(), other.municipality()) {
            (Some(one), Some(other)) => self.lines.related(one, other),
            _ => true,
        }
    }

    /// Writes `new` with its `started` event, after the checks.
    ///
    /// # Errors
    /// [`ProblemCode::AlreadyExists`] if the subject has the model on some of the days; [`ProblemCode::ModelExcluded`]
    /// if another model excludes it; [`ProblemCode::NotEligible`] without a proposal, if the rules do not hold the subject
    /// and it is no exception.
    pub(super) fn assign(&mut self, tx: &mut Tx, new: &NewAssignment) -> Result<AssignmentId> {
        self.check_double(new)?;
        self.check_exclusion(tx, new)?;
        let exception = new.proposal.is_none() && !Self::check_eligibility(tx, new)?;
        let id = insert(tx, new, exception)?;
        let started = DatedEvent { id: AssignmentEventId(0), on: new.term.from, kind: EventKind::Started };
        let life = Life { id, model: new.model, subject: new.subject, term: new.term, events: vec![started] };
        self.lives.entry(self.key(&new.subject)).or_default().push(life);
        Ok(id)
    }

    fn check_double(&self, new: &NewAssignment) -> Result<()> {
        let same = |life: &&Life| life.model == new.model && self.same(&life.subject, &new.subject);
        let clash = self
            .of_key(self.key(&new.subject))
            .iter()
            .filter(same)
            .find(|life| life.span().is_some_and(|span| span.overlaps(&new.term)));
        match clash {
            None => Ok(()),
            Some(life) => Err(Problem::new(
                ProblemCode::AlreadyExists,
                (
                    format!("assignment {} of {} covers some of these days", life.id, new.model),
                    format!("назначение {} модели {} уже занимает часть этих дней", life.id, new.model),
                ),
            )
            .into()),
        }
    }

    /// The first and the second model of a school exclude the fourth of its head, whichever comes first: by assignment on
    /// any day of the term, and by an act on the day the new one is asked of (D197). Asked of the facts of now, not of
    /// those the proposal was made from: the head is whoever the register has now (D290).
    fn check_exclusion(&self, db: &mut Db, new: &NewAssignment) -> Result<()> {
        let others = exclusions(new.model);
        let Some(school) = new.subject.school().filter(|_| !others.is_empty()) else { return Ok(()) };
        let rivals = match new.subject.staff() {
            Some(_) => vec![Key::School(school)],
            None => staff::heads(db, school)?.into_iter().map(Key::Person).collect(),
        };
        let clash = rivals
            .into_iter()
            .flat_map(|key| self.of_key(key))
            .filter(|life| others.contains(&life.model))
            .find(|life| life.span().is_some_and(|span| span.overlaps(&new.term)));
        if let Some(Life { id, model, .. }) = clash {
            return Err(excluded(
                new.model,
                format!("assignment {id} of {model} covers some of these days"),
                format!("назначение {id} модели {model} занимает часть этих дней"),
            ));
        }
        if new.model != ModelCode::M4 {
            return Ok(());
        }
        let takes_part = facts::participation(db, school, new.checked_on)?;
        match others.iter().find(|other| takes_part.contains(other)) {
            None => Ok(()),
            Some(other) => Err(excluded(
                new.model,
                format!("the school is in {other} by an act"),
                format!("школа участвует в модели {other} по акту"),
            )),
        }
    }

    /// Whether the rules hold the subject of `new` on its first day; if not, it must be an exception (D198).
    fn check_eligibility(db: &mut Db, new: &NewAssignment) -> Result<bool> {
        let held = facts::held_by_rules(db, new.model, new.subject, new.term.from)?;
        if held || new.exception {
            return Ok(held);
        }
        let (model, on) = (new.model, new.term.from);
        let words = (
            format!(
                "the rules of {model} do not propose it on {on}; to assign it all the same, say `exception`"
            ),
            format!(
                "по правилам модели {model} на {on} участник не предлагается; чтобы назначить всё же, укажите `exception`"
            ),
        );
        Err(Problem::new(ProblemCode::NotEligible, words).into())
    }
}

fn excluded(model: ModelCode, en: String, ru: String) -> Error {
    let words = (format!("{model} is excluded: {en}"), format!("модель {model} исключена: {ru}"));
    Problem::new(ProblemCode::ModelExcluded, words).into()
}

/// The days from `from` to `to`, inside the period of the model that holds the first of them; without a last day, to the
/// end of that period (D190).
///
/// # Errors
/// A field that is outside the period, or a term that ends before it starts.
pub(super) fn term_of(model: ModelCode, from: NaiveDate, to: Option<NaiveDate>) -> Result<DateWindow> {
    term_within(model.model().period_on(from), from, to)
}

/// The days from `from` to `to`, inside `period`; without a last day, to its end.
///
/// # Errors
/// As [`term_of`].
pub(super) fn term_within(
    period: Option<DateWindow>,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<DateWindow> {
    let refused = |pointer: &str, reason| Problem::field(pointer, reason);
    let term = DateWindow::new(from, to).map_err(|reason| refused("/valid_to", reason))?;
    let period = period.filter(|period| period.contains(from));
    let period = period.ok_or_else(|| refused("/valid_from", Reason::OutsideTerm))?;
    match (term.to, period.to) {
        (Some(to), Some(last)) if last < to => Err(refused("/valid_to", Reason::OutsideTerm).into()),
        (to, last) => Ok(DateWindow { from, to: to.or(last) }),
    }
}

fn insert(tx: &mut Tx, new: &NewAssignment, exception: bool) -> Result<AssignmentId> {
    let (at, subject) = (tx.at, new.subject);
    let row = (
        assignments::proposal_id.eq(new.proposal),
        assignments::model.eq(new.model),
        assignments::subject_kind.eq(subject.kind()),
        assignments::school_id.eq(subject.school()),
        assignments::municipality_id.eq(subject.municipality()),
        assignments::staff_id.eq(subject.staff()),
        assignments::valid_from.eq(new.term.from),
        assignments::valid_to.eq(new.term.to),
        assignments::exception.eq(exception),
        assignments::created_at.eq(at),
    );
    let id: AssignmentId = diesel::insert_into(assignments::table)
        .values(row)
        .returning(assignments::id)
        .get_result(&mut **tx)?;
    add_event(tx, id, EventKind::Started, new.term.from, new.reason.as_deref(), new.actor)?;
    let after = json!({
        "model": new.model, "subject": subject, "valid_from": new.term.from, "valid_to": new.term.to,
        "proposal_id": new.proposal, "exception": exception, "reason": new.reason,
    });
    let change = Change::new("assignments", id, Operation::Create).after(after);
    record(tx, change, &subject)?;
    Ok(id)
}

/// Adds a row to the events of `assignment`; the history is checked by the caller.
pub(super) fn add_event(
    tx: &mut Tx,
    assignment: AssignmentId,
    kind: EventKind,
    on: NaiveDate,
    reason: Option<&str>,
    actor: Option<i64>,
) -> Result<()> {
    let row = (
        assignment_events::assignment_id.eq(assignment),
        assignment_events::kind.eq(kind),
        assignment_events::on_date.eq(on),
        assignment_events::reason.eq(reason),
        assignment_events::actor_id.eq(actor),
        assignment_events::recorded_at.eq(tx.at),
    );
    diesel::insert_into(assignment_events::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Notes `change` for the audit and the journal, with the school and the municipality that `subject` belongs to.
pub(super) fn record(tx: &mut Tx, change: Change, subject: &SubjectRef) -> Result<()> {
    let home = match subject.school() {
        Some(school) => schools::table
            .find(school)
            .select(schools::municipality_id)
            .first(&mut **tx)
            .optional()?
            .flatten(),
        None => subject.municipality(),
    };
    let names_people = matches!(subject, SubjectRef::Leader { .. } | SubjectRef::Teacher { .. });
    let change = Change { school: subject.school(), names_people, ..change.of_municipality(home) };
    tx.record(change);
    Ok(())
}
