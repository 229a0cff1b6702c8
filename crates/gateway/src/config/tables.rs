//! The `[[provider]]`, `[[key]]` and `[[route]]` tables.

use std::collections::{BTreeMap, HashSet};

use http::{HeaderName, HeaderValue};
use tollhouse_domain::account::authority::Authorities;
use tollhouse_domain::capture::Capture;
use tollhouse_domain::catalog;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::limits::{Budget, Limits};
use tollhouse_domain::money::Money;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::{self, Provider};
use tollhouse_domain::route::Route;
use tollhouse_vault::Secret;
use toml::Spanned;

use super::error::ConfigError;
use super::file;
use super::read::{Reader, Reference};
use crate::upstream::extras::{Extra, NO_OWN_HEADER, free_header, own_header};

/// A provider and, when the file names one, the platform's credential for it.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ConfiguredProvider {
    /// The row.
    pub provider: Provider,
    /// The credential.
    pub api_key: Option<Secret>,
    /// Why there is none although the file names one: what it names is not there (yet).
    pub missing: Option<String>,
    /// What its endpoints are sent besides.
    pub extra: Option<Extra>,
}

/// A virtual key provisioned from outside.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ConfiguredKey {
    /// Its name, unique in the file.
    pub name: String,
    /// The secret, stored as a digest only.
    pub secret: Secret,
    /// The agent its calls are attributed to.
    pub agent: Option<String>,
    /// The models it may use.
    pub models: Option<Vec<Pattern>>,
    /// The providers it may use.
    pub providers: Option<Vec<String>>,
    /// The routes it may use, by their patterns.
    pub routes: Option<Vec<Pattern>>,
    /// Whose credentials it may draw on.
    pub credentials: CredentialPolicy,
    /// Its rates and concurrency.
    pub limits: Limits,
    /// Its budgets, at most one for a window.
    pub budgets: Vec<Budget>,
    /// Whether a call that a translation would lose anything of is refused.
    pub strict: bool,
    /// What is kept of its calls' bodies; absent means what the installation keeps.
    pub capture: Option<Capture>,
}

/// Whether `secret` can be a virtual key: `th-` and at least 32 URL-safe characters.
pub fn check_virtual_key(secret: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    secret
        .strip_prefix("th-")
        .is_some_and(|rest| rest.len() >= 32 && rest.bytes().all(safe))
}

pub(super) fn providers(
    reader: &Reader<'_>,
    tables: &[Spanned<file::Provider>],
    authorities: &Authorities,
) -> Result<Vec<ConfiguredProvider>, ConfigError> {
    let known = catalog::providers()
        .map_err(|error| ConfigError::file(reader.source.file, error.to_string()))?;
    let mut seen = HashSet::new();
    let mut found = Vec::with_capacity(tables.len());
    for table in tables {
        let (span, written) = (table.span(), table.get_ref());
        if !provider::valid_name(&written.name) {
            let message = "provider name: expected 1 to 64 of a-z, 0-9, '-' and '_'";
            return Err(reader.error(span, message));
        }
        if !seen.insert(written.name.as_str()) {
            let message = format!("provider \"{}\" is written twice", written.name);
            return Err(reader.error(span, message));
        }
        let mut row = known
            .get(&written.name)
            .cloned()
            .unwrap_or_else(|| Provider {
                name: written.name.clone(),
                endpoints: BTreeMap::new(),
                auth: None,
                open: None,
                upstream_auth: false,
                bridge: None,
                account: None,
                headers: BTreeMap::new(),
                protocols: Vec::new(),
                key_prefix: None,
                models: Vec::new(),
                quirks: Vec::new(),
                managed: true,
            });
        row.managed = true;
        row.auth = written.auth.or(row.auth);
        row.open = written.open;
        row.account = written.account.clone().or(row.account);
        check_account(reader, &span, &row, authorities)?;
        row.headers = headers(reader, &span, &written.headers)?;
        if let Some(endpoints) = &written.endpoints {
            row.endpoints.clone_from(endpoints);
            // A provider moved to another address is no longer the vendor whose keys we know.
            row.key_prefix = None;
        }
        if let Some(quirks) = &written.quirks {
            row.quirks.clone_from(quirks);
        }
        check_endpoints(reader, &span, &mut row)?;
        let (api_key, missing) = match &written.api_key {
            // A pod may start before its secret is made: that is no reason not to serve the others.
            Some(text) => match reader.reference(span.clone(), text)? {
                Reference::Secret(secret) => (Some(secret), None),
                Reference::Nothing(why) => (None, Some(why)),
            },
            None => (None, None),
        };
        check_prefix(reader, span, &row, api_key.as_ref())?;
        let extra = match &written.metadata {
            Some(metadata) => Some(extra(reader, &table.span(), &row, metadata)?),
            None => None,
        };
        row.upstream_auth = extra.as_ref().is_some_and(|extra| extra.auth.is_some());
        found.push(ConfiguredProvider {
            provider: row,
            api_key,
            missing,
            extra,
        });
    }
    Ok(found)
}

