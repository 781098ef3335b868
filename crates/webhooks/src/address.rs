//! Which addresses messages may be sent to: whoever subscribes must not reach what only this server can.

use opora_primitives::{Reason, text::is_hidden};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The longest address of a webhook, in characters.
pub const LONGEST: usize = 2000;

/// Reads the address of a webhook. Only `https`, unless `private` networks are allowed; no user and no fragment. A name is
/// checked again when it has been resolved.
///
/// # Errors
/// Why it is refused.
pub fn parse(text: &str, private: bool) -> Result<Url, Reason> {
    if text.chars().count() > LONGEST {
        return Err(Reason::WrongLength);
    }
    // The parser leaves out line ends, tabs, and what is hidden at either end; what is kept is what was sent.
    if text.chars().any(is_hidden) {
        return Err(Reason::ForbiddenCharacter);
    }
    let url: Url = text.parse().map_err(|_| Reason::WrongFormat)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let secure = url.scheme() == "https" || (private && url.scheme() == "http");
    if !plain || !secure {
        return Err(Reason::WrongFormat);
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
        None => return Err(Reason::WrongFormat),
    };
    if !private && literal.is_some_and(is_private) { Err(Reason::OutOfRange) } else { Ok(url) }
}

/// Whether an address is not one of the public network: this machine, a private or shared network, a link, a group.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => match embedded(ip) {
            Some(inner) => is_private_v4(inner),
            None => is_private_v6(ip),
        },
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        || first & 0xffc0 == 0xfec0
        || (first == 0x2001 && ip.segments()[1] == 0xdb8)
        || first == 0x0100
}

/// The IPv4 address inside an IPv6 address that stands for one: mapped, compatible, NAT64 or 6to4.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0, high, low] if !ip.is_loopback() && !ip.is_unspecified() => Some(of(high, low)),
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_public_network_is_reached() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "203.0.113.7",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fec0::1",
            "2001:db8::1",
            "100::1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_secure_and_plain() {
        assert!(parse("https://receiver.example/a?b=c", false).is_ok());
        assert!(parse("https://receiver.example:8443/", false).is_ok());
        for refused in [
            "http://receiver.example/",
            "ftp://receiver.example/",
            "https://user@receiver.example/",
            "https://u:p@x.example/",
            "https://receiver.example/#part",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
            "receiver.example",
            "https://",
            "file:///etc/passwd",
            "",
        ] {
            assert!(parse(refused, false).is_err(), "{refused}");
        }
        assert!(parse("http://127.0.0.1:9000/hook", true).is_ok());
        assert!(parse(&format!("https://receiver.example/{}", "a".repeat(LONGEST)), false).is_err());
    }

    proptest! {
        #[test]
        fn every_mapped_address_is_judged_by_what_it_maps(bits in any::<u32>()) {
            let inner = Ipv4Addr::from(bits);
            prop_assert_eq!(is_private(IpAddr::V6(inner.to_ipv6_mapped())), is_private(IpAddr::V4(inner)));
        }
    }
}
