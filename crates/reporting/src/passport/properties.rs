//! Examples by hand and properties of the passport's rules.

use super::{
    rules::{Holding, StageDates, in_force_to, leaderless, out_of_turn},
    types::{SeatRole, StageState},
};
use chrono::{Days, NaiveDate};
use opora_primitives::{DateWindow, Reason};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn holding(seat: i32, role: SeatRole, from: &str, to: Option<&str>) -> Holding {
    Holding { seat, role, time: DateWindow::new(day(from), to.map(day)).unwrap() }
}

#[test]
fn the_state_follows_from_the_dates() {
    let dates = StageDates { started_on: Some(day("2020-04-01")), done_on: Some(day("2020-09-30")) };
    assert_eq!(dates.state(Some(day("2020-03-31"))), StageState::NotStarted);
    assert_eq!(dates.state(Some(day("2020-04-01"))), StageState::InProgress);
    assert_eq!(dates.state(Some(day("2020-09-29"))), StageState::InProgress);
    assert_eq!(dates.state(Some(day("2020-09-30"))), StageState::Done);
    assert_eq!(dates.state(None), StageState::Done);
    assert_eq!(StageDates::default().state(None), StageState::NotStarted);
}

#[test]
fn nothing_comes_before_what_it_follows() {
    let (may, june) = (Some(day("2020-05-01")), Some(day("2020-06-01")));
    assert_eq!(out_of_turn(may, june), None);
    assert_eq!(out_of_turn(may, may), None);
    assert_eq!(out_of_turn(may, None), None);
    assert_eq!(out_of_turn(june, may), Some(Reason::OrderOfDates));
    assert_eq!(out_of_turn(None, may), Some(Reason::Contradiction));
}

#[test]
fn a_group_is_led_on_every_day() {
    let first = holding(1, SeatRole::Chair, "2020-05-29", Some("2020-08-31"));
    let second = holding(1, SeatRole::Chair, "2020-09-01", None);
    let member = holding(2, SeatRole::Member, "2020-05-29", None);
    assert_eq!(leaderless(&[]), None);
    assert_eq!(leaderless(&[first, second, member]), None);
    // The first chair's last day is 2020-08-31.
    assert_eq!(leaderless(&[first, member]), Some(day("2020-09-01")));
    // A chair that begins later leaves the first days open.
    assert_eq!(leaderless(&[second, member]), Some(day("2020-05-29")));
    assert!(first.crowds(&holding(1, SeatRole::Member, "2020-08-31", None)));
    assert!(!first.crowds(&second));
    assert!(first.rivals(&holding(2, SeatRole::Chair, "2020-01-01", None)));
    assert!(!first.rivals(&member));
}

#[test]
fn a_successor_ends_an_act_unless_the_act_says_otherwise() {
    // Decision 18: 248-ФЗ is in force from 2021-07-01, so 294-ФЗ was until 2021-06-30.
    let starts = [day("2023-01-01"), day("2021-07-01")];
    assert_eq!(in_force_to(None, &starts), Some(day("2021-06-30")));
    assert_eq!(in_force_to(Some(day("2024-12-31")), &starts), Some(day("2024-12-31")));
    assert_eq!(in_force_to(None, &[]), None);
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0u64..40).prop_map(|days| day("2020-01-01") + Days::new(days))
}

fn any_holding() -> impl Strategy<Value = Holding> {
    let role = prop_oneof![Just(SeatRole::Chair), Just(SeatRole::Member)];
    (1..4, role, any_day(), prop::option::of(0u64..20)).prop_map(|(seat, role, from, length)| {
        let to = length.map(|days| from + Days::new(days));
        Holding { seat, role, time: DateWindow { from, to } }
    })
}

proptest! {
    #[test]
    fn the_leaderless_day_is_the_first_one(holdings in prop::collection::vec(any_holding(), 0..6)) {
        let on = |day| holdings.iter().filter(move |h: &&Holding| h.time.contains(day));
        let bare = |day| on(day).count() > 0 && on(day).all(|h| h.role != SeatRole::Chair);
        // After 2020-01-01 + 40 + 20 days nothing changes any more.
        let first = (0..70).map(|days| day("2020-01-01") + Days::new(days)).find(|day| bare(*day));
        prop_assert_eq!(leaderless(&holdings), first);
    }

    #[test]
    fn two_crowd_a_seat_exactly_when_a_day_shows_both(one in any_holding(), other in any_holding()) {
        let both = |day| one.time.contains(day) && other.time.contains(day);
        let shared = (0..70).map(|days| day("2020-01-01") + Days::new(days)).any(both);
        prop_assert_eq!(one.crowds(&other), one.seat == other.seat && shared);
        prop_assert_eq!(one.crowds(&other), other.crowds(&one));
    }
}
