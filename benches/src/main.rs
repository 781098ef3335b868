//! `make bench`: what Opora does, beside the plainest way of doing the same, in one run on one machine.
//!
//! Times of a shared machine say little, ratios measured side by side say more: every benchmark runs ours and its
//! baseline in turns and compares the medians. `opora-bench http import` runs only those two.

mod child;
mod client;
mod data;
mod exports;
mod http;
mod identify;
mod import;
mod place;
mod readers;
mod report;
mod reporting;
mod start;

use std::process::ExitCode;

/// What a benchmark answers; what goes wrong is told in words.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A benchmark: its name and what runs it.
type Bench = (&'static str, fn() -> Outcome);

/// All of them.
const ALL: &[Bench] = &[
    ("http", http::run),
    ("import", import::run),
    ("identify", identify::run),
    ("readers", readers::run),
    ("start", start::run),
    ("reporting", reporting::run),
    ("exports", exports::run),
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match child::Task::read(&names) {
        Some(task) => task.carry_out(),
        None => run(&names),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("opora-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("{unknown}: the benchmarks are {}", known.join(", ")).into());
    }
    for (_, bench) in
        ALL.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name))
    {
        bench()?;
    }
    match report::short() {
        0 => Ok(()),
        n => Err(format!("{n} of the ratios above are SHORT of their bounds").into()),
    }
}
