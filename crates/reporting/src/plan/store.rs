//! Plans and their versions as rows.

use super::{PlanDocument, PlanId};
use crate::{
    canonical,
    reports::{DueReport, schedule},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Change, Db, Error, Operation, Origin, Result, Tx,
    schema::{plan_versions as versions, plans},
};
use opora_primitives::{Cursor, Limit, Moment, Page, Problem, ProblemCode};
use serde::Serialize;
use std::str::FromStr;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its code: addresses may name it in place of the id.
    #[schema(example = "2020-2021")]
    pub code: String,
    /// Its title in Russian.
    #[schema(example = "План поддержки школ на 2020-2021 годы")]
    pub title_ru: String,
    /// Its title in English.
    #[schema(example = "Plan of support for 2020-2021")]
    pub title_en: String,
    /// The first day of its period.
    pub starts_on: NaiveDate,
    /// The last day of its period.
    pub ends_on: NaiveDate,
    /// The number of the version in force: the last.
    #[schema(minimum = 1, example = 1)]
    pub current_version: i32,
    /// When it was loaded first.
    pub created_at: Moment,
    /// The day its first act was signed: activities whose windows had all ended by then are back-dated (decision 2).
    pub signed_on: NaiveDate,
}

impl Plan {
    /// The half-yearly reports that are due about it.
    pub fn due_reports(&self) -> Vec<DueReport> {
        schedule(self.starts_on, self.signed_on, self.ends_on)
    }
}

/// A version of a plan, without its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
pub struct PlanVersion {
    /// Its number, from 1.
    #[schema(minimum = 1, example = 1)]
    pub number: i32,
    /// The number of its act.
    #[schema(example = "316-01-63-950/20")]
    pub act_number: String,
    /// The day that act was signed.
    pub act_date: NaiveDate,
    /// Why the plan was amended; absent for the first version.
    pub reason: Option<String>,
    /// SHA-256 of its contents as canonical JSON (keys in order, no spaces), in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    pub sha256: String,
    /// When it was loaded.
    pub created_at: Moment,
}

/// What names a plan in an address: its id or its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanRef {
    /// By id.
    Id(PlanId),
    /// By code.
    Code(String),
}

impl FromStr for PlanRef {
    type Err = Problem;

    /// # Errors
    /// [`ProblemCode::NotFound`] for text that names none. A code is never of digits only.
    fn from_str(text: &str) -> std::result::Result<Self, Problem> {
        let id = || PlanId::try_from(text.parse::<i64>().ok()?).ok();
        match text.bytes().all(|b| b.is_ascii_digit()) {
            true => id().map(Self::Id).ok_or_else(|| ProblemCode::NotFound.into()),
            false => Ok(Self::Code(text.to_owned())),
        }
    }
}

/// Plans with the date of their first act.
macro_rules! rows {
    () => {
        plans::table.inner_join(versions::table).filter(versions::number.eq(1)).select((
            plans::id,
            plans::code,
            plans::title_ru,
            plans::title_en,
            plans::starts_on,
            plans::ends_on,
            plans::current_version,
            plans::created_at,
            versions::act_date,
        ))
    };
}

const HEAD: (
    versions::number,
    versions::act_number,
    versions::act_date,
    versions::reason,
    versions::sha256,
    versions::created_at,
) = (
    versions::number,
    versions::act_number,
    versions::act_date,
    versions::reason,
    versions::sha256,
    versions::created_at,
);

/// The plan that `plan` names.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, plan: &PlanRef) -> Result<Plan> {
    Ok(match plan {
        PlanRef::Id(id) => rows!().filter(plans::id.eq(*id)).first(db)?,
        PlanRef::Code(code) => rows!().filter(plans::code.eq(code)).first(db)?,
    })
}

/// Plans, the one loaded last first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, limit: Limit, cursor: Option<&str>) -> Result<Page<Plan>> {
    const SCOPE: &str = "plans";
    let before = cursor.map(|c| Cursor::decode::<PlanId>(SCOPE, c)).transpose()?.unwrap_or(PlanId(i64::MAX));
    let found =
        rows!().filter(plans::id.lt(before)).order(plans::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(found, limit, SCOPE, |plan: &Plan| plan.id))
}

