//! Proposals as they are kept and read.

use super::Viewer;
use crate::{
    rules::ProposalReason,
    types::{Branch, ModelCode, ProposalId, ProposalRunId, ProposalState, SubjectKind},
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result,
    schema::{municipalities, proposals, schools, staff},
};
use opora_primitives::{Cursor, Limit, Moment, MunicipalityId, Page, SchoolCode, SchoolId};
use opora_schools::types::StaffId;
use serde::Serialize;

/// A proposal with the names of its subject.
#[derive(Clone, Debug, PartialEq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = proposals)]
pub struct ProposalRecord {
    /// Its id.
    pub id: crate::types::ProposalId,
    /// The run that made it.
    pub proposal_run_id: ProposalRunId,
    /// The model.
    pub model: ModelCode,
    /// The branch, where the model has any.
    pub branch: Option<Branch>,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// The school: the subject itself, or the person's.
    pub school_id: Option<SchoolId>,
    /// The school's code.
    #[diesel(select_expression = schools::code.nullable())]
    pub school_code: Option<SchoolCode>,
    /// The school's name.
    #[diesel(select_expression = schools::name.nullable())]
    pub school_name: Option<String>,
    /// The municipality, if it is the subject.
    pub municipality_id: Option<MunicipalityId>,
    /// The municipality's name.
    #[diesel(select_expression = municipalities::name.nullable())]
    pub municipality_name: Option<String>,
    /// The person, if one is the subject.
    pub staff_id: Option<StaffId>,
    /// The person's name.
    #[diesel(select_expression = staff::full_name.nullable())]
    pub staff_name: Option<String>,
    /// First day of the model's period.
    pub valid_from: NaiveDate,
    /// Its last day.
    pub valid_to: Option<NaiveDate>,
    /// Why, as data: JSON text.
    #[serde(skip)]
    pub reason: String,
    /// What became of it.
    pub state: ProposalState,
    /// Who decided.
    pub decided_by: Option<i64>,
    /// When it was decided.
    pub decided_at: Option<Moment>,
    /// Why, in the words of the one who decided.
    pub decision_reason: Option<String>,
    /// Counts the changes.
    pub version: i64,
}

impl ProposalRecord {
    /// Why it was made.
    ///
    /// # Errors
    /// A stored reason that cannot be read.
    pub fn read_reason(&self) -> Result<ProposalReason> {
        serde_json::from_str(&self.reason).map_err(Error::fault)
    }
}

/// Which proposals are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this run.
    pub run: Option<ProposalRunId>,
    /// Of this model.
    pub model: Option<ModelCode>,
    /// In this state.
    pub state: Option<ProposalState>,
    /// For such a subject.
    pub subject_kind: Option<SubjectKind>,
    /// For this school or its people.
    pub school: Option<SchoolId>,
    /// For this municipality itself.
    pub municipality: Option<MunicipalityId>,
}

/// Narrows a boxed query over proposals to a [`Filter`].
macro_rules! wanted {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query, $filter);
        if let Some(run) = filter.run {
            query = query.filter(proposals::proposal_run_id.eq(run));
        }
        if let Some(model) = filter.model {
            query = query.filter(proposals::model.eq(model));
        }
        if let Some(state) = filter.state {
            query = query.filter(proposals::state.eq(state));
        }
        if let Some(kind) = filter.subject_kind {
            query = query.filter(proposals::subject_kind.eq(kind));
        }
        if let Some(school) = filter.school {
            query = query.filter(proposals::school_id.eq(school));
        }
        if let Some(municipality) = filter.municipality {
            query = query.filter(proposals::municipality_id.eq(municipality));
        }
        query
    }};
}

/// Proposals by id.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    viewer: Viewer,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ProposalRecord>> {
    let scope = format!("proposals {filter:?}");
    let query = proposals::table
        .left_join(schools::table)
        .left_join(municipalities::table)
        .left_join(staff::table)
        .select(ProposalRecord::as_select())
        .into_boxed();
    let mut query = within!(wanted!(query, filter), proposals, viewer);
    if let Some(cursor) = cursor {
        query = query.filter(proposals::id.gt(Cursor::decode::<ProposalId>(&scope, cursor)?));
    }
    let rows = query.order(proposals::id).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |p: &ProposalRecord| p.id))
}

/// The proposal `id`.
///
/// # Errors
/// Not found, or not for this reader.
pub fn find(db: &mut Db, viewer: Viewer, id: ProposalId) -> Result<ProposalRecord> {
    let query = proposals::table
        .left_join(schools::table)
        .left_join(municipalities::table)
        .left_join(staff::table)
        .filter(proposals::id.eq(id))
        .select(ProposalRecord::as_select())
        .into_boxed();
    Ok(within!(query, proposals, viewer).first(db)?)
}

/// The ids of all proposals that `filter` and the reader's rights let through, ascending.
///
/// # Errors
/// Faults of the database.
pub fn ids(db: &mut Db, viewer: Viewer, filter: &Filter) -> Result<Vec<ProposalId>> {
    let query = wanted!(proposals::table.select(proposals::id).into_boxed(), filter);
    Ok(within!(query, proposals, viewer).order(proposals::id).load(db)?)
}
