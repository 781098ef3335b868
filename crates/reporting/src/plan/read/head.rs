//! The head of a plan file, and what holds between its parts.

use super::{
    PlanFile,
    activity::{self, Known, is_metric},
    fields::{Faults, Fields, Place},
    node::Node,
};
use crate::plan::{Activity, PlanAct, PlanDocument, PlanExecutor, PlanSection, is_executor_code};
use chrono::{Datelike, NaiveDate};
use opora_primitives::Reason;
use std::collections::{BTreeMap, BTreeSet};

/// The most executors, sections, activities and named metrics of a plan.
const MOST_EXECUTORS: usize = 100;
const MOST_SECTIONS: usize = 30;
const MOST_ACTIVITIES: usize = 500;
const MOST_METRICS: usize = 500;

/// A file as far as it could be read.
pub(super) struct Draft {
    /// Activities in the file.
    pub rows: u64,
    code: Option<String>,
    titles: (Option<String>, Option<String>),
    period: (Option<NaiveDate>, Option<NaiveDate>),
    reason: Option<String>,
    act: Option<PlanAct>,
    executors: Vec<PlanExecutor>,
    sections: Vec<PlanSection>,
    activities: Vec<(u64, Activity)>,
}

/// Reads the fields of a file and refuses references that lead nowhere.
pub(super) fn read(mut fields: Fields<'_>, faults: &Faults) -> Draft {
    let top = Place::top(faults, 0);
    let code = fields.maybe_text("code", 40).and_then(|code| top.at("code").check(shaped(code)));
    let titles = (fields.maybe_text("title_ru", 300), fields.maybe_text("title_en", 300));
    let period = (fields.maybe_day("starts_on"), fields.maybe_day("ends_on"));
    let reason = fields.maybe_text("reason", 1000);
    let act = fields.take("act").and_then(|(place, node)| act(place, node));
    let executors = fields.take("executors").map(|(place, node)| executors(&place, node)).unwrap_or_default();
    let sections = fields.take("sections").map(|(place, node)| sections(&place, node)).unwrap_or_default();
    let metrics = fields.maybe("metrics").map(|(place, node)| metrics(&place, node)).unwrap_or_default();
    let rows =
        fields.take("activities").map(|(place, node)| place.list(node, MOST_ACTIVITIES)).unwrap_or_default();
    fields.end();
    let codes: Vec<String> = executors.iter().map(|executor| executor.code.clone()).collect();
    let known = Known { sections: &sections, executors: &codes, metrics: &metrics };
    let count = rows.len() as u64;
    let read = |(row, (_, node))| Some((row, activity::read(&Place::top(faults, row), node, &known)?));
    let activities: Vec<(u64, Activity)> = (1..).zip(rows).filter_map(read).collect();
    if activities.len() as u64 == count {
        unused_metrics(&top, &metrics, &activities);
    }
    Draft { rows: count, code, titles, period, reason, act, executors, sections, activities }
}

impl Draft {
    /// Refuses what does not hold between the parts, derives what is absent, and makes the document of it.
    pub fn finish(self, faults: &Faults) -> Option<PlanFile> {
        let top = Place::top(faults, 0);
        self.check_numbers(faults);
        // An activity that could not be read may be the one that is missed here.
        if self.activities.len() as u64 == self.rows {
            for (i, section) in self.sections.iter().enumerate() {
                if !self.activities.iter().any(|(_, activity)| activity.section == section.number) {
                    top.at("sections").at(i).refuse(Reason::Required);
                }
            }
        }
        let windows = || self.activities.iter().flat_map(|(_, activity)| &activity.windows);
        let first = windows().map(|window| window.from).min()?.year();
        let last = windows().map(|window| window.to).max()?.year();
        let starts_on = self.period.0.or(NaiveDate::from_ymd_opt(first, 1, 1))?;
        let ends_on = self.period.1.or(NaiveDate::from_ymd_opt(last, 12, 31))?;
        self.check_period(starts_on, ends_on, faults);
        let (years, code) = match first == last {
            true => (format!("{first}"), format!("plan-{first}")),
            false => (format!("{first}-{last}"), format!("{first}-{last}")),
        };
        let document = PlanDocument {
            code: self.code.unwrap_or(code),
            title_ru: self.titles.0.unwrap_or_else(|| format!("План мероприятий, {years}")),
            title_en: self.titles.1.unwrap_or_else(|| format!("Plan of activities, {years}")),
            starts_on,
            ends_on,
            act: self.act?,
            executors: self.executors,
            sections: self.sections,
            activities: self.activities.into_iter().map(|(_, activity)| activity).collect(),
        };
        Some(PlanFile { document, reason: self.reason })
    }

    /// Refuses a period that ends before it starts, and windows outside it.
    fn check_period(&self, starts_on: NaiveDate, ends_on: NaiveDate, faults: &Faults) {
        if ends_on < starts_on {
            return Place::top(faults, 0).at("ends_on").refuse(Reason::OrderOfDates);
        }
        for (row, activity) in &self.activities {
            for (i, window) in activity.windows.iter().enumerate() {
                if window.from < starts_on || ends_on < window.to {
                    Place::top(faults, *row).at("windows").at(i).refuse(Reason::OutOfRange);
                }
            }
        }
    }

