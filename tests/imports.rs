//! Files into the registers: every kind in every form, what a repeated file does, what one bad row does, who may.

use crate::harness::{
    Client, World,
    files::{windows_1251, with_commas, xlsx},
    load::Busy,
};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};

/// Every kind in the order of loading, with Russian headers, days and decimals; how many rows it makes.
const KINDS: [(&str, i64, &str); 8] = [
    (
        "municipalities",
        3,
        "ОКТМО;Наименование;Вид;ОКТМО вышестоящего;Действует с;Действует по
22611000;Лесной;Муниципальный район;;01.01.2010;
22712100;Береговой;Район города;22712000;;
22712000;Речной;Городской округ;;;31.12.2030
",
    ),
    (
        "schools",
        3,
        "Код ОО;Наименование ОО;Краткое наименование;ОКТМО;ОГРН;ИНН;Вид ОО;Местность;Учредитель;Статус;Код правопреемника;Дата открытия;Дата закрытия
520901;Лесная школа № 1;Лесная;22611000;1027700132195;7707083893;Средняя;Село;Муниципальное;Действует;;01.09.1980;
520902;Малая лесная школа;;22611000;;;Основная;Село;Муниципальное;Реорганизована;520903;;31.08.2019
520903;Гимназия Берегового района;;22712100;;;Гимназия;Город;Муниципальное;;;;
",
    ),
    (
        "contexts",
        2,
        "Код ОО;Учебный год;Количество обучающихся;Неполная семья;Малообеспеченная семья;Под опекой
520901;2019/2020;1 200;300;-;12
520903;2019-2020;450;80;н/д;0
",
    ),
    (
        "results",
        3,
        "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог;Средний балл;Отметка 2;Отметка 3;Отметка 4;Отметка 5
520901;2018/2019;ОГЭ;9;Математика;40;12;3,45;12;14;10;4
520901;2018/2019;ЕГЭ;11;Русский язык;20;1;64,5;;;;
520903;2018/2019;ВПР;5;01;51;3;4,1;3;20;20;8
",
    ),
    (
        "lists",
        2,
        "Год списка;Код ОО;Источник;Акт;Дата акта
2021;520901;Рособрнадзор;Письмо № 1;11.05.2021
2021;520903;;;
",
    ),
    (
        "staff",
        2,
        "Идентификатор;Код ОО;Должность;Предмет;ФИО;Стаж (лет);Год рождения;Доля ставки
p-1;520901;Руководитель;;Иванов Иван Иванович;25;1970;1
p-2;520901;Учитель;Математика;Петров Пётр Петрович;3;1995;0,75
",
    ),
    (
        "designations",
        2,
        "Код ОО;ОКТМО;Назначение;Акт;Дата акта;Действует с
520901;;Модель 2, первая волна;Приказ № 5;10.03.2020;10.03.2020
;22611000;Модель 1;Приказ № 1;01.02.2018;
",
    ),
    (
        "support_records",
        3,
        "Идентификатор;Форма сопровождения;Программа;Дата начала;Дата окончания;Завершено
p-1;Курсы повышения квалификации;Школьная команда, 72 часа;14.09.2020;20.11.2020;да
p-2;Наставничество;Уроки математики;01.02.2021;;нет
p-2;methodical_event;Семинар  по обмену опытом;05.04.2021;05.04.2021;1
",
    ),
];

/// Loads every kind twice in the form that `make` gives: the second time changes nothing.
fn every_kind(world: &World, make: impl Fn(&str) -> Vec<u8>) {
    let admin = world.client(Role::Admin);
    for (kind, rows, text) in KINDS {
        let loaded = admin.load(kind, make(text)).succeeded([rows, 0, 0, 0]);
        assert_eq!(loaded.import["report"]["applied"], true, "{loaded:?}");
        assert_eq!(loaded.import["report"]["ignored_columns"], json!([]), "{loaded:?}");
    }
    let before = world.storage.contents();
    for (kind, rows, text) in KINDS {
        admin.load(kind, make(text)).succeeded([0, 0, rows, 0]);
    }
    assert_eq!(world.storage.contents(), before, "the same files change nothing, no version moves");
    read_back(&admin);
}

