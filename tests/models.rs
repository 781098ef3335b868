//! From verdicts to proposals, from proposals to assignments, from assignments to the target indicators.

use crate::{
    harness::{
        Client, Reply, World,
        load::Busy,
        region::{self, HIGH, LOW_SHARE, LOW_TREND, ORDINARY, PILOT, RISK},
    },
    tour::{default_methodology, judge, judged},
};
use opora_identity::Role;
use serde_json::{Value, json};

const PROPOSAL_RUNS: &str = "/api/v1/proposal-runs";

/// Runs the rules on the facts of a day.
fn propose(institute: &Client, run: &Value, as_of: &str) -> i64 {
    let body = json!({ "identification_run_id": run["id"], "as_of": as_of });
    institute.post(PROPOSAL_RUNS, &body).expect(201).json["id"].as_i64().unwrap()
}

fn proposals(client: &Client, run: i64, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/proposals?proposal_run_id={run}&limit=1000{query}")).expect(200);
    page.items().to_vec()
}

/// The subjects a run proposes a model to, in words: code of a school or name of a municipality, or of a person.
fn subjects(client: &Client, run: i64, model: &str) -> Vec<String> {
    let name = |p: &Value| {
        let names = ["staff_name", "municipality_name", "school_code"]
            .map(|field| p[field].as_str().map(str::to_owned));
        names.into_iter().flatten().next().unwrap()
    };
    let mut found: Vec<_> = proposals(client, run, &format!("&model={model}")).iter().map(name).collect();
    found.sort();
    found
}

/// The only proposal of a model for a school or its people.
fn of_school(client: &Client, run: i64, model: &str, code: &str) -> Value {
    let all = proposals(client, run, &format!("&model={model}"));
    all.into_iter().find(|p| p["school_code"] == code).unwrap_or_else(|| panic!("no {model} for {code}"))
}

fn confirm(client: &Client, proposal: &Value) -> Reply {
    client.post(&format!("/api/v1/proposals/{}/confirm", proposal["id"]), &json!({}))
}

both!(the_rules_propose_all_seven_models, |world| {
    let (institute, run) = judged(world);
    // The first model ends with 2020, the network and the full partnership begin with 2021.
    let first = propose(&institute, &run, "2020-09-01");
    assert!(subjects(&institute, first, "M1").contains(&PILOT.to_owned()));
    assert!(subjects(&institute, first, "M1").contains(&"Северный".to_owned()));
    assert!(subjects(&institute, first, "M6").contains(&"Район 7".to_owned()));
    assert_eq!(subjects(&institute, first, "M7"), [""; 0]);
    let second = propose(&institute, &run, "2021-03-01");
    assert_eq!(subjects(&institute, second, "M1"), [""; 0]);
    // Designated and low: both are listed. Their municipality with them, and those of the seed's schools, which have the
    // model already.
    assert_eq!(
        subjects(&institute, second, "M2"),
        [LOW_SHARE, ORDINARY, "Заречный", "Район 4", "Северный", "Южный"]
    );
    // Four and seven listed schools, not three and not eight.
    assert_eq!(subjects(&institute, second, "M3"), ["Район 4", "Район 7"]);
    // Of the heads of two listed schools one is in the second model; the third head's school is not listed.
    assert_eq!(subjects(&institute, second, "M4"), ["Руководитель второй школы"]);
    assert_eq!(subjects(&institute, second, "M5"), ["Учитель первой школы"]);
    // In the second model, or, like the fourth district, with a high-result school beside four listed ones besides.
    assert_eq!(subjects(&institute, second, "M6"), ["Заречный", "Район 4", "Северный", "Южный"]);
    let network = subjects(&institute, second, "M7");
    assert_eq!(network.len(), 23, "22 listed schools and the high-result one: {network:?}");
    assert!(network.contains(&HIGH.to_owned()));
    let reason = of_school(&institute, second, "M2", LOW_SHARE);
    assert!(reason["reason_text"].as_str().unwrap().contains(LOW_SHARE), "{reason}");
    // The proposals of the earlier run are out of date.
    let old = proposals(&institute, first, "");
    assert!(!old.is_empty() && old.iter().all(|p| p["state"] == "superseded"));
    confirm(&institute, &old[0]).expect(409).problem("proposal_decided");
});

