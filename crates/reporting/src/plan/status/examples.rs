//! Examples worked by hand, on rows of the order.

use super::{
    ActivityStatus::{self, *},
    StatusGround, TargetStanding,
    fixtures::{day, no_source, on, shown, stand, stand_after, value},
    standings,
};
use crate::{facts::ConfirmedFact, plan::fixtures::order};
use opora_schools::identification::Lang;

fn statuses(number: &str, facts: &[ConfirmedFact], days: &[(&str, ActivityStatus)]) {
    for (day, status) in days {
        assert_eq!(stand(number, facts, day).status, *status, "{number} on {day}");
    }
}

fn numbers(target: &TargetStanding) -> (&str, i64, Option<i64>, bool) {
    (&target.metric, target.expected, target.actual, target.met)
}

// 1.1: June 2020, due on the 15th, one list.
#[test]
fn a_deadline_comes_before_the_end_of_the_window() {
    statuses(
        "1.1",
        &[],
        &[
            ("2020-05-31", NotStarted),
            ("2020-06-01", InProgress),
            ("2020-06-15", InProgress),
            ("2020-06-16", Overdue),
        ],
    );
    let list = |day| [value("1.1", "2020-06", "target_group_lists", 1, day)];
    statuses(
        "1.1",
        &list("2020-06-15"),
        &[("2020-06-14", InProgress), ("2020-06-15", Done), ("2021-12-31", Done)],
    );
    let late = stand("1.1", &list("2020-06-25"), "2020-07-01");
    // The 25th is ten days after the 15th.
    assert_eq!(
        (late.status, late.reason.ground, late.reason.days_late),
        (DoneLate, StatusGround::MetLate, 10)
    );
    assert_eq!((late.due_on, late.windows[0].met_on), (day("2020-06-15"), Some(day("2020-06-25"))));
    statuses("1.1", &list("2020-06-25"), &[("2020-06-20", Overdue)]);
    // Done before the window begins is done.
    statuses("1.1", &list("2020-05-20"), &[("2020-05-19", NotStarted), ("2020-05-20", Done)]);
}

// Decision 1: the exams that row 1.1 needs were put off.
#[test]
fn a_remark_about_the_source_lasts_until_the_row_is_met() {
    let remark = no_source("1.1", "2020-06", "2020-06-10");
    let facts = [remark.clone(), value("1.1", "2020-06", "target_group_lists", 1, "2020-08-20")];
    statuses(
        "1.1",
        &facts,
        &[
            ("2020-06-09", InProgress),
            ("2020-06-10", SourceUnavailable),
            ("2020-08-19", SourceUnavailable),
            ("2020-08-20", DoneLate),
        ],
    );
    assert_eq!(
        stand("1.1", &[remark], "2020-07-01").words(Lang::Ru),
        "Источник данных отсутствует, что подтверждено; срок 15.06.2020. Перечни целевых групп: нет (нужно 1)."
    );
}

// 1.4: September to October of 2020 and of 2021, one note in each year.
#[test]
fn each_year_is_asked_for_itself() {
    let first = value("1.4", "2020-09", "analytical_notes_per_year", 1, "2020-10-20");
    let facts = [first.clone()];
    let between = stand("1.4", &facts, "2020-12-31");
    assert_eq!((between.status, between.met), (Done, false));
    assert_eq!((between.reason.windows_met, between.reason.windows), (1, 2));
    assert_eq!(between.reason.next_window, Some(day("2021-09-01")));
    assert_eq!(numbers(&between.targets[0]), ("analytical_notes_per_year", 2, Some(1), false));
    statuses(
        "1.4",
        &facts,
        &[("2020-08-31", NotStarted), ("2021-09-01", InProgress), ("2021-11-01", Overdue)],
    );
    // A second note of 2020 is none of 2021.
    let twice = [first.clone(), value("1.4", "2020-09", "analytical_notes_per_year", 1, "2020-10-30")];
    let found = stand("1.4", &twice, "2021-11-01");
    assert_eq!((found.status, found.windows[0].status, found.windows[1].status), (Overdue, Done, Overdue));
    assert!(found.windows[0].targets[0].exceeded);
    let both = [first, value("1.4", "2021-09", "analytical_notes_per_year", 1, "2021-09-30")];
    assert!(stand("1.4", &both, "2021-10-01").met);
}

