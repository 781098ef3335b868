//! `opora demo`.

use super::{Outcome, demo_course, demo_passport, failure::refuse, import::Load, say};
use crate::{config::Config, startup, state::State};
use clap::Args;
use opora_db::{Database, Db, Error, Origin, Result, Tx, marks};
use opora_demo::{Course, Scale};
use opora_identity::{
    Role, passwords,
    users::{self, NewUser},
};
use opora_primitives::{Area, Limit, MunicipalityId, SchoolId};
use opora_reporting::facts::edit::Writer;
use opora_schools::{
    import::ImportMode,
    registry::{municipalities, schools},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The password of every demonstration user. It exists in demonstration databases only: the command refuses a database
/// that has users or data of its own.
pub(super) const PASSWORD: &str = "opora-demonstration";

/// Options of `opora demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// Do nothing if the database has data already; a demonstration region that was not finished is finished.
    #[arg(long)]
    if_empty: bool,
    /// Write the files here and keep them; otherwise they are made in a temporary folder.
    #[arg(long)]
    files: Option<PathBuf>,
    /// Only write the files, load nothing.
    #[arg(long, requires = "files")]
    files_only: bool,
}

impl Demo {
    pub(super) fn run(self, config: Config) -> Outcome {
        let temporary = tempfile::tempdir()?;
        let folder = self.files.clone().unwrap_or_else(|| temporary.path().to_owned());
        if self.files_only {
            return write_files(&folder).map(drop);
        }
        let config = Arc::new(config);
        let state = startup::state(Config::clone(&config))?;
        match (state.database.read(found)?, self.if_empty) {
            (Found::Empty | Found::Begun, _) => load(&state, &config, &folder)?,
            (Found::Complete, true) => {}
            (Found::Complete, false) => return Err(refuse(LOADED.0, LOADED.1)),
            (Found::Foreign, true) => {
                tell!("{}", say(FOREIGN.0, FOREIGN.1));
                return Ok(());
            }
            (Found::Foreign, false) => return Err(refuse(FOREIGN.0, FOREIGN.1)),
        }
        greet(&config);
        Ok(())
    }
}

const LOADED: (&str, &str) =
    ("the demonstration region is in this database already", "демонстрационный регион уже есть в этой базе");
const FOREIGN: (&str, &str) = (
    "this database has users or data of its own; the demonstration region goes into an empty one, and nothing was loaded",
    "в этой базе свои пользователи или данные; демонстрационный регион загружается только в пустую, ничего не загружено",
);

/// What the command finds in the database.
enum Found {
    /// Nobody and nothing.
    Empty,
    /// A demonstration region that was not finished.
    Begun,
    /// A whole one.
    Complete,
    /// Somebody's own data: no demonstration password opens it, and none will.
    Foreign,
}

fn found(db: &mut Db) -> Result<Found> {
    if marks::is_set(db, &stage("people"))? {
        return Ok(Found::Complete);
    }
    if marks::is_set(db, &stage("begun"))? {
        return Ok(Found::Begun);
    }
    let nobody = users::list(db, None, 1)?.is_empty();
    let nothing = municipalities::all(db)?.is_empty();
    Ok(if nobody && nothing { Found::Empty } else { Found::Foreign })
}

/// The mark of a stage of the load.
fn stage(name: &str) -> String {
    format!("demo: {name}")
}

/// Loads what is not there yet, stage by stage. Each leaves its mark, so that a load that was killed is taken up where it
/// stopped: a file that was loaded and not marked is loaded once more, which changes nothing, and everything else stands
/// in one transaction with its mark.
fn load(state: &State, config: &Arc<Config>, folder: &Path) -> Outcome {
    let database = &state.database;
    once(database, "begun", |_| Ok(()))?;
    files(database, config, folder)?;
    let passport = once(database, "passport", demo_passport::write)?;
    for (what, count) in passport.into_iter().flatten() {
        tell!("{what:15} {count:>7} records");
    }
    if let Some(facts) = people(state)? {
        tell!("{:15} {facts:>7} records", "facts");
    }
    Ok(())
}

fn origin() -> Origin {
    Origin::system("command line: demo")
}

/// Does `work` and leaves the mark of the stage; nothing if the mark is there.
fn once<T>(database: &Database, name: &str, work: impl Fn(&mut Tx) -> Result<T>) -> Result<Option<T>> {
    let mark = stage(name);
    database.write(&origin(), |tx| {
        if marks::is_set(tx, &mark)? {
            return Ok(None);
        }
        let done = work(tx)?;
        marks::set(tx, &mark)?;
        Ok(Some(done))
    })
}

