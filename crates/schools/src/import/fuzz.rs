//! Files that nobody would send, and nearly good ones: whatever they hold, the importer reports on every row, writes what it
//! says it has written, and does nothing when the same file comes again.

use super::{Attendant, ImportId, ImportKind, ImportMode, LineStatus, Order, Report, columns, run};
use crate::methodologies;
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Error, Origin, Result, Settings, Tx, migrations};
use opora_primitives::Area;
use opora_tables::{Column, Holds};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

struct Nobody;

impl Attendant for Nobody {
    fn progress(&self, _: i64, _: Option<i64>) -> bool {
        true
    }

    fn finish(&self, _: &mut Tx, _: &Report) -> Result<()> {
        Ok(())
    }
}

/// A region of one municipality, two schools and a person.
const REGION: &str = "
    INSERT INTO municipalities (id, oktmo, name, name_folded, kind, updated_at)
        VALUES (1, '22601000', 'Район', 'район', 'district', '2020-01-01 00:00:00');
    INSERT INTO schools (id, code, name, name_folded, municipality_id, kind, locality, founder, status, updated_at)
        VALUES (1, '520101', 'Первая', 'первая', 1, 'secondary', 'rural', 'municipal', 'open', '2020-01-01 00:00:00'),
               (2, '520102', 'Вторая', 'вторая', 1, 'secondary', 'rural', 'municipal', 'open', '2020-01-01 00:00:00');
    INSERT INTO imports (id, kind, mode, dry_run, size, sha256, created_at)
        VALUES (1, 'results', 'atomic', FALSE, 0, '', '2020-01-01 00:00:00');
";

fn region() -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let back_end = BackEnd::Sqlite(folder.path().join("test.db"));
    migrations::apply(&mut back_end.connect(None).unwrap()).unwrap();
    let wait = Duration::from_secs(10);
    let database = Database::open(Settings { back_end, connections: 2, wait, quota_mib: None });
    methodologies::ensure_default(&database).unwrap();
    database.read(|db| Ok(db.batch_execute(&format!("PRAGMA synchronous = OFF; {REGION}"))?)).unwrap();
    (database, folder)
}

