//! Schools made, changed and removed by hand.

use super::{Check, Expected, Label, change, merge, present, referenced, same_version, unreferenced};
use crate::{
    registry::schools::{School, SchoolRef, find, folded},
    types::{Founder, Locality, SchoolKind, SchoolStatus},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result, Tx,
    schema::{former_homes, municipalities, schools},
};
use opora_primitives::{Area, Inn, MunicipalityId, Ogrn, Reason, SchoolCode, SchoolId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest name of a school, in characters.
const NAME: usize = 500;
/// The longest short name of a school, in characters.
const SHORT_NAME: usize = 200;

/// A school as it is written. Codes are text here, so that a wrong one is told together with all other refused fields.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchoolCreate)]
pub struct SchoolDraft {
    /// Its code in the exam system: six digits, unless the installation takes others.
    #[schema(pattern = r"^\s*[0-9A-Za-zА-Яа-яЁё_.-]{1,20}\s*$", example = "520917")]
    pub code: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 500, example = "МБОУ «Школа № 12»")]
    pub name: String,
    /// Its short name.
    #[schema(min_length = 1, max_length = 200, example = "Школа № 12")]
    pub short_name: Option<String>,
    /// Its municipality. A municipal school needs one, a state school has none (decision 16).
    pub municipality_id: Option<MunicipalityId>,
    /// Its state registration number, with a right check digit.
    #[schema(pattern = r"^\s*(\d{13}|\d{15})\s*$", example = "1027700132195")]
    pub ogrn: Option<String>,
    /// Its taxpayer number, with right check digits.
    #[schema(pattern = r"^\s*(\d{10}|\d{12})\s*$", example = "7707083893")]
    pub inn: Option<String>,
    /// The kind of school.
    pub kind: SchoolKind,
    /// Where it stands.
    pub locality: Locality,
    /// Who founded it.
    pub founder: Founder,
    /// Whether it works; `open` unless said.
    #[serde(default = "works")]
    #[schema(required = false)]
    pub status: SchoolStatus,
    /// The school that took over from a closed or reorganised one (decision 4).
    pub successor_id: Option<SchoolId>,
    /// When it opened.
    pub opened_on: Option<NaiveDate>,
    /// When it closed or will close; not before it opened, and not in the past while the status is `open`.
    pub closed_on: Option<NaiveDate>,
}

fn works() -> SchoolStatus {
    SchoolStatus::Open
}

/// What changes in a school. An absent field stays, `null` clears a field that may be absent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "closed", "closed_on": "2020-08-31"}))]
#[schema(as = SchoolUpdate)]
pub struct SchoolPatch {
    /// Its code in the exam system.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = r"^\s*[0-9A-Za-zА-Яа-яЁё_.-]{1,20}\s*$")]
    pub code: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 500)]
    pub name: Option<String>,
    /// Its short name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub short_name: Option<Option<String>>,
    /// Its municipality.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MunicipalityId>)]
    pub municipality_id: Option<Option<MunicipalityId>>,
    /// Its state registration number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = r"^\s*(\d{13}|\d{15})\s*$")]
    pub ogrn: Option<Option<String>>,
    /// Its taxpayer number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = r"^\s*(\d{10}|\d{12})\s*$")]
    pub inn: Option<Option<String>>,
    /// The kind of school.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = SchoolKind, required = false)]
    pub kind: Option<SchoolKind>,
    /// Where it stands.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Locality, required = false)]
    pub locality: Option<Locality>,
    /// Who founded it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Founder, required = false)]
    pub founder: Option<Founder>,
    /// Whether it works.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = SchoolStatus, required = false)]
    pub status: Option<SchoolStatus>,
    /// The school that took over.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SchoolId>)]
    pub successor_id: Option<Option<SchoolId>>,
    /// When it opened.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub opened_on: Option<Option<NaiveDate>>,
    /// When it closed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub closed_on: Option<Option<NaiveDate>>,
}

impl SchoolPatch {
    fn apply(self, draft: &mut SchoolDraft) {
        merge!(self => draft: code name short_name municipality_id ogrn inn kind locality founder status successor_id
            opened_on closed_on);
    }
}

