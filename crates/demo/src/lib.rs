//! A demonstration region: the files an operator would import, built deterministically from the facts of
//! order 316-01-63-950/20 of 2020-05-29 and a seeded generator for what the order does not hold. The importer
//! loads them like any others: there is no side door. `data/README.md` says what is fact and what is
//! generated.

mod contexts;
mod course;
mod designations;
mod lists;
mod model;
mod procedures;
mod register;
mod results;
mod rng;
mod schools;
mod sink;
mod staff;
mod support;
mod territory;

pub use course::{Course, CourseActivity, CourseFact, CourseFile};

use opora_primitives::AcademicYear;
use schools::Region;
use std::io;
use std::path::{Path, PathBuf};

/// The passport of the region as JSON: normative acts, the working group, six stages. There is no file of it that an
/// operator would import: what is entered by hand there is written here by the same functions.
pub const PASSPORT: &str = include_str!("../data/passport.json");

/// How much to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Number of schools, the state's included. Up to 900 lie in the 52 municipalities of the order, the rest
    /// in generated ones; below about 270 the schools the order names are kept and there are more than asked.
    pub schools: usize,
    /// Years of results and contexts, in order.
    pub years: Vec<AcademicYear>,
    /// Rows of results a school and year, on average. Real procedures are never left out; regional
    /// diagnostics fill up to this number.
    pub aggregates_per_school: usize,
    /// Seed of the generator: the same scale gives the same bytes.
    pub seed: u64,
}

impl Scale {
    /// The region of the order: 900 schools, 2018/2019 to 2020/2021, about 55,000 results and 20,000 staff.
    pub fn region() -> Self {
        Self {
            schools: territory::REGION_SCHOOLS,
            years: (2018..=2020).filter_map(|year| AcademicYear::starting(year).ok()).collect(),
            aggregates_per_school: 60,
            seed: 316_950,
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFile {
    /// Kind of import: `municipalities`, `schools`, `contexts`, `results`, `lists`, `staff`, `designations`,
    /// `support_records`, `plan`.
    pub kind: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

/// Writes the files of `scale` into `dir` (made if missing) and returns them in the order of import. Rows are
/// written as they are drawn: memory holds the schools, not their results.
///
/// There is no list of 2022 among them, so that indicator I4 is "not yet measurable": see
/// [`write_list_2022`].
///
/// # Errors
/// Whatever the disk says.
pub fn write(dir: &Path, scale: &Scale) -> io::Result<Vec<DemoFile>> {
    std::fs::create_dir_all(dir)?;
    let region = Region::build(scale)?;
    let mut files = Vec::with_capacity(9);
    let mut add = |kind: &'static str, name: &str, write: &dyn Fn(&Path) -> io::Result<()>| {
        let path = dir.join(name);
        write(&path)?;
        files.push(DemoFile { kind, path });
        io::Result::Ok(())
    };
    add("municipalities", "municipalities.csv", &|path| register::write_municipalities(&region, path))?;
    add("schools", "schools.csv", &|path| register::write_schools(&region, path))?;
    add("contexts", "contexts.csv", &|path| contexts::write_contexts(&region, scale, path))?;
    add("results", "results.csv", &|path| results::write_results(&region, scale, path))?;
    add("lists", "lists.xlsx", &|path| lists::write_list_2020(&region, path))?;
    add("staff", "staff.csv", &|path| staff::write_staff(&region, path))?;
    add("designations", "designations.tsv", &|path| designations::write_designations(&region, path))?;
    add("support_records", "support.csv", &|path| support::write_support(&region, path))?;
    add("plan", "plan-2020-2021.yaml", &|path| std::fs::write(path, PLAN))?;
    Ok(files)
}

/// The plan of the order: facts, nothing generated.
const PLAN: &str = include_str!("../data/plan-2020-2021.yaml");

/// Writes a list of 2022 for the schools of `scale` into `dir`: loading it makes indicator I4 measurable
/// (decision 4). One school of the list of 2020 was merged and stands under its successor's code.
///
/// # Errors
/// Whatever the disk says.
pub fn write_list_2022(dir: &Path, scale: &Scale) -> io::Result<DemoFile> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join("lists-2022.xlsx");
    lists::write_list_2022(&Region::build(scale)?, &path)?;
    Ok(DemoFile { kind: "lists", path })
}
