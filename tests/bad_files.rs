//! Files that are wrong: each is refused with a code that says why, and nothing is written.

use crate::harness::{
    World,
    files::{windows_1251, xlsx},
    time::in_one_month,
};
use chrono::Datelike;
use opora_identity::Role;
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Cursor, Read, Write},
    net::TcpStream,
    time::Duration,
};

const HEAD: &str = "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог;Отметка 2;Отметка 3;Отметка 4;Отметка 5";

/// A good row of [`HEAD`].
const GOOD: &str = "520101;2018/2019;ОГЭ;9;Математика;40;12;12;14;10;4";

fn file(rows: &[&str]) -> String {
    format!("{HEAD}\n{}\n", rows.join("\n"))
}

/// A file of results that is refused as a whole, for the `reason` that the words of its job name.
#[track_caller]
fn refused(world: &World, bytes: impl Into<Vec<u8>>, reason: &str) {
    refused_as(world, "results", bytes, reason);
}

/// As [`refused`], of another kind.
#[track_caller]
fn refused_as(world: &World, kind: &str, bytes: impl Into<Vec<u8>>, reason: &str) {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let loaded = admin.load(kind, bytes).failed("invalid_file");
    let detail = loaded.job["problem"]["detail"].as_str().unwrap_or("");
    assert!(detail.contains(&format!("({reason})")), "{reason}: {loaded:?}");
    assert_eq!(world.storage.contents(), before);
    // What is of no more use is not kept.
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0);
}

both!(other_encodings_are_refused, |world| {
    let utf_16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    refused(world, [vec![0xff, 0xfe], utf_16(&file(&[GOOD]))].concat(), "unknown_encoding");
    // Without its mark it looks like text full of NUL bytes.
    refused(world, utf_16(&file(&[GOOD])), "not_a_table");
    // Cut in the middle of a letter: no UTF-8 any more, and never meant as windows-1251.
    let mut damaged = file(&[GOOD; 3]).replace("Математика", "Математика ☂").into_bytes();
    let umbrella = damaged.windows(3).position(|w| w == "☂".as_bytes()).unwrap();
    damaged.remove(umbrella + 2);
    refused(world, damaged, "unknown_encoding");
    // The byte that windows-1251 leaves without a letter.
    let mut undefined = windows_1251(&file(&[GOOD]));
    let end = undefined.len() - 2;
    undefined.insert(end, 0x98);
    refused(world, undefined, "unknown_encoding");
});

both!(what_is_no_table_is_refused, |world| {
    refused(world, "", "empty_file");
    refused(world, "\u{feff}", "empty_file");
    refused(world, "\n\n\n", "empty_file");
    refused(world, "just a sentence without any columns\n", "missing_column");
    refused(world, (0u8..=255).cycle().take(20_000).collect::<Vec<u8>>(), "not_a_table");
    refused(world, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "not_a_table");
    refused(world, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), "not_a_table");
    // Its first lines might be text.
    refused(world, b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec(), "missing_column");
});

both!(an_open_quote_is_refused, |world| {
    refused(world, file(&[GOOD, "\"520102;2018/2019;ОГЭ;9;Русский язык;40;12;;;;"]), "truncated");
});

both!(a_cut_workbook_is_refused, |world| {
    let whole = xlsx(&file(&[GOOD]));
    for keep in [whole.len() / 2, whole.len() - 10, 100] {
        refused(world, &whole[..keep], "truncated");
    }
    let mut damaged = whole.clone();
    let middle = damaged.len() / 3;
    damaged[middle..middle + 40].fill(0x55);
    refused(world, damaged, "truncated");
    world.client(Role::Admin).load("results", whole).succeeded([1, 0, 0, 0]);
});

/// The parts of a workbook, one of them replaced.
fn workbook_with(part: &str, contents: &mut dyn Read) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(xlsx(&file(&[GOOD])))).unwrap();
    let mut into = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for n in 0..from.len() {
        let mut entry = from.by_index(n).unwrap();
        let name = entry.name().unwrap().into_owned();
        into.start_file(name.as_str(), options).unwrap();
        if name == part {
            std::io::copy(contents, &mut into).unwrap();
        } else {
            std::io::copy(&mut entry, &mut into).unwrap();
        }
    }
    into.finish().unwrap().into_inner()
}