/// What the files say, as the server tells it.
fn read_back(admin: &Client) {
    let school = admin.get("/api/v1/schools/code:520901").expect(200);
    for (field, value) in
        [("ogrn", "1027700132195"), ("inn", "7707083893"), ("opened_on", "1980-09-01"), ("kind", "secondary")]
    {
        assert_eq!(school.json[field], value, "{school}");
    }
    let gone = admin.get("/api/v1/schools/code:520902").expect(200).json;
    let successor = admin.get("/api/v1/schools/code:520903").expect(200).json;
    assert_eq!((&gone["successor_id"], &gone["status"]), (&successor["id"], &json!("reorganised")));
    let contexts = admin.get("/api/v1/schools/code:520901/contexts").expect(200);
    assert_eq!(
        (&contexts.items()[0]["pupils"], &contexts.items()[0]["low_income"]),
        (&json!(1200), &Value::Null)
    );
    let results = admin.get("/api/v1/schools/code:520901/results").expect(200);
    let mean = |assessment: &str| {
        let found = results.items().iter().find(|r| r["type"] == assessment);
        found.unwrap_or_else(|| panic!("{results}"))["mean_score"].clone()
    };
    assert_eq!((mean("EGE"), mean("OGE")), (json!(64.5), json!(3.45)), "points, not hundredths of them");
    let staff = admin.get("/api/v1/schools/code:520901/staff").expect(200);
    assert_eq!(staff.items().len(), 2, "{staff}");
    let list = admin.get("/api/v1/lists?list_year=2021").expect(200);
    assert_eq!(
        (&list.items()[0]["schools"], &list.items()[0]["act_date"]),
        (&json!(2), &json!("2021-05-11")),
        "{list}"
    );
}

both!(old_spreadsheets_text_is_taken, |world| { every_kind(world, windows_1251) });

both!(commas_and_utf_8_are_taken, |world| {
    every_kind(world, |text| format!("\u{feff}{}", with_commas(text)).into_bytes());
});

both!(workbooks_are_taken, |world| { every_kind(world, xlsx) });

fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--cut--\r\n"].concat()
}

both!(a_file_may_come_as_a_form, |world| {
    let admin = world.client(Role::Admin);
    let bytes = windows_1251(KINDS[0].2);
    let send = |body: Vec<u8>| {
        admin
            .call("POST", "/api/v1/imports?kind=municipalities")
            .body("multipart/form-data; boundary=cut", body)
            .send()
    };
    let sent = send(form("Районы.csv", &bytes)).expect(202);
    let loaded = admin.loaded(&sent).succeeded([3, 0, 0, 0]);
    assert_eq!(sent.header("location"), format!("/api/v1/imports/{}", loaded.id));
    assert_eq!(
        (&loaded.import["file_name"], &loaded.import["size"]),
        (&json!("Районы.csv"), &json!(bytes.len()))
    );
    send(String::from_utf8(form("x", b"y")).unwrap().replace("\"file\"", "\"other\"").into_bytes())
        .expect(400)
        .problem("bad_request");
    send(b"no form at all".to_vec()).expect(400).problem("bad_request");
    let wrong =
        admin.call("POST", "/api/v1/imports?kind=municipalities").body("application/json", "{}").send();
    wrong.expect(415).problem("unsupported_media_type");
    for query in ["", "?kind=pupils", "?kind=schools&mode=some", "?kind=schools&x=1"] {
        let reply = admin.call("POST", &format!("/api/v1/imports{query}")).body("text/csv", "a;b\n").send();
        reply.expect(400).refused_query();
    }
});

