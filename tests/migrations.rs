//! The two histories of the schema: the same steps, and the same tables at the end, as far as both databases have the means.

use crate::harness::{checks, storage::Storage};
use diesel::{
    RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Nullable, Text},
};
use opora_db::{Db, migrations, on_each};
use std::collections::{BTreeMap, BTreeSet};

/// A column: the class of its type, and whether it may be empty.
type Column = (String, bool);

/// What is compared of a table.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    /// What a column gets that is not said, in one form; [`NUMBERED`] for a key that the database counts.
    defaults: BTreeMap<String, String>,
    primary_key: Vec<String>,
    unique: BTreeSet<Vec<String>>,
    /// Columns, table, its columns, what a deletion does.
    foreign_keys: BTreeSet<(Vec<String>, String, Vec<String>, String)>,
    /// Indexes that are no constraint: columns, whether unique, the condition of a partial one in one form.
    indexes: BTreeSet<(Vec<String>, bool, Option<String>)>,
    /// The conditions of its CHECKs, in one form; the same one may stand twice.
    checks: Vec<String>,
    /// When its triggers fire: `BEFORE UPDATE`. Their names differ on purpose: a trigger of SQLite has one event.
    triggers: BTreeSet<String>,
}

/// The default of a key that the database counts: `AUTOINCREMENT` on SQLite, an identity on PostgreSQL.
const NUMBERED: &str = "numbered";

/// Triggers that SQLite has no means for, on purpose on PostgreSQL alone: it knows no `TRUNCATE`.
const POSTGRES_ALONE: [(&str, &str); 2] =
    [("audit_log", "BEFORE TRUNCATE"), ("audit_seals", "BEFORE TRUNCATE")];

type Schema = BTreeMap<String, Table>;

/// A row of up to five columns; lists come joined by commas.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = Text)]
    b: String,
    #[diesel(sql_type = Text)]
    c: String,
    #[diesel(sql_type = Nullable<Text>)]
    d: Option<String>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn rows(db: &mut Db, query: &str) -> Vec<Row> {
    on_each!(db, c => diesel::sql_query(query).load(c)).unwrap_or_else(|e| panic!("{e}: {query}"))
}

fn list(joined: &str) -> Vec<String> {
    joined.split(',').map(str::to_owned).collect()
}

/// Types that mean the same on both databases.
fn class(declared: &str) -> String {
    match declared.to_ascii_lowercase().as_str() {
        "bigint" => "bigint",
        "integer" => "integer",
        "text" => "text",
        "boolean" => "bool",
        "date" => "date",
        "timestamp" | "timestamp without time zone" => "timestamp",
        "blob" | "bytea" => "binary",
        "real" | "double precision" | "double" => "float",
        other => panic!("no class for the type {other}"),
    }
    .to_owned()
}

fn sqlite_schema(db: &mut Db) -> Schema {
    let names = "SELECT name AS a, '' AS b, '' AS c, sql AS d, 0 AS n FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";
    rows(db, names)
        .into_iter()
        .map(|row| (row.a.clone(), sqlite_table(db, &row.a, &row.d.unwrap_or_default())))
        .collect()
}

