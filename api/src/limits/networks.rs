//! Networks, and the address that a request comes from.

use actix_web::HttpRequest;
use std::net::IpAddr;

/// Networks as a configuration names them: `10.0.0.0/8, ::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u32)>);

impl Networks {
    /// Reads addresses and networks with commas between; nothing if one of them is none.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(network).collect::<Option<_>>().map(Self)
    }

    /// Whether `address` lies in one of them.
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| prefix(address, *bits) == prefix(*network, *bits))
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((address, bits))
}

/// The first `bits` of an address, and its family.
fn prefix(address: IpAddr, bits: u32) -> (bool, u128) {
    let (family, value, most) = match address {
        IpAddr::V4(address) => (true, u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (false, u128::from(address), 128),
    };
    (family, value.checked_shr(most - bits.min(most)).unwrap_or(0))
}

/// The address that `request` comes from: the peer's, or where that is a proxy we trust, the last one in
/// `X-Forwarded-For` that is no such proxy. What stands further to the left anybody may have written.
pub fn origin(request: &HttpRequest, trusted: &Networks) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    Some(beyond(peer, forwarded.collect::<Vec<_>>().join(",").as_str(), trusted))
}

fn beyond(peer: IpAddr, forwarded: &str, trusted: &Networks) -> IpAddr {
    let mut address = peer;
    for hop in forwarded.rsplit(',') {
        if !trusted.hold(address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => address = hop.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_their_addresses() {
        let networks = Networks::parse("10.0.0.0/8, 192.0.2.7,2001:db8::/32").unwrap();
        for inside in ["10.1.2.3", "192.0.2.7", "2001:db8:1::1", "::ffff:10.1.2.3"] {
            assert!(networks.hold(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::1"] {
            assert!(!networks.hold(ip(outside)), "{outside}");
        }
        assert!(Networks::parse("0.0.0.0/0").unwrap().hold(ip("203.0.113.1")));
        assert!(!Networks::parse("").unwrap().hold(ip("127.0.0.1")));
        for wrong in ["10.0.0.0/33", "example.org", "10.0.0.0/x", "10.0.0/8"] {
            assert_eq!(Networks::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = Networks::parse("127.0.0.1,10.0.0.0/8").unwrap();
        let from = |peer: &str, forwarded: &str| beyond(ip(peer), forwarded, &trusted).to_string();
        assert_eq!(from("203.0.113.1", "198.51.100.1"), "203.0.113.1");
        assert_eq!(from("127.0.0.1", "198.51.100.1"), "198.51.100.1");
        // The client wrote the first one itself.
        assert_eq!(from("127.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.5"), "198.51.100.1");
        assert_eq!(from("127.0.0.1", "not an address"), "127.0.0.1");
        assert_eq!(from("127.0.0.1", ""), "127.0.0.1");
        assert_eq!(from("127.0.0.1", "10.0.0.7"), "10.0.0.7");
    }
}
