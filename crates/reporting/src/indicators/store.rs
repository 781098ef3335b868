//! The indicators of a day, and the rows behind them as a reader may see them.

use super::{Actual, Ground, IndicatorCode, ListVersion, Row, RowGround, Subject};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{municipalities as municipalities_table, schools, staff},
};
use opora_models::{store::Viewer, types::ModelCode};
use opora_primitives::{Area, Cursor, Limit, MunicipalityId, Page, SchoolCode, SchoolId};
use opora_schools::{
    registry::{bounds, support, visible_schools, with_districts},
    types::{ListId, StaffId, SupportForm},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The day.
    pub on: NaiveDate,
    /// The list version; the passport's unless given.
    pub list: Option<ListId>,
    /// The number of municipal systems; that of the registers unless given.
    pub denominator: Option<i64>,
}

/// The indicators on a day.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The list version of I1; none if none fits.
    pub list: Option<ListVersion>,
    /// The later list version of I4; none before it is loaded.
    pub later: Option<ListVersion>,
    /// The indicators, by number.
    pub indicators: Vec<Actual>,
}

/// Computes every indicator. To be called in one consistent read.
///
/// # Errors
/// Not found if there is no such list; [`opora_primitives::ProblemCode::InvalidParameter`] if the denominator is less
/// than the numerator.
pub fn compute(db: &mut Db, question: Question) -> Result<Answer> {
    Ground::read(db, &[question.on], question.list)?.answer(question)
}

/// A member of a denominator, with its names. Of I2, a person or, for a reader who may not see people, a school with the
/// number of its people.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IndicatorRow {
    /// The person, for a row of a person.
    pub staff_id: Option<StaffId>,
    /// The school: the row's own, or the person's.
    pub school_id: Option<SchoolId>,
    /// Its code.
    pub school_code: Option<SchoolCode>,
    /// The municipality: the row's own, or the school's.
    pub municipality_id: Option<MunicipalityId>,
    /// The name of the person, of the school, or of the municipality.
    #[schema(example = "МБОУ «Школа № 12»")]
    pub name: String,
    /// Whether it adds to the numerator.
    pub counts: bool,
    /// Why it counts or does not.
    pub why: RowGround,
    /// The school that is looked at in its place, if another took over.
    pub successor_id: Option<SchoolId>,
    /// Models of the school or of the municipality itself.
    pub models: Vec<ModelCode>,
    /// The forms of support the person has completed by the day.
    pub forms: Vec<SupportForm>,
    /// What a school adds to the denominator of I2: its pedagogical workers.
    #[schema(minimum = 0, example = 22)]
    pub people: Option<i64>,
    /// What it adds to the numerator of I2: those of them who have completed a form of support.
    #[schema(minimum = 0, example = 17)]
    pub supported: Option<i64>,
}

/// The rows behind the indicator inside the viewer's area: people, schools or municipalities, by id. To be called in the
/// same consistent read as [`compute`].
///
/// # Errors
/// A cursor of another list.
pub fn rows(
    db: &mut Db,
    viewer: Viewer,
    actual: Actual,
    limit: Limit,
    cursor: Option<&str>,
    question: Question,
) -> Result<Page<IndicatorRow>> {
    let scope = format!("indicator rows {} {} {question:?}", actual.code, viewer.people);
    let after = cursor.map(|c| Cursor::decode::<i64>(&scope, c)).transpose()?.unwrap_or(0);
    let most = usize::try_from(limit.to_fetch()).unwrap_or(usize::MAX);
    let place = Place { area: viewer.area, after, most };
    let named = match actual.code {
        IndicatorCode::I1 | IndicatorCode::I4 => place.schools(db, actual.rows)?,
        IndicatorCode::I2 if viewer.people => place.people(db, actual.rows, question.on)?,
        IndicatorCode::I2 => place.counts(db, &actual)?,
        IndicatorCode::I3 => place.municipalities(db, actual.rows)?,
    };
    let page = Page::cut(named, limit, &scope, |(key, _): &(i64, IndicatorRow)| *key);
    Ok(page.map(|(_, row)| row))
}

/// A school as its readers know it.
type SchoolNames = (SchoolCode, Option<MunicipalityId>, String);

/// Which rows are wanted: those of `area` that come after the key `after`, at most `most`.
struct Place {
    area: Area,
    after: i64,
    most: usize,
}

impl Place {
    fn wanted(&self, rows: Vec<Row>) -> impl Iterator<Item = (i64, Row)> + use<> {
        let after = self.after;
        rows.into_iter().map(|row| (key(row.subject), row)).filter(move |(key, _)| *key > after)
    }

    fn schools(&self, db: &mut Db, rows: Vec<Row>) -> Result<Vec<(i64, IndicatorRow)>> {
        let visible = visible(db, self.area)?;
        let named = self.wanted(rows).filter_map(|(key, row)| {
            let id = SchoolId(key);
            Some((key, IndicatorRow { name: visible.get(&id)?.2.clone(), ..of_school(&visible, id, row)? }))
        });
        Ok(named.take(self.most).collect())
    }

