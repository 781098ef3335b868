//! Where the keys of an issuer come from: a file, an address, or the address that its metadata names. What comes is bounded in
//! time and size, redirects are not followed.

use super::Expected;
use actix_web::{rt::time::timeout, web};
use opora_identity::issuers::{KeySet, Trust};
use reqwest::{Client, StatusCode, header::ACCEPT, redirect::Policy};
use serde_json::Value;
use std::{fs::File, io::Read, path::PathBuf, time::Duration};
use url::{Host, Url};

/// How long the keys may take to come, in all.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The most bytes of a key set or of metadata.
const MOST: usize = 256 * 1024;

/// Where keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In this file.
    File(PathBuf),
    /// At this address.
    Keys(Url),
    /// Where the metadata at this address says (OpenID Connect Discovery).
    Metadata(Url),
}

/// Whether keys may be fetched from `address`: with TLS, from this machine, or without TLS if `allow_http` says so.
pub fn permitted(address: &Url, allow_http: bool) -> bool {
    let plain = address.username().is_empty() && address.password().is_none() && address.host().is_some();
    let safe = match address.scheme() {
        "https" => true,
        "http" => allow_http || is_loopback(address),
        _ => false,
    };
    plain && safe
}

fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Fetches the keys of one issuer.
pub struct Fetcher {
    source: Source,
    client: Client,
    allow_http: bool,
}

impl Fetcher {
    /// For what is `expected`.
    ///
    /// # Errors
    /// A machine without certificates to verify servers by.
    pub fn new(expected: &Expected) -> Result<Self, String> {
        let mut client = Client::builder().redirect(Policy::none());
        let address = match &expected.source {
            Source::Keys(address) | Source::Metadata(address) => Some(address),
            Source::File(_) => None,
        };
        if address.is_none_or(is_loopback) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| error.to_string())?;
        Ok(Self { source: expected.source.clone(), client, allow_http: expected.allow_http })
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// Why they do not come, in words for the operator, without what came instead.
    pub async fn keys(&self, trust: &Trust) -> Result<KeySet, String> {
        let come = async {
            let bytes = match &self.source {
                Source::File(path) => read(path.clone()).await?,
                Source::Keys(address) => self.get(address).await?,
                Source::Metadata(address) => self.get(&self.found(address, trust).await?).await?,
            };
            KeySet::read(&bytes, &trust.algorithms)
        };
        timeout(PATIENCE, come).await.unwrap_or_else(|_| Err("it takes too long to answer".into()))
    }

    /// Where the metadata at `address` says that the keys are. It must be of the issuer itself (OpenID Connect Discovery, 4.3).
    async fn found(&self, address: &Url, trust: &Trust) -> Result<Url, String> {
        let metadata: Value =
            serde_json::from_slice(&self.get(address).await?).map_err(|_| "its metadata is not JSON")?;
        if metadata["issuer"] != trust.issuer.as_str() {
            return Err("its metadata is of another issuer".into());
        }
        let named = metadata["jwks_uri"].as_str().and_then(|named| Url::parse(named).ok());
        named
            .filter(|named| {
                permitted(named, self.allow_http) && (is_loopback(address) || !is_loopback(named))
            })
            .ok_or_else(|| "its metadata names no address that keys may be fetched from".into())
    }

    async fn get(&self, address: &Url) -> Result<Vec<u8>, String> {
        let told = |error: reqwest::Error| error.without_url().to_string();
        let request = self.client.get(address.clone()).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(told)?;
        if response.status() != StatusCode::OK {
            return Err(format!("it answers {}", response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(told)? {
            if bytes.len() + part.len() > MOST {
                return Err(TOO_LARGE.into());
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

const TOO_LARGE: &str = "its answer is larger than any key set";

async fn read(path: PathBuf) -> Result<Vec<u8>, String> {
    let read = move || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = web::block(read).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    if bytes.len() > MOST { Err(TOO_LARGE.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        let may = |address: &str, allow_http| permitted(&Url::parse(address).unwrap(), allow_http);
        for safe in
            ["https://sso.example/jwks", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/"]
        {
            assert!(may(safe, false), "{safe}");
        }
        for open in [
            "http://sso.example/jwks",
            "http://10.0.0.1/",
            "http://localhost.example/",
            "http://127.0.0.1.example/",
        ] {
            assert!(!may(open, false) && may(open, true), "{open}");
        }
        for never in [
            "https://user:secret@sso.example/",
            "https://user@sso.example/",
            "file:///etc/passwd",
            "ftp://sso.example/",
        ] {
            assert!(!may(never, true), "{never}");
        }
    }
}