// 1.6: September to October 2020, no number: a plan for every member of the target groups.
#[test]
fn a_row_without_numbers_is_closed_by_its_evidence() {
    let facts = [shown("1.6", "2020-09", "2020-10-31")];
    statuses(
        "1.6",
        &facts,
        &[("2020-10-30", InProgress), ("2020-10-31", ClosedOnEvidence), ("2021-01-01", ClosedOnEvidence)],
    );
    statuses("1.6", &[shown("1.6", "2020-09", "2020-11-01")], &[("2020-11-01", DoneLate)]);
    statuses("1.6", &[], &[("2020-10-31", InProgress), ("2020-11-01", Overdue)]);
    assert!(stand("1.6", &facts, "2020-11-01").evidence_shown);
}

// 3.24: June 2020 to December 2021, posts; 3.6: May to September 2020, over two half-years as well.
#[test]
fn what_goes_on_is_closed_in_the_half_year_it_ends_in() {
    let first = shown("3.24", "2020-06", "2020-09-10");
    statuses("3.24", std::slice::from_ref(&first), &[("2020-09-10", InProgress), ("2021-12-31", InProgress)]);
    assert_eq!(stand_after("3.24", std::slice::from_ref(&first), "2021-12-31").status, Overdue);
    assert!(stand("3.24", std::slice::from_ref(&first), "2021-12-31").windows[0].evidence_shown);
    let further = |day| [first.clone(), shown("3.24", "2020-06", day)];
    statuses("3.24", &further("2021-06-30"), &[("2021-12-31", InProgress)]);
    statuses("3.24", &further("2021-07-01"), &[("2021-06-30", InProgress), ("2021-07-01", ClosedOnEvidence)]);
    statuses("3.24", &further("2022-01-10"), &[("2021-12-31", InProgress), ("2022-01-10", DoneLate)]);
    let base = [shown("3.6", "2020-05", "2020-06-20"), shown("3.6", "2020-05", "2020-09-25")];
    statuses("3.6", &base, &[("2020-06-30", InProgress), ("2020-09-25", ClosedOnEvidence)]);
}

// 2.4: February to December 2020, four programmes.
#[test]
fn what_was_due_on_a_day_that_is_over_is_overdue() {
    let three = [value("2.4", "2020-02", "municipal_programmes_completed", 3, "2020-12-18")];
    let during = stand("2.4", &three, "2020-12-31");
    assert_eq!((during.status, during.deviation), (InProgress, None));
    let after = stand_after("2.4", &three, "2020-12-31");
    assert_eq!((after.status, after.reason.days_late), (Overdue, 0));
    assert_eq!(after.deviation.as_ref(), Some(&after.reason));
    let words = "Не выполнено к сроку 31.12.2020. Реализованные муниципальные программы: 3 (нужно 4).";
    assert_eq!(after.deviation_words(Lang::Ru).as_deref(), Some(words));
    assert_eq!(stand_after("2.4", &three, "2020-12-30").status, InProgress);
}

// 1.17: 114 municipal schools, 37 municipalities and one state school, to the end of 2021.
#[test]
fn every_target_of_a_row_must_be_met() {
    let mut facts = vec![
        value("1.17", "2020-08", "schools_covered", 60, "2020-12-01"),
        value("1.17", "2020-08", "schools_covered", 54, "2021-11-01"),
        value("1.17", "2020-08", "municipalities_covered", 37, "2021-11-01"),
    ];
    statuses("1.17", &facts, &[("2020-12-31", InProgress), ("2022-01-01", Overdue)]);
    let found = stand("1.17", &facts, "2021-12-31");
    assert_eq!(found.targets.iter().map(|t| t.actual).collect::<Vec<_>>(), [Some(114), Some(37), None]);
    facts.push(value("1.17", "2020-08", "state_schools_covered", 1, "2021-12-31"));
    // The last of the three days decides.
    assert_eq!(stand("1.17", &facts, "2022-01-01").windows[0].met_on, Some(day("2021-12-31")));
    statuses("1.17", &facts, &[("2021-12-30", InProgress), ("2021-12-31", Done)]);
}

// 2.5: January to February 2020; the order was signed on 2020-05-29.
#[test]
fn a_row_that_ended_before_the_signing_is_never_overdue_and_takes_facts_with_evidence() {
    let six = value("2.5", "2020-01", "school_roadmaps_drafted", 6, "2020-02-20");
    let all = value("2.5", "2020-01", "coverage_percent", 100, "2020-02-20");
    let bare = stand("2.5", &[six.clone(), all.clone()], "2021-12-31");
    assert_eq!((bare.status, bare.met, bare.targets[0].actual), (BackDated, false, None));
    assert_eq!(bare.reason.ground, StatusGround::BackDatedNotMet);
    let evidenced = |fact: ConfirmedFact| ConfirmedFact { evidenced: true, ..fact };
    let half = stand("2.5", &[evidenced(six.clone()), all.clone()], "2021-12-31");
    assert_eq!((half.status, half.met), (BackDated, false));
    let full = stand("2.5", &[evidenced(six), evidenced(all)], "2020-07-01");
    assert_eq!((full.status, full.met, full.reason.ground), (BackDated, true, StatusGround::BackDatedMet));
}

