//! Where a call may go and with whose credential: the plan.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use tollhouse_domain::call::Mode;
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{CredentialId, OrgId, UserId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::provider::AuthScheme;
use tollhouse_domain::route::{self, Asked};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::{ErrorKind, Protocol};

use super::authenticate::{ClientCredential, Principal};
use super::refusal::Refusal;
use crate::health::HealthBook;
use crate::names;
use crate::snapshot::{Endpoint, OpenCredential, Snapshot};

/// One target, ready to be called.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) credential: Credential,
    /// The model to send instead of the one asked for.
    pub(crate) model: Option<String>,
    /// What the target takes, when it speaks another protocol than the caller.
    pub(crate) dialect: Option<Arc<Dialect>>,
}

impl Target {
    /// The protocol it is called in, where that is not the caller's.
    pub(crate) fn translated_to(&self) -> Option<Protocol> {
        self.dialect.as_ref().map(|dialect| dialect.protocol)
    }

    /// Whether bytes cross unchanged.
    pub(crate) const fn mode(&self) -> Mode {
        match self.dialect {
            None => Mode::Passthrough,
            Some(_) => Mode::Translated,
        }
    }
}

/// What goes upstream to say who pays.
#[derive(Clone)]
pub(crate) enum Credential {
    /// The provider wants none.
    None,
    /// The client's own, in the header it came in.
    Client(ClientCredential),
    /// The platform's.
    Platform(Arc<OpenCredential>),
}

impl Credential {
    pub(crate) fn source(&self) -> Option<CredentialSource> {
        match self {
            Self::None => None,
            Self::Client(_) => Some(CredentialSource::Client),
            Self::Platform(_) => Some(CredentialSource::Platform),
        }
    }

    pub(crate) fn id(&self) -> Option<CredentialId> {
        match self {
            Self::Platform(open) => Some(open.id),
            Self::None | Self::Client(_) => None,
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Client(client) => Some(&client.fingerprint),
            Self::None | Self::Platform(_) => None,
        }
    }

    pub(crate) fn is_clients(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Puts the one credential into headers that hold none.
    pub(crate) fn apply(&self, scheme: AuthScheme, headers: &mut HeaderMap) {
        match (self, scheme) {
            (Self::Client(client), _) => put(headers, client.header.clone(), client.value.clone()),
            (Self::Platform(open), AuthScheme::Bearer) => {
                put(headers, AUTHORIZATION, open.bearer());
            }
            (Self::Platform(open), AuthScheme::XApiKey) => {
                put(headers, names::X_API_KEY, open.plain());
            }
            (Self::Platform(_), AuthScheme::None) | (Self::None, _) => {}
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: http::HeaderValue) {
    headers.insert(name, value);
}

/// The targets of a call, in the order they are tried.
pub(crate) fn resolve(
    snapshot: &Snapshot,
    principal: &Principal,
    asked: Asked<'_>,
    health: &HealthBook,
    now: Timestamp,
) -> Result<Vec<Target>, Refusal> {
    let key = &principal.key;
    let found = route::candidates(snapshot.routes(), snapshot.providers(), key, asked)?;
    let mut missing = None;
    let mut targets = Vec::with_capacity(found.len());
    for candidate in found {
        let (provider, protocol) = (candidate.provider, candidate.protocol);
        let Some(endpoint) = snapshot.endpoint(&provider.name, protocol) else {
            continue;
        };
        let dialect = (protocol != asked.protocol).then(|| {
            let model = candidate.model.unwrap_or(asked.model);
            Arc::new(snapshot.dialect(provider, protocol, model))
        });
        match credential(snapshot, principal, endpoint) {
            Ok(credential) => targets.push(Target {
                endpoint: Arc::clone(endpoint),
                credential,
                model: candidate.model.map(str::to_owned),
                dialect,
            }),
            Err(refusal) => missing = Some(refusal),
        }
    }
    if targets.is_empty() {
        return Err(missing.unwrap_or_else(|| route::NoRoute::UnknownModel.into()));
    }
    if principal.client.is_some() {
        // A client's own credential belongs to one provider: the one that the route names first.
        let first = Arc::clone(&targets[0].endpoint.provider);
        targets.retain(|target| target.endpoint.provider == first);
    }
    health.order(&mut targets, now);
    Ok(targets)
}

/// Whose credential serves `endpoint` for this principal.
pub(crate) fn credential(
    snapshot: &Snapshot,
    principal: &Principal,
    endpoint: &Endpoint,
) -> Result<Credential, Refusal> {
    if let Some(client) = &principal.client {
        return Ok(Credential::Client(client.clone()));
    }
    if endpoint.auth == AuthScheme::None {
        return Ok(Credential::None);
    }
    let open = snapshot
        .platform(&endpoint.provider)
        .filter(|_| allows_platform(&principal.key));
    open.map(|open| Credential::Platform(Arc::clone(open)))
        .ok_or_else(|| {
            Refusal::new(
                ErrorKind::CredentialMissing,
                "No credential that this key may use is configured for the provider.",
            )
        })
}

/// Whose credentials there are for a provider, for calls of this user in this organization: the order
/// of the answer is that of the search.
pub(crate) fn sources(
    snapshot: &Snapshot,
    _user: Option<UserId>,
    _org: Option<OrgId>,
    provider: &str,
) -> Vec<CredentialSource> {
    // A provider that wants no credential is the operator's own machine, and lent like one.
    let open = snapshot
        .providers()
        .get(provider)
        .is_some_and(|row| row.auth == Some(AuthScheme::None));
    let platform = open || snapshot.platform(provider).is_some();
    platform
        .then_some(CredentialSource::Platform)
        .into_iter()
        .collect()
}

fn allows_platform(key: &VirtualKey) -> bool {
    key.credentials.platform
}
