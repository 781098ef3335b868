//! All results that a filter asks for, for files: row by row, whatever their number.

use super::{
    results::{self, Filter, Procedure, ResultRow},
    scope::{bounds, visible_schools, with_districts},
};
use crate::types::Attempt;
use diesel::{dsl::auto_type, prelude::*};
use opora_db::{
    Db, Result,
    schema::{municipalities, results as table, schools},
};
use opora_primitives::{Area, MunicipalityId, SchoolCode, SchoolId};
use std::collections::HashMap;

/// How many schools are read at a time. A school has one result in a procedure and attempt, so this bounds the rows in
/// memory too.
const SCHOOLS: i64 = 100;

/// A school as a file names it.
#[derive(Clone, Debug, Queryable)]
pub struct SchoolName {
    /// Its id.
    pub id: SchoolId,
    /// Its code.
    pub code: SchoolCode,
    /// Its name.
    pub name: String,
    /// The name of its municipality; a state school has none.
    pub municipality: Option<String>,
}

/// What a row of the table adds to its school and its procedure.
#[derive(Queryable)]
struct Figures {
    school_id: SchoolId,
    procedure_id: i64,
    attempt: Attempt,
    programme_grade: Option<i32>,
    participants: i32,
    below_minimum: i32,
    mean_score: Option<i32>,
    mark2: Option<i32>,
    mark3: Option<i32>,
    mark4: Option<i32>,
    mark5: Option<i32>,
    import_id: Option<i64>,
}

impl Figures {
    fn of(self, school: &SchoolName, procedure: &Procedure) -> ResultRow {
        let (procedure_id, academic_year, assessment, grade, subject) = *procedure;
        ResultRow {
            school_id: school.id,
            school_code: school.code.clone(),
            academic_year,
            assessment,
            grade,
            subject,
            attempt: self.attempt,
            programme_grade: self.programme_grade,
            participants: self.participants,
            below_minimum: self.below_minimum,
            mean_score: self.mean_score,
            mark2: self.mark2,
            mark3: self.mark3,
            mark4: self.mark4,
            mark5: self.mark5,
            import_id: self.import_id,
            procedure_id,
        }
    }
}

/// Gives every result to `take`, by school, procedure and attempt; `municipality` bounds the schools further, to those of
/// a municipality or, for a city, of its districts. To be called in one consistent read.
///
/// # Errors
/// What `take` answers: it ends the walk.
pub fn walk(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    municipality: Option<MunicipalityId>,
    mut take: impl FnMut(&SchoolName, ResultRow) -> Result<()>,
) -> Result<()> {
    let procedures: HashMap<i64, Procedure> =
        results::procedures(db, filter)?.into_iter().map(|procedure| (procedure.0, procedure)).collect();
    let wanted: Vec<i64> = procedures.keys().copied().collect();
    each_part(db, area, filter, municipality, |db, schools| {
        let by_id: HashMap<SchoolId, &SchoolName> =
            schools.iter().map(|school| (school.id, school)).collect();
        for figures in figures_of(db, schools, &wanted, filter.attempt)? {
            if let (Some(school), Some(procedure)) =
                (by_id.get(&figures.school_id), procedures.get(&figures.procedure_id))
            {
                take(school, figures.of(school, procedure))?;
            }
        }
        Ok(())
    })
}

/// How many results [`walk`] would give. To be called in the same consistent read.
///
/// # Errors
/// Faults of the database.
pub fn count(db: &mut Db, area: Area, filter: &Filter, municipality: Option<MunicipalityId>) -> Result<i64> {
    let wanted: Vec<i64> = results::procedures(db, filter)?.into_iter().map(|(id, ..)| id).collect();
    let mut total = 0;
    each_part(db, area, filter, municipality, |db, schools| {
        let query = of_schools(ids(schools), wanted.clone());
        let found: i64 = match filter.attempt {
            Some(attempt) => query.filter(table::attempt.eq(attempt)).count().get_result(db)?,
            None => query.count().get_result(db)?,
        };
        total += found;
        Ok(())
    })?;
    Ok(total)
}

/// Gives all schools to `take`, some at a time.
fn each_part(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    municipality: Option<MunicipalityId>,
    mut take: impl FnMut(&mut Db, &[SchoolName]) -> Result<()>,
) -> Result<()> {
    let mut after = SchoolId(0);
    loop {
        let schools = schools_after(db, area, filter, municipality, after)?;
        let Some(last) = schools.last() else { return Ok(()) };
        after = last.id;
        take(db, &schools)?;
    }
}

fn ids(schools: &[SchoolName]) -> Vec<SchoolId> {
    schools.iter().map(|school| school.id).collect()
}

/// The next schools by id.
fn schools_after(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    municipality: Option<MunicipalityId>,
    after: SchoolId,
) -> Result<Vec<SchoolName>> {
    let mut query = schools::table
        .left_join(municipalities::table)
        .filter(schools::id.gt(after))
        .select((schools::id, schools::code, schools::name, municipalities::name.nullable()))
        .into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
    }
    if let Some(id) = municipality {
        query = query.filter(schools::municipality_id.eq_any(with_districts(id)));
    }
    if let Some(school) = filter.school {
        query = query.filter(schools::id.eq(school));
    }
    Ok(query.order(schools::id).limit(SCHOOLS).load(db)?)
}

/// The results of `schools` in `procedures`.
#[auto_type]
fn of_schools(schools: Vec<SchoolId>, procedures: Vec<i64>) -> _ {
    table::table.filter(table::school_id.eq_any(schools)).filter(table::procedure_id.eq_any(procedures))
}

fn figures_of(
    db: &mut Db,
    schools: &[SchoolName],
    procedures: &[i64],
    attempt: Option<Attempt>,
) -> Result<Vec<Figures>> {
    let mut query = of_schools(ids(schools), procedures.to_vec())
        .select((
            table::school_id,
            table::procedure_id,
            table::attempt,
            table::programme_grade,
            table::participants,
            table::below_minimum,
            table::mean_score,
            table::mark2,
            table::mark3,
            table::mark4,
            table::mark5,
            table::import_id,
        ))
        .into_boxed();
    if let Some(attempt) = attempt {
        query = query.filter(table::attempt.eq(attempt));
    }
    Ok(query.order((table::school_id, table::procedure_id, table::attempt)).load(db)?)
}