    fn municipalities(&self, db: &mut Db, rows: Vec<Row>) -> Result<Vec<(i64, IndicatorRow)>> {
        use municipalities_table as m;
        let mut query = m::table.select((m::id, m::name)).into_boxed();
        query = match self.area {
            Area::Region => query,
            Area::Municipality(id) => query.filter(m::id.nullable().eq_any(with_districts(id))),
            Area::School(school) => {
                let home: Option<Option<MunicipalityId>> =
                    schools::table.find(school).select(schools::municipality_id).first(db).optional()?;
                query.filter(m::id.eq(home.flatten().unwrap_or(MunicipalityId(0))))
            }
        };
        let mut visible: BTreeMap<MunicipalityId, String> = query.load(db)?.into_iter().collect();
        let named = self.wanted(rows).filter_map(|(key, row)| {
            let id = MunicipalityId(key);
            let name = visible.remove(&id)?;
            Some((key, IndicatorRow { municipality_id: Some(id), name, ..plain(row) }))
        });
        Ok(named.take(self.most).collect())
    }

    /// People with their names and the forms they have completed.
    fn people(&self, db: &mut Db, rows: Vec<Row>, on: NaiveDate) -> Result<Vec<(i64, IndicatorRow)>> {
        let visible = visible(db, self.area)?;
        let named = self.wanted(rows).filter_map(|(key, row)| match row.subject {
            Subject::Person { school, .. } => Some((key, of_school(&visible, school, row)?)),
            _ => None,
        });
        let mut named: Vec<(i64, IndicatorRow)> = named.take(self.most).collect();
        let ids: Vec<StaffId> = named.iter().map(|(key, _)| StaffId(*key)).collect();
        let names = staff::table.filter(staff::id.eq_any(ids.clone())).select((staff::id, staff::full_name));
        let mut names: BTreeMap<StaffId, String> = names.load(db)?.into_iter().collect();
        let mut forms = support::completed_forms(db, &ids, on)?;
        for (key, row) in &mut named {
            let id = StaffId(*key);
            row.staff_id = Some(id);
            row.name = names.remove(&id).unwrap_or_default();
            row.forms = forms.remove(&id).unwrap_or_default();
        }
        Ok(named)
    }

    /// For I2: schools with the number of their people, and those of whose people nothing is known.
    fn counts(&self, db: &mut Db, actual: &Actual) -> Result<Vec<(i64, IndicatorRow)>> {
        let mut counts: BTreeMap<SchoolId, (i64, i64)> =
            actual.without_staff.iter().map(|school| (*school, (0, 0))).collect();
        for row in &actual.rows {
            if let Subject::Person { school, .. } = row.subject {
                let (people, supported) = counts.entry(school).or_default();
                *people += 1;
                *supported += i64::from(row.counts);
            }
        }
        let row = |(school, (_, supported)): (&SchoolId, &(i64, i64))| Row {
            subject: Subject::School(*school),
            counts: *supported > 0,
            why: if *supported > 0 { RowGround::Supported } else { RowGround::NotSupported },
            successor: None,
            models: Vec::new(),
        };
        let mut named = self.schools(db, counts.iter().map(row).collect())?;
        for (key, row) in &mut named {
            let of_school = counts.get(&SchoolId(*key)).copied();
            (row.people, row.supported) = of_school.unzip();
        }
        Ok(named)
    }
}

fn key(subject: Subject) -> i64 {
    match subject {
        Subject::School(id) => id.0,
        Subject::Municipality(id) => id.0,
        Subject::Person { id, .. } => id.0,
    }
}

/// The schools of an area.
fn visible(db: &mut Db, area: Area) -> Result<BTreeMap<SchoolId, SchoolNames>> {
    let mut query = schools::table
        .select((schools::id, (schools::code, schools::municipality_id, schools::name)))
        .into_boxed();
    if let Some((municipality, school)) = bounds(area) {
        query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
    }
    Ok(query.load(db)?.into_iter().collect())
}

/// The row with its school, if that is visible.
fn of_school(visible: &BTreeMap<SchoolId, SchoolNames>, id: SchoolId, row: Row) -> Option<IndicatorRow> {
    let (code, municipality_id, _) = visible.get(&id)?;
    Some(IndicatorRow {
        school_id: Some(id),
        school_code: Some(code.clone()),
        municipality_id: *municipality_id,
        ..plain(row)
    })
}

fn plain(row: Row) -> IndicatorRow {
    IndicatorRow {
        staff_id: None,
        school_id: None,
        school_code: None,
        municipality_id: None,
        name: String::new(),
        counts: row.counts,
        why: row.why,
        successor_id: row.successor,
        models: row.models,
        forms: Vec::new(),
        people: None,
        supported: None,
    }
}
