//! Carrying out a run: read, survey, judge, write.
//!
//! The verdicts are judged on all cores, a batch at a time, while the write goes on, so that the traces of a country
//! never stand in memory together. The same inputs give the same verdicts, byte for byte, on any number of cores.

use super::{
    fingerprint,
    inputs::{Inputs, School, called_off, count},
    store,
    verdicts::SocialBasis,
};
use crate::{
    identification::{
        Landscape, LandscapeBuilder, Outcome, SocialIndex, is_resilient, judge, social::boundary,
        social_indices, strong_years,
    },
    types::RunId,
};
use diesel::prelude::*;
use opora_db::{
    Database, Db, Error, Operation, Origin, Result, Tx,
    schema::{identification_runs as runs, verdicts},
};
use opora_primitives::SchoolId;
use std::thread;

/// Tells how much of how much is done, in schools, each counted once when read and once when judged. An error ends the
/// run.
pub type Tell<'a> = dyn Fn(i64, Option<i64>) -> Result<()> + 'a;

/// Schools judged and written at a time.
const BATCH: usize = 500;

/// Rows of one insert into SQLite: eleven values each stay far below its limit.
const ROWS_AN_INSERT: usize = 250;

/// Carries out `run`: `progress` hears how much of how much is done and answers whether to go on; `finish` ends the job
/// in the transaction of the verdicts. It comes first there: it then holds the job's row, which signs of life would
/// otherwise change under a long write.
///
/// # Errors
/// Not found; [`opora_primitives::ProblemCode::WrongState`] if the run was called off; what `finish` answers.
pub fn run(
    database: &Database,
    origin: &Origin,
    run: RunId,
    progress: impl Fn(i64, Option<i64>) -> bool,
    finish: impl Fn(&mut Tx) -> Result<()>,
) -> Result<()> {
    let tell = |done, total| if progress(done, total) { Ok(()) } else { Err(called_off()) };
    let inputs = Inputs::load(database, run, &tell)?;
    let (fingerprint, bench) = thread::scope(|scope| {
        let fingerprint = scope.spawn(|| fingerprint::of(&inputs));
        let bench = Bench::new(&inputs);
        Ok::<_, Error>((fingerprint.join().map_err(|_| Error::fault("hashing panicked"))??, bench))
    })?;
    database.write(origin, |tx| {
        let before = store::find(tx, run)?;
        finish(tx)?;
        let judged = write_verdicts(tx, run, &bench, &tell)?;
        let (at, judged) = (tx.at, i32::try_from(judged).map_err(Error::fault)?);
        diesel::update(runs::table.find(run))
            .set((
                runs::finished_at.eq(at),
                runs::inputs_hash.eq(&fingerprint),
                runs::inputs_rows.eq(count(inputs.rows())),
                runs::schools.eq(judged),
            ))
            .execute(&mut **tx)?;
        let finished = store::find(tx, run)?;
        tx.record(store::change(&finished, Operation::Update).before(store::contents(&before)));
        Ok(())
    })
}

/// What every school of a run is judged with.
struct Bench<'a> {
    inputs: &'a Inputs,
    landscape: Landscape,
    /// By school.
    indices: Vec<SocialIndex>,
    /// The greatest index of conditions in which good results make a school resilient.
    resilient_up_to: Option<u16>,
}

impl<'a> Bench<'a> {
    fn new(inputs: &'a Inputs) -> Self {
        let mut survey = LandscapeBuilder::new(&inputs.parameters, inputs.year, &inputs.procedures);
        inputs.schools.iter().for_each(|school| survey.add(&inputs.seen(school)));
        let indices = social_indices(&inputs.parameters.social, &inputs.contexts);
        let resilient_up_to = boundary(&indices, inputs.parameters.resilience.index_percentile);
        Self { inputs, landscape: survey.finish(), indices, resilient_up_to }
    }

    fn social(&self, school: SchoolId) -> Option<&SocialIndex> {
        let found = self.indices.binary_search_by_key(&school, |index| index.school).ok()?;
        self.indices.get(found)
    }

