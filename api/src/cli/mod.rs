//! The command line. It does what the HTTP API does, through the same functions.

#[macro_use]
mod output;

mod audit;
mod backup;
mod client;
mod demo;
mod demo_course;
mod demo_passport;
mod demo_routine;
mod doctor;
mod failure;
mod identify;
mod import;
mod keys;
mod report;
mod serve;
mod user;

use crate::{config::Config, error::Language, openapi, startup};
use clap::{CommandFactory, Parser, Subcommand};
use failure::Outcome;
use opora_db::{
    Db,
    jobs::{Job, JobState},
};
use opora_primitives::{Area, Oktmo, Problem};
use opora_schools::registry::{municipalities, schools};
use std::{path::PathBuf, process::ExitCode};

/// Opora: the backend of a regional system of support for schools with low results.
///
/// Settings come from opora.toml (or --config) and from OPORA_* variables; DATABASE_URL names the database:
/// sqlite:PATH or postgres://USER@HOST/NAME. Without any setting an SQLite database is kept in ./data.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    /// The configuration file; opora.toml in the current directory if there is one.
    #[arg(long, global = true, env = "OPORA_CONFIG_FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// What the command line can do.
#[derive(Subcommand)]
enum Command {
    /// Serve the API until a signal ends it.
    Serve,
    /// Bring the database's schema up to date and say what was applied.
    Migrate,
    /// Make the demonstration region and load it, with a demonstration user for each role.
    Demo(demo::Demo),
    /// Load a file, as POST /api/v1/imports does.
    Import(import::Import),
    /// Make and list users.
    User(user::User),
    /// Make, list and end service clients, and give them secrets.
    Client(client::Client),
    /// Verify the audit log, or write it to a file.
    Audit(audit::Audit),
    /// Copy this installation (SQLite) while it serves: opora backup /backup/opora-2020-12-01
    ///
    /// Servers may write meanwhile: the backup is the state of one moment. It is read through and checked (integrity,
    /// references, the chain of the audit log, digests) before it gets its name; a backup that is killed leaves none.
    ///
    /// The backup is a folder: opora.db, evidence/, backup.json and SHA256SUMS, which `sha256sum -c` checks. It holds neither
    /// the master key nor the configuration: keep those apart from it.
    Backup(backup::Backup),
    /// Put a backup in the place of this installation (SQLite), which must not be running.
    ///
    /// The backup is checked before anything is touched, and a restore that is killed leaves what was there. A backup of an
    /// older version is brought up to date by the next command that opens the database; one of a newer version is refused.
    Restore(backup::Restore),
    /// List the keys that sign access tokens, or add one.
    Keys(keys::Keys),
    /// Print the contract as YAML.
    Openapi,
    /// Run an identification and print its outcome.
    Identify(identify::Identify),
    /// Write a report or a note in any format: opora report 2020-H2 --format pdf --output report.pdf
    Report(report::Report),
    /// Look whether this installation is fit to serve.
    Doctor,
    /// Print a completion script for a shell: opora completions bash > /etc/bash_completion.d/opora
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// Runs the command; a failure is told on standard error.
    pub fn run(self) -> ExitCode {
        match self.perform() {
            Ok(()) => ExitCode::SUCCESS,
            Err(words) => {
                eprintln!("opora: {words}");
                ExitCode::FAILURE
            }
        }
    }

    fn perform(self) -> Outcome {
        let config = || {
            let loaded = Config::load(self.config.as_deref());
            loaded.map_err(|words| format!("the configuration has mistakes:\n{words}"))
        };
        match self.command {
            Command::Serve => serve::serve(config()?),
            Command::Migrate => migrate(&config()?),
            Command::Demo(demo) => demo.run(config()?),
            Command::Import(import) => import.run(config()?),
            Command::User(user) => user.run(config()?),
            Command::Client(client) => client.run(config()?),
            Command::Audit(audit) => audit.run(config()?),
            Command::Backup(backup) => backup.run(config()?),
            Command::Restore(restore) => restore.run(config()?),
            Command::Keys(keys) => keys.run(config()?),
            Command::Openapi => {
                output::print(format_args!("{}", openapi::yaml(&openapi::document())?));
                Ok(())
            }
            Command::Identify(identify) => identify.run(config()?),
            Command::Report(report) => report.run(config()?),
            Command::Doctor => doctor::examine(config()?),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "opora", &mut script);
                output::print(format_args!("{}", String::from_utf8_lossy(&script)));
                Ok(())
            }
        }
    }
}

fn migrate(config: &Config) -> Outcome {
    startup::open(config)?;
    tell!("the schema is up to date");
    Ok(())
}

/// Why a job that has ended had no effect.
fn fate(job: &Job) -> String {
    let language = Language::of_terminal();
    if let Some(words) = job.problem_words() {
        return language.of_words(&words).to_owned();
    }
    match (&job.problem_code, job.state) {
        (Some(code), _) => code.clone(),
        (None, JobState::Cancelled) => language.pick(("it was called off", "задание отменено")).to_owned(),
        (None, _) => language.pick(("it failed", "не выполнено")).to_owned(),
    }
}

/// The part of the region that a municipality's ОКТМО code or a school's code names; without either all of it.
fn area(db: &mut Db, municipality: Option<&str>, school: Option<&str>) -> opora_db::Result<Area> {
    if let Some(code) = school {
        return schools::resolve(db, Area::Region, &format!("code:{code}").parse()?).map(Area::School);
    }
    let Some(code) = municipality else { return Ok(Area::Region) };
    let oktmo: Oktmo = code.parse().map_err(opora_db::Error::fault)?;
    let found = municipalities::all(db)?.into_iter().find(|m| m.oktmo == oktmo);
    found
        .map(|m| Area::Municipality(m.id))
        .ok_or_else(|| opora_db::Error::fault(format!("there is no municipality {code}")))
}

/// The refused fields of a problem, each with its reason.
fn refused(problem: &Problem) -> String {
    let language = Language::of_terminal();
    let fields: Vec<String> = problem
        .flaws
        .iter()
        .map(|f| (f.pointer.trim_start_matches('/'), language.pick(f.reason.messages())))
        .map(|(field, words)| format!("{field}: {words}"))
        .collect();
    fields.join("; ")
}

/// Words for the operator, in the language of the terminal.
fn say(en: impl Into<String>, ru: impl Into<String>) -> String {
    Language::of_terminal().pick((en.into(), ru.into()))
}
