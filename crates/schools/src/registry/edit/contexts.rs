//! Social contexts removed by hand. They are made and changed by files alone; a file cannot say that a row is to go.

use super::{Label, MOST, change, gather};
use crate::registry::contexts::{Context, Filter, list};
use diesel::prelude::*;
use opora_db::{Result, Tx, schema::contexts, schema::schools};
use opora_primitives::{AcademicYear, Area, SchoolCode, SchoolId};
use serde_json::json;
use std::collections::HashMap;

/// Rows of one statement.
const BATCH: usize = 500;

/// Removes the contexts of `year`, of all schools or of one; answers how many.
///
/// # Errors
/// [`opora_primitives::ProblemCode::InvalidParameter`] if there are more than [`MOST`].
pub fn delete(tx: &mut Tx, year: AcademicYear, school: Option<SchoolId>) -> Result<usize> {
    let filter = Filter { school, year: Some(year), ..Filter::default() };
    let words = (
        format!("there are more than {MOST} such contexts; name a school"),
        format!("таких социальных паспортов больше {MOST}; укажите школу"),
    );
    let rows =
        gather(("academic_year", words), |limit, cursor| list(tx, Area::Region, &filter, limit, cursor))?;
    for batch in rows.chunks(BATCH) {
        let of: Vec<SchoolId> = batch.iter().map(|row| row.school_id).collect();
        let codes: HashMap<SchoolId, SchoolCode> = schools::table
            .filter(schools::id.eq_any(of))
            .select((schools::id, schools::code))
            .load(&mut **tx)?
            .into_iter()
            .collect();
        let gone = contexts::table
            .filter(contexts::academic_year.eq(year))
            .filter(contexts::school_id.eq_any(codes.keys()));
        diesel::delete(gone).execute(&mut **tx)?;
        for row in batch {
            record(tx, row, codes.get(&row.school_id))?;
        }
    }
    Ok(rows.len())
}

fn record(tx: &mut Tx, row: &Context, code: Option<&SchoolCode>) -> Result<()> {
    let key = format!("{} {}", code.map_or("", SchoolCode::as_str), row.academic_year);
    let named = json!({ "school_code": code, "academic_year": row.academic_year });
    let label = |row: &Context| Label::new(named.clone()).within(None, Some(row.school_id));
    tx.record(change("contexts", key, Some(row), None, label)?);
    Ok(())
}