both!(municipalities_outside_the_bounds_are_gaps, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let page = institute.get(&format!("/api/v1/coverage-gaps?proposal_run_id={id}")).expect(200);
    let gaps: Vec<_> =
        page.items().iter().map(|g| (&g["municipality_name"], &g["kind"], &g["listed"])).collect();
    let (three, eight) = (json!("Район 3"), json!("Район 8"));
    assert_eq!(gaps, [(&three, &json!("too_few"), &json!(3)), (&eight, &json!("too_many"), &json!(8))]);
    assert_eq!(institute.get("/api/v1/coverage-gaps").expect(200).items(), page.items());
    // Each area sees its own gap.
    let user = json!({ "login": "third", "display_name": "Третий", "password": "four random words", "role": "municipality",
        "municipality_id": page.items()[0]["municipality_id"] });
    world.client(Role::Admin).post("/api/v1/users", &user).expect(201);
    assert_eq!(world.log_in("third").get("/api/v1/coverage-gaps").expect(200).items(), &page.items()[..1]);
    for role in [Role::Municipality, Role::School] {
        assert!(world.client(role).get("/api/v1/coverage-gaps").expect(200).items().is_empty());
    }
});

both!(a_person_decides_once, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let base = of_school(&institute, id, "M2", LOW_SHARE);
    let made = confirm(&institute, &base).expect(201);
    assert_eq!(
        (&made.json["model"], &made.json["proposal_id"], &made.json["valid_from"]),
        (&json!("M2"), &base["id"], &json!("2020-03-10"))
    );
    confirm(&institute, &base).expect(409).problem("proposal_decided");
    let decline = |proposal: &Value, body: Value| {
        institute.post(&format!("/api/v1/proposals/{}/decline", proposal["id"]), &body)
    };
    decline(&base, json!({ "reason": "Поздно" })).expect(409).problem("proposal_decided");
    let other = of_school(&institute, id, "M2", ORDINARY);
    decline(&other, json!({ "reason": " " })).expect(422);
    let declined = decline(&other, json!({ "reason": "Школа отказалась" })).expect(200);
    let said = (&declined.json["state"], &declined.json["decision_reason"]);
    assert_eq!(said, (&json!("declined"), &json!("Школа отказалась")));
    assert!(declined.json["decided_by"].is_i64(), "{declined}");
    // The subject has the model now: it is not proposed again; what was declined is.
    let next = propose(&institute, &run, "2021-03-01");
    let again = subjects(&institute, next, "M2");
    assert!(again.contains(&ORDINARY.to_owned()) && !again.contains(&LOW_SHARE.to_owned()), "{again:?}");
});

both!(many_are_decided_together_or_not_at_all, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let decide = |body: Value| institute.post("/api/v1/proposal-decisions", &body);
    let network = proposals(&institute, id, "&model=M7");
    confirm(&institute, &network[1]).expect(201);
    let ids: Vec<&Value> = network[..3].iter().map(|p| &p["id"]).collect();
    decide(json!({ "ids": ids, "decision": "confirm" })).expect(409).problem("proposal_decided");
    let made = || world.storage.number("SELECT count(*) AS n FROM assignments WHERE model = 'M7'");
    assert_eq!(made(), 1);
    let all = decide(json!({ "filter": { "proposal_run_id": id, "model": "M7" }, "decision": "confirm" }))
        .expect(200);
    assert_eq!((all.items().len(), made()), (22, 23));
    decide(json!({ "ids": [network[0]["id"]], "decision": "decline" })).expect(422);
    decide(json!({ "decision": "confirm" })).expect(422);
});

both!(the_base_model_excludes_the_leaders, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let head = of_school(&institute, id, "M4", LOW_TREND);
    let body = json!({ "model": "M2", "subject_kind": "school", "school_id": head["school_id"], "valid_from": "2020-09-01",
        "exception": true, "reason": "По заявлению школы" });
    let made = institute.post("/api/v1/assignments", &body).expect(201);
    confirm(&institute, &head).expect(409).problem("model_excluded");
    institute.post("/api/v1/assignments", &body).expect(409).problem("already_exists");
    // When the base model has ended before the leaders' begins, nothing excludes.
    let end = json!({ "kind": "ended", "on_date": "2020-10-01", "reason": "Вышла" });
    institute.post(&format!("{}/events", made.header("location")), &end).expect(201);
    let later = json!({ "valid_from": "2021-01-01" });
    institute.post(&format!("/api/v1/proposals/{}/confirm", head["id"]), &later).expect(201);
});

