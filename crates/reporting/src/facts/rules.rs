//! What a fact must agree with: the plan in force, and the calendar. Pure.

use super::{FactKind, edit::FactDraft};
use crate::{
    discipline::{Organisations, Place},
    plan::{Activity, PlanDocument},
};
use chrono::NaiveDate;
use opora_db::edit::Check;
use opora_primitives::{Problem, Reason};

/// The greatest value of a fact: that of a target.
const MOST: i64 = 1_000_000_000;

/// Notes every field of `draft` that does not fit `plan`; `today` is the latest day that has begun anywhere.
pub(super) fn check(check: &mut Check, plan: &PlanDocument, draft: &FactDraft, today: NaiveDate) {
    match plan.activity(&draft.activity) {
        Some(activity) => check_activity(check, activity, draft),
        None => check.flaw("/activity", Reason::UnknownReference),
    }
    let plausible = (plan.starts_on..=today).contains(&draft.happened_on);
    check.unless(plausible, "/happened_on", Reason::OutOfRange);
    match draft.kind {
        FactKind::Value => check_value(check, draft),
        FactKind::Evidence | FactKind::SourceUnavailable => {
            check.unless(draft.metric.is_none(), "/metric", Reason::Contradiction);
            check.unless(draft.value.is_none(), "/value", Reason::Contradiction);
        }
    }
    // Decision 1: what is missing has to be said.
    let said = draft.kind != FactKind::SourceUnavailable || draft.note.is_some();
    check.unless(said, "/note", Reason::Required);
}

fn check_activity(check: &mut Check, activity: &Activity, draft: &FactDraft) {
    let in_window = activity.windows.iter().any(|window| window.from == draft.window_from);
    check.unless(in_window, "/window_from", Reason::UnknownReference);
    let aimed_at = draft.metric.as_deref().is_none_or(|metric| activity.target(metric).is_some());
    check.unless(aimed_at, "/metric", Reason::UnknownReference);
    let carries_out = draft.executor.as_ref().is_none_or(|code| activity.executors.contains(code));
    check.unless(carries_out, "/executor", Reason::UnknownReference);
}

fn check_value(check: &mut Check, draft: &FactDraft) {
    check.unless(draft.metric.is_some(), "/metric", Reason::Required);
    check.unless(draft.value.is_some(), "/value", Reason::Required);
    let bounded = draft.value.is_none_or(|value| (0..=MOST).contains(&value));
    check.unless(bounded, "/value", Reason::OutOfRange);
    let of_hundred = draft.metric.as_deref().is_some_and(|metric| metric.ends_with("_percent"));
    let whole = draft.value.is_none_or(|value| !of_hundred || value <= 100);
    check.unless(whole, "/value", Reason::MoreThanWhole);
}