/// A form of these parts; that called `file` has a name.
fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let part = |(name, value): &(&str, &str)| {
        let file = if *name == "file" { "; filename=\"Районы.csv\"" } else { "" };
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    (parts.iter().map(part).collect::<String>() + "--cut--\r\n").into_bytes()
}

both!(a_form_may_say_what_the_address_would, |world| {
    let admin = world.client(Role::Admin);
    let send = |client: &Client, query: &str, form: &[(&str, &str)]| {
        let call = client.call("POST", &format!("/api/v1/imports{query}"));
        call.body("multipart/form-data; boundary=cut", parts(form)).send()
    };
    let text = ("file", KINDS[0].2);
    let before = admin.get("/api/v1/municipalities?limit=1000").expect(200).items().len();
    for form in [
        vec![("dry_run", "true"), ("kind", "municipalities"), ("file_name", "Другие.csv"), text],
        vec![
            text,
            ("file_name", "Другие.csv"),
            ("kind", "municipalities"),
            ("dry_run", "true"),
            ("mode", "best_effort"),
        ],
    ] {
        let loaded = admin.loaded(&send(&admin, "", &form).expect(202));
        assert_eq!(
            (&loaded.import["dry_run"], &loaded.import["file_name"]),
            (&json!(true), &json!("Другие.csv"))
        );
    }
    let loaded =
        admin.loaded(&send(&admin, "?kind=municipalities", &[("dry_run", "true"), text]).expect(202));
    assert_eq!((&loaded.import["dry_run"], &loaded.import["mode"]), (&json!(true), &json!("atomic")));
    send(&admin, "?kind=municipalities&dry_run=true", &[("kind", "municipalities"), text]).expect(202);
    assert_eq!(admin.get("/api/v1/municipalities?limit=1000").expect(200).items().len(), before);
    let kind = ("kind", "municipalities");
    for (query, form, flaws) in [
        ("?kind=schools", vec![kind, text], vec![("/kind", "contradiction")]),
        ("?dry_run=false", vec![kind, ("dry_run", "true"), text], vec![("/dry_run", "contradiction")]),
        ("", vec![kind, ("dryrun", "true"), text], vec![("/dryrun", "unknown_field")]),
        ("", vec![kind, text, ("comment", "x")], vec![("/comment", "unknown_field")]),
        ("", vec![kind, text, text], vec![("/file", "repeated")]),
        ("", vec![kind, kind, text], vec![("/kind", "repeated")]),
        ("", vec![kind], vec![("/file", "required")]),
        (
            "",
            vec![("kind", "pupils"), ("dry_run", "yes"), ("mode", "all"), text],
            vec![("/kind", "unknown_value"), ("/dry_run", "wrong_format"), ("/mode", "unknown_value")],
        ),
    ] {
        let reply = send(&admin, query, &form).expect(400).problem("bad_request");
        assert_eq!(reply.flaws(), flaws, "{reply}");
    }
    let long = "x".repeat(3000);
    let reply = send(&admin, "", &[kind, ("sheet", long.as_str()), text]).expect(400).problem("bad_request");
    assert_eq!(reply.flaws(), [("/sheet", "wrong_length")]);
    let none = send(&admin, "", &[text]).expect(400).problem("invalid_parameter");
    assert_eq!(none.flaws(), [("kind", "required")]);
    // What the form says is held to the same rights.
    let own = world.client(Role::Municipality);
    send(&own, "", &[text, kind]).expect(403).problem("forbidden");
    assert_eq!(admin.get("/api/v1/municipalities?limit=1000").expect(200).items().len(), before);
});