both!(the_leaders_exclude_the_base_model_too, |world| {
    let (institute, run) = judged(world);
    let first = propose(&institute, &run, "2021-03-01");
    let head = of_school(&institute, first, "M4", LOW_TREND);
    // From 1 August 2020 to 31 July 2021.
    confirm(&institute, &head).expect(201);
    let by_hand = |model: &str, from: &str| {
        let body = json!({ "model": model, "subject_kind": "school", "school_id": head["school_id"], "valid_from": from,
            "exception": true, "reason": "По заявлению школы" });
        institute.post("/api/v1/assignments", &body)
    };
    for (model, from) in [("M1", "2020-07-01"), ("M1", "2020-09-01"), ("M2", "2021-07-31")] {
        by_hand(model, from).expect(409).problem("model_excluded");
    }
    // An act brings the school into the base model, so that it is proposed.
    let act = format!("Код ОО;ОКТМО;Назначение\n{LOW_TREND};;M2_wave2\n");
    world.client(Role::Admin).load("designations", act).succeeded([1, 0, 0, 0]);
    let second = propose(&institute, &run, "2021-03-01");
    let base = of_school(&institute, second, "M2", LOW_TREND);
    confirm(&institute, &base).expect(409).problem("model_excluded");
    let many = json!({ "ids": [base["id"]], "decision": "confirm" });
    let refused = institute.post("/api/v1/proposal-decisions", &many).expect(409).problem("model_excluded");
    assert_eq!(refused.flaws(), [("/ids/0", "contradiction")]);
    // When the leaders' year is over, nothing excludes.
    let later = json!({ "valid_from": "2021-08-01" });
    institute.post(&format!("/api/v1/proposals/{}/confirm", base["id"]), &later).expect(201);
});

/// Says in the register what has become of somebody who is there.
fn re_registered(world: &World, row: &str) {
    let file = format!("Идентификатор;Код ОО;Должность;Предмет;ФИО\n{row}\n");
    world.client(Role::Admin).load("staff", file).succeeded([0, 1, 0, 0]);
}

both!(a_person_keeps_a_model_at_another_school, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let teacher = of_school(&institute, id, "M5", LOW_SHARE);
    // From 1 August 2020 to 31 July 2021.
    confirm(&institute, &teacher).expect(201);
    re_registered(world, &format!("teacher-1;{LOW_TREND};Учитель;Математика;Учитель первой школы"));
    let by_hand = |from: &str| {
        let body = json!({ "model": "M5", "subject_kind": "teacher", "staff_id": teacher["staff_id"], "valid_from": from,
            "reason": "По заявлению" });
        institute.post("/api/v1/assignments", &body)
    };
    by_hand("2021-01-10").expect(409).problem("already_exists");
    let next = propose(&institute, &run, "2021-03-01");
    assert_eq!(subjects(&institute, next, "M5"), [""; 0]);
    assert_eq!(by_hand("2021-08-01").expect(201).json["exception"], false);
});

both!(a_head_excludes_the_base_model_of_the_school_of_now, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let head = of_school(&institute, id, "M4", LOW_TREND);
    confirm(&institute, &head).expect(201);
    re_registered(world, &format!("head-2;{RISK};Руководитель;;Руководитель второй школы"));
    let base = |code: &str| {
        let school = institute.get(&format!("/api/v1/schools/code:{code}")).expect(200);
        let body = json!({ "model": "M2", "subject_kind": "school", "school_id": school.json["id"],
            "valid_from": "2021-03-01", "exception": true, "reason": "По заявлению школы" });
        institute.post("/api/v1/assignments", &body)
    };
    base(RISK).expect(409).problem("model_excluded");
    base(LOW_TREND).expect(201);
});

