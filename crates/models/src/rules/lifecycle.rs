//! The life of an assignment. Its state on any day follows from its dated events and its term; it is never a column.

use crate::types::{AssignmentEventId, AssignmentState, EventKind};
use chrono::NaiveDate;
use opora_primitives::{DateWindow, Problem, ProblemCode};

/// An event of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedEvent {
    /// The order of recording, which decides between events of one day.
    pub id: AssignmentEventId,
    /// The day it happened; may lie before the day it was recorded.
    pub on: NaiveDate,
    /// What happened.
    pub kind: EventKind,
}

impl AssignmentState {
    /// The state after `event`. An assignment may be called off before it starts; nothing follows its end.
    ///
    /// # Errors
    /// [`ProblemCode::WrongState`] if the event cannot happen in this state.
    pub fn after(self, event: EventKind) -> Result<Self, Problem> {
        match (self, event) {
            (Self::Planned, EventKind::Started) | (Self::Paused, EventKind::Resumed) => Ok(Self::Active),
            (Self::Active, EventKind::Paused) => Ok(Self::Paused),
            (Self::Planned | Self::Active | Self::Paused, EventKind::Ended) => Ok(Self::Ended),
            _ => {
                let words =
                    (format!("{event} after {self}"), format!("«{}» после «{}»", event.ru(), self.ru()));
                Err(Problem::new(ProblemCode::WrongState, words))
            }
        }
    }
}

/// The state at the end of `day`, from events in any order.
///
/// # Errors
/// [`ProblemCode::WrongState`] if the events up to that day do not follow from one another.
pub fn state_on(events: &[DatedEvent], day: NaiveDate) -> Result<AssignmentState, Problem> {
    let mut past: Vec<_> = events.iter().filter(|event| event.on <= day).collect();
    past.sort_by_key(|event| (event.on, event.id));
    past.into_iter().try_fold(AssignmentState::Planned, |state, event| state.after(event.kind))
}

/// As [`state_on`], for an assignment with a term: after its last day the assignment is ended, with or without an event.
///
/// # Errors
/// [`ProblemCode::WrongState`] if the events up to that day do not follow from one another.
pub fn state_in_term(
    events: &[DatedEvent],
    term: DateWindow,
    day: NaiveDate,
) -> Result<AssignmentState, Problem> {
    let state = state_on(events, day)?;
    Ok(if term.to.is_some_and(|last| last < day) { AssignmentState::Ended } else { state })
}

/// Whether the whole history holds together. To be asked before a back-dated event is recorded, because that event may
/// contradict a later one; gives the state after the last event.
///
/// # Errors
/// [`ProblemCode::WrongState`] if some event does not follow from those before it.
pub fn check_history(events: &[DatedEvent]) -> Result<AssignmentState, Problem> {
    state_on(events, NaiveDate::MAX)
}

/// Whether the assignment was active at the end of some day of `window` (indicator I4 asks for 2020-2021).
///
/// # Errors
/// [`ProblemCode::WrongState`] if the events do not follow from one another.
pub fn active_at_any_time(
    events: &[DatedEvent],
    term: DateWindow,
    window: DateWindow,
) -> Result<bool, Problem> {
    // Between two events the state can only change by the end of the term, which makes nothing active.
    let days = events.iter().map(|event| event.on).filter(|day| window.contains(*day)).chain([window.from]);
    for day in days {
        if state_in_term(events, term, day)? == AssignmentState::Active {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn event(id: i64, on: &str, kind: EventKind) -> DatedEvent {
        DatedEvent { id: AssignmentEventId(id), on: day(on), kind }
    }

    /// Started in March, paused in June, resumed in September, ended on 20 December; recorded out of order.
    fn history() -> Vec<DatedEvent> {
        vec![
            event(3, "2020-09-01", EventKind::Resumed),
            event(1, "2020-03-10", EventKind::Started),
            event(4, "2020-12-20", EventKind::Ended),
            event(2, "2020-06-01", EventKind::Paused),
        ]
    }

    #[test]
    fn the_state_follows_from_the_events_up_to_the_day() {
        for (on, state) in [
            ("2020-03-09", AssignmentState::Planned),
            ("2020-03-10", AssignmentState::Active),
            ("2020-06-01", AssignmentState::Paused),
            ("2020-09-01", AssignmentState::Active),
            ("2020-12-20", AssignmentState::Ended),
        ] {
            assert_eq!(state_on(&history(), day(on)), Ok(state), "{on}");
        }
    }

    #[test]
    fn only_six_steps_are_allowed() {
        let allowed = AssignmentState::ALL
            .iter()
            .flat_map(|state| EventKind::ALL.iter().map(|event| state.after(*event)))
            .filter(Result::is_ok)
            .count();
        // planned: started, ended; active: paused, ended; paused: resumed, ended. Ended: none. 6 in all.
        assert_eq!(allowed, 6);
        let refused = AssignmentState::Ended.after(EventKind::Started).unwrap_err();
        assert_eq!(refused.code, ProblemCode::WrongState);
    }

    #[test]
    fn a_back_dated_event_may_break_what_follows() {
        let mut events = history();
        events.push(event(5, "2020-05-01", EventKind::Ended));
        assert_eq!(check_history(&events).unwrap_err().code, ProblemCode::WrongState);
        assert_eq!(check_history(&history()), Ok(AssignmentState::Ended));
    }

    #[test]
    fn the_last_day_of_the_term_ends_it() {
        let term = DateWindow { from: day("2018-01-01"), to: Some(day("2020-12-31")) };
        let events = [event(1, "2018-02-01", EventKind::Started)];
        assert_eq!(state_in_term(&events, term, day("2020-12-31")), Ok(AssignmentState::Active));
        assert_eq!(state_in_term(&events, term, day("2021-01-01")), Ok(AssignmentState::Ended));
    }

    #[test]
    fn active_at_any_time_sees_a_start_inside_and_a_state_brought_in() {
        let term = DateWindow { from: day("2020-01-01"), to: None };
        let window = |from: &str, to: &str| DateWindow { from: day(from), to: Some(day(to)) };
        let active = |from, to| active_at_any_time(&history(), term, window(from, to)).unwrap();
        assert!(active("2020-01-01", "2020-03-10"), "starts on the last day");
        assert!(active("2020-04-01", "2020-04-30"), "active already");
        assert!(!active("2020-06-01", "2020-08-31"), "paused all the time");
        assert!(!active("2020-12-20", "2021-12-31"), "ended on the first day");
        let called_off = [event(1, "2020-02-01", EventKind::Ended)];
        assert!(!active_at_any_time(&called_off, term, window("2020-01-01", "2021-12-31")).unwrap());
    }

    proptest! {
        #[test]
        fn nothing_follows_the_end(kinds in prop::collection::vec(prop::sample::select(EventKind::ALL), 0..8)) {
            let events: Vec<_> = kinds
                .iter()
                .enumerate()
                .map(|(i, kind)| DatedEvent { id: AssignmentEventId(i as i64), on: day("2020-01-01"), kind: *kind })
                .collect();
            if check_history(&events).is_ok() {
                let end = kinds.iter().position(|kind| *kind == EventKind::Ended);
                prop_assert!(end.is_none_or(|at| at + 1 == kinds.len()));
            }
        }
    }
}
