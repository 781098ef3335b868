//! Half-yearly reports and notes: drafted, submitted, returned, accepted; fetched in every format by fetchers that ask
//! again and again.

use crate::harness::{Client, Reply, World, time::in_one_month};
use chrono::{Datelike, Months, NaiveDate};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use opora_db::{on_each, schema::report_files};
use opora_identity::{
    Role,
    sessions::SessionId,
    users::{self, User},
};
use serde_json::{Value, json};

const REPORTS: &str = "/api/v1/reports";
const FIRST: &str = "/api/v1/reports/half-year/2020-H2";

/// Three activities; the title of one looks like markup and like a formula.
const PLAN: &str = r#"
act: {number: 316-01-63-950/20, date: 2020-05-29}
executors:
  NIRO: {en: institute, ru: НИРО}
sections:
  - {n: 1, en: One, ru: Раздел первый, models: [M3], term: 1 year}
activities:
  - {n: "1.1", en: List, ru: "=1+1 <b>Перечень</b> & группы", windows: [2020-06/2020-06], deadline: 2020-06-15, by: [NIRO], targets: {target_group_lists: "== 1"}, basis: implied}
  - {n: "1.2", en: Method, ru: Методика, windows: [2020-08/2020-09], by: [NIRO], targets: {methodologies: "== 1"}, basis: literal}
  - {n: "1.3", en: Plans, ru: Планы, windows: [2021-01/2021-12], by: [NIRO], evidence: plans}
"#;

/// A plan and a draft of its first report: the institute, the ministry.
fn drafted(world: &World) -> (Client, Client) {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([3, 0, 0, 0]);
    draft(&institute, "half-year", "2020-H2").expect(201);
    (institute, world.client(Role::Ministry))
}

fn draft(client: &Client, kind: &str, period: &str) -> Reply {
    client.post(REPORTS, &json!({ "kind": kind, "period": period }))
}

/// An action on a report as it is now.
fn act(client: &Client, path: &str, action: &str, body: Option<Value>) -> Reply {
    act_at(client, path, action, client.get(path).header("etag"), body)
}

fn act_at(client: &Client, path: &str, action: &str, etag: &str, body: Option<Value>) -> Reply {
    let call = client.call("POST", &format!("{path}/{action}")).header("If-Match", etag);
    match body {
        Some(body) => call.json(&body).send(),
        None => call.send(),
    }
}

/// Submitted by the institute and accepted by the ministry.
fn accepted(world: &World) -> (Client, Client) {
    let (institute, ministry) = drafted(world);
    act(&institute, FIRST, "submit", None).expect(200);
    act(&ministry, FIRST, "accept", None).expect(200);
    (institute, ministry)
}

fn activity<'a>(report: &'a Reply, number: &str) -> &'a Value {
    let all = report.json["paper"]["content"]["half_year"]["activities"].as_array().unwrap();
    all.iter().find(|activity| activity["number"] == number).unwrap_or_else(|| panic!("{report}"))
}

both!(the_first_report_covers_all_of_2020, |world| {
    let (institute, _) = drafted(world);
    let due = institute.get("/api/v1/plans/2020-2021/due-reports").expect(200);
    let told: Vec<_> = due
        .items()
        .iter()
        .map(|r| (r["period"].as_str().unwrap(), r["due_on"].as_str().unwrap(), r["due_on_weekend"] == true))
        .collect();
    assert_eq!(
        told,
        [("2020-H2", "2021-01-15", false), ("2021-H1", "2021-07-15", false), ("2021-H2", "2022-01-15", true)]
    );
    let report = institute.get(FIRST).expect(200);
    let content = &report.json["paper"]["content"]["half_year"];
    assert_eq!(content["report"]["from"], "2020-01-01", "{report}");
    assert_eq!(content["on"], "2020-12-31");
    let at_half = |number: &str| activity(&report, number)["first_half"]["status"].clone();
    assert_eq!((at_half("1.1"), at_half("1.2")), (json!("overdue"), json!("not_started")), "{report}");
    assert_eq!(activity(&report, "1.2")["status"], "overdue");
    assert_eq!(activity(&report, "1.2")["deviation"]["days_late"], 92);
    assert!(
        content["activities"].as_array().unwrap().iter().all(|a| a["number"] != "1.3"),
        "not of the period"
    );
    let indicators = content["indicators"].as_array().unwrap();
    assert!(["I1", "I3", "I4"].iter().all(|code| indicators.iter().any(|i| i["code"] == *code)), "{report}");
});