both!(who_has_left_the_post_is_not_confirmed, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let (head, teacher) =
        (of_school(&institute, id, "M4", LOW_TREND), of_school(&institute, id, "M5", LOW_SHARE));
    re_registered(world, &format!("head-2;{RISK};Руководитель;;Руководитель второй школы"));
    re_registered(world, &format!("teacher-1;{LOW_SHARE};Педагог-психолог;;Учитель первой школы"));
    for proposal in [&head, &teacher] {
        confirm(&institute, proposal).expect(409).problem("not_eligible");
    }
    let many = json!({ "ids": [head["id"], teacher["id"]], "decision": "confirm" });
    let refused = institute.post("/api/v1/proposal-decisions", &many).expect(409).problem("not_eligible");
    assert_eq!(refused.flaws(), [("/ids/0", "contradiction"), ("/ids/1", "contradiction")]);
    let declined = json!({ "reason": "Перешёл в другую школу" });
    institute.post(&format!("/api/v1/proposals/{}/decline", teacher["id"]), &declined).expect(200);
    re_registered(world, &format!("head-2;{LOW_TREND};Руководитель;;Руководитель второй школы"));
    confirm(&institute, &head).expect(201);
});

both!(a_confirmation_stays_within_what_was_proposed, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2020-12-15");
    let of_district = |model: &str| {
        let all = proposals(&institute, id, &format!("&model={model}"));
        all.into_iter().find(|p| p["municipality_name"] == "Район 7").unwrap()
    };
    let (pilot, services) = (of_district("M6"), of_district("M3"));
    let confirm = |proposal: &Value, dates: Value| {
        institute.post(&format!("/api/v1/proposals/{}/confirm", proposal["id"]), &dates)
    };
    for (proposal, dates, pointer) in [
        // The full run has conditions of its own, and so has another cohort.
        (&pilot, json!({ "valid_from": "2021-01-01", "valid_to": "2023-12-31" }), "/valid_from"),
        (&pilot, json!({ "valid_from": "2020-12-20", "valid_to": "2021-01-01" }), "/valid_to"),
        (&services, json!({ "valid_from": "2027-01-01" }), "/valid_from"),
        (&services, json!({ "valid_from": "2019-12-31" }), "/valid_from"),
    ] {
        let refused = confirm(proposal, dates).expect(422).problem("invalid_fields");
        assert_eq!(refused.flaws(), [(pointer, "outside_term")]);
    }
    for proposal in [&pilot, &services] {
        let made = confirm(proposal, json!({ "valid_from": "2020-12-15" })).expect(201);
        assert_eq!(made.json["valid_to"], "2020-12-31");
    }
});

both!(a_planned_model_is_no_part_taken_yet, |world| {
    let (institute, run) = judged(world);
    let school = institute.get(&format!("/api/v1/schools/code:{LOW_TREND}")).expect(200);
    let body = json!({ "model": "M2", "subject_kind": "school", "school_id": school.json["id"], "valid_from": "2021-06-01",
        "exception": true, "reason": "По заявлению школы" });
    institute.post("/api/v1/assignments", &body).expect(201);
    for (on, heads) in [("2021-05-31", &["Руководитель второй школы"][..]), ("2021-06-01", &[])]
    {
        let id = propose(&institute, &run, on);
        assert_eq!(subjects(&institute, id, "M4"), heads, "{on}");
    }
});

both!(the_reason_tells_the_share_that_the_verdict_took, |world| {
    region::load(&world.client(Role::Admin));
    let admin = world.client(Role::Admin);
    // Six participants of a year are too few, twelve of two are not; 8 of 12 are below the minimum.
    let rows: String =
        ["2017/2018", "2018/2019"].map(|year| format!("{LOW_SHARE};{year};ВПР;7;Физика;6;4;2,5\n")).concat();
    admin.load("results", format!("{}{rows}", region::RESULTS)).succeeded([2, 0, 0, 0]);
    let head = "Идентификатор;Код ОО;Должность;Предмет;ФИО\n";
    let person = format!("teacher-2;{LOW_SHARE};Учитель;Физика;Учитель физики\n");
    admin.load("staff", format!("{head}{person}")).succeeded([1, 0, 0, 0]);
    let institute = world.client(Role::Institute);
    let run = judge(&institute, default_methodology(&institute));
    let id = propose(&institute, &run, "2021-03-01");
    let all = proposals(&institute, id, "&model=M5");
    let told = all.iter().find(|p| p["staff_name"] == "Учитель физики").unwrap();
    assert_eq!(
        told["reason"]["ground"]["school_share"],
        json!({ "numerator": 8, "denominator": 12 }),
        "{told}"
    );
});

