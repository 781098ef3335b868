//! Records of methodical support: personal data like the staff they hang on. Every reading is followed by
//! [`note_reading`].

use super::{
    narrow::{narrow, page_by},
    partitions::Partition,
    scope::{bounds, visible_schools},
};
use crate::types::{StaffId, StaffRole, SupportForm, SupportId};
use chrono::NaiveDate;
use diesel::{
    helper_types::{AsSelect, InnerJoin, IntoBoxed, Select},
    prelude::*,
};
use opora_db::{
    Both, Change, Db, Operation, Result, Tx,
    schema::{staff, support_records},
};
use opora_primitives::{Area, Limit, Page, SchoolId};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The longest name of a programme, in characters.
pub const PROGRAMME: usize = 500;

/// Support given to a member of staff. The person is named by ids only.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = support_records)]
pub struct SupportRecord {
    /// Its id.
    pub id: SupportId,
    /// The person.
    pub staff_id: StaffId,
    /// The person's id in the system the staff record came from.
    #[diesel(select_expression = staff::external_id)]
    pub external_id: String,
    /// The person's school.
    #[diesel(select_expression = staff::school_id)]
    pub school_id: SchoolId,
    /// The form of support.
    pub form: SupportForm,
    /// The programme of a course, the theme of anything else.
    #[schema(min_length = 1, max_length = 500, example = "Школьная проектная команда, 72 часа")]
    pub programme: String,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day; absent while it is not known.
    pub ends_on: Option<NaiveDate>,
    /// Whether the person completed it; it counts from its last day on.
    pub completed: bool,
    /// Counts the changes.
    pub version: i64,
}

/// Which records are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of the people of this school.
    pub school: Option<SchoolId>,
    /// Of this person.
    pub person: Option<StaffId>,
    /// Of this form.
    pub form: Option<SupportForm>,
    /// Completed, or not.
    pub completed: Option<bool>,
    /// In this part of the whole.
    pub partition: Option<Partition>,
}

/// Records by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<SupportRecord>> {
    let query = narrow!(
        everything();
        area => staff::school_id;
        filter.partition => support_records::id, SupportId;
        filter.school => staff::school_id,
        filter.person => support_records::staff_id,
        filter.form => support_records::form,
        filter.completed => support_records::completed,
    );
    let list = (format!("support records {filter:?}"), limit, cursor);
    page_by!(db, query, support_records::id, SupportId, list, |record: &SupportRecord| record.id)
}

/// The record `id`.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, id: SupportId) -> Result<SupportRecord> {
    Ok(visible(area).filter(support_records::id.eq(id)).first(db)?)
}

type Wanted = IntoBoxed<
    'static,
    Select<InnerJoin<support_records::table, staff::table>, AsSelect<SupportRecord, Both>>,
    Both,
>;

fn everything() -> Wanted {
    support_records::table.inner_join(staff::table).select(SupportRecord::as_select()).into_boxed()
}

/// What a reader of `area` may see.
fn visible(area: Area) -> Wanted {
    let query = everything();
    match bounds(area) {
        Some((municipality, school)) => {
            query.filter(staff::school_id.eq_any(visible_schools(municipality, school)))
        }
        None => query,
    }
}

/// Leaves the audit record of a reading: of whom support was shown, ids and no names. Nothing if nobody was shown.
pub fn note_reading(tx: &mut Tx, mut people: Vec<StaffId>) {
    people.sort_unstable();
    people.dedup();
    if !people.is_empty() {
        let what = json!({ "staff_ids": people, "shown": people.len() });
        tx.record(Change::new("support-records", "", Operation::Read).after(what));
    }
}

/// The pedagogical workers of `schools` (D35) and their schools, by id.
///
/// # Errors
/// Faults of the database.
pub fn pedagogical(db: &mut Db, schools: &[SchoolId]) -> Result<Vec<(StaffId, SchoolId)>> {
    Ok(staff::table
        .filter(staff::school_id.eq_any(schools.to_vec()))
        .filter(staff::role.eq_any(StaffRole::PEDAGOGICAL))
        .order(staff::id)
        .select((staff::id, staff::school_id))
        .load(db)?)
}

/// Who of `schools` completed a form of support, and its last day; in any order.
///
/// # Errors
/// Faults of the database.
pub fn completed(db: &mut Db, schools: &[SchoolId]) -> Result<Vec<(StaffId, NaiveDate)>> {
    Ok(support_records::table
        .inner_join(staff::table)
        .filter(staff::school_id.eq_any(schools.to_vec()))
        .filter(support_records::completed.eq(true))
        .select((support_records::staff_id, support_records::ends_on.assume_not_null()))
        .load(db)?)
}

/// The forms of support each of `people` had completed by `on`, each once.
///
/// # Errors
/// Faults of the database.
pub fn completed_forms(
    db: &mut Db,
    people: &[StaffId],
    on: NaiveDate,
) -> Result<BTreeMap<StaffId, Vec<SupportForm>>> {
    let rows: Vec<(StaffId, SupportForm)> = support_records::table
        .filter(support_records::staff_id.eq_any(people.to_vec()))
        .filter(support_records::completed.eq(true))
        .filter(support_records::ends_on.le(on))
        .order((support_records::staff_id, support_records::form))
        .select((support_records::staff_id, support_records::form))
        .distinct()
        .load(db)?;
    let mut forms = BTreeMap::<StaffId, Vec<SupportForm>>::new();
    for (person, form) in rows {
        forms.entry(person).or_default().push(form);
    }
    Ok(forms)
}
