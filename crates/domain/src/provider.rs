//! Providers: a vendor or server we call, as a row of data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;

use crate::bridge::Holder;
use crate::credential::Owner;
use crate::key::VirtualKey;

/// How a provider wants its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthScheme {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `x-api-key: KEY`.
    XApiKey,
    /// No credential at all: a server of the operator's own.
    None,
}

impl AuthScheme {
    /// What the vendors of a protocol expect when a provider does not say.
    pub const fn default_for(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Messages => Self::XApiKey,
            Protocol::Chat | Protocol::Responses => Self::Bearer,
        }
    }
}

/// How a provider takes accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountScheme {
    /// Who issues their tokens: a name of `catalog/authorities.toml`.
    pub authority: String,
    /// The header that names the account beside its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// A vendor or server we call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The name used in routes, paths and the ledger: lower-case letters, digits, `-`, `_`.
    pub name: String,
    /// The base URL per protocol, as the vendor's own SDK takes it: without `/v1` for messages, with
    /// it for chat and responses.
    pub endpoints: BTreeMap<Protocol, String>,
    /// Overrides the protocol's own scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthScheme>,
    /// Whether every key that may name it may use it without anybody's credential; see
    /// [`Provider::is_open`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Whether its endpoints are sent a credential of the operator's besides, with every call: then that
    /// is the platform's money.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upstream_auth: bool,
    /// How it takes accounts, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountScheme>,
    /// Whose calls it serves, where it is a bridge to somebody's login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Holder>,
    /// What the provider's keys start with, checked when one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// Models it serves when no route names them; from the catalog.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<crate::pattern::Pattern>,
    /// How it departs from what its protocols take and give; matters only to translated calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quirks: Vec<Quirk>,
    /// Whether the configuration file manages this row.
    #[serde(default)]
    pub managed: bool,
}

impl Provider {
    /// How this provider's endpoint of `protocol` is authenticated.
    pub fn auth_for(&self, protocol: Protocol) -> AuthScheme {
        self.auth
            .unwrap_or_else(|| AuthScheme::default_for(protocol))
    }

    /// Whether it may be used without anybody's credential: as it is written, else where it wants none and
    /// none of the platform's is sent.
    pub fn is_open(&self) -> bool {
        let free = self.auth == Some(AuthScheme::None) && !self.upstream_auth;
        self.open.unwrap_or(free)
    }

    /// Whether calls with `key` may go here, as far as credentials do not decide it: one that wants none
    /// and is not open is the platform's, and a person's own login serves that person's keys alone.
    pub fn admits(&self, key: &VirtualKey) -> bool {
        match self.bridge {
            Some(Holder::User(holder)) => return key.owner == Some(holder),
            Some(Holder::Nobody) => return false,
            Some(Holder::Platform) | None => {}
        }
        self.auth != Some(AuthScheme::None)
            || self.is_open()
            || key.owners().any(|owner| owner == Owner::Platform)
    }

    /// The protocol a target of this provider is called in: `wanted` when the route names one, the
    /// caller's own when the provider has it, else the first of responses, chat, messages it has.
    pub fn protocol_for(&self, caller: Protocol, wanted: Option<Protocol>) -> Option<Protocol> {
        if let Some(wanted) = wanted {
            return self.endpoints.contains_key(&wanted).then_some(wanted);
        }
        [
            caller,
            Protocol::Responses,
            Protocol::Chat,
            Protocol::Messages,
        ]
        .into_iter()
        .find(|protocol| self.endpoints.contains_key(protocol))
    }
}

/// Whether `name` may name a provider: 1 to 64 of `a-z`, `0-9`, `-`, `_`.
pub fn valid_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wants_no_credential_is_open_unless_the_platforms_is_sent() {
        let none = Some(AuthScheme::None);
        for (auth, upstream_auth, open, expected) in [
            (None, false, None, false),
            (None, false, Some(true), true),
            (Some(AuthScheme::Bearer), true, None, false),
            (none, false, None, true),
            (none, true, None, false),
            (none, true, Some(true), true),
            (none, false, Some(false), false),
        ] {
            let provider = Provider {
                name: "lab".into(),
                endpoints: BTreeMap::new(),
                auth,
                open,
                upstream_auth,
                bridge: None,
                account: None,
                key_prefix: None,
                models: Vec::new(),
                quirks: Vec::new(),
                managed: false,
            };
            assert_eq!(provider.is_open(), expected, "{provider:?}");
        }
    }
}