/// All plans, the one that begins last first; of those that begin on one day the one loaded last.
///
/// # Errors
/// Faults of the database.
pub fn newest_first(db: &mut Db) -> Result<Vec<Plan>> {
    Ok(rows!().order((plans::starts_on.desc(), plans::id.desc())).load(db)?)
}

/// The versions of a plan, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list_versions(
    db: &mut Db,
    plan: PlanId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<PlanVersion>> {
    let scope = format!("plan versions {plan}");
    let before = cursor.map(|c| Cursor::decode::<i32>(&scope, c)).transpose()?.unwrap_or(i32::MAX);
    let found = versions::table
        .filter(versions::plan_id.eq(plan))
        .filter(versions::number.lt(before))
        .order(versions::number.desc())
        .limit(limit.to_fetch())
        .select(HEAD)
        .load(db)?;
    Ok(Page::cut(found, limit, &scope, |version: &PlanVersion| version.number))
}

/// A version of a plan with its contents; the one in force unless a number is given.
///
/// # Errors
/// Not found.
pub fn version(db: &mut Db, plan: &Plan, number: Option<i32>) -> Result<(PlanVersion, PlanDocument)> {
    let key = (plan.id, number.unwrap_or(plan.current_version));
    let (version, document): (PlanVersion, String) =
        versions::table.find(key).select((HEAD, versions::document)).first(db)?;
    Ok((version, serde_json::from_str(&document).map_err(Error::fault)?))
}

/// Makes a plan of its first version.
///
/// # Errors
/// [`ProblemCode::AlreadyExists`] for a code that another plan has.
pub fn create(tx: &mut Tx, origin: &Origin, document: &PlanDocument) -> Result<PlanId> {
    let row = (
        plans::code.eq(&document.code),
        plans::title_ru.eq(&document.title_ru),
        plans::title_en.eq(&document.title_en),
        plans::starts_on.eq(document.starts_on),
        plans::ends_on.eq(document.ends_on),
        plans::current_version.eq(1),
        plans::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let id: PlanId = diesel::insert_into(plans::table).values(row).returning(plans::id).get_result(db)?;
    keep_version(tx, origin, id, 1, None, document)?;
    Ok(id)
}

/// Amends `plan`: `document` becomes its next version. Answers the number.
///
/// # Errors
/// Faults of the database.
pub fn amend(
    tx: &mut Tx,
    origin: &Origin,
    plan: &Plan,
    reason: &str,
    document: &PlanDocument,
) -> Result<i32> {
    let number = plan.current_version + 1;
    let changes = (
        plans::title_ru.eq(&document.title_ru),
        plans::title_en.eq(&document.title_en),
        plans::starts_on.eq(document.starts_on),
        plans::ends_on.eq(document.ends_on),
        plans::current_version.eq(number),
    );
    let db: &mut Db = tx;
    diesel::update(plans::table.find(plan.id)).set(changes).execute(db)?;
    keep_version(tx, origin, plan.id, number, Some(reason), document)?;
    Ok(number)
}

/// Writes a version and records what it made of the plan. The contents stay out of the audit log: they are kept with
/// the version for good, and the digest names them.
fn keep_version(
    tx: &mut Tx,
    origin: &Origin,
    plan: PlanId,
    number: i32,
    reason: Option<&str>,
    document: &PlanDocument,
) -> Result<()> {
    let text = canonical::json(document)?;
    let sha256 = canonical::sha256(&text);
    let row = (
        versions::plan_id.eq(plan),
        versions::number.eq(number),
        versions::act_number.eq(&document.act.number),
        versions::act_date.eq(document.act.date),
        versions::reason.eq(reason),
        versions::sha256.eq(&sha256),
        versions::document.eq(text),
        versions::created_by.eq(origin.user_id()),
        versions::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    diesel::insert_into(versions::table).values(row).execute(db)?;
    let operation = if number == 1 { Operation::Create } else { Operation::Update };
    let after =
        serde_json::json!({"version": number, "act": document.act, "reason": reason, "sha256": sha256});
    let key = serde_json::json!({ "code": document.code });
    let change = Change::new("plans", plan, operation).named(key).after(after);
    tx.record(match operation {
        Operation::Create => change,
        _ => change.before(serde_json::json!({ "version": number - 1 })),
    });
    Ok(())
}
