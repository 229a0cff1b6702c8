//! What is said of a provider, and whether it can be called.

use std::collections::BTreeMap;

use axum::http::Uri;
use serde::Deserialize;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::{AuthScheme, Provider, valid_name};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;
use utoipa::ToSchema;

use crate::admin::error::ApiError;
use crate::admin::input::Payload;
use crate::upstream::extras::{NO_OWN_HEADER, own_header};

/// A provider to be added or replaced.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderInput)]
pub(crate) struct ProviderInput {
    /// The base URL by protocol, as the vendor's own SDK takes it: without `/v1` for messages, with
    /// it for chat and responses. May be left out for a provider of the catalog.
    #[schema(example = json!({"chat": "http://127.0.0.1:9002/v1"}))]
    endpoints: Option<BTreeMap<String, String>>,
    /// `bearer`, `x-api-key` or `none`, in place of the protocol's own.
    #[schema(value_type = Option<String>)]
    auth: Option<AuthScheme>,
    /// Whether every key that may name it may use it without anybody's credential. Unless said, so where
    /// `auth` is `none`.
    open: Option<bool>,
    /// What its keys start with; checked when one is set.
    key_prefix: Option<String>,
    /// Models it serves when no route names them.
    #[schema(value_type = Option<Vec<String>>)]
    models: Option<Vec<Pattern>>,
    /// What its endpoints are sent with every call, such as the words by which an account's calls say what
    /// program makes them. Names have a `-`. Stored as it is and shown to administrators: no place for secrets.
    #[schema(value_type = Option<BTreeMap<String, String>>, example = json!({"editor-version": "acme/1.2"}))]
    headers: Option<BTreeMap<String, String>>,
    /// How it departs from what its protocols take and give; docs/translation.md lists the names.
    #[schema(value_type = Option<Vec<String>>, example = json!(["max_tokens"]))]
    quirks: Option<Vec<Quirk>>,
}

impl Payload for ProviderInput {}

impl ProviderInput {
    /// The provider that is meant; `known` is the catalog.
    pub(crate) fn provider(
        self,
        name: String,
        known: &BTreeMap<String, Provider>,
    ) -> Result<Provider, ApiError> {
        if !valid_name(&name) {
            return Err(ApiError::invalid(
                "name",
                "Expected 1 to 64 of a-z, 0-9, `-` and `_`.",
            ));
        }
        let listed = known.get(&name);
        // A provider moved to another address is no longer the vendor whose keys we know.
        let moved = self.endpoints.is_some();
        let endpoints = match (self.endpoints, listed) {
            (Some(given), _) => given,
            (None, Some(listed)) => {
                let named = listed.endpoints.iter();
                named
                    .map(|(protocol, url)| (protocol.to_string(), url.clone()))
                    .collect()
            }
            (None, None) => BTreeMap::new(),
        };
        if endpoints.is_empty() {
            let message = "Expected at least one endpoint: this provider is not in the catalog.";
            return Err(ApiError::invalid("endpoints", message));
        }
        let checked = endpoints.into_iter().map(|(name, url)| {
            endpoint(&name, &url)
                .map_err(|message| ApiError::invalid(format!("endpoints.{name}"), message))
        });
        let listed_prefix = listed
            .filter(|_| !moved)
            .and_then(|row| row.key_prefix.clone());
        Ok(Provider {
            endpoints: checked.collect::<Result<_, ApiError>>()?,
            auth: self.auth.or(listed.and_then(|row| row.auth)),
            open: self.open,
            upstream_auth: false,
            bridge: None,
            account: listed.and_then(|row| row.account.clone()),
            headers: headers(self.headers.unwrap_or_default())?,
            protocols: listed.map(|row| row.protocols.clone()).unwrap_or_default(),
            key_prefix: self
                .key_prefix
                .filter(|prefix| !prefix.is_empty())
                .or(listed_prefix),
            models: self
                .models
                .or(listed.map(|row| row.models.clone()))
                .unwrap_or_default(),
            quirks: self
                .quirks
                .or(listed.map(|row| row.quirks.clone()))
                .unwrap_or_default(),
            managed: false,
            name,
        })
    }
}

