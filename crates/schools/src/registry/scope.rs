//! The reader's area as a filter.

use super::municipalities::home_of;
use diesel::{dsl::auto_type, prelude::*};
use opora_db::{
    Db, Result,
    journal::Audience,
    schema::{municipality_areas, schools},
};
use opora_primitives::{Area, MunicipalityId, SchoolId};

// The same table once more, under another name: the filter stands inside queries over schools.
diesel::alias!(schools as inside: Inside);

/// The ends of an area as two ids, one of which no row has. `None` for the whole region, where no filter is needed.
pub fn bounds(area: Area) -> Option<(MunicipalityId, SchoolId)> {
    match area {
        Area::Region => None,
        Area::Municipality(id) => Some((id, SchoolId(0))),
        Area::School(id) => Some((MunicipalityId(0), id)),
    }
}

/// The ids of the schools inside [`bounds`], as a subquery.
#[auto_type]
pub fn visible_schools(municipality: MunicipalityId, school: SchoolId) -> _ {
    let homes: with_districts = with_districts(municipality);
    let there = inside.field(schools::municipality_id).eq_any(homes).assume_not_null();
    let itself = inside.field(schools::id).eq(school);
    inside.filter(itself.or(there)).select(inside.field(schools::id))
}

/// What lies in the area of a municipality, as a subquery over the nullable column of schools: itself, the districts of a
/// city, and the municipalities that became it or joined it.
#[auto_type]
pub fn with_districts(id: MunicipalityId) -> _ {
    let own = municipality_areas::area_id.eq(id);
    municipality_areas::table.filter(own).select(municipality_areas::municipality_id.nullable())
}

/// The same, read.
///
/// # Errors
/// Faults of the database.
pub fn inside_area(db: &mut Db, id: MunicipalityId) -> Result<Vec<MunicipalityId>> {
    let own = municipality_areas::table.filter(municipality_areas::area_id.eq(id));
    Ok(own.select(municipality_areas::municipality_id).load(db)?)
}

/// Whether all of `part` lies in `whole`.
///
/// # Errors
/// Faults of the database.
pub fn lies_within(db: &mut Db, part: Area, whole: Area) -> Result<bool> {
    Ok(match (part, whole) {
        (_, Area::Region) => true,
        (Area::Municipality(id), Area::Municipality(of)) => inside_area(db, of)?.contains(&id),
        (Area::School(id), Area::School(of)) => id == of,
        (Area::School(id), Area::Municipality(of)) => {
            let there =
                schools::id.eq(id).and(schools::municipality_id.eq_any(with_districts(of)).assume_not_null());
            let found: i64 = schools::table.filter(there).count().get_result(db)?;
            found > 0
        }
        (Area::Region, _) | (Area::Municipality(_), Area::School(_)) => false,
    })
}

/// The area as the change journal knows it.
///
/// # Errors
/// Faults of the database.
pub fn audience(db: &mut Db, area: Area) -> Result<Audience> {
    Ok(match area {
        Area::Region => Audience::Region,
        Area::School(id) => Audience::School { id, home: home_of(db, id)? },
        Area::Municipality(id) => Audience::Municipalities(inside_area(db, id)?),
    })
}
