//! Social contexts.

use super::bulk::{Bulk, Schools};
use crate::import::Source;
use opora_db::{Cells, Db, Merge, Result, Telling};
use opora_primitives::{Area, Reason};
use opora_tables::{Column, Holds, RowError, RowReader};

pub(super) const COLUMNS: &[Column] = &[
    Column::required("school_code", &["Код ОО"]).key(),
    Column::required("academic_year", &["Учебный год"]).key(),
    Column::required("pupils", &["Количество обучающихся", "Численность обучающихся"]).of(Holds::Whole),
    Column::optional("both_parents_higher", &["Оба родителя с высшим образованием"]).of(Holds::Whole),
    Column::optional("one_parent", &["Неполная семья"]).of(Holds::Whole),
    Column::optional("low_income", &["Малообеспеченная семья"]).of(Holds::Whole),
    Column::optional("parent_out_of_work", &["Родитель без работы"]).of(Holds::Whole),
    Column::optional("on_register", &["На профилактическом учёте"]).of(Holds::Whole),
    Column::optional("special_needs", &["Обучающиеся с ОВЗ"]).of(Holds::Whole),
    Column::optional("non_native_language", &["Русский язык не родной"]).of(Holds::Whole),
    Column::optional("wards", &["Под опекой"]).of(Holds::Whole),
    Column::optional("poor_housing", &["Жильё без удобств"]).of(Holds::Whole),
];
const SCHOOL: usize = 0;
const YEAR: usize = 1;
const PUPILS: usize = 2;

/// More pupils than any school has.
const MOST_PUPILS: i64 = 20_000;

pub(super) struct Loader {
    schools: Schools,
}

impl Bulk for Loader {
    const MERGE: Merge = Merge {
        table: "contexts",
        key: &[("school_id", "BIGINT"), ("academic_year", "INTEGER")],
        data: &[
            ("pupils", "INTEGER"),
            ("both_parents_higher", "INTEGER"),
            ("one_parent", "INTEGER"),
            ("low_income", "INTEGER"),
            ("parent_out_of_work", "INTEGER"),
            ("on_register", "INTEGER"),
            ("special_needs", "INTEGER"),
            ("non_native_language", "INTEGER"),
            ("wards", "INTEGER"),
            ("poor_housing", "INTEGER"),
        ],
        stamped: true,
    };

    const TELLING: Telling = Telling {
        resource: "contexts",
        joined: None,
        on: "x.id = t.school_id",
        id: "NULL",
        natural_key: &[(
            "academic_year",
            "CAST(t.academic_year AS TEXT) || '/' || CAST(t.academic_year + 1 AS TEXT)",
        )],
        keyed_by_school: true,
        names_people: false,
        moves_by: None,
    };

    fn begin(db: &mut Db, area: Area) -> Result<Self> {
        Ok(Self { schools: Schools::load(db, area)? })
    }

    fn read(
        &mut self,
        mut row: RowReader<'_>,
        cells: &mut Cells,
        source: &Source<'_>,
    ) -> std::result::Result<(), Vec<RowError>> {
        let school = self.schools.cell(&mut row, SCHOOL);
        let year = source.year(&mut row, YEAR);
        let pupils = row.required_integer(PUPILS, 0..=MOST_PUPILS);
        let parts: Vec<Option<i64>> = (PUPILS + 1..COLUMNS.len())
            .map(|column| {
                let part = row.integer(column, 0..=MOST_PUPILS);
                if part > pupils && pupils.is_some() {
                    row.refuse(column, Reason::MoreThanWhole);
                }
                part
            })
            .collect();
        row.finish(|| {
            cells.whole(school?.0);
            cells.whole(i64::from(year?.start()));
            cells.whole(pupils?);
            parts.into_iter().for_each(|part| cells.whole(part));
            Some(())
        })
    }
}
