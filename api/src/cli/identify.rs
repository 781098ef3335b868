//! `opora identify`.

use super::{
    Outcome,
    failure::{Failure, refuse},
    fate, say,
};
use crate::{config::Config, startup, work::Desk};
use clap::Args;
use opora_db::{Db, Error, Origin, jobs::JobState};
use opora_primitives::{AcademicYear, Area, Limit, Problem, ProblemCode, Reason};
use opora_schools::{
    methodologies::{self, Methodology, MethodologyState},
    registry::lists::{self, List},
    runs::{self, NewRun, Run, verdicts},
};
use std::str::FromStr;

/// How many known names a refusal repeats.
const NAMED: u16 = 20;

/// Options of `opora identify`.
#[derive(Args)]
pub(super) struct Identify {
    /// The academic year to judge, as 2020/2021; the newest with results unless said.
    #[arg(long, value_parser = year)]
    year: Option<AcademicYear>,
    /// The methodology, as CODE or CODE/EDITION: its newest published edition unless said; the one published last if
    /// none is named.
    #[arg(long, value_name = "CODE[/EDITION]")]
    methodology: Option<Versioned<String>>,
    /// The list beside which the run stands, as YEAR or YEAR/REVISION: the newest revision unless said; the newest list if
    /// none is named.
    #[arg(long, value_name = "YEAR[/REVISION]")]
    list: Option<Versioned<i32>>,
}

/// A name, and perhaps a number after a slash.
#[derive(Clone)]
struct Versioned<T> {
    name: T,
    number: Option<i32>,
}

impl<T: FromStr> FromStr for Versioned<T> {
    type Err = Failure;

    fn from_str(text: &str) -> Outcome<Self> {
        let (name, number) = text.split_once('/').map_or((text, None), |(name, number)| (name, Some(number)));
        let number = number.map(str::parse).transpose();
        match (name.parse(), number) {
            (Ok(name), Ok(number)) => Ok(Self { name, number }),
            _ => Err(refuse(
                "write it as in the square brackets above, with a number after the slash",
                "запишите как в квадратных скобках, с числом после черты",
            )),
        }
    }
}

fn year(text: &str) -> Outcome<AcademicYear> {
    text.parse().map_err(|_| {
        refuse("an academic year is written as 2020/2021", "учебный год записывается так: 2020/2021")
    })
}

impl Identify {
    /// Makes a run as `POST /api/v1/identification-runs` does and sees its job through.
    pub(super) fn run(self, config: Config) -> Outcome {
        let state = startup::state(config)?;
        let (database, origin) = (&state.database, Origin::system("command line: identify"));
        let new = database.read(|db| Ok(self.chosen(db)))??;
        let run =
            database.write(&origin, |tx| runs::create(tx, &origin, &new)).map_err(|e| self.unfit(&e))?;
        let job = run.job_id.ok_or("the run has no job")?;
        let ended = Desk::new(database.clone(), state.config.clone()).see_through(job, &|_, _| ())?;
        if ended.state != JobState::Succeeded {
            return Err(fate(&ended).into());
        }
        let (run, counts) =
            database.read(|db| Ok((runs::find(db, run.id)?, verdicts::counts(db, Area::Region, run.id)?)))?;
        tell(&run, &counts);
        Ok(())
    }

    /// What the run is made from, by ids; in words what is named and not there.
    fn chosen(&self, db: &mut Db) -> Outcome<NewRun> {
        let methodology = self.methodology.as_ref().map(|named| methodology(db, named)).transpose()?;
        let list = self.list.as_ref().map(|named| list(db, named)).transpose()?;
        Ok(NewRun {
            methodology: methodology.map(|found| found.id),
            list: list.map(|found| found.id),
            academic_year: self.year,
        })
    }

