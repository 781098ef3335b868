//! Processor time of one request for what a report of a region is made of, against what it may take.

use crate::{
    Outcome,
    client::{self, Client},
    data,
    http::Servers,
    place::Place,
    report::{self, Bound},
};

const SCHOOLS: u32 = 900;
/// Requests that are measured together: the kernel counts processor time in hundredths of a second.
const REQUESTS: u32 = 100;
const ROUNDS: usize = 5;
/// What a request may take, in milliseconds: 1/50 s.
const MOST_MILLIS: f64 = 20.0;

/// What is asked: a name and an address.
const CASES: [(&str, &str); 2] = [
    ("the four indicators on a day", "/api/v1/indicators?on=2021-12-31"),
    ("I2 in 24 months", "/api/v1/indicators/I2/series?from=2020-01-01&to=2021-12-31&step=month"),
];

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title("reporting", "processor time of one request about a region, against 1/50 s");
    for place in Place::all()? {
        place.fill(&(data::schools(SCHOOLS) + &data::reporting()), data::REPORTING)?;
        let servers = Servers::start(&place)?;
        let outcome = measure(&place, &servers);
        servers.stop()?;
        outcome?;
    }
    Ok(())
}

fn measure(place: &Place, servers: &Servers) -> Outcome {
    for (what, path) in CASES {
        let request = client::get(path, Some(&servers.token));
        let mut spent = Vec::new();
        for _ in 0..=ROUNDS {
            let mut client = Client::connect(servers.api)?;
            let before = processor_millis(place)?;
            for _ in 0..REQUESTS {
                let answer = client.send(&request)?;
                if answer.status != 200 {
                    return Err(format!("{path}: {}", answer.status).into());
                }
            }
            spent.push((processor_millis(place)? - before) / f64::from(REQUESTS));
        }
        // The first round warms up.
        let ours = report::median(spent.split_off(1));
        report::line(&format!("{}: {what}", place.name), "ms", ours, MOST_MILLIS, Bound::AtMost(1.0));
    }
    Ok(())
}

/// Processor time so far, of this process (the server, and the client that asks it) and of PostgreSQL's on the database.
fn processor_millis(place: &Place) -> Outcome<f64> {
    let mut ticks = spent_by("self")?;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let process = entry.file_name();
        let Some(process) = process.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        // A process may end between the two readings; then it was none of ours.
        let command = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        if command.starts_with("postgres: ") && place.on_server().is_some_and(|name| command.contains(name)) {
            ticks += spent_by(process)?;
        }
    }
    Ok(ticks * 10.0)
}

/// Processor time of a process, in hundredths of a second (proc(5): `utime` and `stime`).
fn spent_by(process: &str) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("a stat of another form")?;
    let ticks: Vec<f64> = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system] => Ok(user + system),
        _ => Err("a stat of another form".into()),
    }
}
