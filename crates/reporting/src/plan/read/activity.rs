//! An activity of a plan file.

use super::{
    fields::{Fields, Place},
    node::Node,
};
use crate::plan::{
    Activity, ActivityTarget, ActivityWindow, Comparison, PlanSection, is_activity_number,
    metrics::MetricScope,
};
use chrono::{Datelike, Months};
use opora_primitives::Reason;
use std::collections::BTreeMap;

/// The most windows and targets an activity may have.
const MOST_WINDOWS: usize = 24;
const MOST_TARGETS: usize = 20;
/// The largest number a target may ask for.
const LARGEST_TARGET: i64 = 1_000_000_000;

/// What an activity may refer to.
pub(super) struct Known<'a> {
    pub sections: &'a [PlanSection],
    pub executors: &'a [String],
    pub metrics: &'a BTreeMap<String, (String, String)>,
}

/// Reads an activity; `None` if its number, titles or windows cannot be read.
pub(super) fn read(place: &Place<'_>, node: Node, known: &Known<'_>) -> Option<Activity> {
    let mut fields = Fields::of(place.clone(), node)?;
    let number = fields.text("n", 6).and_then(|text| place.at("n").check(shaped(text)));
    let section = number.as_deref().and_then(|number| section_of(place, number, known));
    let (title_ru, title_en) = (fields.text("ru", 500), fields.text("en", 500));
    let windows = fields.take("windows").map(|(at, node)| windows(&at, node)).unwrap_or_default();
    let recurrence = fields.maybe_word("recurrence");
    let deadline = fields.maybe_day("deadline");
    if let (Some(day), Some(last)) = (deadline, windows.last())
        && !(last.from..=last.to).contains(&day)
    {
        place.at("deadline").refuse(Reason::OutOfRange);
    }
    let executors = fields.take("by").map(|(at, node)| executors(&at, node, known)).unwrap_or_default();
    let asked = fields.maybe("targets").map(|(at, node)| targets(&at, node, known));
    // What is there but cannot be read is refused where it stands, and nowhere else.
    let (counts, targets) = (asked.is_some(), asked.unwrap_or_default());
    spans_years(place, &targets, &windows);
    let basis = fields.maybe("basis").map(|(at, node)| at.word(node));
    if counts && basis.is_none() {
        place.at("basis").refuse(Reason::Required);
    }
    if basis.is_some() && !counts {
        place.at("basis").refuse(Reason::Contradiction);
    }
    let shown = evidence(&mut fields);
    if shown.is_none() && !counts {
        // Nothing could ever close it.
        place.at("evidence").refuse(Reason::Required);
    }
    let (evidence_ru, evidence_en) = shown.unwrap_or_default();
    let mut models = fields.words("models");
    if models.is_empty() {
        models = section.map(|section| section.models.clone()).unwrap_or_default();
    }
    let after = fields.words::<Text>("after").into_iter().map(|Text(text)| text).collect();
    let population = fields.maybe_text("population", 60);
    fields.end();
    Some(Activity {
        number: number?,
        section: section?.number,
        title_ru: title_ru?,
        title_en: title_en?,
        windows,
        recurrence,
        deadline,
        executors,
        targets,
        basis: basis.flatten(),
        evidence_ru,
        evidence_en,
        models,
        after,
        population,
    })
}

/// Any text as a word of a list.
#[derive(PartialEq)]
struct Text(String);

impl std::str::FromStr for Text {
    type Err = Reason;
    fn from_str(text: &str) -> Result<Self, Reason> {
        Ok(Self(text.to_owned()))
    }
}

fn shaped(number: String) -> Result<String, Reason> {
    if is_activity_number(&number) { Ok(number) } else { Err(Reason::WrongFormat) }
}

fn section_of<'a>(place: &Place<'_>, number: &str, known: &Known<'a>) -> Option<&'a PlanSection> {
    let (section, _) = number.split_once('.')?;
    let found = known.sections.iter().find(|known| known.number.to_string() == section);
    place.at("n").check(found.ok_or(Reason::UnknownReference))
}

