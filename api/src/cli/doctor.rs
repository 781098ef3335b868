//! `opora doctor`.

use super::failure::{Failure, Outcome};
use crate::{
    config::Config,
    issuers::{Issuer, Issuers},
};
use opora_db::{
    BackEnd, Database, Settings,
    migrations::{self, Standing},
};
use opora_identity::{keys, users};
use opora_primitives::Moment;
use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

/// Looks at everything that can keep an installation from serving; each finding on a line of its own.
pub(super) fn examine(config: Config) -> Outcome {
    let mut ill = 0;
    let mut tell = |what: &str, outcome: Outcome<String>| {
        let (mark, words) = match outcome {
            Ok(words) => ("ok", words),
            Err(failure) => {
                ill += 1;
                ("ILL", failure.to_string())
            }
        };
        tell!("{mark:4} {what:14} {words}");
    };
    tell("configuration", Ok("read and checked".into()));
    tell("port", port(&config.listen));
    tell("data directory", writable(&config));
    let database = config.database().map_err(Failure::from).and_then(|settings| {
        present(&settings)?;
        Ok(Database::open(settings))
    });
    match database {
        Ok(database) => {
            tell("database", database.read(migrations::standing).map_err(Failure::from).and_then(schema));
            tell("kind", Ok(kind(database.back_end()).into()));
            tell(
                "users",
                database.read(|db| users::list(db, None, 1)).map_err(Failure::from).and_then(|found| {
                    if found.is_empty() {
                        Err("none yet: opora user create".into())
                    } else {
                        Ok("there are some".into())
                    }
                }),
            );
            let keys = config
                .master_key()
                .and_then(|master| database.read(|db| keys::load(db, &master, Moment::now())));
            tell(
                "signing keys",
                keys.map(|found| format!("{} can be opened", found.len())).map_err(Failure::from),
            );
        }
        Err(failure) => tell("database", Err(failure)),
    }
    match Issuers::open(&config) {
        Ok(issuers) => issuers.iter().for_each(|issuer| tell(issuer.name(), keys_of(issuer))),
        Err(error) => tell("issuers", Err(error.into())),
    }
    if ill == 0 { Ok(()) } else { Err(format!("{ill} finding(s) above need care").into()) }
}

/// Whether the port is free, or a server of Opora has it already.
fn port(listen: &str) -> Outcome<String> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && serves(listen).unwrap_or_default() => {
            Ok(format!("{listen} is where a server of Opora answers"))
        }
        Err(error) => Err(format!("{listen}: {error}").into()),
    }
}

fn serves(listen: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(listen)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: opora\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"status\":\"ok\"}"))
}

/// Looks without making anything: a slip in the address is no new database.
fn present(settings: &Settings) -> Outcome {
    match &settings.back_end {
        BackEnd::Sqlite(path) if !path.exists() => {
            Err(format!("there is none at {}: opora migrate makes one", path.display()).into())
        }
        _ => Ok(()),
    }
}

fn writable(config: &Config) -> Outcome<String> {
    std::fs::create_dir_all(&config.data_dir)?;
    tempfile::tempfile_in(&config.data_dir)?;
    Ok(format!("{} can be written", config.data_dir.display()))
}

/// Whether the keys of a foreign issuer can be had.
fn keys_of(issuer: &Issuer) -> Outcome<String> {
    let keys = actix_web::rt::System::new().block_on(issuer.fetch())?;
    Ok(format!("{} key(s) may verify its tokens, {} passed over", keys.usable(), keys.passed_over))
}

fn schema(standing: Standing) -> Outcome<String> {
    match standing {
        Standing::Current => Ok("answers, schema up to date".into()),
        Standing::Ahead => Ok("answers; a newer version has added to the schema".into()),
        Standing::Behind => Err("the schema is behind this binary: opora migrate".into()),
        Standing::TooNew => Err("the schema is that of a newer version, which this one cannot serve".into()),
    }
}

fn kind(back_end: &BackEnd) -> &'static str {
    match back_end {
        BackEnd::Sqlite(_) => "SQLite, embedded",
        BackEnd::Postgres(_) => "PostgreSQL",
    }
}
