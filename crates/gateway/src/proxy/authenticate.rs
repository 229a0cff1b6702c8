//! Who is asking: the virtual key, in any of its three headers.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::key::{KeyState, VirtualKey};
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use tollhouse_wire::ErrorKind;

use super::refusal::Refusal;
use crate::names;
use crate::snapshot::Snapshot;

const VIRTUAL: &str = "th-";

/// The one behind a call.
pub(crate) struct Principal {
    pub(crate) key: Arc<VirtualKey>,
    /// The client's own upstream credential, where the key lets it be used.
    pub(crate) client: Option<ClientCredential>,
}

/// A credential that came with the call: passed on in the header it came in, and never kept.
#[derive(Clone)]
pub(crate) struct ClientCredential {
    pub(crate) header: HeaderName,
    pub(crate) value: HeaderValue,
    pub(crate) fingerprint: String,
}

/// Finds the key and whether it works at `now`.
pub(crate) fn authenticate(
    snapshot: &Snapshot,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Principal, Refusal> {
    let presented = Presented::read(headers)?;
    let key = snapshot.key(presented.key, now).ok_or_else(unknown)?;
    check(snapshot, key, now)?;
    let client = if key.credentials.client {
        presented.credential()?
    } else {
        None
    };
    Ok(Principal {
        key: Arc::clone(key),
        client,
    })
}

/// Whether a key works at `now`.
pub(crate) fn check(snapshot: &Snapshot, key: &VirtualKey, now: Timestamp) -> Result<(), Refusal> {
    match key.state(now) {
        KeyState::Active => {}
        KeyState::Expired => {
            return Err(Refusal::new(ErrorKind::ExpiredKey, "This key has expired."));
        }
        KeyState::Revoked => {
            return Err(Refusal::new(
                ErrorKind::InvalidKey,
                "This key has been revoked.",
            ));
        }
    }
    if !snapshot.people.works(key.owner, key.org) {
        return Err(Refusal::new(
            ErrorKind::InvalidKey,
            "This key is switched off, because its owner or its organization is.",
        ));
    }
    Ok(())
}

fn unknown() -> Refusal {
    Refusal::new(ErrorKind::InvalidKey, "This key is not known here.")
}

/// What the credential headers hold.
struct Presented<'a> {
    key: &'a str,
    dedicated: bool,
    bearer: Option<(&'a str, &'a HeaderValue)>,
    api_key: Option<(&'a str, &'a HeaderValue)>,
}

impl<'a> Presented<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let dedicated = single(headers, &names::KEY)?.map(|(text, _)| text);
        let api_key = single(headers, &names::X_API_KEY)?;
        let bearer =
            single(headers, &AUTHORIZATION)?.and_then(|(text, value)| Some((bearer(text)?, value)));
        let mut virtual_keys = [dedicated, bearer.map(|(t, _)| t), api_key.map(|(t, _)| t)]
            .into_iter()
            .flatten()
            .filter(|text| text.starts_with(VIRTUAL));
        let key = virtual_keys.next();
        if virtual_keys.any(|other| Some(other) != key) {
            return Err(Refusal::new(
                ErrorKind::InvalidKey,
                "Two different keys were presented; send one.",
            ));
        }
        match (dedicated, key) {
            (Some(given), _) if !given.starts_with(VIRTUAL) => Err(unknown()),
            (_, Some(key)) => Ok(Self {
                key,
                dedicated: dedicated.is_some(),
                bearer,
                api_key,
            }),
            (_, None) if bearer.is_some() || api_key.is_some() => Err(unknown()),
            (_, None) => Err(Refusal::new(
                ErrorKind::InvalidKey,
                "No key was presented. Send a virtual key as x-api-key or as a bearer token.",
            )),
        }
    }

    /// The client's own credential. Only beside `x-tollhouse-key` is anything meant as one.
    fn credential(&self) -> Result<Option<ClientCredential>, Refusal> {
        if !self.dedicated {
            return Ok(None);
        }
        let own = |found: Option<(&'a str, &'a HeaderValue)>| {
            found.filter(|(text, _)| !text.starts_with(VIRTUAL))
        };
        let (header, text, value) = match (own(self.bearer), own(self.api_key)) {
            (Some((a, _)), Some((b, _))) if a != b => {
                return Err(Refusal::new(
                    ErrorKind::InvalidRequest,
                    "Two different provider credentials were presented; send one.",
                ));
            }
            (_, Some((text, value))) => (names::X_API_KEY, text, value),
            (Some((text, value)), None) => (AUTHORIZATION, text, value),
            (None, None) => return Ok(None),
        };
        let mut value = value.clone();
        value.set_sensitive(true);
        let fingerprint = Secret::new(text.to_owned()).fingerprint();
        Ok(Some(ClientCredential {
            header,
            value,
            fingerprint,
        }))
    }
}

/// The header's text; refused when it is sent twice with different values.
fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<(&'a str, &'a HeaderValue)>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.any(|other| other != value) {
        let message = "A credential header was sent twice with different values; send one.";
        return Err(Refusal::new(ErrorKind::InvalidKey, message));
    }
    let text = value.to_str().map_err(|_| unknown())?.trim();
    Ok((!text.is_empty()).then_some((text, value)))
}

fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests;
