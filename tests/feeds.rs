//! Feeds for programs: deadlines as iCalendar, accepted reports as Atom, behind a token in the address.

use crate::harness::{Client, Reply, World};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};

const TOKENS: &str = "/api/v1/feed-tokens";

/// A row due on a Saturday, one of two windows, one of another executor.
const PLAN: &str = r#"
act: {number: 316-01-63-950/20, date: 2020-05-29}
executors:
  NIRO: {en: institute, ru: НИРО}
  MOUO: {en: municipalities, ru: Муниципалитеты}
sections:
  - {n: 1, en: One, ru: Раздел первый, models: [M3], term: 1 year}
activities:
  - {n: "1.1", en: List, ru: "Перечень; <b>группы</b>, часть 1", windows: [2020-10/2020-10], by: [NIRO], targets: {target_group_lists: "== 1"}, basis: implied}
  - {n: "1.2", en: Notes, ru: Записки, windows: [2020-11/2020-11, 2021-11/2021-11], by: [NIRO, MOUO], targets: {notes: "== 2"}, basis: implied}
  - {n: "1.3", en: Plans, ru: Планы, windows: [2021-01/2021-12], by: [MOUO], evidence: plans}
"#;

fn load(world: &World) -> Client {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([3, 0, 0, 0]);
    institute
}

fn niro() -> Value {
    json!({ "kind": "calendar", "plan": "2020-2021", "executor": "NIRO" })
}

/// The path of the feed a new token opens, and the token's id.
fn path(made: &Reply) -> (String, i64) {
    let address = made.json["address"].as_str().unwrap();
    let path = &address[address.find("/feeds/").unwrap()..];
    (path.to_owned(), made.json["id"].as_i64().unwrap())
}

fn made(client: &Client, body: &Value) -> (String, i64) {
    path(&client.post(TOKENS, body).expect(201))
}