both!(by_hand_the_rules_of_the_model_are_asked, |world| {
    let (institute, _) = judged(world);
    let places = institute.get("/api/v1/municipalities?limit=1000").expect(200);
    let district = |listed: i32| {
        let code = region::district(listed);
        places.items().iter().find(|m| m["oktmo"] == code).unwrap()["id"].clone()
    };
    let school =
        |code: &str| institute.get(&format!("/api/v1/schools/code:{code}")).expect(200).json["id"].clone();
    let by_hand = |model: &str, field: &str, id: &Value, exception: bool| {
        let kind = field.trim_end_matches("_id");
        let from = if model == "M1" { "2020-09-01" } else { "2021-03-01" };
        let body = json!({ "model": model, "subject_kind": kind, field: id, "valid_from": from, "exception": exception,
            "reason": "По заявлению" });
        institute.post("/api/v1/assignments", &body)
    };
    let (three, four) = (district(3), district(4));
    let (ordinary, pilot) = (school(LOW_TREND), school(PILOT));
    for (model, field, id) in [
        // Three listed schools are not four, and there is no branch for their municipality.
        ("M3", "municipality_id", &three),
        ("M6", "municipality_id", &three),
        // Neither designated to the pilot nor to the base model.
        ("M1", "school_id", &ordinary),
        ("M2", "school_id", &ordinary),
    ] {
        let refused = by_hand(model, field, id, false).expect(409).problem("not_eligible");
        assert!(refused.json["detail"].as_str().unwrap().contains("exception"), "{refused}");
    }
    let kept = |exception: bool| {
        let like = format!("%\"exception\":{exception}%");
        world.storage.number(&format!(
            "SELECT count(*) AS n FROM audit_log WHERE resource = 'assignments' AND after LIKE '{like}'"
        ))
    };
    assert_eq!((kept(true), kept(false)), (0, 0), "what is refused leaves nothing");
    let made = by_hand("M3", "municipality_id", &three, true).expect(201);
    assert_eq!(made.json["exception"], true);
    let made = institute.get(made.header("location")).expect(200);
    assert_eq!(made.json["exception"], true);
    // Whom the rules hold, and the network, need no exception and become none.
    for (model, field, id, exception) in [
        ("M3", "municipality_id", &four, true),
        ("M6", "municipality_id", &four, false),
        ("M1", "school_id", &pilot, false),
        ("M6", "school_id", &ordinary, false),
        ("M7", "school_id", &ordinary, false),
    ] {
        assert_eq!(by_hand(model, field, id, exception).expect(201).json["exception"], false, "{model}");
    }
    assert_eq!((kept(true), kept(false)), (1, 5));
});

both!(an_assignment_lies_within_the_term_of_its_model, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let by_hand = |model: &str, kind: &str, from: &str, to: Value| {
        let (field, subject) = if kind == "school" {
            ("school_id", json!(world.seed.school))
        } else {
            ("municipality_id", json!(world.seed.other))
        };
        institute.post(
            "/api/v1/assignments",
            &json!({ "model": model, "subject_kind": kind, field: subject, "valid_from": from,
            "valid_to": to, "exception": true, "reason": "По заявлению" }),
        )
    };
    for (model, kind, from, to, pointer) in [
        ("M1", "school", "2017-12-31", json!("2020-12-31"), "/valid_from"),
        ("M1", "school", "2020-09-01", json!("2021-01-01"), "/valid_to"),
        ("M2", "school", "2023-03-10", Value::Null, "/valid_from"),
        // A yearly model: within one cohort.
        ("M3", "municipality", "2020-06-01", json!("2021-05-31"), "/valid_to"),
        ("M3", "municipality", "2019-12-31", Value::Null, "/valid_from"),
        // Either branch of the sixth, but not both.
        ("M6", "municipality", "2020-06-01", json!("2021-06-01"), "/valid_to"),
        ("M7", "school", "2020-12-31", Value::Null, "/valid_from"),
    ] {
        let refused = by_hand(model, kind, from, to).expect(422).problem("invalid_fields");
        let flaw = &refused.json["errors"][0];
        assert_eq!(
            (&flaw["pointer"], &flaw["code"]),
            (&json!(pointer), &json!("outside_term")),
            "{model} {from}"
        );
    }
    // Without a last day the assignment ends with the term; the network has none.
    let ends = |reply: Reply| reply.expect(201).json["valid_to"].clone();
    assert_eq!(ends(by_hand("M1", "school", "2020-09-01", Value::Null)), "2020-12-31");
    assert_eq!(ends(by_hand("M3", "municipality", "2021-06-01", Value::Null)), "2021-12-31");
    assert_eq!(ends(by_hand("M6", "municipality", "2021-06-01", Value::Null)), "2023-12-31");
    assert_eq!(ends(by_hand("M7", "school", "2024-09-01", Value::Null)), Value::Null);
    // A confirmation with dates of its own is held to the same.
    let leader = of_school(&institute, id, "M4", LOW_TREND);
    let dates = json!({ "valid_from": "2020-09-01", "valid_to": "2021-08-01" });
    let refused = institute.post(&format!("/api/v1/proposals/{}/confirm", leader["id"]), &dates).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/valid_to");
});

