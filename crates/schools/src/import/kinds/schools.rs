//! Schools.

use super::{
    codes::WrittenCode,
    register::{Counts, Done, Register},
    results::named,
};
use crate::{
    import::{Caution, Source},
    registry::{
        edit::schools::{SchoolDraft, create, replace},
        municipalities,
        schools::{School, every},
    },
    types::{Founder, Locality, SchoolKind, SchoolStatus},
};
use opora_db::{Result, Tx};
use opora_primitives::{Inn, MunicipalityId, Ogrn, Oktmo, Reason, SchoolCode, SchoolId};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::{HashMap, HashSet};

pub(super) const COLUMNS: &[Column] = &[
    Column::required("code", &["Код ОО"]).key(),
    Column::required("name", &["Наименование", "Наименование ОО"]),
    Column::optional("short_name", &["Краткое наименование"]),
    Column::optional("oktmo", &["ОКТМО"]),
    Column::optional("ogrn", &["ОГРН"]),
    Column::optional("inn", &["ИНН"]),
    Column::required("kind", &["Вид ОО"]),
    Column::required("locality", &["Местность"]),
    Column::required("founder", &["Учредитель"]),
    Column::optional("status", &["Статус"]),
    Column::optional("successor_code", &["Код правопреемника"]),
    Column::optional("opened_on", &["Дата открытия"]).of(Holds::Day),
    Column::optional("closed_on", &["Дата закрытия"]).of(Holds::Day),
];

/// The fields whose column has another name.
const NAMES: &[(&str, &str)] = &[("municipality_id", "oktmo"), ("successor_id", SUCCESSOR)];

pub(super) struct Loader;

#[derive(Clone)]
pub(super) struct Row {
    /// Until the register is known, with its leading zeros.
    code: SchoolCode,
    oktmo: Option<Oktmo>,
    successor: Option<SchoolCode>,
    written: WrittenCode,
    written_successor: Option<WrittenCode>,
    /// Everything but municipality and successor, which are found in the database.
    draft: SchoolDraft,
}

impl Register for Loader {
    type Row = Row;
    type Key = SchoolCode;

    fn read(mut row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        let written = row.must(0, |r| WrittenCode::of(r, 0));
        let code = written.as_ref().map(|written| written.padded().clone());
        let name = row.required_text(1, 500);
        let short_name = row.text(2, 200);
        let oktmo = source.oktmo(&mut row, 3);
        let ogrn = row.optional::<Ogrn>(4);
        let inn = row.optional::<Inn>(5);
        let kind = row.must(6, |r| named(r, 6, SchoolKind::from_file));
        let locality = row.must(7, |r| named(r, 7, Locality::from_file));
        let founder = row.must(8, |r| named(r, 8, Founder::from_file));
        let status = row.may(9, |r| named(r, 9, SchoolStatus::from_file)).unwrap_or(SchoolStatus::Open);
        let written_successor = row.may(10, |r| WrittenCode::of(r, 10));
        if written_successor.is_some() && status == SchoolStatus::Open {
            row.refuse(10, Reason::Contradiction);
        }
        if written_successor.is_none() && status == SchoolStatus::Reorganised {
            source.warn(Caution::NoSuccessor);
        }
        let opened_on = row.date(11);
        let closed_on = row.date(12);
        if closed_on.is_none() && status != SchoolStatus::Open {
            source.warn(Caution::NoClosingDate);
        }
        row.finish(|| {
            let code = code?;
            let draft = SchoolDraft {
                code: code.to_string(),
                name: name?.to_owned(),
                short_name: short_name.map(str::to_owned),
                municipality_id: None,
                ogrn: ogrn.map(Into::into),
                inn: inn.map(Into::into),
                kind: kind?,
                locality: locality?,
                founder: founder?,
                status,
                successor_id: None,
                opened_on,
                closed_on,
            };
            let successor = written_successor.as_ref().map(|written| written.padded().clone());
            Some(Row { code, oktmo, successor, written: written?, written_successor, draft })
        })
    }

    fn key(row: &Row) -> SchoolCode {
        row.code.clone()
    }

    /// A successor may stand further down the file: it is written first.
    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let homes: HashMap<Oktmo, MunicipalityId> =
            municipalities::all(tx)?.into_iter().map(|m| (m.oktmo, m.id)).collect();
        let mut known: Known = every(tx)?.into_iter().map(|s| (s.code.clone(), s)).collect();
        let mut counts = Counts::default();
        let rows = meant(&known, rows);
        for (number, row) in fitting(&known, &rows, source) {
            let home = row.oktmo.as_ref().map(|oktmo| homes.get(oktmo).copied());
            if home.is_some_and(|found| found.is_none()) {
                source.reject(*number, Some("oktmo"), Reason::UnknownReference);
                continue;
            }
            let successor = row.successor.as_ref().map(|code| known.get(code).map(|school| school.id));
            if successor.is_some_and(|found| found.is_none()) {
                // It stands in the file and was refused.
                source.reject(*number, Some(SUCCESSOR), Reason::Contradiction);
                continue;
            }
            let draft = SchoolDraft {
                municipality_id: home.flatten(),
                successor_id: successor.flatten(),
                ..row.draft.clone()
            };
            // A code that stands in the register already need not pass today's setting.
            let any_code = source.order.any_school_code || known.contains_key(&row.code);
            let outcome = put(tx, known.get(&row.code), draft, any_code).map(|(done, school)| {
                let id = school.id.0;
                known.insert(row.code.clone(), school);
                (done, id)
            });
            counts.note(outcome, *number, NAMES, source)?;
        }
        Ok(counts)
    }
}