both!(whether_a_report_came_in_time_can_be_asked_for_any_day, |world| {
    let (institute, ministry) = drafted(world);
    let due = |on: &str| {
        let reply = ministry.get(&format!("/api/v1/plans/2020-2021/due-reports?on={on}")).expect(200);
        let told =
            |r: &Value| (r["timeliness"].as_str().unwrap().to_owned(), r["days_late"].as_i64().unwrap());
        reply.items().iter().map(told).collect::<Vec<_>>()
    };
    let said = |told: [(&str, i64); 3]| told.map(|(word, days)| (word.to_owned(), days)).to_vec();
    assert_eq!(due("2021-01-15"), said([("not_due", 0), ("not_due", 0), ("not_due", 0)]));
    assert_eq!(due("2021-07-20"), said([("missing", 186), ("missing", 5), ("not_due", 0)]));
    act(&institute, FIRST, "submit", None).expect(200);
    act(&ministry, FIRST, "return", Some(json!({ "remarks": "Уточнить." }))).expect(200);
    let submitted = |day: &str| {
        let statement = format!("UPDATE reports SET first_submitted_at = '{day} 12:00:00'");
        let database = &world.node.state.database;
        let written =
            database.keep_books(|db| Ok(on_each!(db, c => diesel::sql_query(&statement).execute(c))?));
        assert_eq!(written.unwrap(), 1);
    };
    // The due day is in time; what comes back from the ministry came all the same.
    submitted("2021-01-15");
    assert_eq!(due("2021-07-20")[0], ("on_time".to_owned(), 0));
    submitted("2021-01-18");
    assert_eq!(due("2021-07-20")[0], ("late".to_owned(), 3));
    assert_eq!(due("2021-01-17")[0], ("missing".to_owned(), 2), "it was not there yet");
    let first =
        ministry.get("/api/v1/plans/2020-2021/due-reports?on=2021-01-20").expect(200).items()[0].clone();
    assert_eq!(
        (&first["submitted_on"], &first["accepted_on"]),
        (&json!("2021-01-18"), &Value::Null),
        "{first}"
    );
    let shown = ministry.get(&format!("{FIRST}?format=html")).text;
    assert!(shown.contains("18.01.2021, с опозданием (дней: 3)"), "{shown}");
    draft(&institute, "plan", "2021-H1").expect(201);
    let note = institute.get(&format!("{REPORTS}/plan/2021-H1?format=html")).text;
    assert!(note.contains("Полугодовые отчёты о плане") && note.contains("С опозданием"), "{note}");
    assert!(note.contains("Срок приходится на выходной день и не переносится: 15.01.2022."), "{note}");
    ministry
        .get("/api/v1/plans/2020-2021/due-reports?on=2021-02-30")
        .expect(400)
        .problem("invalid_parameter");
    // Today, when it really is.
    assert_eq!(ministry.get("/api/v1/plans/2020-2021/due-reports").expect(200).items().len(), 3);
});

both!(a_cache_between_knows_what_an_answer_hangs_on, |world| {
    let (_, ministry) = accepted(world);
    let vary = |reply: &Reply| reply.header("vary").to_owned();
    let by_accept = ministry.call("GET", FIRST).header("Accept", "application/pdf").send().expect(200);
    assert!(vary(&by_accept).split(", ").any(|name| name == "accept"), "{}", vary(&by_accept));
    let known = ministry
        .call("GET", FIRST)
        .header("Accept", "application/pdf")
        .header("If-None-Match", by_accept.header("etag"))
        .send()
        .expect(304);
    assert!(vary(&known).split(", ").any(|name| name == "accept"), "{}", vary(&known));
    let refused = ministry.call("GET", FIRST).header("Accept", "image/png").send().expect(406);
    assert_eq!(
        vary(&refused),
        "accept, accept-language, accept-encoding",
        "the words of a refusal hang on the language"
    );
    let named = ministry.get(&format!("{FIRST}?format=pdf")).expect(200);
    assert!(!vary(&named).split(", ").any(|name| name == "accept"), "the address says the format");
});

