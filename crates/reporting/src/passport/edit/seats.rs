//! Seats of the working group given, changed and taken back.

use super::{Check, Expected, Label, change, merge, present, same_version};
use crate::passport::{
    rules::{CHAIR_POSITION, Holding, SEATS, leaderless},
    seats::{WorkingGroupSeat, all, find},
    types::{SeatId, SeatRole},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Db, Result, Tx, schema::working_group_seats as seats};
use opora_primitives::{DateWindow, Problem, ProblemCode, Reason, text::fold};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest name of an organisation and the longest position, in characters.
const WORDS: usize = 300;
/// The longest name of a person, in characters.
const NAME: usize = 200;

/// A holder of a seat as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema, AsChangeset, Insertable)]
#[serde(deny_unknown_fields)]
#[diesel(table_name = seats, treat_none_as_null = true)]
#[schema(example = json!({"seat": 1, "role": "chair", "organisation": "Министерство образования",
    "position": "Заместитель министра", "holder": "Демонстрационный Участник 01", "valid_from": "2020-05-29"}))]
#[schema(as = WorkingGroupSeatCreate)]
pub struct SeatDraft {
    /// The number of the seat.
    #[schema(minimum = 1, maximum = 13)]
    pub seat: i32,
    /// The part the holder plays. There is exactly one chair on every day on which anybody has a seat.
    pub role: SeatRole,
    /// The organisation the holder comes from.
    #[schema(min_length = 1, max_length = 300)]
    pub organisation: String,
    /// The holder's position there; the chair is a deputy minister (`заместитель министра`).
    #[schema(min_length = 1, max_length = 300)]
    pub position: String,
    /// The holder's name.
    #[schema(min_length = 1, max_length = 200)]
    pub holder: String,
    /// Whether the holder takes part "by agreement".
    #[serde(default)]
    pub by_agreement: bool,
    /// The holder's first day.
    pub valid_from: NaiveDate,
    /// The holder's last day.
    pub valid_to: Option<NaiveDate>,
}

/// What changes about a holder; the seat does not. An absent field stays, `null` clears it. Another holder of the seat is
/// a record of its own.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2020-08-31"}))]
#[schema(as = WorkingGroupSeatUpdate)]
pub struct SeatPatch {
    /// The part the holder plays.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = SeatRole, required = false)]
    pub role: Option<SeatRole>,
    /// The organisation the holder comes from.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 300)]
    pub organisation: Option<String>,
    /// The holder's position there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 300)]
    pub position: Option<String>,
    /// The holder's name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub holder: Option<String>,
    /// Whether the holder takes part "by agreement".
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub by_agreement: Option<bool>,
    /// The holder's first day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NaiveDate, required = false)]
    pub valid_from: Option<NaiveDate>,
    /// The holder's last day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
}

impl SeatPatch {
    fn apply(self, draft: &mut SeatDraft) {
        merge!(self => draft: role organisation position holder by_agreement valid_from valid_to);
    }
}

impl From<WorkingGroupSeat> for SeatDraft {
    fn from(row: WorkingGroupSeat) -> Self {
        let WorkingGroupSeat { seat, role, organisation, position, holder, by_agreement, .. } = row;
        let (valid_from, valid_to) = (row.valid_from, row.valid_to);
        Self { seat, role, organisation, position, holder, by_agreement, valid_from, valid_to }
    }
}

/// Gives a seat to a holder. The time of the holder before, if it has no end, ends the day before.
///
/// # Errors
/// All refused fields at once; `wrong_state` if the group would be without a chair on some day.
pub fn create(tx: &mut Tx, draft: &SeatDraft) -> Result<WorkingGroupSeat> {
    let mut others = all(tx)?;
    let open = |row: &&mut WorkingGroupSeat| {
        row.seat == draft.seat && row.valid_to.is_none() && row.valid_from < draft.valid_from
    };
    let ended = others.iter_mut().find(open).map(|row| {
        let before = row.clone();
        row.valid_to = draft.valid_from.pred_opt();
        (before, SeatDraft::from(row.clone()))
    });
    let row = checked(draft, &others)?;
    if let Some((before, after)) = ended {
        set(tx, &before, after)?;
    }
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let id: SeatId = diesel::insert_into(seats::table)
        .values((row, seats::updated_at.eq(at)))
        .returning(seats::id)
        .get_result(db)?;
    let seat = find(tx, id)?;
    record(tx, None, Some(&seat))?;
    Ok(seat)
}

