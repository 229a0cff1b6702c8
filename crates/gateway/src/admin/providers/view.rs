//! A provider as it is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use tollhouse_domain::bridge::health::State;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::pool::{Outlook, Useless};
use tollhouse_domain::provider::{AuthScheme, Provider};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;
use utoipa::ToSchema;

use super::bridge::BridgeView;
use super::caller::Caller;
use super::taken::{TakenView, taken};
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// A provider and how it is doing for whoever asks, as far as this replica has seen.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(in crate::admin) struct ProviderView {
    name: String,
    /// The base URL by protocol; for who administers the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    endpoints: Option<BTreeMap<Protocol, String>>,
    /// The protocols that it is called in.
    #[schema(value_type = Vec<String>)]
    protocols: Vec<Protocol>,
    /// `bearer`, `x-api-key` or `none`; absent: as the protocol has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    auth: Option<AuthScheme>,
    /// Whether every key that may name it may use it without anybody's credential.
    open: bool,
    /// What its keys start with.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
    /// Models it serves when no route names them.
    #[schema(value_type = Vec<String>)]
    models: Vec<Pattern>,
    /// What its endpoints are sent with every call; for who administers the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    headers: Option<BTreeMap<String, String>>,
    /// How it departs from what its protocols take and give.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    quirks: Vec<Quirk>,
    /// Whether the configuration file states it.
    managed: bool,
    /// Whether the platform has a credential for it, or it needs none; for who administers the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    configured: Option<bool>,
    /// Which kinds of credentials it takes.
    credentials: Vec<TakenView>,
    state: ProviderState,
    /// What one's calls lack, where `state` is `auth_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Lack>,
    /// When the first of the credentials returns that the calls of whoever asks would draw on, where all
    /// of them rest, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// What is known of it where it is a bridge to somebody's login.
    #[serde(skip_serializing_if = "Option::is_none")]
    bridge: Option<BridgeView>,
}

/// How a provider is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::admin) enum ProviderState {
    /// Nothing is known against it.
    Ready,
    /// Some of its endpoints are left alone for a moment after failures or rate limits, or every credential
    /// that one's calls would draw on rests; see `until`.
    Degraded,
    /// All of its endpoints are, or it is a bridge that nobody answers at.
    Unreachable,
    /// There is no credential that one's calls could draw on, or those that there are do not work; keys that
    /// bring their own still do. Of a bridge: nobody is logged in there.
    AuthRequired,
    /// It is a bridge that will take calls in a moment.
    Starting,
    /// It has no endpoint that could be called, or it is a bridge that was not looked at yet.
    Unknown,
}

/// Why there is no credential that calls of whoever asks could draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProviderLack)]
#[serde(rename_all = "snake_case")]
pub(in crate::admin) enum Lack {
    /// There is none, or whose bridge it is has no account here yet.
    #[serde(rename = "none")]
    Nothing,
    /// The provider refuses it.
    Refused,
    /// It is an account whose holder has to sign in again, or nobody is logged in at the bridge.
    SignedOut,
    /// It cannot be opened with the master key, or not be sent.
    Unusable,
    /// It is switched off.
    Paused,
    /// The operator has yet to say what program makes the calls, in `headers` of the provider.
    NotSetUp,
}

impl Lack {
    fn new(state: ProviderState, seen: Option<State>, outlook: Outlook) -> Option<Self> {
        match (state, seen) {
            (ProviderState::AuthRequired, Some(State::AuthRequired)) => {
                return Some(Self::SignedOut);
            }
            (ProviderState::AuthRequired, _) => {}
            (
                ProviderState::Ready
                | ProviderState::Degraded
                | ProviderState::Unreachable
                | ProviderState::Starting
                | ProviderState::Unknown,
                _,
            ) => return None,
        }
        match outlook {
            Outlook::Absent => Some(Self::Nothing),
            Outlook::Useless(Useless::Refused) => Some(Self::Refused),
            Outlook::Useless(Useless::SignedOut) => Some(Self::SignedOut),
            Outlook::Useless(Useless::Unusable) => Some(Self::Unusable),
            Outlook::Useless(Useless::Paused) => Some(Self::Paused),
            Outlook::Useless(Useless::NotSetUp) => Some(Self::NotSetUp),
            Outlook::Cooling(_) | Outlook::Usable => None,
        }
    }
}

impl From<State> for ProviderState {
    fn from(state: State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Starting => Self::Starting,
            State::AuthRequired => Self::AuthRequired,
            State::Unreachable => Self::Unreachable,
        }
    }
}

/// What is said of a bridge whose calls go as `of_calls` tells: what it says itself, unless its calls fail
/// all the same.
fn state_of_bridge(seen: Option<State>, of_calls: ProviderState) -> ProviderState {
    match (seen, of_calls) {
        (None, _) => ProviderState::Unknown,
        (Some(State::Ready), of_calls) => of_calls,
        (Some(worse), _) => worse.into(),
    }
}