fn write_files(folder: &Path) -> Outcome<Vec<opora_demo::DemoFile>> {
    std::fs::create_dir_all(folder)?;
    Ok(opora_demo::write(folder, &Scale::region())?)
}

/// Writes the files an operator would send, and loads them as an operator would.
fn files(database: &Database, config: &Arc<Config>, folder: &Path) -> Outcome {
    for file in write_files(folder)? {
        if database.read(|db| marks::is_set(db, &stage(file.kind)))? {
            continue;
        }
        let kind =
            file.kind.parse().map_err(|_| format!("the generator wrote an unknown kind: {}", file.kind))?;
        let load = Load { kind, mode: ImportMode::Atomic, dry_run: false, sheet: None };
        let report = load.run(database, config, &file.path, 0)?;
        if !report.applied {
            return Err(format!("the demonstration file {} was refused", file.path.display()).into());
        }
        tell!("{:15} {:>7} records", file.kind, report.created + report.unchanged);
        once(database, file.kind, |_| Ok(()))?;
    }
    Ok(())
}

/// Makes the users and what they have reported, all or nothing; answers how many facts, if it was not done before. There is a user for each role,
/// those of a municipality and of a school working for the first pilot, Урень, and one for each organisation that reports.
fn people(state: &State) -> Result<Option<usize>> {
    let hash = passwords::hash(PASSWORD)?;
    let (municipality, school) = state.database.read(pilot)?;
    let course = Course::read().map_err(Error::fault)?;
    let files = demo_course::keep_files(state, &course)?;
    once(&state.database, "people", |tx| {
        let mut users = Users { hash: &hash, known: BTreeMap::new() };
        for role in Role::ALL {
            let area = match role {
                Role::Municipality => Area::Municipality(municipality),
                Role::School => Area::School(school),
                _ => Area::Region,
            };
            users.of_role(tx, *role, area)?;
        }
        demo_course::write(tx, &mut users, &course, &files)
    })
}

/// The demonstration users, by login.
pub(super) struct Users<'a> {
    hash: &'a str,
    known: BTreeMap<String, Writer>,
}

impl Users<'_> {
    /// The user who shows a role.
    pub(super) fn of_role(&mut self, tx: &mut Tx, role: Role, area: Area) -> Result<Writer> {
        let name = format!("Демонстрационный пользователь: {}", role.ru());
        self.user(tx, role, area, role.as_str().to_owned(), name)
    }

    /// The user of an organisation with this code and this name.
    pub(super) fn of_organisation(
        &mut self,
        tx: &mut Tx,
        role: Role,
        area: Area,
        code: &str,
        name: &str,
    ) -> Result<Writer> {
        let name = format!("Демонстрационный пользователь: {}, {name}", role.ru());
        self.user(tx, role, area, format!("{role}-{code}"), name)
    }

    /// Makes the user when first asked for.
    fn user(
        &mut self,
        tx: &mut Tx,
        role: Role,
        area: Area,
        login: String,
        display_name: String,
    ) -> Result<Writer> {
        if let Some(known) = self.known.get(&login) {
            return Ok(*known);
        }
        let new = NewUser { login: login.clone(), display_name, password: PASSWORD.to_owned(), role, area };
        let writer = Writer { user: users::create(tx, &new, self.hash)?.id.0, area };
        self.known.insert(login, writer);
        Ok(writer)
    }
}

fn pilot(db: &mut Db) -> Result<(MunicipalityId, SchoolId)> {
    let filter = municipalities::Filter { name: Some("Уренский".into()), ..Default::default() };
    let found = municipalities::list(db, Area::Region, &filter, Limit::new(Some(1))?, None)?;
    let municipality = found.items.first().map_or(MunicipalityId(1), |m| m.id);
    let schools =
        schools::list(db, Area::Municipality(municipality), &Default::default(), Limit::new(Some(1))?, None)?;
    Ok((municipality, schools.items.first().map_or(SchoolId(1), |s| s.id)))
}

fn greet(config: &Config) {
    let logins: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let address = &config.listen;
    tell!(
        "\ndocumentation: http://{address}/docs/\n\
         logins:        {} (one for each role)\n\
         password:      {PASSWORD}\n\n\
         try:\n  curl -s http://{address}/api/v1/auth/login -H 'Content-Type: application/json' \\\n    \
         -d '{{\"login\": \"institute\", \"password\": \"{PASSWORD}\"}}'\n",
        logins.join(", ")
    );
}
