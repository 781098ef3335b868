//! The note on staffing (row 1.4): who works in the listed schools, against the other schools. Counts only.

use super::{Method, Note, SampleSize, category::Category, table};
use crate::{
    indicators::store::{Question, compute},
    plan::status::capital,
};
use chrono::NaiveDate;
use opora_db::{Db, Result};
use opora_documents::model::{Bar, BarsChart, Block, Cell, Chart, Column, ColumnKind, Decimal, Table, Unit};
use opora_primitives::{ProblemCode, SchoolId, Share};
use opora_schools::{
    registry::{
        lists::{self, List},
        staff::{self, Post},
    },
    types::StaffRole,
};
use std::collections::{BTreeMap, BTreeSet};

/// The note on the staff of the schools of the passport's list on the day `on`, as the register has it now.
///
/// # Errors
/// Not found, if there is no list.
pub fn staffing(db: &mut Db, on: NaiveDate) -> Result<Note> {
    let list = compute(db, Question { on, list: None, denominator: None })?.list;
    let list = list.ok_or(ProblemCode::NotFound)?.id;
    let (list, members) = (lists::find(db, list)?, lists::members(db, list)?);
    Ok(note(&list, &members.into_iter().collect(), &staff::posts(db)?))
}

fn note(list: &List, listed: &BTreeSet<SchoolId>, posts: &[Post]) -> Note {
    let sides = Sides::of(listed, posts);
    let [inside, outside] = &sides.teachers;
    let schools_with_staff: BTreeSet<SchoolId> =
        posts.iter().map(|post| post.school_id).filter(|school| listed.contains(school)).collect();
    Note {
        purpose: "Показать кадровое обеспечение школ с низкими результатами в сравнении с остальными школами региона (пункт 1.4 плана).".to_owned(),
        base: vec![
            format!("Перечень Рособрнадзора {} года, версия {}", list.list_year, list.revision),
            "Сведения о работниках школ из реестра системы".to_owned(),
        ],
        method: Method { name: "Подсчёт по реестру работников".to_owned(), version: "1".to_owned() },
        sample: vec![
            SampleSize::new("Школ в перечне", count(listed.len())),
            SampleSize::new("Из них со сведениями о работниках", count(schools_with_staff.len())),
            SampleSize::new("Работников школ перечня", sides.people[0]),
            SampleSize::new("Учителей школ перечня", inside.all),
            SampleSize::new("Учителей остальных школ", outside.all),
        ],
        results: vec![
            Block::Table(roles(&sides)),
            Block::Table(categories(&sides)),
            Block::Table(experience(&sides)),
        ],
        comparison: vec![
            Block::Table(shares_table(inside, outside)),
            Block::figure("Учителя школ перечня и остальных школ", Chart::Bars(shares(inside, outside))),
        ],
        conclusions: conclusions(inside, outside),
        recommendations: recommendations(inside, outside),
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Experience in years: up to and including; the last band has no end.
const BANDS: [(&str, i32); 4] =
    [("до 3 лет", 3), ("от 4 до 10 лет", 10), ("от 11 до 20 лет", 20), ("свыше 20 лет", i32::MAX)];

/// Teachers of one side.
#[derive(Default)]
struct Teachers {
    all: i64,
    categories: BTreeMap<Category, i64>,
    bands: [i64; BANDS.len()],
    experience_unknown: i64,
}

impl Teachers {
    fn add(&mut self, post: &Post) {
        self.all += 1;
        *self.categories.entry(Category::of(post.category.as_deref())).or_default() += 1;
        let band = post.experience_years.and_then(|years| BANDS.iter().position(|(_, most)| years <= *most));
        match band {
            Some(band) => self.bands[band] += 1,
            None => self.experience_unknown += 1,
        }
    }

    fn without_category(&self) -> Share {
        let without = self.categories.iter().filter(|(category, _)| category.is_none());
        Share::new(without.map(|(_, teachers)| teachers).sum(), self.all)
    }

    fn category_unknown(&self) -> i64 {
        self.categories.get(&Category::Unknown).copied().unwrap_or_default()
    }

    fn beginners(&self) -> Share {
        Share::new(self.bands[0], self.all)
    }

    fn veterans(&self) -> Share {
        Share::new(self.bands[BANDS.len() - 1], self.all)
    }
}

/// Listed schools first, the others second.
struct Sides {
    people: [i64; 2],
    /// People and hundredths of posts.
    roles: BTreeMap<StaffRole, [(i64, i64); 2]>,
    teachers: [Teachers; 2],
}

impl Sides {
    fn of(listed: &BTreeSet<SchoolId>, posts: &[Post]) -> Self {
        let mut sides = Self { people: [0; 2], roles: BTreeMap::new(), teachers: Default::default() };
        for post in posts {
            let side = usize::from(!listed.contains(&post.school_id));
            sides.people[side] += 1;
            let (people, hundredths) = &mut sides.roles.entry(post.role).or_default()[side];
            *people += 1;
            *hundredths += i64::from(post.fte.unwrap_or_default());
            if post.role == StaffRole::Teacher {
                sides.teachers[side].add(post);
            }
        }
        sides
    }
}

fn share(of: Share) -> Cell {
    of.basis_points().map(Cell::Share).into()
}

fn roles(sides: &Sides) -> Table {
    let columns = vec![
        Column::new("role", "Должность", ColumnKind::Text, 5),
        Column::new("listed_people", "Школы перечня, чел.", ColumnKind::Integer, 2),
        Column::new("listed_posts", "Школы перечня, ставок", ColumnKind::Decimal, 2),
        Column::new("other_people", "Остальные, чел.", ColumnKind::Integer, 2),
        Column::new("other_posts", "Остальные, ставок", ColumnKind::Decimal, 2),
    ];
    let posts = |hundredths: i64| Cell::from(Decimal { units: hundredths, places: 2 });
    let row = |(role, [inside, outside]): (&StaffRole, &[(i64, i64); 2])| {
        vec![role.ru().into(), inside.0.into(), posts(inside.1), outside.0.into(), posts(outside.1)]
    };
    table("Должности", "Работники по должностям", columns, sides.roles.iter().map(row))
}

/// Columns of a comparison of teachers.
fn compared(key: &str, title: &str) -> Vec<Column> {
    vec![
        Column::new(key, title, ColumnKind::Text, 5),
        Column::new("listed", "Школы перечня, чел.", ColumnKind::Integer, 2),
        Column::new("listed_share", "Школы перечня, доля", ColumnKind::Share, 2),
        Column::new("others", "Остальные, чел.", ColumnKind::Integer, 2),
        Column::new("others_share", "Остальные, доля", ColumnKind::Share, 2),
    ]
}

/// A row of such a comparison.
fn compared_row(name: &str, [inside, outside]: [i64; 2], [all_inside, all_outside]: [i64; 2]) -> Vec<Cell> {
    let (inside_share, outside_share) = (Share::new(inside, all_inside), Share::new(outside, all_outside));
    vec![capital(name).into(), inside.into(), share(inside_share), outside.into(), share(outside_share)]
}

fn categories(sides: &Sides) -> Table {
    let [inside, outside] = &sides.teachers;
    let all = [inside.all, outside.all];
    let found: BTreeSet<&Category> = inside.categories.keys().chain(outside.categories.keys()).collect();
    let rows = found.into_iter().map(|category| {
        let of = |side: &Teachers| side.categories.get(category).copied().unwrap_or_default();
        compared_row(&category.to_string(), [of(inside), of(outside)], all)
    });
    let columns = compared("category", "Квалификационная категория");
    table("Категории", "Учителя по квалификационным категориям", columns, rows)
}

fn experience(sides: &Sides) -> Table {
    let [inside, outside] = &sides.teachers;
    let all = [inside.all, outside.all];
    let bands = BANDS.iter().zip(inside.bands.iter().zip(&outside.bands));
    let known = bands.map(|((name, _), (a, b))| compared_row(name, [*a, *b], all));
    let unknown = compared_row("нет сведений", [inside.experience_unknown, outside.experience_unknown], all);
    table("Стаж", "Учителя по стажу", compared("experience", "Стаж"), known.chain([unknown]))
}

/// What is compared, and how it is counted.
type Compared = (&'static str, fn(&Teachers) -> Share);

/// The shares that are compared, and how each is called.
const COMPARED: [Compared; 3] = [
    ("Без категории", Teachers::without_category),
    ("Стаж до 3 лет", Teachers::beginners),
    ("Стаж свыше 20 лет", Teachers::veterans),
];

/// What the bars show, in numbers.
fn shares_table(inside: &Teachers, outside: &Teachers) -> Table {
    let columns = vec![
        Column::new("teachers", "Учителя", ColumnKind::Text, 5),
        Column::new("listed_share", "Школы перечня, доля", ColumnKind::Share, 2),
        Column::new("others_share", "Остальные, доля", ColumnKind::Share, 2),
    ];
    let rows = COMPARED.map(|(label, of)| vec![label.into(), share(of(inside)), share(of(outside))]);
    table("Сравнение", "Учителя школ перечня и остальных школ", columns, rows)
}

fn shares(inside: &Teachers, outside: &Teachers) -> BarsChart {
    let bars = COMPARED.map(|(label, of)| Bar {
        label: label.to_owned(),
        value: of(inside).basis_points(),
        target: of(outside).basis_points(),
    });
    BarsChart {
        unit: Unit::Share,
        value_name: "Школы перечня".to_owned(),
        target_name: "Остальные школы".to_owned(),
        bars: bars.to_vec(),
    }
}

/// Shares for a sentence: `12,50 % против 10,00 %`.
fn against(inside: Share, outside: Share) -> String {
    let words = |of: Share| match of.basis_points() {
        Some(points) => format!("{},{:02} %", points / 100, points % 100),
        None => "нет данных".to_owned(),
    };
    format!("{} против {}", words(inside), words(outside))
}

fn conclusions(inside: &Teachers, outside: &Teachers) -> Vec<String> {
    vec![
        format!(
            "Учителей без квалификационной категории в школах перечня: {} в остальных школах.",
            against(inside.without_category(), outside.without_category())
        ),
        format!("Учителей со стажем до 3 лет: {}.", against(inside.beginners(), outside.beginners())),
        format!("Учителей со стажем свыше 20 лет: {}.", against(inside.veterans(), outside.veterans())),
    ]
}

fn recommendations(inside: &Teachers, outside: &Teachers) -> Vec<String> {
    let more =
        |of: fn(&Teachers) -> Share| of(inside).compare(of(outside)).is_some_and(|order| order.is_gt());
    let when = |holds: bool, words: &str| holds.then(|| words.to_owned());
    [
        when(
            more(Teachers::without_category),
            "Включить учителей школ перечня без категории в планы методической поддержки.",
        ),
        when(more(Teachers::beginners), "Закрепить за молодыми учителями школ перечня наставников."),
        when(
            more(Teachers::veterans),
            "Учесть в планах курсов обновление практики учителей с большим стажем.",
        ),
        when(inside.category_unknown() > 0, "Дополнить сведения о категориях учителей в реестре."),
        when(inside.experience_unknown > 0, "Дополнить сведения о стаже учителей в реестре."),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opora_documents::model::Row;
    use opora_primitives::Moment;
    use opora_schools::types::ListId;

    fn teacher(school: i64, category: Option<&str>) -> Post {
        Post {
            school_id: SchoolId(school),
            role: StaffRole::Teacher,
            category: category.map(str::to_owned),
            experience_years: Some(5),
            fte: Some(100),
        }
    }

    #[test]
    fn teachers_without_a_category_are_compared_and_named() {
        let list = List {
            id: ListId(1),
            list_year: 2020,
            revision: 1,
            source: None,
            act: None,
            act_date: None,
            note: None,
            schools: 1,
            created_at: Moment::now(),
        };
        // Two of three in the listed school, one of four elsewhere.
        let listed = ["none", "без категории", "first"].map(|word| teacher(1, Some(word)));
        let others = ["none", "highest", "first", "first"].map(|word| teacher(2, Some(word)));
        let note = note(&list, &BTreeSet::from([SchoolId(1)]), &[&listed[..], &others].concat());
        assert_eq!(
            note.conclusions[0],
            "Учителей без квалификационной категории в школах перечня: 66,67 % против 25,00 % в остальных школах."
        );
        assert_eq!(
            note.recommendations,
            ["Включить учителей школ перечня без категории в планы методической поддержки."]
        );
        let Block::Table(categories) = &note.results[1] else { panic!("{:?}", note.results[1]) };
        let first = |row: &Row| match row {
            Row::Cells(cells) => cells[0].clone(),
            Row::Group(name) => panic!("{name}"),
        };
        let names: Vec<Cell> = categories.rows.iter().map(first).collect();
        assert_eq!(names, ["Высшая", "Первая", "Без категории"].map(Cell::from));
    }
}