both!(a_zip_bomb_is_refused, |world| {
    // 65 MiB of nothing in well under a megabyte; the shared strings may take 64 MiB.
    let bomb = workbook_with("xl/sharedStrings.xml", &mut std::io::repeat(b' ').take(65 << 20));
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    refused(world, bomb, "too_large");
    refused(
        world,
        workbook_with("xl/worksheets/sheet1.xml", &mut std::io::repeat(0).take(20 << 20)),
        "not_a_table",
    );
});

both!(a_line_without_end_is_refused, |world| {
    // Longer than the 1 MiB a line may have, in a file that is not too large.
    refused(world, file(&[GOOD, &"9".repeat((1 << 20) + 1)]), "line_too_long");
    refused(world, "я".repeat(1 << 20), "line_too_long");
});

/// Sends 200 MB without an end of line and answers what comes back. Nothing of the size is held.
fn send_without_end(token: &str, address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let head = format!(
        "POST /api/v1/imports?kind=results HTTP/1.1\r\nHost: opora\r\nAuthorization: Bearer {token}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'9'; 0x10000], b"\r\n"].concat();
    // The server answers before all has come; then it may hang up, or throw away what still comes.
    let chunks = 200_000_000 / chunk.len();
    let _ = (0..chunks).try_for_each(|_| stream.write_all(&chunk));
    // The problem document ends the answer; the connection need not.
    let mut answer = Vec::new();
    BufReader::new(stream).read_until(b'}', &mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

both!(a_body_without_end_is_refused_early, |world| {
    let small = world.another_node(|config| config.import_limit_mib = 1);
    let token = world.client(Role::Admin).token.unwrap();
    let before = world.storage.contents();
    let answer = send_without_end(&token, small.address);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    assert_eq!(world.storage.contents(), before);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM imports"), 0);
    assert_eq!(world.storage.temporary_files(), 0, "the temporary file goes");
    small.log_in("admin").get("/api/v1/imports").expect(200);
});

/// Rows that are refused: the row, its column, the reason.
const ROWS: [(&str, &str, &str); 19] = [
    ("999999;2018/2019;ОГЭ;9;Математика;40;12;12;14;10;4", "school_code", "unknown_reference"),
    ("x;2018/2019;ОГЭ;9;Математика;40;12;12;14;10;4", "school_code", "unknown_reference"),
    (";2018/2019;ОГЭ;9;Математика;40;12;12;14;10;4", "school_code", "required"),
    ("520102;2018/2019;ОГЭ;9;Математика;40;41;;;;", "below_minimum", "more_than_whole"),
    ("520102;2018/2019;ОГЭ;9;Математика;-40;12;;;;", "participants", "out_of_range"),
    ("520102;2018/2019;ОГЭ;9;Математика;40;-1;;;;", "below_minimum", "out_of_range"),
    ("520102;2018/2019;ОГЭ;9;Математика;100000000000000000000;1;;;;", "participants", "out_of_range"),
    ("520102;2018/2019;ОГЭ;9;Математика;сорок;1;;;;", "participants", "wrong_format"),
    ("520102;2018/2020;ОГЭ;9;Математика;40;12;;;;", "academic_year", "out_of_range"),
    ("520102;0000/0001;ОГЭ;9;Математика;40;12;;;;", "academic_year", "out_of_range"),
    ("520102;2018;ОГЭ;9;Математика;40;12;;;;", "academic_year", "wrong_format"),
    ("520102;2090/2091;ОГЭ;9;Математика;40;12;;;;", "academic_year", "out_of_range"),
    ("520102;2018/2019;ЕГЭ ЕГЭ;9;Математика;40;12;;;;", "type", "unknown_value"),
    ("520102;2018/2019;ОГЭ;13;Математика;40;12;;;;", "grade", "out_of_range"),
    ("520102;2018/2019;ОГЭ;9;Алхимия;40;12;;;;", "subject", "unknown_value"),
    ("520102;2018/2019;ОГЭ;9;Математика;40;12;12;14;10;5", "mark2", "marks_do_not_add_up"),
    ("520102;2018/2019;ОГЭ;9;Математика;40;12;12;;;30", "mark2", "marks_do_not_add_up"),
    // Whoever is below the minimum has a 2, and nobody else has.
    ("520102;2018/2019;ОГЭ;9;Математика;40;12;11;14;10;5", "mark2", "contradiction"),
    ("520102;2018/2019;ВПР;5;Математика;40;12;0;;;", "mark2", "contradiction"),
];

both!(every_bad_row_is_named, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let rows: Vec<&str> = std::iter::once(GOOD).chain(ROWS.iter().map(|row| row.0)).collect();
    let loaded = admin.load("results", file(&rows)).failed("invalid_file");
    assert_eq!(world.storage.contents(), before);
    let found = admin.rejects(loaded.id);
    for ((row, column, code), number) in ROWS.iter().zip(3..) {
        let of_row: Vec<_> = found.iter().filter(|reject| reject.0 == number).collect();
        assert!(of_row.iter().any(|r| (r.1.as_str(), r.2.as_str()) == (*column, *code)), "{row}: {of_row:?}");
    }
    assert_eq!(loaded.import["report"]["rejected"], ROWS.len());
    assert!(found.iter().all(|reject| reject.0 > 2), "the good row is not named: {found:?}");
});

both!(a_row_of_another_width_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let text = file(&[GOOD, "520102;2018/2019;ОГЭ;9;Математика;40;12;;;;;;;лишнее"]);
    let loaded = admin.load("results", text).failed("invalid_file");
    assert_eq!(admin.rejects(loaded.id), [(3, String::new(), "extra_cells".to_owned())]);
});

both!(a_control_character_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let schools = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель\n520901;Школа\u{7};22601000;Средняя;Село;Муниципальное\n";
    let loaded = admin.load("schools", schools).failed("invalid_file");
    assert_eq!(admin.rejects(loaded.id), [(2, "name".to_owned(), "forbidden_character".to_owned())]);
});

