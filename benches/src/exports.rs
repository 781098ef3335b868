//! What a server holds while it sends a year's results as a file, above what it holds when idle.

use crate::{
    Outcome, child,
    client::{self, Client},
    data, http,
    place::Place,
    report::{self, Bound},
    start::{Server, binary},
};
use opora::{config::Config, startup};
use opora_identity::Role;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Results of a school in a year.
const EACH: u32 = data::PROCEDURES / data::YEARS as u32;
/// Schools of a region: 54,960 results a year; those of the country: 2,400,000.
const REGION: u32 = 916;
const COUNTRY: u32 = 40_000;
/// What an export may hold, in MiB.
const MOST_MIB: f64 = 100.0;

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title("exports", "peak of own memory above idle, of a server that sends a year of results");
    for (schools, formats) in [(REGION, &["csv", "xlsx"][..]), (COUNTRY, &["csv"])] {
        for place in Place::all()? {
            place.fill(&(data::schools(schools) + &data::procedures() + &data::results()), data::TABLES)?;
            let token = token(&place)?;
            for format in formats {
                measure(&place, schools, format, &token)?;
            }
        }
    }
    Ok(())
}

/// A token that the server of `place` takes: both have the keys from its database.
fn token(place: &Place) -> Outcome<String> {
    let config = Config {
        database_url: place.url.clone(),
        data_dir: place.folder().into(),
        token_seconds: 86_400,
        rate_limit: 0,
        rate_limit_anonymous: 0,
        ..Config::default()
    };
    http::token(&startup::state(config)?, Role::Institute)
}

/// Has a fresh server send the file and watches what it holds meanwhile.
fn measure(place: &Place, schools: u32, format: &str, token: &str) -> Outcome {
    let server = Server::start(&binary()?, place)?;
    thread::sleep(Duration::from_millis(500));
    let process = server.process.id().to_string();
    let idle = child::memory(&process, "RssAnon:")?;
    let path = format!(
        "/api/v1/exports/results?academic_year={}%2F{}&format={format}",
        data::LAST_YEAR,
        data::LAST_YEAR + 1
    );
    let ended = AtomicBool::new(false);
    let begun = Instant::now();
    let (received, most) = thread::scope(|scope| -> Outcome<(u64, f64)> {
        let watcher = scope.spawn(|| {
            let mut most = idle;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(child::memory(&process, "RssAnon:").unwrap_or(0.0));
                thread::sleep(Duration::from_millis(5));
            }
            most
        });
        let received = Client::connect(server.address)
            .and_then(|mut client| client.drain(&client::get(&path, Some(token))));
        ended.store(true, Ordering::Relaxed);
        Ok((received?, watcher.join().map_err(|_| "the watcher panicked")?))
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let rows = schools * EACH;
    let name = format!("{}: {rows} rows as {format}", place.name);
    report::line(&name, "MiB", most - idle, MOST_MIB, Bound::AtMost(1.0));
    println!("    {} MiB in {seconds:.1} s; idle {idle:.0} MiB", received / (1024 * 1024));
    Ok(())
}