    /// Refuses numbers that stand twice, and references between activities that lead nowhere or to the row itself.
    fn check_numbers(&self, faults: &Faults) {
        let mut seen = BTreeSet::new();
        for (row, activity) in &self.activities {
            if !seen.insert(activity.number.as_str()) {
                Place::top(faults, *row).at("n").refuse(Reason::DuplicateKey);
            }
        }
        for (row, activity) in &self.activities {
            for (i, before) in activity.after.iter().enumerate() {
                let place = Place::top(faults, *row).at("after").at(i);
                if *before == activity.number {
                    place.refuse(Reason::Contradiction);
                } else if !seen.contains(before.as_str()) {
                    place.refuse(Reason::UnknownReference);
                }
            }
        }
        self.check_populations(faults);
    }

    /// Refuses a whole that no other activity has as its target.
    fn check_populations(&self, faults: &Faults) {
        for (row, activity) in &self.activities {
            let Some(metric) = &activity.population else { continue };
            let others = self.activities.iter().filter(|(_, other)| other.number != activity.number);
            if !others.into_iter().any(|(_, other)| other.target(metric).is_some()) {
                Place::top(faults, *row).at("population").refuse(Reason::UnknownReference);
            }
        }
    }
}

/// A code of letters and digits, with single dashes between them; not of digits only, which would be an id.
fn shaped(code: String) -> Result<String, Reason> {
    let parts =
        code.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    let plain = code.bytes().all(|b| b.is_ascii_digit());
    if parts && !plain { Ok(code) } else { Err(Reason::WrongFormat) }
}

fn act(place: Place<'_>, node: Node) -> Option<PlanAct> {
    let mut fields = Fields::of(place, node)?;
    let number = fields.text("number", 100);
    let date = fields.take("date").and_then(|(place, node)| {
        let text = place.text(node, 10)?;
        place.check(super::fields::day(&text))
    });
    fields.end();
    Some(PlanAct { number: number?, date: date? })
}

/// Names in both languages.
fn names(place: Place<'_>, node: Node) -> Option<(String, String)> {
    let mut fields = Fields::of(place, node)?;
    let names = (fields.text("ru", 300), fields.text("en", 300));
    fields.end();
    Some((names.0?, names.1?))
}

fn executors(place: &Place<'_>, node: Node) -> Vec<PlanExecutor> {
    let mut executors = Vec::new();
    for (code, place, node) in place.entries(node, MOST_EXECUTORS) {
        if !is_executor_code(&code) {
            place.refuse(Reason::WrongFormat);
        }
        let (name_ru, name_en) = names(place, node).unwrap_or_default();
        executors.push(PlanExecutor { code, name_ru, name_en });
    }
    executors
}

fn sections(place: &Place<'_>, node: Node) -> Vec<PlanSection> {
    let mut sections: Vec<PlanSection> = Vec::new();
    for (place, node) in place.list(node, MOST_SECTIONS) {
        let Some(mut fields) = Fields::of(place.clone(), node) else { continue };
        let number = fields.take("n").and_then(|(place, node)| {
            place.check(match node {
                Node::Number(number @ 1..=99) => Ok(number as i32),
                Node::Number(_) => Err(Reason::OutOfRange),
                _ => Err(Reason::WrongFormat),
            })
        });
        let (title_ru, title_en) = (fields.text("ru", 500), fields.text("en", 500));
        let (models, term) = (fields.words("models"), fields.maybe_text("term", 200));
        fields.end();
        let Some(number) = number else { continue };
        if sections.iter().any(|section| section.number == number) {
            place.at("n").refuse(Reason::DuplicateKey);
        }
        let (title_ru, title_en) = (title_ru.unwrap_or_default(), title_en.unwrap_or_default());
        sections.push(PlanSection { number, title_ru, title_en, models, term });
    }
    sections
}

/// Names of metrics for people.
fn metrics(place: &Place<'_>, node: Node) -> BTreeMap<String, (String, String)> {
    let mut metrics = BTreeMap::new();
    for (metric, place, node) in place.entries(node, MOST_METRICS) {
        if !is_metric(&metric) {
            place.refuse(Reason::WrongFormat);
        } else if let Some(names) = names(place, node) {
            metrics.insert(metric, names);
        }
    }
    metrics
}

/// Refuses names of metrics that no target has: most likely a misspelt one.
fn unused_metrics(
    top: &Place<'_>,
    metrics: &BTreeMap<String, (String, String)>,
    activities: &[(u64, Activity)],
) {
    for metric in metrics.keys() {
        if !activities.iter().any(|(_, activity)| activity.target(metric).is_some()) {
            top.at("metrics").at(metric).refuse(Reason::UnknownReference);
        }
    }
}
