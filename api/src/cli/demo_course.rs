//! The course of 2020 and 2021 in the demonstration region: entered, evidenced and decided by the functions that the API
//! calls, each as if on its day. The audit log tells when it was really loaded, and by what.

use super::{
    demo::Users,
    demo_routine::{self, Places},
};
use crate::state::State;
use chrono::{NaiveDate, NaiveTime};
use opora_db::{Error, Result, Tx};
use opora_demo::{Course, CourseFact, CourseFile};
use opora_documents::{
    model::{Block, Document, Language, TitleBlock},
    write_docx,
};
use opora_identity::Role;
use opora_models::DecisionKind;
use opora_primitives::{Area, Moment, Problem, ProblemCode, Words};
use opora_reporting::{
    facts::{
        FactId, FactKind,
        blobs::Blobs,
        decisions::{self, Decision},
        edit::{self, FactDraft, Writer},
        evidence::{self, CheckedFile},
        sniff, store,
    },
    plan::{
        PlanDocument, PlanId,
        store::{self as plans, PlanRef},
    },
};
use opora_schools::{
    import::spool::Spool,
    registry::{municipalities, schools},
};
use std::collections::BTreeMap;

/// The plan that the course is about.
const PLAN: &str = "2020-2021";

/// Files of evidence by name, checked and kept.
pub(super) type Files = BTreeMap<String, CheckedFile>;

/// Makes the files of the course and puts them into the store of evidence, as a request would before its write.
///
/// # Errors
/// A file that the checks refuse; a store that does not answer.
pub(super) fn keep_files(state: &State, course: &Course) -> Result<Files> {
    let runtime = actix_web::rt::Runtime::new().map_err(Error::fault)?;
    let files = course.by_entry().into_iter().filter_map(|(_, fact)| fact.file.as_ref());
    let keep = |file: &CourseFile| -> Result<(String, CheckedFile)> {
        let kept = runtime.block_on(keep(&state.evidence, &state.config.data_dir, file))?;
        Ok((file.name.clone(), kept))
    };
    files.map(keep).collect()
}

async fn keep(blobs: &Blobs, folder: &std::path::Path, file: &CourseFile) -> Result<CheckedFile> {
    let bytes = contents(file)?;
    let mut spool = Spool::new(folder, bytes.len() as u64)?;
    spool.take(&bytes)?;
    let spooled = spool.finish()?;
    let name = evidence::checked_name(Some(&file.name))?;
    let media_type = sniff::sniff(spooled.path(), &name, None)?;
    blobs.keep(&spooled.sha256, spooled.path()).await?;
    Ok(CheckedFile { name, media_type, size: spooled.size, sha256: spooled.sha256.clone() })
}

fn contents(file: &CourseFile) -> Result<Vec<u8>> {
    if !file.name.ends_with(".docx") {
        return Ok(file.text.clone().into_bytes());
    }
    let title = TitleBlock {
        organisation: "Региональный институт развития образования".to_owned(),
        title: file.title.clone(),
        ..TitleBlock::default()
    };
    let blocks = file.text.lines().map(Block::paragraph).collect();
    let mut bytes = Vec::new();
    write_docx(&Document { language: Language::Ru, title, blocks }, &mut bytes).map_err(Error::fault)?;
    Ok(bytes)
}

/// Enters the facts of the course, then what others report beside it, and decides on all; answers how many there are.
///
/// # Errors
/// A fact that the checks refuse.
pub(super) fn write(tx: &mut Tx, users: &mut Users, course: &Course, files: &Files) -> Result<usize> {
    let plan = plans::find(tx, &PlanRef::Code(PLAN.to_owned()))?;
    let (_, document) = plans::version(tx, &plan, None)?;
    let desk = Desk { plan: plan.id, document: document.clone(), places: places(tx)?, files };
    let loaded_at = tx.at;
    let mut decisions = Vec::new();
    for (activity, fact) in course.by_entry() {
        let writer = desk.author(tx, users, &fact.by)?;
        tx.at = start_of(fact.entered);
        for draft in desk.drafts(activity, fact)? {
            let id = edit::create(tx, writer, draft)?.id;
            desk.attach(tx, writer, id, fact)?;
            decisions.push((fact.decided, id, fact.declined.clone()));
        }
        tx.at = loaded_at;
    }
    let routine = demo_routine::write(tx, users, (&plan, &document), &desk.places, course)?;
    decisions.extend(routine.into_iter().map(|(on, id)| (Some(on), id, None)));
    let count = decisions.len();
    decisions.sort_by_key(|(on, id, _)| (*on, *id));
    let actor = users.of_role(tx, Role::Institute, Area::Region)?.user;
    for (on, id, reason) in decisions {
        let Some(on) = on else { continue };
        let kind = if reason.is_some() { DecisionKind::Decline } else { DecisionKind::Confirm };
        let version = store::find(tx, Area::Region, id)?.version;
        tx.at = start_of(on);
        decisions::decide(tx, Area::Region, id, version, &Decision { kind, reason, actor })?;
    }
    tx.at = loaded_at;
    Ok(count)
}

