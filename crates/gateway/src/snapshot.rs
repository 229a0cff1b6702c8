//! Everything the hot path reads, immutable behind one pointer.
//!
//! A snapshot is built when something administrative changes, from the one before and what is new
//! (`build.rs`); a call sees exactly one of them, and its revision is recorded on the call.
//! Credentials are opened here, into header values that are
//! marked as sensitive, so that no call has to touch the vault.

pub(crate) mod build;
pub(crate) mod credentials;
mod keys;
mod people;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use tollhouse_domain::catalog::PriceBook;
use tollhouse_domain::dialect::Dialects;
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::limits::Scope;
use tollhouse_domain::own::{Brought, Vendors};
use tollhouse_domain::price::Paid;
use tollhouse_domain::provider::{AccountScheme, AuthScheme, Provider};
use tollhouse_domain::route::{Route, RouteTable};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::Revisions;
use tollhouse_vault::KeyDigester;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Dialect, Quirk};

pub(crate) use self::credentials::{
    Credentials, Idle, OpenAccount, OpenCredential, Pool, Rules, Why,
};
use self::keys::Keys;
pub(crate) use self::people::People;

/// The configuration that a call sees. Its parts are shared with the snapshot before, where nothing in
/// them changed.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) revision: i64,
    revisions: Revisions,
    digester: Arc<KeyDigester>,
    keys: Keys,
    catalog: Arc<Catalog>,
    credentials: Arc<Credentials>,
    rules: Rules,
    pub(crate) prices: Arc<PriceBook>,
    dialects: Arc<Dialects>,
    pub(crate) vendors: Arc<Vendors>,
    pub(crate) people: Arc<People>,
}

/// Where calls can go.
struct Catalog {
    providers: BTreeMap<String, Provider>,
    endpoints: HashMap<String, BTreeMap<Protocol, Arc<Endpoint>>>,
    routes: RouteTable,
}

/// One protocol of one provider.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the provider"
)]
pub(crate) struct Endpoint {
    pub(crate) provider: Arc<str>,
    pub(crate) protocol: Protocol,
    pub(crate) auth: AuthScheme,
    /// It may be used without anybody's credential.
    pub(crate) open: bool,
    /// A credential of the operator's is sent besides.
    pub(crate) upstream_auth: bool,
    /// It is a bridge to somebody's login.
    pub(crate) bridge: bool,
    /// The header that names an account beside its token.
    pub(crate) account_header: Option<HeaderName>,
    /// What it takes, whatever the model.
    dialect: Arc<Dialect>,
    /// How calls to it are paid for.
    pub(crate) paid: Paid,
    /// Its address is a user's, so it is called as far as the internet reaches and no further.
    pub(crate) guarded: bool,
    /// What it is sent with every call.
    pub(crate) headers: Arc<HeaderMap>,
    /// The headers that calls with an account need and the operator has not written.
    pub(crate) anonymous: Option<Arc<str>>,
    /// How it takes accounts, if it does.
    pub(crate) account: Option<Arc<AccountScheme>>,
    base: Uri,
    path: String,
}

fn account_header(scheme: &AccountScheme) -> Option<HeaderName> {
    scheme.header.as_ref()?.parse().ok()
}

fn headers(provider: &Provider) -> HeaderMap {
    let written = provider.headers.iter();
    let read = written.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    read.collect::<Vec<(HeaderName, HeaderValue)>>()
        .into_iter()
        .collect()
}

fn anonymous(provider: &Provider) -> Option<Arc<str>> {
    let missing: Vec<&str> = provider.anonymous().collect();
    (!missing.is_empty()).then(|| missing.join(", ").into())
}

