//! Deadlines as iCalendar (RFC 5545): those of an executor's activities and of the half-yearly reports. Pure: the same
//! plan, facts and day give the same bytes.
//!
//! Written here and not by a crate: all there is to it are escaping and the folding of lines at 75 octets, which the
//! common crate counts partly in characters.

use crate::{
    plan::{
        PlanExecutor,
        activities::ActivityOnDay,
        status::{TargetStanding, WindowStanding},
        store::{Plan, PlanVersion},
    },
    reports::{DueReport, is_weekend},
};
use chrono::{DateTime, NaiveDate, Utc};

/// What a calendar is made from.
pub struct Calendar<'a> {
    /// Names this installation in the ids of its entries.
    pub host: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// The version in force: its number counts the changes of the entries, its time dates them.
    pub version: &'a PlanVersion,
    /// Whose deadlines.
    pub executor: &'a PlanExecutor,
    /// The activities of the plan as they stand on the day.
    pub activities: &'a [ActivityOnDay],
}

impl Calendar<'_> {
    /// The calendar as text.
    pub fn write(&self) -> String {
        let mut lines = Lines::default();
        lines.put("BEGIN", "VCALENDAR");
        lines.put("VERSION", "2.0");
        lines.put("PRODID", "-//Opora//Deadlines//RU");
        lines.put("CALSCALE", "GREGORIAN");
        lines.put("METHOD", "PUBLISH");
        lines.text("X-WR-CALNAME", &format!("{}: {}", self.plan.title_ru, self.executor.name_ru));
        for found in self.activities {
            if found.activity.executors.contains(&self.executor.code) {
                found.standing.windows.iter().for_each(|window| self.deadline(&mut lines, found, window));
            }
        }
        self.plan.due_reports().iter().for_each(|due| self.report(&mut lines, due));
        lines.put("END", "VCALENDAR");
        lines.0
    }

    fn deadline(&self, lines: &mut Lines, found: &ActivityOnDay, window: &WindowStanding) {
        let activity = &found.activity;
        let mut about = vec![format!("Период: {} – {}.", day(window.from), day(window.to))];
        about.extend(window.targets.iter().map(target));
        about.extend(activity.evidence_ru.iter().map(|evidence| format!("Подтверждение: {evidence}.")));
        about.push(format!("Состояние на {}: {}.", day(found.on), window.status.ru()));
        if found.standing.windows.len() > 1 {
            about.push(format!("По мероприятию в целом: {}", found.reason_ru));
        }
        let key = format!("{}-{}", activity.number, window.from);
        let title = format!("{} {}", activity.number, activity.title_ru);
        self.event(lines, &key, window.due_on, &title, about);
    }

    fn report(&self, lines: &mut Lines, due: &DueReport) {
        let title = format!("Полугодовой отчёт {}", due.period.ru());
        let about = vec![format!("Охватывает: {} – {}.", day(due.from), day(due.to))];
        self.event(lines, &format!("report-{}", due.period), due.due_on, &title, about);
    }

    /// An entry for the whole day on which something is due.
    fn event(&self, lines: &mut Lines, key: &str, on: NaiveDate, title: &str, mut about: Vec<String>) {
        if is_weekend(on) {
            about.insert(0, format!("Срок {} приходится на выходной день и не переносится.", day(on)));
        }
        let stamp = DateTime::<Utc>::from(self.version.created_at).format("%Y%m%dT%H%M%SZ").to_string();
        lines.put("BEGIN", "VEVENT");
        lines.text("UID", &format!("{}-{key}@{}", self.plan.code, self.host));
        lines.put("DTSTAMP", &stamp);
        lines.put("LAST-MODIFIED", &stamp);
        lines.put("SEQUENCE", &self.version.number.to_string());
        lines.put("DTSTART;VALUE=DATE", &on.format("%Y%m%d").to_string());
        lines.put("DTEND;VALUE=DATE", &on.succ_opt().unwrap_or(on).format("%Y%m%d").to_string());
        lines.text("SUMMARY", title);
        lines.text("DESCRIPTION", &about.join("\n"));
        lines.put("TRANSP", "TRANSPARENT");
        lines.put("END", "VEVENT");
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

fn target(target: &TargetStanding) -> String {
    let TargetStanding { name_ru, comparison, expected, .. } = target;
    match target.actual {
        Some(actual) => format!("{name_ru}: {} {expected}, есть {actual}.", comparison.ru()),
        None => format!("{name_ru}: {} {expected}, фактов нет.", comparison.ru()),
    }
}

/// The most octets of a line, without its end (RFC 5545, section 3.1).
const WIDTH: usize = 75;

/// Content lines, each ended and folded as the format asks.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property whose value needs no escaping.
    fn put(&mut self, name: &str, value: &str) {
        let mut width = 0;
        for character in name.chars().chain([':']).chain(value.chars()) {
            if width + character.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(character);
            width += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property of text (section 3.3.11). What no line may hold becomes a space.
    fn text(&mut self, name: &str, value: &str) {
        let mut escaped = String::with_capacity(value.len());
        for character in value.chars() {
            match character {
                '\\' | ';' | ',' => escaped.extend(['\\', character]),
                '\n' => escaped.push_str("\\n"),
                control if control.is_control() => escaped.push(' '),
                plain => escaped.push(plain),
            }
        }
        self.put(name, &escaped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_escaped_and_folded() {
        let mut lines = Lines::default();
        lines.text("SUMMARY", "1, 2; 3\\4\nдва\u{7}");
        assert_eq!(lines.0, "SUMMARY:1\\, 2\\; 3\\\\4\\nдва \r\n");
        let mut lines = Lines::default();
        // "SUMMARY:" takes 8 octets, 33 letters of two octets make 74; the 34th begins the next line.
        lines.text("SUMMARY", &"ж".repeat(34));
        assert_eq!(lines.0, format!("SUMMARY:{}\r\n ж\r\n", "ж".repeat(33)));
    }

    proptest! {
        #[test]
        fn lines_are_short_and_unfold_to_what_was_said(value in "\\PC{0,300}") {
            let mut lines = Lines::default();
            lines.put("DESCRIPTION", &value);
            prop_assert!(lines.0.split("\r\n").all(|line| line.len() <= WIDTH));
            prop_assert_eq!(lines.0.replace("\r\n ", ""), format!("DESCRIPTION:{value}\r\n"));
        }
    }
}
