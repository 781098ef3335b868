//! The journal's entries of a merge: the rows of a file, one entry for each school, so that a reader of a part of the region
//! is told what is its own and the journal stays far smaller than the data.

use crate::{Db, Result, Stage, dialect};
use diesel::RunQueryDsl;
use opora_primitives::Moment;

/// How the rows of a merge are named. Expressions are SQL over the table as `t`, its school as `x`, the stage as `s`.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// The resource's name in the API.
    pub resource: &'static str,
    /// A table that is joined besides: `procedures AS p`.
    pub joined: Option<&'static str>,
    /// How it, and the school, are joined.
    pub on: &'static str,
    /// The row's id in the API; `NULL` where it has none.
    pub id: &'static str,
    /// The fields of its natural key, each with its expression; besides the school's code, where that is one.
    pub natural_key: &'static [(&'static str, &'static str)],
    /// Whether the school's code is one.
    pub keyed_by_school: bool,
    /// Whether the rows are about people.
    pub names_people: bool,
    /// The staged column of the school, where rows may go from one to another.
    pub moves_by: Option<&'static str>,
}

/// What is told, in SQL.
struct Tale<'a> {
    operation: &'static str,
    /// What happened to a row, as a word of [`crate::journal`].
    word: &'a str,
    /// Which rows.
    which: String,
    /// The school they go to, joined, and its municipality.
    target: (&'a str, &'a str),
}

impl Stage {
    /// Before the merge: tells of the rows that are about to leave their school. Part of the write.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn tell_leaving(&self, db: &mut Db, telling: &Telling, at: Moment) -> Result<()> {
        let Some(column) = telling.moves_by else { return Ok(()) };
        let which = format!("t.school_id <> s.{column} AND y.id = s.{column}");
        let target = ("CROSS JOIN schools AS y", "y.municipality_id");
        self.tell(db, telling, at, &Tale { operation: "leave", word: "'l'", which, target })
    }

    /// After the merge: tells of the rows that `import_id` has made or changed. Part of the write.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn tell_changed(&self, db: &mut Db, telling: &Telling, import_id: i64, at: Moment) -> Result<()> {
        let word = "CASE WHEN t.version = 1 THEN 'c' ELSE 'u' END";
        let which = format!("t.import_id = {import_id}");
        self.tell(
            db,
            telling,
            at,
            &Tale { operation: "load", word, which, target: ("", "CAST(NULL AS BIGINT)") },
        )
    }

    /// The joins are written as products, which makes SQLite walk the stage and look the rest up.
    fn tell(&self, db: &mut Db, telling: &Telling, at: Moment, tale: &Tale<'_>) -> Result<()> {
        dialect::order_journal(db)?;
        let (names, values): (Vec<&str>, Vec<&str>) = telling.natural_key.iter().copied().unzip();
        let values = values.join(", ");
        let row = format!("{}, {}, {}", tale.word, telling.id, dialect::json_array(db, &values));
        let rows = dialect::json_list(db, &dialect::json_array(db, &row), &values);
        let natural_key = match telling.keyed_by_school {
            true => dialect::json_object(db, "'school_code', x.code"),
            false => "'{}'".to_owned(),
        };
        let sql = format!(
            "INSERT INTO change_journal (at, resource, resource_key, natural_key, operation, municipality_id, school_id, \
                 moved_to, names_people, entries) \
             SELECT CAST('{at}' AS {stamp}), '{resource}', CAST(x.id AS TEXT), {natural_key}, '{operation}', x.municipality_id, \
                 x.id, {target}, {people}, '[{names},' || {rows} || ']' \
             FROM staged AS s CROSS JOIN {table} AS t {joined} CROSS JOIN schools AS x {beyond} \
             WHERE {same_key} AND {on} AND {which} GROUP BY x.id, x.code, x.municipality_id, {target} ORDER BY x.id",
            at = at.sql(),
            stamp = dialect::timestamp_type(db),
            resource = telling.resource,
            operation = tale.operation,
            beyond = tale.target.0,
            target = tale.target.1,
            people = telling.names_people,
            names = serde_json::json!(names),
            table = self.merge.table,
            joined = telling.joined.map(|table| format!("CROSS JOIN {table}")).unwrap_or_default(),
            same_key = self.merge.same_key("t"),
            on = telling.on,
            which = tale.which,
        );
        diesel::sql_query(sql).execute(db)?;
        Ok(())
    }
}
