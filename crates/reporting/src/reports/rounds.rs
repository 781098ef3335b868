//! What the ministry said of a report, round after round: each submission that was decided on, kept when the next one takes
//! its place in the report.

use super::{Report, ReportId};
use diesel::prelude::*;
use opora_db::{Db, Result, Tx, schema::report_rounds};
use opora_primitives::{Moment, word_type};
use serde::Serialize;

word_type!(
    /// What the ministry decided on a submission.
    RoundOutcome {
        /// It took it.
        Accepted = "accepted", "Принят";
        /// It gave it back with remarks.
        Returned = "returned", "Возвращён";
    }
);

/// A submission and what was decided on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, utoipa::ToSchema)]
pub struct ReportRound {
    /// Its number, from 1.
    #[schema(minimum = 1, example = 1)]
    pub number: i32,
    /// SHA-256 of what was submitted, in its canonical form, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    pub sha256: String,
    /// The user who submitted it.
    pub submitted_by: Option<i64>,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// What was decided.
    pub outcome: RoundOutcome,
    /// What the ministry remarked when it gave it back.
    pub remarks: Option<String>,
    /// The user who decided.
    pub decided_by: Option<i64>,
    /// When it was decided on.
    pub decided_at: Moment,
}

/// The rounds of the report `id`, the first one first.
///
/// # Errors
/// Faults of the database.
pub fn list(db: &mut Db, id: ReportId) -> Result<Vec<ReportRound>> {
    let of_report = report_rounds::table.filter(report_rounds::report_id.eq(id));
    let columns = (
        report_rounds::number,
        report_rounds::sha256,
        report_rounds::submitted_by,
        report_rounds::submitted_at,
        report_rounds::outcome,
        report_rounds::remarks,
        report_rounds::decided_by,
        report_rounds::decided_at,
    );
    Ok(of_report.order(report_rounds::number).select(columns).load(db)?)
}

/// Keeps the round that ended when `decided`, as it stands after the decision, was accepted or given back.
///
/// # Errors
/// Faults of the database.
pub(super) fn keep(tx: &mut Tx, decided: &Report, outcome: RoundOutcome) -> Result<()> {
    let at = tx.at;
    let db: &mut Db = tx;
    let of_report = report_rounds::table.filter(report_rounds::report_id.eq(decided.id));
    let before: i64 = of_report.count().get_result(db)?;
    let row = (
        report_rounds::report_id.eq(decided.id),
        report_rounds::number.eq(i32::try_from(before).unwrap_or(i32::MAX).saturating_add(1)),
        report_rounds::sha256.eq(decided.sha256.as_deref().unwrap_or_default()),
        report_rounds::submitted_by.eq(decided.submitted_by),
        report_rounds::submitted_at.eq(decided.submitted_at),
        report_rounds::outcome.eq(outcome),
        report_rounds::remarks.eq(decided.remarks.as_deref()),
        report_rounds::decided_by.eq(decided.decided_by),
        report_rounds::decided_at.eq(at),
    );
    diesel::insert_into(report_rounds::table).values(row).execute(db)?;
    Ok(())
}
