//! Methodical support of staff. Personal data: refused rows are reported by number and column, never with their contents.

use super::{bulk::Bulk, results::named};
use crate::{
    import::Source,
    registry::{bounds, support::PROGRAMME, visible_schools},
    types::{SUPPORT_YEARS, StaffId, SupportForm, yes_or_no},
};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use opora_db::{Cells, Db, Merge, Result, Telling, schema::staff};
use opora_primitives::{Area, Reason, text::one_line};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::HashMap;

pub(super) const COLUMNS: &[Column] = &[
    Column::required("external_id", &["Внешний идентификатор", "Идентификатор"]).key(),
    Column::required("form", &["Форма сопровождения", "Форма"]).key(),
    Column::required("programme", &["Программа", "Тема"]).key(),
    Column::required("starts_on", &["Дата начала", "Начало"]).of(Holds::Day).key(),
    Column::optional("ends_on", &["Дата окончания", "Окончание"]).of(Holds::Day),
    Column::optional("completed", &["Завершено", "Завершена"]).of(Holds::Truth),
];
const PERSON: usize = 0;
const FORM: usize = 1;
const NAME: usize = 2;
const STARTS: usize = 3;
const ENDS: usize = 4;
const COMPLETED: usize = 5;

pub(super) struct Loader {
    /// The people the sender may write about, by external id.
    people: HashMap<Box<str>, StaffId>,
}

impl Bulk for Loader {
    const MERGE: Merge = Merge {
        table: "support_records",
        key: &[("staff_id", "BIGINT"), ("form", "TEXT"), ("programme", "TEXT"), ("starts_on", "DATE")],
        data: &[("ends_on", "DATE"), ("completed", "BOOLEAN")],
        stamped: true,
    };

    const TELLING: Telling = Telling {
        resource: "support-records",
        joined: Some("staff AS p"),
        on: "p.id = t.staff_id AND x.id = p.school_id",
        id: "t.id",
        natural_key: &[
            ("external_id", "p.external_id"),
            ("form", "t.form"),
            ("programme", "t.programme"),
            ("starts_on", "CAST(t.starts_on AS TEXT)"),
        ],
        keyed_by_school: false,
        names_people: true,
        moves_by: None,
    };

    fn begin(db: &mut Db, area: Area) -> Result<Self> {
        let mut query = staff::table.select((staff::external_id, staff::id)).into_boxed();
        if let Some((municipality, school)) = bounds(area) {
            query = query.filter(staff::school_id.eq_any(visible_schools(municipality, school)));
        }
        let rows: Vec<(String, StaffId)> = query.load(db)?;
        Ok(Self { people: rows.into_iter().map(|(external, id)| (external.into(), id)).collect() })
    }

    fn read(
        &mut self,
        mut row: RowReader<'_>,
        cells: &mut Cells,
        _: &Source<'_>,
    ) -> std::result::Result<(), Vec<RowError>> {
        let person = row.required_text(PERSON, 100).and_then(|external| {
            let found = self.people.get(external).copied();
            if found.is_none() {
                row.refuse(PERSON, Reason::UnknownReference);
            }
            found
        });
        let form = row.must(FORM, |r| named(r, FORM, SupportForm::from_file));
        let programme = row.required_text(NAME, PROGRAMME).map(one_line);
        let starts = row.required_date(STARTS);
        let ends = row.date(ENDS);
        let completed = row.may(COMPLETED, |r| named(r, COMPLETED, yes_or_no)).unwrap_or(false);
        check_days(&mut row, starts, ends, completed);
        row.finish(|| {
            cells.whole(person?.0);
            cells.text(form?);
            cells.text(programme?);
            cells.text(starts?);
            cells.maybe_text(ends);
            // Both databases read a truth value from a digit; SQLite from nothing else.
            cells.whole(i64::from(completed));
            Some(())
        })
    }
}

fn check_days(row: &mut RowReader<'_>, starts: Option<NaiveDate>, ends: Option<NaiveDate>, completed: bool) {
    for (column, day) in [(STARTS, starts), (ENDS, ends)] {
        if day.is_some_and(|day| !SUPPORT_YEARS.contains(&day.year())) {
            row.refuse(column, Reason::OutOfRange);
        }
    }
    if starts.zip(ends).is_some_and(|(starts, ends)| ends < starts) {
        row.refuse(ENDS, Reason::OrderOfDates);
    }
    if completed && ends.is_none() {
        row.refuse(ENDS, Reason::Required);
    }
}
