//! Whose a credential plainly is, by what it starts with.
//!
//! A client shows the same credential with every call, whatever model it asks for, and the model decides
//! the provider. So a key that can be told to be one vendor's is not shown to another.

use super::{Form, Kind};
use crate::catalog::{self, CatalogError};
use crate::provider::Provider;

/// What the vendors' credentials look like.
#[derive(Debug, Default)]
pub struct Vendors {
    known: Vec<Vendor>,
    tokens: Vec<String>,
}

#[derive(Debug)]
struct Vendor {
    name: String,
    prefix: String,
    hosts: Vec<String>,
}

impl Vendors {
    /// Those of the catalog.
    ///
    /// # Errors
    /// The catalog does not read; the embedded one is tested.
    pub fn embedded() -> Result<Self, CatalogError> {
        let known = catalog::providers()?.into_values().filter_map(|provider| {
            Some(Vendor {
                hosts: hosts(&provider).map(str::to_owned).collect(),
                prefix: provider.key_prefix?,
                name: provider.name,
            })
        });
        Ok(Self {
            known: known.collect(),
            tokens: catalog::token_prefixes()?,
        })
    }

    /// Whether a credential is a token that a vendor takes as `Authorization: Bearer` only.
    pub fn is_token(&self, credential: &str) -> bool {
        let mut prefixes = self.tokens.iter();
        prefixes.any(|prefix| credential.starts_with(prefix.as_str()))
    }

    /// What a client brings: a key where it came as one or starts as a vendor's keys do. Any other bearer token
    /// may be somebody's sign-in, and counts as one.
    pub fn form(&self, kind: Kind, credential: &str) -> Form {
        let keys = || {
            self.known
                .iter()
                .any(|one| credential.starts_with(&one.prefix))
        };
        match kind {
            Kind::ApiKey | Kind::Bearer if self.is_token(credential) => Form::SignIn,
            Kind::ApiKey => Form::ApiKey,
            Kind::Bearer if keys() => Form::ApiKey,
            Kind::Bearer => Form::SignIn,
        }
    }

    /// Whether a credential plainly belongs to another vendor than `provider`. What starts as nobody's
    /// keys do can be anybody's.
    pub fn is_anothers(&self, credential: &str, provider: &Provider) -> bool {
        let fits = |vendor: &&Vendor| credential.starts_with(&vendor.prefix);
        // Of two that fit the longer one says more: `sk-ant-` is not OpenAI's `sk-`.
        let longest = self.known.iter().filter(fits).map(|one| one.prefix.len());
        let Some(longest) = longest.max() else {
            return false;
        };
        let owners = self.known.iter().filter(fits);
        let owners: Vec<_> = owners.filter(|one| one.prefix.len() == longest).collect();
        if owners.iter().any(|vendor| vendor.is(provider)) {
            return false;
        }
        // What several vendors' keys start with, others' do too; but not those of a vendor whose keys are
        // known to start otherwise.
        owners.len() == 1 || self.known.iter().any(|vendor| vendor.is(provider))
    }
}

impl Vendor {
    fn is(&self, provider: &Provider) -> bool {
        self.name == provider.name
            || provider.key_prefix.as_ref() == Some(&self.prefix)
            || hosts(provider).any(|host| self.hosts.iter().any(|known| known == host))
    }
}

fn hosts(provider: &Provider) -> impl Iterator<Item = &str> {
    provider.endpoints.values().filter_map(|url| {
        let (_, rest) = url.split_once("://")?;
        rest.split(['/', ':', '?', '#']).next()
    })
}

#[cfg(test)]
mod tests {
    use tollhouse_wire::Protocol;

    use super::*;

    fn provider(name: &str, url: &str, prefix: Option<&str>) -> Provider {
        let mut provider = catalog::providers().unwrap()["mistral"].clone();
        name.clone_into(&mut provider.name);
        provider.key_prefix = prefix.map(str::to_owned);
        provider.endpoints = [(Protocol::Messages, url.to_owned())].into();
        provider
    }

    #[test]
    fn a_vendors_key_is_for_that_vendor() {
        let vendors = Vendors::embedded().unwrap();
        let lab = "https://lab.example";
        let anthropics = "https://api.anthropic.com";
        for (credential, name, url, prefix, anothers) in [
            ("sk-ant-api03-x", "anthropic", lab, None, false),
            ("sk-ant-oat01-x", "eu", anthropics, None, false),
            ("sk-ant-oat01-x", "relay", lab, Some("sk-ant-"), false),
            ("sk-ant-oat01-x", "lab", lab, None, true),
            ("sk-ant-oat01-x", "openai", lab, Some("sk-"), true),
            ("xai-x", "lab", lab, None, true),
            ("xai-x", "xai", lab, None, false),
            // Many servers' keys start with `sk-`.
            ("sk-proj-x", "lab", lab, None, false),
            ("sk-proj-x", "openai", lab, None, false),
            ("sk-proj-x", "anthropic", lab, None, true),
            ("eyJ-a-token", "anthropic", lab, None, false),
            ("", "anthropic", lab, None, false),
        ] {
            let provider = provider(name, url, prefix);
            let found = vendors.is_anothers(credential, &provider);
            assert_eq!(found, anothers, "{credential} to {name} at {url}");
        }
    }

    #[test]
    fn what_is_no_vendors_key_counts_as_a_sign_in() {
        let vendors = Vendors::embedded().unwrap();
        for (kind, credential, form) in [
            (Kind::ApiKey, "sk-ant-api03-x", Form::ApiKey),
            (Kind::ApiKey, "whatever", Form::ApiKey),
            (Kind::ApiKey, "sk-ant-oat01-x", Form::SignIn),
            (Kind::Bearer, "sk-ant-oat01-x", Form::SignIn),
            (Kind::Bearer, "sk-ant-api03-x", Form::ApiKey),
            (Kind::Bearer, "sk-proj-x", Form::ApiKey),
            (Kind::Bearer, "gsk_x", Form::ApiKey),
            (Kind::Bearer, "eyJhbGciOiJSUzI1NiJ9.e30.x", Form::SignIn),
            (Kind::Bearer, "gho_x", Form::SignIn),
            (Kind::Bearer, "", Form::SignIn),
        ] {
            let found = vendors.form(kind, credential);
            assert_eq!(found, form, "{kind:?} {credential}");
        }
    }

    #[test]
    fn a_sign_in_of_anthropics_is_a_token() {
        let vendors = Vendors::embedded().unwrap();
        assert!(vendors.is_token("sk-ant-oat01-x"));
        assert!(!vendors.is_token("sk-ant-api03-x"));
    }
}
