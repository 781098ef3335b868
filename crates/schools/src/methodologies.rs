//! Methodologies: versioned documents of thresholds (`docs/methodology.md`). A draft changes; a published one never
//! does, and only a published one is used, so that a verdict can always be repeated.

use crate::{identification::Parameters, types::MethodologyId};
use diesel::prelude::*;
use opora_db::{
    Change, Database, Db, Error, Operation, Origin, Result, Tx,
    edit::{Expected, same_version},
    schema::methodologies,
};
use opora_primitives::{
    Cursor, Flaw, Limit, Moment, Page, Problem, ProblemCode, Reason, text::check_name, word_type,
};
use serde::Serialize;

word_type!(
    /// Whether a methodology may change.
    MethodologyState {
        /// It may change and is not used.
        Draft = "draft", "Черновик";
        /// It is used and never changes.
        Published = "published", "Опубликована";
    }
);

/// An edition of a methodology.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Methodology {
    /// Its id: what a run names as the methodology it used.
    pub id: MethodologyId,
    /// What its editions share.
    #[schema(example = "default")]
    pub code: String,
    /// Which edition of the code, from 1.
    #[schema(minimum = 1, example = 1)]
    pub edition: i32,
    /// The name people read.
    #[schema(example = "Базовая методика")]
    pub title: String,
    /// Whether it may change.
    pub state: MethodologyState,
    /// Its thresholds.
    pub parameters: Parameters,
    /// Counts the changes; the ETag is made from it.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it was published.
    pub published_at: Option<Moment>,
}

/// What a new draft is made from.
#[derive(Clone, Debug)]
pub struct NewMethodology {
    /// 1 to 60 small latin letters, digits, `-` and `_`; with a known code the draft is its next edition.
    pub code: String,
    /// 1 to 200 characters.
    pub title: String,
    /// The thresholds.
    pub parameters: Parameters,
}

/// What changes in a draft; an absent part stays.
#[derive(Clone, Debug, Default)]
pub struct MethodologyChange {
    /// Another title.
    pub title: Option<String>,
    /// Other thresholds, all of them: absent fields take their defaults.
    pub parameters: Option<Parameters>,
}

/// Code and title of the methodology every installation begins with.
const BUILT_IN: (&str, &str) = ("default", "Базовая методика");

type Row = (MethodologyId, String, i32, String, MethodologyState, String, i64, Moment, Option<Moment>);

fn read(row: Row) -> Result<Methodology> {
    let (id, code, edition, title, state, parameters, version, created_at, published_at) = row;
    let parameters =
        serde_json::from_str(&parameters).map_err(|e| Error::fault(format!("methodology {id}: {e}")))?;
    Ok(Methodology { id, code, edition, title, state, parameters, version, created_at, published_at })
}

fn document(parameters: &Parameters) -> Result<String> {
    serde_json::to_string(parameters).map_err(Error::fault)
}

fn check_title(title: &str, flaws: &mut Vec<Flaw>) {
    if let Err(reason) = check_name(title, 200) {
        flaws.push(Flaw::at("/title", reason));
    }
}

fn check_parameters(parameters: &Parameters, flaws: &mut Vec<Flaw>) {
    let inner = parameters.validate();
    flaws.extend(inner.into_iter().map(|flaw| Flaw::at(format!("/parameters{}", flaw.pointer), flaw.reason)));
}

fn refuse(flaws: Vec<Flaw>) -> Result<()> {
    if flaws.is_empty() { Ok(()) } else { Err(Problem::fields(flaws).into()) }
}

/// Makes a draft: the first edition of a new code, or the next one of a known code.
///
/// # Errors
/// All refused fields at once.
pub fn create(tx: &mut Tx, new: &NewMethodology) -> Result<Methodology> {
    let mut flaws = Vec::new();
    if !(1..=60).contains(&new.code.len()) {
        flaws.push(Flaw::at("/code", Reason::WrongLength));
    } else if !new.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b)) {
        flaws.push(Flaw::at("/code", Reason::WrongFormat));
    }
    check_title(&new.title, &mut flaws);
    check_parameters(&new.parameters, &mut flaws);
    refuse(flaws)?;
    insert(tx, new)
}

fn insert(tx: &mut Tx, new: &NewMethodology) -> Result<Methodology> {
    let at = tx.at;
    let db: &mut Db = tx;
    let editions = methodologies::table.filter(methodologies::code.eq(&new.code));
    let last: Option<i32> = editions.select(diesel::dsl::max(methodologies::edition)).first(db)?;
    let row = (
        methodologies::code.eq(&new.code),
        methodologies::edition.eq(last.unwrap_or(0) + 1),
        methodologies::title.eq(new.title.trim()),
        methodologies::state.eq(MethodologyState::Draft),
        methodologies::parameters.eq(document(&new.parameters)?),
        methodologies::created_at.eq(at),
    );
    let id =
        diesel::insert_into(methodologies::table).values(row).returning(methodologies::id).get_result(db)?;
    let made = find(db, id)?;
    tx.record(change(&made, Operation::Create).after(contents(&made)));
    Ok(made)
}

fn change(methodology: &Methodology, operation: Operation) -> Change {
    let natural_key = serde_json::json!({ "code": methodology.code, "edition": methodology.edition });
    Change::new("methodologies", methodology.id, operation).named(natural_key)
}

