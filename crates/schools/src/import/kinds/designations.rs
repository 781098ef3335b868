//! Designations.

use super::{
    codes::WrittenCode,
    register::{Counts, Done, Register},
    results::named,
};
use crate::{
    import::Source,
    registry::{
        designations::{self, Designation},
        edit::designations::{DesignationDraft, create, replace},
        municipalities, schools,
    },
    types::DesignationKind,
};
use chrono::NaiveDate;
use opora_db::{Result, Tx};
use opora_primitives::{MunicipalityId, Oktmo, Reason, SchoolCode, SchoolId};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::HashMap;

pub(super) const COLUMNS: &[Column] = &[
    Column::optional("school_code", &["Код ОО"]).key(),
    Column::optional("oktmo", &["ОКТМО"]).key(),
    Column::required("kind", &["Назначение", "Вид"]).key(),
    Column::optional("act", &["Акт"]),
    Column::optional("act_date", &["Дата акта"]).of(Holds::Day),
    Column::optional("valid_from", &["Действует с"]).of(Holds::Day),
    Column::optional("valid_to", &["Действует по"]).of(Holds::Day),
];

pub(super) struct Loader;

pub(super) struct Row {
    school: Option<WrittenCode>,
    municipality: Option<Oktmo>,
    kind: DesignationKind,
    act: Option<String>,
    act_date: Option<NaiveDate>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

type Key = (DesignationKind, Option<SchoolId>, Option<MunicipalityId>);

impl Register for Loader {
    type Row = Row;
    type Key = (DesignationKind, Option<SchoolCode>, Option<Oktmo>);

    fn read(mut row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        let school = row.may(0, |r| WrittenCode::of(r, 0));
        let municipality = source.oktmo(&mut row, 1);
        match (&school, &municipality) {
            (None, None) if row.is_good() => row.refuse(0, Reason::Required),
            (Some(_), Some(_)) => row.refuse(1, Reason::Contradiction),
            _ => {}
        }
        let kind = row.must(2, |r| named(r, 2, DesignationKind::from_file));
        let act = row.text(3, 500).map(str::to_owned);
        let act_date = row.date(4);
        let valid_from = row.date(5);
        let valid_to = row.date(6);
        row.finish(|| Some(Row { school, municipality, kind: kind?, act, act_date, valid_from, valid_to }))
    }

    fn key(row: &Row) -> Self::Key {
        (row.kind, row.school.as_ref().map(|code| code.padded().clone()), row.municipality.clone())
    }

    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let homes: HashMap<Oktmo, MunicipalityId> =
            municipalities::all(tx)?.into_iter().map(|m| (m.oktmo, m.id)).collect();
        let schools = schools::ids_by_code(tx)?;
        let known: HashMap<Key, Designation> = designations::all(tx)?
            .into_iter()
            .map(|d| ((d.kind, d.school_id, d.municipality_id), d))
            .collect();
        let mut counts = Counts::default();
        for (number, row) in rows {
            let meant =
                |code: &WrittenCode| schools.get(code.meant(|code| schools.contains_key(code))).copied();
            let school_id = row.school.as_ref().and_then(meant);
            let municipality_id = row.municipality.as_ref().and_then(|oktmo| homes.get(oktmo).copied());
            if school_id.is_none() && municipality_id.is_none() {
                let column = if row.school.is_some() { "school_code" } else { "oktmo" };
                source.reject(*number, Some(column), Reason::UnknownReference);
                continue;
            }
            let draft = DesignationDraft {
                kind: row.kind,
                school_id,
                municipality_id,
                act: row.act.clone(),
                act_date: row.act_date,
                valid_from: row.valid_from,
                valid_to: row.valid_to,
            };
            let before = known.get(&(row.kind, school_id, municipality_id));
            let names = [("school_id", "school_code"), ("municipality_id", "oktmo")];
            counts.note(put(tx, before, draft), *number, &names, source)?;
        }
        Ok(counts)
    }
}

fn put(tx: &mut Tx, before: Option<&Designation>, draft: DesignationDraft) -> Result<(Done, i64)> {
    match before {
        None => create(tx, draft).map(|made| (Done::Created, made.id.0)),
        Some(before) if DesignationDraft::from(before.clone()) == draft => Ok((Done::Unchanged, before.id.0)),
        Some(before) => replace(tx, before, draft).map(|_| (Done::Updated, before.id.0)),
    }
}