// Decision 2 names them; 2.8 ended in June, 3.4 two days after the signing.
#[test]
fn seven_rows_are_back_dated() {
    let plan = order();
    let found = standings(&plan, &[], on("2021-12-31"));
    let numbers = plan.activities.iter().zip(&found);
    let back: Vec<&str> =
        numbers.filter(|(_, s)| s.status == BackDated).map(|(a, _)| a.number.as_str()).collect();
    assert_eq!(back, ["2.1", "2.2", "2.5", "2.7", "3.1", "3.2", "3.3"]);
    assert_eq!(found.iter().filter(|s| s.status == Overdue).count(), 54 - 7 - ends_on_the_last_day());
}

/// Rows that run to 2021-12-31 are not overdue on that day.
fn ends_on_the_last_day() -> usize {
    let plan = order();
    let last = |a: &&crate::plan::Activity| a.windows.last().unwrap().to == day("2021-12-31");
    plan.activities.iter().filter(last).filter(|a| a.windows.len() == 1).count()
}

// 2.8: April and June 2020, two rounds: one falls to each.
#[test]
fn a_total_is_shared_among_the_windows() {
    let april = value("2.8", "2020-04", "monitoring_rounds", 1, "2020-04-28");
    let facts = [april.clone()];
    let found = stand("2.8", &facts, "2020-07-01");
    assert_eq!((found.status, found.windows[0].status, found.windows[1].status), (Overdue, Done, Overdue));
    assert_eq!(numbers(&found.targets[0]), ("monitoring_rounds", 2, Some(1), false));
    assert_eq!(numbers(&found.windows[1].targets[0]), ("monitoring_rounds", 1, None, false));
    statuses("2.8", &facts, &[("2020-05-15", Done), ("2020-06-01", InProgress)]);
    let june = value("2.8", "2020-06", "monitoring_rounds", 1, "2020-06-30");
    statuses("2.8", &[april, june.clone()], &[("2020-06-30", Done), ("2021-01-01", Done)]);
    // April was missed, and two rounds in June make up for it: late by May's 31 days and June's 30.
    let made_up = stand("2.8", &[june.clone(), june], "2020-07-01");
    assert_eq!((made_up.status, made_up.met, made_up.reason.days_late), (DoneLate, true, 61));
    assert_eq!((made_up.windows[0].status, made_up.windows[1].status), (DoneLate, Done));
}

// 2.12: two handbooks.
#[test]
fn more_than_exactly_so_much_is_met_and_told() {
    let three = value("2.12", "2020-06", "handbooks_published", 3, "2020-11-01");
    let found = stand("2.12", &[three], "2021-01-01");
    assert_eq!((found.status, found.targets[0].exceeded), (Done, true));
    assert_eq!(
        found.words(Lang::En),
        "The targets were met by the due day, 2020-12-31. Handbooks published: 3 (wanted 2)."
    );
}

// 3.5: May to June 2020, at least 8 ready teams of at least 4 people.
#[test]
fn a_quality_is_asked_of_every_fact() {
    let teams = |n| value("3.5", "2020-05", "ready_teams", n, "2020-06-25");
    let size = |n| value("3.5", "2020-05", "team_size", n, "2020-06-25");
    statuses("3.5", &[teams(8), size(4), size(5)], &[("2020-06-24", InProgress), ("2020-06-25", Done)]);
    // Nothing is known of the size.
    statuses("3.5", &[teams(16)], &[("2020-07-01", Overdue)]);
    // One team is too small: what was due is there, and something is to be put right.
    let small = stand("3.5", &[teams(8), size(5), size(3)], "2020-07-01");
    assert_eq!((small.status, small.met), (InProgress, false));
    assert_eq!((small.reason.ground, small.targets[1].lacking), (StatusGround::QualityLacking, 1));
    assert_eq!(numbers(&small.targets[1]), ("team_size", 4, Some(3), false));
    assert_eq!(
        small.words(Lang::Ru),
        "Предусмотренное сделано, но есть факты, не отвечающие требованию. \
         Состав команды, чел.: 3 (нужно от 4 до 5 в каждом факте)."
    );
    // So is one that is too large, which the row itself does not say (decision 10).
    let large = stand("3.5", &[teams(8), size(4), size(6)], "2020-07-01");
    assert_eq!((large.status, large.met), (InProgress, false));
    assert_eq!(numbers(&large.targets[1]), ("team_size", 4, Some(6), false));
    // Only seven of them are ready: overdue, whatever the sizes.
    statuses("3.5", &[teams(7), size(3)], &[("2020-07-01", Overdue)]);
}

