//! `opora identify`.

use super::Outcome;
use crate::config::Config;
use clap::Args;

/// Options of `opora identify`.
#[derive(Args)]
pub(super) struct Identify {
    /// The academic year to judge, as 2020/2021; the newest with results unless said.
    #[arg(long)]
    year: Option<String>,
}

impl Identify {
    pub(super) fn run(self, _config: Config) -> Outcome {
        Err(format!("not ready for {:?}", self.year))
    }
}
