//! Data as files, of any size: sent while they are read.

use crate::{
    auth::{Guard, ReadRegistry},
    error::Answer,
    files::outlet::{self, Outlet},
    http::{
        accept::chosen,
        extract::{Query, require},
    },
    state::State,
};
use actix_web::{HttpRequest, get, web::Data};
use opora_db::{Database, Error, Result};
use opora_documents::{
    CsvRows, DocumentError, Format, RowsWriter, XlsxRows,
    model::{Cell, Language},
};
use opora_primitives::{AcademicYear, Area, MunicipalityId, Problem, ProblemCode, Reason};
use opora_reporting::exports::results;
use opora_schools::{
    registry::{results::Filter, results_walk::count},
    types::{Assessment, Attempt, Subject},
};
use serde::Deserialize;
use std::{
    io::{self, Seek},
    path::{Path, PathBuf},
};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(results_of_year);
}

/// The formats of an export; CSV if any will do.
const FORMATS: [Format; 2] = [Format::Csv, Format::Xlsx];

/// Which results are wanted, and in which format.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultExportQuery {
    /// Only records of this academic year.
    #[param(example = "2019/2020")]
    academic_year: AcademicYear,
    /// Only results of this assessment.
    #[serde(rename = "type")]
    assessment: Option<Assessment>,
    /// Only results of pupils in this grade.
    #[param(minimum = 1, maximum = 12, example = 9)]
    grade: Option<i32>,
    /// Only results in this subject.
    subject: Option<Subject>,
    /// Only results of this attempt.
    attempt: Option<Attempt>,
    /// Only results of schools of this municipality or, for a city, of its districts.
    municipality_id: Option<MunicipalityId>,
    /// The format of the file; by `Accept` unless given, CSV if that takes any.
    #[param(pattern = "^(csv|xlsx)$", example = "csv")]
    format: Option<String>,
}

impl ResultExportQuery {
    fn filter(&self) -> std::result::Result<Filter, Problem> {
        require("grade", self.grade.as_ref(), Reason::OutOfRange, |grade| (1..=12).contains(grade))?;
        Ok(Filter {
            school: None,
            year: Some(self.academic_year),
            assessment: self.assessment,
            grade: self.grade,
            subject: self.subject,
            attempt: self.attempt,
            partition: None,
        })
    }
}

/// Export results
///
/// All results of a year in the caller's area as one file, with the headings of the import file, so that it can be
/// imported again; the names of the school and of the municipality stand beside and are ignored by the importer. The file
/// is sent while it is read, in one consistent state, and has no length. XLSX holds 1,048,575 results; more are refused.
#[utoipa::path(operation_id = "export_results", tag = "registry", params(ResultExportQuery), security(("bearer" = ["registry:read"])),
    extensions(("x-problems" = json!(["too_many_rows"]))),
    responses((status = 200, description = "The file", headers(("Content-Disposition" = String, description = "The name of the file")),
        content((String = "text/csv", example = "Код ОО;Учебный год;Процедура;Класс;Предмет\r\n520101;2019/2020;ВПР;5;Русский язык\r\n"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/exports/results")]
async fn results_of_year(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ResultExportQuery>,
) -> Answer {
    let format = chosen(&request, query.format.as_deref(), &FORMATS)?;
    let (year, municipality) = (query.academic_year, query.municipality_id);
    let place = state.exports.take(&guard.actor)?;
    let source = Source {
        database: state.database.clone(),
        area: guard.area(),
        filter: query.filter()?,
        municipality,
        scratch: state.config.data_dir.clone(),
    };
    let name = format!("results-{}.{}", year.to_string().replace('/', "-"), format);
    outlet::answer(format.content_type(), &name, move |outlet| {
        let _place = place;
        match format {
            Format::Xlsx => source.xlsx(outlet),
            _ => source.csv(outlet),
        }
    })
    .await
}

/// What is exported.
struct Source {
    database: Database,
    area: Area,
    filter: Filter,
    municipality: Option<MunicipalityId>,
    /// For temporary files.
    scratch: PathBuf,
}

impl Source {
    fn csv(self, outlet: &mut Outlet) -> Result<()> {
        let columns = results::columns()?;
        self.database.read_once(|db| {
            let mut rows = CsvRows::new(&columns, Language::Ru, outlet).map_err(Error::fault)?;
            results::write(db, self.area, &self.filter, self.municipality, &mut rows)?;
            rows.finish().map(drop).map_err(Error::fault)
        })
    }

    /// The workbook is there only when the last row is, so it is made in a file; the database is let go before it is sent.
    fn xlsx(self, outlet: &mut Outlet) -> Result<()> {
        let mut file = tempfile::tempfile_in(&self.scratch).map_err(|e| results::unwritten(e.into()))?;
        self.database.read_once(|db| {
            if count(db, self.area, &self.filter, self.municipality)? > XlsxRows::OF_A_SHEET {
                return Err(ProblemCode::TooManyRows.into());
            }
            let mut rows = Watched { rows: self.sheet()?, outlet };
            results::write(db, self.area, &self.filter, self.municipality, &mut rows)?;
            rows.rows.finish(&mut file).map_err(results::unwritten)
        })?;
        file.rewind().and_then(|()| io::copy(&mut file, outlet)).map(drop).map_err(Error::fault)
    }

    fn sheet(&self) -> Result<XlsxRows> {
        let scratch: &Path = &self.scratch;
        XlsxRows::new("Результаты", &results::columns()?, Language::Ru, scratch).map_err(results::unwritten)
    }
}

/// Rows that are written as long as somebody waits for them.
struct Watched<'a> {
    rows: XlsxRows,
    outlet: &'a Outlet,
}

impl RowsWriter for Watched<'_> {
    fn write_row(&mut self, cells: &[Cell]) -> std::result::Result<(), DocumentError> {
        if self.outlet.is_abandoned() {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        self.rows.write_row(cells)
    }
}