fn executors(place: &Place<'_>, node: Node, known: &Known<'_>) -> Vec<String> {
    let codes: Vec<Text> = place.words(node);
    for (i, Text(code)) in codes.iter().enumerate() {
        if !known.executors.contains(code) {
            place.at(i).refuse(Reason::UnknownReference);
        }
    }
    codes.into_iter().map(|Text(code)| code).collect()
}

/// Windows `2020-09/2020-10`, in order and apart.
fn windows(place: &Place<'_>, node: Node) -> Vec<ActivityWindow> {
    let mut windows: Vec<ActivityWindow> = Vec::new();
    for (place, node) in place.list(node, MOST_WINDOWS) {
        let text = place.text(node, 40);
        let Some(window) = text.and_then(|text| place.check(window(&text))) else { continue };
        if windows.last().is_some_and(|before| window.from <= before.to) {
            place.refuse(Reason::Contradiction);
        }
        windows.push(window);
    }
    windows
}

fn window(text: &str) -> Result<ActivityWindow, Reason> {
    let (from, to) = text.split_once('/').ok_or(Reason::WrongFormat)?;
    let month = |text: &str| super::fields::day(&format!("{text}-01"));
    let (from, last_month) = (month(from)?, month(to)?);
    let to = last_month.checked_add_months(Months::new(1)).and_then(|day| day.pred_opt());
    let to = to.ok_or(Reason::OutOfRange)?;
    if last_month < from { Err(Reason::OrderOfDates) } else { Ok(ActivityWindow { from, to }) }
}

fn targets(place: &Place<'_>, node: Node, known: &Known<'_>) -> Vec<ActivityTarget> {
    let mut targets = Vec::new();
    for (metric, place, node) in place.entries(node, MOST_TARGETS) {
        if !is_metric(&metric) {
            place.refuse(Reason::WrongFormat);
            continue;
        }
        let Some(text) = place.text(node, 40) else { continue };
        let Some((comparison, value)) = place.check(expectation(&text)) else { continue };
        let (name_ru, name_en) =
            known.metrics.get(&metric).cloned().unwrap_or_else(|| (metric.clone(), metric.clone()));
        targets.push(ActivityTarget { metric, name_ru, name_en, comparison, value });
    }
    targets
}

/// Whether `name` can name a metric: Latin small letters, digits and underscores, a letter first.
pub(super) fn is_metric(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A comparison and a whole number: `>= 8`.
fn expectation(text: &str) -> Result<(Comparison, i64), Reason> {
    let (sign, number) = text.split_at_checked(2).ok_or(Reason::WrongFormat)?;
    let comparison = match sign {
        "==" => Comparison::Equal,
        ">=" => Comparison::AtLeast,
        "<=" => Comparison::AtMost,
        _ => return Err(Reason::UnknownValue),
    };
    let number = number.trim();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reason::WrongFormat);
    }
    let value = number.parse::<i64>().ok().filter(|value| *value <= LARGEST_TARGET);
    Ok((comparison, value.ok_or(Reason::OutOfRange)?))
}

/// A target for each year needs windows that lie in one year each.
fn spans_years(place: &Place<'_>, targets: &[ActivityTarget], windows: &[ActivityWindow]) {
    if windows.iter().all(|window| window.from.year() == window.to.year()) {
        return;
    }
    for target in targets.iter().filter(|target| MetricScope::of(&target.metric) == MetricScope::PerYear) {
        place.at("targets").at(&target.metric).refuse(Reason::Contradiction);
    }
}

/// What must be shown, if anything: one text for both languages, or one for each.
fn evidence(fields: &mut Fields<'_>) -> Option<(Option<String>, Option<String>)> {
    let (place, node) = fields.maybe("evidence")?;
    if !matches!(node, Node::Map(_)) {
        let text = place.text(node, 1000);
        return Some((text.clone(), text));
    }
    let mut both = Fields::of(place, node)?;
    let texts = (both.text("ru", 1000), both.text("en", 1000));
    both.end();
    Some(texts)
}