both!(a_report_goes_to_the_ministry_and_back, |world| {
    let (institute, ministry) = drafted(world);
    ministry.get(FIRST).expect(404).problem("not_found");
    assert!(ministry.get(REPORTS).expect(200).items().is_empty());
    let first = institute.get(FIRST).expect(200);
    let texts =
        json!({ "texts": { "parts": { "summary": "План исполняется." }, "causes": { "1.2": "Эпидемия." } } });
    let written = institute.patch(FIRST, first.header("etag"), &texts).expect(200);
    institute.patch(FIRST, first.header("etag"), &texts).expect(412).problem("precondition_failed");
    act_at(&institute, FIRST, "submit", written.header("etag"), None).expect(200);
    institute.patch(FIRST, "\"3\"", &texts).expect(409).problem("wrong_state");

    let read = ministry.get(FIRST).expect(200);
    assert_eq!(read.json["paper"]["texts"]["parts"]["summary"], "План исполняется.");
    act(&ministry, FIRST, "return", Some(json!({ "remarks": " " }))).expect(422).problem("invalid_fields");
    act(&ministry, FIRST, "return", Some(json!({ "remarks": "Уточнить." }))).expect(200);
    let returned = institute.get(FIRST).expect(200);
    assert_eq!(
        (&returned.json["state"], &returned.json["remarks"]),
        (&json!("returned"), &json!("Уточнить."))
    );
    act(&ministry, FIRST, "accept", None).expect(409).problem("wrong_state");
    act(&institute, FIRST, "submit", None).expect(200);
    let sealed = act(&ministry, FIRST, "accept", None).expect(200);
    assert_eq!(sealed.json["state"], "accepted");
    assert_eq!(sealed.json["sha256"].as_str().unwrap().len(), 64);
    let latest = ministry.get(&format!("{REPORTS}/half-year/latest")).expect(200).json;
    assert_eq!(latest["id"], sealed.json["id"]);
    // What was said of the first submission stays beside the second one.
    let rounds = latest["rounds"].as_array().unwrap();
    let told: Vec<_> = rounds.iter().map(|r| (&r["number"], &r["outcome"], &r["remarks"])).collect();
    let words = json!("Уточнить.");
    assert_eq!(
        told,
        [(&json!(1), &json!("returned"), &words), (&json!(2), &json!("accepted"), &Value::Null)]
    );
    for (round, decided_at) in rounds.iter().zip([&returned.json["decided_at"], &sealed.json["decided_at"]]) {
        assert_eq!(&round["decided_at"], decided_at);
        assert_eq!(
            (&round["submitted_by"], &round["decided_by"]),
            (&sealed.json["submitted_by"], &sealed.json["decided_by"])
        );
    }
    assert_eq!(
        (&rounds[1]["sha256"], &rounds[1]["submitted_at"]),
        (&sealed.json["sha256"], &sealed.json["submitted_at"])
    );
    assert!(rounds[0]["submitted_at"].as_str() < rounds[1]["submitted_at"].as_str());
});

both!(an_accepted_report_stands_whatever_becomes_of_the_data, |world| {
    let (institute, ministry) = accepted(world);
    let formats = ["json", "html", "pdf", "docx", "xlsx", "csv"];
    let fetch = |format: &str| ministry.get(&format!("{FIRST}?format={format}")).expect(200);
    let digests = || formats.map(|format| fetch(format).header("repr-digest").to_owned());
    let before = digests();
    let other = PLAN.replace("Методика", "Другая методика").replace("2020-08/2020-09", "2020-08/2020-10");
    institute.load("plan", format!("reason: Уточнение\n{other}")).succeeded([0, 1, 2, 0]);
    assert_eq!(digests(), before);
    act(&institute, FIRST, "submit", None).expect(409).problem("wrong_state");
    let path = FIRST.to_owned();
    institute.call("DELETE", &path).header("If-Match", "\"3\"").send().expect(409).problem("wrong_state");
});

