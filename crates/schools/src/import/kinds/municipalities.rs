//! Municipalities.

use super::{
    register::{Counts, Done, Register},
    results::named,
};
use crate::{
    import::Source,
    registry::{
        edit::municipalities::{Links, MunicipalityDraft, create, replace},
        municipalities::{self, Municipality},
        succession::{Break, Link, breaks},
    },
    types::MunicipalityKind,
};
use chrono::NaiveDate;
use opora_db::{Result, Tx};
use opora_primitives::{MunicipalityId, Oktmo, Reason};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::{BTreeMap, HashMap};

pub(super) const COLUMNS: &[Column] = &[
    Column::required("oktmo", &["ОКТМО"]).key(),
    Column::required("name", &["Наименование", "Муниципалитет"]),
    Column::required("kind", &["Вид"]),
    Column::optional("parent_oktmo", &["ОКТМО вышестоящего"]),
    Column::optional("valid_from", &["Действует с"]).of(Holds::Day),
    Column::optional("valid_to", &["Действует по"]).of(Holds::Day),
    Column::optional("successor_oktmo", &["ОКТМО правопреемника"]),
];

/// The fields whose column has another name.
const NAMES: &[(&str, &str)] = &[("parent_id", "parent_oktmo"), ("successor_id", "successor_oktmo")];

pub(super) struct Loader;

pub(super) struct Row {
    oktmo: Oktmo,
    name: String,
    kind: MunicipalityKind,
    parent: Option<Oktmo>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    successor: Option<Oktmo>,
}

impl Row {
    fn link(&self) -> Link<Oktmo> {
        let (parent, successor) = (self.parent.clone(), self.successor.clone());
        Link { from: self.valid_from, to: self.valid_to, parent, successor }
    }

    /// The column of a code it refers to that is not `known`.
    fn missing(&self, known: &Known) -> Option<&'static str> {
        let unknown = |code: &Option<Oktmo>| code.as_ref().is_some_and(|oktmo| !known.contains_key(oktmo));
        let columns =
            [(unknown(&self.parent), "parent_oktmo"), (unknown(&self.successor), "successor_oktmo")];
        columns.into_iter().find(|(missing, _)| *missing).map(|(_, column)| column)
    }

    fn draft(&self, known: &Known) -> MunicipalityDraft {
        let id = |code: &Option<Oktmo>| code.as_ref().and_then(|oktmo| known.get(oktmo)).map(|m| m.id);
        MunicipalityDraft {
            oktmo: self.oktmo.to_string(),
            name: self.name.clone(),
            kind: self.kind,
            parent_id: id(&self.parent),
            successor_id: id(&self.successor),
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        }
    }
}

/// A row with its number in the file.
type Numbered<'a> = (u64, &'a Row);
type Known = HashMap<Oktmo, Municipality>;

impl Register for Loader {
    type Row = Row;
    type Key = Oktmo;

    fn read(mut row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        let oktmo = source.required_oktmo(&mut row, 0);
        let name = row.required_text(1, 200);
        let kind = row.must(2, |r| named(r, 2, MunicipalityKind::from_file));
        let parent = source.oktmo(&mut row, 3);
        let valid_from = row.date(4);
        let valid_to = row.date(5);
        let successor = source.oktmo(&mut row, 6);
        row.finish(|| {
            let (oktmo, name, kind) = (oktmo?, name?.to_owned(), kind?);
            Some(Row { oktmo, name, kind, parent, valid_from, valid_to, successor })
        })
    }

    fn key(row: &Row) -> Oktmo {
        row.oktmo.clone()
    }

    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let mut known: Known = municipalities::all(tx)?.into_iter().map(|m| (m.oktmo.clone(), m)).collect();
        let mut counts = Counts::default();
        // A city comes before its districts, wherever they stand in the file.
        let (districts, others): (Vec<Numbered>, Vec<Numbered>) = fitting(&known, rows, source)
            .into_iter()
            .partition(|(_, row)| row.kind == MunicipalityKind::CityDistrict);
        let mut left = settle(tx, &mut known, &mut counts, others, source)?;
        left.extend(districts);
        for (number, row) in settle(tx, &mut known, &mut counts, left, source)? {
            source.reject(number, row.missing(&known), Reason::UnknownReference);
        }
        Ok(counts)
    }
}

