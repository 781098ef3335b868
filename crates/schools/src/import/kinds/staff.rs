//! Staff. Personal data: refused rows are reported by number and column, never with their contents.

use super::{
    bulk::{Bulk, Schools},
    results::named,
};
use crate::{
    import::Source,
    types::{StaffRole, Subject},
};
use chrono::Datelike;
use opora_db::{Cells, Db, Merge, Result, Stage, Telling, Tx};
use opora_primitives::Area;
use opora_tables::{Column, Holds, RowError, RowReader};

pub(super) const COLUMNS: &[Column] = &[
    Column::required("external_id", &["Внешний идентификатор", "Идентификатор"]).key(),
    Column::required("school_code", &["Код ОО"]),
    Column::required("role", &["Роль", "Должность"]),
    Column::optional("subject", &["Предмет"]),
    Column::required("full_name", &["ФИО"]),
    Column::optional("education", &["Образование"]),
    Column::optional("category", &["Категория"]),
    Column::optional("experience_years", &["Стаж (лет)", "Стаж"]).of(Holds::Whole),
    Column::optional("birth_year", &["Год рождения"]).of(Holds::Whole),
    Column::optional("fte", &["Доля ставки", "Ставка"]).of(Holds::Decimal),
];

pub(super) struct Loader {
    schools: Schools,
}

/// Records of support show the school of their person, and go along where a person moves (D306): told where they leave.
const LEAVING: Telling = Telling {
    resource: "support-records",
    joined: Some("support_records AS p"),
    on: "p.staff_id = t.id AND x.id = t.school_id",
    id: "p.id",
    natural_key: &[
        ("external_id", "t.external_id"),
        ("form", "p.form"),
        ("programme", "p.programme"),
        ("starts_on", "CAST(p.starts_on AS TEXT)"),
    ],
    keyed_by_school: false,
    names_people: true,
    moves_by: Some("c2"),
};

/// The same, told where they arrive.
const ARRIVING: Telling = Telling { on: "p.staff_id = t.id AND x.id = s.c2", ..LEAVING };

impl Bulk for Loader {
    const MERGE: Merge = Merge {
        table: "staff",
        key: &[("external_id", "TEXT")],
        data: &[
            ("school_id", "BIGINT"),
            ("role", "TEXT"),
            ("subject", "TEXT"),
            ("full_name", "TEXT"),
            ("education", "TEXT"),
            ("category", "TEXT"),
            ("experience_years", "INTEGER"),
            ("birth_year", "INTEGER"),
            ("fte", "INTEGER"),
        ],
        stamped: true,
    };

    const TELLING: Telling = Telling {
        resource: "staff",
        joined: None,
        on: "x.id = t.school_id",
        id: "t.id",
        natural_key: &[("external_id", "t.external_id")],
        keyed_by_school: false,
        names_people: true,
        moves_by: Some("c2"),
    };

    fn begin(db: &mut Db, area: Area) -> Result<Self> {
        Ok(Self { schools: Schools::load(db, area)? })
    }

    fn settle(&self, tx: &mut Tx, stage: &Stage) -> Result<()> {
        let at = tx.at;
        stage.tell_leaving(tx, &LEAVING, at)?;
        stage.tell_arriving(tx, &ARRIVING, at)
    }

    fn read(
        &mut self,
        mut row: RowReader<'_>,
        cells: &mut Cells,
        source: &Source<'_>,
    ) -> std::result::Result<(), Vec<RowError>> {
        let external = row.required_text(0, 100);
        let school = self.schools.cell(&mut row, 1);
        let role = row.must(2, |r| named(r, 2, StaffRole::from_file));
        let subject = row.may(3, |r| named(r, 3, Subject::from_file));
        let name = row.required_text(4, 300);
        let education = row.text(5, 200);
        let category = row.text(6, 100);
        let experience = row.integer(7, 0..=80);
        let birth = row.integer(8, 1900..=i64::from(source.order.came_on.year()));
        let fte = row.hundredths(9, 0..=300);
        row.finish(|| {
            cells.text(external?);
            cells.whole(school?.0);
            cells.text(role?);
            cells.maybe_text(subject);
            cells.text(name?);
            cells.maybe_text(education);
            cells.maybe_text(category);
            cells.whole(experience);
            cells.whole(birth);
            cells.whole(fte);
            Some(())
        })
    }
}