both!(people_are_shown_only_to_those_who_may_see_them, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2021-03-01");
    let read = "SELECT count(*) AS n FROM audit_log WHERE action = 'read'";
    let before = world.storage.number(read);
    let person = of_school(&institute, id, "M5", LOW_SHARE);
    assert!(world.storage.number(read) > before, "reading people leaves a trace");
    let path = format!("/api/v1/proposals/{}", person["id"]);
    for role in [Role::Ministry, Role::Supervision, Role::Expert] {
        let client = world.client(role);
        assert!(proposals(&client, id, "").iter().all(|p| p["staff_id"].is_null()));
        client.get(&path).expect(404).problem("not_found");
        let detail = client.get(&format!("{PROPOSAL_RUNS}/{id}")).expect(200);
        assert_eq!(detail.json["people_hidden"], 2, "{detail}");
    }
    world.client(Role::Admin).get(&path).expect(200);
    assert_eq!(institute.get(&format!("{PROPOSAL_RUNS}/{id}")).expect(200).json["people_hidden"], 0);
});

both!(another_areas_proposals_are_not_found, |world| {
    let (institute, run) = judged(world);
    let id = propose(&institute, &run, "2020-09-01");
    let (own, other) = (world.client(Role::Municipality), world.log_in("other_municipality"));
    let mine = proposals(&own, id, "");
    assert!(!mine.is_empty());
    for proposal in &mine {
        assert_eq!(proposal["municipality_id"], json!(world.seed.own), "{proposal}");
        let path = format!("/api/v1/proposals/{}", proposal["id"]);
        own.get(&path).expect(200);
        other.get(&path).expect(404).problem("not_found");
    }
    let everything = proposals(&institute, id, "").len();
    assert!(mine.len() < everything);
    own.post(PROPOSAL_RUNS, &json!({})).expect(403).problem("forbidden");
});

