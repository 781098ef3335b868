//! What came by mistake can be taken away again, as long as nothing rests on it, and leaves its traces.

use crate::harness::{Client, Reply, World, region};
use opora_identity::Role;
use serde_json::{Value, json};

const RUNS: &str = "/api/v1/identification-runs";
const RESULTS: &str = "/api/v1/results";

fn remove(client: &Client, path: &str) -> Reply {
    client.call("DELETE", path).send()
}

/// How many records of deletions of `resource` the audit log and the journal hold.
fn traces(world: &World, resource: &str) -> [i64; 2] {
    let count = |table: &str, what: &str| {
        world.storage.number(&format!(
            "SELECT count(*) AS n FROM {table} WHERE resource = '{resource}' AND {what} = 'delete'"
        ))
    };
    [count("audit_log", "action"), count("change_journal", "operation")]
}

both!(a_version_of_the_list_without_a_run_can_be_removed, |world| {
    let (admin, institute) = (world.client(Role::Admin), world.client(Role::Institute));
    let used = format!("/api/v1/lists/{}", world.seed.list);
    admin.load("lists", region::list(2021, ["520101", "520201"])).succeeded([2, 0, 0, 0]);
    let newest = admin.get("/api/v1/lists").expect(200).items()[0].clone();
    assert_eq!(newest["list_year"], 2021);
    let path = format!("/api/v1/lists/{}", newest["id"]);
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Institute)) {
        remove(&world.client(*role), &path).expect(403).problem("forbidden");
    }
    remove(&admin, &used).expect(409).problem("still_referenced");
    assert_eq!(admin.get(&format!("{used}/schools")).expect(200).items().len(), 5, "nothing is half removed");
    let default_list = || {
        let run = institute.post(RUNS, &json!({ "academic_year": "2019/2020" })).expect(202);
        run.json["list"]["list_year"].clone()
    };
    remove(&institute, &path).expect(204);
    remove(&institute, &path).expect(404).problem("not_found");
    admin.get(&path).expect(404);
    assert_eq!(default_list(), 2020, "the list before it is the newest again");
    assert_eq!(traces(world, "lists"), [1, 1]);
    let entries = format!("SELECT count(*) AS n FROM list_entries WHERE list_id = {}", newest["id"]);
    assert_eq!(world.storage.number(&entries), 0);
});

both!(results_can_be_removed, |world| {
    let (admin, institute) = (world.client(Role::Admin), world.client(Role::Institute));
    region::load(&admin);
    let here = |query: &str| -> Vec<Value> {
        admin.get(&format!("{RESULTS}?limit=1000&{query}")).expect(200).items().to_vec()
    };
    let of_works = "academic_year=2017%2F2018&type=VPR";
    let (works, all) = (here(of_works).len(), here("").len());
    assert_eq!(works, 48, "24 schools, two works");
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Institute)) {
        remove(&world.client(*role), &format!("{RESULTS}?{of_works}")).expect(403).problem("forbidden");
    }
    // A whole year, or an assessment of all years, is more than a slip.
    for query in
        ["", "?academic_year=2017%2F2018", "?type=VPR", "?academic_year=2017%2F2018&type=VPR&grade=13"]
    {
        remove(&admin, &format!("{RESULTS}{query}")).expect(400).problem("invalid_parameter");
    }
    // One result by its natural key, a procedure, what is left of the assessment.
    let one = here(of_works)[0].clone();
    let key = format!(
        "{of_works}&grade=5&subject={}&attempt=main&school_id={}",
        one["subject"].as_str().unwrap(),
        one["school_id"]
    );
    for (query, removed) in
        [(key.clone(), 1), (format!("{of_works}&grade=5&subject=01"), 23), (of_works.to_owned(), 24)]
    {
        let reply = remove(&institute, &format!("{RESULTS}?{query}")).expect(200);
        assert_eq!(reply.json, json!({ "removed": removed }), "{query}");
        assert!(here(&query).is_empty(), "{query}");
    }
    assert_eq!(remove(&admin, &format!("{RESULTS}?{key}")).expect(200).json["removed"], 0);
    assert_eq!(here("").len(), all - works);
    assert_eq!(traces(world, "results"), [48, 48]);
    let told = institute.get("/api/v1/changes?resource=results&limit=1000").expect(200);
    let gone: Vec<_> = told.items().iter().filter(|change| change["operation"] == "delete").collect();
    let named = ["school_code", "academic_year", "type", "grade", "subject", "attempt"];
    let first = named.map(|field| (field.to_owned(), one[field].clone()));
    assert_eq!((gone.len(), &gone[0]["key"]), (48, &Value::Null));
    assert_eq!(gone[0]["natural_key"], Value::from_iter(first));
});

