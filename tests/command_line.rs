//! The command line beside a server: one way for a file, whichever door it comes through.

use crate::harness::{
    Client, Server, World,
    load::Busy,
    process::{run, shell},
    storage::Storage,
    world::Node,
};
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::{Duration, Instant},
};

const CONTEXTS: &str =
    "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n520201;2016/2017;80\n";

/// Runs `opora import contexts` on a file with these contents; answers whether it went well, and what it said.
fn import(world: &World, contents: &str) -> (bool, String) {
    let file = world.storage.dir.path().join("contexts.csv");
    std::fs::write(&file, contents).unwrap();
    let output = run(&world.storage, &["import", "contexts", file.to_str().unwrap()], &[]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// The newest import with its job, as a client sees them.
fn newest(world: &World) -> (Value, Value) {
    let admin = world.client(Role::Admin);
    let id = admin.get("/api/v1/imports").expect(200).items()[0]["id"].clone();
    let import = admin.get(&format!("/api/v1/imports/{id}")).expect(200).json;
    let job = admin.get(&format!("/api/v1/jobs/{}", import["job_id"])).expect(200).json;
    (import, job)
}

both!(a_file_from_the_command_line_is_an_import_like_any_other, |world| {
    let (well, said) = import(world, CONTEXTS);
    assert!(well && said.contains("2 rows: 2 created, 0 updated, 0 unchanged, 0 refused"), "{said}");
    let (import, job) = newest(world);
    assert_eq!((&import["report"]["created"], &import["file_name"]), (&json!(2), &json!("contexts.csv")));
    assert_eq!(
        (&job["state"], &job["kind"], &job["attempts"]),
        (&json!("succeeded"), &json!("import_contexts"), &json!(1))
    );
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0);
});

both!(a_dry_run_ends_as_the_import_would, |world| {
    let file = world.storage.dir.path().join("contexts.csv");
    let ended_well = |contents: &str, options: &[&str]| {
        std::fs::write(&file, contents).unwrap();
        let arguments = [&["import", "contexts", file.to_str().unwrap(), "--dry-run"], options].concat();
        let output = run(&world.storage, &arguments, &[]);
        let said = [output.stdout, output.stderr].map(|words| String::from_utf8(words).unwrap()).concat();
        assert!(said.contains("nothing was written"), "{said}");
        output.status.success()
    };
    let bad = CONTEXTS.replace(";80", ";-80");
    assert!(ended_well(CONTEXTS, &[]));
    assert!(!ended_well(&bad, &[]));
    assert!(ended_well(&bad, &["--best-effort"]));
});

#[test]
fn a_reader_that_has_gone_is_no_fault() {
    let storage = Storage::sqlite();
    for command in ["openapi", "completions bash", "user list"] {
        let output = shell(&storage, &format!("\"$0\" {command} | true"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked") && !said.contains("Broken pipe"), "{command}: {said}");
    }
}

#[test]
fn a_doctor_makes_nothing_and_knows_its_own() {
    let storage = Storage::sqlite();
    let nowhere = storage.dir.path().join("nowhere.db");
    let address = format!("sqlite:{}", nowhere.display());
    let output = run(&storage, &["doctor"], &[("DATABASE_URL", &address)]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("there is none at"), "{said}");
    assert!(!nowhere.exists());

    let server = Server::start(&storage, &[]);
    let listen = server.address.to_string();
    let output = run(&storage, &["doctor"], &[("LISTEN", &listen)]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("a server of Opora answers"), "{said}");
}

both!(a_refused_file_keeps_its_report_and_an_unreadable_one_its_reason, |world| {
    let (well, said) = import(world, &CONTEXTS.replace(";80", ";-80"));
    assert!(!well && said.contains("row 3, pupils: ") && said.contains("nothing was written"), "{said}");
    let (refused, job) = newest(world);
    assert_eq!((&refused["report"]["rejected"], &job["state"]), (&json!(1), &json!("failed")));
    let rejects = world.client(Role::Admin).rejects(refused["id"].as_i64().unwrap());
    assert_eq!(rejects.len(), 1);

    let (well, said) = import(world, "Код ОО;Под опекой\n520101;1\n");
    assert!(!well && said.contains("pupils"), "{said}");
    let (unreadable, job) = newest(world);
    assert!(unreadable["id"].as_i64() > refused["id"].as_i64());
    assert!(unreadable["report"].is_null() && unreadable["finished_at"].is_string(), "{unreadable}");
    assert_eq!((&job["state"], &job["problem"]["code"]), (&json!("failed"), &json!("invalid_file")));
});

both!(the_command_line_waits_for_a_file_of_the_same_kind, |world| {
    let other = Busy::with(world, "import_contexts");
    const BUSY: Duration = Duration::from_secs(2);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| import(world, CONTEXTS));
        std::thread::sleep(BUSY);
        assert_eq!(world.storage.number("SELECT count(*) AS n FROM contexts WHERE academic_year = 2016"), 0);
        other.end(world);
        let (well, said) = waiting.join().unwrap();
        assert!(well && begun.elapsed() >= BUSY, "{said}");
    });
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM contexts WHERE academic_year = 2016"), 2);
});

