//! Which addresses are out on the internet, for everybody the same machine.
//!
//! What is not certainly public is not: whoever names an address here may be looking for a way inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Network;

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Network {
    Network {
        address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        bits,
    }
}

const fn v6(start: [u16; 4], bits: u8) -> Network {
    let [a, b, c, d] = start;
    Network {
        address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        bits,
    }
}

/// IPv4 that is somebody's own, or nobody's.
const INSIDE_V4: [Network; 17] = [
    // This network, and unspecified.
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    // Shared by a carrier's customers; some clouds keep their metadata in it.
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Link-local: the metadata service of most clouds.
    v4(169, 254, 0, 0, 16),
    // Azure's own service for its machines, in the middle of public space.
    v4(168, 63, 129, 16, 32),
    v4(172, 16, 0, 0, 12),
    // Protocol assignments, then documentation.
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    // Relays from 6to4, given up.
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    // Benchmarks.
    v4(198, 18, 0, 0, 15),
    // Documentation.
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast, with its documentation block, then reserved and broadcast.
    v4(224, 0, 0, 0, 4),
    v4(233, 252, 0, 0, 24),
    v4(240, 0, 0, 0, 4),
];

/// The only IPv6 that is given out to the internet.
const UNICAST_V6: Network = v6([0x2000, 0, 0, 0], 3);

/// What of it is not public after all.
const INSIDE_V6: [Network; 4] = [
    // Protocol assignments: Teredo, benchmarks, ORCHID.
    v6([0x2001, 0, 0, 0], 23),
    // Documentation.
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x3fff, 0, 0, 0], 20),
    // 6to4: an IPv4 address in disguise.
    v6([0x2002, 0, 0, 0], 16),
];

/// IPv4 as networks without it reach it: judged by the address within.
const NAT64: Network = v6([0x64, 0xff9b, 0, 0], 96);

/// Whether an address is a machine on the internet: not this machine, not one of the network that we
/// stand in, not a cloud's metadata service, and nothing with a special meaning.
pub fn is_public(address: IpAddr) -> bool {
    let within = |network: &Network| network.contains(address);
    match address.to_canonical() {
        IpAddr::V4(_) => !INSIDE_V4.iter().any(within),
        IpAddr::V6(long) if NAT64.contains(address) => {
            let [.., a, b, c, d] = long.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(_) => within(&UNICAST_V6) && !INSIDE_V6.iter().any(within),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_of_the_internet_are_public() {
        let cases = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
            128.0.0.0 168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 \
            192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 \
            198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 \
            ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2001:200:: 2001:4860:4860::8888 2001:db7:: 2001:db9:: \
            2003:: 2606:4700:4700::1111 3ffe:ffff:: 3fff:1000::";
        for text in cases.split_whitespace() {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        let cases = "0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 \
            127.0.0.1 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255 \
            172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.0 \
            192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 \
            233.252.0.1 239.255.255.255 240.0.0.0 255.255.255.255 \
            :: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 \
            ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 \
            64:ff9b:0:1::8.8.8.8 64:ff9b:1:: 64:ff9b:1::8.8.8.8 64:ff9b:1:ffff::1 100:: 100::1 \
            100:0:0:1::1 1fff:ffff:: 2001:: 2001:0:53aa:64c:0:0:f7f7:f7f7 2001:2::1 2001:10::1 \
            2001:20::1 2001:1ff:: 2001:db8:: 2001:db8:ffff::1 2002:7f00:1:: 2002:808:808:: 3fff:: \
            3fff:fff:: 4000:: 5f00::1 fc00:: fd00:ec2::254 fdff:: fe80:: fe80::1 febf:: fec0:: feff:: \
            ff00:: ff02::1 ffff::";
        for text in cases.split_whitespace() {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