fn sqlite_table(db: &mut Db, name: &str, definition: &str) -> Table {
    let mut table = Table::default();
    let columns = format!(
        "SELECT name AS a, type AS b, CAST(\"notnull\" AS TEXT) AS c, dflt_value AS d, CAST(pk AS BIGINT) AS n
         FROM pragma_table_info('{name}') ORDER BY pk"
    );
    let rowid = definition.contains("INTEGER PRIMARY KEY AUTOINCREMENT");
    for row in rows(db, &columns) {
        // An INTEGER PRIMARY KEY is the 64-bit row id and never empty; in any other key SQLite wants NOT NULL said.
        let is_rowid = rowid && row.n > 0;
        let class = if is_rowid { "bigint".into() } else { class(&row.b) };
        table.columns.insert(row.a.clone(), (class, row.c == "0" && !is_rowid));
        let default = if is_rowid { Some(NUMBERED.to_owned()) } else { row.d.as_deref().map(checks::normal) };
        table.defaults.extend(default.map(|default| (row.a.clone(), default)));
        if row.n > 0 {
            table.primary_key.push(row.a);
        }
    }
    let indexes = format!(
        "SELECT i.origin AS a, (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS b,
             '' AS c, (SELECT sql FROM sqlite_schema WHERE name = i.name) AS d, CAST(i.\"unique\" AS BIGINT) AS n
         FROM pragma_index_list('{name}') i"
    );
    for row in rows(db, &indexes) {
        match row.a.as_str() {
            "u" => drop(table.unique.insert(list(&row.b))),
            "c" => {
                let definition = row.d.unwrap_or_default();
                let condition = definition.split_once("WHERE").map(|(_, text)| checks::normal(text));
                table.indexes.insert((list(&row.b), row.n == 1, condition));
            }
            _ => {}
        }
    }
    let foreign = format!(
        "SELECT group_concat(\"from\", ',') AS a, \"table\" AS b, group_concat(coalesce(\"to\", ''), ',') AS c, on_delete AS d,
             CAST(id AS BIGINT) AS n FROM (SELECT * FROM pragma_foreign_key_list('{name}') ORDER BY id, seq) GROUP BY id"
    );
    for row in rows(db, &foreign) {
        table.foreign_keys.insert((list(&row.a), row.b, list(&row.c), row.d.unwrap_or_default()));
    }
    table.checks = checks::of_definition(definition).iter().map(|check| checks::normal(check)).collect();
    table.checks.sort();
    let triggers = format!(
        "SELECT name AS a, sql AS b, '' AS c, NULL AS d, 0 AS n FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '{name}'"
    );
    for row in rows(db, &triggers) {
        // CREATE TRIGGER name BEFORE UPDATE ON ...
        let words: Vec<&str> = row.b.split_whitespace().skip(3).take(2).collect();
        table.triggers.insert(words.join(" ").to_ascii_uppercase());
    }
    table
}

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text AS a, column_name::text AS b, data_type::text AS c, column_default::text AS d,
        (is_nullable = 'YES')::int::bigint + 2 * (is_identity = 'YES')::int AS n
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_\\_diesel%'";

/// Names of the columns of a key, in its order.
const POSTGRES_CONSTRAINTS: &str = "
    SELECT t.relname::text AS a,
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS b,
        c.contype::text || coalesce(f.relname::text, '') || ',' || c.confdeltype::text AS c,
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n)
            JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS d,
        0::bigint AS n
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid
    WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f') AND t.relname NOT LIKE '\\_\\_diesel%'";

const POSTGRES_INDEXES: &str = "
    SELECT t.relname::text AS a,
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(num, n)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num) AS b,
        '' AS c, pg_get_expr(i.indpred, i.indrelid) AS d, i.indisunique::int::bigint AS n
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '\\_\\_diesel%'
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))";

const POSTGRES_CHECKS: &str = "
    SELECT t.relname::text AS a, pg_get_expr(c.conbin, c.conrelid) AS b, '' AS c, NULL::text AS d, 0::bigint AS n
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'c' AND t.relname NOT LIKE '\\_\\_diesel%'";