const PLAN: &str = include_str!("../crates/demo/data/plan-2020-2021.yaml");

/// Whether `opora report` went well, and what it said to the operator.
fn report(world: &World, arguments: &[&str]) -> (bool, String, Vec<u8>) {
    let output = run(&world.storage, &[&["report", "2020-H2"], arguments].concat(), &[]);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned(), output.stdout)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

both!(a_report_is_written_whole_or_not_at_all, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    institute.post("/api/v1/reports", &json!({ "kind": "half-year", "period": "2020-H2" })).expect(201);
    let folder = world.storage.dir.path().join("out");
    fs::create_dir(&folder).unwrap();
    let inside = |name: &str| folder.join(name);
    let write = |path: &Path| report(world, &["--format", "csv", "--output", path.to_str().unwrap()]);
    let left = || fs::read_dir(&folder).unwrap().count();

    let new = inside("new.csv");
    let (well, said, sent) = write(&new);
    assert!(well && sent.is_empty(), "{said}");
    let contents = fs::read(&new).unwrap();
    assert!(contents.starts_with("\u{feff}".as_bytes()));
    assert_eq!(mode(&new) & 0o600, 0o600);
    assert_eq!(mode(&new) & 0o111, 0);
    // The umask says who else may read it.
    let script = format!(
        "umask 077; exec \"$0\" report 2020-H2 --format csv --output '{}'",
        inside("own.csv").display()
    );
    let own = shell(&world.storage, &script);
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stderr));
    assert_eq!(mode(&inside("own.csv")), 0o600);
    // What is written anew keeps its mode, and is another file: whoever reads the old one reads it to its end.
    fs::write(&new, "old").unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(&new, inside("held")).unwrap();
    assert!(write(&new).0);
    assert_eq!((mode(&new), fs::read(&new).unwrap() == contents), (0o640, true));
    assert_eq!(fs::read(inside("held")).unwrap(), b"old");

    for path in ["-", ""] {
        let arguments: &[&str] =
            if path.is_empty() { &["--format", "csv"] } else { &["--format", "csv", "--output", path] };
        assert_eq!(report(world, arguments).2, contents, "standard output");
    }
    let before = left();
    fs::write(inside("secret"), "secret").unwrap();
    symlink(inside("secret"), inside("link.csv")).unwrap();
    for (path, words) in [
        (inside("link.csv"), "is a symbolic link"),
        (folder.clone(), "is a folder"),
        (inside("nowhere").join("report.csv"), "there is no folder"),
        (new.join("report.csv"), "is not a folder"),
        ("/dev/null".into(), "is not a regular file"),
    ] {
        let (well, said, _) = write(&path);
        assert!(
            !well && said.contains(words) && said.contains(path.parent().unwrap().to_str().unwrap()),
            "{said}"
        );
    }
    assert_eq!(fs::read(inside("secret")).unwrap(), b"secret");
    let (well, said, _) =
        report(world, &["--kind", "staffing", "--output", inside("none.json").to_str().unwrap()]);
    let draft_it =
        "There is no such thing, or it is outside your area (not_found): staffing 2020-H2; draft it first";
    assert!(!well && said.contains(draft_it), "{said}");
    let output = run(&world.storage, &["report", "2019-H2"], &[("LC_ALL", "ru_RU.UTF-8")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("(not_found): half-year 2019-H2; есть: 2020-H2; "), "{said}");
    assert_eq!(left(), before + 2, "nothing half-written is left");
});