/// What a provider's `metadata` table asks for.
fn extra(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    row: &Provider,
    written: &file::Metadata,
) -> Result<Extra, ConfigError> {
    let error = |message: &str| reader.error(span.clone(), format!("metadata: {message}"));
    let header = |text: &str| {
        let message = "expected the name of a header of the analytics gateway's own, such as \
             \"cf-aig-metadata\"";
        free_header(text).ok_or_else(|| error(message))
    };
    let metadata = match (&written.header, &written.template) {
        (Some(name), Some(template)) if !template.is_empty() => {
            Some((header(name)?, template.clone()))
        }
        (None, None) => None,
        _ => return Err(error("header and template belong together")),
    };
    let auth = match (&written.auth_header, &written.auth) {
        (Some(name), Some(reference)) => {
            let secret = reader.secret(span.clone(), reference)?;
            let value = HeaderValue::from_str(secret.expose());
            let mut value = value.map_err(|_| error("auth cannot stand in a header"))?;
            value.set_sensitive(true);
            Some((header(name)?, value))
        }
        (None, None) => None,
        _ => return Err(error("auth_header and auth belong together")),
    };
    let hosts = row.endpoints.values();
    let hosts = hosts.filter_map(|url| url.parse::<http::Uri>().ok()?.authority().cloned());
    Ok(Extra {
        hosts: hosts.collect(),
        metadata,
        auth,
    })
}

/// What a provider's endpoints are sent with every call.
fn headers(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    written: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut found = BTreeMap::new();
    for (name, value) in written {
        let Some(name) = own_header(name, value) else {
            let message = format!("headers: \"{name}\" {NO_OWN_HEADER}");
            return Err(reader.error(span.clone(), message));
        };
        found.insert(name.as_str().to_owned(), value.clone());
    }
    Ok(found)
}

fn check_account(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    row: &Provider,
    authorities: &Authorities,
) -> Result<(), ConfigError> {
    let Some(account) = &row.account else {
        return Ok(());
    };
    let authority = &account.authority;
    let header = account.header.as_deref();
    let message = if !authorities.contains_key(authority) {
        let known: Vec<&str> = authorities.keys().map(String::as_str).collect();
        let known = known.join(", ");
        format!("account: there is no authority \"{authority}\"; there are {known}")
    } else if header.is_some_and(|name| name.parse::<HeaderName>().is_err()) {
        "account: header is no header's name".to_owned()
    } else {
        return Ok(());
    };
    Err(reader.error(span.clone(), message))
}

fn check_endpoints(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    row: &mut Provider,
) -> Result<(), ConfigError> {
    if row.endpoints.is_empty() {
        let message = format!(
            "provider \"{}\" is not in the catalog: give it endpoints, such as \
             endpoints = {{ chat = \"http://127.0.0.1:9002/v1\" }}",
            row.name
        );
        return Err(reader.error(span.clone(), message));
    }
    for (protocol, url) in &mut row.endpoints {
        let parsed = url.parse::<http::Uri>().ok();
        let web = parsed.as_ref().and_then(http::Uri::scheme_str);
        let plain = parsed
            .as_ref()
            .is_some_and(|uri| uri.query().is_none() && uri.host().is_some());
        if !matches!(web, Some("http" | "https")) || !plain || url.contains('@') {
            let message = format!(
                "provider \"{}\": endpoint {} is not an http:// or https:// base URL without \
                 user, query or fragment",
                row.name,
                protocol.as_str()
            );
            return Err(reader.error(span.clone(), message));
        }
        *url = url.trim_end_matches('/').to_owned();
    }
    Ok(())
}

fn check_prefix(
    reader: &Reader<'_>,
    span: std::ops::Range<usize>,
    row: &Provider,
    api_key: Option<&Secret>,
) -> Result<(), ConfigError> {
    let (Some(prefix), Some(secret)) = (&row.key_prefix, api_key) else {
        return Ok(());
    };
    if secret.expose().starts_with(prefix.as_str()) {
        return Ok(());
    }
    let message = format!("api_key: keys of \"{}\" start with {prefix}", row.name);
    Err(reader.error(span, message))
}

