//! A base URL from somebody who does not run this gateway.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::is_public;

const LONGEST: usize = 2048;
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Endings of names that mean something only inside of a network.
const INSIDE: [&str; 9] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
];

/// Why a base URL is not called. The text says what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is longer than anything real.
    #[error("Expected at most {LONGEST} characters.")]
    Long,
    /// It is not encrypted, or no URL.
    #[error("Expected a URL that starts with https://.")]
    Scheme,
    /// It says who calls.
    #[error("Expected no user before the host: the credential has a field of its own.")]
    User,
    /// It does not end with its path.
    #[error("Expected a URL without ? and #.")]
    Tail,
    /// There is something in the path that clients read differently.
    #[error(
        "Expected a path of letters, digits and -._~!$&'()*+,;=:@%/ without `.` and `..` parts."
    )]
    Path,
    /// The host is no name and no address.
    #[error("Expected the host as a domain name such as api.example.com.")]
    Host,
    /// The host is an address written as nobody writes it.
    #[error("Expected an IPv4 address as four decimal numbers.")]
    OddAddress,
    /// The address is not on the internet.
    #[error("Expected an address on the internet: private and special addresses are not called.")]
    Inside,
    /// The name is not known on the internet.
    #[error("Expected a full name that the internet knows, such as api.example.com.")]
    InsideName,
    /// The port is none.
    #[error("Expected a port from 1 to 65535, or none.")]
    Port,
}

