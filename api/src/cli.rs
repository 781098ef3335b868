//! The command line.

use crate::{config::Config, openapi, startup};
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Opora: the backend of a regional system of support for schools with low results.
///
/// Settings come from opora.toml (or --config) and from OPORA_* variables; DATABASE_URL names the database.
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
    /// Print the contract as YAML.
    Openapi,
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

    fn perform(self) -> Result<(), String> {
        if matches!(self.command, Command::Openapi) {
            print!("{}", openapi::yaml()?);
            return Ok(());
        }
        let config = Config::load(self.config.as_deref()).map_err(|words| format!("the configuration has mistakes:\n{words}"))?;
        match self.command {
            Command::Serve => serve(config),
            Command::Migrate => startup::open(&config).map(drop).map_err(|e| e.to_string()),
            Command::Openapi => Ok(()),
        }
    }
}

fn serve(config: Config) -> Result<(), String> {
    start_log(&config);
    actix_web::rt::System::new().block_on(async {
        let running = startup::build(config).map_err(|e| e.to_string())?;
        tracing::info!(address = %running.address, "serving; documentation at /docs/");
        running.run().await.map_err(|e| e.to_string())
    })
}

fn start_log(config: &Config) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_format == "json" { log.json().init() } else { log.init() }
}
