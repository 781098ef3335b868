//! Evidence of facts: links and files, what is refused, how a file is given back, and what becomes of files that nothing
//! refers to.

use crate::harness::{
    Client, Reply, World,
    facts::{FACTS, draft, enter, with_plan},
};
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{Cursor, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};
use zip::{ZipWriter, write::SimpleFileOptions};

const PDF: &str = include_str!("../crates/reporting/src/facts/samples/order.pdf");

/// A fact of the institute and the address of its evidence.
fn fact(institute: &Client) -> (Value, String) {
    let fact = enter(institute, &draft(institute));
    let path = format!("{FACTS}/{}/evidence", fact["id"]);
    (fact, path)
}

fn send(client: &Client, path: &str, name: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Reply {
    let encoded: String = name.bytes().map(|b| format!("%{b:02X}")).collect();
    client.call("POST", &format!("{path}?file_name={encoded}")).body(media_type, bytes).send()
}

fn as_form(client: &Client, path: &str, name: &str, bytes: &str) -> Reply {
    let part = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    let body = format!("--b\r\n{part}\r\nContent-Type: text/plain\r\n\r\n{bytes}\r\n--b--\r\n");
    client.call("POST", path).body("multipart/form-data; boundary=b", body).send()
}

fn content(piece: &Value) -> String {
    format!("/api/v1/evidence/{}/content", piece["id"])
}

fn folder(world: &World) -> PathBuf {
    world.storage.dir.path().join("evidence")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

both!(a_file_comes_back_as_it_was, |world| {
    let institute = with_plan(world);
    let (fact, path) = fact(&institute);
    let piece = send(&institute, &path, "Приказ \"5\".pdf", "application/pdf", PDF).expect(201);
    let known = ["kind", "file_name", "media_type", "size", "url"].map(|field| piece.json[field].clone());
    assert_eq!(json!(known), json!(["file", "Приказ \"5\".pdf", "application/pdf", PDF.len(), null]));
    assert_eq!(institute.get(piece.header("location")).expect(200).json, piece.json);
    assert_eq!(institute.get(&path).expect(200).items(), std::slice::from_ref(&piece.json));
    let got =
        institute.call("GET", &content(&piece.json)).header("Accept-Encoding", "gzip").send().expect(200);
    assert_eq!(got.text, PDF);
    let etag = format!("\"{}\"", piece.json["sha256"].as_str().unwrap());
    assert_eq!((got.header("etag"), got.header("content-type")), (etag.as_str(), "application/pdf"));
    assert_eq!(got.header("content-length"), PDF.len().to_string());
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    let disposition = got.header("content-disposition");
    assert_eq!(
        disposition,
        "attachment; filename=\"file.pdf\"; filename*=UTF-8''%D0%9F%D1%80%D0%B8%D0%BA%D0%B0%D0%B7%20%225%22.pdf"
    );
    let with =
        |name: &str, value: &str| institute.call("GET", &content(&piece.json)).header(name, value).send();
    assert_eq!(with("If-None-Match", &etag).expect(304).text, "");
    assert_eq!(with("If-Modified-Since", got.header("last-modified")).expect(304).text, "");
    let part = with("Range", "bytes=1-3").expect(206);
    assert_eq!(
        (part.text.as_str(), part.header("content-range")),
        ("PDF", format!("bytes 1-3/{}", PDF.len()).as_str())
    );
    assert_eq!(with("Range", "bytes=-6").expect(206).text, "%%EOF\n");
    assert_eq!(
        with("Range", "bytes=9999-").expect(416).problem("range_not_satisfiable").header("content-range"),
        format!("bytes */{}", PDF.len())
    );
    // It lies under its digest, and the fact has changed with it.
    let sha256 = piece.json["sha256"].as_str().unwrap();
    assert_eq!(files(&folder(world)), [folder(world).join(&sha256[..2]).join(sha256)]);
    assert_eq!(institute.get(&format!("{FACTS}/{}", fact["id"])).expect(200).json["version"], 2);
    // Each reading of the content is in the audit log: 200, 206 and 206.
    let readings = "SELECT count(*) AS n FROM audit_log WHERE resource = 'evidence' AND action = 'read'";
    assert_eq!(world.storage.number(readings), 3);
});

both!(the_same_content_lies_there_once, |world| {
    let institute = with_plan(world);
    let ((_, first), body) = (fact(&institute), draft(&institute));
    let second = enter(
        &institute,
        &json!({"plan_id": body["plan_id"], "activity": "3.4", "window_from": "2020-04-01",
        "kind": "evidence", "happened_on": "2020-05-20"}),
    );
    let second = format!("{FACTS}/{}/evidence", second["id"]);
    as_form(&institute, &first, "список.csv", "школа;район\r\n").expect(201);
    as_form(&institute, &first, "снова.txt", "школа;район\r\n").expect(409).problem("already_exists");
    let piece = as_form(&institute, &second, "снова.txt", "школа;район\r\n").expect(201);
    assert_eq!(piece.json["media_type"], "text/plain");
    assert_eq!(files(&folder(world)).len(), 1);
    // The same request under the same key attaches one.
    let keyed = |name: &str| {
        let path = format!("{first}?file_name={name}");
        institute.call("POST", &path).header("Idempotency-Key", "k").body("application/pdf", PDF).send()
    };
    assert_eq!(keyed("a.pdf").expect(201).json, keyed("a.pdf").expect(201).json);
    keyed("b.pdf").expect(422).problem("idempotency_mismatch");
});

both!(a_file_that_lies_is_refused, |world| {
    let institute = with_plan(world);
    let (_, path) = fact(&institute);
    let to = |name: &str, media_type: &str, bytes: &[u8]| send(&institute, &path, name, media_type, bytes);
    let octets = "application/octet-stream";
    let lie = to("a.docx", octets, PDF.as_bytes()).expect(422).problem("evidence_mismatch");
    assert_eq!(lie.flaws(), [("/file_name", "contradiction")]);
    let lie = to("a.pdf", "image/png", PDF.as_bytes()).expect(422).problem("evidence_mismatch");
    assert_eq!(lie.flaws(), [("/content_type", "contradiction")]);
    to("a.pdf", octets, b"MZ\x90\0").expect(415).problem("unsupported_media_type");
    to("a.html", octets, b"<html></html>").expect(422).problem("evidence_mismatch");
    to("a.svg", octets, b"<svg onload='alert(1)'/>").expect(422).problem("evidence_mismatch");
    to("a.txt", "text/html", b"text").expect(415).problem("unsupported_media_type");
    to("a.txt", octets, b"").expect(415).problem("unsupported_media_type");
    to("a.txt", octets, b"a\x1b[31mb").expect(415).problem("unsupported_media_type");
    for (name, reason) in [
        ("../../a.pdf", "wrong_format"),
        ("C:\\a.pdf", "wrong_format"),
        ("/etc/a.pdf", "wrong_format"),
        ("a\u{7}.pdf", "forbidden_character"),
        ("a\u{202e}fdp.exe", "forbidden_character"),
    ] {
        let reply = to(name, octets, PDF.as_bytes()).expect(422).problem("invalid_fields");
        assert_eq!(reply.flaws(), [("/file_name", reason)], "{name:?}");
    }
    for (name, reason) in [("", "wrong_length"), ("a\0.pdf", "forbidden_character")] {
        let reply = to(name, octets, PDF.as_bytes()).expect(400).problem("invalid_parameter");
        assert_eq!(reply.flaws(), [("file_name", reason)]);
    }
    let without = institute.call("POST", &path).body(octets, PDF).send().expect(422);
    assert_eq!(without.flaws(), [("/file_name", "required")]);
    as_form(&institute, &path, "../a.txt", "text").expect(422).problem("invalid_fields");
    institute.call("POST", &path).body("multipart/form-data; boundary=b", "--b--\r\n").send().expect(400);
    assert!(institute.get(&path).expect(200).items().is_empty());
    assert!(files(&folder(world)).is_empty(), "nothing refused is kept");
    // Markup in a name and in a text is text.
    let piece = to("<img src=x onerror=alert(1)>.txt", octets, b"<script>alert(1)</script>").expect(201).json;
    let got = institute.get(&content(&piece)).expect(200);
    assert_eq!((got.text.as_str(), got.header("content-type")), ("<script>alert(1)</script>", "text/plain"));
    assert!(
        got.header("content-disposition")
            .starts_with("attachment; filename=\"file.txt\"; filename*=UTF-8''%3Cimg")
    );
});

both!(a_file_has_bounds, |world| {
    let institute = with_plan(world);
    let (_, path) = fact(&institute);
    let node = world.another_node(|config| config.evidence_limit_mib = 1);
    let small = node.log_in("institute");
    let text = |bytes: usize| "x".repeat(bytes);
    send(&small, &path, "a.txt", "text/plain", text((1 << 20) + 1)).expect(413).problem("body_too_large");
    let most =
        small.call("POST", &format!("{path}?file_name=a.txt")).body("text/plain", text(1 << 20)).send();
    most.expect(201);
    let mut bomb = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["[Content_Types].xml", "word/document.xml"] {
        bomb.start_file(name, SimpleFileOptions::default()).unwrap();
        bomb.write_all(b"<x/>").unwrap();
    }
    for n in 0..5001 {
        bomb.start_file(format!("word/media/{n}.png"), SimpleFileOptions::default()).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    let reply = send(&institute, &path, "a.docx", "application/octet-stream", bomb).expect(422);
    assert_eq!(reply.problem("invalid_file").flaws(), [("/file", "too_large")]);
});

both!(a_link_is_an_address_of_the_web, |world| {
    let institute = with_plan(world);
    let (_, path) = fact(&institute);
    let piece = institute.post(&path, &json!({"url": "https://example.org/a?b=1"})).expect(201).json;
    assert_eq!((&piece["kind"], &piece["sha256"]), (&json!("link"), &Value::Null));
    institute.get(&content(&piece)).expect(404).problem("not_found");
    institute.post(&path, &json!({"url": "https://example.org/a?b=1"})).expect(409).problem("already_exists");
    for (url, reason) in [
        ("javascript:alert(1)", "wrong_format"),
        ("file:///etc/passwd", "wrong_format"),
        ("https://user:secret@example.org", "wrong_format"),
        ("https://example.org/\u{7}", "forbidden_character"),
    ] {
        let reply = institute.post(&path, &json!({"url": url})).expect(422).problem("invalid_fields");
        assert!(reply.flaws().contains(&("/url", reason)), "{reply}");
        assert!(!reply.text.contains("secret"), "{reply}");
    }
    institute.post(&path, &json!({"url": 1})).expect(400).problem("invalid_json");
});

both!(a_decision_freezes_the_evidence, |world| {
    let institute = with_plan(world);
    let body = json!({"plan_id": draft(&institute)["plan_id"], "activity": "3.4", "window_from": "2020-04-01",
        "kind": "evidence", "happened_on": "2020-05-20"});
    let fact = enter(&institute, &body);
    let (at, path) = (format!("{FACTS}/{}", fact["id"]), format!("{FACTS}/{}/evidence", fact["id"]));
    let confirm = |etag: &str| {
        institute.call("POST", &format!("{at}/confirm")).header("If-Match", etag).json(&json!({})).send()
    };
    confirm("\"1\"").expect(409).problem("wrong_state");
    let first = institute.post(&path, &json!({"url": "https://example.org/1"})).expect(201);
    let second = institute.post(&path, &json!({"url": "https://example.org/2"})).expect(201);
    let keyed = |name: &str| {
        let path = format!("{path}?file_name={name}");
        institute.call("POST", &path).header("Idempotency-Key", "k").body("application/pdf", PDF).send()
    };
    let file = keyed("a.pdf").expect(201);
    confirm("\"1\"").expect(412).problem("precondition_failed");
    let gone = first.header("location").to_owned();
    institute.call("DELETE", &gone).send().expect(204);
    institute.get(&gone).expect(404).problem("not_found");
    let etag = institute.get(&at).expect(200).header("etag").to_owned();
    assert_eq!(etag, "\"5\"");
    confirm(&etag).expect(200);
    institute.post(&path, &json!({"url": "https://example.org/3"})).expect(409).problem("fact_decided");
    send(&institute, &path, "a.pdf", "application/pdf", PDF).expect(409).problem("fact_decided");
    // What was answered before the decision is answered again.
    assert_eq!(keyed("a.pdf").expect(201).json, file.json);
    keyed("b.pdf").expect(422).problem("idempotency_mismatch");
    institute.call("DELETE", second.header("location")).send().expect(409).problem("fact_decided");
});

both!(evidence_is_of_the_facts_area, |world| {
    with_plan(world);
    let own = world.client(Role::Municipality);
    let fact = enter(&own, &draft(&own));
    let path = format!("{FACTS}/{}/evidence", fact["id"]);
    let piece = send(&own, &path, "a.pdf", "application/pdf", PDF).expect(201);
    let (at, bytes) = (piece.header("location").to_owned(), content(&piece.json));
    world.client(Role::Ministry).get(&bytes).expect(200);
    for login in ["other_municipality", "school", "other_school"] {
        let stranger = world.log_in(login);
        for path in [&path, &at, &bytes] {
            stranger.get(path).expect(404).problem("not_found");
        }
        stranger.call("DELETE", &at).send().expect(404).problem("not_found");
    }
    world.client(Role::Ministry).call("DELETE", &at).send().expect(403).problem("forbidden");
    world.client(Role::Reader).get(&bytes).expect(403).problem("forbidden");
});

both!(what_nothing_refers_to_is_swept, |world| {
    let institute = with_plan(world);
    let (_, path) = fact(&institute);
    let kept = send(&institute, &path, "a.pdf", "application/pdf", PDF).expect(201).json;
    let removed = send(&institute, &path, "b.txt", "text/plain", "text").expect(201);
    institute.call("DELETE", removed.header("location")).send().expect(204);
    let young = folder(world).join("ab").join("ab".repeat(32));
    std::fs::create_dir_all(young.parent().unwrap()).unwrap();
    std::fs::write(&young, "on its way").unwrap();
    let foreign = folder(world).join("README");
    std::fs::write(&foreign, "not ours").unwrap();
    assert_eq!(files(&folder(world)).len(), 4);
    let two_days_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    for path in files(&folder(world)).iter().filter(|path| **path != young) {
        File::options().write(true).open(path).unwrap().set_modified(two_days_ago).unwrap();
    }
    let gone = folder(world)
        .join(&removed.json["sha256"].as_str().unwrap()[..2])
        .join(removed.json["sha256"].as_str().unwrap());
    assert!(gone.exists());
    let _node = world.another_node(|_| {});
    let begun = Instant::now();
    while gone.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the file is not swept");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(young.exists() && foreign.exists());
    institute.get(&content(&kept)).expect(200);
});
