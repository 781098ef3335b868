//! Schools.

use super::{
    narrow::{narrow, page_by},
    partitions::Partition,
    scope::{bounds, visible_schools, with_districts},
};
use crate::types::{Founder, Locality, SchoolKind, SchoolStatus};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{municipalities, schools},
};
use opora_primitives::{
    Area, Inn, Limit, Moment, MunicipalityId, Ogrn, Page, ProblemCode, SchoolCode, SchoolId, text,
};
use serde::Serialize;
use std::collections::HashMap;

/// A school.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = schools)]
pub struct School {
    /// Its id.
    pub id: SchoolId,
    /// Its code in the exam system; the natural key.
    pub code: SchoolCode,
    /// Its name.
    #[schema(example = "МБОУ «Школа № 12»")]
    pub name: String,
    /// Its short name.
    pub short_name: Option<String>,
    /// Its municipality; a state school has none (decision 16).
    pub municipality_id: Option<MunicipalityId>,
    /// The name of its municipality.
    #[diesel(select_expression = municipalities::name.nullable())]
    #[schema(example = "Уренский")]
    pub municipality_name: Option<String>,
    /// Its state registration number.
    pub ogrn: Option<Ogrn>,
    /// Its taxpayer number.
    pub inn: Option<Inn>,
    /// The kind of school.
    pub kind: SchoolKind,
    /// Where it stands.
    pub locality: Locality,
    /// Who founded it.
    pub founder: Founder,
    /// Whether it works.
    pub status: SchoolStatus,
    /// The school that took over from a closed or merged one (decision 4).
    pub successor_id: Option<SchoolId>,
    /// When it opened.
    pub opened_on: Option<NaiveDate>,
    /// When it closed.
    pub closed_on: Option<NaiveDate>,
    /// Counts the changes; the ETag is made from it.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Moment,
}

/// Which schools are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the name, the short name or the code; case and `ё` do not matter.
    pub name: Option<String>,
    /// In this municipality or, for a city, in its districts.
    pub municipality: Option<MunicipalityId>,
    /// Of this kind.
    pub kind: Option<SchoolKind>,
    /// In such a locality.
    pub locality: Option<Locality>,
    /// Of such a founder.
    pub founder: Option<Founder>,
    /// With this status.
    pub status: Option<SchoolStatus>,
    /// In this part of the whole.
    pub partition: Option<Partition>,
}

/// How a caller names a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchoolRef {
    /// By id.
    Id(SchoolId),
    /// By its code in the exam system.
    Code(SchoolCode),
}

impl std::str::FromStr for SchoolRef {
    type Err = ProblemCode;

    /// Reads `17` or `code:520101`. Anything else names no school.
    fn from_str(text: &str) -> std::result::Result<Self, ProblemCode> {
        match text.strip_prefix("code:") {
            Some(code) => code.parse().map(Self::Code).map_err(|_| ProblemCode::NotFound),
            None => text.parse().map(|id| Self::Id(SchoolId(id))).map_err(|_| ProblemCode::NotFound),
        }
    }
}

/// Schools by code.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<School>> {
    let mut query = narrow!(
        schools::table.left_join(municipalities::table).select(School::as_select()).into_boxed();
        area => schools::id;
        filter.partition => schools::id, SchoolId;
        filter.kind => schools::kind,
        filter.locality => schools::locality,
        filter.founder => schools::founder,
        filter.status => schools::status,
    );
    if let Some(name) = &filter.name {
        query = query.filter(schools::name_folded.like(text::contains_pattern(name)).escape('\\'));
    }
    if let Some(id) = filter.municipality {
        query = query.filter(schools::municipality_id.eq_any(with_districts(id)));
    }
    let list = (format!("schools {filter:?}"), limit, cursor);
    page_by!(db, query, schools::code, String, list, |school: &School| school.code.clone())
}

/// The school that `wanted` names.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, wanted: &SchoolRef) -> Result<School> {
    let mut query = schools::table.left_join(municipalities::table).select(School::as_select()).into_boxed();
    query = match wanted {
        SchoolRef::Id(id) => query.filter(schools::id.eq(*id)),
        SchoolRef::Code(code) => query.filter(schools::code.eq(code.as_str().to_owned())),
    };
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.first(db)?)
}

/// The id of the school that `wanted` names, if the reader may see it.
///
/// # Errors
/// Not found, or outside the area.
pub fn resolve(db: &mut Db, area: Area, wanted: &SchoolRef) -> Result<SchoolId> {
    let mut query = schools::table.select(schools::id).into_boxed();
    query = match wanted {
        SchoolRef::Id(id) => query.filter(schools::id.eq(*id)),
        SchoolRef::Code(code) => query.filter(schools::code.eq(code.as_str().to_owned())),
    };
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.first(db)?)
}

/// Every school of the region, by code: what an import compares with.
///
/// # Errors
/// Faults of the database.
pub fn every(db: &mut Db) -> Result<Vec<School>> {
    Ok(schools::table
        .left_join(municipalities::table)
        .select(School::as_select())
        .order(schools::code)
        .load(db)?)
}

/// The ids of every school of the region, by code.
///
/// # Errors
/// Faults of the database.
pub fn ids_by_code(db: &mut Db) -> Result<HashMap<SchoolCode, SchoolId>> {
    Ok(schools::table
        .select((schools::code, schools::id))
        .load::<(SchoolCode, SchoolId)>(db)?
        .into_iter()
        .collect())
}

/// The searched form of a school's names.
pub fn folded(code: &str, name: &str, short_name: Option<&str>) -> String {
    text::fold(&format!("{name} {} {code}", short_name.unwrap_or("")))
}
