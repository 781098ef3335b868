//! Results as files: what they hold, for whom, and that a slow reader holds nobody up.

use crate::harness::{Client, World, client::Reply};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// The seed's year.
const PATH: &str = "/api/v1/exports/results?academic_year=2019%2F2020";
const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Everything a result may say: a resit, the programme of another grade, a mean with and without decimals, no marks.
const RESULTS: &str = "Код ОО;Учебный год;Процедура;Класс;Предмет;Попытка;Класс программы;Количество участников;Не преодолели минимальный порог;Средний балл;Отметка 2;Отметка 3;Отметка 4;Отметка 5
520101;2019/2020;ВПР;6;Математика;;5;1040;12;3,45;12;514;510;4
520101;2019/2020;ЕГЭ;11;Русский язык;Пересдача;;20;1;64,5;;;;
520201;2019/2020;ЕГЭ;11;Русский язык;Основной период;;20;0;64;;;;
529901;2019/2020;REGIONAL;4;Окружающий мир;;;3;0;;;;;
520101;2018/2019;ОГЭ;9;Математика;;;40;12;3,45;12;14;10;4
";

fn lines(reply: &Reply) -> Vec<&str> {
    reply.text.trim_start_matches('\u{feff}').lines().collect()
}

both!(an_export_can_be_imported_again, |world| {
    let admin = world.client(Role::Admin);
    admin.load("results", RESULTS).succeeded([5, 0, 0, 0]);
    for (format, content_type) in [("csv", CSV), ("xlsx", XLSX)] {
        let file = admin.get(&format!("{PATH}&format={format}")).expect(200);
        assert_eq!(file.header("content-type"), content_type);
        assert_eq!(file.header("content-length"), "", "it is sent while it is read");
        assert_eq!(
            file.header("content-disposition"),
            format!("attachment; filename=\"results-2019-2020.{format}\"")
        );
        let again = admin.load("results&dry_run=true", file.bytes).succeeded([0, 0, 5 + 4, 0]);
        assert_eq!(
            again.import["report"]["ignored_columns"],
            json!(["Наименование ОО", "Муниципалитет"]),
            "{again:?}"
        );
    }
});

both!(a_row_says_what_the_result_says, |world| {
    let admin = world.client(Role::Admin);
    admin.load("results", RESULTS).succeeded([5, 0, 0, 0]);
    let file = admin.get(&format!("{PATH}&type=VPR&grade=6&subject=02&attempt=main")).expect(200);
    let [head, row] = lines(&file)[..] else { panic!("{file}") };
    assert!(
        head.starts_with("Код ОО;Учебный год;Процедура;Класс;") && head.ends_with(";Муниципалитет"),
        "{head}"
    );
    let school = admin.get("/api/v1/schools/code:520101").expect(200);
    let name = school.json["name"].as_str().unwrap().replace('"', "\"\"");
    assert!(
        row.starts_with("520101;2019/2020;ВПР;6;Математика;Основной период;5;1040;12;3,45;12;514;510;4;"),
        "{row}"
    );
    assert!(row.contains(&name) && row.ends_with(";Северный"), "{row}");
    let resits = admin.get(&format!("{PATH}&attempt=resit")).expect(200);
    assert_eq!(lines(&resits).len(), 2, "{resits}");
    // A state school is in no municipality.
    let state = admin.get(&format!("{PATH}&type=REGIONAL")).expect(200);
    assert!(lines(&state)[1].starts_with("529901;") && lines(&state)[1].ends_with(';'), "{state}");
});

both!(a_file_holds_the_callers_area, |world| {
    let count =
        |client: &Client, query: &str| lines(&client.get(&format!("{PATH}{query}")).expect(200)).len() - 1;
    let codes = |client: &Client| -> Vec<String> {
        let file = client.get(PATH).expect(200);
        lines(&file)[1..].iter().map(|line| line[..6].to_owned()).collect()
    };
    assert_eq!(codes(&world.client(Role::Reader)), ["520101", "520102", "520201", "520301", "529901"]);
    assert_eq!(codes(&world.client(Role::Municipality)), ["520101", "520102"]);
    assert_eq!(codes(&world.log_in("city")), ["520301"]);
    assert_eq!(codes(&world.client(Role::School)), ["520101"]);
    let of = |id| format!("&municipality_id={id}");
    let admin = world.client(Role::Admin);
    assert_eq!(count(&admin, &of(world.seed.other)), 1);
    assert_eq!(count(&admin, &of(world.seed.city)), 1, "with its districts");
    assert_eq!(count(&world.client(Role::Municipality), &of(world.seed.other)), 0);
    assert_eq!(count(&admin, "&type=NIKO"), 0, "the headings alone");
});

