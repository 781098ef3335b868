//! A look into the tables, past the server.

use super::storage::Storage;
use diesel::{RunQueryDsl, sql_types::BigInt};
use opora_db::Db;

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The registers and what hangs on them, with whether their records count versions.
const TABLES: [(&str, bool); 11] = [
    ("municipalities", true),
    ("schools", true),
    ("contexts", true),
    ("procedures", false),
    ("results", true),
    ("lists", false),
    ("list_entries", false),
    ("staff", true),
    ("support_records", true),
    ("designations", true),
    ("change_journal", false),
];

/// The number that `query` answers in its column `n`.
pub fn number(db: &mut Db, query: &str) -> i64 {
    let found: Number = opora_db::on_each!(db, c => diesel::sql_query(query).get_result(c)).unwrap();
    found.n
}

impl Storage {
    /// The number that `query` answers in its column `n`.
    pub fn number(&self, query: &str) -> i64 {
        number(&mut self.connect(), query)
    }

    /// How many rows the registers hold and how often they were changed: the same before and after whatever writes
    /// nothing.
    pub fn contents(&self) -> Vec<(&'static str, i64, i64)> {
        let mut db = self.connect();
        let mut sum = |what: &str, table: &str| {
            number(&mut db, &format!("SELECT CAST({what} AS BIGINT) AS n FROM {table}"))
        };
        let versions = |counts| if counts { "COALESCE(sum(version), 0)" } else { "0" };
        // The order of an import is a record of its own, whatever becomes of the file.
        let rows = |table| {
            if table == "change_journal" { "change_journal WHERE resource <> 'imports'" } else { table }
        };
        TABLES
            .iter()
            .map(|(table, counts)| {
                (*table, sum("count(*)", rows(table)), sum(versions(*counts), rows(table)))
            })
            .collect()
    }
}