fn unfolded(calendar: &Reply) -> String {
    assert!(calendar.text.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
    calendar.text.replace("\r\n ", "")
}

both!(a_calendar_tells_an_executors_deadlines, |world| {
    let institute = load(world);
    let (path, _) = made(&institute, &niro());
    let calendar = world.stranger().get(&path).expect(200);
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
    let text = unfolded(&calendar);
    let lines: Vec<&str> = text.split("\r\n").collect();
    let of = |name: &str| -> Vec<&str> { lines.iter().filter_map(|line| line.strip_prefix(name)).collect() };
    // Three windows of NIRO and three half-yearly reports.
    assert_eq!(
        of("DTSTART;VALUE=DATE:"),
        ["20201031", "20201130", "20211130", "20210115", "20210715", "20220115"]
    );
    assert_eq!(of("DTEND;VALUE=DATE:")[0], "20201101");
    let uids = of("UID:");
    assert!(uids[0].starts_with("2020-2021-1.1-2020-10-01@"), "{uids:?}");
    assert!(uids[3].starts_with("2020-2021-report-2020-H2@"), "{uids:?}");
    assert_eq!(of("SUMMARY:")[0], "1.1 Перечень\\; <b>группы</b>\\, часть 1");
    assert_eq!(of("SEQUENCE:"), ["1"; 6]);
    let about = of("DESCRIPTION:");
    // 31 October 2020 and 15 January 2022 are Saturdays.
    let weekend: Vec<bool> = about.iter().map(|text| text.contains("приходится на выходной день")).collect();
    assert_eq!(weekend, [true, false, false, false, false, true]);
    assert!(about[0].contains("равно 1\\, фактов нет") && about[0].contains(": просрочено."), "{}", about[0]);
    assert_eq!((lines[0], lines[lines.len() - 2]), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
});

both!(an_amendment_moves_an_entry_and_counts_its_change, |world| {
    let institute = load(world);
    let (path, _) = made(&institute, &niro());
    let before = world.stranger().get(&path).expect(200);
    let again = world.stranger().call("GET", &path).header("If-None-Match", before.header("etag")).send();
    assert_eq!(again.expect(304).text, "");
    let amended = PLAN.replacen("windows: [2020-10/2020-10]", "windows: [2020-10/2020-12]", 1);
    institute.load("plan", format!("reason: Срок продлён\n{amended}")).succeeded([0, 1, 2, 0]);
    let call = world.stranger().call("GET", &path).header("If-None-Match", before.header("etag")).send();
    let text = unfolded(&call.expect(200));
    assert!(text.contains("UID:2020-2021-1.1-2020-10-01@") && text.contains("SEQUENCE:2"), "{text}");
    assert!(text.contains("DTSTART;VALUE=DATE:20201231"), "{text}");
    // The executor leaves the plan: nothing is left to tell.
    let gone = PLAN.replace("NIRO", "OTHER");
    let gone = institute.load("plan", format!("reason: Исполнитель другой\n{gone}"));
    assert_eq!(gone.job["state"], "succeeded", "{gone:?}");
    world.stranger().get(&path).expect(404).problem("not_found");
});

both!(accepted_reports_are_told_as_atom, |world| {
    let institute = load(world);
    let ministry = world.client(Role::Ministry);
    let (path, _) = made(&ministry, &json!({ "kind": "reports" }));
    let empty = world.stranger().get(&path).expect(200);
    assert_eq!(empty.header("content-type"), "application/atom+xml; charset=utf-8");
    assert!(!empty.text.contains("<entry>"), "{empty}");
    let report = "/api/v1/reports/half-year/2020-H2";
    institute.post("/api/v1/reports", &json!({ "kind": "half-year", "period": "2020-H2" })).expect(201);
    let act = |client: &Client, action: &str| {
        let etag = client.get(report).header("etag").to_owned();
        client.call("POST", &format!("{report}/{action}")).header("If-Match", &etag).send().expect(200)
    };
    act(&institute, "submit");
    // What is not accepted is not told.
    assert_eq!(world.stranger().get(&path).expect(200).text, empty.text);
    let accepted = act(&ministry, "accept");
    let feed = world.stranger().get(&path).expect(200);
    let digest = accepted.json["sha256"].as_str().unwrap();
    for part in
        [&format!("{report}\""), &format!("{report}?format=pdf\""), "за второе полугодие 2020 года", digest]
    {
        assert!(feed.text.contains(part), "{part}: {feed}");
    }
    assert!(
        feed.text.contains(&format!("<updated>{}</updated>", accepted.json["decided_at"].as_str().unwrap()))
    );
    let known = world.stranger().call("GET", &path).header("If-None-Match", feed.header("etag")).send();
    known.expect(304);
    assert_eq!(feed.header("cache-control"), "private, no-cache");
});

both!(a_token_opens_its_feed_as_long_as_it_may, |world| {
    let institute = load(world);
    let (stranger, admin) = (world.stranger(), world.client(Role::Admin));
    let (calendar, id) = made(&institute, &niro());
    stranger.get(&calendar).expect(200);
    let secret = calendar.rsplit('/').next().unwrap().strip_suffix(".ics").unwrap().to_owned();
    let end = if secret.ends_with('A') { 'E' } else { 'A' };
    let wrong = format!("{}{end}", &secret[..secret.len() - 1]);
    for path in [
        format!("/feeds/calendar/{wrong}.ics"),
        format!("/feeds/calendar/{}.ics", secret.to_lowercase()),
        format!("/feeds/reports/{secret}.atom"),
        "/feeds/calendar/.ics".to_owned(),
        "/feeds/calendar/%00.ics".to_owned(),
    ] {
        stranger.get(&path).expect(404).problem("not_found");
    }
    // Only the hash is kept, and the address is told once.
    let tables = world.storage.contents();
    assert!(!format!("{tables:?}").contains(&secret));
    let listed = institute.get(TOKENS).expect(200);
    assert!(!listed.text.contains(&secret) && listed.items()[0]["last_used_at"].is_string(), "{listed}");
    // Another's token is not there, except for the administrator.
    let ministry = world.client(Role::Ministry);
    assert!(ministry.get(TOKENS).expect(200).items().is_empty());
    let at = format!("{TOKENS}/{id}");
    let delete = |client: &Client| client.call("DELETE", &at).send();
    delete(&ministry).expect(404).problem("not_found");
    assert_eq!(admin.get(TOKENS).expect(200).items().len(), 1);
    stranger.get(&calendar).expect(200);
    delete(&admin).expect(204);
    delete(&institute).expect(404).problem("not_found");
    stranger.get(&calendar).expect(404).problem("not_found");
    assert!(institute.get(TOKENS).expect(200).items()[0]["revoked_at"].is_string());
});

both!(rights_are_those_of_the_user_when_the_feed_is_fetched, |world| {
    let institute = load(world);
    let (calendar, _) = made(&institute, &niro());
    let (reports, _) = made(&institute, &json!({ "kind": "reports" }));
    let stranger = world.stranger();
    let both = |status: u16| [&calendar, &reports].map(|path| stranger.get(path).expect(status));
    both(200);
    let set = |what: &str| {
        let statement = format!("UPDATE users SET {what} WHERE login = 'institute'");
        world.storage.connect().batch_execute(&statement).unwrap();
    };
    // A role without `reports:read`.
    set("role = 'reader'");
    stranger.get(&calendar).expect(200);
    stranger.get(&reports).expect(404).problem("not_found");
    set("role = 'institute'");
    both(200);
    set("active = FALSE");
    let _ = both(404).map(|reply| reply.problem("not_found"));
});

both!(what_a_token_is_for_is_checked, |world| {
    let institute = load(world);
    let refused = |body: Value, flaws: &[(&str, &str)]| {
        let reply = institute.post(TOKENS, &body).expect(422).problem("invalid_fields");
        assert_eq!(reply.flaws(), flaws, "{reply}");
    };
    refused(json!({ "kind": "calendar" }), &[("/plan", "required"), ("/executor", "required")]);
    refused(json!({ "kind": "calendar", "plan": "2020-2021" }), &[("/executor", "required")]);
    refused(json!({ "kind": "reports", "plan": "2020-2021" }), &[("/plan", "contradiction")]);
    for plan in ["2030", "0", "999999999999999999999"] {
        let body = json!({ "kind": "calendar", "plan": plan, "executor": "NIRO" });
        refused(body, &[("/plan", "unknown_reference")]);
    }
    let body = json!({ "kind": "calendar", "plan": "2020-2021", "executor": "niro" });
    refused(body, &[("/executor", "unknown_reference")]);
    institute.post(TOKENS, &json!({ "kind": "diary" })).expect(400).problem("invalid_json");
    let reader = world.client(Role::Reader);
    reader.post(TOKENS, &json!({ "kind": "reports" })).expect(403).problem("forbidden");
    for _ in 0..20 {
        reader.post(TOKENS, &niro()).expect(201);
    }
    reader.post(TOKENS, &niro()).expect(409).problem("conflict");
    let first = reader.get(TOKENS).expect(200).items()[0]["id"].as_i64().unwrap();
    reader.call("DELETE", &format!("{TOKENS}/{first}")).send().expect(204);
    reader.post(TOKENS, &niro()).expect(201);
    assert_eq!(reader.get(TOKENS).expect(200).items().len(), 21);
});
