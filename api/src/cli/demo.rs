//! `opora demo`.

use super::{Outcome, demo_passport, import::Load, told};
use crate::{config::Config, startup};
use clap::Args;
use opora_db::{Database, Origin, Result};
use opora_demo::Scale;
use opora_identity::{
    Role, passwords,
    users::{self, NewUser},
};
use opora_primitives::{Area, Limit, MunicipalityId, SchoolId};
use opora_schools::{
    import::ImportMode,
    registry::{municipalities, schools},
};
use std::{path::PathBuf, sync::Arc};

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
        let database = startup::state(Config::clone(&config)).map_err(told)?.database;
        if database.read(|db| users::list(db, None, 1)).map_err(told)?.is_empty() {
            load(&database, &config, &folder)?;
            for (what, count) in demo_passport::load(&database).map_err(told)? {
                println!("{what:15} {count:>7} records");
            }
            database_users(&database).map_err(told)?;
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

/// A user for each role; those of a municipality and of a school work for the first pilot, Урень.
fn database_users(database: &Database) -> Result<()> {
    let hash = passwords::hash(PASSWORD)?;
    let (municipality, school) = database.read(pilot)?;
    database.write(&Origin::system("command line: demo"), |tx| {
        for role in Role::ALL {
            let area = match role {
                Role::Municipality => Area::Municipality(municipality),
                Role::School => Area::School(school),
                _ => Area::Region,
            };
            let new = NewUser {
                login: role.as_str().to_owned(),
                display_name: format!("Демонстрационный пользователь: {}", role.ru()),
                password: PASSWORD.to_owned(),
                role: *role,
                area,
            };
            users::create(tx, &new, &hash)?;
        }
        Ok(())
    })
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