both!(the_same_key_twice_in_a_file_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let twice =
        file(&[GOOD, "520102;2018/2019;ОГЭ;9;Математика;30;3;;;;", "520101;2018/2019;ОГЭ;9;02;41;12;;;;"]);
    let whole = admin.load("results", twice.clone()).failed("invalid_file");
    assert_eq!(admin.rejects(whole.id), [(4, String::new(), "duplicate_key".to_owned())]);
    assert_eq!(world.storage.contents(), before);
    // The first of them counts.
    admin.load("results&mode=best_effort", twice).succeeded([2, 0, 0, 1]);
    let kept = "SELECT CAST(max(participants) AS BIGINT) AS n FROM results JOIN schools ON schools.id = school_id WHERE code = '520101'";
    assert_eq!(world.storage.number(kept), 40);
    let schools = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель\n";
    let row = "520901;Школа;22601000;Средняя;Село;Муниципальное\n";
    let loaded = admin.load("schools", format!("{schools}{row}{row}")).failed("invalid_file");
    assert_eq!(admin.rejects(loaded.id), [(3, String::new(), "duplicate_key".to_owned())]);
});

both!(a_formula_is_no_value, |world| {
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let row = "520102;2018/2019;ОГЭ;9;Математика;=20+20;12;;;;";
    // In text it is just no number.
    for (bytes, reason) in [(file(&[row]).into_bytes(), "wrong_format"), (xlsx(&file(&[row])), "formula")] {
        let loaded = admin.load("results", bytes).failed("invalid_file");
        assert_eq!(admin.rejects(loaded.id), [(2, "participants".to_owned(), reason.to_owned())]);
    }
    assert_eq!(world.storage.contents(), before);
});

both!(a_sheet_that_is_not_there_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let book = xlsx(&file(&[GOOD]));
    let loaded = admin.load("results&sheet=%D0%9B%D0%B8%D1%81%D1%829", book.clone()).failed("invalid_file");
    assert!(loaded.job.to_string().contains("unknown_sheet"), "{loaded:?}");
    admin.load("results&sheet=Sheet1", book).succeeded([1, 0, 0, 0]);
});

