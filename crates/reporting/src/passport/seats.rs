//! The seats of the working group and who held them when.

use super::types::{SeatId, SeatRole};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Both, Change, Db, Operation, Result, Tx, schema::working_group_seats as seats};
use opora_primitives::{Cursor, Limit, Moment, Page};
use serde::Serialize;
use serde_json::json;

/// One holder's time in a seat of the working group. Its natural key is the seat and the first day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = seats)]
pub struct WorkingGroupSeat {
    /// Its id.
    pub id: SeatId,
    /// The number of the seat.
    #[schema(minimum = 1, maximum = 13, example = 1)]
    pub seat: i32,
    /// The part the holder plays.
    pub role: SeatRole,
    /// The organisation the holder comes from.
    #[schema(example = "Министерство образования")]
    pub organisation: String,
    /// The holder's position there.
    #[schema(example = "Заместитель министра")]
    pub position: String,
    /// The holder's name.
    #[schema(example = "Демонстрационный Участник 01")]
    pub holder: String,
    /// Whether the holder takes part "by agreement": the act cannot bind the organisation (decision 20).
    pub by_agreement: bool,
    /// The holder's first day.
    pub valid_from: NaiveDate,
    /// The holder's last day.
    pub valid_to: Option<NaiveDate>,
    /// Counts the changes.
    #[schema(minimum = 1, example = 1)]
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Moment,
}

/// Which seats are wanted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Held on this day; without one, all that were ever held.
    pub on: Option<NaiveDate>,
    /// With this number.
    pub seat: Option<i32>,
    /// With this role.
    pub role: Option<SeatRole>,
}

/// Holders by seat and first day.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<WorkingGroupSeat>> {
    let scope = format!("seats {filter:?}");
    let mut query = rows();
    if let Some(on) = filter.on {
        let not_over = seats::valid_to.is_null().or(seats::valid_to.assume_not_null().ge(on));
        query = query.filter(seats::valid_from.le(on)).filter(not_over);
    }
    if let Some(seat) = filter.seat {
        query = query.filter(seats::seat.eq(seat));
    }
    if let Some(role) = filter.role {
        query = query.filter(seats::role.eq(role));
    }
    if let Some(cursor) = cursor {
        let (seat, from) = Cursor::decode::<(i32, NaiveDate)>(&scope, cursor)?;
        let later = seats::seat.eq(seat).and(seats::valid_from.gt(from));
        query = query.filter(seats::seat.gt(seat).or(later));
    }
    let rows = query.order((seats::seat, seats::valid_from)).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |row: &WorkingGroupSeat| (row.seat, row.valid_from)))
}

/// The holder `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: SeatId) -> Result<WorkingGroupSeat> {
    Ok(rows().filter(seats::id.eq(id)).first(db)?)
}

/// Every holder there ever was: what the rules look at.
///
/// # Errors
/// Faults of the database.
pub fn all(db: &mut Db) -> Result<Vec<WorkingGroupSeat>> {
    Ok(rows().order((seats::seat, seats::valid_from)).load(db)?)
}

/// Leaves the audit record of a reading of the names of `shown`: ids, no names. Nothing if nobody was shown.
pub fn note_reading(tx: &mut Tx, shown: &[SeatId]) {
    if !shown.is_empty() {
        let what = json!({ "seat_ids": shown, "shown": shown.len() });
        tx.record(Change::new("working-group/seats", "", Operation::Read).after(what));
    }
}

type Wanted = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::Select<seats::table, diesel::helper_types::AsSelect<WorkingGroupSeat, Both>>,
    Both,
>;

fn rows() -> Wanted {
    seats::table.select(WorkingGroupSeat::as_select()).into_boxed()
}
