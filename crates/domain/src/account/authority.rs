//! Who issues an account's tokens: where it is asked and in which form, as data.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalog::CatalogError;

const AUTHORITIES: &str = include_str!("../../../../catalog/authorities.toml");

/// In which form an authority is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A device sign-in of its own that ends in a code with its proof, which is redeemed for tokens.
    Codex,
    /// The device grant of RFC 8628, which ends in tokens.
    Device,
}

/// What issues and renews tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The name that providers and the configuration file know it by.
    pub name: String,
    /// In which form it is asked.
    pub flow: Flow,
    /// Where it is, without a trailing slash.
    pub base: String,
    /// What we are called there; where there is none, the operator has to supply one.
    #[serde(default)]
    pub client_id: Option<String>,
    /// What is asked for.
    pub scope: String,
    /// Where a device sign-in begins.
    pub device: String,
    /// Where it is asked about.
    pub poll: String,
    /// Where tokens are had and renewed.
    pub token: String,
    /// Where a browser is sent, if that is a way to sign in.
    #[serde(default)]
    pub authorize: Option<String>,
    /// What more a browser is sent with.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Where a person types the code, where the authority does not say.
    #[serde(default)]
    pub verification_uri: Option<String>,
    /// What a device's code is redeemed with.
    #[serde(default)]
    pub device_redirect: Option<String>,
    /// Where a browser comes back to: an address on the machine of whoever signs in.
    #[serde(default)]
    pub browser_redirect: Option<String>,
    /// Where logins are exchanged for the tokens that calls are made with, if they are.
    #[serde(default)]
    pub api: Option<String>,
    /// The path of that, below `api`.
    #[serde(default)]
    pub exchange: Option<String>,
    /// Customers that have an authority of their own.
    #[serde(default)]
    pub tenants: Option<Tenants>,
    /// Where a customer's calls go, where an exchange does not say.
    #[serde(skip)]
    pub calls: Option<String>,
}

/// Authorities of customers: what belongs to one, by its host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// They are below this host.
    pub below: String,
    /// Where logins are exchanged; `<host>` is the customer's.
    pub api: String,
    /// Where calls go.
    pub calls: String,
}

impl Tenants {
    /// The host of a customer whose authority is at `base`.
    fn host<'a>(&self, base: &'a str) -> Option<&'a str> {
        let host = base.strip_prefix("https://")?;
        let above = host.strip_suffix(self.below.as_str())?.strip_suffix('.')?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (!above.is_empty() && above.bytes().all(plain)).then_some(host)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoritiesFile {
    authority: Vec<Authority>,
}

/// What the operator changes of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where it is.
    pub base: Option<String>,
    /// Where logins are exchanged.
    pub api: Option<String>,
    /// What we are called there.
    pub client_id: Option<String>,
}

/// Every authority by its name.
pub type Authorities = BTreeMap<String, Authority>;

/// The authorities known by name.
pub fn authorities() -> Result<Authorities, CatalogError> {
    let file: AuthoritiesFile = toml::from_str(AUTHORITIES)?;
    let named = |authority: Authority| (authority.name.clone(), authority);
    Ok(file.authority.into_iter().map(named).collect())
}

impl Authority {
    /// The same, changed. An authority at another address is another one: what a person is shown of it is
    /// there too.
    #[must_use]
    pub fn changed(mut self, change: &Change) -> Self {
        let trimmed = |base: &String| base.trim_end_matches('/').to_owned();
        if let Some(base) = change.base.as_ref().map(trimmed) {
            for shown in [&mut self.verification_uri, &mut self.device_redirect] {
                if let Some(rest) = shown.as_ref().and_then(|uri| uri.strip_prefix(&self.base)) {
                    *shown = Some(format!("{base}{rest}"));
                }
            }
            if let Some(tenants) = &self.tenants
                && let Some(host) = tenants.host(&base)
            {
                self.api = Some(tenants.api.replace("<host>", host));
                self.calls = Some(tenants.calls.replace("<host>", host));
            }
            self.base = base;
        }
        if let Some(api) = change.api.as_ref().map(trimmed) {
            self.api = Some(api);
        }
        if let Some(client_id) = &change.client_id {
            self.client_id = Some(client_id.clone());
        }
        self
    }

    /// An address below its base.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Where logins are exchanged for short tokens, if they are.
    pub fn exchange_at(&self) -> Option<String> {
        let (api, path) = (self.api.as_ref()?, self.exchange.as_ref()?);
        Some(format!("{api}{path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_reads_and_its_paths_join() {
        let known = authorities().unwrap();
        assert_eq!(
            known.keys().collect::<Vec<_>>(),
            ["codex", "github", "microsoft"]
        );
        for authority in known.values() {
            assert!(!authority.base.ends_with('/'), "{authority:?}");
            assert!(authority.base.starts_with("https://"), "{authority:?}");
            for path in [&authority.device, &authority.poll, &authority.token] {
                assert!(path.starts_with('/'), "{authority:?}");
            }
            assert_eq!(authority.exchange.is_some(), authority.api.is_some());
        }
    }

    #[test]
    fn a_customers_authority_has_its_own_exchange_and_place_for_calls() {
        let github = authorities().unwrap().remove("github").unwrap();
        let at = |base: &str, api: Option<&str>| {
            let change = Change {
                base: Some(base.to_owned()),
                api: api.map(str::to_owned),
                client_id: None,
            };
            let changed = github.clone().changed(&change);
            (
                changed.at(&changed.device),
                changed.exchange_at().unwrap(),
                changed.calls,
            )
        };
        let (device, exchange, calls) = at("https://acme.ghe.com/", None);
        assert_eq!(device, "https://acme.ghe.com/login/device/code");
        assert_eq!(
            exchange,
            "https://api.acme.ghe.com/copilot_internal/v2/token"
        );
        assert_eq!(calls.as_deref(), Some("https://copilot-api.acme.ghe.com"));
        let (_, exchange, _) = at("https://acme.ghe.com", Some("https://elsewhere.example"));
        assert_eq!(
            exchange,
            "https://elsewhere.example/copilot_internal/v2/token"
        );
        for other in [
            "https://github.com",
            "https://ghe.com",
            "https://evilghe.com",
            "https://a.b.ghe.com",
            "https://evil.example/.ghe.com",
            "https://x@acme.ghe.com",
            "http://acme.ghe.com",
        ] {
            let (_, exchange, calls) = at(other, None);
            assert_eq!(
                exchange, "https://api.github.com/copilot_internal/v2/token",
                "{other}"
            );
            assert_eq!(calls, None, "{other}");
        }
    }

    #[test]
    fn another_address_takes_what_people_are_shown_along() {
        let codex = authorities().unwrap().remove("codex").unwrap();
        let moved = codex.changed(&Change {
            base: Some("http://127.0.0.1:9/".to_owned()),
            ..Change::default()
        });
        assert_eq!(moved.at(&moved.token), "http://127.0.0.1:9/oauth/token");
        assert_eq!(
            moved.verification_uri.as_deref(),
            Some("http://127.0.0.1:9/codex/device")
        );
        // Where a browser comes back to is a person's own machine.
        assert_eq!(
            moved.browser_redirect.as_deref(),
            Some("http://localhost:1455/auth/callback")
        );
    }
}
