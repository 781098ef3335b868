//! Lists of low-result schools: a file is one version of the list of each year it names.

use super::{
    codes::WrittenCode,
    register::{Counts, Register},
};
use crate::{
    import::Source,
    registry::{lists, schools},
    types::ListId,
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Operation, Result, Tx, if_found, on_each,
    schema::{list_entries, lists as table},
};
use opora_primitives::{Reason, SchoolCode, SchoolId};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::BTreeMap;

pub(super) const COLUMNS: &[Column] = &[
    Column::required("list_year", &["Год списка"]).of(Holds::Whole).key(),
    Column::required("school_code", &["Код ОО"]).key(),
    Column::optional("source", &["Источник"]),
    Column::optional("act", &["Акт"]),
    Column::optional("act_date", &["Дата акта"]).of(Holds::Day),
    Column::optional("note", &["Примечание"]),
];

pub(super) struct Loader;

pub(super) struct Row {
    year: i32,
    school: WrittenCode,
    head: Head,
}

/// What is said of the version as a whole; the first row of a year that says it counts.
#[derive(Clone, Default, PartialEq)]
struct Head {
    source: Option<String>,
    act: Option<String>,
    act_date: Option<NaiveDate>,
    note: Option<String>,
}

impl Register for Loader {
    type Row = Row;
    type Key = (i32, SchoolCode);

    fn read(mut row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        // A list may come before its year; a later one is a slip, and would be the newest of all.
        let year = row.required_integer(0, 2000..=i64::from(source.order.came_on.year()) + 1);
        let school = row.must(1, |r| WrittenCode::of(r, 1));
        let source = row.text(2, 200).map(str::to_owned);
        let act = row.text(3, 500).map(str::to_owned);
        let act_date = row.date(4);
        let note = row.text(5, 1000).map(str::to_owned);
        row.finish(|| {
            Some(Row { year: year? as i32, school: school?, head: Head { source, act, act_date, note } })
        })
    }

    fn key(row: &Row) -> Self::Key {
        (row.year, row.school.padded().clone())
    }

    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let ids = schools::ids_by_code(tx)?;
        let mut years: BTreeMap<i32, (Head, Vec<SchoolId>)> = BTreeMap::new();
        for (number, row) in rows {
            let Some(school) = ids.get(row.school.meant(|code| ids.contains_key(code))) else {
                source.reject(*number, Some("school_code"), Reason::UnknownReference);
                continue;
            };
            let (head, members) = years.entry(row.year).or_default();
            merge(head, &row.head);
            members.push(*school);
        }
        let mut counts = Counts::default();
        for (year, (head, mut members)) in years {
            members.sort_unstable();
            let rows = members.len() as u64;
            match add(tx, year, &head, &members)? {
                Some(_) => counts.created += rows,
                None => counts.unchanged += rows,
            }
        }
        Ok(counts)
    }
}

fn merge(head: &mut Head, row: &Head) {
    head.source = head.source.take().or_else(|| row.source.clone());
    head.act = head.act.take().or_else(|| row.act.clone());
    head.act_date = head.act_date.or(row.act_date);
    head.note = head.note.take().or_else(|| row.note.clone());
}

/// Adds a version unless the newest one of the year says the same.
fn add(tx: &mut Tx, year: i32, head: &Head, members: &[SchoolId]) -> Result<Option<ListId>> {
    let newest = if_found(lists::newest(tx, Some(year)))?;
    if let Some(list) = &newest {
        let said = Head {
            source: list.source.clone(),
            act: list.act.clone(),
            act_date: list.act_date,
            note: list.note.clone(),
        };
        if said == *head && lists::members(tx, list.id)? == members {
            return Ok(None);
        }
    }
    let revision = newest.map_or(1, |list| list.revision + 1);
    let row = (
        table::list_year.eq(year),
        table::revision.eq(revision),
        table::source.eq(&head.source),
        table::act.eq(&head.act),
        table::act_date.eq(head.act_date),
        table::note.eq(&head.note),
        table::schools.eq(members.len() as i32),
        table::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let id: ListId = diesel::insert_into(table::table).values(row).returning(table::id).get_result(db)?;
    for batch in members.chunks(1000) {
        let rows: Vec<_> = batch
            .iter()
            .map(|school| (list_entries::list_id.eq(id), list_entries::school_id.eq(*school)))
            .collect();
        on_each!(&mut *db, c => diesel::insert_into(list_entries::table).values(&rows).execute(c))?;
    }
    let after = serde_json::json!({"list_year": year, "revision": revision, "schools": members.len()});
    tx.record(
        Change::new("lists", id, Operation::Create)
            .named(serde_json::json!({ "list_year": year, "revision": revision }))
            .after(after),
    );
    Ok(Some(id))
}
