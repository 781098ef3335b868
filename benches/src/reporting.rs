//! The demonstration region's reporting: processor time of one request against what it may take, and what a fetcher that
//! asks again costs beside a health check.

use crate::{
    Outcome,
    client::{self, Client, request, throughput},
    data, http,
    place::Place,
    report::{self, Bound},
    start::{Server, binary},
};
use opora::{config::Config, startup};
use opora_identity::Role;
use std::process::{Command, Stdio};

/// Requests that are measured together: the kernel counts processor time in hundredths of a second.
const REQUESTS: u32 = 100;
const ROUNDS: usize = 5;
/// What a request may take, in milliseconds: 1/50 s.
const MOST_MILLIS: f64 = 20.0;
/// What the first PDF may take, in milliseconds.
const MOST_PDF_MILLIS: f64 = 2000.0;
/// Requests of a round of a fetcher, on each connection.
const FETCHES: usize = 2000;

const REPORT: &str = "/api/v1/reports/half-year/2020-H2";

/// What is asked: a name and an address.
const CASES: [(&str, &str); 3] = [
    ("the status of 54 activities", "/api/v1/plans/2020-2021/activities?on=2021-12-31&limit=100"),
    ("the four indicators on a day", "/api/v1/indicators?on=2021-12-31"),
    ("I2 in 24 months", "/api/v1/indicators/I2/series?from=2020-01-01&to=2021-12-31&step=month"),
];

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title(
        "reporting",
        "processor time of one request about the demonstration region, against what it may take",
    );
    for place in Place::all()? {
        let binary = binary()?;
        let demo = Command::new(&binary)
            .arg("demo")
            .current_dir(place.folder())
            .env("DATABASE_URL", &place.url)
            .env("OPORA_DATA_DIR", place.folder())
            .stdout(Stdio::null())
            .status()?;
        if !demo.success() {
            return Err(format!("opora demo: {demo}").into());
        }
        place.fill(&data::assignments(), &["assignments", "assignment_events"])?;
        let config = Config {
            database_url: place.url.clone(),
            data_dir: place.folder().into(),
            token_seconds: 86_400,
            rate_limit: 0,
            rate_limit_anonymous: 0,
            ..Config::default()
        };
        let state = startup::state(config)?;
        let [institute, ministry] = [Role::Institute, Role::Ministry].map(|role| http::token(&state, role));
        let bench = Bench {
            server: Server::start(&binary, &place)?,
            place,
            institute: institute?,
            ministry: ministry?,
        };
        bench.requests()?;
        bench.first_pdf()?;
        bench.fetches()?;
    }
    Ok(())
}

/// A server with the demonstration region.
struct Bench {
    server: Server,
    place: Place,
    institute: String,
    ministry: String,
}

impl Bench {
    fn requests(&self) -> Outcome {
        let mut taken = Vec::new();
        for (what, path) in CASES {
            let request = client::get(path, Some(&self.institute));
            let mut spent = Vec::new();
            for _ in 0..=ROUNDS {
                let before = self.processor_millis()?;
                let mut client = Client::connect(self.server.address)?;
                for _ in 0..REQUESTS {
                    client.expect(&request, 200)?;
                }
                spent.push((self.processor_millis()? - before) / f64::from(REQUESTS));
            }
            // The first round warms up.
            let ours = report::median(spent.split_off(1));
            self.line(what, "ms", ours, MOST_MILLIS, Bound::AtMost(1.0));
            taken.push(ours);
        }
        // Each is one request; both together are told for who asks for both.
        self.line("status and indicators", "ms", taken[0] + taken[1], MOST_MILLIS, Bound::None);
        Ok(())
    }

    /// The first PDF of a server pays for fonts and template too.
    fn first_pdf(&self) -> Outcome {
        let mut client = Client::connect(self.server.address)?;
        let draft = r#"{"kind": "half-year", "period": "2020-H2"}"#;
        client.expect(&request("POST", "/api/v1/reports", Some(&self.institute), None, draft), 201)?;
        let pdf = client::get(&format!("{REPORT}?format=pdf"), Some(&self.institute));
        let before = self.processor_millis()?;
        client.expect(&pdf, 200)?;
        self.line(
            "the first PDF of 2020-H2",
            "ms",
            self.processor_millis()? - before,
            MOST_PDF_MILLIS,
            Bound::AtMost(1.0),
        );
        Ok(())
    }

    /// An accepted report asked for again by who has it, in turns with both health checks: the one that asks the database, as
    /// the report must to know whether it has changed, and the one that asks nothing.
    fn fetches(&self) -> Outcome {
        let mut client = Client::connect(self.server.address)?;
        for (action, token) in [("submit", &self.institute), ("accept", &self.ministry)] {
            let tag = self.tag(&mut client, token)?;
            let path = format!("{REPORT}/{action}");
            client.expect(&request("POST", &path, Some(token), Some(("If-Match", &tag)), ""), 200)?;
        }
        let tag = self.tag(&mut client, &self.ministry)?;
        let again = request("GET", REPORT, Some(&self.ministry), Some(("If-None-Match", &tag)), "");
        for (health, bound) in [("/health/ready", Bound::AtMost(1.5)), ("/health/live", Bound::None)] {
            let check = client::get(health, None);
            let (fetched, checked) = report::in_turns(
                ROUNDS,
                || Ok(1e6 / throughput(self.server.address, &again, 304, FETCHES)?),
                || Ok(1e6 / throughput(self.server.address, &check, 200, FETCHES)?),
            )?;
            self.line(&format!("304 against {health}"), "us", fetched, checked, bound);
        }
        Ok(())
    }

    fn tag(&self, client: &mut Client, token: &str) -> Outcome<String> {
        Ok(client.expect(&client::get(REPORT, Some(token)), 200)?.etag.ok_or("a report without an ETag")?)
    }

    fn line(&self, what: &str, unit: &str, ours: f64, baseline: f64, bound: Bound) {
        report::line(&format!("{}: {what}", self.place.name), unit, ours, baseline, bound);
    }

    /// Processor time so far, of the server and of PostgreSQL's processes on the database.
    fn processor_millis(&self) -> Outcome<f64> {
        let mut ticks = spent_by(&self.server.process.id().to_string())?;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let process = entry.file_name();
            let Some(process) = process.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
            else {
                continue;
            };
            // A process may end between the two readings; then it was none of ours.
            let command = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            let ours = self.place.on_server().is_some_and(|name| command.contains(name));
            if command.starts_with("postgres: ") && ours {
                ticks += spent_by(process)?;
            }
        }
        Ok(ticks * 10.0)
    }
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
