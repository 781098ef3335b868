//! Names of receivers, resolved: addresses inside private networks are left out, whatever the name says.

use opora_webhooks::address::is_private;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::ToSocketAddrs;

/// A name that leads inside.
#[derive(Debug)]
pub struct Inside;

impl std::fmt::Display for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads to no address of the public network")
    }
}

impl std::error::Error for Inside {}

/// Resolves names to addresses of the public network, or to any if private networks are allowed. The connection is made to
/// these very addresses, so a name cannot mean another one by then.
pub struct Public {
    /// Whether private networks are allowed.
    pub private: bool,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = actix_web::rt::task::spawn_blocking(move || {
                (host.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>)
            });
            let mut addresses = found.await??;
            addresses.retain(|address| private || !is_private(address.ip()));
            if addresses.is_empty() {
                return Err(Inside.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(private: bool, name: &str) -> Option<usize> {
        let resolving = Public { private }.resolve(name.parse().unwrap());
        actix_web::rt::System::new().block_on(resolving).ok().map(Iterator::count)
    }

    #[test]
    fn a_name_that_leads_inside_leads_nowhere() {
        assert_eq!(found(false, "localhost"), None);
        assert!(found(true, "localhost").is_some_and(|count| count > 0));
    }
}
