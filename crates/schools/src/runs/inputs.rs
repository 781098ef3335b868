//! Everything a run looks at, read in one consistent state and kept compactly: 16 bytes a result.
//!
//! Results of schools that are closed by now stay in the comparison groups: they took part in the procedures. Verdicts
//! are about schools that are open, that closed after the judged year (D295), or that stand on the list. Results of years
//! after the judged one are left out.

use super::engine::Tell;
use crate::{
    identification::{Context, Measurement, Parameters, Procedure, SchoolInput},
    methodologies,
    registry::{contexts, designations, lists},
    types::{
        Assessment, Attempt, DesignationKind, ListId, Locality, MethodologyId, ProcedureId, RunId,
        SchoolKind, SchoolStatus, Subject,
    },
};
use chrono::NaiveDate;
use diesel::{
    pg::{PgConnection, PgRowByRowLoadingMode},
    prelude::*,
    sql_types::{Array, BigInt, Nullable},
    sqlite::SqliteConnection,
};
use opora_db::{
    Database, Db, Error, Result, dialect,
    schema::{identification_runs as runs, procedures, results, schools},
};
use opora_primitives::{AcademicYear, Moment, ProblemCode, SchoolCode, SchoolId};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Mutex, PoisonError},
    thread,
};

/// Schools whose results are read by one query: enough of them that PostgreSQL follows the key of the results instead
/// of sorting them. Few in tests, whose small region is to take several queries.
const SCHOOLS_A_QUERY: usize = if cfg!(test) { 2 } else { 2000 };

/// A school of the run.
pub(super) struct School {
    pub(super) id: SchoolId,
    pub(super) code: SchoolCode,
    pub(super) kind: SchoolKind,
    pub(super) locality: Locality,
    pub(super) open: bool,
    pub(super) listed: bool,
    pub(super) high_by_act: bool,
    chunk: usize,
    rows: Range<usize>,
}

impl School {
    /// Whether it gets a verdict.
    pub(super) fn is_judged(&self) -> bool {
        self.open || self.listed
    }
}

/// The inputs of a run.
pub(super) struct Inputs {
    pub(super) parameters: Parameters,
    pub(super) year: AcademicYear,
    /// In the order of their natural keys, so that it does not depend on row ids.
    pub(super) procedures: Vec<Procedure>,
    /// By id.
    pub(super) schools: Vec<School>,
    /// Contexts of the judged year, by school.
    pub(super) contexts: Vec<Context>,
    /// Results of the schools of one query each: no vector ever grows to the size of the country.
    chunks: Vec<Vec<Measurement>>,
}

impl Inputs {
    /// Reads the inputs of `run`.
    pub(super) fn load(database: &Database, run: RunId, tell: &Tell<'_>) -> Result<Self> {
        database.read_consistent(|db| Self::load_within(database, db, run, tell))
    }

    fn load_within(database: &Database, db: &mut Db, run: RunId, tell: &Tell<'_>) -> Result<Self> {
        let columns = (runs::methodology_id, runs::list_id, runs::academic_year, runs::created_at);
        let (methodology, list, year, asked_at): (MethodologyId, ListId, AcademicYear, Moment) =
            runs::table.find(run).select(columns).first(db)?;
        let parameters = methodologies::find(db, methodology)?.parameters;
        let procedures = load_procedures(db, year)?;
        let schools = load_schools(db, list, year, asked_at.date())?;
        let contexts = load_contexts(db, year, &schools)?;
        let mut inputs = Self { parameters, year, procedures, schools, contexts, chunks: Vec::new() };
        inputs.load_results(database, db, tell)?;
        Ok(inputs)
    }

    /// The results of a school, in the order of the procedures.
    pub(super) fn measurements(&self, school: &School) -> &[Measurement] {
        self.chunks.get(school.chunk).and_then(|chunk| chunk.get(school.rows.clone())).unwrap_or_default()
    }

