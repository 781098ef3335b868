//! `opora identify`.

use super::{Outcome, fate, told};
use crate::{config::Config, startup, work::Desk};
use clap::Args;
use opora_db::{Origin, jobs::JobState};
use opora_primitives::{AcademicYear, Area};
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
    /// Makes a run as `POST /api/v1/identification-runs` does and sees its job through.
    pub(super) fn run(self, config: Config) -> Outcome {
        let state = startup::state(config).map_err(told)?;
        let (database, origin) = (&state.database, Origin::system("command line: identify"));
        let new = NewRun { academic_year: self.year, ..NewRun::default() };
        let run = database.write(&origin, |tx| runs::create(tx, &origin, &new)).map_err(told)?;
        let job = run.job_id.ok_or("the run has no job")?;
        let ended =
            Desk::new(database.clone(), state.config.clone()).see_through(job, &|_, _| ()).map_err(told)?;
        if ended.state != JobState::Succeeded {
            return Err(fate(&ended));
        }
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