both!(only_what_differs_is_written, |world| {
    let admin = world.client(Role::Admin);
    for (kind, _, text) in KINDS {
        admin.load(kind, text);
    }
    let version = |code: &str| {
        admin.get(&format!("/api/v1/schools/code:{code}")).expect(200).json["version"].as_i64().unwrap()
    };
    let before = ["520901", "520902", "520903"].map(version);
    admin.load("schools", KINDS[1].2.replace("Малая лесная", "Бывшая лесная")).succeeded([0, 1, 2, 0]);
    let steps = before.iter().zip(["520901", "520902", "520903"].map(version)).map(|(b, a)| a - b);
    assert_eq!(steps.collect::<Vec<_>>(), [0, 1, 0]);
    let versions = "SELECT CAST(sum(version) AS BIGINT) AS n FROM results";
    let before = world.storage.number(versions);
    admin.load("results", KINDS[3].2.replace("3,45", "3,46")).succeeded([0, 1, 2, 0]);
    assert_eq!(world.storage.number(versions), before + 1);
    admin.load("contexts", KINDS[2].2.replace("450;80", "451;80")).succeeded([0, 1, 1, 0]);
    admin.load("staff", KINDS[5].2.replace("0,75", "0,5")).succeeded([0, 1, 1, 0]);
    let ended = KINDS[7].2.replace("01.02.2021;;нет", "01.02.2021;31.05.2021;да");
    admin.load("support_records", ended).succeeded([0, 1, 2, 0]);
    // Other members make the next revision of the year; the same ones again make none.
    let fewer = "Год списка;Код ОО\n2021;520903\n";
    admin.load("lists", fewer).succeeded([1, 0, 0, 0]);
    admin.load("lists", fewer).succeeded([0, 0, 1, 0]);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM lists WHERE list_year = 2021"), 2);
});

/// One good row, one with two bad cells, one about a school that is not there.
const MIXED: &str = "Код ОО;Учебный год;Количество обучающихся;Неполная семья;Под опекой;Цвет стен
520101;2018/2019;100;10;1;белый
520102;2018/2019;100;101;-5;серый
999999;2018/2019;100;10;1;белый
";

const REFUSED: [(i64, &str, &str); 3] = [
    (3, "one_parent", "more_than_whole"),
    (3, "wards", "out_of_range"),
    (4, "school_code", "unknown_reference"),
];

fn refused() -> Vec<(i64, String, String)> {
    REFUSED.map(|(row, column, code)| (row, column.to_owned(), code.to_owned())).into()
}

both!(one_bad_row_undoes_an_atomic_import, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let loaded = admin.load("contexts", MIXED).failed("invalid_file");
    assert_eq!(world.storage.contents(), before);
    let report = &loaded.import["report"];
    assert_eq!(
        (&report["applied"], &report["rows"], &report["rejected"]),
        (&json!(false), &json!(3), &json!(2)),
        "{report}"
    );
    assert_eq!(report["ignored_columns"], json!(["Цвет стен"]));
    assert_eq!(admin.rejects(loaded.id), refused());
});

both!(rejects_come_in_pages_and_as_a_spreadsheet, |world| {
    let admin = world.client(Role::Admin);
    let loaded = admin.load("contexts", MIXED).failed("invalid_file");
    let address = format!("/api/v1/imports/{}/rejects", loaded.id);
    let (mut path, mut codes) = (Some(format!("{address}?limit=1")), Vec::new());
    while let Some(next) = path {
        let page = admin.get(&next).expect(200);
        codes.extend(page.items().iter().map(|r| r["code"].as_str().unwrap().to_owned()));
        path = page.next();
    }
    assert_eq!(codes, REFUSED.map(|r| r.2));
    let sheet = admin.get(&format!("{address}/file")).expect(200);
    assert_eq!(sheet.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = sheet.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 4, "{sheet}");
    assert_eq!(lines[0], "row;column;code;message");
    assert_eq!(lines[1], "3;one_parent;more_than_whole;a part is greater than the whole");
    assert!(!sheet.text.contains("101"), "a report never repeats the contents: {sheet}");
});