impl From<School> for SchoolDraft {
    fn from(school: School) -> Self {
        Self {
            code: school.code.into(),
            name: school.name,
            short_name: school.short_name,
            municipality_id: school.municipality_id,
            ogrn: school.ogrn.map(Into::into),
            inn: school.inn.map(Into::into),
            kind: school.kind,
            locality: school.locality,
            founder: school.founder,
            status: school.status,
            successor_id: school.successor_id,
            opened_on: school.opened_on,
            closed_on: school.closed_on,
        }
    }
}

/// What a checked draft sets in the row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = schools, treat_none_as_null = true)]
struct Row {
    code: SchoolCode,
    name: String,
    short_name: Option<String>,
    name_folded: String,
    municipality_id: Option<MunicipalityId>,
    ogrn: Option<Ogrn>,
    inn: Option<Inn>,
    kind: SchoolKind,
    locality: Locality,
    founder: Founder,
    status: SchoolStatus,
    successor_id: Option<SchoolId>,
    opened_on: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
}

/// Makes a school. `any_code` lets codes other than six digits pass.
///
/// # Errors
/// All refused fields at once; `already_exists` if the code is taken.
pub fn create(tx: &mut Tx, draft: SchoolDraft, any_code: bool) -> Result<School> {
    let row = checked(tx, &draft, None, any_code)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    let id: SchoolId = diesel::insert_into(schools::table)
        .values((row, schools::updated_at.eq(at)))
        .returning(schools::id)
        .get_result(db)?;
    let school = find(tx, Area::Region, &SchoolRef::Id(id))?;
    record(tx, None, Some(&school))?;
    Ok(school)
}

/// Changes the school that `wanted` names, if it is still at `version`.
///
/// # Errors
/// Not found; `precondition_failed` at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    wanted: &SchoolRef,
    version: impl Into<Expected>,
    patch: SchoolPatch,
    any_code: bool,
) -> Result<School> {
    let before = find(tx, Area::Region, wanted)?;
    same_version(before.version, version)?;
    let mut draft = SchoolDraft::from(before.clone());
    // A code that stands there already need not pass today's setting.
    let any_code = any_code || patch.code.as_deref().is_none_or(|code| code == draft.code);
    patch.apply(&mut draft);
    replace(tx, &before, draft, any_code)
}

/// Gives the school `before` the contents of `draft`.
///
/// # Errors
/// As [`create`].
pub fn replace(tx: &mut Tx, before: &School, draft: SchoolDraft, any_code: bool) -> Result<School> {
    let row = checked(tx, &draft, Some(before), any_code)?;
    let (at, db): (_, &mut Db) = (tx.at, tx);
    diesel::update(schools::table.find(before.id))
        .set((row, schools::version.eq(before.version + 1), schools::updated_at.eq(at)))
        .execute(db)?;
    let after = find(tx, Area::Region, &SchoolRef::Id(before.id))?;
    if let Some(left) = before.municipality_id.filter(|_| before.municipality_id != after.municipality_id) {
        remember_home(tx, before.id, left)?;
    }
    record(tx, Some(before), Some(&after))?;
    Ok(after)
}

