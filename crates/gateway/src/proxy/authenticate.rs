//! Who is asking: the virtual key, in any of its three headers.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::key::{KeyState, VirtualKey};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;

use super::own::{self, ClientCredential};
use super::refusal::Refusal;
use crate::names;
use crate::snapshot::Snapshot;

/// What virtual keys begin with.
pub(super) const VIRTUAL: &str = "th-";

/// The one behind a call.
pub(crate) struct Principal {
    pub(crate) key: Arc<VirtualKey>,
    /// The client's own upstream credential, where the key lets it be used.
    pub(crate) client: Option<ClientCredential>,
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
    let client = if presented.dedicated {
        let vendors = &*snapshot.vendors;
        let found = own::read(headers, key.credentials.client, |text| {
            vendors.is_token(text)
        })?;
        let taken = found.map(|found| found.taken(vendors, snapshot.brought()));
        taken.transpose()?
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
    /// The key has a header of its own. Only beside that one is anything meant as the client's own
    /// credential.
    dedicated: bool,
}

impl<'a> Presented<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let dedicated = single(headers, &names::KEY)?.map(|(text, _)| text);
        let api_key = single(headers, &names::X_API_KEY)?.map(|(text, _)| text);
        let bearer = single(headers, &AUTHORIZATION)?.and_then(|(text, _)| bearer(text));
        let mut virtual_keys = [dedicated, bearer, api_key]
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
            }),
            (_, None) if bearer.is_some() || api_key.is_some() => Err(unknown()),
            (_, None) => Err(Refusal::new(
                ErrorKind::InvalidKey,
                "No key was presented. Send a virtual key as x-api-key or as a bearer token.",
            )),
        }
    }
}

/// The header's text; refused when it is sent twice with different values.
pub(super) fn single<'a>(
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

/// The token of an `authorization` header.
pub(super) fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests;
