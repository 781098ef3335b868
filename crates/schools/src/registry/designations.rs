//! Designations: an act names a school or a municipality for a part in the system of support.

use super::scope::{bounds, visible_schools, with_districts};
use crate::types::{DesignationId, DesignationKind};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{Both, Db, Result, schema::designations};
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, SchoolId};
use serde::Serialize;

/// A designation of a school or of a municipality.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = designations)]
pub struct Designation {
    /// Its id.
    pub id: DesignationId,
    /// What the act designates for.
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

/// Which designations are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// For this.
    pub kind: Option<DesignationKind>,
    /// Of this school.
    pub school: Option<SchoolId>,
    /// Of this municipality.
    pub municipality: Option<MunicipalityId>,
}

/// Designations by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Designation>> {
    let scope = format!("designations {filter:?}");
    let mut query = visible(area);
    if let Some(kind) = filter.kind {
        query = query.filter(designations::kind.eq(kind));
    }
    if let Some(school) = filter.school {
        query = query.filter(designations::school_id.eq(school));
    }
    if let Some(municipality) = filter.municipality {
        query = query.filter(designations::municipality_id.eq(municipality));
    }
    if let Some(cursor) = cursor {
        query = query.filter(designations::id.gt(Cursor::decode::<DesignationId>(&scope, cursor)?));
    }
    let rows = query.order(designations::id).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |d: &Designation| d.id))
}

/// The designation `id`.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, id: DesignationId) -> Result<Designation> {
    Ok(visible(area).filter(designations::id.eq(id)).first(db)?)
}

type Wanted = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::Select<designations::table, diesel::helper_types::AsSelect<Designation, Both>>,
    Both,
>;

/// What a reader of `area` may see.
fn visible(area: Area) -> Wanted {
    let query = designations::table.select(Designation::as_select()).into_boxed();
    let Some((municipality, school)) = bounds(area) else { return query };
    let own = designations::school_id.assume_not_null().eq_any(visible_schools(municipality, school));
    match area {
        Area::Municipality(id) => {
            query.filter(own.or(designations::municipality_id.eq_any(with_districts(id))))
        }
        _ => query.filter(own),
    }
}

/// Every designation: an input of the models' rules.
///
/// # Errors
/// Faults of the database.
pub fn all(db: &mut Db) -> Result<Vec<Designation>> {
    Ok(designations::table.select(Designation::as_select()).order(designations::id).load(db)?)
}
