//! `opora user`.

use super::{
    Outcome, area,
    failure::{Failure, refuse},
    refused, say,
};
use crate::{config::Config, startup};
use clap::{Args, Subcommand};
use opora_db::{Error, Origin, Tx};
use opora_identity::{
    Role,
    passwords::{self, NewPassword},
    users::{self, NewUser, UserChange},
};
use opora_primitives::{Problem, ProblemCode};
use std::io::Read;

/// Options of `opora user`.
#[derive(Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with users.
#[derive(Subcommand)]
enum Action {
    /// Make a user. The password is read from standard input, so that it stands in no history and no process list.
    Create {
        /// What is typed to log in.
        login: String,
        /// admin, ministry, supervision, institute, municipality, school, expert or reader.
        #[arg(long)]
        role: String,
        /// The name people read; the login unless said.
        #[arg(long)]
        name: Option<String>,
        /// The ОКТМО code of the municipality the user works for.
        #[arg(long, conflicts_with = "school")]
        municipality: Option<String>,
        /// The exam-system code of the school the user works for.
        #[arg(long)]
        school: Option<String>,
    },
    /// Give a user another password, read from standard input; its sessions end. For a password that was forgotten.
    Password {
        /// What the user types to log in.
        login: String,
    },
    /// List users; recorded in the audit log, since it names people.
    List,
}

impl User {
    pub(super) fn run(self, config: Config) -> Outcome {
        let database = startup::open(&config)?;
        match self.action {
            Action::List => {
                let found = database.read(|db| users::list(db, None, 10_000))?;
                let shown: Vec<_> = found.iter().map(|user| user.id).collect();
                let note = |tx: &mut Tx| {
                    users::note_reading(tx, &shown);
                    Ok(())
                };
                database.write(&Origin::system("command line: user list"), note)?;
                for user in found {
                    let state = if user.active { "" } else { " (may not log in)" };
                    tell!("{:6} {:20} {:12} {}{state}", user.id, user.login, user.role, user.display_name);
                }
                Ok(())
            }
            Action::Create { login, role, name, municipality, school } => {
                let role: Role = role.parse().map_err(|_| format!("there is no role {role}"))?;
                let area = database.read(|db| area(db, municipality.as_deref(), school.as_deref()))?;
                let password = typed()?;
                let new = NewUser {
                    display_name: name.unwrap_or_else(|| login.clone()),
                    login,
                    password,
                    role,
                    area,
                };
                users::check(&new).map_err(|problem| refused_password(&problem))?;
                let hash = passwords::hash(&new.password)?;
                let origin = Origin::system("command line: user create");
                let user = database.write(&origin, |tx| users::create(tx, &new, &hash))?;
                tell!("user {} {}", user.id, user.login);
                Ok(())
            }
            Action::Password { login } => {
                let password = Some(NewPassword::of(typed()?)?);
                let change = UserChange { password, ..UserChange::default() };
                let replace = |tx: &mut Tx| {
                    let user = users::by_login(tx, &login)?;
                    users::update(tx, user.id, &change, user.version, None)
                };
                let changed = database.write(&Origin::system("command line: user password"), replace);
                let user = changed.map_err(|error| match error {
                    Error::Problem(problem) if problem.code == ProblemCode::NotFound => {
                        refuse(format!("there is no user {login}"), format!("нет пользователя {login}"))
                    }
                    Error::Problem(problem) => refused_password(&problem),
                    other => other.into(),
                })?;
                tell!("user {} {}: the password is changed", user.id, user.login);
                Ok(())
            }
        }
    }
}

/// A password from standard input.
fn typed() -> Outcome<String> {
    let mut password = String::new();
    eprintln!("password (from standard input, end with Ctrl-D):");
    std::io::stdin().read_to_string(&mut password)?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

/// What is refused, with the rule for passwords where one is.
fn refused_password(problem: &Problem) -> Failure {
    let (least, most) = (passwords::LENGTH.start(), passwords::LENGTH.end());
    let rule = match problem.flaws.iter().any(|flaw| flaw.pointer == "/password") {
        true => say(
            format!(" (a password has {least} to {most} characters)"),
            format!(" (в пароле от {least} до {most} знаков)"),
        ),
        false => String::new(),
    };
    Failure::from(refused(problem) + &rule)
}