/// Changes what is known of the holder `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    id: SeatId,
    version: impl Into<Expected>,
    patch: SeatPatch,
) -> Result<WorkingGroupSeat> {
    let before = find(tx, id)?;
    same_version(before.version, version)?;
    let mut draft = SeatDraft::from(before.clone());
    patch.apply(&mut draft);
    let others: Vec<_> = all(tx)?.into_iter().filter(|row| row.id != id).collect();
    let row = checked(&draft, &others)?;
    set(tx, &before, row)
}

/// Removes the holder `id`, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; `wrong_state` if the group would be without a chair on some day.
pub fn delete(tx: &mut Tx, id: SeatId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, id)?;
    same_version(before.version, version)?;
    let others: Vec<_> = all(tx)?.into_iter().filter(|row| row.id != id).collect();
    led(&others.iter().map(holding).collect::<Vec<_>>())?;
    diesel::delete(seats::table.find(id)).execute(&mut **tx)?;
    record(tx, Some(&before), None)
}

fn set(tx: &mut Tx, before: &WorkingGroupSeat, row: SeatDraft) -> Result<WorkingGroupSeat> {
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(seats::table.find(before.id))
        .set((row, seats::version.eq(before.version + 1), seats::updated_at.eq(at)))
        .execute(db)?;
    let after = find(tx, before.id)?;
    record(tx, Some(before), Some(&after))?;
    Ok(after)
}

fn record(tx: &mut Tx, before: Option<&WorkingGroupSeat>, after: Option<&WorkingGroupSeat>) -> Result<()> {
    if let Some(row) = after.or(before) {
        let label =
            |row: &WorkingGroupSeat| Label::new(json!({"seat": row.seat, "valid_from": row.valid_from}));
        tx.record(change("working-group/seats", row.id, before, after, label)?);
    }
    Ok(())
}

fn holding(row: &WorkingGroupSeat) -> Holding {
    let time = DateWindow { from: row.valid_from, to: row.valid_to };
    Holding { seat: row.seat, role: row.role, time }
}

/// `draft` with its texts trimmed, if every field is right and it goes together with the `others`.
fn checked(draft: &SeatDraft, others: &[WorkingGroupSeat]) -> Result<SeatDraft> {
    let mut check = Check::default();
    check.unless((1..=SEATS).contains(&draft.seat), "/seat", Reason::OutOfRange);
    let organisation = check.line("/organisation", &draft.organisation, WORDS);
    let position = check.line("/position", &draft.position, WORDS);
    let holder = check.line("/holder", &draft.holder, NAME);
    let chairs = draft.role != SeatRole::Chair || fold(&position).contains(CHAIR_POSITION);
    check.unless(chairs, "/position", Reason::Contradiction);
    check.in_order("/valid_to", Some(draft.valid_from), draft.valid_to);
    let time = DateWindow { from: draft.valid_from, to: draft.valid_to };
    let own = Holding { seat: draft.seat, role: draft.role, time };
    let mut holdings: Vec<Holding> = others.iter().map(holding).collect();
    check.unless(!holdings.iter().any(|other| own.crowds(other)), "/seat", Reason::AlreadyTaken);
    check.unless(!holdings.iter().any(|other| own.rivals(other)), "/role", Reason::AlreadyTaken);
    check.done()?;
    holdings.push(own);
    led(&holdings)?;
    Ok(SeatDraft { organisation, position, holder, ..draft.clone() })
}

/// Refuses a group that somebody has a seat in while nobody leads it.
fn led(holdings: &[Holding]) -> Result<()> {
    match leaderless(holdings) {
        None => Ok(()),
        Some(day) => {
            let words = (
                format!("on {day} the working group would have members and no chair"),
                format!("{}: в рабочей группе были бы участники без председателя", day.format("%d.%m.%Y")),
            );
            Err(Problem::new(ProblemCode::WrongState, words).into())
        }
    }
}