// 3.9: at least 8 schools, at most 5 people from each, 72 hours.
#[test]
fn a_bound_is_asked_of_every_fact() {
    let base = [
        value("3.9", "2020-06", "schools", 16, "2020-11-30"),
        value("3.9", "2020-06", "hours", 72, "2020-11-30"),
        value("3.9", "2020-06", "persons_per_school", 5, "2020-11-30"),
    ];
    statuses("3.9", &base, &[("2020-12-31", Done)]);
    let six = [&base[..], &[value("3.9", "2020-06", "persons_per_school", 6, "2020-12-01")]].concat();
    statuses("3.9", &six, &[("2020-11-30", Done), ("2020-12-01", InProgress), ("2021-01-01", InProgress)]);
    // It is never overdue, but past its due day it is not as the plan has it.
    assert_eq!(stand("3.9", &six, "2020-12-31").deviation, None);
    let deviation = stand("3.9", &six, "2021-01-03").deviation.unwrap();
    assert_eq!((deviation.ground, deviation.days_late), (StatusGround::QualityLacking, 3));
}

// 3.18: April to May, September and December 2021, three rounds.
#[test]
fn a_missed_window_shows_among_met_ones() {
    let round = |window, day| value("3.18", window, "diagnostic_rounds", 1, day);
    let facts = [round("2021-04", "2021-05-20"), round("2021-12", "2021-12-10")];
    let found = stand("3.18", &facts, "2021-12-31");
    let of_windows: Vec<_> = found.windows.iter().map(|w| w.status).collect();
    assert_eq!((found.status, of_windows), (Overdue, vec![Done, Overdue, Done]));
    assert_eq!(
        found.words(Lang::Ru),
        // September ends on the 30th: 31 days of October, 30 of November, 31 of December.
        "Срок 30.09.2021 истёк, дней просрочки: 92. Этапы диагностики: 2 (нужно 3). Выполнено периодов: 2 из 3."
    );
    let in_october = [&facts[..], &[round("2021-09", "2021-10-05")]].concat();
    statuses("3.18", &in_october, &[("2021-10-05", DoneLate), ("2021-12-31", DoneLate)]);
    // That the last window is under way does not hide that another one was late.
    let under_way = stand("3.18", &[in_october[0].clone(), in_october[2].clone()], "2021-12-01");
    let late = under_way.deviation.unwrap();
    assert_eq!((under_way.status, late.ground, late.days_late), (InProgress, StatusGround::MetLate, 5));
}

// 3.20: April and November 2021, at least 8 reports in each.
#[test]
fn each_window_is_asked_for_itself() {
    let reports = |window, n, day| value("3.20", window, "reports_per_window", n, day);
    let facts = [
        reports("2021-04", 5, "2021-04-20"),
        reports("2021-04", 4, "2021-04-30"),
        reports("2021-11", 7, "2021-11-30"),
    ];
    // Nine and seven make sixteen, but seven are less than eight.
    let found = stand("3.20", &facts, "2021-12-01");
    assert_eq!((found.status, found.windows[0].status, found.windows[1].status), (Overdue, Done, Overdue));
    assert_eq!(numbers(&found.targets[0]), ("reports_per_window", 16, Some(16), false));
    assert_eq!(
        found.words(Lang::En),
        "The due day, 2021-11-30, is past; days overdue: 1. \
         Reports in a window, 2021-11-01–2021-11-30: 7 (wanted at least 8). Windows met: 1 of 2."
    );
    statuses("3.20", &facts, &[("2021-04-29", InProgress), ("2021-04-30", Done), ("2021-11-30", InProgress)]);
}

#[test]
fn a_fact_of_a_window_that_is_gone_counts_in_the_last_one_begun() {
    // An amendment moved the first window of 3.20 from March to April.
    let moved = value("3.20", "2021-03", "reports_per_window", 8, "2021-04-10");
    let early = value("3.20", "2021-03", "reports_per_window", 8, "2021-03-10");
    for fact in [moved, early] {
        assert_eq!(stand("3.20", &[fact], "2021-06-01").windows[0].status, Done);
    }
}

#[test]
fn facts_of_unknown_rows_and_metrics_count_nowhere() {
    let stray = [
        value("9.9", "2020-06", "target_group_lists", 1, "2020-06-01"),
        value("1.1", "2020-06", "lists", 1, "2020-06-01"),
        shown("1.1", "2020-06", "2020-06-01"),
    ];
    statuses("1.1", &stray, &[("2020-06-16", Overdue)]);
    assert_eq!(standings(&order(), &stray, on("2020-06-16")).len(), 54);
}
