//! Results of schools in procedures.

use super::bulk::{Bulk, Schools};
use crate::{
    identification::{ege_minimum, is_given, was_held},
    import::{Caution, Source},
    types::{Assessment, Attempt, Subject},
};
use diesel::prelude::*;
use opora_db::{Cells, Db, Merge, Result, Stage, Telling, Tx, schema::procedures};
use opora_primitives::{AcademicYear, Area, Reason};
use opora_tables::{Column, Holds, RowError, RowReader};
use std::collections::HashMap;

pub(super) const COLUMNS: &[Column] = &[
    Column::required("school_code", &["Код ОО"]).key(),
    Column::required("academic_year", &["Учебный год"]).key(),
    Column::required("type", &["Процедура", "Вид процедуры"]).key(),
    Column::required("grade", &["Класс"]).of(Holds::Whole).key(),
    Column::required("subject", &["Предмет", "Код предмета"]).key(),
    Column::optional("attempt", &["Попытка"]).key(),
    Column::optional("programme_grade", &["Класс программы"]).of(Holds::Whole),
    Column::required("participants", &["Количество участников"]).of(Holds::Whole),
    Column::required("below_minimum", &["Не преодолели минимальный порог"]).of(Holds::Whole),
    Column::optional("mean_score", &["Средний балл"]).of(Holds::Decimal),
    Column::optional("mark2", &["Отметка 2", "Отметки 2"]).of(Holds::Whole),
    Column::optional("mark3", &["Отметка 3", "Отметки 3"]).of(Holds::Whole),
    Column::optional("mark4", &["Отметка 4", "Отметки 4"]).of(Holds::Whole),
    Column::optional("mark5", &["Отметка 5", "Отметки 5"]).of(Holds::Whole),
];
const SCHOOL: usize = 0;
const YEAR: usize = 1;
const TYPE: usize = 2;
const GRADE: usize = 3;
const SUBJECT: usize = 4;
const ATTEMPT: usize = 5;
const PROGRAMME: usize = 6;
const PARTICIPANTS: usize = 7;
const BELOW: usize = 8;
const MEAN: usize = 9;
const MARKS: std::ops::RangeInclusive<usize> = 10..=13;

/// More participants than any school has in a procedure; the `CHECK` of the table says the same.
const MOST: i64 = 20_000;

type Procedure = (AcademicYear, Assessment, i32, Subject);

pub(super) struct Loader {
    schools: Schools,
    /// Known procedures by id; those the file brings have provisional ids, negative and in the order of their coming.
    procedures: HashMap<Procedure, i64>,
}

impl Bulk for Loader {
    const MERGE: Merge = Merge {
        table: "results",
        key: &[("school_id", "BIGINT"), ("procedure_id", "BIGINT"), ("attempt", "TEXT")],
        data: &[
            ("programme_grade", "INTEGER"),
            ("participants", "INTEGER"),
            ("below_minimum", "INTEGER"),
            ("mean_score", "INTEGER"),
            ("mark2", "INTEGER"),
            ("mark3", "INTEGER"),
            ("mark4", "INTEGER"),
            ("mark5", "INTEGER"),
        ],
        stamped: false,
    };

    const TELLING: Telling = Telling {
        resource: "results",
        joined: Some("procedures AS p"),
        on: "p.id = t.procedure_id AND x.id = t.school_id",
        id: "NULL",
        natural_key: &[
            ("academic_year", "CAST(p.academic_year AS TEXT) || '/' || CAST(p.academic_year + 1 AS TEXT)"),
            ("type", "p.assessment"),
            ("grade", "p.grade"),
            ("subject", "p.subject"),
            ("attempt", "t.attempt"),
        ],
        keyed_by_school: true,
        names_people: false,
        moves_by: None,
    };

    fn begin(db: &mut Db, area: Area) -> Result<Self> {
        let schools = Schools::load(db, area)?;
        let known: Vec<(i64, AcademicYear, Assessment, i32, Subject)> = procedures::table.load(db)?;
        let procedures = known.into_iter().map(|(id, y, a, g, s)| ((y, a, g, s), id)).collect();
        Ok(Self { schools, procedures })
    }