/// When a trigger fires, from the bits of `tgtype`: 2 before; 4 insert, 8 delete, 16 update, 32 truncate.
const POSTGRES_TRIGGERS: &str = "
    SELECT t.relname::text AS a, CASE WHEN g.tgtype & 2 = 2 THEN 'BEFORE' ELSE 'AFTER' END || ' ' || e.event AS b, '' AS c,
        NULL::text AS d, 0::bigint AS n
    FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
        JOIN (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE'), (32, 'TRUNCATE')) e (bit, event) ON g.tgtype & e.bit = e.bit
    WHERE t.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal";

fn postgres_schema(db: &mut Db) -> Schema {
    let mut schema = Schema::new();
    for row in rows(db, POSTGRES_COLUMNS) {
        let table = schema.entry(row.a).or_default();
        table.columns.insert(row.b.clone(), (class(&row.c), row.n & 1 == 1));
        let default =
            if row.n & 2 == 2 { Some(NUMBERED.to_owned()) } else { row.d.as_deref().map(checks::normal) };
        table.defaults.extend(default.map(|default| (row.b, default)));
    }
    for row in rows(db, POSTGRES_CONSTRAINTS) {
        let table = schema.get_mut(&row.a).unwrap();
        let (kind, rest) = row.c.split_at(1);
        match kind {
            "p" => table.primary_key = list(&row.b),
            "u" => drop(table.unique.insert(list(&row.b))),
            _ => {
                let (target, action) = rest.split_once(',').unwrap();
                let action = match action {
                    "a" => "NO ACTION",
                    "c" => "CASCADE",
                    "n" => "SET NULL",
                    "r" => "RESTRICT",
                    other => panic!("no name for the action {other}"),
                };
                let to = list(&row.d.unwrap_or_default());
                table.foreign_keys.insert((list(&row.b), target.to_owned(), to, action.to_owned()));
            }
        }
    }
    for row in rows(db, POSTGRES_INDEXES) {
        let condition = row.d.as_deref().map(checks::normal);
        schema.get_mut(&row.a).unwrap().indexes.insert((list(&row.b), row.n == 1, condition));
    }
    for row in rows(db, POSTGRES_CHECKS) {
        schema.get_mut(&row.a).unwrap().checks.push(checks::normal(&row.b));
    }
    for row in rows(db, POSTGRES_TRIGGERS) {
        schema.get_mut(&row.a).unwrap().triggers.insert(row.b);
    }
    schema.values_mut().for_each(|table| table.checks.sort());
    schema
}

fn schema_of(db: &mut Db) -> Schema {
    match db {
        Db::Sqlite(_) => sqlite_schema(db),
        Db::Postgres(_) => postgres_schema(db),
    }
}

#[test]
fn both_histories_have_the_same_steps() {
    let (sqlite, postgres) = migrations::known().unwrap();
    assert_eq!(sqlite, postgres);
    assert!(!sqlite.is_empty());
}

fn goes_forth_and_back(storage: &Storage) {
    let db = &mut storage.connect();
    let steps = migrations::known().unwrap().0.len();
    assert!(migrations::pending(db).unwrap());
    assert_eq!(migrations::apply(db).unwrap().len(), steps);
    assert!(!migrations::pending(db).unwrap());
    assert!(migrations::apply(db).unwrap().is_empty(), "a second application finds nothing to do");
    let first = schema_of(db);
    assert_eq!(migrations::revert_all(db).unwrap().len(), steps);
    let left: Vec<_> = schema_of(db).into_keys().chain(views(db)).collect();
    assert!(left.is_empty(), "a revert leaves {left:?}");
    assert_eq!(migrations::apply(db).unwrap().len(), steps);
    assert!(schema_of(db) == first, "the second application made other tables");
}

mod migrations_go_forth_and_back {
    use super::{Storage, goes_forth_and_back};

    #[test]
    fn sqlite() {
        goes_forth_and_back(&Storage::empty_sqlite());
    }

    #[test]
    fn postgres() {
        goes_forth_and_back(&Storage::empty_postgres());
    }
}

#[test]
fn two_nodes_that_start_together_migrate_once() {
    let storage = Storage::empty_postgres();
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| migrations::apply(&mut storage.connect()).unwrap().len()))
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(applied.iter().sum::<usize>(), migrations::known().unwrap().0.len(), "{applied:?}");
}

/// The names of the views.
fn views(db: &mut Db) -> BTreeSet<String> {
    let query = match db {
        Db::Sqlite(_) => "SELECT name AS a, '' AS b, '' AS c, NULL AS d, 0 AS n FROM sqlite_schema WHERE type = 'view'",
        Db::Postgres(_) => {
            "SELECT table_name::text AS a, '' AS b, '' AS c, NULL AS d, 0::bigint AS n FROM information_schema.views
             WHERE table_schema = 'public'"
        }
    };
    rows(db, query).into_iter().map(|row| row.a).collect()
}

#[test]
fn both_schemas_mean_the_same() {
    let (here, there) = (Storage::sqlite(), Storage::postgres());
    let (mut sqlite, mut postgres) = (here.connect(), there.connect());
    assert_eq!(views(&mut sqlite), views(&mut postgres));
    let (sqlite, mut postgres) = (schema_of(&mut sqlite), schema_of(&mut postgres));
    for (table, event) in POSTGRES_ALONE {
        assert!(postgres.get_mut(table).unwrap().triggers.remove(event), "{table}: no {event} any more");
    }
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    assert!(sqlite.len() >= 20, "the comparison saw only {:?}", sqlite.keys());
    let seen = |count: fn(&Table) -> usize| sqlite.values().map(count).sum::<usize>();
    assert!(seen(|table| table.checks.len()) >= 60, "CHECKs were lost");
    assert!(seen(|table| table.defaults.len()) >= 60, "defaults were lost");
    assert_eq!(
        seen(|table| table.triggers.len()),
        4,
        "the audit log and its seals, each against change and removal"
    );
    for (name, table) in &sqlite {
        assert_eq!(table, &postgres[name], "{name}: SQLite on the left, PostgreSQL on the right");
    }
}

