//! `opora backup` and `opora restore`.

use super::Outcome;
use crate::{backup, config::Config};
use clap::Args;
use std::path::PathBuf;

/// Options of `opora backup`.
#[derive(Args)]
#[command(after_help = "Example, nightly:\n  opora backup /backup/opora-$(date +%F)")]
pub(super) struct Backup {
    /// The folder to make; it must not be there.
    target: PathBuf,
    /// Leave the files of evidence out: for a store that is backed up by itself.
    #[arg(long)]
    no_evidence: bool,
}

/// Options of `opora restore`.
#[derive(Args)]
pub(super) struct Restore {
    /// The folder that `opora backup` has made.
    source: PathBuf,
    /// Replace the database that is there; what is in it is lost.
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) fn run(self, config: Config) -> Outcome {
        let making = backup::make(&config, &self.target, !self.no_evidence);
        let made = actix_web::rt::System::new().block_on(making)?;
        let evidence = match made.about.evidence {
            Some(count) => format!("{count} file(s) of evidence"),
            None => "without the files of evidence".into(),
        };
        tell!("{}: checked, {} bytes, {evidence}", self.target.display(), made.size);
        if let Some(head) = made.about.audit_head {
            tell!("audit log sealed up to {head}");
        }
        tell!("the master key is not in it: keep that apart");
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self, config: Config) -> Outcome {
        let restoring = backup::restore(&config, &self.source, self.force);
        let restored = actix_web::rt::System::new().block_on(restoring)?;
        tell!("restored the state of {}", restored.about.begun_at);
        if restored.missing > 0 {
            tell!("{} file(s) of evidence are in no store: restore them by its own means", restored.missing);
        }
        if config.master_key.is_empty() && !config.data_dir.join("master.key").exists() {
            tell!(
                "put the master key in place before the server starts: {}",
                config.data_dir.join("master.key").display()
            );
        }
        Ok(())
    }
}
