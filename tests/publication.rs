//! What is told without a login: the public summary.

use crate::harness::{Client, Reply, World, time::in_one_month};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};
use std::thread;

const PLAN: &str = include_str!("../crates/demo/data/plan-2020-2021.yaml");
const SUMMARY: &str = "/api/v1/public/summary";

/// Six more open schools, in towns, of which no run says anything.
const SIX_MORE: &str = "INSERT INTO schools (code, name, name_folded, kind, locality, founder, status, version, updated_at)
    SELECT '52050' || n, 'Школа', 'школа', 'secondary', 'urban', 'state', 'open', 1, '2021-01-01 00:00:00'
    FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6) AS numbers";

/// A server that shows the summary, and a client of it without a token.
fn shown(world: &World) -> (crate::harness::world::Node, Client) {
    let node = world.another_node(|config| config.public_summary = true);
    let stranger = node.stranger();
    (node, stranger)
}

fn load_plan(world: &World) {
    world.client(Role::Institute).load("plan", PLAN).succeeded([54, 0, 0, 0]);
}

/// Every number of a table.
fn numbers(table: &Value) -> Vec<Option<i64>> {
    let rows = table["rows"].as_array().unwrap();
    let cells = rows.iter().flat_map(|row| row["counts"].as_array().unwrap().iter().chain([&row["total"]]));
    let totals = table["totals"].as_array().unwrap().iter().chain([&table["total"]]);
    cells.chain(totals).map(Value::as_i64).collect()
}

both!(the_public_summary_is_off_unless_configured, |world| {
    load_plan(world);
    world.stranger().get(SUMMARY).expect(404).problem("not_found");
    world.client(Role::Admin).get(SUMMARY).expect(404).problem("not_found");
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM public_summaries"), 0);
});

both!(everybody_reads_aggregates_and_no_small_count, |world| {
    let (_node, stranger) = shown(world);
    // Before there is a plan there is nothing to tell, and no edition that would say so for a month.
    stranger.get(SUMMARY).expect(404).problem("not_found");
    load_plan(world);
    world.storage.connect().batch_execute(SIX_MORE).unwrap();
    let told = stranger.get(SUMMARY).expect(200);
    let body = &told.json;
    // Five schools of the seed lie in villages and are low; six were added.
    assert_eq!(
        (&body["schools"], &body["academic_year"], &body["least"]),
        (&json!(11), &json!("2019/2020"), &json!(5))
    );
    let rows = body["outcomes"]["rows"].as_array().unwrap();
    let of = |row: usize| (&rows[row]["label"]["code"], &rows[row]["total"]);
    assert_eq!((of(0), of(1)), ((&json!("urban"), &json!(6)), (&json!("rural"), &json!(5))));
    let (outcomes, systems) = (numbers(&body["outcomes"]), numbers(&body["municipalities"]));
    assert!(outcomes.iter().chain(&systems).flatten().all(|n| *n >= 5), "{told}");
    // Three municipal systems: too few for any number.
    assert!(systems.iter().all(Option::is_none), "{told}");
    for indicator in body["indicators"].as_array().unwrap() {
        assert_eq!(indicator["numerator"], Value::Null, "{indicator}");
        assert!([&Value::Null, &json!("not_measurable")].contains(&&indicator["verdict"]), "{indicator}");
    }
    let statuses = body["plan"]["activities"].as_array().unwrap();
    assert_eq!(statuses.iter().map(|s| s["activities"].as_i64().unwrap()).sum::<i64>(), 54);
    for word in ["Северный", "520101", "Школа 5"] {
        assert!(!told.text.contains(word), "{told}");
    }
});

// A plan that is prepared for later years is not the public's yet, though it came last.
both!(the_public_reads_of_the_plan_that_has_begun, |world| {
    let (_node, stranger) = shown(world);
    load_plan(world);
    let next = PLAN.replacen("code: 2020-2021", "code: 2998-2999", 1);
    world.client(Role::Institute).load("plan", next).succeeded([54, 0, 0, 0]);
    let later = "UPDATE plans SET starts_on = '2998-01-01', ends_on = '2999-12-31' WHERE code = '2998-2999'";
    world.storage.connect().batch_execute(later).unwrap();
    assert_eq!(stranger.get(SUMMARY).expect(200).json["plan"]["code"], "2020-2021");
});

both!(an_edition_stays_as_it_is_for_its_month, |world| {
    in_one_month();
    load_plan(world);
    let (_node, stranger) = shown(world);
    let first = stranger.get(SUMMARY).expect(200);
    let today = chrono::Utc::now().date_naive();
    assert_eq!(first.json["edition"], today.format("%Y-%m").to_string());
    let on: chrono::NaiveDate = first.json["on"].as_str().unwrap().parse().unwrap();
    assert_eq!(on.succ_opt().unwrap().format("%Y-%m-%d").to_string(), today.format("%Y-%m-01").to_string());
    let same = |reply: &Reply| (reply.text == first.text) && reply.header("etag") == first.header("etag");
    // Whoever subtracts two answers learns nothing of what changed between them.
    world.storage.connect().batch_execute(SIX_MORE).unwrap();
    assert!(same(&stranger.get(SUMMARY).expect(200)));
    let (_further, elsewhere) = shown(world);
    assert!(same(&elsewhere.get(SUMMARY).expect(200)));
    for query in ["?on=2020-12-31", "?edition=2020-12", "?format=csv"] {
        stranger.get(&format!("{SUMMARY}{query}")).expect(400).problem("unknown_parameter");
    }
    assert_eq!(first.header("cache-control"), "public, max-age=3600");
    let known =
        stranger.call("GET", SUMMARY).header("If-None-Match", first.header("etag")).send().expect(304);
    assert_eq!((known.text.as_str(), known.header("cache-control")), ("", "public, max-age=3600"));
    let made = "SELECT count(*) AS n FROM audit_log WHERE resource = 'public-summaries'";
    assert_eq!(world.storage.number(made), 1);
});

both!(the_first_who_ask_at_once_get_one_edition, |world| {
    load_plan(world);
    let (node, _) = shown(world);
    let asking: Vec<_> = (0..6)
        .map(|_| node.stranger())
        .map(|c| thread::spawn(move || c.get(SUMMARY).expect(200).text))
        .collect();
    let mut texts: Vec<String> = asking.into_iter().map(|thread| thread.join().unwrap()).collect();
    texts.dedup();
    assert_eq!(texts.len(), 1);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM public_summaries"), 1);
});
