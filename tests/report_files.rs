//! Reports as files: what stands in them in every format, whether spreadsheets find numbers, and what the headers say.

use crate::harness::{Client, Reply, World, facts};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use calamine::{Data, DataType, Range, Reader, Xlsx};
use opora_identity::Role;
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

const REPORTS: &str = "/api/v1/reports";
const FIRST: &str = "/api/v1/reports/half-year/2020-H2";

const TEXTS: [&str; 5] = [
    "План исполняется.",
    "Возможен перенос сроков.",
    "Перенести срок пункта 2.11.",
    "Работа продолжается.",
    "Причина: карантин.",
];

/// The order's plan with a few facts; its first report with texts in every part, as the institute's draft.
fn drafted(world: &World) -> (Client, Client) {
    let institute = facts::with_plan(world);
    let plan = institute.get("/api/v1/plans/2020-2021").expect(200).json["id"].clone();
    let enter = |activity: &str, window: &str, metric: &str, value: i64, on: &str| {
        let body = json!({"plan_id": plan, "activity": activity, "window_from": window, "kind": "value", "metric": metric,
            "value": value, "happened_on": on});
        let fact = facts::enter(&institute, &body);
        institute
            .call("POST", &format!("/api/v1/facts/{}/confirm", fact["id"]))
            .header("If-Match", "\"1\"")
            .json(&json!({}))
            .send()
            .expect(200);
    };
    enter("1.4", "2020-09-01", "analytical_notes_per_year", 1, "2020-10-27");
    enter("2.3", "2020-02-01", "programme_schools_with_members_percent", 95, "2020-11-20");
    institute.post(REPORTS, &json!({"kind": "half-year", "period": "2020-H2"})).expect(201);
    let [summary, risks, corrections, conclusions, cause] = TEXTS;
    let parts =
        json!({"summary": summary, "risks": risks, "corrections": corrections, "conclusions": conclusions});
    let etag = institute.get(FIRST).header("etag").to_owned();
    let texts = json!({"texts": {"parts": parts, "causes": {"2.11": cause}}});
    institute.patch(FIRST, &etag, &texts).expect(200);
    (institute, world.client(Role::Ministry))
}

fn act(client: &Client, action: &str, body: Option<serde_json::Value>) {
    let etag = client.get(FIRST).expect(200).header("etag").to_owned();
    let call = client.call("POST", &format!("{FIRST}/{action}")).header("If-Match", &etag);
    match body {
        Some(body) => call.json(&body).send(),
        None => call.send(),
    }
    .expect(200);
}

fn fetch(client: &Client, format: &str) -> Reply {
    client.get(&format!("{FIRST}?format={format}")).expect(200)
}

fn workbook(reply: &Reply) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(reply.bytes.clone())).unwrap()
}

/// The sheet whose name ends so.
fn sheet(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str) -> Range<Data> {
    let found = book.sheet_names().into_iter().find(|sheet| sheet.ends_with(name));
    let found = found.unwrap_or_else(|| panic!("no {name}: {:?}", book.sheet_names()));
    book.worksheet_range(&found).unwrap()
}

/// The first row of an activity or an indicator, by the headings of its cells.
fn row_of(range: &Range<Data>, number: &str) -> BTreeMap<String, Data> {
    let head: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let row = range.rows().find(|row| row.iter().any(|cell| cell.get_string() == Some(number)));
    head.into_iter().zip(row.unwrap_or_else(|| panic!("no {number}")).to_vec()).collect()
}

/// The number by which a spreadsheet counts a day.
fn serial(cell: &Data) -> Option<f64> {
    cell.get_datetime().map(|day| day.as_f64())
}

/// The parts of a package that are text, by name.
fn parts(reply: &Reply) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(reply.bytes.clone())).unwrap();
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut text = String::new();
        if file.read_to_string(&mut text).is_ok() {
            found.push((file.name().unwrap().into_owned(), text));
        }
    }
    found
}