both!(an_assignment_keeps_its_history, |world| {
    let institute = world.client(Role::Institute);
    let body = json!({ "model": "M7", "subject_kind": "school", "school_id": world.seed.school, "valid_from": "2021-01-01",
        "valid_to": "2021-12-31", "reason": "По заявлению школы" });
    let path = institute.post("/api/v1/assignments", &body).expect(201).header("location").to_owned();
    let event = |kind: &str, on: &str| {
        institute
            .post(&format!("{path}/events"), &json!({ "kind": kind, "on_date": on, "reason": "Карантин" }))
    };
    event("resumed", "2021-02-01").expect(409).problem("wrong_state");
    event("paused", "2021-03-01").expect(201);
    event("paused", "2021-03-15").expect(409).problem("wrong_state");
    event("resumed", "2021-04-01").expect(201);
    event("ended", "2021-09-01").expect(201);
    event("resumed", "2021-10-01").expect(409).problem("wrong_state");
    // In the past, but what came after would not follow any more.
    event("paused", "2021-02-01").expect(409).problem("wrong_state");
    let state = |on: &str| {
        institute.get(&format!("{path}?on={on}")).expect(200).json["state"].as_str().unwrap().to_owned()
    };
    let days = [
        "2020-12-31",
        "2021-01-01",
        "2021-03-01",
        "2021-03-31",
        "2021-04-01",
        "2021-08-31",
        "2021-09-01",
        "2022-06-01",
    ];
    assert_eq!(
        days.map(state),
        ["planned", "active", "paused", "paused", "active", "active", "ended", "ended"]
    );
    let whole = institute.get(&path).expect(200);
    let kinds: Vec<_> =
        whole.json["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "paused", "resumed", "ended"]);
    let of_day = |on: &str, state: &str| {
        let list =
            format!("/api/v1/schools/{}/assignments?on={on}&model=M7&state={state}", world.seed.school);
        institute.get(&list).expect(200).items().len()
    };
    assert_eq!(
        [of_day("2021-03-10", "paused"), of_day("2021-03-10", "active"), of_day("2021-05-01", "active")],
        [1, 0, 1]
    );
    let own = world.client(Role::Municipality);
    own.get(&path).expect(200);
    own.post(
        &format!("{path}/events"),
        &json!({ "kind": "ended", "on_date": "2021-03-01", "reason": "Нет" }),
    )
    .expect(403);
    world.log_in("other_municipality").get(&path).expect(404).problem("not_found");
});

/// Numerator, denominator and verdict of an indicator on 15 March 2021.
fn indicator(client: &Client, code: &str) -> (Value, Value, Value) {
    let json = client.get(&format!("/api/v1/indicators/{code}?on=2021-03-15")).expect(200).json;
    (json["numerator"].clone(), json["denominator"].clone(), json["verdict"].clone())
}

both!(indicators_add_up_by_hand, |world| {
    let (institute, run) = judged(world);
    // The five schools of the seed have the second model since 2020-09-01. None of them is on the list of 2021.
    assert_eq!(indicator(&institute, "I1"), (json!(0), json!(22), json!("not_met")));
    // Three systems of the seed (the district is inside its city, the state school in none) of 3 + 4.
    assert_eq!(indicator(&institute, "I3"), (json!(3), json!(7), json!("not_met")));
    assert_eq!(indicator(&institute, "I4"), (Value::Null, json!(5), json!("not_measurable")));
    let id = propose(&institute, &run, "2021-03-01");
    for (model, code) in [("M2", LOW_SHARE), ("M7", LOW_TREND)] {
        confirm(&institute, &of_school(&institute, id, model, code)).expect(201);
    }
    assert_eq!(indicator(&institute, "I1"), (json!(2), json!(22), json!("not_met")));
    // Both are in one district; with the district of seven that is 5 of 7, 71.4 %.
    let services =
        proposals(&institute, id, "&model=M3").into_iter().find(|p| p["municipality_name"] == "Район 7");
    confirm(&institute, &services.unwrap()).expect(201);
    assert_eq!(indicator(&institute, "I3"), (json!(5), json!(7), json!("met")));
    let third = institute.get("/api/v1/indicators/I3?on=2021-03-15").expect(200).json;
    assert_eq!(third["basis_points"], 7143, "5 / 7 = 0.714285...");
    assert_eq!(
        institute.get("/api/v1/indicators/I3?on=2021-03-15&denominator=8").expect(200).json["verdict"],
        "not_met"
    );
    // A list of another year is not that of 2022.
    world.client(Role::Admin).load("lists", region::list(2023, [LOW_SHARE])).succeeded([1, 0, 0, 0]);
    assert_eq!(indicator(&institute, "I4"), (Value::Null, json!(7), json!("not_measurable")));
    // Seven participants, one of them still listed: 6 of 7.
    world.client(Role::Admin).load("lists", region::list(2022, [LOW_SHARE])).succeeded([1, 0, 0, 0]);
    assert_eq!(indicator(&institute, "I4"), (json!(6), json!(7), json!("met")));
    let whole = world.client(Role::Reader).get("/api/v1/indicators?on=2021-03-15").expect(200);
    assert_eq!(whole.items().len(), 4, "{whole}");
    institute.get("/api/v1/indicators/I5").expect(404);
    rows_behind(world, &institute);
});

fn rows_behind(world: &World, institute: &Client) {
    let rows = |client: &Client, code: &str| {
        client.get(&format!("/api/v1/indicators/{code}/rows?on=2021-03-15&limit=1000"))
    };
    let counting = |reply: &Reply| reply.items().iter().filter(|row| row["counts"] == true).count();
    for (code, numerator, denominator) in [("I1", 2, 22), ("I3", 5, 7), ("I4", 6, 7)] {
        let all = rows(institute, code).expect(200);
        assert_eq!((counting(&all), all.items().len()), (numerator, denominator), "{code}: {all}");
    }
    let own = world.client(Role::Municipality);
    assert!(rows(&own, "I1").expect(200).items().is_empty(), "no school of the area is listed");
    let systems = rows(&own, "I3").expect(200);
    let ids: Vec<_> = systems.items().iter().map(|row| row["municipality_id"].clone()).collect();
    assert_eq!(ids, [json!(world.seed.own)]);
    let schools = rows(&own, "I4").expect(200);
    let mut codes: Vec<_> =
        schools.items().iter().map(|row| row["school_code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    assert_eq!(codes, ["520101", "520102"]);
    assert_eq!(rows(&world.client(Role::School), "I4").expect(200).items().len(), 1);
    let reader = world.client(Role::Reader);
    rows(&reader, "I3").expect(200);
    for code in ["I1", "I4"] {
        rows(&reader, code).expect(403).problem("forbidden");
    }
}

both!(indicators_refuse_what_makes_no_sense, |world| {
    let institute = world.client(Role::Institute);
    for (query, status, code) in [
        ("denominator=0", 400, "invalid_parameter"),
        ("denominator=1", 400, "invalid_parameter"),
        ("list_id=999999", 404, "not_found"),
        ("on=2021-13-01", 400, "invalid_parameter"),
        ("x=1", 400, "unknown_parameter"),
    ] {
        let refused = institute.get(&format!("/api/v1/indicators?on=2021-03-15&{query}"));
        refused.expect(status).problem(code);
    }
});

both!(runs_of_no_more_use_can_be_removed, |world| {
    let (institute, run) = judged(world);
    let path = format!("/api/v1/identification-runs/{}", run["id"]);
    let first = propose(&institute, &run, "2021-03-01");
    let second = propose(&institute, &run, "2021-03-01");
    let runs = [first, second].map(|id| format!("{PROPOSAL_RUNS}/{id}"));
    let remove = |client: &Client, path: &str| client.call("DELETE", path).send();
    for role in Role::ALL.iter().filter(|role| **role != Role::Institute) {
        for path in [&path, &runs[0]] {
            remove(&world.client(*role), path).expect(403).problem("forbidden");
        }
    }
    remove(&institute, &path).expect(409).problem("still_referenced");
    let proposal = &proposals(&institute, second, "&model=M2")[0];
    confirm(&institute, proposal).expect(201);
    remove(&institute, &runs[1]).expect(409).problem("proposal_decided");
    assert_eq!(proposals(&institute, second, "").len() as i64, institute.get(&runs[1]).json["proposals"]);

    remove(&institute, &runs[0]).expect(204);
    remove(&institute, &runs[0]).expect(404).problem("not_found");
    institute.get(&runs[0]).expect(404);
    let left = |table: &str, id: i64| {
        world.storage.number(&format!("SELECT count(*) AS n FROM {table} WHERE proposal_run_id = {id}"))
    };
    assert_eq!((left("proposals", first), left("coverage_gaps", first)), (0, 0));
    assert!(left("proposals", second) > 0);
    remove(&institute, &path).expect(409).problem("still_referenced");

    // Nothing rests on another run of the same year.
    let body = json!({ "academic_year": "2018/2019" });
    let spare = institute.post("/api/v1/identification-runs", &body).expect(202);
    institute.ended(spare.json["job_id"].as_i64().unwrap());
    remove(&institute, spare.header("location")).expect(204);
    institute.get(spare.header("location")).expect(404).problem("not_found");
    let verdicts = format!("SELECT count(*) AS n FROM verdicts WHERE run_id = {}", spare.json["id"]);
    assert_eq!(world.storage.number(&verdicts), 0);
    for (resource, id) in
        [("identification-runs", spare.json["id"].as_i64().unwrap()), ("proposal-runs", first)]
    {
        for (table, column) in [("audit_log", "action"), ("change_journal", "operation")] {
            let entry = format!(
                "SELECT count(*) AS n FROM {table} WHERE resource = '{resource}' AND resource_key = '{id}' AND {column} = 'delete'"
            );
            assert_eq!(world.storage.number(&entry), 1, "{table}: {resource}");
        }
    }
});

both!(a_run_whose_job_has_not_ended_stays, |world| {
    region::load(&world.client(Role::Admin));
    let _busy = Busy::with(world, "identification");
    let institute = world.client(Role::Institute);
    let body = json!({ "academic_year": "2018/2019" });
    let run = institute.post("/api/v1/identification-runs", &body).expect(202);
    let remove = || institute.call("DELETE", run.header("location")).send();
    remove().expect(409).problem("wrong_state");
    institute.call("POST", &format!("/api/v1/jobs/{}/cancel", run.json["job_id"])).send().expect(202);
    remove().expect(204);
});
