//! Designations: an act names a school or a municipality for a part in the system of support.

use super::scope::{bounds, visible_schools, with_districts};
use crate::types::{DesignationId, DesignationKind};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Db, Result, schema::designations};
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, SchoolId};
use serde::Serialize;

/// A designation of a school or of a municipality.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = designations)]
pub struct Designation {
    /// Its id.
    pub id: DesignationId,
    /// What for.
    pub kind: DesignationKind,
    /// The school, if a school is designated.
    pub school_id: Option<SchoolId>,
    /// The municipality, if a municipality is designated.
    pub municipality_id: Option<MunicipalityId>,
    /// The act.
    pub act: Option<String>,
    /// The date of the act.
    pub act_date: Option<NaiveDate>,
    /// From when.
    pub valid_from: Option<NaiveDate>,
    /// Until when.
    pub valid_to: Option<NaiveDate>,
    /// Counts the changes.
    pub version: i64,
}

/// Designations by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, area: Area, kind: Option<DesignationKind>, limit: Limit, cursor: Option<&str>) -> Result<Page<Designation>> {
    let scope = format!("designations {kind:?}");
    let mut query = designations::table.select(Designation::as_select()).into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        let own = designations::school_id.assume_not_null().eq_any(visible_schools(municipality, school));
        query = match area {
            Area::Municipality(id) => query.filter(own.or(designations::municipality_id.eq_any(with_districts(id)))),
            _ => query.filter(own),
        };
    }
    if let Some(kind) = kind {
        query = query.filter(designations::kind.eq(kind));
    }
    if let Some(cursor) = cursor {
        query = query.filter(designations::id.gt(Cursor::decode::<DesignationId>(&scope, cursor)?));
    }
    let rows = query.order(designations::id).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |d: &Designation| d.id))
}

/// Every designation: an input of the models' rules.
///
/// # Errors
/// Faults of the database.
pub fn all(db: &mut Db) -> Result<Vec<Designation>> {
    Ok(designations::table.select(Designation::as_select()).order(designations::id).load(db)?)
}