both!(the_log_is_written_for_its_owner_alone, |world| {
    let file = world.storage.dir.path().join("log.ndjson");
    let output = run(&world.storage, &["audit", "export", "--output", file.to_str().unwrap()], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(mode(&file), 0o600);
});

both!(a_forgotten_password_is_replaced_by_the_operator, |world| {
    let reader = world.client(Role::Reader);
    let replace = |login: &str, password: &str| {
        let output =
            shell(&world.storage, &format!("printf '%s\\n' '{password}' | \"$0\" user password {login}"));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    let (well, said) = replace("nobody", "four other words");
    assert!(!well && said.contains("there is no user nobody"), "{said}");
    let (well, said) = replace("reader", "short");
    assert!(!well && said.contains("10 to 128"), "{said}");
    let (well, said) = replace("READER", "four other words");
    assert!(well && !said.contains("four other words"), "{said}");
    world.stranger().try_log_in("reader", "four other words").expect(200);
    refresh_is_over(&reader);
});

/// Runs `opora user create` with this password typed; answers whether it went well, and what it said.
fn create_user(storage: &Storage, arguments: &str, password: &str) -> (bool, String) {
    let script = format!("printf '%s\\n' '{password}' | OPORA_LOG=trace \"$0\" user create {arguments}");
    let output = shell(storage, &script);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// What the installation keeps in files, in one text: on SQLite all of it.
fn kept(storage: &Storage) -> String {
    let files = fs::read_dir(storage.dir.path()).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|file| file.is_file())
        .map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned())
        .collect()
}

#[test]
fn the_first_user_of_a_new_installation_is_made_by_the_operator() {
    const WORDS: &str = "five words of the operator";
    for storage in [Storage::empty_sqlite(), Storage::empty_postgres()] {
        assert!(run(&storage, &["migrate"], &[]).status.success());
        let users = || storage.number("SELECT count(*) AS n FROM users");
        for (arguments, password, words) in [
            (
                "--role admin",
                "2 short 4",
                "password: too short or too long (a password has 10 to 128 characters)",
            ),
            ("--role admin", "Root.Admin 2021", "password: too easy to guess"),
            ("--role admin", "aaaaaaaaaaaaaaa", "password: too easy to guess"),
            ("--role director", WORDS, "there is no role director"),
            ("--role municipality", WORDS, "municipality_id: a value is required"),
        ] {
            let (well, said) = create_user(&storage, &format!("Root.Admin {arguments}"), password);
            assert!(!well && said.contains(words) && !said.contains(password), "{arguments}: {said}");
        }
        assert_eq!(users(), 0);

        let (well, said) =
            create_user(&storage, "Root.Admin --role admin --name 'Первый администратор'", WORDS);
        assert!(well && said.contains("user 1 root.admin") && !said.contains(WORDS), "{said}");
        assert!(!kept(&storage).contains(WORDS), "the password stands in a file");
        let recorded = |what: &str| {
            let of_command =
                "SELECT count(*) AS n FROM audit_log WHERE request_id = 'command line: user create'";
            storage.number(&format!("{of_command} AND {what}"))
        };
        assert_eq!(recorded("resource = 'users' AND action = 'create'"), 1);
        assert_eq!(recorded(&format!("after LIKE '%{WORDS}%'")), 0);

        let (well, said) =
            create_user(&storage, "root.admin --role admin", "five other words of the operator");
        assert!(!well && said.contains("already_exists"), "{said}");
        assert_eq!(users(), 1);

        let node = Node::start(&storage, |_| {});
        let pair = node.stranger().try_log_in("root.admin", WORDS).expect(200);
        let user = node.stranger().with_token(pair.json["access_token"].as_str().unwrap());
        let me = user.get("/api/v1/me").expect(200).json["user"].clone();
        assert_eq!((&me["role"], &me["display_name"]), (&json!("admin"), &json!("Первый администратор")));
        node.stranger().try_log_in("root.admin", "five other words of the operator").expect(401);
    }
}

/// Its session has ended.
fn refresh_is_over(client: &Client) {
    let body = json!({ "refresh_token": client.refresh });
    client.post("/api/v1/auth/refresh", &body).expect(401).problem("invalid_refresh_token");
}

#[test]
fn all_mistakes_of_the_configuration_are_told_at_once_and_no_value() {
    let storage = Storage::empty_sqlite();
    let settings = [
        ("CONNECTIONS", "hunter2"),
        ("LISTEN", "hunter2"),
        ("MASTER_KEY", "hunter2"),
        ("OTLP_ENDPOINT", "hunter2"),
        ("LOG", "hunter2=hunter2"),
        ("LEASE_SECONDS", "1"),
        ("LISTNE", "hunter2"),
    ];
    let output = run(&storage, &["migrate"], &settings);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for place in
        ["OPORA_CONNECTIONS", "listen", "master_key", "otlp_endpoint", "log", "lease_seconds", "OPORA_LISTNE"]
    {
        assert!(said.contains(&format!("- {place}: ")), "{place}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!storage.dir.path().join("opora.db").exists(), "nothing was begun");
}

both!(an_identification_says_what_is_missing, |world| {
    let identify = |arguments: &[&str], settings: &[(&str, &str)]| {
        let output = run(&world.storage, &[&["identify"][..], arguments].concat(), settings);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    for (arguments, words) in [
        (&["--methodology", "unknown"][..], "no methodology unknown is published; there are: default/1"),
        (&["--methodology", "default/7"][..], "no methodology default/7 is published"),
        (&["--methodology", "default/x"][..], "with a number after the slash"),
        (&["--list", "1999"][..], "there is no list 1999; there are: "),
        (&["--list", "2020/9"][..], "there is no list 2020/9"),
        (&["--year", "2020"][..], "written as 2020/2021"),
        (&["--year", "2098/2099"][..], "the academic year 2098/2099 has not begun"),
    ] {
        let (well, said) = identify(arguments, &[]);
        assert!(!well && said.contains(words), "{arguments:?}: {said}");
    }
    let (_, said) = identify(&["--list", "1999"], &[("LC_ALL", "ru_RU.UTF-8")]);
    assert!(said.contains("перечня 1999 нет"), "{said}");
    let list = world.client(Role::Institute).get("/api/v1/lists").expect(200).items()[0].clone();
    let named = format!("{}/{}", list["list_year"], list["revision"]);
    let (well, said) = identify(&["--methodology", "default", "--list", &named], &[]);
    assert!(well && said.contains(&format!("methodology default/1, list {named}")), "{said}");
});

both!(a_report_is_told_in_the_language_of_the_reader, |world| {
    let file = world.storage.dir.path().join("contexts.csv");
    std::fs::write(&file, CONTEXTS.replace(";80", ";-80")).unwrap();
    let import = |options: &[&str]| {
        let arguments = [&["import"], options, &[file.to_str().unwrap()]].concat();
        let output = run(&world.storage, &arguments, &[("LC_ALL", "ru_RU.UTF-8")]);
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let refused = import(&["lists", "--best-effort"]);
    assert!(refused.contains("загружается только целиком"), "{refused}");
    let said = import(&["contexts"]);
    assert!(
        said.contains("строк: 2")
            && said.contains("строка 3, pupils: ")
            && said.contains("ничего не записано"),
        "{said}"
    );
    assert!(!said.contains("refused") && !said.contains("written"), "{said}");
    let admin = world.client(Role::Admin);
    let (import, job) = newest(world);
    let told = |path: String, language: &str| {
        admin.call("GET", &path).header("Accept-Language", language).send().expect(200).text
    };
    let rejects = format!("/api/v1/imports/{}/rejects", import["id"]);
    for (path, en, ru) in [
        (rejects.clone(), "outside the allowed range", "вне допустимых границ"),
        (format!("{rejects}/file"), "outside the allowed range", "вне допустимых границ"),
        (format!("/api/v1/jobs/{}", job["id"]), "1 of 2 rows were refused", "отклонено строк: 1 из 2"),
    ] {
        let (english, russian) = (told(path.clone(), "en"), told(path.clone(), "ru, en;q=0.5"));
        assert!(english.contains(en) && !english.contains(ru), "{path}: {english}");
        assert!(russian.contains(ru) && !russian.contains(en), "{path}: {russian}");
    }
});
