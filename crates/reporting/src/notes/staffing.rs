//! The note on staffing (row 1.4): who works in the listed schools, against the other schools. Counts only.

use super::{Method, Note, SampleSize, category::Category, education::Education, level::Level, table};
use crate::{
    indicators::store::{Question, compute},
    plan::status::capital,
};
use chrono::{Datelike, NaiveDate};
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
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

/// The note on the staff of the schools of the passport's list on the day `on`, as the register has it now.
///
/// # Errors
/// Not found, if there is no list.
pub fn staffing(db: &mut Db, on: NaiveDate) -> Result<Note> {
    let list = compute(db, Question { on, list: None, denominator: None })?.list;
    let list = list.ok_or(ProblemCode::NotFound)?.id;
    let (list, members) = (lists::find(db, list)?, lists::members(db, list)?);
    Ok(note(&list, &members.into_iter().collect(), &staff::posts(db)?, on))
}

fn note(list: &List, listed: &BTreeSet<SchoolId>, posts: &[Post], on: NaiveDate) -> Note {
    let sides = Sides::of(listed, posts, on.year());
    let [inside, outside] = &sides.teachers;
    let schools_with_staff: BTreeSet<SchoolId> =
        posts.iter().map(|post| post.school_id).filter(|school| listed.contains(school)).collect();
    Note {
        purpose: "Показать кадровое обеспечение школ с низкими результатами в сравнении с остальными школами региона (пункт 1.4 плана).".to_owned(),
        base: vec![
            format!("Перечень Рособрнадзора {} года, версия {}", list.list_year, list.revision),
            "Сведения о работниках школ из реестра системы".to_owned(),
        ],
        method: Method { name: "Подсчёт по реестру работников".to_owned(), version: "2".to_owned() },
        sample: vec![
            SampleSize::new("Школ в перечне", count(listed.len())),
            SampleSize::new("Из них со сведениями о работниках", count(schools_with_staff.len())),
            SampleSize::new("Работников школ перечня", sides.people[0]),
            SampleSize::new("Учителей школ перечня", inside.all),
            SampleSize::new("Учителей остальных школ", outside.all),
        ],
        results: vec![
            Block::Table(roles(&sides)),
            Block::Table(worded(&sides, EDUCATION, |teachers| &teachers.education)),
            Block::Table(worded(&sides, CATEGORIES, |teachers| &teachers.categories)),
            Block::Table(banded(&sides, EXPERIENCE, |teachers| &teachers.experience)),
            Block::Table(banded(&sides, AGES, |teachers| &teachers.ages)),
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

/// A band of years: its name, and the last year of it.
type Band = (&'static str, i32);

/// Full years of experience (D294).
const EXPERIENCE_BANDS: &[Band] =
    &[("менее 3 лет", 2), ("от 3 до 10 лет", 10), ("от 11 до 25 лет", 25), ("свыше 25 лет", i32::MAX)];

/// Years of age reached in the year of the note (D294).
const AGE_BANDS: &[Band] = &[("моложе 35 лет", 34), ("от 35 до 60 лет", 60), ("старше 60 лет", i32::MAX)];

/// How many teachers there are in each band.
struct Banded {
    bands: &'static [Band],
    teachers: Vec<i64>,
    /// Those of whom the register says nothing.
    unknown: i64,
}

impl Banded {
    fn new(bands: &'static [Band]) -> Self {
        Self { bands, teachers: vec![0; bands.len()], unknown: 0 }
    }

    fn add(&mut self, years: Option<i32>) {
        match years.and_then(|years| self.bands.iter().position(|(_, last)| years <= *last)) {
            Some(band) => self.teachers[band] += 1,
            None => self.unknown += 1,
        }
    }

    /// Those of whom the register says the years: an unknown counts as neither young nor old (D95).
    fn known(&self) -> i64 {
        self.teachers.iter().sum()
    }

    /// The share of the lowest band in those known.
    fn first(&self) -> Share {
        Share::new(self.teachers.first().copied().unwrap_or_default(), self.known())
    }

    /// The share of the highest band in those known.
    fn last(&self) -> Share {
        Share::new(self.teachers.last().copied().unwrap_or_default(), self.known())
    }
}

/// Teachers of one side.
struct Teachers {
    all: i64,
    education: BTreeMap<Level<Education>, i64>,
    categories: BTreeMap<Level<Category>, i64>,
    experience: Banded,
    ages: Banded,
}

impl Teachers {
    fn none() -> Self {
        let (education, categories) = (BTreeMap::new(), BTreeMap::new());
        let (experience, ages) = (Banded::new(EXPERIENCE_BANDS), Banded::new(AGE_BANDS));
        Self { all: 0, education, categories, experience, ages }
    }

    fn add(&mut self, post: &Post, year: i32) {
        self.all += 1;
        *self.education.entry(Level::of(post.education.as_deref())).or_default() += 1;
        *self.categories.entry(Level::of(post.category.as_deref())).or_default() += 1;
        self.experience.add(post.experience_years);
        self.ages.add(post.birth_year.map(|born| year - born));
    }

    fn without_category(&self) -> Share {
        let is_none = |level: &Level<Category>| matches!(level, Level::Listed(known) if known.is_none());
        let without = self.categories.iter().filter(|(level, _)| is_none(level));
        Share::new(without.map(|(_, teachers)| teachers).sum(), self.all)
    }

    fn category_unknown(&self) -> i64 {
        self.categories.get(&Level::Unknown).copied().unwrap_or_default()
    }

    fn beginners(&self) -> Share {
        self.experience.first()
    }

    fn veterans(&self) -> Share {
        self.experience.last()
    }

    fn young(&self) -> Share {
        self.ages.first()
    }

    fn old(&self) -> Share {
        self.ages.last()
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
    fn of(listed: &BTreeSet<SchoolId>, posts: &[Post], year: i32) -> Self {
        let teachers = [Teachers::none(), Teachers::none()];
        let mut sides = Self { people: [0; 2], roles: BTreeMap::new(), teachers };
        for post in posts {
            let side = usize::from(!listed.contains(&post.school_id));
            sides.people[side] += 1;
            let (people, hundredths) = &mut sides.roles.entry(post.role).or_default()[side];
            *people += 1;
            *hundredths += i64::from(post.fte.unwrap_or_default());
            if post.role == StaffRole::Teacher {
                sides.teachers[side].add(post, year);
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

/// A table of teachers: its name, its caption, key and title of its first column.
type Heading = (&'static str, &'static str, &'static str, &'static str);

const EDUCATION: Heading = ("Образование", "Учителя по образованию", "education", "Образование");
const CATEGORIES: Heading =
    ("Категории", "Учителя по квалификационным категориям", "category", "Квалификационная категория");
const EXPERIENCE: Heading = ("Стаж", "Учителя по стажу", "experience", "Стаж");
const AGES: Heading = ("Возраст", "Учителя по возрасту", "age", "Возраст");

/// Teachers by what registers say in words.
fn worded<Word: Ord + Display>(
    sides: &Sides,
    (name, caption, key, title): Heading,
    of: fn(&Teachers) -> &BTreeMap<Word, i64>,
) -> Table {
    let [inside, outside] = &sides.teachers;
    let found: BTreeSet<&Word> = of(inside).keys().chain(of(outside).keys()).collect();
    let rows = found.into_iter().map(|word| {
        let counts = [inside, outside].map(|side| of(side).get(word).copied().unwrap_or_default());
        compared_row(&word.to_string(), counts, [inside.all, outside.all])
    });
    table(name, caption, compared(key, title), rows)
}

/// Teachers by bands of years. Shares are of those whose years are known, so that they agree with the comparison.
fn banded(sides: &Sides, (name, caption, key, title): Heading, of: fn(&Teachers) -> &Banded) -> Table {
    let [inside, outside] = &sides.teachers;
    let [a, b] = [of(inside), of(outside)];
    let all_known = [a.known(), b.known()];
    let counts = a.bands.iter().zip(a.teachers.iter().zip(&b.teachers));
    let known = counts.map(|((band, _), (a, b))| compared_row(band, [*a, *b], all_known));
    // They are part of no share.
    let unknown = compared_row("нет сведений", [a.unknown, b.unknown], [0, 0]);
    table(name, caption, compared(key, title), known.chain([unknown]))
}

/// What is compared, and how it is counted.
type Compared = (&'static str, fn(&Teachers) -> Share);

/// The shares that are compared, and how each is called.
const COMPARED: [Compared; 5] = [
    ("Без категории", Teachers::without_category),
    ("Стаж менее 3 лет", Teachers::beginners),
    ("Стаж свыше 25 лет", Teachers::veterans),
    ("Моложе 35 лет", Teachers::young),
    ("Старше 60 лет", Teachers::old),
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
        format!("Учителей со стажем менее 3 лет: {}.", against(inside.beginners(), outside.beginners())),
        format!("Учителей со стажем свыше 25 лет: {}.", against(inside.veterans(), outside.veterans())),
        format!("Учителей моложе 35 лет: {}.", against(inside.young(), outside.young())),
        format!("Учителей старше 60 лет: {}.", against(inside.old(), outside.old())),
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
        when(inside.experience.unknown > 0, "Дополнить сведения о стаже учителей в реестре."),
        when(inside.ages.unknown > 0, "Дополнить сведения о годе рождения учителей в реестре."),
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
            education: Some("higher".to_owned()),
            category: category.map(str::to_owned),
            experience_years: Some(5),
            birth_year: Some(1980),
            fte: Some(100),
        }
    }

    fn list() -> List {
        List {
            id: ListId(1),
            list_year: 2020,
            revision: 1,
            source: None,
            act: None,
            act_date: None,
            note: None,
            schools: 1,
            created_at: Moment::now(),
        }
    }

    /// The note on the first school being listed, on the last day of 2020.
    fn note_on(posts: &[Post]) -> Note {
        let on = NaiveDate::from_ymd_opt(2020, 12, 31).unwrap();
        note(&list(), &BTreeSet::from([SchoolId(1)]), posts, on)
    }

    /// The first two cells of each row of the result `name`: what, and how many in the listed schools.
    fn rows(note: &Note, name: &str) -> Vec<(Cell, Cell)> {
        let tables = note.results.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        let table = tables.into_iter().find(|table| table.name == name).unwrap();
        let cells = |row: &Row| match row {
            Row::Cells(cells) => (cells[0].clone(), cells[1].clone()),
            Row::Group(name) => panic!("{name}"),
        };
        table.rows.iter().map(cells).collect()
    }

    #[test]
    fn teachers_without_a_category_are_compared_and_named() {
        // Two of three in the listed school, one of four elsewhere.
        let listed = ["none", "без категории", "first"].map(|word| teacher(1, Some(word)));
        let others = ["none", "highest", "first", "first"].map(|word| teacher(2, Some(word)));
        let note = note_on(&[&listed[..], &others].concat());
        assert_eq!(
            note.conclusions[0],
            "Учителей без квалификационной категории в школах перечня: 66,67 % против 25,00 % в остальных школах."
        );
        assert_eq!(
            note.recommendations,
            ["Включить учителей школ перечня без категории в планы методической поддержки."]
        );
        let names: Vec<Cell> = rows(&note, "Категории").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Высшая", "Первая", "Без категории"].map(Cell::from));
    }

    #[test]
    fn the_bands_are_those_of_the_staffing_analysis() {
        let of = |experience, born| Post {
            experience_years: experience,
            birth_year: born,
            ..teacher(1, Some("first"))
        };
        // Below 3 and above 25 years of experience; below 35 and above 60 years of age, reached in 2020.
        let posts = [
            of(Some(2), Some(1986)),
            of(Some(3), Some(1985)),
            of(Some(25), Some(1960)),
            of(Some(26), Some(1959)),
            of(None, None),
        ];
        let note = note_on(&posts);
        let expected = |bands: &[(&str, i64)]| -> Vec<(Cell, Cell)> {
            bands.iter().map(|(band, teachers)| (Cell::from(*band), Cell::from(*teachers))).collect()
        };
        let experience = [
            ("Менее 3 лет", 1),
            ("От 3 до 10 лет", 1),
            ("От 11 до 25 лет", 1),
            ("Свыше 25 лет", 1),
            ("Нет сведений", 1),
        ];
        assert_eq!(rows(&note, "Стаж"), expected(&experience));
        let ages = [("Моложе 35 лет", 1), ("От 35 до 60 лет", 2), ("Старше 60 лет", 1), ("Нет сведений", 1)];
        assert_eq!(rows(&note, "Возраст"), expected(&ages));
        assert_eq!(rows(&note, "Образование"), expected(&[("Высшее", 5)]));
        // One of the four whose year is known.
        assert_eq!(
            note.conclusions[1..],
            [
                "Учителей со стажем менее 3 лет: 25,00 % против нет данных.",
                "Учителей со стажем свыше 25 лет: 25,00 % против нет данных.",
                "Учителей моложе 35 лет: 25,00 % против нет данных.",
                "Учителей старше 60 лет: 25,00 % против нет данных.",
            ]
        );
    }

    #[test]
    fn nothing_is_said_of_teachers_whose_years_are_not_known() {
        let note = note_on(&[Post { experience_years: None, birth_year: None, ..teacher(1, Some("first")) }]);
        assert_eq!(note.conclusions[3], "Учителей моложе 35 лет: нет данных против нет данных.");
        assert_eq!(note.conclusions[1], "Учителей со стажем менее 3 лет: нет данных против нет данных.");
    }

    #[test]
    fn the_words_of_the_register_are_not_printed() {
        let wordy = Post {
            education: Some("Заочно, вуз № 3".to_owned()),
            ..teacher(1, Some("Методист, 2019"))
        };
        let note = note_on(&[wordy]);
        for name in ["Образование", "Категории"] {
            assert_eq!(rows(&note, name), [(Cell::from("Иное"), Cell::from(1_i64))], "{name}");
        }
    }
}
