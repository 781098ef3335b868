//! The demonstration region as an operator would receive it: counts of the order, keys, sums, gaps,
//! determinism.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use calamine::{Data, Reader, open_workbook_auto};
use encoding_rs::{UTF_8, WINDOWS_1251};
use opora_demo::{DemoFile, Scale, write, write_list_2022};
use opora_primitives::{Inn, Ogrn, Oktmo, SchoolCode};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

type Row = HashMap<String, String>;

struct Region {
    _dir: tempfile::TempDir,
    files: Vec<DemoFile>,
}

static REGION: LazyLock<Region> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let files = write(dir.path(), &Scale::region()).unwrap();
    Region { _dir: dir, files }
});

/// Read once: the largest of the files.
static RESULTS: LazyLock<Vec<Row>> = LazyLock::new(|| table("results", b';', WINDOWS_1251));

fn path(kind: &str) -> &'static Path {
    &REGION.files.iter().find(|file| file.kind == kind).unwrap().path
}

fn table(kind: &str, delimiter: u8, encoding: &'static encoding_rs::Encoding) -> Vec<Row> {
    let bytes = std::fs::read(path(kind)).unwrap();
    let (text, _, broken) = encoding.decode(&bytes);
    assert!(!broken);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn municipalities() -> Vec<Row> {
    table("municipalities", b';', UTF_8)
}

fn schools() -> Vec<Row> {
    table("schools", b';', WINDOWS_1251)
}

fn designations() -> Vec<Row> {
    table("designations", b'\t', UTF_8)
}

fn listed_in(path: &Path) -> Vec<String> {
    let mut book = open_workbook_auto(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let mut rows = range.rows();
    assert_eq!(rows.next().unwrap()[1], Data::String("Код ОО".to_owned()));
    rows.map(|row| row[1].to_string()).collect()
}

/// Schools by code, each with the municipality of the 52 it counts in; `None` for the state's.
fn home() -> HashMap<String, Option<String>> {
    let city: HashMap<String, String> = municipalities()
        .into_iter()
        .map(|m| {
            let (own, parent) = (m["oktmo"].clone(), m["parent_oktmo"].clone());
            (own.clone(), if parent.is_empty() { own } else { parent })
        })
        .collect();
    schools().into_iter().map(|s| (s["Код ОО"].clone(), city.get(&s["ОКТМО"]).cloned())).collect()
}

#[test]
fn files_come_in_the_order_of_import() {
    let kinds: Vec<_> = REGION.files.iter().map(|file| file.kind).collect();
    assert_eq!(
        kinds,
        [
            "municipalities",
            "schools",
            "contexts",
            "results",
            "lists",
            "staff",
            "designations",
            "support_records",
            "plan"
        ]
    );
}

#[test]
fn territories_are_those_of_the_order() {
    let all = municipalities();
    assert_eq!(all.iter().filter(|m| m["parent_oktmo"].is_empty()).count(), 52);
    let districts: Vec<_> = all.iter().filter(|m| m["kind"] == "city_district").collect();
    assert!(districts.len() == 8 && districts.iter().all(|m| m["parent_oktmo"] == "22701000"));
    assert!(all.iter().all(|m| m["oktmo"].parse::<Oktmo>().is_ok()));
    assert_eq!(all.iter().map(|m| &m["oktmo"]).collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn schools_have_valid_codes_and_live_successors() {
    let all = schools();
    assert_eq!(all.len(), 900);
    let codes: HashMap<&str, &Row> = all.iter().map(|s| (s["Код ОО"].as_str(), s)).collect();
    assert_eq!(codes.len(), all.len());
    let territories: HashSet<String> = municipalities().into_iter().map(|m| m["oktmo"].clone()).collect();
    for school in &all {
        let code: SchoolCode = school["Код ОО"].parse().unwrap();
        assert!(code.is_standard() && code.as_str().starts_with("52"));
        assert!(school["ИНН"].parse::<Inn>().is_ok(), "{school:?}");
        assert!(school["ОГРН"].parse::<Ogrn>().is_ok(), "{school:?}");
        assert_eq!(school["Учредитель"] == "state", school["ОКТМО"].is_empty());
        assert!(school["ОКТМО"].is_empty() || territories.contains(&school["ОКТМО"]));
        assert_eq!(school["Статус"] == "open", school["Дата закрытия"].is_empty());
        assert_eq!(school["Статус"] == "reorganised", !school["Код правопреемника"].is_empty());
        if school["Статус"] == "reorganised" {
            assert_eq!(codes[school["Код правопреемника"].as_str()]["Статус"], "open");
        }
    }
    for status in ["closed", "reorganised"] {
        assert!(all.iter().any(|s| s["Статус"] == status), "{status}");
    }
    for founder in ["private", "state"] {
        assert!(all.iter().any(|s| s["Учредитель"] == founder), "{founder}");
    }
    assert_eq!(all.iter().map(|s| s["Вид ОО"].as_str()).collect::<BTreeSet<_>>().len(), 8);
}

#[test]
fn the_list_is_that_of_row_1_17() {
    let (listed, home) = (listed_in(path("lists")), home());
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 115);
    assert_eq!(listed.len(), 115);
    let mut counts: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for code in &listed {
        *counts.entry(&home[code]).or_default() += 1;
    }
    assert_eq!(counts.remove(&None), Some(1), "one state school");
    assert_eq!((counts.len(), counts.values().sum::<usize>()), (37, 114));
    // M3 reads 4..7, both bounds inclusive.
    let municipalities_with = |n: usize| counts.values().filter(|count| **count == n).count();
    for n in [1, 2, 3, 4, 5, 6, 7, 8, 9] {
        assert!(municipalities_with(n) > 0, "{n}");
    }
}

#[test]
fn designations_are_those_of_the_order() {
    let (all, home) = (designations(), home());
    let listed: HashSet<String> = listed_in(path("lists")).into_iter().collect();
    let of = |kind: &str, column: &str| -> Vec<String> {
        let rows = all.iter().filter(|row| row["kind"] == kind && !row[column].is_empty());
        rows.map(|row| row[column].clone()).collect()
    };
    for (kind, schools, authorities) in [("M1", 6, 4), ("M2_wave1", 16, 8), ("M2_wave2", 4, 3)] {
        let codes = of(kind, "school_code");
        assert_eq!((codes.len(), of(kind, "oktmo").len()), (schools, authorities), "{kind}");
        assert!(codes.iter().all(|code| listed.contains(code)), "{kind}");
    }
    let high: HashSet<_> = of("high_result", "school_code").iter().map(|code| home[code].clone()).collect();
    assert!(high.contains(&Some("22642000".to_owned())), "Павловский: 7 listed, with a mentor");
    assert!(!high.contains(&Some("22631000".to_owned())), "Володарский: 5 listed, without one");
    assert!(!of("innovation_platform", "school_code").is_empty());
    assert!(all.iter().all(|row| row["school_code"].is_empty() != row["oktmo"].is_empty()));
}

fn number(row: &Row, column: &str) -> Option<u32> {
    row[column].parse().ok()
}

#[test]
fn results_add_up_and_keep_the_gaps() {
    const KEY: [&str; 6] = ["Код ОО", "Учебный год", "Процедура", "Класс", "Предмет", "Попытка"];
    let rows = &*RESULTS;
    let mut keys = HashSet::new();
    let mut by_year: BTreeMap<&str, usize> = BTreeMap::new();
    let mut small = 0;
    for row in rows {
        assert!(keys.insert(KEY.map(|column| row[column].as_str())), "twice: {row:?}");
        *by_year.entry(&row["Учебный год"]).or_default() += 1;
        let participants = number(row, "Количество участников").unwrap();
        let below = number(row, "Не преодолели минимальный порог").unwrap();
        assert!(participants > 0 && below <= participants, "{row:?}");
        small += usize::from(participants < 10);
        let marks = ["Отметка 2", "Отметка 3", "Отметка 4", "Отметка 5"].map(|mark| number(row, mark));
        if matches!(row["Процедура"].as_str(), "VPR" | "OGE") {
            assert_eq!(marks.iter().map(|mark| mark.unwrap()).sum::<u32>(), participants, "{row:?}");
            assert_eq!(marks[0], Some(below));
        }
        if row["Процедура"] == "EGE" {
            assert_eq!(marks, [None; 4]);
        }
        match row["Средний балл"].split_once(',') {
            Some((whole, cents)) => {
                assert!(whole.parse::<u32>().unwrap() <= 100 && cents.len() == 2, "{row:?}");
            }
            None => assert_eq!(row["Средний балл"], "н/д"),
        }
        let (year, kind, subject) = (&row["Учебный год"], row["Процедура"].as_str(), &row["Предмет"]);
        assert!(!(kind == "OGE" && year == "2019/2020"), "{row:?}");
        assert!(
            !(kind == "OGE" && year == "2020/2021" && !matches!(subject.as_str(), "01" | "02")),
            "{row:?}"
        );
        assert!(!(kind == "EGE" && subject == "22" && year != "2018/2019"), "{row:?}");
        if kind == "VPR" && year == "2020/2021" {
            let (grade, programme) = (number(row, "Класс").unwrap(), number(row, "Класс программы").unwrap());
            assert_eq!(programme, if grade == 4 { 4 } else { grade - 1 }, "{row:?}");
        }
    }
    assert!(by_year.len() == 3 && by_year.values().all(|n| (50_000..60_000).contains(n)), "{by_year:?}");
    assert!(small > 5_000, "small cohorts exercise pooling: {small}");
    assert!(rows.iter().any(|row| row["Попытка"] == "resit"));
}

/// Main-attempt procedures of 2018/2019 (NIKO aside) with ten participants or more and 30 % of them below.
fn failed_procedures() -> HashMap<String, usize> {
    let mut failed: HashMap<String, usize> = HashMap::new();
    for row in RESULTS.iter() {
        let (n, below) = (
            number(row, "Количество участников").unwrap(),
            number(row, "Не преодолели минимальный порог").unwrap(),
        );
        let counts =
            row["Попытка"] == "main" && row["Процедура"] != "NIKO" && row["Учебный год"] == "2018/2019";
        if counts && n >= 10 && 100 * below >= 30 * n {
            *failed.entry(row["Код ОО"].clone()).or_default() += 1;
        }
    }
    failed
}

#[test]
fn the_list_and_the_rule_mostly_agree() {
    let listed: HashSet<String> = listed_in(path("lists")).into_iter().collect();
    let low: HashSet<String> =
        failed_procedures().into_iter().filter(|(_, n)| *n >= 2).map(|(code, _)| code).collect();
    let both = listed.intersection(&low).count();
    assert!((70..115).contains(&both), "listed and low by rule: {both}");
    let alone = low.difference(&listed).count();
    assert!((5..60).contains(&alone), "low by rule and not listed: {alone}");
}

#[test]
fn contexts_never_exceed_the_school() {
    let rows = table("contexts", b',', UTF_8);
    let mut keys = HashSet::new();
    let mut unknown = 0;
    for row in &rows {
        assert!(keys.insert((row["Код ОО"].clone(), row["Учебный год"].clone())));
        let pupils = number(row, "Количество обучающихся").unwrap();
        for (column, value) in row {
            match value.parse::<u32>() {
                Ok(part) if column != "Код ОО" => assert!(part <= pupils, "{row:?}"),
                Err(_) => unknown += usize::from(value == "н/д"),
                Ok(_) => {}
            }
        }
    }
    assert!(rows.len() > 2_600 && unknown > 100, "{} rows, {unknown} unknown", rows.len());
}

#[test]
fn staff_is_plainly_generated() {
    let rows = table("staff", b';', WINDOWS_1251);
    assert!((18_000..22_000).contains(&rows.len()), "{}", rows.len());
    let ids: HashSet<_> = rows.iter().map(|row| &row["Внешний идентификатор"]).collect();
    assert_eq!(ids.len(), rows.len());
    let names: HashSet<_> = rows.iter().map(|row| &row["ФИО"]).collect();
    assert_eq!(names.len(), rows.len());
    assert!(rows.iter().all(|row| row["ФИО"].starts_with("Демонстрационный ")));
    let led: HashSet<_> = rows.iter().filter(|row| row["Роль"] == "head").map(|row| &row["Код ОО"]).collect();
    assert!(listed_in(path("lists")).iter().all(|code| led.contains(code)), "a head for every listed school");
    for row in &rows {
        let (experience, born) = (number(row, "Стаж (лет)").unwrap(), number(row, "Год рождения").unwrap());
        assert!(born + 18 + experience <= 2020, "{row:?}");
    }
}

/// How many of the pedagogical workers of listed schools have completed support by the day, and how many there are.
fn supported(by: &str) -> (usize, usize) {
    let listed: HashSet<String> = listed_in(path("lists")).into_iter().collect();
    let people: HashSet<String> = table("staff", b';', WINDOWS_1251)
        .into_iter()
        .filter(|row| listed.contains(&row["Код ОО"]) && ["teacher", "psychologist"].contains(&&*row["Роль"]))
        .map(|row| row["Внешний идентификатор"].clone())
        .collect();
    let iso = |day: &str| day.split('.').rev().collect::<Vec<_>>().join("-");
    let done: HashSet<String> = table("support_records", b';', UTF_8)
        .into_iter()
        .filter(|row| row["Завершено"] == "да" && *iso(&row["Дата окончания"]) <= *by)
        .map(|row| row["Внешний идентификатор"].clone())
        .collect();
    (people.intersection(&done).count(), people.len())
}

#[test]
fn support_reaches_its_target_in_the_second_year() {
    for (by, percent) in [
        ("2020-01-31", 0..=0),
        ("2020-06-30", 0..=3),
        ("2020-12-31", 15..=25),
        ("2021-06-30", 50..=65),
        ("2021-12-31", 72..=76),
    ] {
        let (done, all) = supported(by);
        assert!(percent.contains(&(100 * done / all)), "{by}: {done} of {all}");
    }
    let rows = table("support_records", b';', UTF_8);
    let staff: HashSet<String> = table("staff", b';', WINDOWS_1251)
        .into_iter()
        .map(|row| row["Внешний идентификатор"].clone())
        .collect();
    let mut keys = HashSet::new();
    for row in &rows {
        assert!(staff.contains(&row["Внешний идентификатор"]), "{row:?}");
        let key = ["Внешний идентификатор", "Форма сопровождения", "Программа", "Дата начала"];
        assert!(keys.insert(key.map(|column| row[column].clone())), "twice: {row:?}");
    }
    // Row 3.9: 16 teams of at most five people.
    let teams = rows.iter().filter(|row| row["Программа"].contains("72 часа")).count();
    assert!((48..=80).contains(&teams), "{teams}");
}

#[test]
fn the_same_scale_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for file in write(dir.path(), &Scale::region()).unwrap() {
        assert!(
            std::fs::read(&file.path).unwrap() == std::fs::read(path(file.kind)).unwrap(),
            "{}",
            file.kind
        );
    }
    let other = Scale { seed: 1, ..Scale::region() };
    let schools = &write(dir.path(), &other).unwrap()[1];
    assert!(std::fs::read(&schools.path).unwrap() != std::fs::read(path("schools")).unwrap());
}

#[test]
fn the_list_of_2022_makes_i4_measurable() {
    let dir = tempfile::tempdir().unwrap();
    let file = write_list_2022(dir.path(), &Scale::region()).unwrap();
    let later: HashSet<String> = listed_in(&file.path).into_iter().collect();
    let earlier: HashSet<String> = listed_in(path("lists")).into_iter().collect();
    let off = earlier.difference(&later).count();
    assert!((35..75).contains(&off), "{off} of 115 left the list");
    assert!(later.difference(&earlier).count() > 3);
    let heir = schools()
        .into_iter()
        .find(|s| earlier.contains(&s["Код ОО"]) && s["Статус"] == "reorganised")
        .unwrap();
    assert!(later.contains(&heir["Код правопреемника"]));
}

#[test]
fn a_larger_scale_continues_in_generated_municipalities() {
    let dir = tempfile::tempdir().unwrap();
    let scale = Scale {
        schools: 1_200,
        years: Scale::region().years[..1].to_vec(),
        aggregates_per_school: 1,
        ..Scale::region()
    };
    write(dir.path(), &scale).unwrap();
    let text = std::fs::read(dir.path().join("schools.csv")).unwrap();
    let (text, _, _) = WINDOWS_1251.decode(&text);
    assert_eq!(text.lines().count(), 1_201);
    // 300 schools beyond the region: 17 municipalities of 17 and one of 11.
    let more = std::fs::read_to_string(dir.path().join("municipalities.csv")).unwrap();
    assert_eq!(more.lines().count(), 1 + 60 + 18);
}