const SUCCESSOR: &str = "successor_code";

type Known = HashMap<SchoolCode, School>;

/// The rows with the codes that are meant, now that the register is known; a successor may come with the file.
fn meant(known: &Known, rows: &[(u64, Row)]) -> Vec<(u64, Row)> {
    let code = |row: &Row| row.written.meant(|code| known.contains_key(code)).clone();
    let coming: HashSet<SchoolCode> = rows.iter().map(|(_, row)| code(row)).collect();
    let is_there = |code: &SchoolCode| known.contains_key(code) || coming.contains(code);
    let settled = |row: &Row| {
        let code = code(row);
        let successor = row.written_successor.as_ref().map(|written| written.meant(is_there).clone());
        let draft = SchoolDraft { code: code.to_string(), ..row.draft.clone() };
        Row { code, successor, draft, ..row.clone() }
    };
    rows.iter().map(|(number, row)| (*number, settled(row))).collect()
}

/// The rows whose successors are somewhere and do not lead back, as everything will stand after the file; each after those
/// that its chain of successors leads through. The others are rejected.
fn fitting<'a>(known: &Known, rows: &'a [(u64, Row)], source: &Source<'_>) -> Vec<&'a (u64, Row)> {
    let codes: HashMap<SchoolId, &SchoolCode> = known.values().map(|s| (s.id, &s.code)).collect();
    let mut coming: HashMap<&SchoolCode, &'a (u64, Row)> = rows.iter().map(|r| (&r.1.code, r)).collect();
    for (number, row) in rows {
        let is_there = |code: &SchoolCode| known.contains_key(code) || coming.contains_key(code);
        if row.successor.as_ref().is_some_and(|code| !is_there(code)) {
            source.reject(*number, Some(SUCCESSOR), Reason::UnknownReference);
            coming.remove(&row.code);
        }
    }
    loop {
        let next = |code: &SchoolCode| match coming.get(code) {
            Some((_, row)) => row.successor.as_ref(),
            None => known.get(code)?.successor_id.and_then(|id| codes.get(&id).copied()),
        };
        let (order, looped) = along(rows.iter().map(|(_, row)| &row.code), next);
        let mut settled = true;
        for code in looped {
            // A school that is on the way by what is there already is not to blame.
            if let Some((number, _)) = coming.remove(code) {
                source.reject(*number, Some(SUCCESSOR), Reason::Contradiction);
                settled = false;
            }
        }
        if settled {
            return order.into_iter().filter_map(|code| coming.get(code).copied()).collect();
        }
    }
}

/// Follows `next` from each of `codes`. Answers all codes met, each after those it leads to, and those that lead back to
/// themselves.
fn along<'a>(
    codes: impl Iterator<Item = &'a SchoolCode>,
    next: impl Fn(&SchoolCode) -> Option<&'a SchoolCode>,
) -> (Vec<&'a SchoolCode>, Vec<&'a SchoolCode>) {
    let (mut order, mut looped) = (Vec::new(), Vec::new());
    // By the walk in which it was met first.
    let mut met: HashMap<&SchoolCode, usize> = HashMap::new();
    for (walk, code) in codes.enumerate() {
        let (mut path, mut at) = (Vec::new(), Some(code));
        while let Some(code) = at {
            match met.get(code) {
                None => {
                    met.insert(code, walk);
                    path.push(code);
                    at = next(code);
                }
                Some(before) => {
                    if *before == walk {
                        looped.extend(path.iter().skip_while(|on_path| **on_path != code));
                    }
                    at = None;
                }
            }
        }
        order.extend(path.into_iter().rev());
    }
    (order, looped)
}

fn put(tx: &mut Tx, before: Option<&School>, draft: SchoolDraft, any_code: bool) -> Result<(Done, School)> {
    match before {
        None => Ok((Done::Created, create(tx, draft, any_code)?)),
        Some(before) if SchoolDraft::from(before.clone()) == draft => Ok((Done::Unchanged, before.clone())),
        Some(before) => Ok((Done::Updated, replace(tx, before, draft, any_code)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(n: usize) -> SchoolCode {
        format!("{n:06}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn whoever_leads_back_is_found_and_the_others_stand_after_their_successors(
            links in proptest::collection::vec(proptest::option::of(0usize..12), 1..12)
        ) {
            let codes: Vec<SchoolCode> = (0..12).map(code).collect();
            let at = |code: &SchoolCode| codes.iter().position(|known| known == code).unwrap();
            let next = |code: &SchoolCode| links.get(at(code)).copied().flatten().map(|n| &codes[n]);
            let (order, looped) = along(codes.iter(), next);
            prop_assert_eq!(order.iter().collect::<HashSet<_>>().len(), codes.len());
            // After as many steps as there are codes, one that is met again leads back.
            for own in &codes {
                let chain = std::iter::successors(next(own), |code| next(code)).take(codes.len());
                prop_assert_eq!(looped.contains(&own), chain.into_iter().any(|met| met == own));
            }
            let place = |code: &SchoolCode| order.iter().position(|met| *met == code).unwrap();
            for own in codes.iter().filter(|own| !looped.contains(own)) {
                prop_assert!(next(own).is_none_or(|after| place(after) < place(own)));
            }
        }
    }
}
