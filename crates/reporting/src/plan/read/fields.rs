//! Fields of a plan file, read one by one. What is wrong is noted and reading goes on, so that all faults are told at
//! once; a fault names its place and never the contents.

use super::node::Node;
use chrono::NaiveDate;
use opora_primitives::{Reason, text::is_hidden};
use opora_schools::import::Reject;
use std::{cell::RefCell, str::FromStr};

/// The faults found so far, and the fields that say nothing.
#[derive(Default)]
pub(super) struct Faults {
    rejects: RefCell<Vec<Reject>>,
    ignored: RefCell<Vec<String>>,
}

impl Faults {
    /// Notes that the field at `path` of `row` is refused.
    pub fn note(&self, row: u64, path: impl Into<String>, reason: Reason) {
        self.rejects.borrow_mut().push(Reject { row, column: Some(path.into()), reason });
    }

    /// What was refused, and what was ignored.
    pub fn into_parts(self) -> (Vec<Reject>, Vec<String>) {
        (self.rejects.into_inner(), self.ignored.into_inner())
    }
}

/// Where a value stands: its row (the position of the activity, 0 for the head) and its path inside.
#[derive(Clone)]
pub(super) struct Place<'a> {
    faults: &'a Faults,
    row: u64,
    path: String,
}

impl<'a> Place<'a> {
    /// The top of a row.
    pub fn top(faults: &'a Faults, row: u64) -> Self {
        Self { faults, row, path: String::new() }
    }

    /// The place of `step` inside.
    pub fn at(&self, step: impl std::fmt::Display) -> Self {
        let path = if self.path.is_empty() { step.to_string() } else { format!("{}/{step}", self.path) };
        Self { path, ..self.clone() }
    }

    /// Notes that what stands here is refused.
    pub fn refuse(&self, reason: Reason) {
        self.faults.note(self.row, self.path.as_str(), reason);
    }

    /// `value`, or a refusal of what stands here.
    pub fn check<T>(&self, value: Result<T, Reason>) -> Option<T> {
        value.map_err(|reason| self.refuse(reason)).ok()
    }

    /// A line of text of up to `most` characters.
    pub fn text(&self, node: Node, most: usize) -> Option<String> {
        let Node::Text(text) = node else {
            self.refuse(Reason::WrongFormat);
            return None;
        };
        let text = text.trim();
        self.check(if text.is_empty() {
            Err(Reason::Required)
        } else if text.chars().any(is_hidden) {
            Err(Reason::ForbiddenCharacter)
        } else if text.chars().count() > most {
            Err(Reason::WrongLength)
        } else {
            Ok(text.to_owned())
        })
    }

    /// A word of a closed list.
    pub fn word<T: FromStr<Err = Reason>>(&self, node: Node) -> Option<T> {
        self.text(node, 100).and_then(|text| self.check(text.parse()))
    }

    /// A list of words, each once.
    pub fn words<T: FromStr<Err = Reason> + PartialEq>(&self, node: Node) -> Vec<T> {
        let mut words: Vec<T> = Vec::new();
        for (place, node) in self.list(node, 100) {
            let Some(word) = place.word(node) else { continue };
            match words.contains(&word) {
                true => place.refuse(Reason::DuplicateKey),
                false => words.push(word),
            }
        }
        words
    }

    /// A list of 1 to `most` values.
    pub fn list(&self, node: Node, most: usize) -> Vec<(Place<'a>, Node)> {
        let items = match node {
            Node::List(items) if items.len() > most => {
                self.refuse(Reason::WrongLength);
                return Vec::new();
            }
            Node::List(items) if !items.is_empty() => items,
            Node::List(_) => {
                self.refuse(Reason::Required);
                return Vec::new();
            }
            _ => {
                self.refuse(Reason::WrongFormat);
                return Vec::new();
            }
        };
        items.into_iter().enumerate().map(|(i, node)| (self.at(i), node)).collect()
    }

