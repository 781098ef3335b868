//! Rows to measure on: by arithmetic, straight into the tables, and the same as a file.

use opora_schools::types::Subject;
use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// The year that runs judge: the last with results.
pub const LAST_YEAR: i32 = 2018;
/// Years with results.
pub const YEARS: i32 = 3;
/// Procedures of a year: type and grade, each in [`SUBJECTS`].
const KINDS: [(&str, u32); 4] = [("VPR", 5), ("VPR", 6), ("OGE", 9), ("EGE", 11)];
/// Subjects of a procedure.
const SUBJECTS: usize = 15;
/// Procedures in all: results of a school.
pub const PROCEDURES: u32 = YEARS as u32 * (KINDS.len() * SUBJECTS) as u32;

const AT: &str = "2020-12-01 09:00:00.000000";

/// Municipalities and `count` schools with the ids 1, 2...
pub fn schools(count: u32) -> String {
    format!(
        "INSERT INTO municipalities (id, oktmo, name, name_folded, kind, updated_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 52)
            SELECT i, CAST(22600000 + i AS TEXT), 'Район № ' || i, 'район № ' || i, 'district', '{AT}' FROM n;
         INSERT INTO schools (id, code, name, name_folded, municipality_id, kind, locality, founder, status, updated_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            SELECT i, CAST(100000 + i AS TEXT), 'МБОУ «Средняя школа № ' || i || '»', 'мбоу «средняя школа № ' || i || '»',
                1 + i % 52, 'secondary', CASE i % 3 WHEN 0 THEN 'rural' ELSE 'urban' END, 'municipal', 'open', '{AT}'
            FROM n;"
    )
}

/// The procedures, with the ids 1, 2...
pub fn procedures() -> String {
    let mut sql = String::new();
    for (id, (year, assessment, grade, subject)) in (1..).zip(each_procedure()) {
        // Writing into a String does not fail.
        let _ = write!(
            sql,
            "INSERT INTO procedures (id, academic_year, assessment, grade, subject)
             VALUES ({id}, {year}, '{assessment}', {grade}, '{subject}');"
        );
    }
    sql
}

fn each_procedure() -> impl Iterator<Item = (i32, &'static str, u32, Subject)> {
    (LAST_YEAR - YEARS + 1..=LAST_YEAR).flat_map(|year| {
        KINDS.into_iter().flat_map(move |(assessment, grade)| {
            Subject::ALL.iter().take(SUBJECTS).map(move |subject| (year, assessment, grade, *subject))
        })
    })
}

/// Social contexts, a list with a tenth of the schools, and a result of every school in every procedure.
pub fn results() -> String {
    format!(
        "INSERT INTO lists (id, list_year, revision, schools, created_at)
            SELECT 1, {LAST_YEAR} + 1, 1, COUNT(*) / 10, '{AT}' FROM schools;
         INSERT INTO list_entries (list_id, school_id) SELECT 1, id FROM schools WHERE id % 10 = 0;
         INSERT INTO contexts (school_id, academic_year, pupils, both_parents_higher, one_parent, low_income,
                parent_out_of_work, on_register, special_needs, non_native_language, wards, poor_housing, updated_at)
            SELECT id, {LAST_YEAR}, 300 + id % 700, id % 300, (id * 3) % 200, (id * 7) % 150, (id * 11) % 100,
                (id * 13) % 30, (id * 17) % 40, (id * 19) % 50, (id * 23) % 20, (id * 29) % 60, '{AT}' FROM schools;
         DROP INDEX results_procedure;
         INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum, mean_score)
            SELECT s.id, p.id, 'main', 5 + (s.id * 7 + p.id * 13) % 60,
                (5 + (s.id * 7 + p.id * 13) % 60) * ((s.id * 31 + p.id * 17) % 36) / 100, 300 + (s.id * 5 + p.id * 3) % 200
            FROM schools AS s CROSS JOIN procedures AS p ORDER BY s.id, p.id;
         CREATE INDEX results_procedure ON results (procedure_id, school_id);"
    )
}

/// Every listed school of the demonstration region in the models, with its teachers; every municipality.
pub fn assignments() -> String {
    format!(
        "INSERT INTO assignments (id, model, subject_kind, school_id, staff_id, valid_from, valid_to, created_at)
            SELECT id, 'M5', 'teacher', school_id, id, '2020-08-01', '2021-07-31', '{AT}' FROM staff
            WHERE role = 'teacher' AND school_id IN (SELECT school_id FROM list_entries);
         INSERT INTO assignments (id, model, subject_kind, school_id, valid_from, created_at)
            SELECT 1000000 + school_id, 'M2', 'school', school_id, '2020-03-10', '{AT}'
            FROM (SELECT DISTINCT school_id FROM list_entries) AS listed;
         INSERT INTO assignments (id, model, subject_kind, municipality_id, valid_from, created_at)
            SELECT 2000000 + id, 'M3', 'municipality', id, '2020-08-01', '{AT}' FROM municipalities;
         INSERT INTO assignment_events (assignment_id, kind, on_date, recorded_at)
            SELECT id, 'started', valid_from, '{AT}' FROM assignments;"
    )
}

/// The tables that [`results`] and [`schools`] fill.
pub const TABLES: &[&str] =
    &["municipalities", "schools", "procedures", "contexts", "lists", "list_entries", "results"];

/// A result as a file brings it.
#[derive(Clone, Copy)]
pub struct ResultRow {
    /// The school's id; its code is greater by 100,000.
    pub school: u32,
    /// The procedure's id.
    pub procedure: u32,
    /// Who took part.
    pub participants: u32,
    /// Who got the marks 2 to 5.
    pub marks: [u32; 4],
    /// The mean mark, in hundredths.
    pub mean: u32,
}

/// A result of each of `count` schools in every procedure, school by school.
pub fn result_rows(count: u32) -> impl Iterator<Item = ResultRow> {
    (1..=count).flat_map(|school| {
        (1..=PROCEDURES).map(move |procedure| {
            let (a, b) = (u64::from(school), u64::from(procedure));
            let mark = |n: u64, most: u64| ((a * (7 + n) + b * (13 + 2 * n)) % most) as u32;
            let marks = [mark(0, 5), mark(1, 20), mark(2, 20), mark(3, 10)];
            let participants = marks.iter().sum();
            ResultRow { school, procedure, participants, marks, mean: 300 + mark(4, 200) }
        })
    })
}

/// Writes [`result_rows`] as a CSV file.
///
/// # Errors
/// A disk that refuses.
pub fn write_results(path: &Path, schools: u32) -> std::io::Result<()> {
    let procedures: Vec<String> = each_procedure()
        .map(|(year, assessment, grade, subject)| {
            format!("{year}/{};{assessment};{grade};{subject};main;", year + 1)
        })
        .collect();
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "school_code;academic_year;type;grade;subject;attempt;programme_grade;participants;below_minimum;mean_score;mark2;mark3;mark4;mark5"
    )?;
    for row in result_rows(schools) {
        let ResultRow { school, participants, marks: [two, three, four, five], mean, .. } = row;
        let procedure = &procedures[row.procedure as usize - 1];
        writeln!(
            out,
            "{};{procedure};{participants};{two};{},{:02};{two};{three};{four};{five}",
            100_000 + school,
            mean / 100,
            mean % 100
        )?;
    }
    out.flush()
}