both!(an_author_does_not_accept, |world| {
    let (institute, _) = drafted(world);
    act(&institute, FIRST, "submit", None).expect(200);
    // The same person, moved to the ministry since.
    let state = &world.node.state;
    let all = state.database.read(|db| users::list(db, None, 100)).unwrap();
    let user = all.into_iter().find(|user| user.login == "institute").unwrap();
    let moved = User { role: Role::Ministry, ..user };
    let token = state.tokens.issue(&moved, SessionId(999_999_999)).unwrap();
    let author = world.stranger().with_token(token);
    act(&author, FIRST, "accept", None).expect(409).problem("own_report");
    act(&author, FIRST, "return", Some(json!({ "remarks": "Уточнить." }))).expect(409).problem("own_report");
});

both!(two_who_submit_at_once_submit_once, |world| {
    let (institute, _) = drafted(world);
    let etag = institute.get(FIRST).header("etag").to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let (etag, institute) = (&etag, &institute);
        let sent: Vec<_> = (0..4)
            .map(|_| scope.spawn(move || act_at(institute, FIRST, "submit", etag, None).status))
            .collect();
        sent.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 3, "{statuses:?}");
});

both!(every_format_is_what_it_says, |world| {
    let (_, ministry) = accepted(world);
    let beginnings: [(&str, &str, &[u8]); 6] = [
        ("json", "application/json", b"{"),
        ("html", "text/html; charset=utf-8", b"<!"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
        ("csv", "text/csv; charset=utf-8", "\u{feff}".as_bytes()),
    ];
    for (format, content_type, begins) in beginnings {
        let sent = ministry.get(&format!("{FIRST}?format={format}")).expect(200);
        assert_eq!(sent.header("content-type"), content_type);
        assert!(sent.bytes.starts_with(begins), "{format}: {:?}", &sent.bytes[..8]);
        let media_type = content_type.split(';').next().unwrap();
        let same = ministry.call("GET", FIRST).header("Accept", media_type).send();
        assert_eq!(same.bytes, sent.bytes, "{format} by Accept");
        let file = ministry.get(&format!("{FIRST}/file?format={format}"));
        match format {
            "json" => drop(file.expect(400).problem("invalid_parameter")),
            _ => {
                assert_eq!((file.header("etag"), &file.bytes), (sent.header("etag"), &sent.bytes), "{format}")
            }
        }
    }
    let html = ministry.get(&format!("{FIRST}?format=html")).text;
    assert!(html.contains("=1+1 &lt;b&gt;Перечень&lt;/b&gt; &amp; группы"), "markup is text");
    let csv = ministry.get(&format!("{FIRST}?format=csv")).text;
    assert!(!csv.contains(";=1+1") && !csv.contains("\n=1+1"), "a formula is text");
    ministry.get(&format!("{FIRST}?format=odt")).expect(400).problem("invalid_parameter");
    let none = ministry.call("GET", FIRST).header("Accept", "image/png").send();
    none.expect(406).problem("not_acceptable");
    for (number, picture, begins) in [(1, "svg", "<svg".as_bytes()), (2, "png", b"\x89PNG")] {
        let chart = ministry.get(&format!("{FIRST}/charts/{number}?format={picture}")).expect(200);
        assert!(chart.bytes.starts_with(begins), "{picture}");
    }
    ministry.get(&format!("{FIRST}/charts/9")).expect(404).problem("not_found");
    let told = ministry.get(&format!("{REPORTS}/half-year/latest")).expect(200).json["figures"].clone();
    let told = told.as_array().unwrap();
    assert_eq!((told.len(), &told[1]["caption"]), (2, &json!("Целевые показатели и цели")));
    for (number, figure) in (1..).zip(told) {
        assert_eq!(figure["number"], number);
        for (picture, begins) in [("svg", "<svg".as_bytes()), ("png", b"\x89PNG")] {
            let chart = ministry.get(figure[picture].as_str().unwrap()).expect(200);
            assert!(chart.bytes.starts_with(begins), "{figure}");
        }
    }
});

both!(whoever_has_a_report_costs_one_row, |world| {
    let (_, ministry) = accepted(world);
    let etag = ministry.get(FIRST).expect(200).header("etag").to_owned();
    // No figures and no texts can be read any more.
    let statement = "UPDATE reports SET snapshot = 'no report', texts = 'no texts'";
    let database = &world.node.state.database;
    database.keep_books(|db| Ok(on_each!(db, c => diesel::sql_query(statement).execute(c))?)).unwrap();
    ministry.call("GET", FIRST).header("If-None-Match", &etag).send().expect(304);
    ministry.get(FIRST).expect(500);
});

both!(a_fetcher_asks_again_for_nothing, |world| {
    let (institute, ministry) = drafted(world);
    let draft = institute.get(FIRST).expect(200);
    let known = |client: &Client, path: &str, etag: &str| {
        client.call("GET", path).header("If-None-Match", etag).send().status
    };
    assert_eq!(known(&institute, FIRST, draft.header("etag")), 304);
    // A draft moves with the data.
    institute
        .load("plan", format!("reason: Уточнение\n{}", PLAN.replace("Методика", "Метод")))
        .succeeded([0, 1, 2, 0]);
    assert_eq!(known(&institute, FIRST, draft.header("etag")), 200);
    act(&institute, FIRST, "submit", None).expect(200);
    act(&ministry, FIRST, "accept", None).expect(200);
    let path = format!("{FIRST}?format=pdf");
    let whole = ministry.get(&path).expect(200);
    assert_eq!(known(&ministry, &path, whole.header("etag")), 304);
    assert_eq!(whole.header("cache-control"), "private, no-cache", "or nobody would keep it to ask again");
    assert_eq!(known(&ministry, FIRST, whole.header("etag")), 200, "another format is another thing");
    let modified = whole.header("last-modified");
    let since = |date: &str| ministry.call("GET", &path).header("If-Modified-Since", date).send();
    assert_eq!(since(modified).expect(304).header("etag"), whole.header("etag"));
    let earlier = "Wed, 01 Jan 2020 09:00:00 GMT";
    assert_eq!((since(earlier).status, since("yesterday").status), (200, 200));
    let both = ministry.call("GET", &path).header("If-Modified-Since", modified);
    both.header("If-None-Match", "\"other\"").send().expect(200);
    let head = ministry.call("HEAD", &path).header("If-Modified-Since", modified).send();
    head.expect(304);
    let part = ministry.call("GET", &path).header("Range", "bytes=5-9").send().expect(206);
    assert_eq!(part.header("content-range"), format!("bytes 5-9/{}", whole.bytes.len()));
    assert_eq!(part.bytes, whole.bytes[5..=9]);
    let beyond = ministry.call("GET", &path).header("Range", "bytes=99999999-").send();
    assert_eq!(beyond.expect(416).header("content-range"), format!("bytes */{}", whole.bytes.len()));
});

both!(a_file_is_made_once_in_each_edition, |world| {
    let (_, ministry) = accepted(world);
    let fetch = || ministry.get(&format!("{FIRST}?format=xlsx")).expect(200);
    let made = fetch();
    let db = &mut world.storage.connect();
    let edition: String = report_files::table.select(report_files::edition).first(db).unwrap();
    assert!(made.header("etag").contains(&edition), "whoever has a file of another edition gets the new one");
    let mut kept_as = |edition: &str| {
        let broken = (report_files::bytes.eq(&b"broken"[..]), report_files::edition.eq(edition));
        assert_eq!(diesel::update(report_files::table).set(broken).execute(db).unwrap(), 1);
    };
    kept_as(&edition);
    assert_eq!(fetch().text, "broken");
    kept_as("0.0.9.1");
    assert_eq!(fetch().bytes, made.bytes);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM report_files"), 1);
});

both!(the_latest_report_is_another_one_after_the_next, |world| {
    const LATEST: &str = "/api/v1/reports/half-year/latest";
    let (institute, ministry) = accepted(world);
    let first = ministry.get(LATEST).expect(200);
    let asked = || ministry.call("GET", LATEST).header("If-None-Match", first.header("etag")).send();
    asked().expect(304);
    draft(&institute, "half-year", "2021-H1").expect(201);
    let second = FIRST.replace("2020-H2", "2021-H1");
    act(&institute, &second, "submit", None).expect(200);
    asked().expect(304);
    act(&ministry, &second, "accept", None).expect(200);
    assert_eq!(asked().expect(200).json["period"], "2021-H1");
});

both!(what_is_no_report_is_refused, |world| {
    let (institute, ministry) = drafted(world);
    draft(&institute, "half-year", "2020-H2").expect(409).problem("already_exists");
    for period in ["2020-H1", "2019-H2", "2022-H1"] {
        let reply = draft(&institute, "half-year", period).expect(422);
        assert_eq!(reply.flaws(), [("/period", "out_of_range")], "{period}");
        let words =
            "2020-H2, 2021-H1, 2021-H2; the first one covers everything from 2020-01-01 to 2020-12-31";
        assert!(reply.json["detail"].as_str().unwrap().contains(words), "{reply}");
    }
    for period in ["2020-H3", "2020", "H2", ""] {
        let reply = draft(&institute, "half-year", period).expect(422);
        assert_eq!(reply.flaws(), [("/period", "wrong_format")], "{period}");
    }
    institute.get(&format!("{REPORTS}/half-year/2020-H3")).expect(404).problem("not_found");
    institute.get(&format!("{REPORTS}/half-year/2021-H1")).expect(404).problem("not_found");
    institute.get(&format!("{REPORTS}/half-year/latest")).expect(404).problem("not_found");
    draft(&ministry, "half-year", "2021-H1").expect(403).problem("forbidden");
    let unknown = json!({ "kind": "half-year", "period": "2021-H1", "plan": "1999" });
    assert_eq!(institute.post(REPORTS, &unknown).expect(422).flaws(), [("/plan", "unknown_reference")]);
    let texts = json!({ "texts": {
        "parts": { "summary": "a\u{7}", "purpose": "Цель", "risks": "р".repeat(20_001) }, "causes": { "9.9": "Нет." },
    } });
    let etag = institute.get(FIRST).header("etag").to_owned();
    let reply = institute.patch(FIRST, &etag, &texts).expect(422);
    assert_eq!(
        reply.flaws(),
        [
            ("/texts/parts/summary", "forbidden_character"),
            ("/texts/parts/risks", "wrong_length"),
            ("/texts/parts/purpose", "unknown_field"),
            ("/texts/causes/9.9", "unknown_reference"),
        ]
    );
});

/// The plan of other years, from that in which it was signed.
fn plan_of(code: &str, signed: NaiveDate, last_year: i32) -> String {
    let year = signed.year();
    let moved = PLAN.replace("2021-", &format!("{}-", year + 1)).replace("2020-", &format!("{year}-"));
    let moved = moved.replace(&format!("date: {year}-05-29"), &format!("date: {signed}"));
    format!("code: {code}\nstarts_on: {year}-01-01\nends_on: {last_year}-12-31\n{moved}")
}

both!(a_report_waits_for_the_end_of_its_period, |world| {
    in_one_month();
    let institute = world.client(Role::Institute);
    let today = chrono::Utc::now().date_naive();
    let named = |day: NaiveDate| format!("{}-H{}", day.year(), if day.month() > 6 { 2 } else { 1 });
    let (now, ahead) = (named(today), named(today + Months::new(6)));
    institute
        .load("plan", plan_of("current", today - Months::new(6), today.year() + 2))
        .succeeded([3, 0, 0, 0]);
    for kind in ["half-year", "plan"] {
        let reply = draft(&institute, kind, &ahead).expect(422);
        assert_eq!(reply.flaws(), [("/period", "out_of_range")], "{kind} {ahead}");
        draft(&institute, kind, &now).expect(201);
        let path = format!("{REPORTS}/{kind}/{now}");
        let early = act(&institute, &path, "submit", None).expect(409).problem("period_not_over");
        assert!(early.json["detail"].as_str().is_some_and(|told| !told.is_empty()), "{early}");
        assert_eq!(institute.get(&path).expect(200).json["state"], "draft");
        let texts = json!({ "texts": { "parts": { "conclusions": "Рано." }, "causes": {} } });
        institute.patch(&path, institute.get(&path).header("etag"), &texts).expect(200);
    }
});

both!(a_report_is_about_the_newest_plan_that_covers_its_period, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([3, 0, 0, 0]);
    // Loaded later: one that begins a year later, and one that was over before.
    let next = NaiveDate::from_ymd_opt(2021, 2, 1).unwrap();
    institute.load("plan", plan_of("2021-2022", next, 2022)).succeeded([3, 0, 0, 0]);
    let old = NaiveDate::from_ymd_opt(2017, 2, 1).unwrap();
    institute.load("plan", plan_of("2017-2018", old, 2018)).succeeded([3, 0, 0, 0]);
    let plan = |code: &str| institute.get(&format!("/api/v1/plans/{code}")).expect(200).json["id"].clone();
    for (period, code) in [
        ("2020-H2", "2020-2021"),
        ("2021-H1", "2020-2021"),
        ("2021-H2", "2021-2022"),
        ("2022-H1", "2021-2022"),
    ] {
        assert_eq!(
            draft(&institute, "half-year", period).expect(201).json["plan_id"],
            plan(code),
            "{period}"
        );
    }
    assert_eq!(draft(&institute, "half-year", "2019-H2").expect(422).flaws(), [("/period", "out_of_range")]);
    // Both plans are due to report about it; addresses name no plan.
    let other = json!({ "kind": "half-year", "period": "2021-H2", "plan": "2020-2021" });
    let taken = institute.post(REPORTS, &other).expect(409).problem("already_exists");
    assert!(taken.json["detail"].as_str().unwrap().contains("2021-2022"), "{taken}");
});

