//! Work that is measured in a process of its own: its peak of memory is its own too.

use crate::{Outcome, place};
use diesel::{RunQueryDsl, sql_types::BigInt};
use opora_db::{
    Origin, Tx,
    jobs::{self, Holder},
};
use opora_primitives::Moment;
use opora_schools::runs::{self, NewRun};
use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The first argument of a child.
const MARK: &str = "--child";

/// What a child does.
pub enum Task {
    /// Carries out an identification run.
    Identify(String),
    /// Sums the results of each school and year.
    Aggregate(String),
    /// Imports a file of results.
    Import(String, String),
}

/// What a child tells.
pub struct Told {
    /// How long its work took, in seconds.
    pub seconds: f64,
    /// The most memory it ever held of its own, in MiB: sampled.
    pub own: f64,
    /// The same with the pages of mapped files (SQLite maps the database), which the system takes back when it likes.
    pub peak: f64,
}

impl Task {
    /// The task that the arguments of a child name.
    pub fn read(args: &[String]) -> Option<Self> {
        match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [MARK, "identify", url] => Some(Self::Identify(url.to_owned())),
            [MARK, "aggregate", url] => Some(Self::Aggregate(url.to_owned())),
            [MARK, "import", url, file] => Some(Self::Import(url.to_owned(), file.to_owned())),
            _ => None,
        }
    }

    fn args(&self) -> Vec<&str> {
        match self {
            Self::Identify(url) => vec![MARK, "identify", url],
            Self::Aggregate(url) => vec![MARK, "aggregate", url],
            Self::Import(url, file) => vec![MARK, "import", url, file],
        }
    }

    /// Has a child do it.
    ///
    /// # Errors
    /// A child that fails.
    pub fn in_child(&self) -> Outcome<Told> {
        let output = Command::new(std::env::current_exe()?).args(self.args()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers[..] {
            [seconds, own, peak] if output.status.success() => Ok(Told { seconds, own, peak }),
            _ => Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    /// Does it, in the child, and tells.
    ///
    /// # Errors
    /// Those of the work.
    pub fn carry_out(&self) -> Outcome {
        let (seconds, own) = watched(|| match self {
            Self::Identify(url) => identify(url),
            Self::Aggregate(url) => aggregate(url),
            Self::Import(url, file) => import_results(url, Path::new(file)),
        })?;
        println!("{seconds} {own} {}", memory("self", "VmHWM:")?);
        Ok(())
    }
}

/// What `work` answers, and the most memory of its own that the process held meanwhile.
fn watched<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = 0.0_f64;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(memory("self", "RssAnon:").unwrap_or(0.0));
                thread::sleep(Duration::from_millis(5));
            }
            most
        });
        let outcome = work();
        ended.store(true, Ordering::Relaxed);
        let most = watcher.join().map_err(|_| "the watcher panicked")?;
        Ok((outcome?, most))
    })
}

/// A line of `/proc/<process>/status`, in MiB.
///
/// # Errors
/// A process that is gone.
pub fn memory(process: &str, field: &str) -> Outcome<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("the process has ended")?;
    let kib: f64 = line.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(kib / 1024.0)
}

fn identify(url: &str) -> Outcome<f64> {
    let (database, origin) = (place::open(url)?, Origin::system("bench"));
    let run = database.write(&origin, |tx| runs::create(tx, &origin, &NewRun::default()))?;
    let holder = Holder::new(30);
    let job = database
        .keep_books(|db| jobs::claim(db, None, &holder, Moment::now()))?
        .ok_or("no job was queued")?;
    let finish = |tx: &mut Tx| {
        let at = tx.at;
        jobs::succeed(tx, job.id, &holder, at)
    };
    let begun = Instant::now();
    runs::run(&database, &origin, run.id, |_, _| true, finish)?;
    Ok(begun.elapsed().as_secs_f64())
}

#[derive(diesel::QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    participants: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
    #[diesel(sql_type = BigInt)]
    mean: i64,
}

fn aggregate(url: &str) -> Outcome<f64> {
    let database = place::open(url)?;
    let sql = "SELECT r.school_id, p.academic_year, CAST(SUM(participants) AS BIGINT) AS participants,
            CAST(SUM(below_minimum) AS BIGINT) AS below, CAST(AVG(mean_score) AS BIGINT) AS mean
        FROM results AS r JOIN procedures AS p ON p.id = r.procedure_id WHERE attempt = 'main'
        GROUP BY r.school_id, p.academic_year";
    let begun = Instant::now();
    let groups = database.read(|db| Ok(diesel::sql_query(sql).load::<Sums>(db)?))?;
    let sane = groups.iter().all(|group| group.below <= group.participants && group.mean >= 0);
    if groups.is_empty() || !sane {
        return Err("the aggregate is wrong".into());
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn import_results(url: &str, file: &Path) -> Outcome<f64> {
    let database = place::open(url)?;
    let begun = Instant::now();
    crate::import::load(&database, file)?;
    Ok(begun.elapsed().as_secs_f64())
}
