//! The reader's area as a filter.

use diesel::{dsl::auto_type, prelude::*};
use opora_db::{
    Db, Result,
    journal::Audience,
    schema::{municipalities, schools},
};
use opora_primitives::{Area, MunicipalityId, SchoolId};

// The same tables once more, under other names: the filter stands inside queries over schools and municipalities.
diesel::alias!(schools as inside: Inside, municipalities as home: Home);

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

/// A municipality and its city districts, as a subquery over the nullable column of schools.
#[auto_type]
pub fn with_districts(id: MunicipalityId) -> _ {
    let own = home.field(municipalities::id).eq(id);
    let district = home.field(municipalities::parent_id).eq(id).assume_not_null();
    home.filter(own.or(district)).select(home.field(municipalities::id).nullable())
}

/// The area as the change journal knows it.
///
/// # Errors
/// Faults of the database.
pub fn audience(db: &mut Db, area: Area) -> Result<Audience> {
    Ok(match area {
        Area::Region => Audience::Region,
        Area::School(id) => Audience::School(id),
        Area::Municipality(id) => {
            let own = municipalities::id.eq(id).or(municipalities::parent_id.eq(id).assume_not_null());
            let ids = municipalities::table.filter(own).select(municipalities::id).load(db)?;
            Audience::Municipalities(ids)
        }
    })
}
