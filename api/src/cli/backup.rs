//! `opora backup` and `opora restore`.

use super::{Outcome, told};
use crate::{backup, config::Config};
use clap::Args;
use std::path::PathBuf;

/// Options of `opora backup`.
///
/// Servers may write meanwhile: the backup is the state of one moment. It is read through and checked (integrity,
/// references, the chain of the audit log, digests) before it gets its name; a backup that is killed leaves none.
///
/// The backup is a folder: opora.db, evidence/, backup.json and SHA256SUMS, which `sha256sum -c` checks. It holds neither
/// the master key nor the configuration: keep those apart from it.
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
///
/// Stop the server first. The backup is checked before anything is touched, and a restore that is killed leaves what was
/// there. A backup of an older version is brought up to date by the next command that opens the database; one of a newer
/// version is refused.
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
        let made = actix_web::rt::System::new().block_on(making).map_err(told)?;
        let evidence = match made.about.evidence {
            Some(count) => format!("{count} file(s) of evidence"),
            None => "without the files of evidence".into(),
        };
        println!("{}: checked, {} bytes, {evidence}", self.target.display(), made.size);
        if let Some(head) = made.about.audit_head {
            println!("audit log sealed up to {head}");
        }
        println!("the master key is not in it: keep that apart");
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self, config: Config) -> Outcome {
        let restoring = backup::restore(&config, &self.source, self.force);
        let restored = actix_web::rt::System::new().block_on(restoring).map_err(told)?;
        println!("restored the state of {}", restored.about.begun_at);
        if restored.missing > 0 {
            println!(
                "{} file(s) of evidence are in no store: restore them by its own means",
                restored.missing
            );
        }
        if config.master_key.is_empty() && !config.data_dir.join("master.key").exists() {
            println!(
                "put the master key in place before the server starts: {}",
                config.data_dir.join("master.key").display()
            );
        }
        Ok(())
    }
}
