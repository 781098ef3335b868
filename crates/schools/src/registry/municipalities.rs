//! Municipalities: districts, okrugs and the districts of a city.

use super::{
    scope::with_districts,
    succession::{Lines, Territory},
};
use crate::types::MunicipalityKind;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{former_homes, municipalities, schools},
};
use opora_primitives::{Area, Cursor, Limit, Moment, MunicipalityId, Oktmo, Page, SchoolId, text};
use serde::Serialize;

/// A municipality.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = municipalities)]
pub struct Municipality {
    /// Its id.
    pub id: MunicipalityId,
    /// Its code in the territory classifier; the natural key.
    pub oktmo: Oktmo,
    /// Its name, without the word for its kind.
    #[schema(example = "Уренский")]
    pub name: String,
    /// The kind of municipality.
    pub kind: MunicipalityKind,
    /// The city a city district lies in.
    pub parent_id: Option<MunicipalityId>,
    /// The municipality that it became or joined when its code ended.
    pub successor_id: Option<MunicipalityId>,
    /// From when the code is valid.
    pub valid_from: Option<NaiveDate>,
    /// Until when the code is valid.
    pub valid_to: Option<NaiveDate>,
    /// Counts the changes; the ETag is made from it.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Moment,
}

impl Municipality {
    /// Whether its code is in force on `day`.
    pub fn in_force_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether it is a municipal system of its own, in force on `day`: no city district.
    pub fn is_system_on(&self, day: NaiveDate) -> bool {
        self.in_force_on(day) && self.kind != MunicipalityKind::CityDistrict
    }
}

/// Which municipalities are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the name; case and `ё` do not matter.
    pub name: Option<String>,
    /// Of this kind.
    pub kind: Option<MunicipalityKind>,
    /// Valid on this day.
    pub on: Option<NaiveDate>,
}

/// Municipalities by code.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Municipality>> {
    let scope = format!("municipalities {filter:?}");
    let mut query = municipalities::table.select(Municipality::as_select()).into_boxed();
    match area {
        Area::Region => {}
        Area::Municipality(id) => {
            query = query.filter(municipalities::id.nullable().eq_any(with_districts(id)));
        }
        Area::School(id) => {
            let own = home_of(db, id)?;
            query = query.filter(municipalities::id.eq(own.unwrap_or(MunicipalityId(0))));
        }
    }
    if let Some(name) = &filter.name {
        query = query.filter(municipalities::name_folded.like(text::contains_pattern(name)).escape('\\'));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(municipalities::kind.eq(kind));
    }
    if let Some(day) = filter.on {
        query = query
            .filter(municipalities::valid_from.is_null().or(municipalities::valid_from.le(day)))
            .filter(municipalities::valid_to.is_null().or(municipalities::valid_to.ge(day)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(municipalities::oktmo.gt(Cursor::decode::<String>(&scope, cursor)?));
    }
    let rows = query.order(municipalities::oktmo).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |m: &Municipality| m.oktmo.clone()))
}

/// The municipality `id`.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, id: MunicipalityId) -> Result<Municipality> {
    let mut query = municipalities::table
        .filter(municipalities::id.eq(id))
        .select(Municipality::as_select())
        .into_boxed();
    match area {
        Area::Region => {}
        Area::Municipality(own) => {
            query = query.filter(municipalities::id.nullable().eq_any(with_districts(own)));
        }
        Area::School(school) => {
            let own = home_of(db, school)?;
            query = query.filter(municipalities::id.eq(own.unwrap_or(MunicipalityId(0))));
        }
    }
    Ok(query.first(db)?)
}

/// The municipality of a school, which its readers may look at.
pub(super) fn home_of(db: &mut Db, school: SchoolId) -> Result<Option<MunicipalityId>> {
    Ok(schools::table.find(school).select(schools::municipality_id).first(db).optional()?.flatten())
}

/// Every municipality: the rules of later crates count by municipal system.
///
/// # Errors
/// Faults of the database.
pub fn all(db: &mut Db) -> Result<Vec<Municipality>> {
    Ok(municipalities::table.select(Municipality::as_select()).order(municipalities::oktmo).load(db)?)
}

/// Every municipality with those before and after it.
///
/// # Errors
/// Faults of the database.
pub fn lines(db: &mut Db) -> Result<Lines> {
    Ok(Lines::of(all(db)?))
}

/// Every municipality, and where the schools are on the lines.
///
/// # Errors
/// Faults of the database.
pub fn territory(db: &mut Db) -> Result<Territory> {
    let lines = lines(db)?;
    let present: Vec<(SchoolId, Option<MunicipalityId>)> =
        schools::table.select((schools::id, schools::municipality_id)).load(db)?;
    let left: Vec<(SchoolId, MunicipalityId)> = former_homes::table
        .order(former_homes::id)
        .select((former_homes::school_id, former_homes::municipality_id))
        .load(db)?;
    let present = present.into_iter().filter_map(|(school, home)| Some((school, home?)));
    Ok(Territory::of(lines, present, &left))
}
