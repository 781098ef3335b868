//! Changes that concern more than the contents of one record: other natural keys, what goes with a record, and what goes
//! out of an area.

use crate::{
    changes::{position, said, told},
    harness::{
        Client, World,
        facts::{FACTS, draft, enter, with_plan},
        seed::Seed,
        trail::entries,
    },
};
use opora_identity::Role;
use serde_json::{Value, json};

const EVIDENCE: &str = "/api/v1/evidence";

/// Makes a record and changes it by `patch`: the feed tells both its natural keys.
#[track_caller]
fn renamed(client: &Client, resource: &str, body: &Value, patch: &Value, fields: &[&str]) {
    let start = position(client);
    let made = client.post(&format!("/api/v1/{resource}"), body).expect(201);
    let now = client.patch(made.header("location"), made.header("etag"), patch).expect(200);
    let key = |record: &Value| -> Value {
        fields.iter().map(|field| ((*field).to_owned(), record[field].clone())).collect()
    };
    let changes = told(client, &start, &format!("&resource={resource}"), 100);
    assert_eq!(said(&changes), [("create", &key(&made.json)), ("update", &key(&now.json))]);
    assert_ne!(key(&made.json), key(&now.json));
    assert_eq!(changes[1]["previous_key"], key(&made.json), "{resource}");
}

both!(another_natural_key_is_told_with_the_one_before, |world| {
    let institute = with_plan(world);
    let people = institute.get(&format!("/api/v1/schools/{}/staff", world.seed.school)).expect(200);
    let support = json!({ "staff_id": people.items()[0]["id"], "form": "mentoring", "programme": "Уроки математики",
        "starts_on": "2021-02-01" });
    let fields = ["external_id", "form", "programme", "starts_on"];
    for patch in [json!({ "form": "internship" }), json!({ "starts_on": "2021-03-01" })] {
        renamed(&institute, "support-records", &support, &patch, &fields);
    }
    let act = json!({ "issuer": "Министерство образования", "kind": "order", "number": "1", "signed_on": "2020-05-29",
        "title": "О поддержке школ" });
    renamed(&institute, "acts", &act, &json!({ "number": "1-а" }), &["issuer", "number", "signed_on"]);
    let seat = json!({ "seat": 1, "role": "chair", "organisation": "Министерство образования",
        "position": "Заместитель министра", "holder": "Демонстрационный Участник 01", "valid_from": "2020-05-29" });
    let later = json!({ "valid_from": "2020-06-01" });
    renamed(&institute, "working-group/seats", &seat, &later, &["seat", "valid_from"]);
    let window = json!({ "window_from": "2021-09-01" });
    renamed(&institute, "facts", &draft(&institute), &window, &["plan_id", "activity", "window_from", "id"]);
});

/// Attaches a link to a fact.
fn attach(client: &Client, fact: &Value, page: &str) -> Value {
    let link = json!({ "url": format!("https://example.org/{page}") });
    client.post(&format!("{FACTS}/{}/evidence", fact["id"]), &link).expect(201).json
}

/// Resource, operation and key of each change of facts and of their evidence.
fn steps(client: &Client, start: &str) -> Vec<Value> {
    let changes = told(client, start, "&resource=facts,evidence", 100);
    let step = |c: &Value| json!([c["resource"], c["operation"], c["key"]]);
    changes.iter().map(step).collect()
}

fn step(resource: &str, operation: &str, record: &Value) -> Value {
    json!([resource, operation, record["id"].to_string()])
}

/// The pieces of evidence that the audit log knows as removed, with their contents.
fn removed(world: &World) -> Vec<Value> {
    let all = entries(&world.node.state.database, None);
    let gone = all.iter().filter(|entry| entry.resource == "evidence" && entry.action == "delete");
    gone.map(|entry| serde_json::from_str(entry.before.as_deref().unwrap()).unwrap()).collect()
}