impl Endpoint {
    fn new(provider: &Provider, protocol: Protocol, url: &str) -> Option<Self> {
        let base: Uri = url.parse().ok()?;
        let path = base.path().trim_end_matches('/').to_owned();
        let quirks = provider.quirks.iter().copied();
        let dialect = Dialect::new(protocol, provider.name.as_str()).with(quirks);
        Some(Self {
            // What a bridge's program makes of a call is between its login and the vendor.
            paid: if dialect.has(Quirk::ByPlan) || provider.bridge.is_some() {
                Paid::ByPlan
            } else {
                Paid::ByUse
            },
            dialect: Arc::new(dialect),
            provider: Arc::from(provider.name.as_str()),
            protocol,
            auth: provider.auth_for(protocol),
            open: provider.is_open(),
            upstream_auth: provider.upstream_auth,
            bridge: provider.bridge.is_some(),
            account_header: provider.account.as_ref().and_then(account_header),
            guarded: false,
            headers: Arc::new(headers(provider)),
            anonymous: anonymous(provider),
            account: provider.account.clone().map(Arc::new),
            base,
            path,
        })
    }

    /// The same provider and protocol at an address that a user named, which went through
    /// `check_base_url`. `None` when it is no address.
    pub(crate) fn at(&self, base_url: &str) -> Option<Self> {
        let base: Uri = base_url.parse().ok()?;
        Some(Self {
            provider: Arc::clone(&self.provider),
            protocol: self.protocol,
            auth: self.auth,
            open: self.open,
            upstream_auth: self.upstream_auth,
            bridge: self.bridge,
            account_header: self.account_header.clone(),
            dialect: Arc::clone(&self.dialect),
            paid: self.paid,
            guarded: true,
            // What the operator writes is for the endpoints that the operator wrote.
            headers: Arc::default(),
            anonymous: None,
            account: self.account.clone(),
            path: base.path().trim_end_matches('/').to_owned(),
            base,
        })
    }

    /// What calls of its own protocol are fitted to, where it does not take all of that.
    pub(crate) fn rules(&self) -> Option<&Dialect> {
        Some(&*self.dialect).filter(|dialect| dialect.has_own_rules())
    }

    /// Whether it says how much of an account's plan is used.
    pub(crate) fn tells_windows(&self) -> bool {
        self.dialect.tells_windows()
    }

    /// The same endpoint at an address that the authority of its accounts named: `None` where calls may not
    /// go, and stay where they are.
    pub(crate) fn at_authoritys(&self, base_url: &str) -> Option<Self> {
        let scheme = self.account.as_ref().filter(|_| !self.guarded)?;
        if !scheme.allows(base_url, &self.base.to_string()) {
            return None;
        }
        Some(Self {
            guarded: false,
            headers: Arc::clone(&self.headers),
            anonymous: self.anonymous.clone(),
            ..self.at(base_url)?
        })
    }

    /// The address of `suffix` below the base URL, with `query` verbatim. `None` when the two make no
    /// address.
    pub(crate) fn uri(&self, suffix: &str, query: Option<&str>) -> Option<Uri> {
        let mut target = String::with_capacity(self.path.len() + suffix.len() + 24);
        target.push_str(&self.path);
        target.push_str(suffix);
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = self.base.scheme().cloned();
        parts.authority = self.base.authority().cloned();
        parts.path_and_query = Some(target.try_into().ok()?);
        Uri::from_parts(parts).ok()
    }

    /// The address of a `/proxy` path: a version that both the base and the path name counts once.
    pub(crate) fn proxied(&self, path: &str, query: Option<&str>) -> Option<Uri> {
        let version = self.path.rsplit('/').next().filter(|last| !last.is_empty());
        let doubled = version
            .and_then(|version| path.strip_prefix('/')?.strip_prefix(version))
            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
        self.uri(doubled.unwrap_or(path), query)
    }
}

impl Catalog {
    fn new(providers: Vec<Provider>, routes: &[Route]) -> Self {
        let providers: BTreeMap<String, Provider> = providers
            .into_iter()
            .map(|row| (row.name.clone(), row))
            .collect();
        let of = |provider: &Provider| {
            let endpoint = |(protocol, url): (&Protocol, &String)| {
                Some((
                    *protocol,
                    Arc::new(Endpoint::new(provider, *protocol, url)?),
                ))
            };
            provider.endpoints.iter().filter_map(endpoint).collect()
        };
        let endpoints = providers
            .values()
            .map(|row| (row.name.clone(), of(row)))
            .collect();
        Self {
            routes: RouteTable::new(routes, &providers),
            providers,
            endpoints,
        }
    }
}

