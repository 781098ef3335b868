//! Municipalities.

use super::{
    register::{Counts, Done, Register},
    results::named,
};
use crate::{
    import::Source,
    registry::{
        edit::municipalities::{MunicipalityDraft, create, replace},
        municipalities::{self, Municipality},
    },
    types::MunicipalityKind,
};
use chrono::NaiveDate;
use opora_db::{Result, Tx};
use opora_primitives::{Oktmo, Reason};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::HashMap;

pub(super) const COLUMNS: &[Column] = &[
    Column::required("oktmo", &["ОКТМО"]).key(),
    Column::required("name", &["Наименование", "Муниципалитет"]),
    Column::required("kind", &["Вид"]),
    Column::optional("parent_oktmo", &["ОКТМО вышестоящего"]),
    Column::optional("valid_from", &["Действует с"]).of(Holds::Day),
    Column::optional("valid_to", &["Действует по"]).of(Holds::Day),
];

pub(super) struct Loader;

pub(super) struct Row {
    oktmo: Oktmo,
    name: String,
    kind: MunicipalityKind,
    parent: Option<Oktmo>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl Register for Loader {
    type Row = Row;
    type Key = Oktmo;

    fn read(mut row: RowReader<'_>, _: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        let oktmo = row.required_padded(0, 8);
        let name = row.required_text(1, 200);
        let kind = row.must(2, |r| named(r, 2, MunicipalityKind::from_file));
        let parent = row.padded(3, 8);
        let valid_from = row.date(4);
        let valid_to = row.date(5);
        row.finish(|| {
            Some(Row { oktmo: oktmo?, name: name?.to_owned(), kind: kind?, parent, valid_from, valid_to })
        })
    }

    fn key(row: &Row) -> Oktmo {
        row.oktmo.clone()
    }

    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let mut known: HashMap<Oktmo, Municipality> =
            municipalities::all(tx)?.into_iter().map(|m| (m.oktmo.clone(), m)).collect();
        let mut counts = Counts::default();
        // A city comes before its districts, wherever they stand in the file.
        let (districts, others): (Vec<_>, Vec<_>) =
            rows.iter().partition(|(_, row)| row.kind == MunicipalityKind::CityDistrict);
        for (number, row) in others.into_iter().chain(districts) {
            let parent = row.parent.as_ref().map(|oktmo| known.get(oktmo));
            if parent.is_some_and(|found| found.is_none()) {
                source.reject(*number, Some("parent_oktmo"), Reason::UnknownReference);
                continue;
            }
            let draft = MunicipalityDraft {
                oktmo: row.oktmo.to_string(),
                name: row.name.clone(),
                kind: row.kind,
                parent_id: parent.flatten().map(|m| m.id),
                valid_from: row.valid_from,
                valid_to: row.valid_to,
            };
            let outcome = put(tx, known.get(&row.oktmo), draft).map(|(done, municipality)| {
                let id = municipality.id.0;
                known.insert(row.oktmo.clone(), municipality);
                (done, id)
            });
            counts.note(outcome, *number, &[("parent_id", "parent_oktmo")], source)?;
        }
        Ok(counts)
    }
}

fn put(tx: &mut Tx, before: Option<&Municipality>, draft: MunicipalityDraft) -> Result<(Done, Municipality)> {
    match before {
        None => Ok((Done::Created, create(tx, draft)?)),
        Some(before) if MunicipalityDraft::from(before.clone()) == draft => {
            Ok((Done::Unchanged, before.clone()))
        }
        Some(before) => Ok((Done::Updated, replace(tx, before, draft)?)),
    }
}
