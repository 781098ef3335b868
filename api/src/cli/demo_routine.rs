//! What municipalities and schools of the demonstration region report beside the course: that their part of an activity is
//! done. Most come in time, some late, some not at all; which ones follows from their codes, so it is the same every time.
//!
//! These reports are evidence and name no numbers: they change nobody's status. An activity that is closed by evidence has
//! them only after the course has shown it, and one that the course never shows has none.

use super::{
    demo::Users,
    demo_course::{start_of, unknown},
};
use chrono::{Days, NaiveDate};
use opora_db::{Result, Tx};
use opora_demo::{Course, CourseFact};
use opora_identity::Role;
use opora_primitives::Area;
use opora_reporting::{
    discipline::{self, Place},
    facts::{
        FactId, FactKind,
        edit::{self, FactDraft, Writer},
        evidence,
    },
    plan::{Activity, ActivityWindow, PlanDocument, store::Plan},
    reports::Period,
};
use std::collections::{BTreeMap, BTreeSet};

/// Municipalities and schools by their codes, with their names.
pub(super) type Places = BTreeMap<String, (Area, String)>;

/// A report that is to be entered.
struct Routine {
    activity: String,
    window: ActivityWindow,
    executor: String,
    place: Place,
    code: String,
    happened: NaiveDate,
    entered: NaiveDate,
    decided: NaiveDate,
    note: &'static str,
}

const NOTES: [&str; 4] = [
    "Мероприятие проведено, материалы размещены на сайте.",
    "Сведения представлены в институт по установленной форме.",
    "Работа выполнена в установленные сроки.",
    "Выполнено; подтверждающие документы размещены по ссылке.",
];

/// Enters the reports; answers when the institute confirms which fact.
///
/// # Errors
/// A fact that the checks refuse.
pub(super) fn write(
    tx: &mut Tx,
    users: &mut Users,
    (plan, document): (&Plan, &PlanDocument),
    places: &Places,
    course: &Course,
) -> Result<Vec<(NaiveDate, FactId)>> {
    let loaded_at = tx.at;
    let (organisations, _) = discipline::store::organisations(tx, plan, plan.ends_on, Place::Region)?;
    let behind = organisations.behind;
    let codes: BTreeMap<Place, &str> =
        places.iter().filter_map(|(code, (area, _))| Some((placed(*area)?, code.as_str()))).collect();
    let mut routines = Vec::new();
    for activity in document.activities.iter().filter(|a| !is_back_dated(a, plan.signed_on)) {
        let facts = course.activities.iter().find(|found| found.n == activity.number);
        let facts = facts.map(|found| found.facts.as_slice()).unwrap_or_default();
        for window in &activity.windows {
            let Some(from) = shown_from(activity, *window, facts) else { continue };
            let told: BTreeSet<&str> =
                facts.iter().filter(|fact| window_of(activity, fact) == window.from).map(place_of).collect();
            let due = discipline::due_on(&plan.due_reports(), window.to);
            let mut asked = BTreeSet::new();
            for executor in &activity.executors {
                for place in behind.get(executor).into_iter().flatten() {
                    let Some(code) = codes.get(place).filter(|code| !told.contains(*code)) else { continue };
                    if asked.insert(*place) {
                        let of = (activity, *window, executor.as_str());
                        routines.extend(routine(of, (*place, code), from, due));
                    }
                }
            }
        }
    }
    routines.sort_by_key(|routine| routine.entered);
    let mut entered = Vec::new();
    for routine in routines {
        let writer = author(tx, users, &routine, places)?;
        tx.at = start_of(routine.entered);
        let id = edit::create(tx, writer, draft(plan, &routine))?.id;
        evidence::add_link(tx, writer, id, &link(&routine))?;
        entered.push((routine.decided, id));
    }
    tx.at = loaded_at;
    Ok(entered)
}

fn placed(area: Area) -> Option<Place> {
    match area {
        Area::Region => None,
        Area::Municipality(id) => Some(Place::Municipality(id)),
        Area::School(id) => Some(Place::School(id)),
    }
}

/// Whether the activity had ended when the plan was signed: the course tells all of it (decision 2).
fn is_back_dated(activity: &Activity, signed_on: NaiveDate) -> bool {
    activity.windows.iter().all(|window| window.to < signed_on)
}

fn window_of(activity: &Activity, fact: &CourseFact) -> NaiveDate {
    let first = activity.windows.first().map(|window| window.from);
    fact.window.or(first).unwrap_or_default()
}