both!(evidence_changes_its_fact_and_goes_with_it, |world| {
    let institute = with_plan(world);
    let start = position(&institute);
    let fact = enter(&institute, &draft(&institute));
    let path = format!("{FACTS}/{}", fact["id"]);
    let [one, two, three] = ["1", "2", "3"].map(|page| attach(&institute, &fact, page));
    institute.call("DELETE", &format!("{EVIDENCE}/{}", one["id"])).send().expect(204);
    assert_eq!(institute.get(&path).expect(200).header("etag"), "\"5\"");
    institute.call("DELETE", &path).header("If-Match", "\"5\"").send().expect(204);
    let touched =
        |piece: &Value, operation: &str| [step("facts", "update", &fact), step("evidence", operation, piece)];
    let mut expected = vec![step("facts", "create", &fact)];
    expected.extend([&one, &two, &three].into_iter().flat_map(|piece| touched(piece, "create")));
    expected.extend(touched(&one, "delete"));
    expected.extend([&two, &three].map(|piece| step("evidence", "delete", piece)));
    expected.push(step("facts", "delete", &fact));
    assert_eq!(steps(&institute, &start), expected);
    assert_eq!(removed(world), [one, two, three]);
});

both!(evidence_goes_with_a_proposal_that_is_taken_back, |world| {
    let institute = with_plan(world);
    let propose =
        |on: &str| institute.post("/api/v1/plans/2020-2021/fact-proposals", &json!({ "on": on })).expect(200);
    let outdated = propose("2020-10-01").items()[0].clone();
    let piece = attach(&institute, &outdated, "1");
    let start = position(&institute);
    // Another version of the list: another count.
    world.client(Role::Admin).load("lists", "Год списка;Код ОО\n2020;520101\n").succeeded([1, 0, 0, 0]);
    propose("2020-12-01");
    let steps = steps(&institute, &start);
    let place = steps.iter().position(|found| *found == step("evidence", "delete", &piece)).unwrap();
    assert_eq!(steps[place + 1], step("facts", "delete", &outdated));
    assert_eq!(removed(world), [piece]);
});