both!(contexts_can_be_removed, |world| {
    const CONTEXTS: &str = "/api/v1/contexts";
    let (admin, institute) = (world.client(Role::Admin), world.client(Role::Institute));
    let school = world.seed.school;
    admin
        .load("contexts", "school_code;academic_year;pupils\n520101;2017/2018;30\n520201;2017/2018;40\n")
        .succeeded([2, 0, 0, 0]);
    let here = |query: &str| admin.get(&format!("{CONTEXTS}?{query}")).expect(200).items().to_vec();
    let (year, all) = ("academic_year=2017%2F2018", here("").len());
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Institute)) {
        remove(&world.client(*role), &format!("{CONTEXTS}?{year}")).expect(403).problem("forbidden");
    }
    // All years of a school are more than a slip.
    for query in [String::new(), format!("?school_id={school}")] {
        remove(&admin, &format!("{CONTEXTS}{query}")).expect(400).problem("invalid_parameter");
    }
    let one = format!("{year}&school_id={school}");
    for (query, removed) in [(one.as_str(), 1), (year, 1), (year, 0)] {
        let reply = remove(&institute, &format!("{CONTEXTS}?{query}")).expect(200);
        assert_eq!(reply.json, json!({ "removed": removed }), "{query}");
        assert!(here(query).is_empty(), "{query}");
    }
    assert_eq!(here("").len(), all - 2);
    assert_eq!(traces(world, "contexts"), [2, 2]);
    // Whoever keeps a copy of the municipality is told what went of it, and nothing else.
    let told =
        world.client(Role::Municipality).get("/api/v1/changes?resource=contexts&limit=1000").expect(200);
    let gone: Vec<_> = told.items().iter().filter(|change| change["operation"] == "delete").collect();
    let key = json!({ "school_code": "520101", "academic_year": "2017/2018" });
    assert_eq!((gone.len(), &gone[0]["natural_key"]), (1, &key));
    assert_eq!((&gone[0]["key"], &gone[0]["school_id"]), (&Value::Null, &json!(school)));
});

both!(a_person_whom_nothing_names_can_be_removed, |world| {
    let institute = world.client(Role::Institute);
    let person = |external: &str| -> Value {
        let all = institute.get("/api/v1/staff").expect(200);
        let found = all.items().iter().find(|person| person["external_id"] == external);
        found.unwrap_or_else(|| panic!("no {external}: {all}")).clone()
    };
    let path = |person: &Value| format!("/api/v1/staff/{}", person["id"]);
    let remove = |client: &Client, person: &Value, etag: &str| {
        client.call("DELETE", &path(person)).header("If-Match", etag).send()
    };
    let head = "external_id;school_code;role;full_name\n";
    institute.load("staff", format!("{head}left;520101;other;Ушедший Участник 01\n")).succeeded([1, 0, 0, 0]);
    institute.load("staff", format!("{head}left;520101;other;Ушедший Участник 02\n")).succeeded([0, 1, 0, 0]);
    let (left, held) = (person("left"), person("person-520101"));
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Institute)) {
        remove(&world.client(*role), &left, "\"2\"").expect(403).problem("forbidden");
    }
    let register = world.service_client(json!({ "scopes": ["registry:write"] }));
    let blind = world.program(&register, None);
    for who in [&left, &held] {
        remove(&blind, who, "\"7\"").expect(403).problem("forbidden");
    }
    institute.call("DELETE", &path(&left)).send().expect(428).problem("precondition_required");
    remove(&institute, &left, "\"1\"").expect(412).problem("precondition_failed");
    let refusal = remove(&institute, &held, "\"1\"").expect(409).problem("still_referenced");
    assert!(refusal.json["detail"].as_str().unwrap().contains("support-records"), "{refusal}");
    remove(&institute, &left, "\"2\"").expect(204);
    remove(&institute, &left, "\"2\"").expect(404).problem("not_found");
    assert_eq!(traces(world, "staff"), [1, 1]);
    // The log keeps who it was by id and no word of the person.
    let of_person = format!("FROM audit_log WHERE resource = 'staff' AND resource_key = '{}'", left["id"]);
    for word in ["Ушедший", "full_name"] {
        let naming = format!("SELECT count(*) AS n {of_person} AND before LIKE '%{word}%'");
        assert_eq!(world.storage.number(&naming), 0, "{word}");
    }
    let told = world.client(Role::Municipality).get("/api/v1/changes?resource=staff&limit=1000").expect(200);
    let last = told.items().last().unwrap();
    let key = json!({ "external_id": "left" });
    assert_eq!((&last["operation"], &last["natural_key"]), (&json!("delete"), &key));
    assert_eq!((&last["key"], &last["href"]), (&json!(left["id"].to_string()), &Value::Null));
    let told = world.client(Role::Ministry).get("/api/v1/changes?limit=1000").expect(200);
    assert!(told.items().iter().all(|change| change["resource"] != "staff"), "{told}");
});

both!(a_year_without_results_is_not_judged, |world| {
    let institute = world.client(Role::Institute);
    let runs = || world.storage.number("SELECT count(*) AS n FROM identification_runs");
    let before = runs();
    let refused = institute.post(RUNS, &json!({ "academic_year": "2010/2011" })).expect(422);
    assert_eq!(refused.flaws(), [("/academic_year", "without_results")]);
    assert_eq!(runs(), before);
    let proposals = |as_of: &str| institute.post("/api/v1/proposal-runs", &json!({ "as_of": as_of }));
    for as_of in ["1900-01-01", "2019-08-31", "2098-01-01"] {
        assert_eq!(proposals(as_of).expect(422).flaws(), [("/as_of", "out_of_range")], "{as_of}");
    }
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM proposal_runs"), 0);
    proposals("2019-09-01").expect(201);
});

both!(the_newest_year_with_results_is_judged_unless_said, |world| {
    let (admin, institute) = (world.client(Role::Admin), world.client(Role::Institute));
    let judged = || {
        let run = institute.post(RUNS, &json!({})).expect(202);
        institute.ended(run.json["job_id"].as_i64().unwrap());
        run.json["academic_year"].clone()
    };
    let slip = "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог\n\
        520101;2024/2025;ОГЭ;9;01;40;12\n";
    assert_eq!(judged(), "2019/2020");
    admin.load("results", slip).succeeded([1, 0, 0, 0]);
    assert_eq!(judged(), "2024/2025");
    remove(&admin, &format!("{RESULTS}?academic_year=2024%2F2025&type=OGE")).expect(200);
    assert_eq!(judged(), "2019/2020");
});
