//! `opora report`.

use super::{
    Outcome,
    failure::Failure,
    output::{Output, Readers},
    say,
};
use crate::{config::Config, files::papers, startup};
use clap::Args;
use opora_db::{Database, Error};
use opora_documents::Format;
use opora_primitives::{Limit, Moment, ProblemCode};
use opora_reporting::reports::{
    Period, ReportKind, paper,
    store::{self, Filter},
};
use std::path::PathBuf;

/// Options of `opora report`.
#[derive(Args)]
pub(super) struct Report {
    /// The half-year, as 2020-H2; the newest with an accepted report unless said.
    #[arg(value_parser = period)]
    period: Option<Period>,
    /// What is reported: half-year, identification, staffing, plan or indicators.
    #[arg(long, default_value = "half-year", value_parser = kind)]
    kind: ReportKind,
    /// json, html, pdf, docx, xlsx or csv.
    #[arg(long, default_value = "json", value_parser = format)]
    format: Format,
    /// The file to write; - or nothing is standard output.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

fn period(text: &str) -> Outcome<Period> {
    Ok(text.parse()?)
}

fn kind(text: &str) -> Outcome<ReportKind> {
    Ok(text.parse()?)
}

fn format(text: &str) -> Outcome<Format> {
    Ok(text.parse::<Format>().map_err(|error| error.to_string())?)
}

impl Report {
    /// Writes the report as its authors see it.
    pub(super) fn run(self, config: Config) -> Outcome {
        let output = Output::of(self.output.as_deref());
        output.check()?;
        let database = startup::open(&config)?;
        let today = Moment::now().date();
        let made = database.read_consistent(|db| {
            let (_, seen) = paper::look(db, self.kind, self.period, true, today)?;
            let paper = paper::read(db, &seen)?;
            papers::write(&seen, &paper, self.format)
        });
        let bytes = made.map_err(|error| match error {
            Error::Problem(problem) if problem.code == ProblemCode::NotFound => self.not_there(&database),
            error => error.into(),
        })?;
        output.write(Readers::Umask, |out| Ok(out.write_all(&bytes)?))
    }

    /// That there is no such report, and which ones there are or how to make one.
    fn not_there(&self, database: &Database) -> Failure {
        let title = ProblemCode::NotFound.titles();
        let wanted = match self.period {
            Some(period) => format!("{} {period}", self.kind),
            None => say(format!("{}, accepted", self.kind), format!("{}, принятый", self.kind)),
        };
        let filter = Filter { kind: Some(self.kind), state: None, is_author: true };
        let there = Limit::new(None)
            .map_err(Error::from)
            .and_then(|limit| database.read(|db| store::list(db, &filter, limit, None)));
        let there: Vec<String> = there
            .map(|page| page.items.iter().map(|report| report.period.to_string()).collect())
            .unwrap_or_default();
        let help = if there.is_empty() {
            say("draft it first: POST /api/v1/reports", "сначала создайте проект: POST /api/v1/reports")
        } else {
            let there = there.join(", ");
            say(
                format!("there are: {there}; another is drafted by POST /api/v1/reports"),
                format!("есть: {there}; другой создаётся запросом POST /api/v1/reports"),
            )
        };
        format!("{} ({}): {wanted}; {help}", say(title.0, title.1), ProblemCode::NotFound.as_str()).into()
    }
}
