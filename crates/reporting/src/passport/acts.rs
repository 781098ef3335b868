//! Normative acts: what the system of support stands on, and when (decision 18).

use super::{
    rules::in_force_to,
    types::{ActId, ActKind},
};
use chrono::NaiveDate;
use diesel::{dsl::auto_type, prelude::*};
use opora_db::{Both, Db, Result, schema::normative_acts};
use opora_primitives::{Cursor, Limit, Moment, Page, text::fold};
use serde::Serialize;
use std::collections::BTreeMap;

/// The same table once more, under another name.
mod alias {
    diesel::alias!(opora_db::schema::normative_acts as successors: Successors);
}
use alias::successors;

/// A normative act. Its natural key is issuer, number and date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NormativeAct {
    /// Its id.
    pub id: ActId,
    /// Who issued it.
    #[schema(example = "Министерство образования")]
    pub issuer: String,
    /// The kind of act.
    pub kind: ActKind,
    /// Its number.
    #[schema(example = "316-01-63-950/20")]
    pub number: String,
    /// The day it was signed.
    pub signed_on: NaiveDate,
    /// What it is about.
    pub title: String,
    /// What it is the legal basis of, where the system of support uses a part of it only.
    pub basis_for: Option<String>,
    /// The first day it is in force.
    pub valid_from: NaiveDate,
    /// The last day it is in force, as far as that is said of the act itself.
    pub valid_to: Option<NaiveDate>,
    /// The last day it is in force: its own or, without one, the day before its first successor comes into force.
    pub in_force_to: Option<NaiveDate>,
    /// The act it supersedes.
    pub supersedes_id: Option<ActId>,
    /// The acts that supersede it, by id.
    pub superseded_by_ids: Vec<ActId>,
    /// Counts the changes, those of its end with them; the ETag is made from it.
    #[schema(minimum = 1, example = 1)]
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Moment,
}

/// Which acts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In force on this day.
    pub on: Option<NaiveDate>,
    /// Of this kind.
    pub kind: Option<ActKind>,
    /// With this number, case and spaces aside.
    pub number: Option<String>,
}

/// Acts by the day they were signed.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, filter: &Filter, limit: Limit, cursor: Option<&str>) -> Result<Page<NormativeAct>> {
    let scope = format!("acts {filter:?}");
    let mut query = rows();
    if let Some(on) = filter.on {
        let open =
            normative_acts::valid_to.is_null().and(diesel::dsl::not(diesel::dsl::exists(followed(on))));
        query = query
            .filter(normative_acts::valid_from.le(on))
            .filter(open.or(normative_acts::valid_to.assume_not_null().ge(on)));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(normative_acts::kind.eq(kind));
    }
    if let Some(number) = &filter.number {
        query = query.filter(normative_acts::number_folded.eq(fold(number)));
    }
    if let Some(cursor) = cursor {
        let (signed, id) = Cursor::decode::<(NaiveDate, ActId)>(&scope, cursor)?;
        let same_day = normative_acts::signed_on.eq(signed).and(normative_acts::id.gt(id));
        query = query.filter(normative_acts::signed_on.gt(signed).or(same_day));
    }
    let rows: Vec<Row> =
        query.order((normative_acts::signed_on, normative_acts::id)).limit(limit.to_fetch()).load(db)?;
    let page = Page::cut(rows, limit, &scope, |row: &Row| (row.signed_on, row.id));
    let mut followers = followers(db, &page.items.iter().map(|row| row.id).collect::<Vec<_>>())?;
    Ok(page.map(|row| {
        let followers = followers.remove(&row.id).unwrap_or_default();
        row.with(&followers)
    }))
}

/// The act `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: ActId) -> Result<NormativeAct> {
    let row: Row = rows().filter(normative_acts::id.eq(id)).first(db)?;
    let followers = followers(db, &[id])?.remove(&id).unwrap_or_default();
    Ok(row.with(&followers))
}

/// Whether an act that supersedes the row of the outer query is in force from `on` or earlier.
#[auto_type]
fn followed(on: NaiveDate) -> _ {
    let of_outer = successors.field(normative_acts::supersedes_id).eq(normative_acts::id.nullable());
    successors.filter(of_outer).filter(successors.field(normative_acts::valid_from).le(on))
}

type Wanted = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::Select<normative_acts::table, diesel::helper_types::AsSelect<Row, Both>>,
    Both,
>;

fn rows() -> Wanted {
    normative_acts::table.select(Row::as_select()).into_boxed()
}

/// The acts that supersede each of `ids`: id and first day in force.
fn followers(db: &mut Db, ids: &[ActId]) -> Result<BTreeMap<ActId, Vec<(ActId, NaiveDate)>>> {
    let rows: Vec<(Option<ActId>, ActId, NaiveDate)> = normative_acts::table
        .filter(normative_acts::supersedes_id.assume_not_null().eq_any(ids.to_vec()))
        .select((normative_acts::supersedes_id, normative_acts::id, normative_acts::valid_from))
        .order(normative_acts::id)
        .load(db)?;
    let mut found: BTreeMap<ActId, Vec<_>> = BTreeMap::new();
    for (superseded, id, from) in rows {
        if let Some(superseded) = superseded {
            found.entry(superseded).or_default().push((id, from));
        }
    }
    Ok(found)
}

/// An act as its row holds it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = normative_acts)]
struct Row {
    id: ActId,
    issuer: String,
    kind: ActKind,
    number: String,
    signed_on: NaiveDate,
    title: String,
    basis_for: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    supersedes_id: Option<ActId>,
    version: i64,
    updated_at: Moment,
}

impl Row {
    fn with(self, followers: &[(ActId, NaiveDate)]) -> NormativeAct {
        let starts: Vec<NaiveDate> = followers.iter().map(|(_, from)| *from).collect();
        NormativeAct {
            id: self.id,
            issuer: self.issuer,
            kind: self.kind,
            number: self.number,
            signed_on: self.signed_on,
            title: self.title,
            basis_for: self.basis_for,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            in_force_to: in_force_to(self.valid_to, &starts),
            supersedes_id: self.supersedes_id,
            superseded_by_ids: followers.iter().map(|(id, _)| *id).collect(),
            version: self.version,
            updated_at: self.updated_at,
        }
    }
}
