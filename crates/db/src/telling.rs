//! The journal's entries of a merge: the rows of a file, one entry for each school, so that a reader of a part of the region
//! is told what is its own and the journal stays far smaller than the data.

use crate::{Db, Result, Stage, dialect};
use diesel::{RunQueryDsl, connection::SimpleConnection};
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

/// The columns of an entry, as they are told.
const ENTRY: &str = "at, resource, resource_key, natural_key, operation, municipality_id, school_id, moved_to, \
    names_people, entries";

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

    /// Before the merge: tells, where they arrive, of the rows that are about to come from another school. `telling` joins the
    /// school that they come to. For what goes along with the rows of the merge, which tells of those itself.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn tell_arriving(&self, db: &mut Db, telling: &Telling, at: Moment) -> Result<()> {
        let Some(column) = telling.moves_by else { return Ok(()) };
        let which = format!("t.school_id <> s.{column}");
        let target = ("", "CAST(NULL AS BIGINT)");
        self.tell(db, telling, at, &Tale { operation: "load", word: "'u'", which, target })
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

    /// Last in a write: enters in the journal what was told.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn publish(&self, db: &mut Db) -> Result<()> {
        if matches!(db, Db::Postgres(_)) {
            dialect::order_journal(db)?;
            let sql = format!("INSERT INTO change_journal ({ENTRY}) SELECT {ENTRY} FROM told");
            diesel::sql_query(sql).execute(db)?;
        }
        Ok(())
    }

    /// The table that entries are gathered in. On PostgreSQL one of this write alone: the journal's lock, which every other
    /// write waits for, is then held for as long as it takes to copy them and not for the whole merge.
    fn gathered(db: &mut Db) -> Result<&'static str> {
        let Db::Postgres(c) = db else { return Ok("change_journal") };
        c.batch_execute(&format!(
            "CREATE TEMP TABLE IF NOT EXISTS told ON COMMIT DROP AS SELECT {ENTRY} FROM change_journal WITH NO DATA"
        ))?;
        Ok("told")
    }

    fn tell(&self, db: &mut Db, telling: &Telling, at: Moment, tale: &Tale<'_>) -> Result<()> {
        let gathered = Self::gathered(db)?;
        let (names, values): (Vec<&str>, Vec<&str>) = telling.natural_key.iter().copied().unzip();
        let row = format!("{}, {}, {}", tale.word, telling.id, dialect::json_array(db, &values.join(", ")));
        let order: Vec<String> = self.merge.key.iter().map(|(name, _)| format!("t.{name}")).collect();
        let rows = dialect::json_list(db, &dialect::json_array(db, &row), &order.join(", "));
        let natural_key = match telling.keyed_by_school {
            true => dialect::json_object(db, "'school_code', x.code"),
            false => "'{}'".to_owned(),
        };
        let (listed, from) = match self.merge.key[0].0 {
            "school_id" => self.by_school(telling, tale, &rows),
            _ => self.by_row(telling, tale, &rows),
        };
        let sql = format!(
            "INSERT INTO {gathered} ({ENTRY}) \
             SELECT CAST('{at}' AS {stamp}), '{resource}', CAST(x.id AS TEXT), {natural_key}, '{operation}', x.municipality_id, \
                 x.id, {target}, {people}, '[{names},' || {listed} || ']' {from} ORDER BY x.id",
            at = at.sql(),
            stamp = dialect::timestamp_type(db),
            resource = telling.resource,
            operation = tale.operation,
            target = tale.target.1,
            people = telling.names_people,
            names = serde_json::json!(names),
        );
        diesel::sql_query(sql).execute(db)?;
        Ok(())
    }

    /// The list of a school and where it comes from, for a table whose key begins with the school: its rows lie together, and
    /// reading them in their order costs a third of grouping those of the whole stage.
    fn by_school(&self, telling: &Telling, tale: &Tale<'_>, rows: &str) -> (String, String) {
        let (table, which) = (self.merge.table, &tale.which);
        let of_school = format!("{table} AS t {joined} WHERE t.school_id = x.id", joined = telling.join());
        let listed = format!("(SELECT {rows} FROM {of_school} AND {} AND {which})", telling.on);
        let told = format!("SELECT 1 FROM {table} AS t WHERE t.school_id = x.id AND {which}");
        let from = format!("FROM schools AS x WHERE x.id IN (SELECT c1 FROM staged) AND EXISTS ({told})");
        (listed, from)
    }

    /// The same for any table. The joins are written as products, which makes SQLite walk the stage and look the rest up.
    fn by_row(&self, telling: &Telling, tale: &Tale<'_>, rows: &str) -> (String, String) {
        let (beyond, target) = tale.target;
        let from = format!(
            "FROM staged AS s CROSS JOIN {table} AS t {joined} CROSS JOIN schools AS x {beyond} \
             WHERE {same_key} AND {on} AND {which} GROUP BY x.id, x.code, x.municipality_id, {target}",
            table = self.merge.table,
            joined = telling.join(),
            same_key = self.merge.same_key("t"),
            on = telling.on,
            which = tale.which,
        );
        (rows.to_owned(), from)
    }
}

impl Telling {
    fn join(&self) -> String {
        self.joined.map(|table| format!("CROSS JOIN {table}")).unwrap_or_default()
    }
}
