//! The `opora` binary.

use clap::Parser;

fn main() -> std::process::ExitCode {
    opora::cli::Cli::parse().run()
}