fn place_of(fact: &CourseFact) -> &str {
    fact.about.as_deref().unwrap_or(&fact.by)
}

/// From which day further evidence changes nothing: of a row with numbers from the beginning; of one without, once the
/// course has shown it.
fn shown_from(activity: &Activity, window: ActivityWindow, facts: &[CourseFact]) -> Option<NaiveDate> {
    if !activity.targets.is_empty() {
        return Some(window.from);
    }
    let shows = |fact: &&CourseFact| {
        let is_evidence = fact.kind.as_deref() == Some(FactKind::Evidence.as_str());
        is_evidence && fact.decided.is_some() && fact.declined.is_none()
    };
    let shown = facts.iter().filter(shows).filter(|fact| window_of(activity, fact) == window.from);
    shown.map(|fact| fact.happened).filter(|day| last_half(window) <= *day).min()
}

/// What goes on over several half-years is closed in the last of them (D69).
fn last_half(window: ActivityWindow) -> NaiveDate {
    Period::of(window.to).map_or(window.from, |half| half.first_day().max(window.from))
}

/// The report of an organisation, unless it is one that never comes.
fn routine(
    (activity, window, executor): (&Activity, ActivityWindow, &str),
    (place, code): (Place, &str),
    from: NaiveDate,
    due: NaiveDate,
) -> Option<Routine> {
    let number = drawn(&[code, &activity.number, &window.from.to_string()]);
    let (in_time, late) = habits(code);
    let is_late = match number % 100 {
        n if n < in_time => false,
        n if n < in_time + late => true,
        _ => return None,
    };
    // In the second half of what is left of the window; after it, soon after the course has shown the activity.
    let room = u64::try_from((window.to - from).num_days());
    let wait = room.map_or(1 + number / 100 % 5, |room| room / 2 + number / 100 % (room / 2 + 1));
    let happened = from.checked_add_days(Days::new(wait))?;
    let entered = if is_late {
        due.checked_add_days(Days::new(2 + number / 7 % 14))?
    } else {
        happened.checked_add_days(Days::new(1 + number / 11 % 9))?.min(due).max(happened)
    };
    Some(Routine {
        activity: activity.number.clone(),
        window,
        executor: executor.to_owned(),
        place,
        code: code.to_owned(),
        happened,
        entered,
        decided: entered.checked_add_days(Days::new(3 + number % 5))?,
        note: NOTES[usize::try_from(number / 13).unwrap_or(0) % NOTES.len()],
    })
}

/// How many of a hundred reports of an organisation come in time, and how many late: most organisations report
/// properly, some need to be reminded, a few rarely report.
fn habits(code: &str) -> (u64, u64) {
    match drawn(&[code]) % 10 {
        0 => (45, 25),
        1 | 2 => (75, 17),
        _ => (95, 4),
    }
}

/// A number that looks drawn and follows from the words (FNV-1a).
fn drawn(words: &[&str]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

/// A municipality reports for itself; what schools send in the institute enters.
fn author(tx: &mut Tx, users: &mut Users, routine: &Routine, places: &Places) -> Result<Writer> {
    if !matches!(routine.place, Place::Municipality(_)) {
        return users.of_role(tx, Role::Institute, Area::Region);
    }
    let (area, name) = places.get(&routine.code).ok_or_else(|| unknown(&routine.code))?;
    users.of_organisation(tx, Role::Municipality, *area, &routine.code, name)
}

fn draft(plan: &Plan, routine: &Routine) -> FactDraft {
    let (municipality_id, school_id) = match routine.place {
        Place::Region => (None, None),
        Place::Municipality(id) => (Some(id), None),
        Place::School(id) => (None, Some(id)),
    };
    FactDraft {
        plan_id: plan.id,
        activity: routine.activity.clone(),
        window_from: routine.window.from,
        kind: FactKind::Evidence,
        metric: None,
        value: None,
        happened_on: routine.happened,
        executor: Some(routine.executor.clone()),
        municipality_id,
        school_id,
        note: Some(routine.note.to_owned()),
    }
}

fn link(routine: &Routine) -> String {
    let kind = if matches!(routine.place, Place::School(_)) { "school" } else { "mun" };
    let Routine { code, activity, window, .. } = routine;
    format!("https://{kind}-{code}.example.org/plan/{activity}/{}", window.from.format("%Y-%m"))
}