/// The course tells days, not hours.
pub(super) fn start_of(day: NaiveDate) -> Moment {
    day.and_time(NaiveTime::MIN).and_utc().into()
}

/// Municipalities and schools by their codes, with their names.
fn places(tx: &mut Tx) -> Result<Places> {
    let districts = municipalities::all(tx)?.into_iter();
    let districts =
        districts.map(|found| (found.oktmo.to_string(), (Area::Municipality(found.id), found.name)));
    let schools = schools::every(tx)?.into_iter();
    let schools = schools.map(|found| (found.code.to_string(), (Area::School(found.id), found.name)));
    Ok(districts.chain(schools).collect())
}

/// What facts are entered with.
struct Desk<'a> {
    plan: PlanId,
    document: PlanDocument,
    places: Places,
    files: &'a Files,
}

impl Desk<'_> {
    /// The user who enters; one for each organisation.
    fn author(&self, tx: &mut Tx, users: &mut Users, by: &str) -> Result<Writer> {
        if let Ok(role) = by.parse::<Role>() {
            return users.of_role(tx, role, Area::Region);
        }
        let (area, name) = self.place(by)?;
        let role = if matches!(area, Area::School(_)) { Role::School } else { Role::Municipality };
        users.of_organisation(tx, role, *area, by, name)
    }

    fn place(&self, code: &str) -> Result<&(Area, String)> {
        self.places.get(code).ok_or_else(|| unknown(code))
    }

    fn drafts(&self, activity: &str, fact: &CourseFact) -> Result<Vec<FactDraft>> {
        let (municipality_id, school_id) = match &fact.about {
            None => (None, None),
            Some(code) => self.place(code)?.0.ids(),
        };
        let windows = self.document.activity(activity).ok_or_else(|| unknown(activity))?.windows.iter();
        let window_from = fact.window.or(windows.map(|window| window.from).next());
        let kind = fact.kind.as_deref().unwrap_or(FactKind::Value.as_str());
        let plain = FactDraft {
            plan_id: self.plan,
            activity: activity.to_owned(),
            window_from: window_from.ok_or_else(|| unknown(activity))?,
            kind: kind.parse().map_err(|_| unknown(kind))?,
            metric: None,
            value: None,
            happened_on: fact.happened,
            executor: fact.executor.clone(),
            municipality_id,
            school_id,
            note: Some(fact.note.clone()),
        };
        if fact.values.is_empty() {
            return Ok(vec![plain]);
        }
        let measured = fact.values.iter().map(|(metric, value)| FactDraft {
            metric: Some(metric.clone()),
            value: Some(*value),
            ..plain.clone()
        });
        Ok(measured.collect())
    }

    fn attach(&self, tx: &mut Tx, writer: Writer, id: FactId, fact: &CourseFact) -> Result<()> {
        for url in &fact.links {
            evidence::add_link(tx, writer, id, url)?;
        }
        if let Some(file) = &fact.file {
            let kept = self.files.get(&file.name).ok_or_else(|| unknown(&file.name))?;
            evidence::add_file(tx, writer, id, kept)?;
        }
        Ok(())
    }
}

/// What the course names is not there.
pub(super) fn unknown(what: &str) -> Error {
    Problem::new(ProblemCode::MissingReference, Words::same(format!("the course names {what}"))).into()
}