fn contents(methodology: &Methodology) -> serde_json::Value {
    serde_json::to_value(methodology).unwrap_or_default()
}

/// The methodology `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: MethodologyId) -> Result<Methodology> {
    read(methodologies::table.find(id).select(methodologies::all_columns).first(db)?)
}

/// The methodology that was published last.
///
/// # Errors
/// Not found, if none is published.
pub fn newest(db: &mut Db) -> Result<Methodology> {
    let published = methodologies::table.filter(methodologies::state.eq(MethodologyState::Published));
    let order = (methodologies::published_at.desc(), methodologies::id.desc());
    read(published.order(order).select(methodologies::all_columns).first(db)?)
}

/// Methodologies, those made last first.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    state: Option<MethodologyState>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Methodology>> {
    let scope = format!("methodologies {state:?}");
    let mut query = methodologies::table.select(methodologies::all_columns).into_boxed();
    if let Some(state) = state {
        query = query.filter(methodologies::state.eq(state));
    }
    if let Some(cursor) = cursor {
        query = query.filter(methodologies::id.lt(Cursor::decode::<MethodologyId>(&scope, cursor)?));
    }
    let rows: Vec<Row> = query.order(methodologies::id.desc()).limit(limit.to_fetch()).load(db)?;
    let rows = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, limit, &scope, |methodology: &Methodology| methodology.id))
}

/// The draft `id`.
fn draft(db: &mut Db, id: MethodologyId) -> Result<Methodology> {
    let found = find(db, id)?;
    match found.state {
        MethodologyState::Draft => Ok(found),
        MethodologyState::Published => Err(ProblemCode::MethodologyFrozen.into()),
    }
}

/// The draft `id`, if it is still at `version`.
fn draft_at(db: &mut Db, id: MethodologyId, version: impl Into<Expected>) -> Result<Methodology> {
    let found = draft(db, id)?;
    same_version(found.version, version).map(|()| found)
}

/// Changes a draft.
///
/// # Errors
/// Not found; [`ProblemCode::MethodologyFrozen`]; [`ProblemCode::PreconditionFailed`]; all refused fields at once.
pub fn update(
    tx: &mut Tx,
    id: MethodologyId,
    version: impl Into<Expected>,
    wanted: &MethodologyChange,
) -> Result<Methodology> {
    let before = draft_at(tx, id, version)?;
    let mut flaws = Vec::new();
    let title = wanted.title.as_ref().unwrap_or(&before.title);
    let parameters = wanted.parameters.as_ref().unwrap_or(&before.parameters);
    check_title(title, &mut flaws);
    check_parameters(parameters, &mut flaws);
    refuse(flaws)?;
    diesel::update(methodologies::table.find(id))
        .set((
            methodologies::title.eq(title.trim()),
            methodologies::parameters.eq(document(parameters)?),
            methodologies::version.eq(before.version + 1),
        ))
        .execute(&mut **tx)?;
    updated(tx, &before)
}

/// Publishes a draft: from now on it never changes.
///
/// # Errors
/// Not found; [`ProblemCode::MethodologyFrozen`] if it is published already; [`ProblemCode::PreconditionFailed`].
pub fn publish(tx: &mut Tx, id: MethodologyId, version: impl Into<Expected>) -> Result<Methodology> {
    let before = draft_at(tx, id, version)?;
    let at = tx.at;
    diesel::update(methodologies::table.find(id))
        .set((
            methodologies::state.eq(MethodologyState::Published),
            methodologies::published_at.eq(at),
            methodologies::version.eq(before.version + 1),
        ))
        .execute(&mut **tx)?;
    updated(tx, &before)
}

fn updated(tx: &mut Tx, before: &Methodology) -> Result<Methodology> {
    let after = find(tx, before.id)?;
    tx.record(change(&after, Operation::Update).before(contents(before)).after(contents(&after)));
    Ok(after)
}

/// Removes a draft.
///
/// # Errors
/// Not found; [`ProblemCode::MethodologyFrozen`]; [`ProblemCode::PreconditionFailed`].
pub fn delete(tx: &mut Tx, id: MethodologyId, version: impl Into<Expected>) -> Result<()> {
    let before = draft_at(tx, id, version)?;
    diesel::delete(methodologies::table.find(id)).execute(&mut **tx)?;
    tx.record(change(&before, Operation::Delete).before(contents(&before)));
    Ok(())
}

/// Makes sure that the documented rule set is there, published, as methodology `default`. Called at every start.
///
/// # Errors
/// Faults of the database.
pub fn ensure_default(database: &Database) -> Result<()> {
    let (code, title) = BUILT_IN;
    let known = |db: &mut Db| -> Result<bool> {
        let same = methodologies::table.filter(methodologies::code.eq(code));
        Ok(same.count().get_result::<i64>(db)? > 0)
    };
    if database.read(known)? {
        return Ok(());
    }
    database.write(&Origin::system("startup"), |tx| {
        // Another node may have been quicker.
        if !known(tx)? {
            let new = NewMethodology {
                code: code.to_owned(),
                title: title.to_owned(),
                parameters: Parameters::default(),
            };
            let made = create(tx, &new)?;
            publish(tx, made.id, made.version)?;
        }
        Ok(())
    })
}