    /// Why no run was made, and what to do.
    fn unfit(&self, error: &Error) -> String {
        let Error::Problem(Problem { code: ProblemCode::InvalidFields, flaws, .. }) = error else {
            return error.to_string();
        };
        let one = |flaw: &opora_primitives::Flaw| match (flaw.pointer.as_str(), flaw.reason) {
            ("/methodology_id", _) => say(
                "no methodology is published; publish one first",
                "нет опубликованной методики; сначала опубликуйте её",
            ),
            ("/list_id", _) => say(
                "there is no list yet; load one with: opora import lists FILE",
                "перечня ещё нет; загрузите его: opora import lists ФАЙЛ",
            ),
            ("/academic_year", Reason::Required) => say(
                "there are no results yet; load them with: opora import results FILE",
                "результатов ещё нет; загрузите их: opora import results ФАЙЛ",
            ),
            ("/academic_year", Reason::WithoutResults) => {
                let (en, ru) = flaw.reason.messages();
                say(en, ru)
            }
            ("/academic_year", _) => {
                let year = self.year.map(|year| year.to_string()).unwrap_or_default();
                say(
                    format!("the academic year {year} has not begun"),
                    format!("учебный год {year} ещё не начался"),
                )
            }
            (pointer, reason) => format!("{pointer}: {reason}"),
        };
        flaws.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

fn methodology(db: &mut Db, named: &Versioned<String>) -> Outcome<Methodology> {
    let known = methodologies::list(db, None, limit()?, None)?.items;
    let fits = |m: &&Methodology| {
        m.code == named.name
            && named.number.map_or(m.state == MethodologyState::Published, |edition| m.edition == edition)
    };
    let found = known.iter().filter(fits).max_by_key(|m| m.edition);
    match found {
        Some(found) if found.state == MethodologyState::Published => Ok(found.clone()),
        Some(Methodology { code, edition, id, .. }) => Err(refuse(
            format!("{code}/{edition} is a draft; publish it first: POST /api/v1/methodologies/{id}/publish"),
            format!(
                "{code}/{edition} — черновик; сначала опубликуйте: POST /api/v1/methodologies/{id}/publish"
            ),
        )),
        None => {
            let published = known.iter().filter(|m| m.state == MethodologyState::Published);
            let names = names(published.map(|m| format!("{}/{}", m.code, m.edition)));
            let wanted = shown(&named.name, named.number);
            Err(refuse(
                format!("no methodology {wanted} is published; there are: {names}"),
                format!("методика {wanted} не опубликована; есть: {names}"),
            ))
        }
    }
}

fn list(db: &mut Db, named: &Versioned<i32>) -> Outcome<List> {
    let known = lists::list(db, None, limit()?, None)?.items;
    let fits = |list: &&List| {
        list.list_year == named.name && named.number.is_none_or(|revision| list.revision == revision)
    };
    let found = known.iter().filter(fits).max_by_key(|list| list.revision).cloned();
    found.ok_or_else(|| {
        let names = names(known.iter().map(|list| format!("{}/{}", list.list_year, list.revision)));
        let wanted = shown(&named.name, named.number);
        refuse(
            format!("there is no list {wanted}; there are: {names}; load it with: opora import lists FILE"),
            format!("перечня {wanted} нет; есть: {names}; загрузите его: opora import lists ФАЙЛ"),
        )
    })
}

fn limit() -> Outcome<Limit> {
    Ok(Limit::new(Some(Limit::MOST))?)
}

fn shown(name: &impl ToString, number: Option<i32>) -> String {
    number.map_or_else(|| name.to_string(), |number| format!("{}/{number}", name.to_string()))
}

fn names(all: impl Iterator<Item = String>) -> String {
    let named: Vec<String> = all.take(NAMED.into()).collect();
    if named.is_empty() { "–".to_owned() } else { named.join(", ") }
}

fn tell(run: &Run, counts: &[verdicts::OutcomeCount]) {
    let (methodology, list) = (&run.methodology, &run.list);
    tell!(
        "run {}: {}, methodology {}/{}, list {}/{}",
        run.id,
        run.academic_year,
        methodology.code,
        methodology.edition,
        list.list_year,
        list.revision
    );
    for count in counts {
        tell!("{:18} {:>6}", count.outcome, count.schools);
    }
    tell!("{:18} {:>6}", "results looked at", run.inputs_rows.unwrap_or_default());
    tell!("inputs             {}", run.inputs_hash.as_deref().unwrap_or_default());
}