    /// Results looked at.
    pub(super) fn rows(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// The school as the rules see it.
    pub(super) fn seen(&self, school: &School) -> SchoolInput<'_> {
        SchoolInput {
            school: school.id,
            kind: school.kind,
            locality: school.locality,
            listed: school.listed,
            high_by_act: school.high_by_act,
            measurements: self.measurements(school),
        }
    }

    /// On PostgreSQL two connections, which see one state, take the next schools in turns: packing their results costs the
    /// server more than anything else in a run.
    fn load_results(&mut self, database: &Database, db: &mut Db, tell: &Tell<'_>) -> Result<()> {
        let index = index_of(&self.procedures)?;
        let (total, parts) = (count(self.schools.len()), self.schools.len().div_ceil(SCHOOLS_A_QUERY));
        let left = Mutex::new(self.schools.chunks_mut(SCHOOLS_A_QUERY).enumerate());
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let read = |db: &mut Db, tell: &dyn Fn(usize) -> Result<()>| {
            let mut chunks = Vec::with_capacity(parts);
            while let Some((number, schools)) = next() {
                let loaded =
                    load_chunk(db, number, schools, &index).and_then(|chunk| tell(number).map(|()| chunk));
                // Nobody reads on after an error.
                chunks.push((number, loaded.inspect_err(|_| while next().is_some() {})?));
            }
            Ok::<_, Error>(chunks)
        };
        // The helper, which tells nothing, may read all there is.
        tell(0, Some(2 * total))?;
        let snapshot = dialect::share_snapshot(db)?;
        let mut chunks = thread::scope(|scope| {
            let helper = snapshot
                .map(|state| scope.spawn(move || database.read_shared(&state, |db| read(db, &|_| Ok(())))));
            let mut chunks = read(db, &|number| tell(count(number * SCHOOLS_A_QUERY), Some(2 * total)))?;
            // A helper that got no connection leaves nothing undone.
            if let Some(helper) = helper.filter(|_| chunks.len() < parts) {
                chunks.extend(helper.join().map_err(|_| Error::fault("reading panicked"))??);
            }
            Ok::<_, Error>(chunks)
        })?;
        chunks.sort_unstable_by_key(|(number, _)| *number);
        self.chunks = chunks.into_iter().map(|(_, chunk)| chunk).collect();
        Ok(())
    }
}

/// The positions of the procedures, by id.
fn index_of(procedures: &[Procedure]) -> Result<Vec<(i64, u16)>> {
    let mut index = Vec::with_capacity(procedures.len());
    for (position, procedure) in procedures.iter().enumerate() {
        let position = u16::try_from(position).map_err(|_| Error::fault("too many procedures"))?;
        index.push((procedure.id.0, position));
    }
    index.sort_unstable();
    Ok(index)
}

/// A count as the job shows it.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn load_procedures(db: &mut Db, judged: AcademicYear) -> Result<Vec<Procedure>> {
    let columns = (
        procedures::id,
        procedures::assessment,
        procedures::academic_year,
        procedures::grade,
        procedures::subject,
    );
    let rows: Vec<(ProcedureId, Assessment, AcademicYear, i32, Subject)> =
        procedures::table.filter(procedures::academic_year.le(judged)).select(columns).load(db)?;
    let mut procedures = Vec::with_capacity(rows.len());
    for (id, assessment, year, grade, subject) in rows {
        let grade = u8::try_from(grade).map_err(Error::fault)?;
        procedures.push(Procedure { id, assessment, year, grade, subject });
    }
    // Sorted here: the order of texts is the database's own affair.
    procedures.sort_unstable_by_key(|p| (p.year, p.assessment, p.grade, p.subject));
    Ok(procedures)
}