/// The rows that fit together with their successors, as everything will stand after the file; the others are rejected.
fn fitting<'a>(known: &Known, rows: &'a [(u64, Row)], source: &Source<'_>) -> Vec<Numbered<'a>> {
    let mut rows: BTreeMap<&Oktmo, Numbered> = rows.iter().map(|(n, row)| (&row.oktmo, (*n, row))).collect();
    let codes: HashMap<MunicipalityId, &Oktmo> = known.iter().map(|(oktmo, m)| (m.id, oktmo)).collect();
    let code = |id: Option<MunicipalityId>| id.and_then(|id| codes.get(&id)).map(|oktmo| (*oktmo).clone());
    loop {
        let mut links: BTreeMap<Oktmo, Link<Oktmo>> = known
            .values()
            .map(|m| {
                let (parent, successor) = (code(m.parent_id), code(m.successor_id));
                (m.oktmo.clone(), Link { from: m.valid_from, to: m.valid_to, parent, successor })
            })
            .collect();
        links.extend(rows.values().map(|(_, row)| (row.oktmo.clone(), row.link())));
        let mut settled = true;
        for (oktmo, successor, found) in breaks(&links) {
            // The row itself, or else the one that moves its successor away from it.
            let (own, column, reason) = match (rows.contains_key(&oktmo), found) {
                (true, Break::Unknown) => (&oktmo, "successor_oktmo", Reason::UnknownReference),
                (true, Break::NoEnd) => (&oktmo, "valid_to", Reason::Required),
                (true, _) => (&oktmo, "successor_oktmo", Reason::Contradiction),
                (false, Break::EndsEarly) => (&successor, "valid_to", Reason::Contradiction),
                (false, Break::BeginsLate) => (&successor, "valid_from", Reason::Contradiction),
                (false, _) => (&successor, "successor_oktmo", Reason::Contradiction),
            };
            if let Some((number, _)) = rows.remove(own) {
                source.reject(number, Some(column), reason);
                settled = false;
            }
        }
        if settled {
            let mut fitting: Vec<Numbered> = rows.into_values().collect();
            fitting.sort_by_key(|(number, _)| *number);
            return fitting;
        }
    }
}

/// Writes the rows, each after those that it refers to, and gives back what is left: rows whose reference was refused.
fn settle<'a>(
    tx: &mut Tx,
    known: &mut Known,
    counts: &mut Counts,
    mut waiting: Vec<Numbered<'a>>,
    source: &Source<'_>,
) -> Result<Vec<Numbered<'a>>> {
    loop {
        let (ready, blocked): (Vec<Numbered>, Vec<Numbered>) =
            waiting.into_iter().partition(|(_, row)| row.missing(known).is_none());
        if ready.is_empty() {
            return Ok(blocked);
        }
        for (number, row) in ready {
            let outcome = put(tx, known.get(&row.oktmo), row.draft(known)).map(|(done, municipality)| {
                let id = municipality.id.0;
                known.insert(row.oktmo.clone(), municipality);
                (done, id)
            });
            counts.note(outcome, number, NAMES, source)?;
        }
        waiting = blocked;
    }
}

fn put(tx: &mut Tx, before: Option<&Municipality>, draft: MunicipalityDraft) -> Result<(Done, Municipality)> {
    match before {
        None => Ok((Done::Created, create(tx, draft, Links::Checked)?)),
        Some(before) if MunicipalityDraft::from(before.clone()) == draft => {
            Ok((Done::Unchanged, before.clone()))
        }
        Some(before) => Ok((Done::Updated, replace(tx, before, draft, Links::Checked)?)),
    }
}
