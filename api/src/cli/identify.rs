//! `opora identify`.

use super::{Outcome, told};
use crate::{config::Config, startup};
use clap::Args;
use opora_db::{Origin, jobs};
use opora_primitives::{AcademicYear, Area, Moment, ProblemCode};
use opora_schools::runs::{self, NewRun, Run, verdicts};

/// Options of `opora identify`.
#[derive(Args)]
pub(super) struct Identify {
    /// The academic year to judge, as 2020/2021; the newest with results unless said.
    #[arg(long, value_parser = year)]
    year: Option<AcademicYear>,
}

fn year(text: &str) -> Result<AcademicYear, String> {
    text.parse().map_err(told)
}

impl Identify {
    /// Makes a run as `POST /api/v1/identification-runs` does, and carries it out here instead of leaving it to a
    /// server's worker.
    pub(super) fn run(self, config: Config) -> Outcome {
        let database = startup::state(config).map_err(told)?.database;
        let origin = Origin::system("command line: identify");
        let owner = format!("command line {}", std::process::id());
        let new = NewRun { academic_year: self.year, ..NewRun::default() };
        let run = database
            .write(&origin, |tx| {
                let (run, at) = (runs::create(tx, &origin, &new)?, tx.at);
                let job = jobs::of(tx, runs::JOB_KIND, run.id.0)?;
                jobs::take(tx, job.id, &owner, at)?;
                Ok(run)
            })
            .map_err(told)?;
        let succeed = |tx: &mut opora_db::Tx| {
            let (job, at) = (run.job_id.ok_or(ProblemCode::NotFound)?, tx.at);
            jobs::succeed(tx, job, &owner, at)
        };
        let outcome = runs::run(&database, &origin, run.id, |_, _| true, succeed);
        if let (Err(opora_db::Error::Problem(problem)), Some(job)) = (&outcome, run.job_id) {
            let failed = jobs::JobState::Failed;
            database
                .keep_books(|db| jobs::close(db, job, failed, Some(problem), Moment::now()))
                .map_err(told)?;
        }
        outcome.map_err(told)?;
        let (run, counts) = database
            .read(|db| Ok((runs::find(db, run.id)?, verdicts::counts(db, Area::Region, run.id)?)))
            .map_err(told)?;
        tell(&run, &counts);
        Ok(())
    }
}

fn tell(run: &Run, counts: &[verdicts::OutcomeCount]) {
    println!("run {}: {}, list {}/{}", run.id, run.academic_year, run.list.list_year, run.list.revision);
    for count in counts {
        println!("{:18} {:>6}", count.outcome, count.schools);
    }
    println!("{:18} {:>6}", "results looked at", run.inputs_rows.unwrap_or_default());
    println!("inputs             {}", run.inputs_hash.as_deref().unwrap_or_default());
}