/// That what a figure among these blocks draws stands in a table among them: every value, target and name.
fn each_figure_has_a_table(blocks: &[Value]) {
    let tables = || blocks.iter().filter(|block| block["type"] == "table");
    let cells: Vec<&Value> = tables()
        .flat_map(|table| table["rows"].as_array().unwrap())
        .flat_map(|row| row["cells"].as_array().into_iter().flatten())
        .collect();
    let heads = || tables().flat_map(|table| table["columns"].as_array().unwrap());
    let holds = |value: &Value| {
        cells.iter().any(|cell| cell.as_object().is_some_and(|cell| cell.values().any(|held| held == value)))
    };
    for chart in blocks.iter().filter(|block| block["type"] == "figure").map(|figure| &figure["chart"]) {
        let (bars, series) = (chart["bars"].as_array(), chart["series"].as_array());
        assert!(bars.is_some() || series.is_some(), "{chart}");
        for bar in bars.into_iter().flatten() {
            assert!(holds(&bar["label"]), "{bar}: {cells:?}");
            for number in [&bar["value"], &bar["target"]].into_iter().filter(|number| !number.is_null()) {
                assert!(holds(number), "{bar}: {cells:?}");
            }
        }
        for line in series.into_iter().flatten() {
            assert!(heads().any(|column| column["title"] == line["label"]), "{line}");
            for number in line["values"].as_array().unwrap().iter().filter(|number| !number.is_null()) {
                assert!(holds(number), "{line}: {cells:?}");
            }
        }
    }
}

