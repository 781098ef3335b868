//! The main way through the system: files, a run, verdicts that can be repeated by hand, methodologies.

use crate::harness::{
    Client, Reply, World,
    region::{self, BIASED, HIGH, LOW_SHARE, LOW_TREND, ORDINARY, RISK, SMALL},
};
use opora_identity::Role;
use serde_json::{Value, json};

const RUNS: &str = "/api/v1/identification-runs";
const METHODOLOGIES: &str = "/api/v1/methodologies";

/// The id of the methodology every installation begins with.
pub fn default_methodology(client: &Client) -> i64 {
    let all = client.get(METHODOLOGIES).expect(200);
    let found = all.items().iter().find(|m| m["code"] == "default").unwrap_or_else(|| panic!("{all}"));
    found["id"].as_i64().unwrap()
}

/// Judges 2018/2019 by a methodology, beside the newest list.
pub fn judge(client: &Client, methodology: i64) -> Value {
    let body = json!({ "methodology_id": methodology, "academic_year": "2018/2019" });
    let queued = client.post(RUNS, &body).expect(202);
    let job = client.ended(queued.json["job_id"].as_i64().unwrap());
    assert_eq!((&job["state"], &job["kind"]), (&json!("succeeded"), &json!("identification")), "{job}");
    assert!(
        job["progress"]["done"].as_i64() > Some(0) && job["progress"]["done"] == job["progress"]["total"],
        "{job}"
    );
    client.get(queued.header("location")).expect(200).json
}

/// Loads the region and judges it by the default methodology.
pub fn judged(world: &World) -> (Client, Value) {
    region::load(&world.client(Role::Admin));
    let institute = world.client(Role::Institute);
    let run = judge(&institute, default_methodology(&institute));
    (institute, run)
}