impl Snapshot {
    /// The key that was presented.
    pub(crate) fn key(&self, presented: &str, now: Timestamp) -> Option<&Arc<VirtualKey>> {
        self.keys.find(&self.digester.digest(presented), now)
    }

    /// This snapshot without scoped keys that expired before `before`; `None` when it has none.
    pub(crate) fn without_expired_scoped(&self, before: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        (next.keys.forget_expired_scoped(before) > 0).then_some(next)
    }

    pub(crate) fn providers(&self) -> &BTreeMap<String, Provider> {
        &self.catalog.providers
    }

    /// What clients may bring of their own.
    pub(crate) const fn brought(&self) -> Brought {
        self.rules.brought
    }

    pub(crate) fn routes(&self) -> &RouteTable {
        &self.catalog.routes
    }

    /// The same with other routes: what calls would see if these were written.
    pub(crate) fn with_routes(&self, routes: &[Route]) -> Self {
        let catalog = Catalog {
            providers: self.catalog.providers.clone(),
            endpoints: self.catalog.endpoints.clone(),
            routes: RouteTable::new(routes, &self.catalog.providers),
        };
        Self {
            catalog: Arc::new(catalog),
            ..self.clone()
        }
    }

    pub(crate) fn endpoint(&self, provider: &str, protocol: Protocol) -> Option<&Arc<Endpoint>> {
        self.catalog.endpoints.get(provider)?.get(&protocol)
    }

    /// What `provider`'s endpoint of `protocol` takes when asked for `model`.
    pub(crate) fn dialect(&self, provider: &Provider, protocol: Protocol, model: &str) -> Dialect {
        self.dialects.of(provider, protocol, model, &self.prices)
    }

    /// Every key that is not revoked.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &Arc<VirtualKey>> {
        self.keys.all()
    }

    /// Whether what is counted together still exists.
    pub(crate) fn knows(&self, scope: Scope) -> bool {
        match scope {
            Scope::Global | Scope::Session(_) => true,
            Scope::Org(id) => self.people.org(id).is_some(),
            Scope::User(id) => self.people.user(id).is_some(),
            Scope::Key(id) => self.keys.has(id),
        }
    }

    /// Whose credentials there are, opened.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        let provider = Provider {
            name: "p".into(),
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
            managed: false,
        };
        Endpoint::new(&provider, Protocol::Chat, url).unwrap()
    }

    #[test]
    fn addresses_join_without_doubling_slashes() {
        let uri = |base: &str, suffix: &str, query| endpoint(base).uri(suffix, query).unwrap();
        assert_eq!(uri("http://h:1/v1/", "/chat", None), "http://h:1/v1/chat");
        assert_eq!(
            uri("http://h", "/v1/messages", Some("beta=true")),
            "http://h/v1/messages?beta=true"
        );
    }

    #[test]
    fn an_endpoint_moves_to_what_a_user_may_name() {
        let listed = endpoint("http://inside/v1");
        let cases = [
            ("https://A.example./v1/", "https://a.example/v1/chat"),
            ("https://a.example:8443", "https://a.example:8443/chat"),
            (
                "https://[2606:4700::1111]/x",
                "https://[2606:4700::1111]/x/chat",
            ),
        ];
        for (text, address) in cases {
            let text = tollhouse_domain::address::check_base_url(text).unwrap();
            let moved = listed.at(&text).unwrap();
            assert_eq!(moved.uri("/chat", None).unwrap(), address);
            assert!(moved.guarded && !listed.guarded);
            assert_eq!(moved.auth, listed.auth);
        }
    }

    #[test]
    fn a_proxied_version_counts_once() {
        let uri = |base: &str, path: &str| endpoint(base).proxied(path, None).unwrap();
        assert_eq!(uri("http://h/v1", "/v1/models"), "http://h/v1/models");
        assert_eq!(uri("http://h/v1", "/models"), "http://h/v1/models");
        assert_eq!(uri("http://h", "/v1/models"), "http://h/v1/models");
        assert_eq!(uri("http://h/v1", "/v1beta/x"), "http://h/v1/v1beta/x");
    }
}
