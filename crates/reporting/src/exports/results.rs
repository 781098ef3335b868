//! Results as a file with the headings of an import file, and the names of the school and of its municipality besides,
//! which the importer ignores.

use opora_db::{Db, Error, Result};
use opora_documents::{
    DocumentError, RowsWriter,
    model::{Cell, Column, ColumnKind, Decimal},
};
use opora_primitives::{Area, MunicipalityId, ProblemCode};
use opora_schools::{
    import::{self, ImportKind},
    registry::{
        results::{Filter, ResultRow},
        results_walk::{SchoolName, walk},
    },
};

/// The columns, in the order of [`cells`]: those of the import file, by their Russian names, then the two names.
///
/// # Errors
/// An importer without these columns.
pub fn columns() -> Result<Vec<Column>> {
    let imported =
        import::columns(ImportKind::Results).ok_or_else(|| Error::fault("results are no table"))?;
    let imported =
        imported.iter().map(|column| (column.name, *column.synonyms.first().unwrap_or(&column.name)));
    let names = [("school_name", "Наименование ОО"), ("municipality", "Муниципалитет")];
    Ok(imported.chain(names).map(|(key, title)| column(key, title)).collect())
}

fn column(key: &str, title: &str) -> Column {
    let kind = match key {
        "grade" | "programme_grade" | "participants" | "below_minimum" | "mark2" | "mark3" | "mark4"
        | "mark5" => ColumnKind::Integer,
        "mean_score" => ColumnKind::Decimal,
        _ => ColumnKind::Text,
    };
    Column { key: key.to_owned(), title: title.to_owned(), kind, align: None, width: 1 }
}

/// Writes every result that is asked for, by school. To be called in one consistent read.
///
/// # Errors
/// Those of the database and of `rows`.
pub fn write(
    db: &mut Db,
    area: Area,
    filter: &Filter,
    municipality: Option<MunicipalityId>,
    rows: &mut dyn RowsWriter,
) -> Result<()> {
    walk(db, area, filter, municipality, |school, result| {
        rows.write_row(&cells(school, &result)).map_err(unwritten)
    })
}

/// What a document that was not written means to the caller.
pub fn unwritten(error: DocumentError) -> Error {
    match error {
        DocumentError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            ProblemCode::StorageFull.into()
        }
        other => Error::fault(other),
    }
}

fn cells(school: &SchoolName, result: &ResultRow) -> [Cell; 16] {
    let count = |number: i32| Cell::Integer(number.into());
    let maybe = |number: Option<i32>| number.map_or(Cell::Empty, count);
    let mean = result.mean_score.map(|hundredths| Decimal { units: hundredths.into(), places: 2 });
    [
        result.school_code.as_str().into(),
        result.academic_year.to_string().into(),
        result.assessment.ru().into(),
        count(result.grade),
        result.subject.ru().into(),
        result.attempt.ru().into(),
        maybe(result.programme_grade),
        count(result.participants),
        count(result.below_minimum),
        mean.into(),
        maybe(result.mark2),
        maybe(result.mark3),
        maybe(result.mark4),
        maybe(result.mark5),
        school.name.as_str().into(),
        school.municipality.clone().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use opora_primitives::SchoolId;
    use opora_schools::types::{Assessment, Attempt, Subject};

    #[test]
    fn every_cell_stands_under_its_heading() {
        let school = SchoolName {
            id: SchoolId(1),
            code: "052001".parse().unwrap(),
            name: "Школа".into(),
            municipality: Some("Лесной".into()),
        };
        let result = ResultRow {
            school_id: SchoolId(1),
            school_code: school.code.clone(),
            academic_year: "2019/2020".parse().unwrap(),
            assessment: Assessment::Vpr,
            grade: 6,
            subject: Subject::Russian,
            attempt: Attempt::Resit,
            programme_grade: Some(5),
            participants: 40,
            below_minimum: 12,
            mean_score: Some(345),
            mark2: Some(12),
            mark3: Some(14),
            mark4: Some(10),
            mark5: Some(4),
            import_id: None,
            procedure_id: 7,
        };
        let columns = columns().unwrap();
        let shown: Vec<(&str, Cell)> =
            columns.iter().map(|c| c.title.as_str()).zip(cells(&school, &result)).collect();
        let expected: [(&str, Cell); 16] = [
            ("Код ОО", "052001".into()),
            ("Учебный год", "2019/2020".into()),
            ("Процедура", "ВПР".into()),
            ("Класс", Cell::Integer(6)),
            ("Предмет", "Русский язык".into()),
            ("Попытка", "Пересдача".into()),
            ("Класс программы", Cell::Integer(5)),
            ("Количество участников", Cell::Integer(40)),
            ("Не преодолели минимальный порог", Cell::Integer(12)),
            ("Средний балл", Cell::Decimal(Decimal { units: 345, places: 2 })),
            ("Отметка 2", Cell::Integer(12)),
            ("Отметка 3", Cell::Integer(14)),
            ("Отметка 4", Cell::Integer(10)),
            ("Отметка 5", Cell::Integer(4)),
            ("Наименование ОО", "Школа".into()),
            ("Муниципалитет", "Лесной".into()),
        ];
        assert_eq!(columns.len(), expected.len());
        assert_eq!(shown, expected);
    }
}