/// Whether jobs mean the same after a change of each database, which is undone.
fn same_jobs_after(databases: [&mut Db; 2], changes: [&str; 2]) -> bool {
    let mut tables = databases.into_iter().zip(changes).map(|(db, change)| {
        db.batch_execute(&format!("BEGIN; {change}")).unwrap();
        let table = schema_of(db).remove("jobs");
        db.batch_execute("ROLLBACK").unwrap();
        table.unwrap()
    });
    tables.next() == tables.next()
}

#[test]
fn a_difference_between_the_schemas_is_seen() {
    let (here, there) = (Storage::sqlite(), Storage::postgres());
    let (mut sqlite, mut postgres) = (here.connect(), there.connect());
    let mut is_same = |one: &str, other: &str| same_jobs_after([&mut sqlite, &mut postgres], [one, other]);
    let index = |condition: &str| format!("CREATE INDEX probe ON jobs (kind){condition}");
    let partial = index(" WHERE state IN ('queued', 'running') AND cancel_requested");
    assert!(is_same(&index(""), &index("")) && is_same(&partial, &partial));
    for other in ["", " WHERE cancel_requested", " WHERE state IN ('queued') AND cancel_requested"] {
        assert!(!is_same(&partial, &index(other)), "{other}");
    }
    let column = |kind: &str| format!("ALTER TABLE jobs ADD COLUMN probe {kind}");
    for (one, other, same) in [
        ("TEXT NOT NULL DEFAULT 'None'", "TEXT NOT NULL DEFAULT 'None'", true),
        ("TEXT NOT NULL DEFAULT 'None'", "TEXT NOT NULL DEFAULT 'none'", false),
        ("BOOLEAN NOT NULL DEFAULT FALSE", "BOOLEAN NOT NULL DEFAULT FALSE", true),
        ("BOOLEAN NOT NULL DEFAULT FALSE", "BOOLEAN NOT NULL DEFAULT TRUE", false),
        ("BIGINT DEFAULT 1", "BIGINT DEFAULT 1", true),
        ("BIGINT DEFAULT 1", "BIGINT", false),
    ] {
        assert_eq!(is_same(&column(one), &column(other)), same, "{one}; {other}");
    }
    let trigger = |when: &str, what: &str| format!("CREATE TRIGGER probe {when} ON jobs {what}");
    let here = trigger("BEFORE DELETE", "BEGIN SELECT 1; END");
    let there = |when| trigger(when, "FOR EACH STATEMENT EXECUTE FUNCTION append_only()");
    assert!(is_same(&here, &there("BEFORE DELETE")));
    assert!(!is_same(&here, &there("AFTER DELETE")) && !is_same(&here, "SELECT 1"));
}

/// The tables of the code's schema: name, columns in order, and for each its class and whether it may be empty.
fn declared() -> BTreeMap<String, (Vec<String>, BTreeMap<String, Column>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/db/src/schema");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let source: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut tables = BTreeMap::new();
    for block in source.split("diesel::table! {").skip(1) {
        let (head, rest) = block.split_once('{').unwrap();
        let (name, key) = head.trim().trim_end_matches(')').split_once('(').unwrap();
        let key = key.split(',').map(|column| column.trim().to_owned()).collect();
        let columns = rest.split_once('}').unwrap().0.lines().filter_map(|line| {
            let (column, kind) = line.trim().trim_end_matches(',').split_once(" -> ")?;
            let inner = kind.strip_prefix("Nullable<").map(|k| k.trim_end_matches('>'));
            let class = inner.unwrap_or(kind).to_ascii_lowercase();
            Some((column.to_owned(), (class, inner.is_some())))
        });
        tables.insert(name.trim().to_owned(), (key, columns.collect()));
    }
    tables
}

#[test]
fn the_code_knows_the_tables_as_they_are() {
    let storage = Storage::sqlite();
    let mut db = storage.connect();
    let (real, views) = (schema_of(&mut db), views(&mut db));
    let (seen, declared): (BTreeMap<_, _>, BTreeMap<_, _>) =
        declared().into_iter().partition(|(name, _)| views.contains(name));
    assert_eq!(seen.into_keys().collect::<BTreeSet<_>>(), views);
    assert_eq!(declared.keys().collect::<Vec<_>>(), real.keys().collect::<Vec<_>>());
    for (name, (key, columns)) in &declared {
        assert_eq!(columns, &real[name].columns, "{name}: the code on the left, the migrations on the right");
        assert_eq!(key, &real[name].primary_key, "{name}: the code on the left, the migrations on the right");
    }
}