both!(a_spreadsheet_finds_numbers_days_and_shares, |world| {
    let (institute, _) = drafted(world);
    let mut book = workbook(&fetch(&institute, "xlsx"));
    let targets = sheet(&mut book, "План и факт");
    let note = row_of(&targets, "1.4");
    assert_eq!((&note["План"], &note["Факт"]), (&Data::Float(1.0), &Data::Float(1.0)));
    // 1 September 2020.
    assert_eq!(
        (serial(&note["Период с"]), &note["Достигнуто"]),
        (Some(44_075.0), &Data::String("да".into()))
    );
    // 95 % of 100 %: as shares.
    let share = row_of(&targets, "2.3");
    assert_eq!((&share["План"], &share["Факт"]), (&Data::Float(1.0), &Data::Float(0.95)));
    assert_eq!(share["Факт на 30.06.2020"], Data::Empty);
    // 15 June 2020.
    assert_eq!(serial(&row_of(&sheet(&mut book, "Сроки"), "1.1")["Срок"]), Some(43_997.0));
    assert_eq!(serial(&row_of(&sheet(&mut book, "Мероприятия"), "1.1")["Срок"]), Some(43_997.0));
    let first = row_of(&sheet(&mut book, "Показатели"), "I1");
    let whole = [&first["Знаменатель"], &first["Цель"]];
    assert_eq!(whole, [&Data::Float(5.0), &Data::Float(1.0)]);
    assert!(first["Доля"].is_float());
    let deviations = sheet(&mut book, "Отклонения");
    assert!(row_of(&deviations, "1.1")["Дней"].is_float());
    assert_eq!(row_of(&deviations, "2.11")["Причина"], Data::String(TEXTS[4].into()));
});

both!(a_workbook_is_ready_to_be_worked_with, |world| {
    let (institute, _) = drafted(world);
    let parts = parts(&fetch(&institute, "xlsx"));
    let sheets: Vec<_> = parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet")).collect();
    assert!(sheets.len() >= 7, "{}", sheets.len());
    for (name, xml) in &sheets {
        // The summary is no table.
        if name != "xl/worksheets/sheet1.xml" {
            assert!(xml.contains("<pane ySplit=\"1\"") && xml.contains("state=\"frozen\""), "{name}");
            assert!(xml.contains("<autoFilter ref=\"A1:"), "{name}");
        }
    }
    let styles = &parts.iter().find(|(name, _)| name == "xl/styles.xml").unwrap().1;
    for format in ["dd.mm.yyyy", "#,##0", "0%"] {
        assert!(styles.contains(&format!("formatCode=\"{format}\"")), "{format}: {styles}");
    }
});

both!(a_document_has_real_headings_and_tables, |world| {
    let (institute, _) = drafted(world);
    let parts = parts(&fetch(&institute, "docx"));
    let part = |wanted: &str| &parts.iter().find(|(name, _)| name == wanted).unwrap().1;
    let (body, styles) = (part("word/document.xml"), part("word/styles.xml"));
    assert!(body.matches("<w:pStyle w:val=\"Heading1\"/>").count() >= 6);
    assert!(
        styles.contains("w:styleId=\"Heading1\"><w:name w:val=\"heading 1\"/>")
            && styles.contains("<w:outlineLvl w:val=\"0\"/>")
    );
    // Four tables of the report, each with a heading that repeats.
    assert_eq!(body.matches("<w:tblHeader/>").count(), 4);
    assert!(body.contains("SEQ Таблица") && body.contains("w:orient=\"landscape\""));
    assert!(!body.contains("Плановые и фактические значения"), "that is for spreadsheets");
});

both!(what_people_wrote_stands_in_every_format, |world| {
    let (institute, ministry) = drafted(world);
    act(&institute, "submit", None);
    act(&ministry, "return", Some(json!({"remarks": "Уточнить пункт 2.7."})));
    let everything = |format: &str| match format {
        "docx" | "xlsx" => {
            parts(&fetch(&institute, format)).into_iter().map(|part| part.1).collect::<String>()
        }
        _ => fetch(&institute, format).text,
    };
    for format in ["json", "html", "csv", "docx", "xlsx"] {
        let text = everything(format);
        for said in TEXTS.into_iter().chain(["Уточнить пункт 2.7."]) {
            assert!(text.contains(said), "{said} in {format}");
        }
        // What the figures say, beside it.
        for said in ["Просрочены мероприятия:", "Установить новые сроки мероприятий:"]
        {
            assert!(text.contains(said), "{said} in {format}");
        }
    }
    let csv = everything("csv");
    assert!(csv.contains("2.3;") && csv.contains(";равно;100%;95%;"), "{csv}");
    act(&institute, "submit", None);
    assert!(
        !everything("html").contains("Уточнить пункт 2.7."),
        "what was remarked on has been submitted anew"
    );
});

