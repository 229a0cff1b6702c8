//! How a bridge proves that it knows the secret, without either side sending it.
//!
//! Whoever holds the bridge's port could be anybody on this machine. So the gateway sends a number that
//! nobody has seen before, and the bridge answers with a MAC under the secret, of that number and of the
//! address where it was reached. The address is in it so that a program which has taken the port cannot
//! pass the number on to the bridge at another one.

use std::net::SocketAddr;

/// The header with the number, in a request.
pub const NONCE: &str = "x-tollhouse-nonce";
/// The header with the proof, in its answer.
pub const PROOF: &str = "x-tollhouse-proof";
/// The fewest characters of a secret: everybody on this machine may ask for proofs, and try guesses on them.
pub const SHORTEST_SECRET: usize = 32;

/// What a proof is the HMAC-SHA-256 of, under the secret's text, in hex digits.
pub fn said(nonce: &str, address: SocketAddr) -> String {
    format!("tollhouse-bridge-1\n{nonce}\n{address}")
}

/// A request has something as its number that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// What a request wants proven: nothing, where it has no such header.
///
/// # Errors
/// The header is there twice, or holds something else than 16 to 128 URL-safe characters.
pub fn wanted<'a>(
    nonces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, Malformed> {
    let mut nonces = nonces.into_iter();
    match (nonces.next(), nonces.next()) {
        (None, _) => Ok(None),
        (Some(nonce), None) if is_nonce(nonce) => {
            let nonce = std::str::from_utf8(nonce).map_err(|_| Malformed)?;
            Ok(Some(nonce))
        }
        (Some(_), _) => Err(Malformed),
    }
}

fn is_nonce(nonce: &[u8]) -> bool {
    let within = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    (16..=128).contains(&nonce.len()) && nonce.iter().all(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_alone_and_cannot_pass_for_an_address() {
        let wanted = |nonces: &[&str]| {
            let found = wanted(nonces.iter().map(|nonce| nonce.as_bytes()));
            found.map(|nonce| nonce.map(str::to_owned))
        };
        let good = "abcdefghijklmno-_0";
        assert_eq!(wanted(&[]), Ok(None));
        assert_eq!(wanted(&[good]), Ok(Some(good.to_owned())));
        assert!(wanted(&["a".repeat(128).as_str()]).is_ok());
        for nonces in [
            &[good, good][..],
            &[""],
            &["fifteen-letters"],
            &["a".repeat(129).as_str()],
            &["abcdefghijklmnop\n127.0.0.1:1"],
            &["abcdefghijklmno="],
            &["äääääääääääääääää"],
        ] {
            assert_eq!(wanted(nonces), Err(Malformed), "{nonces:?}");
        }
    }

    #[test]
    fn what_is_proven_names_the_address() {
        let of = |address: &str| said("abcdefghijklmnop", address.parse().unwrap());
        assert_eq!(
            of("127.0.0.1:3250"),
            "tollhouse-bridge-1\nabcdefghijklmnop\n127.0.0.1:3250"
        );
        assert!(of("[::1]:3250").ends_with("\n[::1]:3250"));
    }
}
