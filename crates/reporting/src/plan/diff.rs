//! The difference between two versions of a plan.

use super::PlanDocument;
use opora_db::{Error, Result};
use opora_primitives::word_type;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

word_type!(
    /// A part of a plan.
    PlanPart {
        /// The plan as a whole: code, titles, period, act.
        Head = "head", "план в целом";
        /// An executor.
        Executor = "executor", "исполнитель";
        /// A section.
        Section = "section", "раздел";
        /// An activity.
        Activity = "activity", "мероприятие";
    }
);

word_type!(
    /// What became of a part.
    PlanChangeKind {
        /// It is new.
        Added = "added", "добавлено";
        /// It is gone.
        Removed = "removed", "исключено";
        /// It has other contents.
        Changed = "changed", "изменено";
    }
);

/// What became of a part of a plan from one version to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanChange {
    /// Which part.
    pub part: PlanPart,
    /// Its code or number; empty for the plan as a whole.
    #[schema(example = "3.9")]
    pub key: String,
    /// What became of it.
    pub kind: PlanChangeKind,
    /// The fields that differ; of a part that is new or gone, all.
    pub fields: Vec<FieldChange>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldChange {
    /// Its name.
    #[schema(example = "deadline")]
    pub field: String,
    /// Its contents in the earlier version; absent if the part is new.
    pub before: Option<Value>,
    /// Its contents in the later version; absent if the part is gone.
    pub after: Option<Value>,
}

/// The parts of one kind, by key.
type Parts = BTreeMap<Key, Map<String, Value>>;

/// Numbers with a dot in the order of people: 1.9 before 1.10.
type Key = (Vec<u32>, String);

/// What differs from `from` to `to`: the head, then executors, sections and activities by key. The order of parts and of
/// an activity's targets does not count: in the file they are mappings, and rows have numbers.
///
/// # Errors
/// A document that JSON cannot hold.
pub fn diff(from: &PlanDocument, to: &PlanDocument) -> Result<Vec<PlanChange>> {
    let (from, to) = (parts(from)?, parts(to)?);
    let mut changes = Vec::new();
    for ((part, before), (_, after)) in from.iter().zip(&to) {
        let mut keys: Vec<&Key> = before.keys().chain(after.keys()).collect();
        keys.sort();
        keys.dedup();
        changes
            .extend(keys.into_iter().filter_map(|key| change(*part, key, before.get(key), after.get(key))));
    }
    Ok(changes)
}

fn change(
    part: PlanPart,
    key: &Key,
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
) -> Option<PlanChange> {
    let kind = match (before, after) {
        (None, _) => PlanChangeKind::Added,
        (_, None) => PlanChangeKind::Removed,
        (Some(_), Some(_)) => PlanChangeKind::Changed,
    };
    let names = before.or(after)?.keys();
    let value =
        |fields: Option<&Map<String, Value>>, name: &str| fields.and_then(|fields| fields.get(name)).cloned();
    let fields: Vec<FieldChange> = names
        .map(|name| FieldChange {
            field: name.clone(),
            before: value(before, name),
            after: value(after, name),
        })
        .filter(|field| field.before != field.after)
        .collect();
    (!fields.is_empty()).then(|| PlanChange { part, key: key.1.clone(), kind, fields })
}

/// A document in parts. Every part of one kind has the same fields.
fn parts(document: &PlanDocument) -> Result<[(PlanPart, Parts); 4]> {
    let mut head = object(document)?;
    for part in ["executors", "sections", "activities"] {
        head.remove(part);
    }
    let mut found = [
        (PlanPart::Head, Parts::from([(key(""), head)])),
        (PlanPart::Executor, Parts::new()),
        (PlanPart::Section, Parts::new()),
        (PlanPart::Activity, Parts::new()),
    ];
    for executor in &document.executors {
        found[1].1.insert(key(&executor.code), object(executor)?);
    }
    for section in &document.sections {
        found[2].1.insert(key(&section.number.to_string()), object(section)?);
    }
    for activity in &document.activities {
        let mut activity = activity.clone();
        activity.targets.sort_by(|a, b| a.metric.cmp(&b.metric));
        found[3].1.insert(key(&activity.number), object(&activity)?);
    }
    Ok(found)
}

fn key(text: &str) -> Key {
    (text.split('.').filter_map(|part| part.parse().ok()).collect(), text.to_owned())
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(value).map_err(Error::fault)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::fault("a part of a plan is no object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::order;
    use serde_json::json;

    #[test]
    fn a_version_does_not_differ_from_itself_however_it_is_ordered() {
        let mut other = order();
        other.activities.reverse();
        other.executors.reverse();
        other.activities.iter_mut().for_each(|activity| activity.targets.reverse());
        assert_eq!(diff(&order(), &other).unwrap(), []);
    }

    #[test]
    fn each_change_is_told_once() {
        let mut later = order();
        later.title_en = "Amended".into();
        later.activities.retain(|activity| activity.number != "1.10");
        let moved = later.activities.iter_mut().find(|activity| activity.number == "1.9").unwrap();
        moved.deadline = "2020-12-20".parse().ok();
        let mut extra = moved.clone();
        extra.number = "1.18".into();
        later.activities.push(extra);
        let found = diff(&order(), &later).unwrap();
        let told: Vec<_> = found.iter().map(|c| (c.part, c.key.as_str(), c.kind)).collect();
        assert_eq!(
            told,
            [
                (PlanPart::Head, "", PlanChangeKind::Changed),
                (PlanPart::Activity, "1.9", PlanChangeKind::Changed),
                (PlanPart::Activity, "1.10", PlanChangeKind::Removed),
                (PlanPart::Activity, "1.18", PlanChangeKind::Added),
            ]
        );
        let deadline = FieldChange {
            field: "deadline".into(),
            before: Some(Value::Null),
            after: Some(json!("2020-12-20")),
        };
        assert_eq!(found[1].fields, [deadline]);
    }
}