/// A fact of a municipality or a school is about an organisation that carries the activity out: that stands behind the
/// executor it names or, if it names none, behind one of the activity's. Bodies of the region enter about anybody; the
/// institute decides on all.
///
/// # Errors
/// [`Reason::NotResponsible`] at the executor or the activity.
pub(super) fn responsible(
    plan: &PlanDocument,
    organisations: &Organisations,
    draft: &FactDraft,
    about: Place,
) -> Result<(), Problem> {
    let carries_out = match (&draft.executor, plan.activity(&draft.activity)) {
        (Some(named), _) => organisations.stands_behind(about, [named]),
        (None, Some(activity)) => organisations.stands_behind(about, &activity.executors),
        (None, None) => false,
    };
    let pointer = if draft.executor.is_some() { "/executor" } else { "/activity" };
    if carries_out { Ok(()) } else { Err(Problem::field(pointer, Reason::NotResponsible)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{
        ActivityTarget, ActivityWindow, Comparison, PlanAct, PlanExecutor, PlanId, PlanSection,
    };
    use opora_db::Error;
    use opora_primitives::{MunicipalityId, SchoolId};
    use std::collections::{BTreeMap, BTreeSet};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A plan of 2020-2021 with row 3.10 and a row of percents.
    fn plan() -> PlanDocument {
        let target = |metric: &str, value| ActivityTarget {
            metric: metric.into(),
            name_ru: metric.into(),
            name_en: metric.into(),
            comparison: Comparison::AtLeast,
            value,
        };
        let activity = |number: &str, targets| Activity {
            number: number.into(),
            section: 3,
            title_ru: "Т".into(),
            title_en: "T".into(),
            windows: vec![ActivityWindow { from: day("2020-10-01"), to: day("2020-12-31") }],
            recurrence: None,
            deadline: None,
            executors: vec!["TEAM".into()],
            targets,
            basis: None,
            evidence_ru: None,
            evidence_en: None,
            models: Vec::new(),
            after: Vec::new(),
            population: None,
        };
        PlanDocument {
            code: "2020-2021".into(),
            title_ru: "П".into(),
            title_en: "P".into(),
            starts_on: day("2020-01-01"),
            ends_on: day("2021-12-31"),
            act: PlanAct { number: "1".into(), date: day("2020-05-29") },
            executors: vec![PlanExecutor { code: "TEAM".into(), name_ru: "К".into(), name_en: "T".into() }],
            sections: vec![PlanSection {
                number: 3,
                title_ru: "Р".into(),
                title_en: "S".into(),
                models: Vec::new(),
                term: None,
            }],
            activities: vec![
                activity("3.10", vec![target("school_roadmaps", 8)]),
                activity("3.11", vec![target("coverage_percent", 100)]),
            ],
        }
    }

    fn draft() -> FactDraft {
        FactDraft {
            plan_id: PlanId(1),
            activity: "3.10".into(),
            window_from: day("2020-10-01"),
            kind: FactKind::Value,
            metric: Some("school_roadmaps".into()),
            value: Some(1),
            happened_on: day("2020-11-27"),
            executor: Some("TEAM".into()),
            municipality_id: None,
            school_id: None,
            note: None,
        }
    }

    fn flaws(draft: &FactDraft) -> Vec<(String, Reason)> {
        let mut found = Check::default();
        check(&mut found, &plan(), draft, day("2021-01-10"));
        match found.done() {
            Err(Error::Problem(Problem { flaws, .. })) => {
                flaws.into_iter().map(|flaw| (flaw.pointer, flaw.reason)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[track_caller]
    fn only(draft: FactDraft, pointer: &str, reason: Reason) {
        assert_eq!(flaws(&draft), [(pointer.to_owned(), reason)]);
    }

    #[test]
    fn a_good_fact_has_no_flaw() {
        assert_eq!(flaws(&draft()), []);
        let early = FactDraft { happened_on: day("2020-01-01"), value: Some(0), executor: None, ..draft() };
        assert_eq!(flaws(&early), [], "earlier than its window, on the plan's first day");
        assert_eq!(flaws(&FactDraft { happened_on: day("2021-01-10"), ..draft() }), [], "late, today");
        let shown = FactDraft { kind: FactKind::Evidence, metric: None, value: None, ..draft() };
        assert_eq!(flaws(&shown), []);
    }

    #[test]
    fn each_field_is_held_against_the_plan() {
        use Reason::*;
        only(FactDraft { activity: "3.99".into(), ..draft() }, "/activity", UnknownReference);
        only(FactDraft { window_from: day("2020-10-02"), ..draft() }, "/window_from", UnknownReference);
        only(FactDraft { metric: Some("teams".into()), ..draft() }, "/metric", UnknownReference);
        only(FactDraft { metric: None, ..draft() }, "/metric", Required);
        only(FactDraft { value: None, ..draft() }, "/value", Required);
        only(FactDraft { value: Some(-1), ..draft() }, "/value", OutOfRange);
        only(FactDraft { value: Some(1_000_000_001), ..draft() }, "/value", OutOfRange);
        only(FactDraft { happened_on: day("2019-12-31"), ..draft() }, "/happened_on", OutOfRange);
        only(FactDraft { happened_on: day("2021-01-11"), ..draft() }, "/happened_on", OutOfRange);
        only(FactDraft { executor: Some("NIRO".into()), ..draft() }, "/executor", UnknownReference);
        let percent = |value| FactDraft {
            activity: "3.11".into(),
            metric: Some("coverage_percent".into()),
            value: Some(value),
            ..draft()
        };
        assert_eq!(flaws(&percent(100)), []);
        only(percent(101), "/value", MoreThanWhole);
    }

    #[test]
    fn only_a_value_has_a_number_and_a_missing_source_is_named() {
        let absent = FactDraft { kind: FactKind::SourceUnavailable, metric: None, value: None, ..draft() };
        only(absent.clone(), "/note", Reason::Required);
        let note = Some("ЕГЭ перенесён".to_owned());
        assert_eq!(flaws(&FactDraft { note: note.clone(), ..absent }), []);
        let both = FactDraft { kind: FactKind::Evidence, note, ..draft() };
        let expected = ["/metric", "/value"].map(|pointer| (pointer.to_owned(), Reason::Contradiction));
        assert_eq!(flaws(&both), expected);
    }

    #[test]
    fn who_does_not_carry_it_out_does_not_report_it() {
        let team = Place::School(SchoolId(7));
        let organisations =
            Organisations { behind: BTreeMap::from([("TEAM".to_owned(), BTreeSet::from([team]))]) };
        let refused = |about, executor: Option<&str>| {
            let draft = FactDraft { executor: executor.map(str::to_owned), ..draft() };
            let problem = responsible(&plan(), &organisations, &draft, about).err();
            problem.map(|problem| (problem.flaws[0].pointer.clone(), problem.flaws[0].reason))
        };
        assert_eq!(refused(team, Some("TEAM")), None);
        assert_eq!(refused(team, None), None);
        let not_responsible = |pointer: &str| Some((pointer.to_owned(), Reason::NotResponsible));
        // A code without organisations stands for a body of the region.
        assert_eq!(refused(team, Some("NIRO")), not_responsible("/executor"));
        for other in [Place::School(SchoolId(8)), Place::Municipality(MunicipalityId(1)), Place::Region] {
            assert_eq!(refused(other, Some("TEAM")), not_responsible("/executor"), "{other:?}");
            assert_eq!(refused(other, None), not_responsible("/activity"), "{other:?}");
        }
    }
}