both!(only_where_marks_are_given_is_a_two_below_the_minimum, |world| {
    let admin = world.client(Role::Admin);
    let rows = [
        "520101;2018/2019;ЕГЭ;11;01;40;12;11;;;",
        "520101;2018/2019;Региональная диагностика;5;01;40;12;11;;;",
        "520101;2018/2019;ВПР;5;01;40;12;;14;;",
        "520101;2018/2019;ОГЭ;9;01;40;12;12;14;10;4",
    ];
    admin.load("results", file(&rows)).succeeded([4, 0, 0, 0]);
});

both!(nobody_is_born_after_the_day_of_the_file, |world| {
    in_one_month();
    let admin = world.client(Role::Admin);
    let row = |id: &str, born: i32| format!("{id};520101;Учитель;Математика;Пример {id};{born}\n");
    let this_year = chrono::Utc::now().year();
    let rows = format!(
        "Идентификатор;Код ОО;Должность;Предмет;ФИО;Год рождения\n{}{}{}",
        row("a", this_year),
        row("b", this_year + 1),
        row("c", 1899)
    );
    let loaded = admin.load("staff&mode=best_effort", rows).succeeded([1, 0, 0, 2]);
    let wrong = |row| (row, "birth_year".to_owned(), "out_of_range".to_owned());
    assert_eq!(admin.rejects(loaded.id), [wrong(3), wrong(4)]);
});

both!(a_successor_that_leads_back_is_named_and_the_rest_is_written, |world| {
    let admin = world.client(Role::Admin);
    let head = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель;Статус;Код правопреемника\n";
    let row = |code: &str, oktmo: &str, successor: &str| {
        let status = if successor.is_empty() { "" } else { "Реорганизована" };
        format!("{code};Школа {code};{oktmo};Средняя;Село;Муниципальное;{status};{successor}\n")
    };
    let rows = [
        // To itself; one to the other and back; to one of these.
        row("520901", "22601000", "520901"),
        row("520902", "22601000", "520903"),
        row("520903", "22601000", "520902"),
        row("520904", "22601000", "520902"),
        // To one that is refused for want of its municipality, and on from there.
        row("520905", "22601000", "520906"),
        row("520906", "22699999", ""),
        row("520907", "22601000", "520905"),
        row("520908", "22601000", "599999"),
        // Three that are right, in the order in which they are not written.
        row("520909", "22601000", "520910"),
        row("520910", "22601000", "520911"),
        row("520911", "22601000", ""),
    ];
    let text = format!("{head}{}", rows.concat());
    let loaded = admin.load("schools", text.clone()).failed("invalid_file");
    let of = |row, column: &str, code: &str| (row, column.to_owned(), code.to_owned());
    let back = |row| of(row, "successor_code", "contradiction");
    let expected = [
        back(2),
        back(3),
        back(4),
        back(5),
        back(6),
        of(7, "oktmo", "unknown_reference"),
        back(8),
        of(9, "successor_code", "unknown_reference"),
    ];
    assert_eq!(admin.rejects(loaded.id), expected);
    let loaded = admin.load("schools&mode=best_effort", text).succeeded([3, 0, 0, 8]);
    assert_eq!(admin.rejects(loaded.id), expected);
    let school = |code: &str| admin.get(&format!("/api/v1/schools/code:{code}")).expect(200).json;
    assert_eq!(school("520909")["successor_id"], school("520910")["id"]);
    assert_eq!(school("520910")["successor_id"], school("520911")["id"]);
    // The chain may turn round, if the whole of it does; alone, its new end leads back through what is there.
    let turned = [
        row("520911", "22601000", "520910"),
        row("520910", "22601000", "520909"),
        row("520909", "22601000", ""),
    ];
    let alone =
        admin.load("schools&mode=best_effort", format!("{head}{}", turned[0])).succeeded([0, 0, 0, 1]);
    assert_eq!(admin.rejects(alone.id), [back(2)]);
    admin.load("schools", format!("{head}{}", turned.concat())).succeeded([0, 3, 0, 0]);
    assert_eq!(school("520911")["successor_id"], school("520910")["id"]);
});

