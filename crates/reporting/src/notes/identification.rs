//! The note on identification: by municipality, the list against the rules, social classification.

use super::{Method, Note, SampleSize, table};
use crate::words;
use chrono::NaiveDate;
use opora_db::{Db, Result};
use opora_documents::model::{Bar, Block, CategoriesChart, Cell, Chart, Column, ColumnKind, Table, Unit};
use opora_primitives::{Area, MunicipalityId, Share};
use opora_schools::{
    identification::{Outcome, SocialClass},
    methodologies,
    registry::municipalities,
    runs::{
        self, Run,
        verdicts::{self, SchoolVerdict},
    },
    types::RunId,
};
use std::collections::BTreeMap;

/// The note on the run `run`, as of the day `on`.
///
/// # Errors
/// Not found.
pub fn identification(db: &mut Db, run: RunId, on: NaiveDate) -> Result<Note> {
    let run = runs::find(db, run)?;
    let method = methodologies::find(db, run.methodology.id)?;
    let names = municipalities::all(db)?.into_iter().map(|m| (m.id, m.name)).collect();
    let schools = verdicts::of_run(db, Area::Region, run.id)?;
    let method = Method {
        name: method.title,
        version: format!("{}, редакция {}", method.code, method.edition),
    };
    Ok(note(&run, on, method, &names, &schools))
}

fn note(
    run: &Run,
    on: NaiveDate,
    method: Method,
    names: &BTreeMap<MunicipalityId, String>,
    schools: &[SchoolVerdict],
) -> Note {
    let found = Found::of(schools);
    let list = format!("Перечень Рособрнадзора {} года, версия {}", run.list.list_year, run.list.revision);
    let fingerprint = run.inputs_hash.as_deref().unwrap_or("нет");
    Note {
        purpose: format!(
            "Выявить школы с низкими образовательными результатами по итогам {} учебного года и показать, какие из них работают в неблагоприятных социальных условиях.",
            run.academic_year
        ),
        base: vec![
            list,
            format!("Результаты оценочных процедур по {} учебный год включительно", run.academic_year),
            made(run, on),
            format!("Отпечаток исходных данных (SHA-256): {fingerprint}"),
        ],
        method,
        sample: vec![
            SampleSize::new("Школ с вердиктом", found.judged),
            SampleSize::new("Строк результатов", run.inputs_rows.unwrap_or_default()),
            SampleSize::new("Школ в перечне", found.listed),
            SampleSize::new("Школ с недостаточными данными", found.outcome(Outcome::InsufficientData)),
        ],
        results: results(names, schools, &found),
        comparison: vec![Block::Table(comparison(&found))],
        conclusions: found.conclusions(),
        recommendations: found.recommendations(),
    }
}

/// When the run was made; of one that was made after the day `on`, that it knows nothing of what came after it (D200).
fn made(run: &Run, on: NaiveDate) -> String {
    let Some(day) = run.finished_at.map(|at| at.date()) else {
        return format!("Выявление № {}", run.id);
    };
    let later = match day > on {
        true => format!(", после {}; учтён только учебный год, завершённый к этой дате", words::day(on)),
        false => String::new(),
    };
    format!("Выявление № {}, выполнено {}{later}", run.id, words::day(day))
}

/// Counts of schools.
struct Found {
    judged: i64,
    listed: i64,
    outcomes: BTreeMap<(bool, Outcome), i64>,
    classes: BTreeMap<SocialClass, i64>,
    resilient: i64,
}

impl Found {
    fn of(schools: &[SchoolVerdict]) -> Self {
        let mut found =
            Self { judged: 0, listed: 0, outcomes: BTreeMap::new(), classes: BTreeMap::new(), resilient: 0 };
        for school in schools {
            found.judged += 1;
            found.listed += i64::from(school.listed);
            found.resilient += i64::from(school.resilient);
            *found.outcomes.entry((school.listed, school.outcome)).or_default() += 1;
            if let Some(class) = SocialClass::of(school.outcome, school.adverse) {
                *found.classes.entry(class).or_default() += 1;
            }
        }
        found
    }

    fn cell(&self, listed: bool, outcome: Outcome) -> i64 {
        self.outcomes.get(&(listed, outcome)).copied().unwrap_or_default()
    }

    fn outcome(&self, outcome: Outcome) -> i64 {
        self.cell(true, outcome) + self.cell(false, outcome)
    }

    fn class(&self, class: SocialClass) -> i64 {
        self.classes.get(&class).copied().unwrap_or_default()
    }

    fn conclusions(&self) -> Vec<String> {
        let low = self.outcome(Outcome::Low);
        vec![
            format!("По методике низкие результаты показали школы: {low} из {}.", self.judged),
            format!(
                "И в перечне, и по методике низкие результаты у школ: {}; только по методике: {}; только в перечне: {}.",
                self.cell(true, Outcome::Low),
                self.cell(false, Outcome::Low),
                self.listed - self.cell(true, Outcome::Low),
            ),
            format!(
                "Из школ с низкими результатами в неблагоприятных социальных условиях работают: {}. Резильентных школ: {}.",
                self.class(SocialClass::LowAdverse),
                self.resilient,
            ),
        ]
    }

