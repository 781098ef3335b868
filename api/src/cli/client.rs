//! `opora client`.

use super::{Outcome, area, failure::Failure, refused};
use crate::{config::Config, startup};
use clap::{Args, Subcommand};
use opora_db::{Database, Db, Error, Origin};
use opora_identity::{
    Permission,
    clients::{
        self, ServiceClient,
        edit::{self, ClientDraft},
        secrets,
    },
};
use opora_primitives::{Limit, Moment};
use std::path::PathBuf;

/// Options of `opora client`.
#[derive(Args)]
pub(super) struct Client {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with service clients. A running server learns of it within five seconds.
#[derive(Subcommand)]
enum Action {
    /// Make a client. Its id and its secret are printed, the secret this once.
    Create {
        /// Which system it is.
        name: String,
        /// What it may do, parted by commas: registry:read,indicators:read
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// The ОКТМО code of the municipality it works for.
        #[arg(long, conflicts_with = "school")]
        municipality: Option<String>,
        /// The exam-system code of the school it works for.
        #[arg(long)]
        school: Option<String>,
        /// In how many days it ends by itself.
        #[arg(long)]
        days: Option<u32>,
        /// How many requests it may send in a minute, if not as many as any client.
        #[arg(long)]
        rate_limit: Option<i32>,
        /// A file with its public keys (a JSON Web Key Set); it then gets no secret.
        #[arg(long)]
        jwks: Option<PathBuf>,
    },
    /// List clients.
    List,
    /// End a client for good: its tokens are refused.
    Revoke {
        /// The id it calls itself by: opc_...
        client_id: String,
    },
    /// Give a client one more secret, printed this once; two live at a time. The oldest goes when --drop-oldest is said.
    Rotate {
        /// The id it calls itself by: opc_...
        client_id: String,
        /// Remove the oldest secret first; all tokens got so far are refused.
        #[arg(long)]
        drop_oldest: bool,
        /// In how many days the new secret ends by itself.
        #[arg(long)]
        days: Option<u32>,
    },
}

impl Client {
    pub(super) fn run(self, config: Config) -> Outcome {
        let database = startup::open(&config)?;
        match self.action {
            Action::Create { name, scopes, municipality, school, days, rate_limit, jwks } => {
                let named = |db: &mut Db| area(db, municipality.as_deref(), school.as_deref());
                let (municipality_id, school_id) = database.read(named)?.ids();
                let jwks = jwks.map(read_keys).transpose()?;
                let expires_at = in_days(days);
                let draft =
                    ClientDraft { name, scopes, municipality_id, school_id, rate_limit, expires_at, jwks };
                create(&database, &draft)
            }
            Action::List => list(&database),
            Action::Revoke { client_id } => {
                let end = |tx: &mut opora_db::Tx| {
                    let client = clients::named(tx, &client_id)?;
                    edit::revoke(tx, client.id, client.version)
                };
                Ok(database.write(&Origin::system("command line: client revoke"), end)?)
            }
            Action::Rotate { client_id, drop_oldest, days } => {
                rotate(&database, &client_id, drop_oldest, in_days(days))
            }
        }
    }
}

fn create(database: &Database, draft: &ClientDraft) -> Outcome {
    let make = |tx: &mut opora_db::Tx| {
        let client = edit::create(tx, draft)?;
        let secret = match draft.jwks {
            Some(_) => None,
            None => Some(secrets::add(tx, client.id, None)?.1),
        };
        Ok((client, secret))
    };
    let made = database.write(&Origin::system("command line: client create"), make);
    let (client, secret) = made.map_err(|error| match error {
        Error::Problem(problem) if !problem.flaws.is_empty() => Failure::from(refused(&problem)),
        other => other.into(),
    })?;
    tell!("client_id {}", client.client_id);
    if let Some(secret) = secret {
        tell!("client_secret {secret}");
    }
    if client.scopes.iter().any(Permission::names_people) {
        eprintln!("some of its scopes name people: a token has them only if it asks for them by name");
    }
    Ok(())
}

fn list(database: &Database) -> Outcome {
    let (limit, mut cursor) = (Limit::new(Some(Limit::MOST))?, None);
    let now = Moment::now();
    loop {
        let page = database.read(|db| clients::list(db, limit, cursor.as_deref()))?;
        for client in &page.items {
            tell!("{} {:9} {} [{}]", client.client_id, state(client, now), client.name, client.scopes);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

fn state(client: &ServiceClient, now: Moment) -> &'static str {
    match () {
        () if client.revoked_at.is_some() => "revoked",
        () if client.disabled => "disabled",
        () if !client.is_live(now) => "expired",
        () => "live",
    }
}

fn rotate(database: &Database, client_id: &str, drop_oldest: bool, end: Option<Moment>) -> Outcome {
    let renew = |tx: &mut opora_db::Tx| {
        let client = clients::named(tx, client_id)?;
        if let Some(oldest) = client.secrets.first().filter(|_| drop_oldest) {
            secrets::remove(tx, client.id, oldest.id)?;
        }
        secrets::add(tx, client.id, end)
    };
    let made = database.write(&Origin::system("command line: client rotate"), renew);
    let (_, secret) = made?;
    tell!("client_secret {secret}");
    Ok(())
}

fn read_keys(path: PathBuf) -> Outcome<serde_json::Value> {
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?)
}

fn in_days(days: Option<u32>) -> Option<Moment> {
    days.map(|days| Moment::now().plus_seconds(i64::from(days) * 24 * 3600))
}