both!(best_effort_writes_the_good_rows, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let loaded = admin.load("contexts&mode=best_effort", MIXED).succeeded([1, 0, 0, 2]);
    assert_eq!(loaded.import["report"]["applied"], true);
    assert_eq!(admin.rejects(loaded.id), refused());
    let after = world.storage.contents();
    let grown: Vec<&str> = before.iter().zip(&after).filter(|(b, a)| b.1 != a.1).map(|(b, _)| b.0).collect();
    assert_eq!(grown, ["contexts", "change_journal"]);
});

both!(a_dry_run_writes_nothing_and_tells_what_would_be, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    for (kind, rows, text) in &KINDS[..2] {
        // The schools of the second file stand in a municipality that is not there yet.
        let loaded = admin.load(&format!("{kind}&dry_run=true"), *text);
        assert_eq!(
            (&loaded.job["state"], &loaded.import["report"]["applied"]),
            (&json!("succeeded"), &json!(false))
        );
        let wanted = if *kind == "municipalities" { [*rows, 0, 0, 0] } else { [0, 0, 0, *rows] };
        assert_eq!(loaded.counts(), wanted, "{loaded:?}");
    }
    admin.load("contexts&dry_run=true&mode=best_effort", MIXED).succeeded([1, 0, 0, 2]);
    assert_eq!(world.storage.contents(), before);
    admin.load(KINDS[0].0, KINDS[0].2).succeeded([3, 0, 0, 0]);
});

both!(a_missing_column_is_named, |world| {
    let admin = world.client(Role::Admin);
    let loaded = admin.load("contexts", "Код ОО;Под опекой;Под опекой\n520101;1;1\n").failed("invalid_file");
    let detail = loaded.job["problem"]["detail"].as_str().unwrap_or("");
    for column in ["academic_year", "pupils", "wards"] {
        assert!(detail.contains(column), "{loaded:?}");
    }
});

both!(a_repeated_sending_is_one_import, |world| {
    let admin = world.client(Role::Admin);
    let send = |path: &str, text: &str| {
        admin.call("POST", path).header("Idempotency-Key", "file-1").body("text/csv", text).send()
    };
    let path = "/api/v1/imports?kind=municipalities";
    let first = send(path, KINDS[0].2).expect(202);
    let second = send(path, KINDS[0].2).expect(202);
    assert_eq!((&first.json, first.header("location")), (&second.json, second.header("location")));
    send(path, KINDS[1].2).expect(422).problem("idempotency_mismatch");
    send(&format!("{path}&dry_run=true"), KINDS[0].2).expect(422).problem("idempotency_mismatch");
    admin.loaded(&first).succeeded([3, 0, 0, 0]);
    assert_eq!(admin.get("/api/v1/imports").expect(200).items().len(), 1);
});

const TWO_AREAS: &str =
    "Код ОО;Учебный год;Количество обучающихся\n520101;2017/2018;90\n520201;2017/2018;90\n";

both!(a_municipality_loads_what_is_its_own, |world| {
    let own = world.client(Role::Municipality);
    let local = ["contexts", "results", "support_records"];
    for (kind, _, text) in KINDS.iter().filter(|k| !local.contains(&k.0)) {
        own.send_file(kind, *text).expect(403).problem("forbidden");
    }
    let others = vec![(3, "school_code".to_owned(), "unknown_reference".to_owned())];
    let whole = own.load("contexts", TWO_AREAS).failed("invalid_file");
    assert_eq!(own.rejects(whole.id), others);
    let part = own.load("contexts&mode=best_effort", TWO_AREAS).succeeded([1, 0, 0, 1]);
    assert_eq!(own.rejects(part.id), others);
    let results =
        "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог\n";
    let of = |code: &str| format!("{results}{code};2018/2019;ОГЭ;9;02;30;9\n");
    own.load("results", of("520101")).succeeded([1, 0, 0, 0]);
    own.load("results", of("520301")).failed("invalid_file");
    world.log_in("city").load("results", of("520301")).succeeded([1, 0, 0, 0]);
    for role in [Role::Ministry, Role::Supervision, Role::School, Role::Expert, Role::Reader] {
        world.client(role).send_file("contexts", TWO_AREAS).expect(403).problem("forbidden");
    }
});