both!(the_digest_is_that_of_the_body, |world| {
    let (institute, ministry) = drafted(world);
    act(&institute, "submit", None);
    act(&ministry, "accept", None);
    for format in ["json", "html", "pdf", "docx", "xlsx", "csv"] {
        // The second answer is of a file that was kept.
        for _ in 0..2 {
            let sent = fetch(&ministry, format);
            let sha256 = BASE64_STANDARD.encode(digest(&SHA256, &sent.bytes));
            assert_eq!(sent.header("repr-digest"), format!("sha-256=:{sha256}:"), "{format}");
            assert_eq!(sent.header("digest"), format!("SHA-256={sha256}"), "{format}");
        }
        let whole = fetch(&ministry, format);
        let part =
            ministry.call("GET", &format!("{FIRST}?format={format}")).header("Range", "bytes=0-99").send();
        assert_eq!(
            part.expect(206).header("repr-digest"),
            whole.header("repr-digest"),
            "{format}: of the whole"
        );
    }
});

both!(text_that_turns_is_refused_wherever_it_may_come_in, |world| {
    const TURNED: &str = "отчёт\u{202e}fdp.exe";
    let (institute, _) = drafted(world);
    let etag = institute.get(FIRST).header("etag").to_owned();
    let texts =
        json!({"texts": {"parts": {"summary": TURNED, "risks": "a\u{2066}b"}, "causes": {"2.11": TURNED}}});
    let refused = institute.patch(FIRST, &etag, &texts).expect(422);
    let refusal = |pointer: &'static str| (pointer, "forbidden_character");
    assert_eq!(
        refused.flaws(),
        [refusal("/texts/parts/summary"), refusal("/texts/parts/risks"), refusal("/texts/causes/2.11")]
    );
    let mut fact = facts::draft(&institute);
    fact["note"] = json!(TURNED);
    assert_eq!(institute.post(facts::FACTS, &fact).expect(422).flaws(), [refusal("/note")]);
    let plan = "act: {number: \"1\", date: 2020-05-29}\nexecutors: {NIRO: {en: institute, ru: НИРО}}\nsections:\n  - {n: 1, en: One, ru: Один, models: [M3]}\nactivities:\n  - {n: \"1.1\", en: List, ru: \"Перечень\\u202Eгрупп\", windows: [2020-06/2020-06], by: [NIRO], evidence: list}\n";
    let import = institute.load("plan", plan);
    assert_eq!(institute.rejects(import.id), [(1, "ru".to_owned(), "forbidden_character".to_owned())]);
    act(&institute, "submit", None);
    let ministry = world.client(Role::Ministry);
    let etag = ministry.get(FIRST).header("etag").to_owned();
    let back = ministry
        .call("POST", &format!("{FIRST}/return"))
        .header("If-Match", &etag)
        .json(&json!({"remarks": TURNED}))
        .send();
    assert_eq!(back.expect(422).flaws(), [refusal("/remarks")]);
});

both!(risks_name_what_has_no_source_no_confirmation_and_no_order, |world| {
    let institute = facts::with_plan(world);
    let plan = institute.get("/api/v1/plans/2020-2021").expect(200).json["id"].clone();
    let absent = json!({"plan_id": plan, "activity": "1.2", "window_from": "2020-08-01", "kind": "source_unavailable",
        "note": "Реестр не передан.", "happened_on": "2020-10-01"});
    let fact = facts::enter(&institute, &absent);
    let confirm = institute.call("POST", &format!("/api/v1/facts/{}/confirm", fact["id"]));
    confirm.header("If-Match", "\"1\"").json(&json!({})).send().expect(200);
    institute.post(REPORTS, &json!({"kind": "half-year", "period": "2020-H2"})).expect(201);
    let report = institute.get(FIRST).expect(200);
    let risks: Vec<&str> = report.json["paper"]["content"]["half_year"]["risks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|risk| risk.as_str().unwrap())
        .collect();
    let telling = |begins: &str| {
        risks
            .iter()
            .find(|risk| risk.starts_with(begins))
            .unwrap_or_else(|| panic!("no {begins}: {risks:#?}"))
    };
    assert_eq!(*telling("Нет источника"), "Нет источника данных для мероприятий: 1.2.");
    // 2.1 ended in April 2020, before the order was signed, and nothing was entered about it.
    assert!(
        telling("Не подтверждены мероприятия, завершённые до подписания плана: ").contains("2.1"),
        "{risks:#?}"
    );
    telling("Мероприятие 3.9 начинается 01.06.2020, а 3.7,");
    assert!(
        !risks.iter().any(|risk| risk.starts_with("Мероприятие 1.12 начинается")),
        "that one lies in 2021"
    );
});
