//! Jobs and imports as a client goes through them.

use super::{
    World,
    client::{Client, Reply},
};
use opora_db::{
    Origin,
    jobs::{self, Holder, JobId},
};
use opora_primitives::Moment;
use serde_json::Value;
use std::time::{Duration, Instant};

/// An import whose job has ended.
#[derive(Debug)]
pub struct Loaded {
    /// Its id.
    pub id: i64,
    /// The import with its report.
    pub import: Value,
    /// Its job.
    pub job: Value,
}

impl Loaded {
    /// What became of the rows: created, updated, unchanged, rejected.
    pub fn counts(&self) -> [i64; 4] {
        ["created", "updated", "unchanged", "rejected"]
            .map(|name| self.import["report"][name].as_i64().unwrap_or_else(|| panic!("no report: {self:?}")))
    }

    /// Insists on success and on what became of the rows.
    #[track_caller]
    pub fn succeeded(self, counts: [i64; 4]) -> Self {
        assert_eq!(self.job["state"], "succeeded", "{self:?}");
        assert_eq!(self.counts(), counts, "{self:?}");
        self
    }

    /// Insists on a failed job with this problem.
    #[track_caller]
    pub fn failed(self, code: &str) -> Self {
        assert_eq!(
            (&self.job["state"], &self.job["problem"]["code"]),
            (&"failed".into(), &code.into()),
            "{self:?}"
        );
        self
    }
}

impl Client {
    /// Sends a file as the raw body; `query` begins with the kind.
    pub fn send_file(&self, query: &str, bytes: impl Into<Vec<u8>>) -> Reply {
        self.call("POST", &format!("/api/v1/imports?kind={query}"))
            .body("application/octet-stream", bytes)
            .send()
    }

    /// Sends a file and waits for the end of its job.
    #[track_caller]
    pub fn load(&self, query: &str, bytes: impl Into<Vec<u8>>) -> Loaded {
        let sent = self.send_file(query, bytes).expect(202);
        self.loaded(&sent)
    }

    /// The import that an answer has announced, when its job has ended.
    #[track_caller]
    pub fn loaded(&self, sent: &Reply) -> Loaded {
        let id = sent.json["id"].as_i64().unwrap_or_else(|| panic!("no import: {sent}"));
        let job = self.ended(sent.json["job_id"].as_i64().unwrap_or_else(|| panic!("no job: {sent}")));
        let import = self.get(&format!("/api/v1/imports/{id}")).expect(200).json;
        Loaded { id, import, job }
    }

    /// The job when it has ended.
    #[track_caller]
    pub fn ended(&self, job: i64) -> Value {
        self.job_when(job, |job| !["queued", "running"].contains(&job["state"].as_str().unwrap_or("")))
    }

    /// The job as soon as `holds`.
    #[track_caller]
    pub fn job_when(&self, job: i64, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.get(&format!("/api/v1/jobs/{job}")).expect(200).json;
            if holds(&found) {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(90), "the job takes too long: {found}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The refused cells of an import: row, column, code.
    pub fn rejects(&self, import: i64) -> Vec<(i64, String, String)> {
        let page = self.get(&format!("/api/v1/imports/{import}/rejects?limit=1000")).expect(200);
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        page.items()
            .iter()
            .map(|r| (r["row"].as_i64().unwrap(), text(&r["column"]), text(&r["code"])))
            .collect()
    }
}

/// A job of another node, which keeps its kind busy.
pub struct Busy {
    job: JobId,
    holder: Holder,
}

impl Busy {
    /// Begins a job of `kind`.
    pub fn with(world: &World, kind: &str) -> Self {
        let (origin, holder) = (Origin::system("another node"), Holder::new(3600));
        let begin = |tx: &mut opora_db::Tx| {
            let (job, at) = (jobs::enqueue(tx, &origin, kind, 0)?, tx.at);
            assert!(jobs::claim(tx, Some(job), &holder, at)?.is_some(), "{kind} is busy already");
            Ok(job)
        };
        let job = world.node.state.database.write(&origin, begin).unwrap();
        Self { job, holder }
    }

    /// Ends it.
    pub fn end(self, world: &World) {
        let end = |db: &mut opora_db::Db| jobs::succeed(db, self.job, &self.holder, Moment::now());
        world.node.state.database.keep_books(end).unwrap();
    }
}
