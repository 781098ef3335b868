//! Plan files, good and bad.

use super::*;
use crate::plan::{
    Comparison, Recurrence, TargetBasis,
    fixtures::{FILE, order},
};
use opora_models::types::ModelCode;
use opora_primitives::Reason;

/// A plan of two rows.
const SMALL: &str = r#"
act: {number: 1-п, date: 2021-02-01}
executors: {NIRO: {ru: Институт, en: institute}, SCH: {ru: Школы, en: schools}}
sections: [{n: 1, ru: Раздел, en: Section, models: [M3]}]
activities:
  - {n: "1.1", ru: Семинар, en: Seminar, windows: [2021-03/2021-04, 2021-09/2021-09], by: [NIRO], targets: {seminars: "== 2"}, basis: literal}
  - {n: "1.10", ru: Отчёт, en: Report, windows: [2021-12/2021-12], deadline: 2021-12-20, by: [SCH, NIRO], evidence: отчёт}
"#;

/// What is wrong with a file: row, path, reason.
fn faults(text: &str) -> Vec<(u64, String, Reason)> {
    let rejects = read(text.as_bytes()).unwrap().outcome.unwrap_err();
    rejects.into_iter().map(|r| (r.row, r.column.unwrap_or_default(), r.reason)).collect()
}

/// The only fault of the small plan with `from` replaced by `to`.
fn fault(from: &str, to: &str) -> (u64, String, Reason) {
    assert!(SMALL.contains(from), "{from}");
    let found = faults(&SMALL.replacen(from, to, 1));
    assert_eq!(found.len(), 1, "{from} -> {to}: {found:?}");
    found.into_iter().next().unwrap()
}

#[track_caller]
fn one(from: &str, to: &str, row: u64, path: &str, reason: Reason) {
    assert_eq!(fault(from, to), (row, path.to_owned(), reason), "{from} -> {to}");
}

#[test]
fn the_order_is_read_whole() {
    let plan = order();
    assert_eq!((plan.code.as_str(), plan.activities.len(), plan.executors.len()), ("2020-2021", 54, 14));
    let of = |section| plan.activities.iter().filter(|activity| activity.section == section).count();
    assert_eq!((of(1), of(2), of(3)), (17, 13, 24));
    let staffing = plan.activity("1.4").unwrap();
    let days = staffing.windows.iter().map(|w| format!("{}..{}", w.from, w.to)).collect::<Vec<_>>();
    assert_eq!(days, ["2020-09-01..2020-10-31", "2021-09-01..2021-10-31"]);
    assert_eq!((staffing.recurrence, staffing.basis), (Some(Recurrence::Yearly), Some(TargetBasis::Implied)));
    assert_eq!(staffing.models, ModelCode::ALL);
    let seminar = &plan.activity("3.5").unwrap().targets;
    assert_eq!((seminar[0].comparison, seminar[0].value), (Comparison::AtLeast, 8));
    assert_eq!(seminar[1].name_ru, "состав команды, чел.");
    // Without models of its own a row has those of its section.
    assert_eq!(plan.activity("3.5").unwrap().models, [ModelCode::M2, ModelCode::M6]);
    // February of a leap year.
    assert_eq!(plan.activity("2.5").unwrap().windows[0].to.to_string(), "2020-02-29");
    assert!(plan.activities.iter().all(|a| a.evidence_ru.is_some() || !a.targets.is_empty()));
}

#[test]
fn what_is_absent_is_derived() {
    let plan = read(SMALL.as_bytes()).unwrap().outcome.unwrap();
    let document = plan.document;
    assert_eq!((document.code.as_str(), plan.reason), ("plan-2021", None));
    assert_eq!(
        (document.starts_on.to_string(), document.ends_on.to_string()),
        ("2021-01-01".into(), "2021-12-31".into())
    );
    assert_eq!(document.activities[0].targets[0].name_en, "seminars");
    assert_eq!(document.activities[1].evidence_en.as_deref(), Some("отчёт"));
    let next = read(
        SMALL.replace("2021-12/2021-12", "2021-12/2022-01").replace("deadline: 2021-12-20, ", "").as_bytes(),
    );
    assert_eq!(next.unwrap().outcome.unwrap().document.code, "2021-2022");
}

