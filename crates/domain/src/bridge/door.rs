//! Who may knock at a bridge: this machine's programs that know its secret, and no web page.
//!
//! A page in a browser on this machine can reach a port of loopback, by its address or under a name that
//! it has pointed there. Such a request has an origin, or a host that is not this machine's.

use std::net::SocketAddr;

/// Why a request is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// It is meant for another host than this one.
    Host,
    /// A web page makes it.
    Origin,
}

/// Whether a request with these headers may be heard by a bridge that it reached at `address`, which is on
/// loopback. `hosts` are all values of `host`; `origin` is whether there is an `origin` header at all.
///
/// # Errors
/// Says why not.
pub fn check<'a>(
    hosts: impl IntoIterator<Item = &'a [u8]>,
    origin: bool,
    address: SocketAddr,
) -> Result<(), Barred> {
    let mut hosts = hosts.into_iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Barred::Host);
    };
    let port = address.port();
    let known = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
    // Loopback has more addresses than these. A number is no name that somebody could have pointed here.
    let own = known
        .iter()
        .chain([&address.to_string()])
        .any(|known| known.as_bytes().eq_ignore_ascii_case(host));
    if !own {
        return Err(Barred::Host);
    }
    if origin {
        return Err(Barred::Origin);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_meant() {
        let at = |address: &str, hosts: &[&str]| {
            let address = address.parse().unwrap();
            check(hosts.iter().map(|host| host.as_bytes()), false, address)
        };
        let check = |hosts: &[&str]| at("127.0.0.1:3250", hosts);
        for host in [
            "localhost:3250",
            "LocalHost:3250",
            "127.0.0.1:3250",
            "[::1]:3250",
        ] {
            assert_eq!(check(&[host]), Ok(()), "{host}");
        }
        for host in [
            "",
            "localhost",
            "127.0.0.1",
            "localhost:3251",
            "localhost:03250",
            "localhost.:3250",
            "127.0.0.1.nip.io:3250",
            "127.1:3250",
            "evil.example:3250",
            "localhost:3250 ",
            "user@localhost:3250",
            "::1:3250",
            "0.0.0.0:3250",
            "127.0.0.2:3250",
            "192.168.0.2:3250",
        ] {
            assert_eq!(check(&[host]), Err(Barred::Host), "{host}");
        }
        assert_eq!(check(&[]), Err(Barred::Host));
        let two = ["localhost:3250", "localhost:3250"];
        assert_eq!(check(&two), Err(Barred::Host));
        // Where it listens somewhere else on loopback, that is its own name too.
        for (address, host) in [
            ("127.0.0.2:3250", "127.0.0.2:3250"),
            ("127.0.0.2:3250", "localhost:3250"),
            ("[::1]:3250", "[::1]:3250"),
        ] {
            assert_eq!(at(address, &[host]), Ok(()), "{host} at {address}");
        }
        assert_eq!(at("127.0.0.2:3250", &["127.0.0.3:3250"]), Err(Barred::Host));
        assert_eq!(at("127.0.0.2:3250", &["127.0.0.2:3251"]), Err(Barred::Host));
    }

    #[test]
    fn a_web_page_is_not_heard_whatever_its_origin() {
        let host: [&[u8]; 1] = [b"127.0.0.1:3250"];
        let address = "127.0.0.1:3250".parse().unwrap();
        assert_eq!(check(host, true, address), Err(Barred::Origin));
        assert_eq!(check(host, false, address), Ok(()));
    }
}
