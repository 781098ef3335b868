//! A course of 2020 and 2021: what was reported about every activity of the plan, by whom and when.

use chrono::NaiveDate;
use serde::Deserialize;
use std::{collections::BTreeMap, io};

const COURSE: &str = include_str!("../data/course-2020-2021.yaml");

/// What was reported about the plan of the order; `data/README.md` says how it was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// Every activity of the plan, in its order.
    pub activities: Vec<CourseActivity>,
}

/// What was reported about an activity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseActivity {
    /// Its number in the plan.
    pub n: String,
    /// The status on 2021-12-31 that its facts are meant to give.
    pub outcome: String,
    /// What was reported.
    #[serde(default)]
    pub facts: Vec<CourseFact>,
}

/// One report: a fact of no metric, or one for each metric of `values`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseFact {
    /// Who enters it: `institute`, `ministry`, `supervision`, the OKTMO code of a municipality or the code of a school.
    pub by: String,
    /// The municipality or school it is about, by its code; that of the author unless given.
    pub about: Option<String>,
    /// Who carried it out: a code of the plan.
    pub executor: Option<String>,
    /// The first day of its window; the first window unless given.
    pub window: Option<NaiveDate>,
    /// When it happened.
    pub happened: NaiveDate,
    /// When it was entered.
    pub entered: NaiveDate,
    /// When the institute decided; it waits for a decision unless given.
    pub decided: Option<NaiveDate>,
    /// Why the institute declined it; it confirmed it unless given.
    pub declined: Option<String>,
    /// What it says, if it has no values.
    pub kind: Option<String>,
    /// How much of which metric.
    #[serde(default)]
    pub values: BTreeMap<String, i64>,
    /// A remark.
    pub note: String,
    /// Addresses of its evidence.
    #[serde(default)]
    pub links: Vec<String>,
    /// A file of its evidence.
    pub file: Option<CourseFile>,
}

/// A file of evidence that is made while the course is loaded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseFile {
    /// Its name; `.docx` is a document with a title, anything else holds the text as it is.
    pub name: String,
    /// The title of a document.
    #[serde(default)]
    pub title: String,
    /// The paragraphs of a document, a line each, or the text.
    pub text: String,
}

impl Course {
    /// The course of the demonstration region.
    ///
    /// # Errors
    /// `InvalidData` if the embedded file is damaged.
    pub fn read() -> io::Result<Self> {
        yaml_serde::from_str(COURSE).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }

    /// Every report with the number of its activity, in the order of entry.
    pub fn by_entry(&self) -> Vec<(&str, &CourseFact)> {
        let all = self
            .activities
            .iter()
            .flat_map(|activity| activity.facts.iter().map(move |fact| (activity.n.as_str(), fact)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, fact)| fact.entered);
        all
    }
}