both!(the_format_is_negotiated, |world| {
    let reader = world.client(Role::Reader);
    let asked = |accept: &str, query: &str| {
        reader.call("GET", &format!("{PATH}{query}")).header("Accept", accept).send()
    };
    for (accept, query, content_type) in [
        ("*/*", "", CSV),
        ("text/csv;q=0.5", "", CSV),
        (XLSX, "", XLSX),
        ("application/json, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", XLSX),
        (XLSX, "&format=csv", CSV),
    ] {
        assert_eq!(asked(accept, query).expect(200).header("content-type"), content_type, "{accept} {query}");
    }
    asked("application/json", "").expect(406).problem("not_acceptable");
    let head = reader.call("HEAD", PATH).send().expect(200);
    assert_eq!((head.header("content-type"), head.bytes.len()), (CSV, 0));
    assert!(reader.get(&format!("{PATH}&format=xlsx")).bytes.starts_with(b"PK"));
    for bad in ["", "?format=csv", "?academic_year=2019", "?academic_year=2019%2F2020&format=pdf"] {
        reader.get(&format!("/api/v1/exports/results{bad}")).expect(400).refused_query();
    }
    reader.get(&format!("{PATH}&grade=13")).expect(400).problem("invalid_parameter");
    reader.get(&format!("{PATH}&limit=10")).expect(400).problem("unknown_parameter");
});

/// A year far larger than what sockets hold on the way: 40 results of each of so many schools.
fn fill(world: &World, schools: u32) {
    let rows = format!(
        "INSERT INTO schools (id, code, name, name_folded, kind, locality, founder, status, updated_at)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {schools})
             SELECT 10000 + i, CAST(600000 + i AS TEXT), 'МБОУ «Средняя общеобразовательная школа с длинным названием»', 'школа',
                 'secondary', 'urban', 'state', 'open', '2020-12-01 09:00:00.000000' FROM n;
         INSERT INTO procedures (id, academic_year, assessment, grade, subject)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
             SELECT 10000 + i, 2017, 'VPR', 1 + i % 12, CASE WHEN i > 11 THEN '01' ELSE '02' END FROM n;
         INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum)
             SELECT s.id, p.id, a.attempt, 20, 3 FROM schools AS s CROSS JOIN procedures AS p
                 CROSS JOIN (SELECT 'main' AS attempt UNION ALL SELECT 'resit') AS a
             WHERE p.academic_year = 2017 AND s.id > 10000"
    );
    world.node.state.database.keep_books(|db| Ok(db.batch_execute(&rows)?)).unwrap();
}

const FILLED: &str = "/api/v1/exports/results?academic_year=2017%2F2018";

// 40 x 26,215 = 1,048,600, and a sheet holds 1,048,575.
both!(more_than_a_sheet_holds_is_refused_before_anything_is_sent, |world| {
    fill(world, 26_215);
    let admin = world.client(Role::Admin);
    admin.get(&format!("{FILLED}&format=xlsx")).expect(406).problem("too_many_rows");
    let accepting = admin.call("GET", FILLED).header("Accept", XLSX).send();
    accepting.expect(406).problem("too_many_rows");
    admin.get(&format!("{FILLED}&format=xlsx&attempt=resit&subject=01&grade=1")).expect(200);
    let head = admin.call("HEAD", FILLED).send().expect(200);
    assert_eq!(head.header("content-type"), CSV, "CSV has no bound");
});

both!(a_name_that_a_spreadsheet_would_compute_is_text, |world| {
    let name = "UPDATE schools SET name = '=HYPERLINK(\"http://example.org\")' WHERE code = '520101'";
    world.node.state.database.keep_books(|db| Ok(db.batch_execute(name)?)).unwrap();
    let file = world.client(Role::School).get(PATH).expect(200);
    assert!(lines(&file)[1].contains(";\"'=HYPERLINK(\"\"http://example.org\"\")\";"), "{file}");
});

// Four connections: one export at a time.
both!(a_reader_that_stops_holds_up_exports_only_and_one_that_leaves_ends_its_own, |world| {
    let bounded = world.another_node(|config| config.connections = 4);
    let client = bounded.log_in("institute");
    fill(world, 1000);
    let mut slow = TcpStream::connect(bounded.address).unwrap();
    let token = client.token.clone().unwrap();
    write!(slow, "GET {FILLED} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    slow.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    client.get(FILLED).expect(429).problem("too_many_requests");
    client.get("/api/v1/schools").expect(200);
    drop(slow);
    let begun = Instant::now();
    let whole = loop {
        let reply = client.get(FILLED);
        if reply.status == 200 {
            break reply;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the work goes on: {reply}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(lines(&whole).len(), 1 + 1000 * 40);
});
