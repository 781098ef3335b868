//! Records of methodical support made, changed and removed by hand, within the caller's area.

use super::{Check, Expected, Label, change, merge, present, same_version};
use crate::{
    registry::{
        bounds,
        support::{PROGRAMME, SupportRecord, find},
        visible_schools,
    },
    types::{SUPPORT_YEARS, StaffId, SupportForm, SupportId},
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Db, Result, Tx,
    schema::{staff, support_records},
};
use opora_primitives::{Area, Reason, text::one_line};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// Support as it is written. A completed one needs its last day.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"staff_id": 17, "form": "course", "programme": "Школьная проектная команда, 72 часа",
    "starts_on": "2020-09-14", "ends_on": "2020-11-20", "completed": true}))]
#[schema(as = SupportRecordCreate)]
pub struct SupportDraft {
    /// The person.
    pub staff_id: StaffId,
    /// The form of support.
    pub form: SupportForm,
    /// The programme of a course, the theme of anything else.
    #[schema(min_length = 1, max_length = 500)]
    pub programme: String,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    /// Whether the person completed it.
    #[serde(default)]
    pub completed: bool,
}

/// What changes in a record; whose it is does not. An absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2020-11-20", "completed": true}))]
#[schema(as = SupportRecordUpdate)]
pub struct SupportPatch {
    /// The form of support.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = SupportForm)]
    pub form: Option<SupportForm>,
    /// The programme of a course, the theme of anything else.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    pub programme: Option<String>,
    /// First day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NaiveDate)]
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub ends_on: Option<Option<NaiveDate>>,
    /// Whether the person completed it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool)]
    pub completed: Option<bool>,
}

impl SupportPatch {
    fn apply(self, draft: &mut SupportDraft) {
        merge!(self => draft: form programme starts_on ends_on completed);
    }
}

impl From<SupportRecord> for SupportDraft {
    fn from(record: SupportRecord) -> Self {
        let SupportRecord { staff_id, form, programme, starts_on, ends_on, completed, .. } = record;
        Self { staff_id, form, programme, starts_on, ends_on, completed }
    }
}

/// What a checked draft sets in the row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = support_records, treat_none_as_null = true)]
struct Row {
    staff_id: StaffId,
    form: SupportForm,
    programme: String,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    completed: bool,
}

/// Records support of a person of `area`.
///
/// # Errors
/// All refused fields at once; `already_exists` if the person has a record of the same form, programme and first day.
pub fn create(tx: &mut Tx, area: Area, draft: SupportDraft) -> Result<SupportRecord> {
    let row = checked(tx, area, draft)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let id: SupportId = diesel::insert_into(support_records::table)
        .values((row, support_records::updated_at.eq(at)))
        .returning(support_records::id)
        .get_result(db)?;
    let made = find(tx, area, id)?;
    record(tx, None, Some(&made))?;
    Ok(made)
}

/// Changes the record `id`, if it is still at `version`.
///
/// # Errors
/// Not found, or outside the area; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    area: Area,
    id: SupportId,
    version: impl Into<Expected>,
    patch: SupportPatch,
) -> Result<SupportRecord> {
    let before = find(tx, area, id)?;
    same_version(before.version, version)?;
    let mut draft = SupportDraft::from(before.clone());
    patch.apply(&mut draft);
    let row = checked(tx, area, draft)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(support_records::table.find(id))
        .set((row, support_records::version.eq(before.version + 1), support_records::updated_at.eq(at)))
        .execute(db)?;
    let after = find(tx, area, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok(after)
}

/// Removes the record `id`, if it is still at `version`.
///
/// # Errors
/// Not found, or outside the area; `precondition_failed` at another version.
pub fn delete(tx: &mut Tx, area: Area, id: SupportId, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, area, id)?;
    same_version(before.version, version)?;
    diesel::delete(support_records::table.find(id)).execute(&mut **tx)?;
    record(tx, Some(&before), None)
}

fn record(tx: &mut Tx, before: Option<&SupportRecord>, after: Option<&SupportRecord>) -> Result<()> {
    if let Some(r) = after.or(before) {
        let label = |r: &SupportRecord| {
            let key = json!({"external_id": r.external_id, "form": r.form, "programme": r.programme,
                "starts_on": r.starts_on});
            Label::new(key).within(None, Some(r.school_id)).of_people()
        };
        tx.record(change("support-records", r.id, before, after, label)?);
    }
    Ok(())
}

fn checked(db: &mut Db, area: Area, draft: SupportDraft) -> Result<Row> {
    let mut check = Check::default();
    check.unless(works_in(db, area, draft.staff_id)?, "/staff_id", Reason::UnknownReference);
    let programme = check.line("/programme", &one_line(&draft.programme), PROGRAMME);
    for (pointer, day) in [("/starts_on", Some(draft.starts_on)), ("/ends_on", draft.ends_on)] {
        let known = day.is_none_or(|day| SUPPORT_YEARS.contains(&day.year()));
        check.unless(known, pointer, Reason::OutOfRange);
    }
    check.in_order("/ends_on", Some(draft.starts_on), draft.ends_on);
    check.unless(!draft.completed || draft.ends_on.is_some(), "/ends_on", Reason::Required);
    check.done()?;
    let SupportDraft { staff_id, form, starts_on, ends_on, completed, .. } = draft;
    Ok(Row { staff_id, form, programme, starts_on, ends_on, completed })
}

/// Whether the person works at a school of `area`; another's person does not exist for the caller.
fn works_in(db: &mut Db, area: Area, person: StaffId) -> Result<bool> {
    let mut query = staff::table.filter(staff::id.eq(person)).count().into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(staff::school_id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.get_result::<i64>(db)? == 1)
}
