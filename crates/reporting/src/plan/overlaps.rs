//! Warnings about the plan itself: an activity that starts before another ends whose result it needs (decision 13). The
//! plan file says which ones follow which (`after`).

use super::{Activity, PlanDocument};
use chrono::NaiveDate;
use serde::Serialize;

/// An activity that starts before another ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanOverlap {
    /// The activity.
    #[schema(example = "1.12")]
    pub activity: String,
    /// The one that should have ended.
    #[schema(example = "1.11")]
    pub after: String,
    /// When the first starts.
    #[schema(example = "2021-02-01")]
    pub starts_on: NaiveDate,
    /// When the other ends.
    #[schema(example = "2021-04-30")]
    pub ends_on: NaiveDate,
    /// The warning in Russian.
    pub text_ru: String,
    /// The warning in English.
    pub text_en: String,
}

/// Every overlap of `document`, in the order of the plan.
pub fn overlaps(document: &PlanDocument) -> Vec<PlanOverlap> {
    let found = document.activities.iter().flat_map(|activity| {
        let before = activity.after.iter().filter_map(|number| document.activity(number));
        before.filter_map(|before| overlap(activity, before))
    });
    found.collect()
}

fn overlap(activity: &Activity, before: &Activity) -> Option<PlanOverlap> {
    let (starts_on, ends_on) = (activity.windows.first()?.from, before.windows.last()?.to);
    (starts_on <= ends_on).then(|| PlanOverlap {
        activity: activity.number.clone(),
        after: before.number.clone(),
        starts_on,
        ends_on,
        text_ru: format!(
            "Мероприятие {} начинается {}, а {}, результат которого ему нужен, заканчивается {}.",
            activity.number,
            starts_on.format("%d.%m.%Y"),
            before.number,
            ends_on.format("%d.%m.%Y")
        ),
        text_en: format!(
            "Activity {} starts on {starts_on}, but {}, whose result it needs, ends on {ends_on}.",
            activity.number, before.number
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::order;

    #[test]
    fn the_plan_of_the_order_overlaps_twice() {
        let found = overlaps(&order());
        let pairs: Vec<_> = found.iter().map(|o| (o.activity.as_str(), o.after.as_str())).collect();
        // 1.12 runs from 2021-02, 1.11 to 2021-04; 3.9 runs from 2020-06, 3.7 to the end of 2020-06.
        assert_eq!(pairs, [("1.12", "1.11"), ("3.9", "3.7")]);
        assert_eq!(
            (found[0].starts_on.to_string(), found[0].ends_on.to_string()),
            ("2021-02-01".into(), "2021-04-30".into())
        );
    }

    #[test]
    fn the_day_after_is_no_overlap() {
        let mut plan = order();
        let at = plan.activities.iter().position(|activity| activity.number == "3.9").unwrap();
        plan.activities[at].windows[0].from = "2020-07-01".parse().unwrap();
        assert_eq!(overlaps(&plan).len(), 1);
        plan.activities[at].windows[0].from = "2020-06-30".parse().unwrap();
        assert_eq!(overlaps(&plan).len(), 2);
    }
}