/// What may stand in a cell: what the column wants, what another one wants, and anything.
fn cell(column: &Column) -> BoxedStrategy<String> {
    let good: &[&str] = match column.name {
        "school_code" | "code" | "successor_code" => &["520101", "520102", "520103", "5201"],
        "oktmo" | "parent_oktmo" => &["22601000", "22712000"],
        "academic_year" => &["2018/2019", "2019-2020", "2030/2031"],
        "kind" => &["district", "secondary", "high_result", "city_district", "лицей"],
        "type" => &["OGE", "ВПР", "EGE"],
        "subject" => &["01", "02", "Математика"],
        "role" => &["teacher", "Руководитель"],
        "form" => &["mentoring", "Курсы повышения квалификации"],
        "locality" => &["rural", "Город"],
        "founder" => &["municipal", "Государственное"],
        "external_id" => &["p-1", "p-2"],
        "list_year" => &["2020", "1999"],
        "grade" | "programme_grade" => &["5", "9", "11"],
        _ => match column.holds {
            Holds::Day => &["2020-02-01", "01.09.2020", "31.02.2020"],
            Holds::Truth => &["да", "0", "true"],
            Holds::Decimal => &["3,45", "0.5", "1"],
            Holds::Whole => &["0", "7", "30", "1 200"],
            Holds::Text => &["Имя", "Приказ № 1"],
        },
    };
    prop_oneof![
        8 => select(good.to_vec()).prop_map(str::to_owned),
        1 => select(vec!["", "-", "н/д", "=1+1", "\u{7}", "520101", "-5", "99999999999999999999"]).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
    .boxed()
}

fn rows(kind: ImportKind) -> BoxedStrategy<Vec<Vec<String>>> {
    let cells: Vec<_> = columns(kind).unwrap_or_default().iter().map(cell).collect();
    vec(cells, 1..6).boxed()
}

fn as_csv(kind: ImportKind, rows: &[Vec<String>]) -> Vec<u8> {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let head = columns(kind).unwrap_or_default().iter().map(|column| column.name.to_owned());
    let mut text = head.collect::<Vec<_>>().join(";");
    for row in rows {
        text += &format!("\n{}", row.iter().map(quoted).collect::<Vec<_>>().join(";"));
    }
    text.into_bytes()
}

fn as_lines(kind: ImportKind, rows: &[Vec<String>]) -> Vec<u8> {
    let record = |row: &Vec<String>| {
        let fields = columns(kind).unwrap_or_default().iter().zip(row).map(|(column, cell)| {
            let number = cell.parse::<f64>().ok().filter(|n| n.is_finite());
            let value = match (column.holds, number) {
                (Holds::Whole | Holds::Decimal, Some(number)) => json!(number),
                (Holds::Truth, _) => json!(cell == "да"),
                _ if cell.is_empty() => Value::Null,
                _ => json!(cell),
            };
            (column.name.to_owned(), value)
        });
        Value::Object(fields.collect()).to_string()
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n").into_bytes()
}

fn order(kind: ImportKind, mode: ImportMode, dry_run: bool, by_line: bool) -> Order {
    let came_on = NaiveDate::from_ymd_opt(2021, 6, 1).unwrap();
    let (id, area) = (ImportId(1), Area::Region);
    Order { id, kind, mode, dry_run, sheet: None, by_line, area, any_school_code: false, came_on }
}

/// Loads `bytes`; a refusal of the whole file is nothing, a fault of ours fails.
fn load(
    database: &Database,
    order: &Order,
    bytes: &[u8],
) -> std::result::Result<Option<Report>, TestCaseError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    match run(database, &Origin::system("test"), order, file.path(), &Nobody) {
        Ok(report) => Ok(Some(report)),
        Err(Error::Problem(_)) => Ok(None),
        Err(fault) => Err(TestCaseError::fail(format!("{fault}: {}", String::from_utf8_lossy(bytes)))),
    }
}

fn check(order: &Order, report: &Report) -> std::result::Result<(), TestCaseError> {
    let Report { rows, created, updated, unchanged, rejected, .. } = *report;
    prop_assert_eq!(rows, created + updated + unchanged + rejected, "{:?}", report);
    let may_apply = !order.dry_run && (order.mode == ImportMode::BestEffort || rejected == 0);
    prop_assert_eq!(report.applied, may_apply, "{:?}", report);
    if order.by_line {
        let count = |status| report.lines.iter().filter(|line| line.status == status).count() as u64;
        let told =
            [LineStatus::Created, LineStatus::Updated, LineStatus::Unchanged, LineStatus::Refused].map(count);
        prop_assert_eq!(told, [created, updated, unchanged, rejected], "{:?}", report);
    }
    Ok(())
}

/// `OPORA_TEST_FUZZ_CASES` makes the search longer.
fn config(usual: u32) -> ProptestConfig {
    let asked = std::env::var("OPORA_TEST_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(usual), failure_persistence: None, ..ProptestConfig::default() }
}

fn any_file_of(kind: ImportKind) {
    let (database, _folder) = region();
    let modes = select(vec![ImportMode::Atomic, ImportMode::BestEffort]);
    // Lists come as files only.
    let by_line = prop::bool::weighted(if kind == ImportKind::Lists { 0.0 } else { 0.5 });
    let cases = (rows(kind), modes, prop::bool::weighted(0.2), by_line);
    let outcome = TestRunner::new(config(96)).run(&cases, |(rows, mode, dry_run, by_line)| {
        let order = order(kind, mode, dry_run, by_line);
        let bytes = if by_line { as_lines(kind, &rows) } else { as_csv(kind, &rows) };
        let Some(report) = load(&database, &order, &bytes)? else { return Ok(()) };
        check(&order, &report)?;
        if let Some(again) = load(&database, &order, &bytes)?.filter(|_| report.applied) {
            prop_assert_eq!((again.created, again.updated), (0, 0), "{:?} after {:?}", again, report);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn municipalities() {
    any_file_of(ImportKind::Municipalities);
}

#[test]
fn schools() {
    any_file_of(ImportKind::Schools);
}

#[test]
fn contexts() {
    any_file_of(ImportKind::Contexts);
}

#[test]
fn results() {
    any_file_of(ImportKind::Results);
}

#[test]
fn lists() {
    any_file_of(ImportKind::Lists);
}

#[test]
fn staff() {
    any_file_of(ImportKind::Staff);
}

#[test]
fn designations() {
    any_file_of(ImportKind::Designations);
}

#[test]
fn support_records() {
    any_file_of(ImportKind::SupportRecords);
}

proptest! {
    #![proptest_config(config(32))]
    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in vec(any::<u8>(), 0..400), by_line: bool) {
        thread_local!(static REGION: (Database, tempfile::TempDir) = region());
        REGION.with(|(database, _)| {
            let order = order(ImportKind::Contexts, ImportMode::BestEffort, true, by_line);
            load(database, &order, &bytes).map(drop)
        })?;
    }
}