both!(every_note_draws_itself, |world| {
    let (institute, _) = crate::tour::judged(world);
    institute.load("plan", PLAN).succeeded([3, 0, 0, 0]);
    for kind in ["identification", "staffing", "plan", "indicators"] {
        let path = format!("{REPORTS}/{kind}/2021-H1");
        draft(&institute, kind, "2021-H1").expect(201);
        let note = institute.get(&path).expect(200);
        let said = &note.json["paper"]["content"]["note"];
        for part in ["purpose", "base", "method", "sample", "results", "comparison", "conclusions"] {
            assert!(said[part].to_string().len() > 4, "{kind}: {part}: {note}");
        }
        institute.get(&format!("{path}?format=html")).expect(200);
        for part in ["results", "comparison"] {
            each_figure_has_a_table(said[part].as_array().unwrap());
        }
        // Spreadsheets have no charts: what is compared stands there too.
        let csv = institute.get(&format!("{path}?format=csv")).expect(200).text;
        let compared = csv.split(". Сравнение").nth(1).unwrap_or_else(|| panic!("{kind}: {csv}"));
        let compared = compared.split("Выводы").next().unwrap();
        assert!(compared.contains("Таблица") && compared.matches(';').count() > 4, "{kind}: {compared}");
    }
    // 25 schools of the region and 5 of the seed; 22 are listed; of the 5, and of one small school, too little is known.
    let note = institute.get(&format!("{REPORTS}/identification/2021-H1"));
    let sample = note.json["paper"]["content"]["note"]["sample"].as_array().unwrap();
    let counted: Vec<i64> = sample.iter().map(|size| size["count"].as_i64().unwrap()).collect();
    assert_eq!((counted[0], counted[2], counted[3]), (30, 22, 6), "{note}");
});