#[test]
fn json_is_read_too() {
    let json = serde_json::json!({
        "act": {"number": "1-п", "date": "2021-02-01"},
        "executors": {"NIRO": {"ru": "Институт", "en": "institute"}},
        "sections": [{"n": 1, "ru": "Раздел \u{1F600}", "en": "Section"}],
        "activities": [{"n": "1.1", "ru": "Отчёт", "en": "Report", "windows": ["2021-12/2021-12"], "by": ["NIRO"],
            "evidence": {"ru": "отчёт", "en": "report"}, "deadline": null}],
    });
    for text in [json.to_string(), serde_json::to_string_pretty(&json).unwrap()] {
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(read.outcome.unwrap().document.activities[0].evidence_en.as_deref(), Some("report"));
    }
}

#[test]
fn a_field_without_a_value_says_nothing_and_is_told() {
    let text = SMALL.replace("models: [M3]}", "models: [M3], term: 1 year, yearly}");
    let read = read(text.as_bytes()).unwrap();
    assert_eq!((read.ignored, read.outcome.is_ok()), (vec!["sections/0/yearly".to_owned()], true));
}

#[test]
fn every_fault_has_its_place() {
    one("by: [NIRO]", "by: [NIRO, MIN]", 1, "by/1", Reason::UnknownReference);
    one("by: [NIRO]", "by: [NIRO, NIRO]", 1, "by/1", Reason::DuplicateKey);
    one("by: [NIRO], ", "", 1, "by", Reason::Required);
    one("by: [NIRO]", "by: []", 1, "by", Reason::Required);
    one("n: \"1.10\"", "n: \"2.10\"", 2, "n", Reason::UnknownReference);
    one("n: \"1.10\"", "n: \"1.1\"", 2, "n", Reason::DuplicateKey);
    // A number 1.10 would be read as 1.1.
    one("n: \"1.10\"", "n: 1.10", 2, "n", Reason::WrongFormat);
    one("n: \"1.10\"", "n: \"1.01\"", 2, "n", Reason::WrongFormat);
    one("models: [M3]", "models: [M8]", 0, "sections/0/models/0", Reason::UnknownValue);
    one("2021-03/2021-04", "2021-04/2021-03", 1, "windows/0", Reason::OrderOfDates);
    one("2021-03/2021-04", "2021-13/2022-01", 1, "windows/0", Reason::WrongFormat);
    one("2021-03/2021-04", "2021-03/2021-09", 1, "windows/1", Reason::Contradiction);
    one("[2021-12/2021-12]", "[]", 2, "windows", Reason::Required);
    one("deadline: 2021-12-20", "deadline: 2022-01-01", 2, "deadline", Reason::OutOfRange);
    one("deadline: 2021-12-20", "deadline: 2021-02-30", 2, "deadline", Reason::WrongFormat);
    one("\"== 2\"", "\"=> 2\"", 1, "targets/seminars", Reason::UnknownValue);
    one("\"== 2\"", "\"== two\"", 1, "targets/seminars", Reason::WrongFormat);
    one("\"== 2\"", "\"== -2\"", 1, "targets/seminars", Reason::WrongFormat);
    one("\"== 2\"", "\">= 1000000001\"", 1, "targets/seminars", Reason::OutOfRange);
    one("\"== 2\"", "2", 1, "targets/seminars", Reason::WrongFormat);
    one("{seminars:", "{Семинары:", 1, "targets/Семинары", Reason::WrongFormat);
    one(", basis: literal", "", 1, "basis", Reason::Required);
    one("basis: literal", "basis: guessed", 1, "basis", Reason::UnknownValue);
    one(", evidence: отчёт", "", 2, "evidence", Reason::Required);
    one("ru: Семинар", "ru: \"Семи\\u0007нар\"", 1, "ru", Reason::ForbiddenCharacter);
    one("ru: Семинар", "ru: \" \"", 1, "ru", Reason::Required);
    one("ru: Семинар", &format!("ru: {}", "я".repeat(501)), 1, "ru", Reason::WrongLength);
    one("ru: Семинар", "ru: [Семинар]", 1, "ru", Reason::WrongFormat);
    one("ru: Семинар", "ru: Семинар, ru: Семинар", 1, "ru", Reason::DuplicateKey);
    one("ru: Семинар", "ru: Семинар, note: x", 1, "note", Reason::UnknownField);
    one("date: 2021-02-01", "date: 01.02.2021", 0, "act/date", Reason::WrongFormat);
    one("date: 2021-02-01", "date: 1999-02-01", 0, "act/date", Reason::OutOfRange);
    one("act:", "code: \"2021\"\nact:", 0, "code", Reason::WrongFormat);
    one("act:", "code: план\nact:", 0, "code", Reason::WrongFormat);
    one("act:", "ends_on: 2021-11-30\nact:", 2, "windows/0", Reason::OutOfRange);
    one("act:", "starts_on: 2022-11-30\nact:", 0, "ends_on", Reason::OrderOfDates);
    one("act:", "metrics: {seminar: {ru: а, en: b}}\nact:", 0, "metrics/seminar", Reason::UnknownReference);
    one("evidence: отчёт", "evidence: отчёт, after: [\"1.2\"]", 2, "after/0", Reason::UnknownReference);
    one("evidence: отчёт", "evidence: отчёт, after: [\"1.10\"]", 2, "after/0", Reason::Contradiction);
    // A whole has to be the target of another activity.
    one(
        "evidence: отчёт",
        "evidence: отчёт, population: school_teams",
        2,
        "population",
        Reason::UnknownReference,
    );
    one(
        "{n: 1, ru: Раздел, en: Section, models: [M3]}",
        "{n: 1, ru: Раздел, en: Section}, {n: 2, ru: Пустой, en: Empty}",
        0,
        "sections/1",
        Reason::Required,
    );
    // A year's number cannot be asked of a window that spans two.
    one(
        "2021-03/2021-04, 2021-09/2021-09], by: [NIRO], targets: {seminars:",
        "2021-03/2022-04], by: [NIRO], targets: {seminars_per_year:",
        1,
        "targets/seminars_per_year",
        Reason::Contradiction,
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let text = SMALL
        .replace("act: {number: 1-п, date: 2021-02-01}", "colour: red")
        .replace("2021-03/2021-04", "2021-04/2021-03")
        .replace("by: [SCH, NIRO]", "by: [MIN]")
        .replace("evidence: отчёт", "evidence: \"от\\tчёт\"");
    assert_eq!(
        faults(&text),
        [
            (0, "act".into(), Reason::Required),
            (0, "colour".into(), Reason::UnknownField),
            (1, "windows/0".into(), Reason::OrderOfDates),
            (2, "by/0".into(), Reason::UnknownReference),
            (2, "evidence".into(), Reason::ForbiddenCharacter),
        ]
    );
}

#[test]
fn what_is_no_plan_is_refused_as_a_file() {
    let deep = "[".repeat(1000);
    // Nine lines that stand for nine to the ninth values.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for pair in names.windows(2) {
        let nine = vec![format!("*{}", pair[0]); 9].join(", ");
        bomb += &format!("{}: &{} [{nine}]\n", pair[1], pair[1]);
    }
    // A long text that is repeated by its alias.
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 1000].join(", "));
    for text in [
        "",
        "~",
        "plan",
        "- a\n- b",
        "a: [1",
        "a: b: c",
        "a: 1\n---\nb: 2\n",
        "a: \u{7}",
        &deep,
        &bomb,
        &long,
    ] {
        let problem = read(text.as_bytes()).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidFile, "{}", &text[..text.len().min(40)]);
    }
    assert!(read(&[0xff, 0xfe, 0x00]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(at in 0..FILE.len(), cut in 0usize..40, put in ".{0,5}") {
        // Pieces are cut out of the real plan and other text is put in.
        let mut bytes = FILE.as_bytes().to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        let _ = read(&bytes);
    }
}
