//! Measurement of a run over the country: 40,000 schools, 60 aggregates a year, 3 years.
//!
//! `cargo test --release -p opora-schools --lib country -- --ignored --nocapture`

use super::{
    NewRun,
    fixtures::{AT, Store},
};
use crate::types::Subject;
use diesel::{prelude::*, sql_types::BigInt};
use std::{fmt::Write, time::Instant};

const SCHOOLS: u32 = 40_000;

fn country() -> String {
    let mut sql = format!(
        "INSERT INTO schools (id, code, name, name_folded, kind, locality, founder, status, updated_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SCHOOLS})
            SELECT i, CAST(100000 + i AS TEXT), 'Школа ' || i, 'школа ' || i, 'secondary',
                CASE i % 3 WHEN 0 THEN 'rural' ELSE 'urban' END, 'state', 'open', '{AT}' FROM n;
         INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES (1, 2019, 1, 4000, '{AT}');
         INSERT INTO list_entries (list_id, school_id) SELECT 1, id FROM schools WHERE id % 10 = 0;
         INSERT INTO contexts (school_id, academic_year, pupils, both_parents_higher, one_parent, low_income,
                parent_out_of_work, on_register, special_needs, non_native_language, wards, poor_housing, updated_at)
            SELECT id, 2018, 300 + id % 700, id % 300, (id * 3) % 200, (id * 7) % 150, (id * 11) % 100, (id * 13) % 30,
                (id * 17) % 40, (id * 19) % 50, (id * 23) % 20, (id * 29) % 60, '{AT}' FROM schools;
         DROP INDEX results_procedure;"
    );
    for year in 2016..2019 {
        for (assessment, grade) in [("VPR", 5), ("VPR", 6), ("OGE", 9), ("EGE", 11)] {
            for subject in &Subject::ALL[..15] {
                write!(
                    sql,
                    "INSERT INTO procedures (academic_year, assessment, grade, subject)
                     VALUES ({year}, '{assessment}', {grade}, '{subject}');"
                )
                .unwrap();
            }
        }
    }
    sql + "INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum, mean_score)
            SELECT s.id, p.id, 'main', 5 + (s.id * 7 + p.id * 13) % 60,
                (5 + (s.id * 7 + p.id * 13) % 60) * ((s.id * 31 + p.id * 17) % 36) / 100, 300 + (s.id * 5 + p.id * 3) % 200
            FROM schools AS s CROSS JOIN procedures AS p ORDER BY s.id, p.id;
         CREATE INDEX results_procedure ON results (procedure_id, school_id);"
}

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    participants: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
}

/// Peak memory of this process in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn measure(name: &str, store: Store) {
    let begun = Instant::now();
    let store = store.with(&country());
    eprintln!("{name}: generated in {:.1?}, peak {} MiB", begun.elapsed(), peak());
    for _ in 0..2 {
        let begun = Instant::now();
        let sql = "SELECT r.school_id, p.academic_year, CAST(SUM(participants) AS BIGINT) AS participants,
                CAST(SUM(below_minimum) AS BIGINT) AS below, SUM(mean_score) AS means
            FROM results AS r JOIN procedures AS p ON p.id = r.procedure_id WHERE attempt = 'main'
            GROUP BY r.school_id, p.academic_year";
        let groups = store.database.read(|db| Ok(diesel::sql_query(sql).load::<Sums>(db)?)).unwrap();
        let total: i64 = groups.iter().map(|sums| sums.participants - sums.below).sum();
        eprintln!("{name}: plain aggregate {:.2?}, {} groups, {total}", begun.elapsed(), groups.len());
    }
    for _ in 0..2 {
        let run = store.create(NewRun::default()).unwrap();
        let begun = Instant::now();
        let half = std::cell::Cell::new(None);
        store
            .carry_out(run.id, |done, _| {
                if done < i64::from(SCHOOLS) {
                    half.set(Some(begun.elapsed()));
                }
                true
            })
            .unwrap();
        eprintln!(
            "{name}: run {:.2?}, of it reading {:.2?}, peak {} MiB",
            begun.elapsed(),
            half.get(),
            peak()
        );
    }
}

#[test]
#[ignore = "a measurement, minutes long"]
fn country_on_sqlite() {
    measure("sqlite", Store::sqlite());
}

#[test]
#[ignore = "a measurement, minutes long"]
fn country_on_postgres() {
    if let Some(store) = Store::postgres() {
        measure("postgres", store);
    }
}
