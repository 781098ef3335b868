//! Social contexts: numbers of pupils by social condition, a school and a year at a time. Aggregates only.

use super::{narrow::narrow, partitions::Partition};
use diesel::prelude::*;
use opora_db::{Db, Result, schema::contexts};
use opora_primitives::{AcademicYear, Area, Cursor, Limit, Page, SchoolId};
use serde::Serialize;

/// The social context of a school in a year: numbers of pupils. An absent number is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = contexts)]
pub struct Context {
    /// The school.
    pub school_id: SchoolId,
    /// The year.
    pub academic_year: AcademicYear,
    /// All pupils.
    #[schema(minimum = 0, example = 340)]
    pub pupils: i32,
    /// Both parents have higher education.
    pub both_parents_higher: Option<i32>,
    /// One-parent family.
    pub one_parent: Option<i32>,
    /// Low income.
    pub low_income: Option<i32>,
    /// A parent is out of work.
    pub parent_out_of_work: Option<i32>,
    /// On a preventive register.
    pub on_register: Option<i32>,
    /// With special educational needs.
    pub special_needs: Option<i32>,
    /// Russian is not the language at home.
    pub non_native_language: Option<i32>,
    /// Wards of the state.
    pub wards: Option<i32>,
    /// Housing without amenities.
    pub poor_housing: Option<i32>,
    /// Counts the changes.
    pub version: i64,
}

/// Which contexts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this school.
    pub school: Option<SchoolId>,
    /// Of this year.
    pub year: Option<AcademicYear>,
    /// In this part of the whole.
    pub partition: Option<Partition>,
}

/// Contexts by school and year.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Context>> {
    let scope = format!("contexts {filter:?}");
    let mut query = narrow!(
        contexts::table.select(Context::as_select()).into_boxed();
        area => contexts::school_id;
        filter.partition => contexts::school_id, SchoolId;
        filter.school => contexts::school_id,
        filter.year => contexts::academic_year,
    );
    if let Some(cursor) = cursor {
        let (school, year): (SchoolId, AcademicYear) = Cursor::decode(&scope, cursor)?;
        let later = contexts::school_id.gt(school).or(contexts::academic_year.gt(year));
        query = query.filter(contexts::school_id.ge(school)).filter(later);
    }
    let key = (contexts::school_id, contexts::academic_year);
    let rows = query.order(key).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |c: &Context| (c.school_id, c.academic_year)))
}

/// All contexts of a year, by school: the input of the social index.
///
/// # Errors
/// Faults of the database.
pub fn of_year(db: &mut Db, year: AcademicYear) -> Result<Vec<Context>> {
    Ok(contexts::table
        .filter(contexts::academic_year.eq(year))
        .order(contexts::school_id)
        .select(Context::as_select())
        .load(db)?)
}