both!(a_procedure_that_was_not_held_is_a_warning, |world| {
    let admin = world.client(Role::Admin);
    let loaded =
        admin.load("results", file(&["520101;2019/2020;ОГЭ;9;01;40;12;;;;"])).succeeded([1, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "not_held", "rows": 1}]));
});

both!(a_mean_that_contradicts_the_minimum_is_a_warning, |world| {
    let admin = world.client(Role::Admin);
    let head = "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог;Средний балл";
    // Of Russian the minimum is 24 points and of base mathematics a 3, from 2019 on; a check work has none.
    let rows = [
        "520101;2018/2019;ЕГЭ;11;01;40;0;23,99",
        "520102;2018/2019;ЕГЭ;11;01;40;40;24",
        "520101;2018/2019;ЕГЭ;11;22;40;0;2,99",
        "520101;2017/2018;ЕГЭ;11;01;40;0;23",
        "520101;2018/2019;ЕГЭ;11;02;40;0;27",
        "520102;2018/2019;ЕГЭ;11;02;40;1;26",
        "520102;2018/2019;ЕГЭ;11;03;0;0;0",
        "520101;2018/2019;ВПР;5;01;40;0;1",
    ];
    let loaded = admin.load("results", format!("{head}\n{}\n", rows.join("\n"))).succeeded([8, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "mean_against_minimum", "rows": 3}]));
});

both!(a_merged_school_without_a_successor_is_a_warning, |world| {
    let admin = world.client(Role::Admin);
    let head = "code;name;oktmo;kind;locality;founder;status;successor_code;closed_on";
    let row = |code: &str, status: &str, successor: &str| {
        format!("{code};Школа;22601000;basic;urban;municipal;{status};{successor};2020-08-31\n")
    };
    let rows = [
        row("520901", "reorganised", ""),
        row("520902", "reorganised", "520101"),
        row("520903", "closed", ""),
    ];
    let loaded = admin.load("schools", format!("{head}\n{}", rows.concat())).succeeded([3, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "no_successor", "rows": 1}]));
});

both!(the_status_of_a_school_and_its_day_of_closing_are_compared, |world| {
    let admin = world.client(Role::Admin);
    let head = "code;name;oktmo;kind;locality;founder;status;closed_on";
    let row = |code: &str, status: &str, closed_on: &str| {
        format!("{code};Школа;22601000;basic;urban;municipal;{status};{closed_on}\n")
    };
    let rows = [
        row("520901", "open", "2020-08-31"),
        row("520902", "", "2020-08-31"),
        row("520903", "open", "2999-08-31"),
        row("520904", "closed", ""),
        row("520905", "reorganised", ""),
        row("520906", "closed", "2020-08-31"),
    ];
    let text = format!("{head}\n{}", rows.concat());
    let loaded = admin.load("schools&mode=best_effort", text).succeeded([4, 0, 0, 2]);
    let refused = |row| (row, "closed_on".to_owned(), "contradiction".to_owned());
    assert_eq!(admin.rejects(loaded.id), [refused(2), refused(3)]);
    let warnings = json!([{"code": "no_closing_date", "rows": 2}, {"code": "no_successor", "rows": 1}]);
    assert_eq!(loaded.import["report"]["warnings"], warnings);
});

both!(a_warning_counts_rows_that_were_taken_and_each_once, |world| {
    let admin = world.client(Role::Admin);
    let head = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель;Статус;Дата закрытия\n";
    let row = |code: &str, oktmo: &str, kind: &str| {
        format!("{code};Школа;{oktmo};{kind};Село;Муниципальное;Реорганизована;31.08.2020\n")
    };
    let rows = [
        row("520901", "22601000", "Средняя"),
        // Refused as they are read: by a cell, and for a code that came before.
        row("520902", "22601000", "Небывалая"),
        row("520901", "22601000", "Средняя"),
        // Refused as it is written.
        row("520903", "22699999", "Средняя"),
    ];
    let text = format!("{head}{}", rows.concat());
    let loaded = admin.load("schools&mode=best_effort", text).succeeded([1, 0, 0, 3]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "no_successor", "rows": 1}]));
    // Both codes of the first row have a control digit that is not theirs; the second row is refused.
    let places = "ОКТМО;Наименование;Вид;ОКТМО вышестоящего;Действует по;ОКТМО правопреемника\n\
        226990008;Первый;Муниципальный район;;31.12.2019;226991002\n\
        226992000;;Муниципальный район;;;\n22699100;Второй;Муниципальный район;;;\n";
    let loaded = admin.load("municipalities&mode=best_effort", places).succeeded([2, 0, 0, 1]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "control_digit", "rows": 1}]));
});