pub(super) fn keys(
    reader: &Reader<'_>,
    tables: &[Spanned<file::Key>],
) -> Result<Vec<ConfiguredKey>, ConfigError> {
    let mut seen = HashSet::new();
    let mut found = Vec::with_capacity(tables.len());
    for table in tables {
        let (span, written) = (table.span(), table.get_ref());
        if written.name.trim().is_empty() || !seen.insert(written.name.as_str()) {
            let message = "key name: each key needs a name of its own";
            return Err(reader.error(span, message));
        }
        let secret = reader.secret(span.clone(), &written.secret)?;
        if !check_virtual_key(secret.expose()) {
            let message = "secret: expected \"th-\" and at least 32 of a-z, A-Z, 0-9, '-' and '_'";
            return Err(reader.error(span, message));
        }
        refuse(reader, &span, written)?;
        found.push(ConfiguredKey {
            routes: written.routes.clone(),
            limits: limits(reader, &span, written.limits.unwrap_or_default())?,
            budgets: budgets(reader, &span, written.budget.as_ref())?,
            name: written.name.clone(),
            secret,
            agent: written.agent.clone(),
            models: written.models.clone(),
            providers: written.providers.clone(),
            credentials: file::FileCredentials::policy(written.credentials.as_ref()),
            strict: written.strict.unwrap_or(false),
            capture: written.capture,
        });
    }
    Ok(found)
}

/// What a key of the file cannot be.
fn refuse(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    written: &file::Key,
) -> Result<(), ConfigError> {
    let message = if written.owner.is_some() || written.org.is_some() {
        "owner, org: keys in this file are the operator's own; make those of people and \
         organizations with POST /api/v1/keys"
    } else if written.kind.is_some() || written.expires_in.is_some() {
        "kind, expires_in: keys in this file live for as long as they are in it"
    } else {
        return Ok(());
    };
    Err(reader.error(span.clone(), message))
}

fn limits(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    limits: Limits,
) -> Result<Limits, ConfigError> {
    let none = limits.rpm == Some(0) || limits.tpm == Some(0) || limits.concurrency == Some(0);
    if none {
        let message = "limits: expected at least 1; leave a limit out for none";
        return Err(reader.error(span.clone(), message));
    }
    Ok(limits)
}

fn budgets(
    reader: &Reader<'_>,
    span: &std::ops::Range<usize>,
    written: Option<&file::Budgets>,
) -> Result<Vec<Budget>, ConfigError> {
    let list = match written {
        None => &[],
        Some(file::Budgets::One(budget)) => std::slice::from_ref(budget),
        Some(file::Budgets::Many(list)) => list.as_slice(),
    };
    let windows: HashSet<_> = list.iter().map(|budget| budget.window).collect();
    let positive = list.iter().all(|budget| budget.usd > Money::ZERO);
    if windows.len() < list.len() || !positive {
        let message = "budget: expected more than nothing, and one budget for a window";
        return Err(reader.error(span.clone(), message));
    }
    Ok(list.to_vec())
}

pub(super) fn routes(
    reader: &Reader<'_>,
    tables: &[Spanned<file::Route>],
    providers: &[Provider],
) -> Result<Vec<Route>, ConfigError> {
    let mut seen = HashSet::new();
    let mut found = Vec::with_capacity(tables.len());
    for table in tables {
        let (span, written) = (table.span(), table.get_ref());
        if !seen.insert(&written.model) {
            let message = format!("route \"{}\" is written twice", written.model);
            return Err(reader.error(span, message));
        }
        if written.targets.is_empty() {
            return Err(reader.error(span, "targets: a route needs at least one"));
        }
        for target in &written.targets {
            let Some(provider) = providers.iter().find(|row| row.name == target.provider) else {
                let message = format!(
                    "target provider \"{}\" has no [[provider]] table: add one with that name",
                    target.provider
                );
                return Err(reader.error(span, message));
            };
            if let Some(protocol) = target
                .protocol
                .filter(|p| !provider.endpoints.contains_key(p))
            {
                let message = format!(
                    "target: provider \"{}\" has no {} endpoint",
                    target.provider,
                    protocol.as_str()
                );
                return Err(reader.error(span, message));
            }
        }
        found.push(Route {
            model: written.model.clone(),
            targets: written.targets.clone(),
            managed: true,
        });
    }
    Ok(found)
}
