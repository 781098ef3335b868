//! Versions of the list of low-result schools, as Rosobrnadzor sent them. A version never changes; a corrected list is
//! a new one.

use super::scope::{bounds, visible_schools};
use crate::types::ListId;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{list_entries, lists, schools},
};
use opora_primitives::{Area, Cursor, Limit, Moment, Page, SchoolCode, SchoolId};
use serde::Serialize;

/// A version of the list of a year.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = lists)]
#[schema(as = SchoolList)]
pub struct List {
    /// Its id: what a verdict names as the list it used.
    pub id: ListId,
    /// The year of the list.
    #[schema(minimum = 2000, maximum = 2100, example = 2020)]
    pub list_year: i32,
    /// Which version of that year, from 1.
    #[schema(minimum = 1, example = 1)]
    pub revision: i32,
    /// Where it came from.
    #[schema(example = "Рособрнадзор")]
    pub source: Option<String>,
    /// The act it came with.
    pub act: Option<String>,
    /// The date of that act.
    pub act_date: Option<NaiveDate>,
    /// A note.
    pub note: Option<String>,
    /// How many schools stand on it, in the whole region.
    #[schema(minimum = 0, example = 115)]
    pub schools: i32,
    /// When it was loaded.
    pub created_at: Moment,
}

/// A school on a list.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, utoipa::ToSchema)]
pub struct ListedSchool {
    /// The school.
    pub school_id: SchoolId,
    /// Its code.
    pub school_code: SchoolCode,
    /// Its name.
    pub name: String,
}

/// All versions, the newest year first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, year: Option<i32>, limit: Limit, cursor: Option<&str>) -> Result<Page<List>> {
    let scope = format!("lists {year:?}");
    let mut query = lists::table.select(List::as_select()).into_boxed();
    if let Some(year) = year {
        query = query.filter(lists::list_year.eq(year));
    }
    if let Some(cursor) = cursor {
        let (year, revision): (i32, i32) = Cursor::decode(&scope, cursor)?;
        query = query.filter(
            lists::list_year.lt(year).or(lists::list_year.eq(year).and(lists::revision.lt(revision))),
        );
    }
    let rows =
        query.order((lists::list_year.desc(), lists::revision.desc())).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |l: &List| (l.list_year, l.revision)))
}

/// The version `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: ListId) -> Result<List> {
    Ok(lists::table.find(id).select(List::as_select()).first(db)?)
}

/// The newest version of `year`, or of the newest year.
///
/// # Errors
/// Not found.
pub fn newest(db: &mut Db, year: Option<i32>) -> Result<List> {
    let mut query = lists::table.select(List::as_select()).into_boxed();
    if let Some(year) = year {
        query = query.filter(lists::list_year.eq(year));
    }
    Ok(query.order((lists::list_year.desc(), lists::revision.desc())).first(db)?)
}

/// The schools of a version that the reader may see, by code.
///
/// # Errors
/// A cursor of another list.
pub fn entries(
    db: &mut Db,
    area: Area,
    id: ListId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ListedSchool>> {
    let scope = format!("list entries {id}");
    let mut query = list_entries::table
        .inner_join(schools::table)
        .filter(list_entries::list_id.eq(id))
        .select((schools::id, schools::code, schools::name))
        .into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(list_entries::school_id.eq_any(visible_schools(municipality, school)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(schools::code.gt(Cursor::decode::<String>(&scope, cursor)?));
    }
    let rows = query.order(schools::code).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |s: &ListedSchool| s.school_code.clone()))
}

/// The ids of all schools on a version, ascending.
///
/// # Errors
/// Faults of the database.
pub fn members(db: &mut Db, id: ListId) -> Result<Vec<SchoolId>> {
    Ok(list_entries::table
        .filter(list_entries::list_id.eq(id))
        .select(list_entries::school_id)
        .order(list_entries::school_id)
        .load(db)?)
}
