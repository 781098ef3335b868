//! Results removed by hand. They are made and changed by files alone; a file cannot say that a row is to go.

use super::{Label, change};
use crate::{
    registry::results::{Filter, ResultRow, list},
    types::Attempt,
};
use diesel::prelude::*;
use opora_db::{Result, Tx, schema::results};
use opora_primitives::{Area, Flaw, Limit, Problem, ProblemCode, Reason, SchoolId};
use serde_json::json;
use std::collections::BTreeMap;

/// Results that one removal takes: a procedure of the country, or an assessment of the region's year.
pub const MOST: usize = 50_000;

/// Rows of one statement.
const BATCH: usize = 500;

/// Removes the results that `filter` lets through; answers how many.
///
/// # Errors
/// [`ProblemCode::InvalidParameter`] if there are more than [`MOST`].
pub fn delete(tx: &mut Tx, filter: &Filter) -> Result<usize> {
    let rows = wanted(tx, filter)?;
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

fn wanted(tx: &mut Tx, filter: &Filter) -> Result<Vec<ResultRow>> {
    let (limit, mut cursor, mut rows) = (Limit::new(Some(Limit::MOST))?, None, Vec::new());
    loop {
        let page = list(tx, Area::Region, filter, limit, cursor.as_deref())?;
        rows.extend(page.items);
        if rows.len() > MOST {
            return Err(too_many().into());
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(rows),
        }
    }
}

fn too_many() -> Problem {
    let flaws = vec![Flaw::at("type", Reason::TooManyRows)];
    let words = (
        format!("there are more than {MOST} such results; name a grade or a subject"),
        format!("таких результатов больше {MOST}; укажите класс или предмет"),
    );
    Problem { flaws, ..Problem::new(ProblemCode::InvalidParameter, words) }
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