both!(a_note_rests_on_the_run_of_its_time, |world| {
    let (institute, early) = crate::tour::judged(world);
    institute.load("plan", PLAN).succeeded([3, 0, 0, 0]);
    let late = crate::tour::judge(&institute, early["methodology"]["id"].as_i64().unwrap());
    let made = |id: &Value, on: &str, year: i32| {
        let (id, year) = (id.as_i64().unwrap(), year);
        let statement = format!(
            "UPDATE identification_runs SET finished_at = '{on} 12:00:00', academic_year = {year} WHERE id = {id}"
        );
        let database = &world.node.state.database;
        let done = database.keep_books(|db| Ok(on_each!(db, c => diesel::sql_query(&statement).execute(c))?));
        assert_eq!(done.unwrap(), 1);
    };
    // The run of the seed is about a year to come.
    made(&json!(world.seed.run), "2026-01-01", 2030);
    let path = |period: &str| format!("{REPORTS}/identification/{period}");
    let drafted = |period: &str, run: Option<&Value>| {
        let mut body = json!({ "kind": "identification", "period": period });
        if let Some(run) = run {
            body["identification_run_id"] = run.clone();
        }
        let reply = institute.post(REPORTS, &body);
        if reply.status == 201 {
            let tag = institute.get(&path(period)).expect(200).header("etag").to_owned();
            institute.call("DELETE", &path(period)).header("If-Match", &tag).send().expect(204);
        }
        reply
    };
    let (first, second) = (&early["id"], &late["id"]);
    // The first run was replaced by the second after the day of the note, and stays the run of its time.
    made(first, "2020-12-20", 2020);
    made(second, "2021-01-05", 2019);
    assert_eq!(drafted("2020-H2", None).expect(201).json["identification_run_id"], *first);
    assert_eq!(drafted("2021-H1", None).expect(201).json["identification_run_id"], *second);
    // Replaced in time, it is not.
    made(second, "2020-12-31", 2020);
    assert_eq!(drafted("2020-H2", None).expect(201).json["identification_run_id"], *second);
    // Made afterwards: of a year that was over, yes; of one that was not, neither by default nor by name.
    made(first, "2021-06-01", 2019);
    made(second, "2021-06-02", 2020);
    assert_eq!(drafted("2020-H2", None).expect(422).flaws(), [("/identification_run_id", "required")]);
    for run in [first, second] {
        let refused = drafted("2020-H2", Some(run)).expect(422);
        assert_eq!(refused.flaws(), [("/identification_run_id", "out_of_range")], "{run}");
    }
    made(second, "2020-12-01", 2020);
    draft(&institute, "identification", "2020-H2").expect(201);
    let note = institute.get(&format!("{}?format=html", path("2020-H2"))).text;
    assert!(note.contains("выполнено 01.12.2020") && !note.contains("учтён только"), "{note}");
    made(first, "2021-12-31", 2019);
    draft(&institute, "identification", "2021-H1").expect(201);
    let note = institute.get(&format!("{}?format=html", path("2021-H1"))).text;
    assert!(
        note.contains("выполнено 01.12.2020"),
        "the one that was there comes before one made later: {note}"
    );
    made(first, "2022-05-01", 2020);
    made(second, "2022-05-02", 2021);
    draft(&institute, "identification", "2021-H2").expect(201);
    let note = institute.get(&format!("{}?format=html", path("2021-H2"))).text;
    let said = "выполнено 01.05.2022, после 31.12.2021; учтён только учебный год, завершённый к этой дате";
    assert!(note.contains(said), "{note}");
});