both!(anothers_import_and_job_are_not_found, |world| {
    let (own, other) = (world.client(Role::Municipality), world.log_in("other_municipality"));
    let (admin, ministry) = (world.client(Role::Admin), world.client(Role::Ministry));
    let mine = own.load("contexts&mode=best_effort", TWO_AREAS);
    let regions = admin.load("contexts", TWO_AREAS);
    let ids = |client: &Client| -> Vec<i64> {
        client.get("/api/v1/imports").expect(200).items().iter().map(|i| i["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&own), [mine.id]);
    assert_eq!(ids(&other), [0i64; 0]);
    assert_eq!(ids(&admin), [regions.id, mine.id]);
    assert_eq!(ids(&ministry), [regions.id, mine.id]);
    let hidden = |client: &Client, path: String| {
        client.get(&path).expect(404).problem("not_found");
    };
    for (client, loaded) in [(&other, &mine), (&own, &regions)] {
        hidden(client, format!("/api/v1/imports/{}", loaded.id));
        hidden(client, format!("/api/v1/imports/{}/rejects", loaded.id));
        hidden(client, format!("/api/v1/imports/{}/rejects/file", loaded.id));
        hidden(client, format!("/api/v1/jobs/{}", loaded.job["id"]));
        let cancel = client.call("POST", &format!("/api/v1/jobs/{}/cancel", loaded.job["id"])).send();
        cancel.expect(404).problem("not_found");
    }
    // The ministry sees what was loaded, not who works on what.
    hidden(&ministry, format!("/api/v1/jobs/{}", mine.job["id"]));
    admin.get(&format!("/api/v1/jobs/{}", mine.job["id"])).expect(200);
    for role in [Role::Supervision, Role::School, Role::Expert, Role::Reader] {
        world.client(role).get("/api/v1/imports").expect(403);
    }
});

both!(a_waiting_import_can_be_called_off, |world| {
    let admin = world.client(Role::Admin);
    let _busy = Busy::with(world, "import_contexts");
    let before = world.storage.contents();
    let sent = admin.send_file("contexts", TWO_AREAS).expect(202);
    assert_eq!((&sent.json["report"], &sent.json["finished_at"]), (&Value::Null, &Value::Null));
    // Another kind does not wait; two of one kind never run at once.
    admin.load(KINDS[0].0, KINDS[0].2).succeeded([3, 0, 0, 0]);
    let path = format!("/api/v1/jobs/{}", sent.json["job_id"]);
    let waiting = admin.get(&path).expect(200).json;
    assert_eq!(
        (&waiting["state"], &waiting["attempts"], &waiting["started_at"]),
        (&json!("queued"), &json!(0), &Value::Null)
    );
    let cancelled = admin.call("POST", &format!("{path}/cancel")).send().expect(202);
    assert_eq!(cancelled.json["state"], "cancelled");
    admin.call("POST", &format!("{path}/cancel")).send().expect(409).problem("wrong_state");
    let import = admin.get(sent.header("location")).expect(200).json;
    assert!(import["finished_at"].is_string(), "{import}");
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0, "its bytes make room");
    let rows = |contents: Vec<(&'static str, i64, i64)>| contents.into_iter().find(|t| t.0 == "contexts");
    assert_eq!(rows(world.storage.contents()), rows(before));
});

both!(a_job_tells_its_course, |world| {
    let admin = world.client(Role::Admin);
    let loaded = admin.load(KINDS[0].0, KINDS[0].2).succeeded([3, 0, 0, 0]);
    let job = &loaded.job;
    // A small file is through before the first sign of life: it is done all the same, and so is one that was refused.
    let refused = admin
        .load("schools", "Код ОО;Наименование;Вид ОО;Местность;Учредитель\n1;;;;\n")
        .failed("invalid_file");
    for job in [job, &refused.job] {
        assert!(job["progress"]["done"].as_i64() > Some(0), "{job}");
        assert_eq!(job["progress"]["done"], job["progress"]["total"], "{job}");
    }
    let all = admin.get("/api/v1/imports").expect(200);
    let jobs: Vec<_> = all.items().iter().map(|import| &import["job_id"]).collect();
    assert_eq!(jobs, [&refused.job["id"], &job["id"]]);
    assert_eq!(
        (&job["kind"], &job["attempts"], &job["problem"]),
        (&json!("import_municipalities"), &json!(1), &Value::Null)
    );
    let times =
        ["created_at", "started_at", "finished_at"].map(|name| job[name].as_str().unwrap_or("").to_owned());
    assert!(times.is_sorted() && !times[0].is_empty(), "{job}");
    assert_eq!(loaded.import["sha256"].as_str().map(str::len), Some(64));
    admin
        .call("POST", &format!("/api/v1/jobs/{}/cancel", job["id"]))
        .send()
        .expect(409)
        .problem("wrong_state");
    // The bytes are let go when they are of no more use.
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0);
});

both!(the_file_and_the_table_have_the_same_bound_of_participants, |world| {
    const MOST: i64 = 20_000;
    let admin = world.client(Role::Admin);
    let header =
        "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог\n";
    let of = |participants: i64| format!("{header}520101;2017/2018;ОГЭ;9;02;{participants};0\n");
    admin.load("results", of(MOST)).succeeded([1, 0, 0, 0]);
    let refused = admin.load("results", of(MOST + 1)).failed("invalid_file");
    assert_eq!(admin.rejects(refused.id), [(2, "participants".to_owned(), "out_of_range".to_owned())]);
    let set = |participants: i64| {
        let change = format!("UPDATE results SET participants = {participants} WHERE participants = {MOST}");
        world.storage.connect().batch_execute(&change)
    };
    set(MOST).unwrap();
    assert!(set(MOST + 1).unwrap_err().to_string().to_lowercase().contains("check"));
});

both!(a_control_digit_is_split_off_and_looked_at, |world| {
    let admin = world.client(Role::Admin);
    let rows = "226990008;Первый;Муниципальный район\n226991001;Второй;Муниципальный район\n22699200;Третий;Муниципальный район\n";
    let loaded =
        admin.load("municipalities", format!("ОКТМО;Наименование;Вид\n{rows}")).succeeded([3, 0, 0, 0]);
    // 2 x 1 + 2 x 2 + 6 x 3 + 9 x 4 + 9 x 5 = 105, which leaves 6: the digit 8 is not that of 22699000. 1 is that of 22699100:
    // 105 + 1 x 6 = 111 leaves 1.
    assert_eq!(loaded.import["report"]["warnings"], json!([{ "code": "control_digit", "rows": 1 }]));
    let all = admin.get("/api/v1/municipalities?limit=1000").expect(200);
    for code in ["22699000", "22699100", "22699200"] {
        assert!(all.items().iter().any(|m| m["oktmo"] == code), "{code}: {all}");
    }
});

both!(a_header_of_two_rows_with_merged_cells_is_read, |world| {
    let admin = world.client(Role::Admin);
    let head =
        "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог";
    let row = "520101;2018/2019;ОГЭ;9;Математика;40;12";
    let marks = format!("{head};Отметки;;;\n;;;;;;;2;3;4;5\n{row};12;14;10;4\n");
    let loaded = admin.load("results", xlsx(&marks)).succeeded([1, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["ignored_columns"], json!([]));
    let results = "/api/v1/schools/code:520101/results?academic_year=2018%2F2019&type=OGE";
    let found = admin.get(results).expect(200).items()[0].clone();
    assert_eq!(
        ["mark2", "mark3", "mark4", "mark5"].map(|mark| found[mark].clone()),
        [12, 14, 10, 4].map(Value::from)
    );
    // Names that nobody knows widen the table all the same.
    let others = format!("{head};Доли;;\n;;;;;;;первая;вторая;третья\n{row};1;2;3\n");
    let loaded = admin.load("results", xlsx(&others)).succeeded([0, 1, 0, 0]);
    assert_eq!(loaded.import["report"]["ignored_columns"], json!(["первая", "вторая", "третья"]));
});

both!(a_code_is_looked_for_as_it_stands_and_then_with_its_zeros, |world| {
    let admin = world.client(Role::Admin);
    let node = world.another_node(|config| config.any_school_code = true);
    for code in ["17", "000017", "000018", "AB-1"] {
        let school = json!({ "code": code, "name": format!("Школа {code}"), "kind": "secondary", "locality": "rural",
            "founder": "state" });
        node.log_in("admin").post("/api/v1/schools", &school).expect(201);
    }
    // From here on nobody takes other codes than six digits anew.
    drop(node);
    let contexts = "Код ОО;Учебный год;Количество обучающихся\n17;2018/2019;170\n18;2018/2019;180\n";
    admin.load("contexts", contexts).succeeded([2, 0, 0, 0]);
    admin.load("lists", "Год списка;Код ОО\n2021;17\n2021;18\n").succeeded([2, 0, 0, 0]);
    admin.load("designations", "Код ОО;Назначение\n17;Модель 1\n18;Модель 1\n").succeeded([2, 0, 0, 0]);
    let schools = "Код ОО;Наименование;Вид ОО;Местность;Учредитель;Статус;Код правопреемника;Дата закрытия\n\
        17;Иная;Средняя;Село;Государственное;;;\n\
        18;Закрытая;Средняя;Село;Государственное;Закрыта;17;31.08.2020\n\
        AB-1;Буквенная;Средняя;Село;Государственное;;;\n\
        AB-2;Новая;Средняя;Село;Государственное;;;\n";
    let loaded = admin.load("schools&mode=best_effort", schools).succeeded([0, 3, 0, 1]);
    assert_eq!(admin.rejects(loaded.id), [(5, "code".to_owned(), "wrong_format".to_owned())]);
    let record = json!({ "code": "17", "name": "Иная", "short_name": "Иная", "kind": "secondary", "locality": "rural",
        "founder": "state" });
    let sent =
        admin.call("POST", "/api/v1/schools/bulk").body("application/x-ndjson", record.to_string()).send();
    assert_eq!(sent.expect(200).json["report"]["updated"], 1);
    let school = |code: &str| admin.get(&format!("/api/v1/schools/code:{code}")).expect(200).json;
    let (exact, padded) = (school("17"), school("000018"));
    assert_eq!((&exact["name"], &padded["successor_id"]), (&json!("Иная"), &exact["id"]));
    assert_eq!(school("000017")["name"], "Школа 000017");
    assert_eq!((&exact["short_name"], &school("AB-1")["name"]), (&json!("Иная"), &json!("Буквенная")));
    for (code, pupils) in [("17", 170), ("000018", 180)] {
        let found = admin.get(&format!("/api/v1/schools/code:{code}/contexts")).expect(200);
        assert_eq!(found.items()[0]["pupils"], pupils, "{code}");
        let acts = admin.get(&format!("/api/v1/designations?school_id={}", school(code)["id"])).expect(200);
        assert_eq!(acts.items().len(), 1, "{code}");
    }
    let newest = admin.get("/api/v1/lists").expect(200).items()[0]["id"].clone();
    let listed = admin.get(&format!("/api/v1/lists/{newest}/schools")).expect(200);
    let mut ids: Vec<&Value> = listed.items().iter().map(|school| &school["school_id"]).collect();
    ids.sort_by_key(|id| id.as_i64());
    // In the order in which they were made.
    assert_eq!(ids, [&exact["id"], &padded["id"]], "{listed}");
});