    fn verdict(&self, run: RunId, school: &School) -> Result<Row> {
        let (parameters, seen) = (&self.inputs.parameters, self.inputs.seen(school));
        let judgement = judge(parameters, &self.landscape, &seen);
        let social = self.social(school.id);
        let index = social.and_then(|found| found.index);
        let adverse = index.zip(self.resilient_up_to).is_some_and(|(index, most)| index <= most);
        // Without such conditions the years are not needed: walking them again costs as much as the verdict.
        let may = adverse && judgement.outcome != Outcome::Excluded;
        let years = if may { strong_years(parameters, &self.landscape, &seen) } else { Vec::new() };
        let strong = years.iter().filter(|year| year.strong).map(|year| year.year).collect();
        let json = |text: serde_json::Result<String>| text.map_err(Error::fault);
        Ok(Row {
            run_id: run,
            school_id: school.id,
            outcome: judgement.outcome,
            listed: school.listed,
            findings: json(serde_json::to_string(&judgement.findings))?,
            bias_flag: judgement.bias_flag,
            social_index: index.map(i32::from),
            adverse: social.and_then(|found| found.adverse),
            resilient: is_resilient(&parameters.resilience, adverse, &years),
            social: social.map(|found| json(SocialBasis::of(found, strong).to_json())).transpose()?,
            trace: json(serde_json::to_string(&judgement.trace))?,
        })
    }

    /// The verdicts about `schools`, in their order, judged on all cores.
    fn verdicts(&self, run: RunId, schools: &[&School], cores: usize) -> Result<Vec<Row>> {
        let share = schools.len().div_ceil(cores).max(1);
        thread::scope(|scope| {
            let parts: Vec<_> =
                schools.chunks(share).map(|part| scope.spawn(move || self.judge_all(run, part))).collect();
            let mut rows = Vec::with_capacity(schools.len());
            for part in parts {
                rows.extend(part.join().map_err(|_| Error::fault("judging panicked"))??);
            }
            Ok(rows)
        })
    }

    fn judge_all(&self, run: RunId, schools: &[&School]) -> Result<Vec<Row>> {
        schools.iter().map(|school| self.verdict(run, school)).collect()
    }
}

/// A verdict as it is kept.
#[derive(Insertable)]
#[diesel(table_name = verdicts, treat_none_as_default_value = false)]
struct Row {
    run_id: RunId,
    school_id: SchoolId,
    outcome: Outcome,
    listed: bool,
    findings: String,
    bias_flag: bool,
    social_index: Option<i32>,
    adverse: Option<bool>,
    resilient: bool,
    social: Option<String>,
    trace: String,
}

/// Judges and writes, the next batch being judged while one is written; answers how many schools got a verdict.
fn write_verdicts(db: &mut Db, run: RunId, bench: &Bench<'_>, tell: &Tell<'_>) -> Result<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let judged: Vec<&School> = bench.inputs.schools.iter().filter(|school| school.is_judged()).collect();
    let read = bench.inputs.schools.len();
    let mut batches = judged.chunks(BATCH);
    let mut written = 0;
    thread::scope(|scope| {
        let mut start = || batches.next().map(|batch| scope.spawn(move || bench.verdicts(run, batch, cores)));
        let mut waiting = start();
        while let Some(batch) = waiting {
            let rows = batch.join().map_err(|_| Error::fault("judging panicked"))??;
            waiting = start();
            write(db, &rows)?;
            written += rows.len();
            tell(count(read + written), Some(count(read + judged.len())))?;
        }
        Ok(written)
    })
}

/// PostgreSQL would spend as much on reading an insert of so many values as on carrying it out.
fn write(db: &mut Db, rows: &[Row]) -> Result<()> {
    match db {
        Db::Sqlite(c) => {
            for rows in rows.chunks(ROWS_AN_INSERT) {
                diesel::insert_into(verdicts::table).values(rows).execute(c)?;
            }
        }
        Db::Postgres(c) => {
            diesel::copy_from(verdicts::table).from_insertable(rows).execute(c)?;
        }
    }
    Ok(())
}