impl ProviderView {
    pub(super) fn new(
        provider: &Provider,
        gateway: &Gateway,
        snapshot: &Snapshot,
        caller: &Caller,
        now: Timestamp,
    ) -> Self {
        let unwell = |protocol: &&Protocol| {
            let cooling = gateway.health().cooling(&provider.name, **protocol, now);
            cooling.is_some()
        };
        let endpoints = provider.endpoints.len();
        let unwell = provider.endpoints.keys().filter(unwell).count();
        let outlook = caller.outlook(provider, snapshot, gateway.pools(), now);
        let of_calls = state(outlook, endpoints, unwell);
        let seen = gateway.bridges().seen(&provider.name);
        let seen_state = seen.as_ref().map(|seen| seen.health.state);
        let state = match provider.bridge {
            Some(_) => state_of_bridge(seen_state, of_calls),
            None => of_calls,
        };
        let admin = caller.platform;
        Self {
            name: provider.name.clone(),
            endpoints: admin.then(|| provider.endpoints.clone()),
            protocols: provider.endpoints.keys().copied().collect(),
            auth: provider.auth,
            open: provider.is_open(),
            key_prefix: provider.key_prefix.clone(),
            models: provider.models.clone(),
            headers: admin.then(|| provider.headers.clone()),
            quirks: provider.quirks.clone(),
            managed: provider.managed,
            configured: admin.then(|| is_configured(provider, snapshot)),
            credentials: taken(provider, &gateway.0.accounts),
            state,
            why: Lack::new(state, seen_state, outlook),
            until: match outlook {
                Outlook::Cooling(until) => Some(until.to_string()),
                Outlook::Absent | Outlook::Useless(_) | Outlook::Usable => None,
            },
            bridge: provider.bridge.map(|holder| {
                let about = gateway.bridges().about(&provider.name);
                BridgeView::new(holder, about, seen)
            }),
        }
    }
}

/// Whether the platform has a credential for it, or it needs none.
fn is_configured(provider: &Provider, snapshot: &Snapshot) -> bool {
    let needs = |protocol: &Protocol| provider.auth_for(*protocol) != AuthScheme::None;
    let owner = match provider.bridge {
        Some(holder) => holder.owner(),
        None => Some(Owner::Platform),
    };
    let credentials = snapshot.credentials();
    let pools = [
        owner.and_then(|owner| credentials.pool(owner, &provider.name)),
        credentials.operators(&provider.name),
    ];
    let mut pools = pools.into_iter().flatten();
    pools.any(|pool| !pool.members.is_empty()) || !provider.endpoints.keys().any(needs)
}

/// What to say of a provider with so many endpoints, so many of them unwell, to whom credentials for it are
/// like this.
fn state(outlook: Outlook, endpoints: usize, unwell: usize) -> ProviderState {
    match (outlook, unwell) {
        _ if endpoints == 0 => ProviderState::Unknown,
        (Outlook::Absent | Outlook::Useless(_), _) => ProviderState::AuthRequired,
        (_, unwell) if unwell == endpoints => ProviderState::Unreachable,
        (Outlook::Usable, 0) => ProviderState::Ready,
        (Outlook::Usable | Outlook::Cooling(_), _) => ProviderState::Degraded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_the_worst_that_is_known() {
        let resting = Outlook::Cooling(Timestamp::from_secs(9));
        let useless = Outlook::Useless(Useless::Refused);
        for (outlook, endpoints, unwell, expected) in [
            (Outlook::Usable, 0, 0, ProviderState::Unknown),
            (Outlook::Absent, 2, 1, ProviderState::AuthRequired),
            (useless, 2, 2, ProviderState::AuthRequired),
            (Outlook::Usable, 2, 0, ProviderState::Ready),
            (Outlook::Usable, 2, 1, ProviderState::Degraded),
            (Outlook::Usable, 2, 2, ProviderState::Unreachable),
            (resting, 2, 0, ProviderState::Degraded),
            (resting, 2, 2, ProviderState::Unreachable),
        ] {
            let told = state(outlook, endpoints, unwell);
            assert_eq!(told, expected, "{outlook:?} {endpoints} {unwell}");
        }
    }

    #[test]
    fn what_is_lacking_is_told_where_something_is() {
        let useless = Outlook::Useless;
        let (lacks, out) = (ProviderState::AuthRequired, Some(State::AuthRequired));
        for (state, seen, outlook, expected) in [
            (lacks, None, Outlook::Absent, Some(Lack::Nothing)),
            (lacks, None, useless(Useless::Refused), Some(Lack::Refused)),
            (lacks, None, useless(Useless::Paused), Some(Lack::Paused)),
            // A bridge that nobody is logged in at may well have its secret.
            (lacks, out, Outlook::Usable, Some(Lack::SignedOut)),
            (
                lacks,
                Some(State::Ready),
                Outlook::Absent,
                Some(Lack::Nothing),
            ),
            (ProviderState::Ready, None, Outlook::Usable, None),
            (
                ProviderState::Unknown,
                None,
                useless(Useless::NotSetUp),
                None,
            ),
        ] {
            assert_eq!(Lack::new(state, seen, outlook), expected, "{outlook:?}");
        }
    }

    #[test]
    fn a_bridge_is_as_it_says_unless_its_calls_fail() {
        let (ready, away) = (ProviderState::Ready, ProviderState::Unreachable);
        for (seen, of_calls, expected) in [
            (None, ready, ProviderState::Unknown),
            (Some(State::Ready), ready, ready),
            (Some(State::Ready), away, away),
            (Some(State::Starting), away, ProviderState::Starting),
            (
                Some(State::AuthRequired),
                ready,
                ProviderState::AuthRequired,
            ),
            (Some(State::Unreachable), ready, away),
        ] {
            assert_eq!(
                state_of_bridge(seen, of_calls),
                expected,
                "{seen:?} {of_calls:?}"
            );
        }
    }
}
