//! Schools.

use super::{
    register::{Counts, Done, Register},
    results::named,
};
use crate::{
    import::Source,
    registry::{
        edit::schools::{SchoolDraft, create, replace},
        municipalities,
        schools::{School, every},
    },
    types::{Founder, Locality, SchoolKind, SchoolStatus},
};
use opora_db::{Error, Result, Tx};
use opora_primitives::{Inn, MunicipalityId, Ogrn, Oktmo, Problem, ProblemCode, Reason, SchoolCode};
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
const NAMES: &[(&str, &str)] = &[("municipality_id", "oktmo"), ("successor_id", "successor_code")];

pub(super) struct Loader;

pub(super) struct Row {
    code: SchoolCode,
    oktmo: Option<Oktmo>,
    successor: Option<SchoolCode>,
    /// Everything but municipality and successor, which are found in the database.
    draft: SchoolDraft,
}

impl Register for Loader {
    type Row = Row;
    type Key = SchoolCode;

    fn read(mut row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Row, Vec<RowError>> {
        let code = row.required_padded::<SchoolCode>(0, 6);
        if code.as_ref().is_some_and(|c| !c.is_standard() && !source.order.any_school_code) {
            row.refuse(0, Reason::WrongFormat);
        }
        let name = row.required_text(1, 500);
        let short_name = row.text(2, 200);
        let oktmo = source.oktmo(&mut row, 3);
        let ogrn = row.optional::<Ogrn>(4);
        let inn = row.optional::<Inn>(5);
        let kind = row.must(6, |r| named(r, 6, SchoolKind::from_file));
        let locality = row.must(7, |r| named(r, 7, Locality::from_file));
        let founder = row.must(8, |r| named(r, 8, Founder::from_file));
        let status = row.may(9, |r| named(r, 9, SchoolStatus::from_file)).unwrap_or(SchoolStatus::Open);
        let successor = row.padded(10, 6);
        if successor.is_some() && status == SchoolStatus::Open {
            row.refuse(10, Reason::Contradiction);
        }
        let opened_on = row.date(11);
        let closed_on = row.date(12);
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
            Some(Row { code, oktmo, successor, draft })
        })
    }

    fn key(row: &Row) -> SchoolCode {
        row.code.clone()
    }

    /// Two passes, because a successor may stand further down the file: first every school is there, then each gets its
    /// final contents.
    fn write(tx: &mut Tx, rows: &[(u64, Row)], source: &Source<'_>) -> Result<Counts> {
        let homes: HashMap<Oktmo, MunicipalityId> =
            municipalities::all(tx)?.into_iter().map(|m| (m.oktmo, m.id)).collect();
        let mut known: HashMap<SchoolCode, School> =
            every(tx)?.into_iter().map(|s| (s.code.clone(), s)).collect();
        let coming: HashSet<&SchoolCode> = rows.iter().map(|(_, row)| &row.code).collect();
        let mut counts = Counts::default();
        let mut placed = Vec::with_capacity(rows.len());
        for (number, row) in rows {
            if row.successor.as_ref().is_some_and(|code| !known.contains_key(code) && !coming.contains(code))
            {
                source.reject(*number, Some("successor_code"), Reason::UnknownReference);
                continue;
            }
            let home = row.oktmo.as_ref().map(|oktmo| homes.get(oktmo).copied());
            if home.is_some_and(|found| found.is_none()) {
                source.reject(*number, Some("oktmo"), Reason::UnknownReference);
                continue;
            }
            let draft = SchoolDraft { municipality_id: home.flatten(), ..row.draft.clone() };
            let is_new = !known.contains_key(&row.code);
            if is_new {
                match create(tx, draft.clone(), source.order.any_school_code) {
                    Ok(school) => {
                        known.insert(row.code.clone(), school);
                    }
                    Err(refusal) => {
                        counts.note(Err(refusal), *number, NAMES, source)?;
                        continue;
                    }
                }
            }
            placed.push((*number, row, draft, is_new));
        }
        for (number, row, draft, is_new) in placed {
            let successor = row.successor.as_ref().and_then(|code| known.get(code)).map(|s| s.id);
            if row.successor.is_some() && successor.is_none() {
                return Err(undecidable(number));
            }
            let draft = SchoolDraft { successor_id: successor, ..draft };
            let outcome = finish(tx, known.get(&row.code), draft, is_new, source.order.any_school_code);
            if is_new && matches!(outcome, Err(Error::Problem(_))) {
                return Err(undecidable(number));
            }
            counts.note(outcome, number, NAMES, source)?;
        }
        Ok(counts)
    }
}

/// A new school whose successor was itself refused, or leads back to it. It cannot stay without its successor, so the
/// whole file is refused.
fn undecidable(number: u64) -> Error {
    let words = (
        format!("row {number}: the successor was refused or leads back"),
        format!("строка {number}: правопреемник отклонён или ведёт обратно"),
    );
    Problem::new(ProblemCode::InvalidFile, words).into()
}

fn finish(
    tx: &mut Tx,
    school: Option<&School>,
    draft: SchoolDraft,
    is_new: bool,
    any_code: bool,
) -> Result<(Done, i64)> {
    let done = if is_new { Done::Created } else { Done::Updated };
    match school {
        Some(school) if SchoolDraft::from(school.clone()) != draft => {
            replace(tx, school, draft, any_code).map(|_| (done, school.id.0))
        }
        Some(school) => Ok((if is_new { done } else { Done::Unchanged }, school.id.0)),
        None => Err(Error::fault("a school that was just made is not there")),
    }
}
