//! Facts entered, changed and removed by hand.

use super::{Fact, FactId, FactKind, FactOrigin, FactState, evidence, rules, store::find};
use crate::{
    discipline::{self, place},
    plan::{
        PlanId,
        store::{self as plans, PlanRef},
    },
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Label, Result, Tx,
    edit::{Check, Expected, change, present, same_version},
    merge,
    schema::{activity_facts as facts, municipalities, schools, users},
};
use opora_primitives::{Area, MunicipalityId, Problem, ProblemCode, Reason, SchoolId};
use opora_schools::registry::{bounds, visible_schools, with_districts};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest remark, in characters.
const NOTE: usize = 2000;
/// Days are those of the caller, who may be ahead of UTC by so many seconds.
pub(super) const AHEAD: i64 = 14 * 3600;

/// Who enters facts.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// The user.
    pub user: i64,
    /// The part of the region the user works for.
    pub area: Area,
}

/// A fact as it is entered.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan_id": 1, "activity": "3.10", "window_from": "2020-10-01", "kind": "value",
    "metric": "school_roadmaps", "value": 1, "happened_on": "2020-11-27", "executor": "SCH_TEAM",
    "note": "Дорожная карта утверждена приказом школы"}))]
#[schema(as = FactCreate)]
pub struct FactDraft {
    /// The plan.
    pub plan_id: PlanId,
    /// The number of the activity.
    #[schema(pattern = r"^[1-9]\d?\.[1-9]\d{0,2}$", example = "3.10")]
    pub activity: String,
    /// The first day of a window of that activity.
    pub window_from: NaiveDate,
    /// The kind of fact.
    pub kind: FactKind,
    /// The metric of one of its targets: of a value, and of nothing else.
    #[schema(max_length = 60, example = "school_roadmaps")]
    pub metric: Option<String>,
    /// How much: of a value, and of nothing else. At most 100 of a metric in percent.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub value: Option<i64>,
    /// When it happened: within the plan's period or later, not in the future.
    pub happened_on: NaiveDate,
    /// Who carried it out: one of the activity's executors.
    #[schema(max_length = 60, example = "SCH_TEAM")]
    pub executor: Option<String>,
    /// The municipality it is about. Users of a municipality leave it and the school out to mean their own.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it is about; not together with a municipality. Users of a school leave it out to mean their own.
    pub school_id: Option<SchoolId>,
    /// A remark, in one line; needed to say which source is missing. It names no people: those stand in the evidence, whose
    /// reading is recorded.
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// What changes in a fact; activity, kind and metric do not change. An absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": 2, "happened_on": "2020-12-01"}))]
#[schema(as = FactUpdate)]
pub struct FactPatch {
    /// The first day of a window of the activity.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NaiveDate, required = false)]
    pub window_from: Option<NaiveDate>,
    /// How much, of a value.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub value: Option<Option<i64>>,
    /// When it happened.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NaiveDate, required = false)]
    pub happened_on: Option<NaiveDate>,
    /// Who carried it out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 60)]
    pub executor: Option<Option<String>>,
    /// The municipality it is about.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MunicipalityId>)]
    pub municipality_id: Option<Option<MunicipalityId>>,
    /// The school it is about.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SchoolId>)]
    pub school_id: Option<Option<SchoolId>>,
    /// A remark.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Option<Option<String>>,
}

impl FactPatch {
    fn apply(self, draft: &mut FactDraft) {
        merge!(self => draft: window_from value happened_on executor municipality_id school_id note);
    }
}

impl From<Fact> for FactDraft {
    fn from(fact: Fact) -> Self {
        let Fact { plan_id, activity, window_from, kind, metric, value, happened_on, executor, .. } = fact;
        let Fact { municipality_id, school_id, note, .. } = fact;
        Self {
            plan_id,
            activity,
            window_from,
            kind,
            metric,
            value,
            happened_on,
            executor,
            municipality_id,
            school_id,
            note,
        }
    }
}

/// What a checked draft sets in the row.
#[derive(PartialEq, AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = facts, treat_none_as_null = true)]
struct Row {
    plan_id: PlanId,
    activity: String,
    window_from: NaiveDate,
    kind: FactKind,
    metric: Option<String>,
    value: Option<i64>,
    happened_on: NaiveDate,
    executor: Option<String>,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    note: Option<String>,
}

/// Enters a fact.
///
/// # Errors
/// All refused fields at once; [`ProblemCode::AlreadyExists`] if the same stands there and was not declined.
pub fn create(tx: &mut Tx, writer: Writer, draft: FactDraft) -> Result<Fact> {
    let row = checked(tx, writer.area, draft)?;
    unlike_others(tx, &row, None)?;
    let entered = (
        row,
        facts::origin.eq(FactOrigin::Entered),
        facts::state.eq(FactState::Entered),
        facts::entered_by.eq(writer.user),
        facts::entered_at.eq(tx.at),
    );
    let id: FactId =
        diesel::insert_into(facts::table).values(entered).returning(facts::id).get_result(&mut **tx)?;
    let fact = find(tx, Area::Region, id)?;
    record(tx, None, Some(&fact))?;
    Ok(fact)
}

/// Changes the fact `id`, if it is still at `version`.
///
/// # Errors
/// Those of [`open`]; [`ProblemCode::WrongState`] for one that the system counted;
/// [`ProblemCode::PreconditionFailed`] at another version; otherwise as [`create`].
pub fn update(
    tx: &mut Tx,
    writer: Writer,
    id: FactId,
    version: impl Into<Expected>,
    patch: FactPatch,
) -> Result<Fact> {
    let before = entered(tx, writer, id, version)?;
    let mut draft = FactDraft::from(before.clone());
    patch.apply(&mut draft);
    let row = checked(tx, writer.area, draft)?;
    unlike_others(tx, &row, Some(id))?;
    diesel::update(facts::table.find(id))
        .set((row, facts::version.eq(before.version + 1)))
        .execute(&mut **tx)?;
    let after = find(tx, Area::Region, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok(after)
}

/// Removes the fact `id` with its evidence, if it is still at `version`.
///
/// # Errors
/// As [`update`].
pub fn delete(tx: &mut Tx, writer: Writer, id: FactId, version: impl Into<Expected>) -> Result<()> {
    let before = entered(tx, writer, id, version)?;
    evidence::delete_all(tx, &before)?;
    diesel::delete(facts::table.find(id)).execute(&mut **tx)?;
    record(tx, Some(&before), None)
}

/// The fact `id`, if nobody has decided on it and the writer belongs to the body that entered it: has the same role and
/// the same area.
///
/// # Errors
/// Not found, or outside the area; [`ProblemCode::FactDecided`]; [`ProblemCode::Forbidden`].
pub fn open(db: &mut Db, writer: Writer, id: FactId) -> Result<Fact> {
    let fact = find(db, writer.area, id)?;
    if fact.state != FactState::Entered {
        return Err(ProblemCode::FactDecided.into());
    }
    type Body = (String, Option<MunicipalityId>, Option<SchoolId>);
    let mut body = |user: Option<i64>| -> Result<Option<Body>> {
        let found = users::table.filter(users::id.nullable().eq(user));
        Ok(found.select((users::role, users::municipality_id, users::school_id)).first(db).optional()?)
    };
    let (author, asking) = (body(fact.entered_by)?, body(Some(writer.user))?);
    if author.is_some() && author == asking {
        return Ok(fact);
    }
    let words = ("another body entered it", "факт внесла другая организация");
    Err(Problem::new(ProblemCode::Forbidden, words).into())
}

/// The fact `id` as [`open`], if a person entered it.
fn entered(tx: &mut Tx, writer: Writer, id: FactId, version: impl Into<Expected>) -> Result<Fact> {
    let fact = open(tx, writer, id)?;
    same_version(fact.version, version)?;
    if fact.origin == FactOrigin::Counted {
        let words = (
            "the system counted it: confirm or decline it",
            "значение посчитано системой: его подтверждают или отклоняют",
        );
        return Err(Problem::new(ProblemCode::WrongState, words).into());
    }
    Ok(fact)
}

/// Leaves the change of a fact in the audit log and the journal.
///
/// # Errors
/// A fact that has no JSON form.
pub(super) fn record(tx: &mut Tx, before: Option<&Fact>, after: Option<&Fact>) -> Result<()> {
    if let Some(fact) = after.or(before) {
        tx.record(change("facts", fact.id, before, after, label)?);
    }
    Ok(())
}

fn label(fact: &Fact) -> Label {
    // People may report the same thing twice: nothing but its id tells a fact from the others.
    let key = json!({
        "plan_id": fact.plan_id, "activity": fact.activity, "window_from": fact.window_from, "id": fact.id,
    });
    Label::new(key).within(fact.municipality_id, fact.school_id)
}

fn checked(tx: &mut Tx, area: Area, draft: FactDraft) -> Result<Row> {
    let (on, today) = (tx.at.date(), tx.at.plus_seconds(AHEAD).date());
    let mut check = Check::default();
    let plan = match plans::find(tx, &PlanRef::Id(draft.plan_id)) {
        Ok(plan) => Some((plans::version(tx, &plan, None)?.1, plan)),
        Err(Error::Problem(problem)) if problem.code == ProblemCode::NotFound => None,
        Err(fault) => return Err(fault),
    };
    match &plan {
        Some((document, _)) => rules::check(&mut check, document, &draft, today),
        None => check.flaw("/plan_id", Reason::UnknownReference),
    }
    let note = check.optional_line("/note", draft.note.as_deref(), NOTE);
    let (municipality_id, school_id) = organisation(tx, &mut check, area, &draft)?;
    check.done()?;
    if let Some((document, plan)) = &plan
        && area != Area::Region
    {
        let about = place(school_id, municipality_id);
        let (organisations, about) = discipline::store::organisations(tx, plan, on, about)?;
        rules::responsible(document, &organisations, &draft, about)?;
    }
    let FactDraft { plan_id, activity, window_from, kind, metric, value, happened_on, executor, .. } = draft;
    Ok(Row {
        plan_id,
        activity,
        window_from,
        kind,
        metric,
        value,
        happened_on,
        executor,
        municipality_id,
        school_id,
        note,
    })
}

/// What the fact is about: the named municipality or school, if it lies in the area; for a bounded area its own unless
/// named.
fn organisation(
    db: &mut Db,
    check: &mut Check,
    area: Area,
    draft: &FactDraft,
) -> Result<(Option<MunicipalityId>, Option<SchoolId>)> {
    match (draft.municipality_id, draft.school_id, area) {
        (Some(_), Some(_), _) => check.flaw("/municipality_id", Reason::Contradiction),
        (None, None, Area::Municipality(own)) => return Ok((Some(own), None)),
        (None, None, Area::School(own)) => return Ok((None, Some(own))),
        (None, None, Area::Region) => {}
        (Some(id), None, _) => {
            check.unless(has_municipality(db, area, id)?, "/municipality_id", Reason::UnknownReference);
        }
        (None, Some(id), _) => {
            check.unless(has_school(db, area, id)?, "/school_id", Reason::UnknownReference)
        }
    }
    Ok((draft.municipality_id, draft.school_id))
}

fn has_municipality(db: &mut Db, area: Area, id: MunicipalityId) -> Result<bool> {
    let named = municipalities::table.filter(municipalities::id.eq(id));
    let found: i64 = match area {
        Area::Region => named.count().get_result(db)?,
        Area::Municipality(own) => {
            named.filter(municipalities::id.nullable().eq_any(with_districts(own))).count().get_result(db)?
        }
        Area::School(_) => 0,
    };
    Ok(found == 1)
}

fn has_school(db: &mut Db, area: Area, id: SchoolId) -> Result<bool> {
    let named = schools::table.filter(schools::id.eq(id));
    let found: i64 = match bounds(area) {
        None => named.count().get_result(db)?,
        Some((municipality, school)) => {
            named.filter(schools::id.eq_any(visible_schools(municipality, school))).count().get_result(db)?
        }
    };
    Ok(found == 1)
}

/// Refuses a fact that says what another says that was not declined, whoever carried it out.
fn unlike_others(db: &mut Db, row: &Row, itself: Option<FactId>) -> Result<()> {
    let near: Vec<Row> = facts::table
        .filter(facts::plan_id.eq(row.plan_id).and(facts::activity.eq(&row.activity)))
        .filter(facts::window_from.eq(row.window_from).and(facts::happened_on.eq(row.happened_on)))
        .filter(facts::state.ne(FactState::Declined).and(facts::id.ne(itself.unwrap_or(FactId(0)))))
        .select(Row::as_select())
        .load(db)?;
    let same = |other: Row| *row == Row { executor: row.executor.clone(), ..other };
    if near.into_iter().any(same) { Err(ProblemCode::AlreadyExists.into()) } else { Ok(()) }
}
