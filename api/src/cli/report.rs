//! `opora report`.

use super::{
    Outcome,
    output::{Output, Readers},
    told,
};
use crate::{config::Config, papers, startup};
use clap::Args;
use opora_documents::Format;
use opora_primitives::Moment;
use opora_reporting::reports::{Period, ReportKind, paper};
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

fn period(text: &str) -> Result<Period, String> {
    text.parse::<Period>().map_err(told)
}

fn kind(text: &str) -> Result<ReportKind, String> {
    text.parse::<ReportKind>().map_err(told)
}

fn format(text: &str) -> Result<Format, String> {
    text.parse::<Format>().map_err(told)
}

impl Report {
    /// Writes the report as its authors see it.
    pub(super) fn run(self, config: Config) -> Outcome {
        let output = Output::of(self.output.as_deref());
        output.check()?;
        let database = startup::open(&config).map_err(told)?;
        let today = Moment::now().date();
        let made = database.read_consistent(|db| {
            let (_, seen) = paper::look(db, self.kind, self.period, true, today)?;
            let paper = paper::read(db, &seen)?;
            papers::write(&seen, &paper, self.format)
        });
        let bytes = made.map_err(told)?;
        output.write(Readers::Umask, |out| out.write_all(&bytes).map_err(told))
    }
}
