//! Results removed by hand. They are made and changed by files alone; a file cannot say that a row is to go.

use super::{Label, MOST, change, gather};
use crate::{
    registry::results::{Filter, ResultRow, list},
    types::Attempt,
};
use diesel::prelude::*;
use opora_db::{Result, Tx, schema::results};
use opora_primitives::{Area, SchoolId};
use serde_json::json;
use std::collections::BTreeMap;

/// Rows of one statement.
const BATCH: usize = 500;

/// Removes the results that `filter` lets through; answers how many.
///
/// # Errors
/// [`opora_primitives::ProblemCode::InvalidParameter`] if there are more than [`MOST`].
pub fn delete(tx: &mut Tx, filter: &Filter) -> Result<usize> {
    let words = (
        format!("there are more than {MOST} such results; name a grade or a subject"),
        format!("таких результатов больше {MOST}; укажите класс или предмет"),
    );
    let rows = gather(("type", words), |limit, cursor| list(tx, Area::Region, filter, limit, cursor))?;
    let mut of_procedure: BTreeMap<(i64, Attempt), Vec<SchoolId>> = BTreeMap::new();
    for row in &rows {
        of_procedure.entry((row.procedure_id, row.attempt)).or_default().push(row.school_id);
    }
    for ((procedure, attempt), schools) in of_procedure {
        for batch in schools.chunks(BATCH) {
            let gone = results::table
                .filter(results::procedure_id.eq(procedure))
                .filter(results::attempt.eq(attempt))
                .filter(results::school_id.eq_any(batch.to_vec()));
            diesel::delete(gone).execute(&mut **tx)?;
        }
    }
    for row in &rows {
        record(tx, row)?;
    }
    Ok(rows.len())
}

fn record(tx: &mut Tx, row: &ResultRow) -> Result<()> {
    let ResultRow { school_code, academic_year, assessment, grade, subject, attempt, .. } = row;
    let key = format!("{school_code} {academic_year} {assessment} {grade} {subject} {attempt}");
    let named = json!({"school_code": school_code, "academic_year": academic_year, "type": assessment,
        "grade": grade, "subject": subject, "attempt": attempt});
    let label = |row: &ResultRow| Label::new(named.clone()).within(None, Some(row.school_id));
    tx.record(change("results", key, Some(row), None, label)?);
    Ok(())
}