both!(a_part_of_a_list_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let sent = admin.call("POST", "/api/v1/imports?kind=lists&mode=best_effort");
    let refused =
        sent.body("text/csv", "list_year;school_code\n2020;520101\n2020;999999\n").send().expect(400);
    assert_eq!(refused.problem("invalid_parameter").flaws(), [("mode", "contradiction")]);
});

both!(a_procedure_that_cannot_be_is_a_warning, |world| {
    let admin = world.client(Role::Admin);
    let rows = [
        "520101;2018/2019;ЕГЭ;9;01;40;12;;;;",
        "520101;2018/2019;ОГЭ;11;01;40;12;;;;",
        "520101;2018/2019;ВПР;5;31;40;12;;;;",
        "520101;2018/2019;ЕГЭ;12;01;40;12;;;;",
        "520101;2018/2019;НИКО;3;31;40;12;;;;",
    ];
    let loaded = admin.load("results", file(&rows)).succeeded([5, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "not_given", "rows": 3}]));
    // The work of autumn 2020 was on the programme of the grade before.
    let autumn = "Код ОО;Учебный год;Процедура;Класс;Предмет;Класс программы;Количество участников;Не преодолели минимальный порог\n\
        520101;2020/2021;ВПР;5;31;4;40;12\n520101;2020/2021;ВПР;9;04;8;40;12\n";
    let loaded = admin.load("results", autumn).succeeded([2, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([]));
});

/// The academic year `ahead` years after the current one.
fn academic_year(ahead: i32) -> String {
    let today = chrono::Utc::now().date_naive();
    let start = if today.month() >= 9 { today.year() } else { today.year() - 1 } + ahead;
    format!("{start}/{}", start + 1)
}

both!(a_year_that_has_not_begun_is_refused, |world| {
    in_one_month();
    let admin = world.client(Role::Admin);
    let result = |ahead| file(&[&GOOD.replace("2018/2019", &academic_year(ahead))]);
    let context =
        |ahead| format!("Код ОО;Учебный год;Количество обучающихся\n520101;{};100\n", academic_year(ahead));
    let list = |ahead| format!("Год списка;Код ОО\n{};520101\n", chrono::Utc::now().year() + ahead);
    let before = world.storage.contents();
    let wrong = (2, "academic_year".to_owned(), "out_of_range".to_owned());
    for (kind, text) in [("results", result(1)), ("contexts", context(1))] {
        let loaded = admin.load(kind, text).failed("invalid_file");
        assert_eq!(admin.rejects(loaded.id), std::slice::from_ref(&wrong), "{kind}");
    }
    let loaded = admin.load("lists", list(2)).failed("invalid_file");
    assert_eq!(admin.rejects(loaded.id), [(2, "list_year".to_owned(), "out_of_range".to_owned())]);
    assert_eq!(world.storage.contents(), before);
    let run = json!({ "academic_year": academic_year(1) });
    let refused = world.client(Role::Institute).post("/api/v1/identification-runs", &run).expect(422);
    assert_eq!(refused.flaws(), [("/academic_year", "out_of_range")]);
    for (kind, text) in [("results", result(0)), ("contexts", context(0)), ("lists", list(1))] {
        admin.load(kind, text).succeeded([1, 0, 0, 0]);
    }
});

both!(a_register_without_end_is_refused, |world| {
    let rows: String = (0..=100_000).map(|n| format!("2021;{:06}\n", 600_000 + n)).collect();
    refused_as(world, "lists", format!("Год списка;Код ОО\n{rows}"), "too_many_rows");
});
