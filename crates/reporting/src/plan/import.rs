//! A plan file into a version of a plan: the import kind `plan`. It has the signature of
//! [`opora_schools::import::run`] and the same attendant, so that one job and one report serve both. A plan is always
//! loaded whole or not at all.

use super::{
    PlanDocument,
    diff::{PlanChange, PlanChangeKind, PlanPart, diff},
    overlaps::overlaps,
    read::{self, PlanFile, Reading},
    store::{self, Plan, PlanRef},
};
use opora_db::{Database, Error, Origin, Result, Tx};
use opora_primitives::{Problem, ProblemCode, Reason};
use opora_schools::import::{Attendant, Caution, Order, Reject, Report, Warning};
use std::{collections::BTreeSet, fs::File, io::Read, path::Path};

/// Reads the plan at `path` and does what `order` says. Rows of the report are activities.
///
/// # Errors
/// [`ProblemCode::InvalidFile`] for a file that cannot be read as a plan at all; faults of the database.
pub fn run(
    database: &Database,
    origin: &Origin,
    order: &Order,
    path: &Path,
    attendant: &dyn Attendant,
) -> Result<Report> {
    let reading = read::read(&bytes(path)?)?;
    let rows = reading.activities as i64;
    if !attendant.progress(rows, Some(rows)) {
        return Err(ProblemCode::WrongState.into());
    }
    database.write(origin, |tx| {
        attendant.begin(tx)?;
        let report = load(tx, origin, order, &reading)?;
        attendant.finish(tx, &report)?;
        Ok(report)
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::fault)?;
    file.take(read::LARGEST + 1).read_to_end(&mut bytes).map_err(Error::fault)?;
    if bytes.len() as u64 > read::LARGEST {
        return Err(Problem::new(
            ProblemCode::InvalidFile,
            ("a plan file is of 2 MiB at most", "файл плана не больше 2 МиБ"),
        )
        .into());
    }
    Ok(bytes)
}

/// What the file does to the plans there are; nothing is written for a dry run or a refused file.
fn load(tx: &mut Tx, origin: &Origin, order: &Order, reading: &Reading) -> Result<Report> {
    let report =
        Report { rows: reading.activities, ignored_columns: reading.ignored.clone(), ..Report::default() };
    let file = match &reading.outcome {
        Ok(file) => file,
        Err(rejects) => return Ok(refused(report, rejects.clone())),
    };
    let plan = match store::find(tx, &PlanRef::Code(file.document.code.clone())) {
        Ok(plan) => plan,
        Err(Error::Problem(problem)) if problem.code == ProblemCode::NotFound => {
            if !order.dry_run {
                store::create(tx, origin, &file.document)?;
            }
            let warnings = warnings(&[], &file.document);
            return Ok(Report { applied: !order.dry_run, created: reading.activities, warnings, ..report });
        }
        Err(error) => return Err(error),
    };
    amend(tx, origin, order, &plan, file, report)
}

fn amend(
    tx: &mut Tx,
    origin: &Origin,
    order: &Order,
    plan: &Plan,
    file: &PlanFile,
    report: Report,
) -> Result<Report> {
    let (_, current) = store::version(tx, plan, None)?;
    let changes = diff(&current, &file.document)?;
    let differs = !changes.is_empty();
    if differs && file.reason.is_none() {
        let reject = Reject { row: 0, column: Some("reason".to_owned()), reason: Reason::Required };
        return Ok(refused(report, vec![reject]));
    }
    if let (true, false, Some(reason)) = (differs, order.dry_run, &file.reason) {
        store::amend(tx, origin, plan, reason, &file.document)?;
    }
    let of = |kind| count(&changes, |change| change.part == PlanPart::Activity && change.kind == kind);
    let (created, updated) = (of(PlanChangeKind::Added), of(PlanChangeKind::Changed));
    let unchanged = report.rows - created - updated;
    let warnings = warnings(&changes, &file.document);
    Ok(Report { applied: !order.dry_run, created, updated, unchanged, warnings, ..report })
}

/// A report of a file that was refused, with everything that is wrong with it.
fn refused(report: Report, rejects: Vec<Reject>) -> Report {
    let rejected = rejects.iter().map(|reject| reject.row).collect::<BTreeSet<_>>().len() as u64;
    Report { rejected, rejects, ..report }
}

/// What is taken but should be looked at.
fn warnings(changes: &[PlanChange], document: &PlanDocument) -> Vec<Warning> {
    let gone =
        |change: &PlanChange| change.part == PlanPart::Activity && change.kind == PlanChangeKind::Removed;
    let counts = [
        (Caution::Overlap, overlaps(document).len() as u64),
        // Its facts are kept and count nowhere.
        (Caution::ActivityRemoved, count(changes, gone)),
        (Caution::ChangedOutsideActivities, count(changes, |change| change.part != PlanPart::Activity)),
    ];
    let counts = counts.into_iter().filter(|(_, rows)| *rows > 0);
    counts.map(|(code, rows)| Warning { code, rows }).collect()
}

fn count(changes: &[PlanChange], wanted: impl Fn(&PlanChange) -> bool) -> u64 {
    changes.iter().filter(|change| wanted(change)).count() as u64
}