fn verdict(client: &Client, run: &Value, code: &str) -> Reply {
    client.get(&format!("{RUNS}/{}/verdicts/code:{code}", run["id"])).expect(200)
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

both!(every_verdict_has_its_school, |world| {
    let (institute, run) = judged(world);
    let expected: [(&str, &str, bool, &[&str]); 7] = [
        (LOW_SHARE, "low", false, &["LISTED", "LOW_SHARE", "RISK"]),
        (LOW_TREND, "low", false, &["LISTED", "LOW_TREND"]),
        (RISK, "risk", false, &["LISTED", "RISK"]),
        (ORDINARY, "ordinary", false, &["LISTED"]),
        (HIGH, "high", false, &["HIGH"]),
        (BIASED, "ordinary", true, &[]),
        (SMALL, "insufficient_data", false, &["INSUFFICIENT_DATA"]),
    ];
    for (code, outcome, bias, findings) in expected {
        let reply = verdict(&institute, &run, code);
        assert_eq!(
            (&reply.json["outcome"], &reply.json["bias_flag"]),
            (&json!(outcome), &json!(bias)),
            "{code}: {reply}"
        );
        assert_eq!(words(&reply.json["findings"]), findings, "{code}: {reply}");
    }
    // 25 schools of the region of this tour, 5 of the seed, which have no results up to the judged year.
    let count = |outcome: &str| {
        let counts = run["counts"].as_array().unwrap();
        counts.iter().find(|c| c["outcome"] == outcome).map(|c| c["schools"].as_i64().unwrap())
    };
    let counts = ["low", "risk", "high", "ordinary", "insufficient_data", "excluded"].map(count);
    assert_eq!(counts, [2, 1, 1, 20, 6, 0].map(Some), "{run}");
    assert_eq!(
        (&run["schools"], &run["academic_year"], &run["list"]["list_year"]),
        (&json!(30), &json!("2018/2019"), &json!(2021))
    );
});

both!(a_verdict_explains_itself_in_both_languages, |world| {
    let (institute, run) = judged(world);
    let path = format!("{RUNS}/{}/verdicts/code:{LOW_SHARE}", run["id"]);
    let told = |language: &str| {
        let reply = institute.call("GET", &path).header("Accept-Language", language).send().expect(200);
        assert_eq!(reply.header("content-language"), language);
        let steps = reply.json["trace"].as_array().unwrap().clone();
        let text: Vec<String> = steps.iter().map(|s| s["words"].as_str().unwrap().to_owned()).collect();
        let numbers: Vec<Value> = steps.into_iter().map(|s| s["numbers"].clone()).collect();
        (text.join("\n"), numbers)
    };
    let ((russian, numbers), (english, same)) = (told("ru"), told("en"));
    assert_eq!(numbers, same);
    assert!(russian.contains("школа есть в списке") && !english.contains('ш'), "{russian}\n{english}");
    // Eight of twenty in both works.
    assert!(russian.contains("русский язык, 2018/2019: 8 из 20 (40,00 %) ниже минимума"), "{russian}");
    assert!(english.contains(", 2018/2019: 8 of 20 (40.00%) below the minimum"), "{english}");
    let step = |name: &str| numbers.iter().filter(|n| n["step"] == name).cloned().collect::<Vec<_>>();
    let reached: Vec<_> = step("share_reached")
        .iter()
        .map(|n| (n["measured"].clone(), n["threshold_percent"].clone()))
        .collect();
    let measured = |subject: &str| {
        json!({ "assessment": "VPR", "grade": 5, "subject": subject, "year": "2018/2019",
            "below": { "numerator": 8, "denominator": 20 } })
    };
    assert_eq!(reached, [(measured("01"), json!(30)), (measured("02"), json!(30))]);
    let low = json!({ "step": "low_share", "found": 2, "needed": 2, "of": 2, "threshold_percent": 30, "years": 1,
        "holds": true });
    assert_eq!(step("low_share"), [low]);
});

both!(the_list_and_the_rules_are_compared, |world| {
    let (institute, run) = judged(world);
    let table = institute.get(&format!("{RUNS}/{}/comparison", run["id"])).expect(200);
    let cell = |listed: bool, by_rule: &str| {
        let cells = table.json["cells"].as_array().unwrap();
        cells.iter().find(|c| c["listed"] == listed && c["by_rule"] == by_rule).unwrap()["count"]
            .as_i64()
            .unwrap()
    };
    let rules = ["low", "not_low", "insufficient_data", "excluded"];
    assert_eq!(rules.map(|rule| cell(true, rule)), [2, 20, 0, 0], "{table}");
    // Too little is known of the small school and of the five of the seed: that is not "not low".
    assert_eq!(rules.map(|rule| cell(false, rule)), [0, 2, 6, 0], "{table}");
    // Each school by its names, in the order of codes.
    let listed = table.json["cells"].as_array().unwrap().iter().find(|c| c["listed"] == true).unwrap();
    let named: Vec<_> =
        listed["schools"].as_array().unwrap().iter().map(|s| (&s["code"], &s["name"])).collect();
    let school = |code: &str| (json!(code), json!(format!("Школа {code}")));
    let [share, trend] = [school(LOW_SHARE), school(LOW_TREND)];
    assert_eq!(named, [(&share.0, &share.1), (&trend.0, &trend.1)]);
    // An area sees its own part of it.
    let own = world.client(Role::Municipality).get(&format!("{RUNS}/{}/comparison", run["id"])).expect(200);
    let all: i64 = own.json["cells"].as_array().unwrap().iter().map(|c| c["count"].as_i64().unwrap()).sum();
    assert_eq!(all, 2, "{own}");
    let cells = own.json["cells"].as_array().unwrap();
    let codes: Vec<_> =
        cells.iter().flat_map(|c| c["schools"].as_array().unwrap()).map(|s| &s["code"]).collect();
    assert_eq!(codes, ["520101", "520102"], "{own}");
});

both!(verdicts_are_filtered, |world| {
    let (institute, run) = judged(world);
    let codes = |query: &str| {
        let list = institute.get(&format!("{RUNS}/{}/verdicts?{query}", run["id"])).expect(200);
        list.items().iter().map(|v| v["school_code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("outcome=low"), [LOW_SHARE, LOW_TREND]);
    assert_eq!(codes("finding=RISK"), [LOW_SHARE, RISK]);
    assert_eq!(codes("bias=true"), [BIASED]);
    assert_eq!(codes("listed=false&outcome=high"), [HIGH]);
    assert_eq!(codes("listed=true&limit=1000").len(), 22);
    let history = institute.get(&format!("/api/v1/schools/code:{RISK}/verdicts")).expect(200);
    assert_eq!((history.items().len(), &history.items()[0]["outcome"]), (1, &json!("risk")));
});

/// Every verdict with its trace, and the fingerprint of the inputs.
fn everything(client: &Client, run: &Value) -> (Value, Vec<String>) {
    let list = client.get(&format!("{RUNS}/{}/verdicts?limit=1000", run["id"])).expect(200);
    let codes = list.items().iter().map(|v| v["school_code"].as_str().unwrap());
    let whole = |code| {
        let mut json = verdict(client, run, code).json;
        json["identification_run_id"] = Value::Null;
        json.to_string()
    };
    (run["inputs_hash"].clone(), codes.map(whole).collect())
}

/// On one database again, and on the other database: not a byte differs.
#[test]
fn the_same_inputs_give_the_same_verdicts() {
    let worlds = [World::sqlite(), World::postgres()];
    let found: Vec<_> = worlds
        .iter()
        .flat_map(|world| {
            let (institute, first) = judged(world);
            let second = judge(&institute, default_methodology(&institute));
            [first, second].map(|run| everything(&institute, &run))
        })
        .collect();
    assert_eq!(found[0].0.as_str().map(str::len), Some(64));
    assert_eq!(found[0].1.len(), 30);
    assert!(found.iter().all(|one| *one == found[0]), "{:?}", found.iter().map(|f| &f.0).collect::<Vec<_>>());
}

fn draft(client: &Client, parameters: Value) -> Reply {
    client.post(METHODOLOGIES, &json!({ "code": "strict", "title": "Строгая", "parameters": parameters }))
}

fn publish(client: &Client, path: &str, etag: &str) -> Reply {
    client.call("POST", &format!("{path}/publish")).header("If-Match", etag).send()
}

both!(another_threshold_gives_another_verdict, |world| {
    let (institute, before) = judged(world);
    // 40 % is not 45 %; as a risk it still counts.
    let made = draft(&institute, json!({ "low_share": { "share_percent": 45 } })).expect(201);
    let id = made.json["id"].as_i64().unwrap();
    publish(&institute, &format!("{METHODOLOGIES}/{id}"), "\"1\"").expect(200);
    let after = judge(&institute, id);
    assert_eq!(verdict(&institute, &before, LOW_SHARE).json["outcome"], "low");
    assert_eq!(verdict(&institute, &after, LOW_SHARE).json["outcome"], "risk");
    assert_eq!(verdict(&institute, &after, LOW_TREND).json["outcome"], "low");
    assert_ne!(before["inputs_hash"], after["inputs_hash"]);
    assert_eq!(
        (&after["methodology"]["code"], &after["methodology"]["edition"]),
        (&json!("strict"), &json!(1))
    );
});

both!(a_new_result_gives_another_fingerprint, |world| {
    let (institute, before) = judged(world);
    let head =
        "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог\n";
    world
        .client(Role::Admin)
        .load("results", format!("{head}{SMALL};2018/2019;ВПР;5;02;12;6\n"))
        .succeeded([1, 0, 0, 0]);
    let after = judge(&institute, default_methodology(&institute));
    assert_ne!(before["inputs_hash"], after["inputs_hash"]);
    // Six of twelve in one work is a risk; the old run still says what it said.
    assert_eq!(verdict(&institute, &after, SMALL).json["outcome"], "risk");
    assert_eq!(verdict(&institute, &before, SMALL).json["outcome"], "insufficient_data");
});

both!(a_published_methodology_never_changes, |world| {
    let institute = world.client(Role::Institute);
    let made = draft(&institute, json!({})).expect(201);
    let path = made.header("location").to_owned();
    assert_eq!((&made.json["state"], &made.json["edition"]), (&json!("draft"), &json!(1)));
    assert_eq!(made.json["parameters"]["low_share"]["share_percent"], 30);
    let body = json!({ "methodology_id": made.json["id"], "academic_year": "2018/2019" });
    institute.post(RUNS, &body).expect(409).problem("wrong_state");
    let changed =
        institute.patch(&path, "\"1\"", &json!({ "parameters": { "minimum_cohort": 5 } })).expect(200);
    assert_eq!((changed.header("etag"), &changed.json["parameters"]["minimum_cohort"]), ("\"2\"", &json!(5)));
    publish(&institute, &path, "\"1\"").expect(412).problem("precondition_failed");
    let published = publish(&institute, &path, "\"2\"").expect(200);
    let etag = published.header("etag").to_owned();
    let body = json!({ "title": "Иначе" });
    institute.patch(&path, &etag, &body).expect(409).problem("methodology_frozen");
    let remove = institute.call("DELETE", &path).header("If-Match", &etag).send();
    remove.expect(409).problem("methodology_frozen");
    publish(&institute, &path, &etag).expect(409);
    assert_eq!(institute.get(&path).expect(200).json, published.json);
    assert_eq!(draft(&institute, json!({})).expect(201).json["edition"], 2);
});

both!(a_wrong_methodology_is_told_all_at_once, |world| {
    let institute = world.client(Role::Institute);
    let wrong = json!({ "minimum_cohort": 0, "low_share": { "share_percent": 101 }, "counted_assessments": ["NIKO"],
        "risk": { "band_from_percent": 40 } });
    let refused = draft(&institute, wrong).expect(422).problem("invalid_fields");
    let pointers: Vec<&str> = refused.flaws().iter().map(|flaw| flaw.0).collect();
    for pointer in
        ["minimum_cohort", "low_share/share_percent", "counted_assessments/0", "risk/band_from_percent"]
    {
        assert!(pointers.contains(&format!("/parameters/{pointer}").as_str()), "{refused}");
    }
    let unknown = draft(&institute, json!({ "colour": 1 }));
    unknown.expect(400).problem("invalid_json");
});

both!(a_run_names_what_is_there, |world| {
    let institute = world.client(Role::Institute);
    for field in ["methodology_id", "list_id"] {
        let body = json!({ field: 999_999, "academic_year": "2018/2019" });
        let refused = institute.post(RUNS, &body).expect(422);
        assert!(refused.flaws().iter().any(|flaw| flaw.0 == format!("/{field}")), "{refused}");
    }
    for role in Role::ALL.iter().filter(|role| **role != Role::Institute) {
        world.client(*role).post(RUNS, &json!({})).expect(403).problem("forbidden");
    }
    institute.get(&format!("{RUNS}/999999")).expect(404).problem("not_found");
});
