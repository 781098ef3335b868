//! Staff: personal data. Every reading by name is followed by [`note_reading`].

use super::{
    narrow::{narrow, page_by},
    partitions::Partition,
};
use crate::types::{StaffId, StaffRole, Subject};
use diesel::prelude::*;
use opora_db::{Change, Db, Operation, Result, Tx, schema::staff};
use opora_primitives::{Area, Limit, Page, SchoolId};
use serde::Serialize;
use serde_json::json;

/// A member of a school's staff.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = staff)]
#[schema(as = StaffMember)]
pub struct Person {
    /// The id.
    pub id: StaffId,
    /// The id in the system the record came from; the natural key.
    pub external_id: String,
    /// The school.
    pub school_id: SchoolId,
    /// The post.
    pub role: StaffRole,
    /// The subject taught.
    pub subject: Option<Subject>,
    /// The full name.
    pub full_name: String,
    /// The level of education.
    pub education: Option<String>,
    /// Qualification category.
    pub category: Option<String>,
    /// Years of experience.
    #[schema(minimum = 0, maximum = 80)]
    pub experience_years: Option<i32>,
    /// Year of birth.
    #[schema(minimum = 1900, maximum = 2100)]
    pub birth_year: Option<i32>,
    /// Full-time equivalent, exact to two decimals: 1 is one post.
    #[serde(serialize_with = "super::hundredths")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 3, example = 0.75)]
    pub fte: Option<i32>,
    /// Counts the changes.
    pub version: i64,
}

/// Which people are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this school.
    pub school: Option<SchoolId>,
    /// With this post.
    pub role: Option<StaffRole>,
    /// Who teach this subject.
    pub subject: Option<Subject>,
    /// In this part of the whole.
    pub partition: Option<Partition>,
}

/// People by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Person>> {
    let query = narrow!(
        staff::table.select(Person::as_select()).into_boxed();
        area => staff::school_id;
        filter.partition => staff::id, StaffId;
        filter.school => staff::school_id,
        filter.role => staff::role,
        filter.subject => staff::subject,
    );
    let list = (format!("staff {filter:?}"), limit, cursor);
    page_by!(db, query, staff::id, StaffId, list, |person: &Person| person.id)
}

/// Leaves the audit record of a reading by name: what was asked for and how many people were shown, no names.
pub fn note_reading(tx: &mut Tx, filter: &Filter, cursor: Option<&str>, shown: usize) {
    let what = json!({
        "school_id": filter.school, "role": filter.role, "subject": filter.subject, "cursor": cursor, "shown": shown,
    });
    let key = filter.school.map(|school| format!("school:{school}")).unwrap_or_default();
    tx.record(Change { school: filter.school, ..Change::new("staff", key, Operation::Read) }.after(what));
}

/// Who, of which school, in which post, with which subject.
pub type Candidate = (StaffId, SchoolId, StaffRole, Option<Subject>);

/// Heads and teachers of `schools`, by id: whom the rules of models 4 and 5 may propose.
///
/// # Errors
/// Faults of the database.
pub fn candidates(db: &mut Db, schools: &[SchoolId]) -> Result<Vec<Candidate>> {
    Ok(staff::table
        .filter(staff::school_id.eq_any(schools.to_vec()))
        .filter(staff::role.eq_any([StaffRole::Head, StaffRole::Teacher]))
        .order(staff::id)
        .select((staff::id, staff::school_id, staff::role, staff::subject))
        .load(db)?)
}

/// The people whom the register has as heads of `school`, by id.
///
/// # Errors
/// Faults of the database.
pub fn heads(db: &mut Db, school: SchoolId) -> Result<Vec<StaffId>> {
    Ok(staff::table
        .filter(staff::school_id.eq(school))
        .filter(staff::role.eq(StaffRole::Head))
        .order(staff::id)
        .select(staff::id)
        .load(db)?)
}

/// The school and the post of `person`, if the register has them.
///
/// # Errors
/// Faults of the database.
pub fn post_of(db: &mut Db, person: StaffId) -> Result<Option<(SchoolId, StaffRole)>> {
    Ok(staff::table.find(person).select((staff::school_id, staff::role)).first(db).optional()?)
}

/// A member of staff as far as counting goes: nobody is named.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Post {
    /// The school.
    pub school_id: SchoolId,
    /// The post.
    pub role: StaffRole,
    /// The level of education.
    pub education: Option<String>,
    /// Qualification category.
    pub category: Option<String>,
    /// Years of experience.
    pub experience_years: Option<i32>,
    /// Year of birth.
    pub birth_year: Option<i32>,
    /// Full-time equivalent in hundredths.
    pub fte: Option<i32>,
}

/// All staff of the region without names, for counting.
///
/// # Errors
/// Faults of the database.
pub fn posts(db: &mut Db) -> Result<Vec<Post>> {
    let columns = (
        staff::school_id,
        staff::role,
        staff::education,
        staff::category,
        staff::experience_years,
        staff::birth_year,
        staff::fte,
    );
    Ok(staff::table.order(staff::id).select(columns).load(db)?)
}
