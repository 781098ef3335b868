//! Identification of the country against a plain SQL aggregate over the same rows.

use crate::{
    Outcome,
    child::Task,
    data,
    place::Place,
    report::{self, Bound},
};

/// The country: 180 results a school.
const SCHOOLS: u32 = 40_000;
const ROUNDS: usize = 3;
/// What a run of the country may hold, in MiB.
const MOST_MIB: f64 = 600.0;

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title(
        "identify",
        "a run over 40,000 schools and 7,200,000 results against a plain aggregate of them",
    );
    let mut once = Vec::new();
    for place in Place::all()? {
        once.push(measure(&place, SCHOOLS, ROUNDS)?);
    }
    report::title("identify", "a run over twice the schools against one over 40,000");
    for (place, once) in Place::all()?.iter().zip(once) {
        let twice = measure(place, 2 * SCHOOLS, ROUNDS)?;
        report::line(&format!("{}: 80,000 against 40,000", place.name), "s", twice, once, Bound::AtMost(2.2));
    }
    Ok(())
}

/// Prints how a run over `schools` compares; answers its median time in seconds.
fn measure(place: &Place, schools: u32, rounds: usize) -> Outcome<f64> {
    place.fill(&(data::schools(schools) + &data::procedures() + &data::results()), data::TABLES)?;
    let (run, aggregate) = (Task::Identify(place.url.clone()), Task::Aggregate(place.url.clone()));
    let (mut own, mut peaks) = (Vec::new(), Vec::new());
    let ours = || {
        let told = run.in_child()?;
        own.push(told.own);
        peaks.push(told.peak);
        Ok(told.seconds)
    };
    let (ours, plain) = report::in_turns(rounds, ours, || Ok(aggregate.in_child()?.seconds))?;
    let name = format!("{}: {schools} schools", place.name);
    report::line(&name, "s", ours, plain, Bound::AtMost(3.0));
    let bound = if schools == SCHOOLS { Bound::AtMost(1.0) } else { Bound::None };
    for (what, values) in [("own", own), ("with mapped files", peaks)] {
        let name = format!("{}: peak of memory, {what}", place.name);
        report::line(&name, "MiB", report::median(values), MOST_MIB, bound);
    }
    Ok(ours)
}
