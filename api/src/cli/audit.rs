//! `opora audit`.

use super::{
    Outcome,
    output::{Output, Readers},
};
use crate::{
    config::Config,
    files::audit_log::{self, LogFormat},
    startup,
};
use clap::{Args, Subcommand};
use opora_db::{
    Database, Operation, Origin, Result, Tx,
    audit::{
        self, Filter, Head,
        seal::{seal, settled},
        verify::{self, Verification},
    },
};
use opora_primitives::Moment;
use serde_json::json;
use std::path::PathBuf;

/// Options of `opora audit`.
#[derive(Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with the audit log.
#[derive(Subcommand)]
enum Action {
    /// Verify that the audit log is as it was written; the exit code says so.
    ///
    /// Every entry is named, with the SHA-256 of its contents, by the seal of its block, and every seal holds the hash of
    /// the one before. This seals what has no seal yet, then reads the whole log, in little memory, and tells each entry
    /// that was changed, removed or put in between and each seal that was changed, removed or made anew. Servers may run
    /// meanwhile.
    ///
    /// The last line is the head of the chain: BLOCK:HASH. Keep it where those who can write to this database cannot, and
    /// give it to a later verification as --head: only so can you notice that the end of the log was cut off, or that the
    /// chain was written anew to its end. A server says the head in its log every hour and when it stops.
    ///
    /// Exit codes: 0 the log holds; 1 it does not, or it could not be read.
    #[command(
        after_help = "Example, daily:\n  opora audit verify --head \"$(tail -n 1 heads.txt)\" >report.txt && tail -n 1 report.txt >>heads.txt"
    )]
    Verify {
        /// A head that was kept, BLOCK:HASH: whether the chain leads there.
        #[arg(long, value_parser = head)]
        head: Option<Head>,
    },
    /// Write entries of the audit log to a file, the oldest first.
    ///
    /// It names people, so the export is recorded in the log itself. It holds what had been written when it began, and
    /// takes little memory however long the log is.
    #[command(after_help = "Examples:\n  opora audit export --format ndjson --output audit.ndjson\n  \
        opora audit export --actor institute --from 2020-12-01T00:00:00Z --to 2021-01-01T00:00:00Z")]
    Export(Export),
}

/// Which entries, and where they go. Options that are not given do not narrow.
#[derive(Args)]
struct Export {
    /// csv, for people, or ndjson: a JSON object on each line.
    #[arg(long, default_value = "csv")]
    format: LogFormat,
    /// The file to write; - or nothing is standard output.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// About this resource: schools, staff, users...
    #[arg(long)]
    resource: Option<String>,
    /// About the record with this id.
    #[arg(long, requires = "resource")]
    key: Option<String>,
    /// By this login, this public id of a client, or system.
    #[arg(long)]
    actor: Option<String>,
    /// create, update, delete, load or read.
    #[arg(long, value_parser = action)]
    action: Option<Operation>,
    /// Of this request.
    #[arg(long)]
    request_id: Option<String>,
    /// From this instant on, as 2020-12-01T00:00:00Z.
    #[arg(long, value_parser = moment)]
    from: Option<Moment>,
    /// Before this instant.
    #[arg(long, value_parser = moment)]
    to: Option<Moment>,
}

fn head(text: &str) -> Outcome<Head> {
    text.parse().map_err(|_| "a head is BLOCK:HASH, as `opora audit verify` prints it".into())
}

fn action(text: &str) -> Outcome<Operation> {
    Ok(text.parse()?)
}

fn moment(text: &str) -> Outcome<Moment> {
    serde_json::from_value(text.into()).map_err(|_| "an instant is written as 2020-12-01T00:00:00Z".into())
}

impl Audit {
    pub(super) fn run(self, config: Config) -> Outcome {
        let database = startup::open(&config)?;
        match self.action {
            Action::Verify { head } => verify(&database, head.as_ref()),
            Action::Export(export) => export.run(&database),
        }
    }
}

fn verify(database: &Database, kept: Option<&Head>) -> Outcome {
    let head = seal(database, || true)?;
    let Verification { blocks, entries, findings, .. } = verify::verify(database, 0, usize::MAX)?;
    let against = |kept| database.read(|db| verify::against(db, kept));
    let strayed = kept.map(against).transpose()?.flatten();
    for finding in strayed.iter().chain(&findings.told) {
        tell!("{finding}");
    }
    tell!("{blocks} blocks, {entries} entries");
    if let Some(head) = head {
        tell!("{head}");
    }
    match strayed.iter().count() as u64 + findings.told.len() as u64 + findings.more {
        0 => Ok(()),
        1 => Err("the audit log does not hold: 1 finding".into()),
        n => Err(format!("the audit log does not hold: {n} findings, the first of them above").into()),
    }
}

impl Export {
    fn run(self, database: &Database) -> Outcome {
        let Self { format, output, resource, key, actor, action, request_id, from, to } = self;
        let output = Output::of(output.as_deref());
        output.check()?;
        let filter = Filter { resource, key, actor, action, request_id, from, to };
        let upto = begun(database, &filter, format)?;
        output
            .write(Readers::Owner, |mut out| Ok(audit_log::write(database, &filter, upto, format, &mut out)?))
    }
}

/// Records the export; answers the id of the last entry it may hold.
fn begun(database: &Database, filter: &Filter, format: LogFormat) -> Result<i64> {
    let upto = settled(database)?;
    database.write(&Origin::system("command line: audit export"), |tx: &mut Tx| {
        audit::note_reading(tx, filter, json!({"format": format.to_string(), "to": upto}));
        Ok(upto)
    })
}