    fn read(
        &mut self,
        mut row: RowReader<'_>,
        cells: &mut Cells,
        source: &Source<'_>,
    ) -> std::result::Result<(), Vec<RowError>> {
        let school = self.schools.cell(&mut row, SCHOOL);
        let year = source.year(&mut row, YEAR);
        let assessment = row.must(TYPE, |r| named(r, TYPE, Assessment::from_file));
        let grade = row.required_integer(GRADE, 1..=12);
        let subject = row.must(SUBJECT, |r| named(r, SUBJECT, Subject::from_file));
        let attempt = row.may(ATTEMPT, |r| named(r, ATTEMPT, Attempt::from_file)).unwrap_or(Attempt::Main);
        let programme = row.integer(PROGRAMME, 1..=12);
        let participants = row.required_integer(PARTICIPANTS, 0..=MOST);
        let below = row.required_integer(BELOW, 0..=MOST);
        let mean = row.hundredths(MEAN, 0..=10_000);
        let marks: Vec<Option<i64>> = MARKS.map(|column| row.integer(column, 0..=MOST)).collect();
        if let (Some(below), Some(participants)) = (below, participants) {
            if below > participants {
                row.refuse(BELOW, Reason::MoreThanWhole);
            }
            let sum: i64 = marks.iter().flatten().sum();
            let complete = marks.iter().all(Option::is_some);
            if sum > participants || (complete && sum != participants) {
                row.refuse(*MARKS.start(), Reason::MarksDoNotAddUp);
            }
            let two = marks.first().copied().flatten();
            if assessment.is_some_and(below_is_two) && two.is_some_and(|two| two != below) {
                row.refuse(*MARKS.start(), Reason::Contradiction);
            }
        }
        row.finish(|| {
            let (year, assessment, subject) = (year?, assessment?, subject?);
            let grade = grade? as i32;
            if !was_held(assessment, subject, year) {
                source.warn(Caution::NotHeld);
            }
            if !is_given(assessment, subject, programme.unwrap_or(grade.into())) {
                source.warn(Caution::NotGiven);
            }
            if assessment == Assessment::Ege
                && !goes_with_minimum(subject, year, (participants?, below?), mean)
            {
                source.warn(Caution::MeanAgainstMinimum);
            }
            cells.whole(school?.0);
            cells.whole(self.procedure((year, assessment, grade, subject)));
            cells.text(attempt);
            cells.whole(programme);
            cells.whole(participants?);
            cells.whole(below?);
            cells.whole(mean);
            marks.into_iter().for_each(|mark| cells.whole(mark));
            Some(())
        })
    }

    fn settle(&self, tx: &mut Tx, stage: &Stage) -> Result<()> {
        let mut fresh: Vec<_> = self.procedures.iter().filter(|(_, id)| **id < 0).collect();
        fresh.sort_by_key(|(_, id)| **id);
        let mut pairs = Vec::with_capacity(fresh.len());
        for ((year, assessment, grade, subject), provisional) in fresh {
            let row = (
                procedures::academic_year.eq(year),
                procedures::assessment.eq(assessment),
                procedures::grade.eq(grade),
                procedures::subject.eq(subject),
            );
            let id = diesel::insert_into(procedures::table)
                .values(row)
                .returning(procedures::id)
                .get_result(&mut **tx)?;
            pairs.push((*provisional, id));
        }
        stage.settle(tx, "procedure_id", &pairs)
    }
}

impl Loader {
    fn procedure(&mut self, key: Procedure) -> i64 {
        /// Below all that come after it.
        const FIRST: i64 = -1_000_000_000;
        let next = FIRST + self.procedures.len() as i64;
        *self.procedures.entry(key).or_insert(next)
    }
}

/// Whether whoever is below the minimum has a 2, and nobody else has (`docs/methodology.md`). The exam after grade 11 has a
/// threshold of points, and other assessments have scales of their own.
fn below_is_two(assessment: Assessment) -> bool {
    matches!(assessment, Assessment::Vpr | Assessment::Oge)
}

/// Whether the mean of an exam after grade 11, in hundredths, can be that of `below` of the participants under its
/// minimum: with nobody below it reaches the minimum, with all below it does not (`docs/identifiers.md`).
fn goes_with_minimum(
    subject: Subject,
    year: AcademicYear,
    (participants, below): (i64, i64),
    mean: Option<i64>,
) -> bool {
    let Some((mean, minimum)) = mean.zip(ege_minimum(subject, year)) else { return true };
    let reaches = mean >= minimum.hundredths();
    participants == 0 || (reaches || below > 0) && (!reaches || below < participants)
}

/// Reads a cell of a closed list, by its word or its Russian name.
pub(super) fn named<T>(
    row: &opora_tables::Row<'_>,
    column: usize,
    read: fn(&str) -> std::result::Result<T, Reason>,
) -> std::result::Result<Option<T>, Reason> {
    row.text(column, 100)?.map(read).transpose()
}