/// Keeps where the school was: where several districts joined one, it tells to which of them earlier days belong (D191).
fn remember_home(tx: &mut Tx, school: SchoolId, left: MunicipalityId) -> Result<()> {
    let row = (
        former_homes::school_id.eq(school),
        former_homes::municipality_id.eq(left),
        former_homes::left_at.eq(tx.at),
    );
    diesel::insert_into(former_homes::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Removes the school that `wanted` names, if it is still at `version` and nothing refers to it.
///
/// # Errors
/// Not found; `precondition_failed` at another version; `still_referenced`.
pub fn delete(tx: &mut Tx, wanted: &SchoolRef, version: impl Into<Expected>) -> Result<()> {
    let before = find(tx, Area::Region, wanted)?;
    same_version(before.version, version)?;
    unreferenced(tx, "schools", before.id.0)?;
    diesel::delete(schools::table.find(before.id)).execute(&mut **tx).map_err(referenced)?;
    record(tx, Some(&before), None)
}

fn record(tx: &mut Tx, before: Option<&School>, after: Option<&School>) -> Result<()> {
    if let Some(school) = after.or(before) {
        let label = |school: &School| {
            Label::new(json!({ "code": school.code })).within(school.municipality_id, Some(school.id))
        };
        tx.record(change("schools", school.id, before, after, label)?);
    }
    Ok(())
}

fn checked(tx: &mut Tx, draft: &SchoolDraft, before: Option<&School>, any_code: bool) -> Result<Row> {
    let (today, db): (_, &mut Db) = (tx.at.date(), tx);
    let mut check = Check::default();
    let code: Option<SchoolCode> = check.code("/code", &draft.code);
    check.unless(code.as_ref().is_none_or(|c| any_code || c.is_standard()), "/code", Reason::WrongFormat);
    let name = check.line("/name", &draft.name, NAME);
    let short_name = check.optional_line("/short_name", draft.short_name.as_deref(), SHORT_NAME);
    let ogrn = check.optional_code("/ogrn", draft.ogrn.as_deref());
    let inn = check.optional_code("/inn", draft.inn.as_deref());
    check_home(db, &mut check, draft)?;
    check_successor(db, &mut check, draft, before.map(|school| school.id))?;
    check.in_order("/closed_on", draft.opened_on, draft.closed_on);
    let ends_anew =
        before.is_none_or(|school| (school.status, school.closed_on) != (draft.status, draft.closed_on));
    check.unless(!ends_anew || !has_closed(draft, today), "/closed_on", Reason::Contradiction);
    check.done()?;
    let code = code.ok_or(opora_primitives::ProblemCode::InvalidFields)?;
    let name_folded = folded(code.as_str(), &name, short_name.as_deref());
    let SchoolDraft {
        municipality_id,
        kind,
        locality,
        founder,
        status,
        successor_id,
        opened_on,
        closed_on,
        ..
    } = *draft;
    Ok(Row {
        code,
        name,
        short_name,
        name_folded,
        municipality_id,
        ogrn,
        inn,
        kind,
        locality,
        founder,
        status,
        successor_id,
        opened_on,
        closed_on,
    })
}

/// D301: a school that is open gets no day of closing in the past. One that came since it was written stays.
fn has_closed(draft: &SchoolDraft, today: NaiveDate) -> bool {
    draft.status == SchoolStatus::Open && draft.closed_on.is_some_and(|day| day < today)
}

/// Decision 16: a municipal school has a municipality, a state school has none.
fn check_home(db: &mut Db, check: &mut Check, draft: &SchoolDraft) -> Result<()> {
    let at = "/municipality_id";
    let Some(id) = draft.municipality_id else {
        check.unless(draft.founder != Founder::Municipal, at, Reason::Required);
        return Ok(());
    };
    check.unless(draft.founder != Founder::State, at, Reason::Contradiction);
    let known: i64 = municipalities::table.filter(municipalities::id.eq(id)).count().get_result(db)?;
    check.unless(known == 1, at, Reason::UnknownReference);
    Ok(())
}

/// Decision 4: closed and merged schools are followed through their successors, so the chain may not come back.
fn check_successor(db: &mut Db, check: &mut Check, draft: &SchoolDraft, own: Option<SchoolId>) -> Result<()> {
    let at = "/successor_id";
    let Some(first) = draft.successor_id else { return Ok(()) };
    check.unless(draft.status != SchoolStatus::Open, at, Reason::Contradiction);
    let mut seen = vec![];
    let mut next = Some(first);
    while let Some(id) = next {
        if Some(id) == own || seen.contains(&id) {
            check.flaw(at, Reason::Contradiction);
            return Ok(());
        }
        seen.push(id);
        let found: Option<Option<SchoolId>> =
            schools::table.find(id).select(schools::successor_id).first(db).optional()?;
        check.unless(found.is_some(), at, Reason::UnknownReference);
        next = found.flatten();
    }
    Ok(())
}