both!(a_fact_that_moves_leaves_its_organisation, |world| {
    let Seed { own, school, neighbour, other_school, .. } = world.seed;
    let institute = with_plan(world);
    let mut body = draft(&institute);
    body["school_id"] = json!(school);
    let fact = enter(&institute, &body);
    let path = format!("{FACTS}/{}", fact["id"]);
    let start = position(&institute);
    for (version, place) in [
        json!({ "school_id": neighbour }),
        json!({ "school_id": other_school }),
        json!({ "school_id": null, "municipality_id": own }),
        json!({ "municipality_id": null }),
    ]
    .iter()
    .enumerate()
    {
        institute.patch(&path, &format!("\"{}\"", version + 1), place).expect(200);
    }
    let seen = |login: &str| {
        let changes = told(&world.log_in(login), &start, "", 100);
        changes.iter().map(|change| change["operation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen("institute"), ["update"; 4]);
    // Between two schools of a municipality nothing has left it.
    assert_eq!(seen("municipality"), ["update", "leave", "update", "leave"]);
    assert_eq!(seen("school"), ["leave"]);
    assert_eq!(seen("other_municipality"), ["update", "leave"]);
    assert_eq!(seen("other_school"), ["update", "leave"]);
    // What is about no organisation is the region's.
    assert!(seen("city").is_empty());
    let left = &told(&world.client(Role::School), &start, "", 100)[0];
    assert_eq!((&left["school_id"], &left["href"]), (&json!(school), &Value::Null));
});

both!(a_school_is_told_of_its_own_municipality, |world| {
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let Seed { own, other, .. } = world.seed;
    for (id, name) in [(own, "Северный округ"), (other, "Южный округ")] {
        let path = format!("/api/v1/municipalities/{id}");
        institute.patch(&path, "\"1\"", &json!({ "name": name })).expect(200);
    }
    for (login, municipality, oktmo) in [("school", own, "22601000"), ("other_school", other, "22602000")] {
        let client = world.log_in(login);
        let changes = told(&client, &start, "&resource=municipalities", 100);
        assert_eq!(said(&changes), [("update", &json!({ "oktmo": oktmo }))]);
        assert_eq!(changes[0]["municipality_id"], json!(municipality));
        client.get(changes[0]["href"].as_str().unwrap()).expect(200);
    }
});

both!(keys_follow_the_code_of_their_school_and_of_their_municipality, |world| {
    let Seed { own, school, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    institute.patch(&format!("/api/v1/schools/{school}"), "\"1\"", &json!({ "code": "520909" })).expect(200);
    institute
        .patch(&format!("/api/v1/municipalities/{own}"), "\"1\"", &json!({ "oktmo": "22603000" }))
        .expect(200);
    // One entry for the school and one for the municipality, whatever they have.
    let [code, oktmo] = [json!({ "code": "520909" }), json!({ "oktmo": "22603000" })];
    let changes = told(&institute, &start, "", 100);
    assert_eq!(said(&changes), [("update", &code), ("update", &oktmo)]);
    let before: Vec<&Value> = changes.iter().map(|change| &change["previous_key"]).collect();
    assert_eq!(before, [&json!({ "code": "520101" }), &json!({ "oktmo": "22601000" })]);
    // What they have is told under the new code from then on, and of the same school and municipality.
    let middle = position(&institute);
    for owner in [format!("school_id={school}"), format!("municipality_id={own}")] {
        let found = institute.get(&format!("/api/v1/designations?{owner}")).expect(200);
        let path = format!("/api/v1/designations/{}", found.items()[0]["id"]);
        institute.patch(&path, "\"1\"", &json!({ "act": "1" })).expect(200);
    }
    let table = "school_code;academic_year;pupils\n520909;2019/2020;310\n";
    institute.load("contexts", table).succeeded([0, 1, 0, 0]);
    let changes = told(&institute, &middle, "", 100);
    let expected = [
        json!({ "kind": "innovation_platform", "school_code": "520909" }),
        json!({ "kind": "M1", "oktmo": "22603000" }),
        json!({ "school_code": "520909", "academic_year": "2019/2020" }),
    ];
    assert_eq!(said(&changes), expected.each_ref().map(|key| ("update", key)));
    let owners = [(json!(school), json!(own)), (Value::Null, json!(own)), (json!(school), json!(own))];
    for (change, owner) in changes.iter().zip(owners) {
        assert_eq!((change["school_id"].clone(), change["municipality_id"].clone()), owner, "{change}");
    }
});

// What lies in an area follows from cities and successors: a follower is told of the municipality, and by it of all within.
both!(a_municipality_that_goes_to_another_area_leaves_the_first, |world| {
    let Seed { own, other, district, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let oktmo =
        |id: i64| institute.get(&format!("/api/v1/municipalities/{id}")).expect(200).json["oktmo"].clone();
    let key = json!({ "oktmo": oktmo(district.0) });
    let path = format!("/api/v1/municipalities/{district}");
    let seen = |login: &str, start: &str| -> Vec<String> {
        let changes = told(&world.log_in(login), start, "&resource=municipalities", 100);
        let of_district = changes.iter().filter(|change| change["natural_key"] == key);
        of_district.map(|change| change["operation"].as_str().unwrap().to_owned()).collect()
    };
    let start = position(&institute);
    institute.patch(&path, "\"1\"", &json!({ "parent_id": own })).expect(200);
    assert_eq!(seen("institute", &start), ["update"]);
    assert_eq!(seen("city", &start), ["leave"]);
    assert_eq!(seen("municipality", &start), ["update"]);
    for login in ["other_municipality", "school", "other_school"] {
        assert!(seen(login, &start).is_empty(), "{login}");
    }
    // It stays in the area that it lies in by another way, and goes to that of its successor besides.
    let start = position(&institute);
    let ended = json!({ "valid_to": "2019-12-31", "successor_id": other });
    institute.patch(&path, "\"2\"", &ended).expect(200);
    assert_eq!(seen("municipality", &start), ["update"]);
    assert_eq!(seen("other_municipality", &start), ["update"]);
    let start = position(&institute);
    institute.patch(&path, "\"3\"", &json!({ "valid_to": null, "successor_id": null })).expect(200);
    assert_eq!(seen("other_municipality", &start), ["leave"]);
    assert_eq!(seen("municipality", &start), ["update"]);
});

both!(a_municipality_that_is_removed_leaves_its_city, |world| {
    let institute = world.client(Role::Institute);
    let draft = json!({ "oktmo": "22699100", "name": "Новый район", "kind": "city_district",
        "parent_id": world.seed.city });
    let made = institute.post("/api/v1/municipalities", &draft).expect(201);
    let start = position(&institute);
    let path = made.header("location");
    institute.call("DELETE", path).header("If-Match", made.header("etag")).send().expect(204);
    let key = json!({ "oktmo": "22699100" });
    let seen = |login: &str| told(&world.log_in(login), &start, "", 100);
    assert_eq!(said(&seen("institute")), [("delete", &key)]);
    assert_eq!(said(&seen("city")), [("leave", &key)]);
    assert!(seen("municipality").is_empty());
});

both!(schools_show_the_new_name_of_their_municipality_and_are_told, |world| {
    let Seed { own, school, neighbour, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let before = institute.get(&format!("/api/v1/schools/{school}")).expect(200);
    let path = format!("/api/v1/municipalities/{own}");
    institute.patch(&path, "\"1\"", &json!({ "name": "Северный округ" })).expect(200);
    let changes = told(&world.client(Role::Municipality), &start, "&resource=schools", 100);
    let ids: Vec<&Value> = changes.iter().map(|change| &change["school_id"]).collect();
    assert_eq!(ids, [&json!(school), &json!(neighbour)]);
    assert_eq!(changes[0]["natural_key"], json!({ "code": "520101" }));
    // Whoever looks with the tag of the copy gets the new name.
    let tag = before.header("etag");
    let now = institute.call("GET", changes[0]["href"].as_str().unwrap()).header("If-None-Match", tag).send();
    assert_eq!(now.expect(200).json["municipality_name"], "Северный округ");
    // Another field of the municipality stands in no school.
    let start = position(&institute);
    institute.patch(&path, "\"2\"", &json!({ "valid_from": "2000-01-01" })).expect(200);
    assert!(told(&institute, &start, "&resource=schools", 100).is_empty());
});

both!(records_of_support_go_along_with_their_person, |world| {
    let Seed { school, other_school, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let record = institute.get("/api/v1/support-records").expect(200).items().to_vec();
    let record = record.into_iter().find(|record| record["school_id"] == json!(school)).unwrap();
    let start = position(&institute);
    let table = "external_id;school_code;role;full_name\nperson-520101;520201;teacher;Учитель Один\n";
    institute.load("staff", table).succeeded([0, 1, 0, 0]);
    let key = Value::from_iter(
        ["external_id", "form", "programme", "starts_on"]
            .map(|field| (field.to_owned(), record[field].clone())),
    );
    let seen = |login: &str| told(&world.log_in(login), &start, "&resource=support-records", 100);
    for login in ["municipality", "school"] {
        assert_eq!(said(&seen(login)), [("leave", &key)], "{login}");
    }
    for login in ["institute", "other_municipality", "other_school"] {
        assert_eq!(said(&seen(login)), [("update", &key)], "{login}");
    }
    let told = &seen("institute")[0];
    assert_eq!((&told["key"], &told["school_id"]), (&json!(record["id"].to_string()), &json!(other_school)));
    let now = institute.get(told["href"].as_str().unwrap()).expect(200);
    assert_eq!(now.json["school_id"], json!(other_school));
    // The same file moves nobody.
    let start = position(&institute);
    institute.load("staff", table).succeeded([0, 0, 1, 0]);
    assert!(crate::changes::told(&institute, &start, "", 100).is_empty());
});