/// All schools; open are those that worked to the end of the judged year (D295), or work on the day `on` on which the run was
/// asked for (D301).
fn load_schools(db: &mut Db, list: ListId, year: AcademicYear, on: NaiveDate) -> Result<Vec<School>> {
    let members = lists::members(db, list)?;
    let by_act = high_by_act(db, year)?;
    type Row = (SchoolId, SchoolCode, SchoolKind, Locality, SchoolStatus, Option<NaiveDate>);
    let life = (schools::status, schools::closed_on);
    let columns = (schools::id, schools::code, schools::kind, schools::locality, life.0, life.1);
    let rows: Vec<Row> = schools::table.order(schools::id).select(columns).load(db)?;
    let school = |(id, code, kind, locality, status, closed_on): Row| School {
        id,
        code,
        kind,
        locality,
        // Whoever works on the later day does so on the earlier one.
        open: status.works_on(closed_on, on.min(year.last_day())),
        listed: members.binary_search(&id).is_ok(),
        high_by_act: by_act.binary_search(&id).is_ok(),
        chunk: 0,
        rows: 0..0,
    };
    Ok(rows.into_iter().map(school).collect())
}

/// Schools that an act valid on some day of the judged year names as ones with high results, ascending.
fn high_by_act(db: &mut Db, year: AcademicYear) -> Result<Vec<SchoolId>> {
    let (first, last) = (year.first_day(), year.last_day());
    let mut schools: Vec<SchoolId> = designations::all(db)?
        .into_iter()
        .filter(|d| d.kind == DesignationKind::HighResult)
        .filter(|d| d.valid_from.is_none_or(|from| from <= last) && d.valid_to.is_none_or(|to| to >= first))
        .filter_map(|d| d.school_id)
        .collect();
    schools.sort_unstable();
    Ok(schools)
}

fn load_contexts(db: &mut Db, year: AcademicYear, schools: &[School]) -> Result<Vec<Context>> {
    let localities: HashMap<SchoolId, Locality> = schools.iter().map(|s| (s.id, s.locality)).collect();
    let context = |row: contexts::Context| {
        Some(Context {
            school: row.school_id,
            locality: *localities.get(&row.school_id)?,
            pupils: row.pupils,
            both_parents_higher: row.both_parents_higher,
            one_parent: row.one_parent,
            low_income: row.low_income,
            parent_out_of_work: row.parent_out_of_work,
            on_register: row.on_register,
            special_needs: row.special_needs,
            non_native_language: row.non_native_language,
            wards: row.wards,
            poor_housing: row.poor_housing,
        })
    };
    Ok(contexts::of_year(db, year)?.into_iter().filter_map(context).collect())
}

/// A result as it is read: school, procedure, participants, below the minimum, mean in hundredths.
type Row = (i64, i64, i32, i32, Option<i32>);

/// The results of `schools`, which stand side by side in the order of ids.
fn load_chunk(
    db: &mut Db,
    number: usize,
    schools: &mut [School],
    index: &[(i64, u16)],
) -> Result<Vec<Measurement>> {
    let (Some(first), Some(last)) = (schools.first(), schools.last()) else { return Ok(Vec::new()) };
    let between = (first.id, last.id);
    let mut chunk = Chunk { number, schools, at: 0, index, rows: Vec::new() };
    match db {
        Db::Sqlite(c) => load_rows(c, between, &mut chunk)?,
        Db::Postgres(c) => load_packed(c, between, &mut chunk)?,
    }
    Ok(chunk.finish())
}

fn load_rows(
    c: &mut SqliteConnection,
    (first, last): (SchoolId, SchoolId),
    chunk: &mut Chunk<'_>,
) -> Result<()> {
    let columns = (
        results::school_id,
        results::procedure_id,
        results::participants,
        results::below_minimum,
        results::mean_score,
    );
    let query = results::table
        .filter(results::school_id.between(first, last))
        .filter(results::attempt.eq(Attempt::Main))
        .order((results::school_id, results::procedure_id))
        .select(columns);
    for row in query.load_iter::<Row, diesel::connection::DefaultLoadingMode>(c)? {
        chunk.take(row?)?;
    }
    Ok(())
}

/// The results of a school in one row: a client library spends more on a row than on its contents. A result is one
/// number, in which each value has the bits its column's bound needs.
#[derive(QueryableByName)]
struct Packed {
    #[diesel(sql_type = BigInt)]
    school_id: i64,
    #[diesel(sql_type = Array<BigInt>)]
    results: Vec<i64>,
    /// The procedures of the results, where their ids do not fit beside them.
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    procedures: Option<Vec<i64>>,
}

