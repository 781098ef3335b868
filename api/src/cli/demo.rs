//! `opora demo`.

use super::{Outcome, demo_course, demo_passport, import::Load, told};
use crate::{config::Config, startup, state::State};
use clap::Args;
use opora_db::{Database, Error, Origin, Result, Tx};
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
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// The password of every demonstration user. It exists in demonstration databases only: the command refuses a database
/// that has users already.
pub(super) const PASSWORD: &str = "opora-demonstration";

/// Options of `opora demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// Do nothing if the database has data already.
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
        let temporary = tempfile::tempdir().map_err(told)?;
        let folder = self.files.clone().unwrap_or_else(|| temporary.path().to_owned());
        if self.files_only {
            return write_files(&folder).map(drop);
        }
        let config = Arc::new(config);
        let state = startup::state(Config::clone(&config)).map_err(told)?;
        let database = &state.database;
        if database.read(|db| users::list(db, None, 1)).map_err(told)?.is_empty() {
            load(database, &config, &folder)?;
            for (what, count) in demo_passport::load(database).map_err(told)? {
                println!("{what:15} {count:>7} records");
            }
            let facts = people(&state).map_err(told)?;
            println!("{:15} {facts:>7} records", "facts");
        } else if !self.if_empty {
            return Err(
                "this database has users already; the demonstration region goes into an empty one".into()
            );
        }
        greet(&config);
        Ok(())
    }
}

fn write_files(folder: &std::path::Path) -> std::result::Result<Vec<opora_demo::DemoFile>, String> {
    std::fs::create_dir_all(folder).map_err(told)?;
    opora_demo::write(folder, &Scale::region()).map_err(told)
}

/// Writes the files an operator would send, and loads them as an operator would.
fn load(database: &Database, config: &Arc<Config>, folder: &std::path::Path) -> Outcome {
    for file in write_files(folder)? {
        let kind =
            file.kind.parse().map_err(|_| format!("the generator wrote an unknown kind: {}", file.kind))?;
        let load = Load { kind, mode: ImportMode::Atomic, dry_run: false, sheet: None };
        let report = load.run(database, config, &file.path, 0).map_err(told)?;
        if !report.applied {
            return Err(format!("the demonstration file {} was refused", file.path.display()));
        }
        println!("{:15} {:>7} records", file.kind, report.created);
    }
    Ok(())
}

/// Makes the users and what they have reported, all or nothing; answers how many facts. There is a user for each role,
/// those of a municipality and of a school working for the first pilot, Урень, and one for each organisation that reports.
fn people(state: &State) -> Result<usize> {
    let hash = passwords::hash(PASSWORD)?;
    let (municipality, school) = state.database.read(pilot)?;
    let course = Course::read().map_err(Error::fault)?;
    let files = demo_course::keep_files(state, &course)?;
    state.database.write(&Origin::system("command line: demo"), |tx| {
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

fn pilot(db: &mut opora_db::Db) -> Result<(MunicipalityId, SchoolId)> {
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
    println!(
        "\ndocumentation: http://{address}/docs/\n\
         logins:        {} (one for each role)\n\
         password:      {PASSWORD}\n\n\
         try:\n  curl -s http://{address}/api/v1/auth/login -H 'Content-Type: application/json' \\\n    \
         -d '{{\"login\": \"institute\", \"password\": \"{PASSWORD}\"}}'\n",
        logins.join(", ")
    );
}
