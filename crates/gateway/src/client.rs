//! The address a request comes from.

use std::net::IpAddr;

use http::HeaderMap;
use tollhouse_domain::address::{self, Network};

use crate::names;

/// Where a request of the control plane comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) IpAddr);

/// Who may stand between clients and the gateway, and say for whom they ask.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    behind: bool,
    trusted: Vec<Network>,
}

impl Proxies {
    /// Proxies on this machine and those named, where the gateway stands `behind` any at all.
    pub(crate) const fn new(behind: bool, trusted: Vec<Network>) -> Self {
        Self { behind, trusted }
    }

    /// Who asks.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.behind {
            return peer.to_canonical();
        }
        let values = headers.get_all(names::X_FORWARDED_FOR).iter();
        let elements: Vec<&str> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let trusted = |address: IpAddr| {
            let listed = |network: &Network| network.contains(address);
            address.is_loopback() || self.trusted.iter().any(listed)
        };
        address::client(peer, elements.into_iter(), trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_behind_a_proxy() {
        let mut headers = HeaderMap::new();
        for value in ["198.51.100.1, 203.0.113.9", "10.0.0.7"] {
            headers.append(names::X_FORWARDED_FOR, value.parse().unwrap());
        }
        let network = || vec!["10.0.0.0/8".parse().unwrap()];
        let cases = [
            (Proxies::default(), "127.0.0.1", "127.0.0.1"),
            (Proxies::new(false, network()), "10.0.0.1", "10.0.0.1"),
            (Proxies::new(true, Vec::new()), "127.0.0.1", "10.0.0.7"),
            (Proxies::new(true, Vec::new()), "10.0.0.1", "10.0.0.1"),
            (Proxies::new(true, network()), "10.0.0.1", "203.0.113.9"),
            (Proxies::new(true, network()), "127.0.0.1", "203.0.113.9"),
        ];
        for (proxies, peer, expected) in cases {
            let found = proxies.client(peer.parse().unwrap(), &headers);
            assert_eq!(found.to_string(), expected, "{proxies:?} {peer}");
        }
    }
}
