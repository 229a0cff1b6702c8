//! Session identity: which conversation a call belongs to.
//!
//! A session id is derived, never looked up: the same client, key and conversation always give the
//! same id, on every replica, without state. Two keys never share a session, nor do two credentials
//! that clients brought themselves; when in doubt a new session opens.

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use crate::id::{KeyId, SessionId};

/// The most characters kept of a client's own name for a session.
pub const MAX_NAME: usize = 200;

/// How a session is recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_debug_implementations,
    reason = "what a client sent is not for logs"
)]
pub enum Evidence<'a> {
    /// The client named it: in our header, its own header, or a field of the body.
    Named(&'a str),
    /// Nothing names it; this is the digest of the first user message.
    FirstMessage(&'a [u8; 32]),
    /// Nothing at all to go by: the call stands alone.
    Alone(&'a Uuid),
}

/// Derives the session of a call. `client_credential` is the fingerprint of a credential that the
/// client brought, so that a changed credential opens a new session.
pub fn derive(key: KeyId, client_credential: Option<&str>, evidence: Evidence<'_>) -> SessionId {
    let mut hash = Context::new(&SHA256);
    hash.update(key.0.as_bytes());
    let credential = client_credential.unwrap_or("");
    hash.update(&[u8::try_from(credential.len()).unwrap_or(u8::MAX)]);
    hash.update(credential.as_bytes());
    let (kind, bytes): (u8, &[u8]) = match evidence {
        Evidence::Named(name) => (1, name.as_bytes()),
        Evidence::FirstMessage(digest) => (2, digest),
        Evidence::Alone(unique) => (3, unique.as_bytes()),
    };
    hash.update(&[kind]);
    hash.update(bytes);
    let digest = hash.finish();
    let mut id = [0u8; 16];
    id.copy_from_slice(&digest.as_ref()[..16]);
    SessionId(Uuid::new_v8(id))
}

/// A client's own name for a session, fit to store: printable, trimmed, bounded. `None` when nothing
/// is left.
pub fn clean_name(name: &str) -> Option<String> {
    let clean: String = name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME)
        .collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: KeyId = KeyId(Uuid::from_u128(1));
    const B: KeyId = KeyId(Uuid::from_u128(2));

    #[test]
    fn the_same_evidence_gives_the_same_session() {
        assert_eq!(
            derive(A, None, Evidence::Named("s")),
            derive(A, None, Evidence::Named("s"))
        );
    }

    #[test]
    fn keys_credentials_and_evidence_never_join() {
        let digest = [7u8; 32];
        let ids = [
            derive(A, None, Evidence::Named("s")),
            derive(B, None, Evidence::Named("s")),
            derive(A, Some("f1"), Evidence::Named("s")),
            derive(A, Some("f2"), Evidence::Named("s")),
            derive(A, None, Evidence::Named("t")),
            derive(A, None, Evidence::FirstMessage(&digest)),
            derive(A, None, Evidence::Alone(&Uuid::from_bytes([7; 16]))),
            derive(A, Some("s"), Evidence::Named("")),
        ];
        for (n, id) in ids.iter().enumerate() {
            assert!(!ids[..n].contains(id), "{n}");
        }
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean_name(" a\nb "), Some("ab".into()));
        assert_eq!(clean_name(" \t"), None);
        assert_eq!(
            clean_name(&"x".repeat(999)).map(|n| n.len()),
            Some(MAX_NAME)
        );
    }
}
