//! Where a request comes from, when something may stand in between, and where one may be sent.

mod base_url;
mod public;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

pub use self::base_url::{BadUrl, check_base_url};
pub use self::public::is_public;

/// An address, or all that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Text that is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as 10.0.0.7, or a network such as 10.0.0.0/8")]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let all = width(address);
        let bits = match bits {
            None => all,
            Some(bits) => bits.parse().map_err(|_| InvalidNetwork)?,
        };
        if bits > all {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let all = width(self.address);
        if width(address) != all {
            return false;
        }
        let differ = number(self.address) ^ number(address);
        differ.checked_shr(u32::from(all - self.bits)).unwrap_or(0) == 0
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Who really asks: `peer`, unless that is a proxy whose word on it counts. Each proxy adds whom it
/// heard from at the end of `forwarded`, so the list is read from there for as long as the one who
/// wrote an element is `trusted`; what stands before that, anybody may have made up.
pub fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut known = peer.to_canonical();
    for element in forwarded.rev() {
        if !trusted(known) {
            break;
        }
        let Some(address) = read(element.trim()) else {
            break;
        };
        known = address.to_canonical();
    }
    known
}

/// An address as proxies write it: some add the port, some put brackets around.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_read_and_contain() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("192.168.1.128/25", "192.168.1.127", false),
        ];
        for (network, address, inside) in cases {
            let read: Network = network.parse().unwrap();
            let address = address.parse().unwrap();
            assert_eq!(read.contains(address), inside, "{network} {address}");
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "host",
            "10.0.0.0/-1",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }

    #[test]
    fn only_the_word_of_trusted_proxies_counts() {
        let cases: [(&str, &[&str], &str); 9] = [
            // Nobody in between.
            ("203.0.113.9", &[], "203.0.113.9"),
            // Made up by a client that speaks to us itself.
            ("203.0.113.9", &["1.2.3.4"], "203.0.113.9"),
            // One proxy, two proxies.
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
            // Made up by a client behind a proxy: the proxy added the truth after it.
            ("10.0.0.1", &["10.9.9.9", "203.0.113.9"], "203.0.113.9"),
            // A trusted proxy that says nothing, or nothing that reads.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9", "unknown"], "10.0.0.1"),
            // Ports and brackets.
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &[" [2001:db8::1]:80 "], "2001:db8::1"),
        ];
        let inside: Network = "10.0.0.0/8".parse().unwrap();
        for (peer, forwarded, expected) in cases {
            let trusted = |address| inside.contains(address);
            let found = client(peer.parse().unwrap(), forwarded.iter().copied(), trusted);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
