//! One configuration: defaults, then a file (`opora.toml` or `--config`), then `OPORA_*` variables. Everything is
//! checked at start and all mistakes are told at once. Secrets are never printed.

mod issuers;
mod read;

pub use issuers::Issuer;

use crate::{http::cors::Origins, limits::Networks};
use opora_db::BackEnd;
use opora_identity::{seal::MasterKey, tokens::LONGEST_LIFE};
use opora_reporting::facts::blobs::{Place, S3};
use opora_webhooks::rules::RETRIES;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing_subscriber::EnvFilter;
use url::Url;

/// The settings as they are written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://...`. `DATABASE_URL` is read too.
    pub database_url: String,
    /// `postgres://...` of a streaming replica for reads; empty: none.
    pub database_replica_url: String,
    /// How long a read waits for the replica to come as far as the primary, in milliseconds.
    pub database_replica_wait_ms: u64,
    /// Address and port to serve on; port 0 takes a free one.
    pub listen: String,
    /// Where the master key and temporary files are kept.
    pub data_dir: PathBuf,
    /// The address clients know this installation by: the issuer of its tokens.
    pub issuer: String,
    /// The audience of its tokens.
    pub audience: String,
    /// 32 bytes in Base64; when empty, a key file is made in the data directory.
    pub master_key: String,
    /// Life of an access token, in seconds.
    pub token_seconds: i64,
    /// Foreign issuers whose access tokens are trusted.
    pub issuers: Vec<Issuer>,
    /// Database connections held at most.
    pub connections: u32,
    /// How long a request waits for a connection, in seconds.
    pub connection_wait_seconds: u64,
    /// The most an SQLite file may grow to, in MiB; 0 means no bound.
    pub sqlite_quota_mib: u32,
    /// HTTP worker threads; 0 means one for each core.
    pub workers: usize,
    /// The largest import file, in MiB.
    pub import_limit_mib: u64,
    /// How long a worker may be silent before another takes its job, in seconds.
    pub lease_seconds: i64,
    /// The largest file of evidence, in MiB.
    pub evidence_limit_mib: u64,
    /// Where files of evidence lie: `folder` (`evidence` in the data directory) or `s3`.
    pub evidence_store: String,
    /// Address of the S3-compatible store; empty: Amazon's, by the region.
    pub evidence_s3_endpoint: String,
    /// Its region.
    pub evidence_s3_region: String,
    /// Its bucket.
    pub evidence_s3_bucket: String,
    /// What the names in the bucket begin with: of this installation alone.
    pub evidence_s3_prefix: String,
    /// Its access key.
    pub evidence_s3_access_key: String,
    /// The secret of that key.
    pub evidence_s3_secret_key: String,
    /// School codes other than six digits are taken.
    pub any_school_code: bool,
    /// Who may read `/metrics`: `loopback`, `open` or `off`.
    pub metrics: String,
    /// The public summary is shown to everybody, without a login.
    pub public_summary: bool,
    /// Webhooks may be sent over `http` and into private networks.
    pub webhook_private_networks: bool,
    /// Seconds before each further attempt to send a webhook, with commas between.
    pub webhook_retries: String,
    /// Address of a collector of traces (OTLP over HTTP); empty: none.
    pub otlp_endpoint: String,
    /// Requests that a user or a client may send in a minute; 0: no bound.
    pub rate_limit: u32,
    /// Requests without a token that an address may send in a minute; 0: no bound.
    pub rate_limit_anonymous: u32,
    /// Networks of proxies whose `X-Forwarded-For` is believed, with commas between.
    pub trusted_proxies: String,
    /// Origins whose pages may call the API from a browser, with commas between; `*`: any.
    pub cors_origins: String,
    /// `max-age` of Strict-Transport-Security, in seconds; 0: it is not sent.
    pub hsts_seconds: u32,
    /// How long the head of a request may take to come, in seconds.
    pub header_timeout_seconds: u64,
    /// How long nothing of a body may come, in seconds.
    pub body_timeout_seconds: u64,
    /// How long a client may take nothing of an answer, in seconds.
    pub reader_timeout_seconds: u64,
    /// How long a statement of a request may take on PostgreSQL, in seconds; 0: no bound.
    pub statement_timeout_seconds: u64,
    /// Log filter, as `RUST_LOG` writes it.
    pub log: String,
    /// `text` or `json`.
    pub log_format: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: "sqlite:data/opora.db".into(),
            database_replica_url: String::new(),
            database_replica_wait_ms: 100,
            listen: "127.0.0.1:8080".into(),
            data_dir: "data".into(),
            issuer: "http://127.0.0.1:8080".into(),
            audience: "opora".into(),
            master_key: String::new(),
            token_seconds: 600,
            issuers: Vec::new(),
            connections: 16,
            connection_wait_seconds: 5,
            sqlite_quota_mib: 0,
            workers: 0,
            import_limit_mib: 512,
            evidence_limit_mib: 20,
            evidence_store: "folder".into(),
            evidence_s3_endpoint: String::new(),
            evidence_s3_region: "us-east-1".into(),
            evidence_s3_bucket: String::new(),
            evidence_s3_prefix: String::new(),
            evidence_s3_access_key: String::new(),
            evidence_s3_secret_key: String::new(),
            lease_seconds: 30,
            any_school_code: false,
            metrics: "loopback".into(),
            public_summary: false,
            webhook_private_networks: false,
            webhook_retries: RETRIES.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
            otlp_endpoint: String::new(),
            rate_limit: 1200,
            rate_limit_anonymous: 300,
            trusted_proxies: String::new(),
            cors_origins: String::new(),
            hsts_seconds: 0,
            header_timeout_seconds: 15,
            body_timeout_seconds: 30,
            reader_timeout_seconds: 60,
            statement_timeout_seconds: 30,
            log: "info".into(),
            log_format: "text".into(),
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads file and environment.
    ///
    /// # Errors
    /// Every mistake: unknown keys, wrong types, values that do not go together; in words for the operator, without values.
    pub fn load(file: Option<&Path>) -> Result<Self, String> {
        let environment = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.to_string_lossy().into_owned())));
        let (config, mut mistakes) = read::read(file, environment);
        mistakes.extend(config.mistakes());
        if mistakes.is_empty() {
            return Ok(config);
        }
        Err(mistakes.iter().map(|words| format!("- {words}")).collect::<Vec<_>>().join("\n"))
    }

    /// What is wrong with settings that could be read.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut check = |holds: bool, words: &str| {
            if !holds {
                mistakes.push(words.to_owned());
            }
        };
        if let Err(words) = self.database_url.parse::<BackEnd>() {
            check(false, &format!("database_url: {words}"));
        }
        if !self.database_replica_url.is_empty() {
            let both = [&self.database_url, &self.database_replica_url].map(|url| url.parse::<BackEnd>());
            let postgres = both.iter().all(|back_end| matches!(back_end, Ok(BackEnd::Postgres(_))));
            check(postgres, "database_replica_url: a replica of PostgreSQL, postgres://...");
        }
        check(
            (1..=10_000).contains(&self.database_replica_wait_ms),
            "database_replica_wait_ms: must lie in 1..10000",
        );
        check(self.listen.parse::<SocketAddr>().is_ok(), "listen: must be ADDRESS:PORT");
        check((60..=LONGEST_LIFE).contains(&self.token_seconds), "token_seconds: must lie in 60..86400");
        check((1..=500).contains(&self.connections), "connections: must lie in 1..500");
        check(
            (1..=120).contains(&self.connection_wait_seconds),
            "connection_wait_seconds: must lie in 1..120",
        );
        check((1..=16_384).contains(&self.import_limit_mib), "import_limit_mib: must lie in 1..16384");
        check((2..=3600).contains(&self.lease_seconds), "lease_seconds: must lie in 2..3600");
        check((1..=1024).contains(&self.evidence_limit_mib), "evidence_limit_mib: must lie in 1..1024");
        let in_s3 = self.evidence_store == "s3";
        check(in_s3 || self.evidence_store == "folder", "evidence_store: folder or s3");
        for (key, value) in [
            ("evidence_s3_region", &self.evidence_s3_region),
            ("evidence_s3_bucket", &self.evidence_s3_bucket),
            ("evidence_s3_access_key", &self.evidence_s3_access_key),
            ("evidence_s3_secret_key", &self.evidence_s3_secret_key),
        ] {
            check(!in_s3 || !value.is_empty(), &format!("{key}: needed by evidence_store s3"));
        }
        let endpoint = &self.evidence_s3_endpoint;
        check(
            endpoint.is_empty() || endpoint.starts_with("https://") || endpoint.starts_with("http://"),
            "evidence_s3_endpoint: must begin with https:// or http://",
        );
        check(
            self.webhook_pauses().is_some(),
            "webhook_retries: 1 to 20 numbers of seconds, each in 1..604800",
        );
        let collector = &self.otlp_endpoint;
        let is_address = |text: &str| {
            Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
        };
        check(
            collector.is_empty() || is_address(collector),
            "otlp_endpoint: must begin with https:// or http://",
        );
        for (key, value) in [
            ("header_timeout_seconds", self.header_timeout_seconds),
            ("body_timeout_seconds", self.body_timeout_seconds),
            ("reader_timeout_seconds", self.reader_timeout_seconds),
        ] {
            check((1..=600).contains(&value), &format!("{key}: must lie in 1..600"));
        }
        check(self.statement_timeout_seconds <= 3600, "statement_timeout_seconds: must lie in 0..3600");
        check(
            Networks::parse(&self.trusted_proxies).is_some(),
            "trusted_proxies: addresses or networks (10.0.0.0/8), with commas between",
        );
        check(
            Origins::parse(&self.cors_origins).is_some(),
            "cors_origins: origins (https://example.org) with commas between, or *",
        );
        check(["loopback", "open", "off"].contains(&self.metrics.as_str()), "metrics: loopback, open or off");
        check(EnvFilter::try_new(&self.log).is_ok(), "log: must be a filter as RUST_LOG writes it");
        check(["text", "json"].contains(&self.log_format.as_str()), "log_format: text or json");
        check(
            self.master_key.is_empty() || MasterKey::parse(&self.master_key).is_ok(),
            "master_key: 32 bytes in Base64",
        );
        mistakes.extend(issuers::mistakes(&self.issuers, &self.issuer));
        mistakes
    }

    /// How the database is opened.
    ///
    /// # Errors
    /// An address that [`Config::load`] would have refused.
    pub fn database(&self) -> Result<opora_db::Settings, String> {
        Ok(opora_db::Settings {
            back_end: self.database_url.parse()?,
            connections: self.connections,
            wait: Duration::from_secs(self.connection_wait_seconds),
            quota_mib: (self.sqlite_quota_mib > 0).then_some(self.sqlite_quota_mib),
        })
    }

    /// How the replica is opened, if there is one, and how long a read waits for it.
    ///
    /// # Errors
    /// An address that [`Config::load`] would have refused.
    pub fn replica(&self) -> Result<Option<(opora_db::Settings, Duration)>, String> {
        if self.database_replica_url.is_empty() {
            return Ok(None);
        }
        // One that does not answer is not waited for: there is the primary.
        let (back_end, wait) = (self.database_replica_url.parse()?, Duration::from_secs(1));
        let settings = opora_db::Settings { back_end, connections: self.connections, wait, quota_mib: None };
        Ok(Some((settings, Duration::from_millis(self.database_replica_wait_ms))))
    }

    /// Seconds before each further attempt to send a webhook.
    pub fn webhook_pauses(&self) -> Option<Vec<i64>> {
        let read = |text: &str| text.trim().parse().ok().filter(|pause| (1..=604_800).contains(pause));
        let pauses: Option<Vec<i64>> = self.webhook_retries.split(',').map(read).collect();
        pauses.filter(|pauses| pauses.len() <= 20)
    }

    /// How long a statement of a request may take.
    pub fn statement_bound(&self) -> Option<Duration> {
        (self.statement_timeout_seconds > 0).then(|| Duration::from_secs(self.statement_timeout_seconds))
    }

    /// What the addresses of this installation begin with.
    pub fn base(&self) -> String {
        self.issuer.trim_end_matches('/').to_owned()
    }

    /// Where the files of evidence lie.
    pub fn evidence(&self) -> Place {
        if self.evidence_store == "folder" {
            return Place::Folder(self.data_dir.join("evidence"));
        }
        Place::S3(S3 {
            endpoint: Some(self.evidence_s3_endpoint.clone()).filter(|address| !address.is_empty()),
            region: self.evidence_s3_region.clone(),
            bucket: self.evidence_s3_bucket.clone(),
            prefix: self.evidence_s3_prefix.clone(),
            access_key: self.evidence_s3_access_key.clone(),
            secret_key: self.evidence_s3_secret_key.clone(),
        })
    }

    /// The master key: the configured one, or that of the key file in the data directory.
    ///
    /// # Errors
    /// A key file that cannot be read, made, or is open to others.
    pub fn master_key(&self) -> opora_db::Result<MasterKey> {
        if self.master_key.is_empty() {
            MasterKey::load_or_create(&self.data_dir.join("master.key"))
        } else {
            MasterKey::parse(&self.master_key)
        }
    }
}