/// Bits of a count of pupils, and of a mean in hundredths (plus one; 0 is no mean).
const COUNT: u32 = 15;
const MEAN: u32 = 14;

/// Bits that are left for the id of a procedure. Loads that are undone use ids up as well.
const PROCEDURE: u32 = i64::BITS - 1 - 2 * COUNT - MEAN;

fn load_packed(
    c: &mut PgConnection,
    (first, last): (SchoolId, SchoolId),
    chunk: &mut Chunk<'_>,
) -> Result<()> {
    let highest: Option<i64> = procedures::table.select(diesel::dsl::max(procedures::id)).first(c)?;
    let (id, ids) = match highest.is_none_or(|id| id >> PROCEDURE == 0) {
        true => ("procedure_id", "CAST(NULL AS BIGINT[])"),
        false => ("CAST(0 AS BIGINT)", "array_agg(procedure_id)"),
    };
    let sql = format!(
        "SELECT school_id, array_agg(((({id} << {COUNT}) + participants << {COUNT}) + below_minimum << {MEAN}) \
         + COALESCE(mean_score + 1, 0)) AS results, {ids} AS procedures \
         FROM results WHERE school_id BETWEEN $1 AND $2 AND attempt = 'main' GROUP BY school_id ORDER BY school_id"
    );
    let query = diesel::sql_query(sql).bind::<BigInt, _>(first).bind::<BigInt, _>(last);
    let low = |number: i64, bits: u32| (number & ((1 << bits) - 1)) as i32;
    // Row by row: they are unpacked here while the server packs the next.
    for packed in query.load_iter::<Packed, PgRowByRowLoadingMode>(c)? {
        let packed = packed?;
        for (at, number) in packed.results.into_iter().enumerate() {
            let mean = low(number, MEAN);
            let below = low(number >> MEAN, COUNT);
            let participants = low(number >> (MEAN + COUNT), COUNT);
            let beside = packed.procedures.as_ref().and_then(|ids| ids.get(at).copied());
            let procedure = beside.unwrap_or(number >> (MEAN + 2 * COUNT));
            chunk.take((packed.school_id, procedure, participants, below, (mean > 0).then(|| mean - 1)))?;
        }
    }
    Ok(())
}

/// A chunk on its way in. Rows arrive by school.
struct Chunk<'a> {
    number: usize,
    schools: &'a mut [School],
    at: usize,
    index: &'a [(i64, u16)],
    rows: Vec<Measurement>,
}

impl Chunk<'_> {
    fn take(&mut self, (school, procedure, participants, below, mean): Row) -> Result<()> {
        // A procedure of a later year.
        let Ok(found) = self.index.binary_search_by_key(&procedure, |(id, _)| *id) else { return Ok(()) };
        while self.schools.get(self.at).is_some_and(|at| at.id.0 < school) {
            self.close_school();
        }
        let counted = |n: i32| u32::try_from(n).map_err(Error::fault);
        self.rows.push(Measurement::new(self.index[found].1, counted(participants)?, counted(below)?, mean));
        Ok(())
    }

    /// Notes where the rows of the current school end, and goes on to the next school.
    fn close_school(&mut self) {
        let start = match self.at {
            0 => 0,
            at => self.schools[at - 1].rows.end,
        };
        self.rows[start..].sort_unstable_by_key(Measurement::procedure);
        let school = &mut self.schools[self.at];
        (school.chunk, school.rows) = (self.number, start..self.rows.len());
        self.at += 1;
    }

    fn finish(mut self) -> Vec<Measurement> {
        while self.at < self.schools.len() {
            self.close_school();
        }
        self.rows.shrink_to_fit();
        self.rows
    }
}

/// The refusal of a run that was called off.
pub(super) fn called_off() -> Error {
    ProblemCode::WrongState.into()
}