    /// The entries of a mapping of 1 to `most` names; a name that stands twice is refused.
    pub fn entries(&self, node: Node, most: usize) -> Vec<(String, Place<'a>, Node)> {
        let Some(fields) = Fields::of(self.clone(), node) else { return Vec::new() };
        if fields.fields.is_empty() || fields.fields.len() > most {
            self.refuse(if fields.fields.is_empty() { Reason::Required } else { Reason::WrongLength });
            return Vec::new();
        }
        let mut entries: Vec<(String, Place<'a>, Node)> = Vec::new();
        for (name, node) in fields.fields {
            let place = self.at(&name);
            match entries.iter().any(|(known, ..)| *known == name) {
                true => place.refuse(Reason::DuplicateKey),
                false => entries.push((name, place, node)),
            }
        }
        entries
    }
}

/// The fields of a mapping, taken one by one.
pub(super) struct Fields<'a> {
    place: Place<'a>,
    fields: Vec<(String, Node)>,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `node`; refused if it is no mapping.
    pub fn of(place: Place<'a>, node: Node) -> Option<Self> {
        match node {
            Node::Map(fields) => Some(Self { place, fields, taken: Vec::new() }),
            _ => {
                place.refuse(Reason::WrongFormat);
                None
            }
        }
    }

    /// The field `name`, if it says something.
    pub fn maybe(&mut self, name: &'static str) -> Option<(Place<'a>, Node)> {
        self.taken.push(name);
        let at = self.fields.iter().position(|(field, _)| field == name)?;
        match self.fields.remove(at).1 {
            Node::Null => None,
            node => Some((self.place.at(name), node)),
        }
    }

    /// The field `name`; its absence is refused.
    pub fn take(&mut self, name: &'static str) -> Option<(Place<'a>, Node)> {
        let found = self.maybe(name);
        if found.is_none() {
            self.place.at(name).refuse(Reason::Required);
        }
        found
    }

    /// A line of text that must be there.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        self.take(name).and_then(|(place, node)| place.text(node, most))
    }

    /// A line of text that may be absent.
    pub fn maybe_text(&mut self, name: &'static str, most: usize) -> Option<String> {
        self.maybe(name).and_then(|(place, node)| place.text(node, most))
    }

    /// A day that may be absent.
    pub fn maybe_day(&mut self, name: &'static str) -> Option<NaiveDate> {
        let text = self.maybe_text(name, 10)?;
        self.place.at(name).check(day(&text))
    }

    /// A word of a closed list that may be absent.
    pub fn maybe_word<T: FromStr<Err = Reason>>(&mut self, name: &'static str) -> Option<T> {
        self.maybe(name).and_then(|(place, node)| place.word(node))
    }

    /// A list of words of a closed list, each once; empty if it is absent.
    pub fn words<T: FromStr<Err = Reason> + PartialEq>(&mut self, name: &'static str) -> Vec<T> {
        self.maybe(name).map(|(place, node)| place.words(node)).unwrap_or_default()
    }

    /// Looks at what is left: a field without a value is ignored, any other is refused.
    pub fn end(self) {
        for (name, node) in self.fields {
            let place = self.place.at(&name);
            match node {
                _ if self.taken.contains(&name.as_str()) => place.refuse(Reason::DuplicateKey),
                Node::Null => place.faults.ignored.borrow_mut().push(place.path),
                _ => place.refuse(Reason::UnknownField),
            }
        }
    }
}

/// A day as `YYYY-MM-DD`, of the years 2000 to 2100.
pub(super) fn day(text: &str) -> Result<NaiveDate, Reason> {
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let day = shaped.then(|| text.parse::<NaiveDate>().ok()).flatten().ok_or(Reason::WrongFormat)?;
    let years = NaiveDate::from_ymd_opt(2000, 1, 1)..=NaiveDate::from_ymd_opt(2100, 12, 31);
    if years.contains(&Some(day)) { Ok(day) } else { Err(Reason::OutOfRange) }
}
