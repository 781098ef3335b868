//! What the seed holds beyond the registry: a finished run with a verdict on every school, and an assignment of each.

use super::seed::YEAR;
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Result, Tx,
    schema::{assignment_events, assignments, identification_runs, lists, methodologies, schools, verdicts},
};
use opora_primitives::SchoolId;

/// Plants the rows.
pub fn plant(tx: &mut Tx) -> Result<()> {
    let run = plant_run(tx)?;
    let ids: Vec<SchoolId> = schools::table.order(schools::id).select(schools::id).load(&mut **tx)?;
    for school in ids {
        plant_verdict(tx, run, school)?;
        plant_assignment(tx, school)?;
    }
    Ok(())
}

fn plant_run(tx: &mut Tx) -> Result<i64> {
    let at = tx.at;
    let list: i64 = lists::table.select(lists::id).first(&mut **tx)?;
    let methodology: i64 = diesel::insert_into(methodologies::table)
        .values((
            methodologies::code.eq("SEED"),
            methodologies::edition.eq(1),
            methodologies::title.eq("Методика посева"),
            methodologies::state.eq("published"),
            methodologies::parameters.eq("{}"),
            methodologies::created_at.eq(at),
            methodologies::published_at.eq(at),
        ))
        .returning(methodologies::id)
        .get_result(&mut **tx)?;
    Ok(diesel::insert_into(identification_runs::table)
        .values((
            identification_runs::methodology_id.eq(methodology),
            identification_runs::list_id.eq(list),
            identification_runs::academic_year.eq(YEAR),
            identification_runs::created_at.eq(at),
            identification_runs::finished_at.eq(at),
        ))
        .returning(identification_runs::id)
        .get_result(&mut **tx)?)
}

fn plant_verdict(tx: &mut Tx, run: i64, school: SchoolId) -> Result<()> {
    diesel::insert_into(verdicts::table)
        .values((
            verdicts::run_id.eq(run),
            verdicts::school_id.eq(school),
            verdicts::outcome.eq("low"),
            verdicts::listed.eq(true),
            verdicts::findings.eq("[]"),
            verdicts::bias_flag.eq(false),
            verdicts::resilient.eq(false),
            verdicts::trace.eq("[]"),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

fn plant_assignment(tx: &mut Tx, school: SchoolId) -> Result<()> {
    let (at, from) = (tx.at, NaiveDate::from_ymd_opt(YEAR + 1, 9, 1));
    let id: i64 = diesel::insert_into(assignments::table)
        .values((
            assignments::model.eq("M2"),
            assignments::subject_kind.eq("school"),
            assignments::school_id.eq(school),
            assignments::valid_from.eq(from.unwrap()),
            assignments::created_at.eq(at),
        ))
        .returning(assignments::id)
        .get_result(&mut **tx)?;
    diesel::insert_into(assignment_events::table)
        .values((
            assignment_events::assignment_id.eq(id),
            assignment_events::kind.eq("started"),
            assignment_events::on_date.eq(from.unwrap()),
            assignment_events::recorded_at.eq(at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