/// A base URL in the form it is kept in, if it may be called for whoever gave it.
///
/// This looks at the text only. What a name stands for can change at any time, so that is looked at
/// with every connection.
pub fn check_base_url(text: &str) -> Result<String, BadUrl> {
    if text.len() > LONGEST {
        return Err(BadUrl::Long);
    }
    let rest = text
        .split_at_checked("https://".len())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("https://"))
        .map(|(_, rest)| rest)
        .ok_or(BadUrl::Scheme)?;
    if rest.contains(['?', '#']) {
        return Err(BadUrl::Tail);
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(BadUrl::User);
    }
    let (host, port) = split_port(authority)?;
    let host = check_host(host)?;
    let path = check_path(path)?;
    Ok(match port {
        Some(port) => format!("https://{host}:{port}{path}"),
        None => format!("https://{host}{path}"),
    })
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), BadUrl> {
    // The colons of an IPv6 address are inside of its brackets.
    if authority.starts_with('[') && !authority.contains(']') {
        return Err(BadUrl::Host);
    }
    let host_end = authority.find(']').map_or(0, |at| at + 1);
    let Some(colon) = authority[host_end..].find(':') else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(host_end + colon);
    let digits = &port[1..];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadUrl::Port);
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(BadUrl::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// The host in lower case and without the dot at its end.
fn check_host(host: &str) -> Result<String, BadUrl> {
    if let Some(long) = host.strip_prefix('[') {
        // Zones name an interface of this machine; they do not parse.
        let address: Ipv6Addr = long
            .strip_suffix(']')
            .and_then(|long| long.parse().ok())
            .ok_or(BadUrl::Host)?;
        return public(address.into()).map(|()| format!("[{address}]"));
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.len() > LONGEST_NAME || !host.split('.').all(is_label) {
        return Err(BadUrl::Host);
    }
    let (labels, last) = host.rsplit_once('.').unwrap_or(("", &host));
    // A resolver takes whatever ends with a number for an address: 2130706433, 0x7f.1, 0177.0.0.1.
    if last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()) {
        let address: Ipv4Addr = host.parse().map_err(|_| BadUrl::OddAddress)?;
        return public(address.into()).map(|()| host);
    }
    if labels.is_empty() || INSIDE.contains(&last) {
        return Err(BadUrl::InsideName);
    }
    Ok(host)
}

fn is_label(label: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(of_name)
}

fn public(address: IpAddr) -> Result<(), BadUrl> {
    if is_public(address) {
        Ok(())
    } else {
        Err(BadUrl::Inside)
    }
}

/// The path without slashes at its end.
fn check_path(path: &str) -> Result<&str, BadUrl> {
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    let moves = |part: &str| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        matches!(part.as_str(), "." | "..")
    };
    if path.bytes().all(of_path) && !path.split('/').any(moves) {
        Ok(path.trim_end_matches('/'))
    } else {
        Err(BadUrl::Path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_on_the_internet_are_kept_in_one_form() {
        let cases = [
            ("https://api.example.com", "https://api.example.com"),
            ("https://api.example.com/", "https://api.example.com"),
            (
                "HTTPS://API.Example.COM./v1//",
                "https://api.example.com/v1",
            ),
            (
                "https://api.example.com:8443/a/b",
                "https://api.example.com:8443/a/b",
            ),
            (
                "https://api.example.com:0443/",
                "https://api.example.com:443",
            ),
            (
                "https://my_lab.example.com/V1",
                "https://my_lab.example.com/V1",
            ),
            (
                "https://localhost.example.com",
                "https://localhost.example.com",
            ),
            (
                "https://internal.example.com",
                "https://internal.example.com",
            ),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
            ("https://8.8.8.8:1/v1", "https://8.8.8.8:1/v1"),
            (
                "https://[2606:4700::0:1111]/v1",
                "https://[2606:4700::1111]/v1",
            ),
            (
                "https://[2606:4700::1111]:65535",
                "https://[2606:4700::1111]:65535",
            ),
        ];
        for (given, kept) in cases {
            assert_eq!(check_base_url(given).as_deref(), Ok(kept), "{given}");
            assert_eq!(check_base_url(kept).as_deref(), Ok(kept), "{kept}");
        }
    }

    #[test]
    fn everything_else_is_refused_for_its_reason() {
        let cases = [
            (
                BadUrl::Scheme,
                "|api.example.com|http://api.example.com|ftp://a.example|//a.example|https:/a.example| https://a.example|https:\\\\a.example|ftps://https://|ü",
            ),
            (
                BadUrl::User,
                "https://user@a.example|https://user:pw@a.example/|https://@a.example|https://a.example@127.0.0.1",
            ),
            (
                BadUrl::Tail,
                "https://a.example?x|https://a.example/?|https://a.example/#f|https://a.example#@b.example",
            ),
            (
                BadUrl::Path,
                "https://a.example/a b|https://a.example/a\\b|https://a.example/ü|https://a.example/a\r\nx|https://a.example/../x|https://a.example/%2E./x|https://a.example/x/%2e|https://a.example/v1/.|https://a.example/{x}",
            ),
            (
                BadUrl::Host,
                "https://|https:///v1|https://.|https://a..example|https://.a.example|https://a.example..|https://a.example\\x|https://a b.example|https://bücher.example|https://a%2eexample|https://[::1|https://[fe80::1%25eth0]|https://[fe80::1%eth0]|https://[]|https://[8.8.8.8]|https://[::1]x|https://１２７.0.0.1|https://a.example\t|https://[v1.x]",
            ),
            (
                BadUrl::OddAddress,
                "https://2130706433|https://0x7f000001|https://0x7f.1|https://0X7F.1|https://0177.0.0.1|https://127.1|https://127.0.1|https://1.2.3.4.5|https://256.1.1.1|https://8.8.8.08|https://0|https://0x|https://017700000001|https://a.example.1|https://8.8.8.0x8",
            ),
            (
                BadUrl::Inside,
                "https://127.0.0.1|https://127.0.0.1.|https://10.1.2.3:8443/v1|https://169.254.169.254/latest|https://0.0.0.0|https://255.255.255.255|https://100.100.100.200|https://[::1]|https://[::]|https://[::ffff:127.0.0.1]|https://[::FFFF:7F00:1]|https://[0:0:0:0:0:0:0:1]|https://[::127.0.0.1]|https://[64:ff9b::10.0.0.1]|https://[fd00:ec2::254]|https://[fe80::1]:1|https://[2002:7f00:1::]",
            ),
            (
                BadUrl::InsideName,
                "https://localhost|https://LOCALHOST.|https://x.localhost|https://nas.lan|https://printer.local|https://Metadata.Google.Internal|https://metadata.google.internal.|https://vault|https://vault:8200|https://1.0.0.127.in-addr.arpa",
            ),
            (
                BadUrl::Port,
                "https://a.example:0|https://a.example:|https://a.example:65536|https://a.example:+1|https://a.example:8x|https://a.example:-1|https://a.example:1:2|https://[2606:4700::1]:0|https://::1|https://a.example:00",
            ),
        ];
        for (reason, texts) in cases {
            for text in texts.split('|') {
                assert_eq!(check_base_url(text), Err(reason), "{text}");
            }
        }
        let long = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert_eq!(check_base_url(&long(2048)), Ok(long(2048)));
        assert_eq!(check_base_url(&long(2049)), Err(BadUrl::Long));
        let label = |length| format!("https://{}.example", "x".repeat(length));
        assert_eq!(check_base_url(&label(63)), Ok(label(63)));
        assert_eq!(check_base_url(&label(64)), Err(BadUrl::Host));
    }
}