/// What its endpoints are sent with every call: by the same rules as in the configuration file.
fn headers(given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, ApiError> {
    let checked = given
        .into_iter()
        .map(|(name, value)| match own_header(&name, &value) {
            Some(own) => Ok((own.as_str().to_owned(), value)),
            None => {
                let message = format!("`{name}` {NO_OWN_HEADER}.");
                Err(ApiError::invalid(format!("headers.{name}"), message))
            }
        });
    checked.collect()
}

/// One endpoint, read.
fn endpoint(name: &str, url: &str) -> Result<(Protocol, String), &'static str> {
    let protocol = name
        .parse()
        .map_err(|_| "Expected `messages`, `chat` or `responses`.")?;
    let url = base_url(url)
        .ok_or("Expected an http:// or https:// base URL without user, query or fragment.")?;
    Ok((protocol, url))
}

/// A base URL in the form it is kept in; `None` when it is none.
fn base_url(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = uri.host().is_some_and(|host| !host.is_empty());
    let plain = uri.query().is_none() && !url.contains(['@', '#']);
    (web && host && plain).then(|| url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(name: &str, json: &str) -> Result<Provider, ApiError> {
        let known = tollhouse_domain::catalog::providers().unwrap();
        serde_json::from_str::<ProviderInput>(json)
            .unwrap()
            .provider(name.into(), &known)
    }

    #[test]
    fn the_catalog_fills_in_and_another_address_forgets_the_vendors_prefix() {
        let anthropic = provider("anthropic", "{}").unwrap();
        assert!(anthropic.key_prefix.is_some() && !anthropic.models.is_empty());
        let moved = r#"{"endpoints":{"messages":"http://127.0.0.1:1/"}}"#;
        let moved = provider("anthropic", moved).unwrap();
        assert_eq!(moved.key_prefix, None);
        assert_eq!(moved.endpoints[&Protocol::Messages], "http://127.0.0.1:1");
    }

    /// Without them its calls were refused for ever, and no way but the configuration file led there.
    #[test]
    fn an_account_of_the_catalogs_is_given_the_words_that_its_calls_need() {
        let copilot = provider("github-copilot", "{}").unwrap();
        assert_eq!(copilot.anonymous().count(), 2);
        let headers =
            r#"{"headers":{"Editor-Version":"acme/1.2","copilot-integration-id":"acme"}}"#;
        let copilot = provider("github-copilot", headers).unwrap();
        assert_eq!(copilot.anonymous().count(), 0);
        assert_eq!(copilot.headers["editor-version"], "acme/1.2");
        for (name, value) in [
            ("authorization", "x"),
            ("x-api-key", "x"),
            ("content-type", "x"),
            ("a b-c", "x"),
            ("x-lab", ""),
            ("x-lab", "a\\nb"),
        ] {
            let json = format!(r#"{{"headers":{{"{name}":"{value}"}}}}"#);
            let Err(ApiError::Invalid { field, .. }) = provider("github-copilot", &json) else {
                panic!("{json} was accepted");
            };
            assert_eq!(field, Some(format!("headers.{name}")));
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused_by_name() {
        let url = |url: &str| format!(r#"{{"endpoints":{{"chat":"{url}"}}}}"#);
        let cases = [
            ("Lab", url("http://h"), "name"),
            ("lab", "{}".into(), "endpoints"),
            ("lab", r#"{"endpoints":{}}"#.into(), "endpoints"),
            ("lab", url("ftp://h"), "endpoints.chat"),
            ("lab", url("h/v1"), "endpoints.chat"),
            ("lab", url("http://user:pw@h"), "endpoints.chat"),
            ("lab", url("http://h/?q"), "endpoints.chat"),
            ("lab", url("http://h/#f"), "endpoints.chat"),
            ("lab", url("http://"), "endpoints.chat"),
        ];
        for (name, json, expected) in cases {
            match provider(name, &json) {
                Err(ApiError::Invalid { field, .. }) => {
                    assert_eq!(field.as_deref(), Some(expected));
                }
                _ => panic!("{json} was accepted"),
            }
        }
    }
}