    fn recommendations(&self) -> Vec<String> {
        let when = |count: i64, words: String| (count > 0).then_some(words);
        let unlisted = self.cell(false, Outcome::Low);
        let unknown = self.outcome(Outcome::InsufficientData);
        let risk = self.outcome(Outcome::Risk);
        [
            when(unlisted, format!("Рассмотреть включение в систему поддержки школ, которых нет в перечне, но результаты которых низкие по методике: {unlisted}.")),
            when(risk, format!("Взять на наблюдение школы с риском низких результатов: {risk}.")),
            when(unknown, format!("Уточнить данные школ, о которых нельзя вынести вердикт: {unknown}.")),
            when(self.resilient, format!("Использовать опыт резильентных школ: {}.", self.resilient)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn results(names: &BTreeMap<MunicipalityId, String>, schools: &[SchoolVerdict], found: &Found) -> Vec<Block> {
    let by_place = by_municipality(names, schools);
    let bars = by_place.iter().filter(|(_, counts)| counts.low > 0).map(|(name, counts)| Bar {
        label: name.clone(),
        value: Some(counts.low),
        target: None,
    });
    let chart = CategoriesChart {
        unit: Unit::Count,
        value_name: "Школ с низкими результатами по методике".to_owned(),
        target_name: None,
        bars: bars.collect(),
    };
    vec![
        Block::Table(places(&by_place)),
        Block::Table(classes(found)),
        Block::figure("Школы с низкими результатами по муниципалитетам", Chart::Categories(chart)),
    ]
}

#[derive(Default)]
struct PlaceCounts {
    judged: i64,
    listed: i64,
    low: i64,
    both: i64,
    unknown: i64,
}

/// Counts by the name of the municipality; state schools, which have none, come last.
fn by_municipality(
    names: &BTreeMap<MunicipalityId, String>,
    schools: &[SchoolVerdict],
) -> Vec<(String, PlaceCounts)> {
    let mut places: BTreeMap<(bool, String), PlaceCounts> = BTreeMap::new();
    for school in schools {
        let name = school.municipality_id.and_then(|id| names.get(&id));
        let key = (name.is_none(), name.map_or("Государственные школы", String::as_str).to_owned());
        let counts = places.entry(key).or_default();
        let low = school.outcome == Outcome::Low;
        counts.judged += 1;
        counts.listed += i64::from(school.listed);
        counts.low += i64::from(low);
        counts.both += i64::from(low && school.listed);
        counts.unknown += i64::from(school.outcome == Outcome::InsufficientData);
    }
    places.into_iter().map(|((_, name), counts)| (name, counts)).collect()
}

fn places(by_place: &[(String, PlaceCounts)]) -> Table {
    let sum = |of: fn(&PlaceCounts) -> i64| by_place.iter().map(|(_, counts)| of(counts)).sum::<i64>();
    let cells = |name: &str, counts: [i64; 5]| {
        let share = Share::new(counts[2], counts[0]).basis_points().map(Cell::Share);
        let mut cells = vec![Cell::from(name)];
        cells.extend(counts.map(Cell::from));
        cells.push(share.into());
        cells
    };
    let columns = vec![
        Column::new("municipality", "Муниципалитет", ColumnKind::Text, 12),
        Column::new("judged", "Школ с вердиктом", ColumnKind::Integer, 5),
        Column::new("listed", "В перечне", ColumnKind::Integer, 4),
        Column::new("low", "Низкие по методике", ColumnKind::Integer, 5),
        Column::new("both", "В перечне и низкие", ColumnKind::Integer, 4),
        Column::new("insufficient", "Мало данных", ColumnKind::Integer, 4),
        Column::new("low_share", "Доля низких", ColumnKind::Share, 4),
    ];
    let row = |(name, c): &(String, PlaceCounts)| cells(name, [c.judged, c.listed, c.low, c.both, c.unknown]);
    let total = [sum(|c| c.judged), sum(|c| c.listed), sum(|c| c.low), sum(|c| c.both), sum(|c| c.unknown)];
    Table {
        total: Some(cells("Всего", total)),
        ..table("Муниципалитеты", "Школы по муниципалитетам", columns, by_place.iter().map(row))
    }
}

fn classes(found: &Found) -> Table {
    let columns = vec![
        Column::new("class", "Результаты и условия", ColumnKind::Text, 6),
        Column::new("schools", "Школ", ColumnKind::Integer, 2),
        Column::new("share", "Доля от оценённых", ColumnKind::Share, 3),
    ];
    let all: i64 = found.classes.values().sum();
    let row = |class: &SocialClass| {
        let count = found.class(*class);
        vec![class.ru().into(), count.into(), Share::new(count, all).basis_points().map(Cell::Share).into()]
    };
    table("Социальные условия", "Результаты и социальные условия", columns, SocialClass::ALL.iter().map(row))
}

fn comparison(found: &Found) -> Table {
    let columns = vec![
        Column::new("by_rule", "Вердикт методики", ColumnKind::Text, 5),
        Column::new("listed", "В перечне", ColumnKind::Integer, 2),
        Column::new("unlisted", "Не в перечне", ColumnKind::Integer, 2),
        Column::new("total", "Всего", ColumnKind::Integer, 2),
    ];
    let row = |outcome: &Outcome| {
        let (listed, unlisted) = (found.cell(true, *outcome), found.cell(false, *outcome));
        vec![outcome.ru().into(), listed.into(), unlisted.into(), (listed + unlisted).into()]
    };
    let total =
        vec!["Всего".into(), found.listed.into(), (found.judged - found.listed).into(), found.judged.into()];
    Table {
        total: Some(total),
        ..table("Перечень и методика", "Перечень против методики", columns, Outcome::ALL.iter().map(row))
    }
}
