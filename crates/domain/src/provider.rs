//! Providers: a vendor or server we call, as a row of data.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Quirk, Speech};

use crate::bridge::Holder;
use crate::credential::Owner;
use crate::key::VirtualKey;
use crate::oidc::is_safe;
use crate::pattern::Pattern;

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
    /// Where its calls may go beside its endpoints, when the authority says where: these hosts and those
    /// below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The headers by which calls say what program makes them. It is the operator who can, in
    /// [`Provider::headers`]; without them no call is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<String>,
    /// What calls say of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Marks>,
}

/// What calls with an account say of themselves, in headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marks {
    /// GitHub Copilot's: who began the call, and whether it shows pictures.
    Copilot,
}

impl AccountScheme {
    /// Whether calls may go to `base`, which the authority named, instead of to `listed`: `https://` at one
    /// of the hosts or below it, or this machine where `listed` is on it too.
    pub fn allows(&self, base: &str, listed: &str) -> bool {
        if !is_safe(base) || base.contains('?') {
            return false;
        }
        let host = host(base);
        if is_here(&host) {
            return is_here(&self::host(listed));
        }
        let below = |known: &String| {
            let above = host.strip_suffix(known.as_str());
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        };
        self.hosts.iter().any(below)
    }
}

/// The host of an address that is safe to call, in small letters.
fn host(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.to_ascii_lowercase()
}

fn is_here(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Which protocols some of a provider's models are served in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// The models meant.
    pub models: Vec<Pattern>,
    /// In which protocols, the better ones first.
    pub protocols: Vec<Protocol>,
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
    /// What its endpoints are sent with every call, as the operator writes it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// In which protocols its models are served, where that is not every endpoint's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Serving>,
    /// What the provider's keys start with, checked when one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// Models it serves when no route names them; from the catalog.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Pattern>,
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

    /// The protocol a target of this provider is called in for `model`: `wanted` when the route names one,
    /// the caller's own when the model is served in it, else the first that it is served in. Without a
    /// word on the model it is served in responses, chat, messages, as far as there are such endpoints.
    pub fn protocol_for(
        &self,
        model: &str,
        caller: Protocol,
        wanted: Option<Protocol>,
    ) -> Option<Protocol> {
        if let Some(wanted) = wanted {
            return self.endpoints.contains_key(&wanted).then_some(wanted);
        }
        let served = self.served_in(model);
        let known = |protocol: &Protocol| self.endpoints.contains_key(protocol);
        if served.contains(&caller) && known(&caller) {
            return Some(caller);
        }
        served.iter().copied().find(known)
    }

    /// What is spoken to its endpoint of `protocol`.
    pub fn speech(&self, protocol: Protocol) -> Speech {
        Speech::of(protocol, &self.quirks)
    }

    /// Whether clients may write to paths of its own: what is spoken there they speak too.
    pub fn takes_paths(&self) -> bool {
        let mut protocols = self.endpoints.keys();
        protocols.all(|protocol| self.speech(*protocol).protocol().is_some())
    }

    fn served_in(&self, model: &str) -> &[Protocol] {
        let means = |serving: &&Serving| serving.models.iter().any(|models| models.matches(model));
        match self.protocols.iter().find(means) {
            Some(serving) => &serving.protocols,
            None => &[Protocol::Responses, Protocol::Chat, Protocol::Messages],
        }
    }

    /// The headers that say what program makes a call with an account, and that nobody has written.
    pub fn anonymous(&self) -> impl Iterator<Item = &str> {
        let wanted = self.account.iter().flat_map(|account| &account.identity);
        let missing = wanted.filter(|name| !self.headers.contains_key(*name));
        missing.map(String::as_str)
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
                headers: BTreeMap::new(),
                protocols: Vec::new(),
                key_prefix: None,
                models: Vec::new(),
                quirks: Vec::new(),
                managed: false,
            };
            assert_eq!(provider.is_open(), expected, "{provider:?}");
        }
    }

    fn copilot() -> Provider {
        crate::catalog::providers().unwrap()["github-copilot"].clone()
    }

    #[test]
    fn an_authority_sends_calls_where_its_provider_is_and_nowhere_else() {
        let scheme = copilot().account.unwrap();
        let vendors = "https://api.githubcopilot.com";
        for (base, listed, allowed) in [
            ("https://api.business.githubcopilot.com", vendors, true),
            ("https://API.enterprise.GitHubCopilot.com/", vendors, true),
            ("https://copilot-api.acme.ghe.com", vendors, true),
            ("https://githubcopilot.com:443", vendors, true),
            ("http://api.business.githubcopilot.com", vendors, false),
            ("https://evilgithubcopilot.com", vendors, false),
            ("https://githubcopilot.com.evil.example", vendors, false),
            ("https://githubcopilot.com@evil.example", vendors, false),
            ("https://evil.example/?.ghe.com", vendors, false),
            ("https://evil.example#.ghe.com", vendors, false),
            ("https://evil.example\\.ghe.com", vendors, false),
            ("https://169.254.169.254", vendors, false),
            ("http://127.0.0.1:9", vendors, false),
            ("http://localhost:9", vendors, false),
            ("http://127.0.0.1:9", "http://127.0.0.1:8/x", true),
            ("http://[::1]:9", "http://localhost:8", true),
            ("http://10.0.0.1", "http://127.0.0.1:8", false),
            ("", vendors, false),
        ] {
            assert_eq!(scheme.allows(base, listed), allowed, "{base} for {listed}");
        }
    }

    #[test]
    fn a_model_is_called_in_a_protocol_that_it_is_served_in() {
        use Protocol::{Chat, Messages, Responses};
        let provider = copilot();
        for (model, caller, expected) in [
            ("claude-sonnet-4.5", Messages, Messages),
            ("claude-sonnet-4.5", Chat, Chat),
            ("claude-sonnet-4.5", Responses, Messages),
            ("gpt-5-codex", Responses, Responses),
            ("gpt-5-codex", Chat, Responses),
            ("gpt-4o", Responses, Chat),
            ("gpt-4.1", Chat, Chat),
            ("gemini-2.5-pro", Messages, Chat),
            ("grok-code-fast-1", Messages, Responses),
        ] {
            let chosen = provider.protocol_for(model, caller, None);
            assert_eq!(chosen, Some(expected), "{model} for {caller}");
            assert_eq!(provider.protocol_for(model, caller, Some(Chat)), Some(Chat));
        }
    }

    #[test]
    fn who_calls_is_the_operators_to_say() {
        let mut provider = copilot();
        let missing =
            |provider: &Provider| provider.anonymous().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            missing(&provider),
            ["editor-version", "copilot-integration-id"]
        );
        let said = |name: &str| (name.to_owned(), "acme/1".to_owned());
        provider.headers.extend([said("editor-version")]);
        assert_eq!(missing(&provider), ["copilot-integration-id"]);
        provider.headers.extend([said("copilot-integration-id")]);
        assert!(missing(&provider).is_empty());
    }
}
