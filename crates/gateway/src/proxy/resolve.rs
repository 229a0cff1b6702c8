//! Where a call may go and with whose credential: the plan.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use tollhouse_domain::call::Mode;
use tollhouse_domain::credential::{CredentialSource, Owner};
use tollhouse_domain::id::{CredentialId, OrgId, SessionId, UserId};
use tollhouse_domain::pool::Choice;
use tollhouse_domain::provider::AuthScheme;
use tollhouse_domain::route::{self, Asked, Candidate};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::{ErrorKind, Protocol};

use super::authenticate::Principal;
use super::own::ClientCredential;
use super::refusal::Refusal;
use crate::accounts::Renewing;
use crate::bridges::Bridges;
use crate::health::HealthBook;
use crate::names;
use crate::pools::Pools;
use crate::snapshot::{Endpoint, OpenCredential, Pool, Snapshot};

/// How long somebody is asked to wait for a place at an account.
const BUSY: Duration = Duration::from_secs(2);

/// One target, ready to be called.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) credential: Credential,
    /// Another one of the same owner, to turn to when the provider limits or refuses the first.
    pub(crate) spare: Option<Credential>,
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

    /// The target with a token that has not ended, where its credential is an account.
    pub(crate) async fn fresh(mut self, accounts: Renewing<'_>) -> Result<Self, Refusal> {
        if let Credential::Kept(kept) = &self.credential
            && kept.account.is_some()
        {
            self.credential = Credential::Kept(accounts.fresh(kept).await?);
        }
        Ok(self)
    }

    /// The target with another credential, and nothing to turn to when that one fails.
    pub(crate) fn with(&self, credential: Credential) -> Self {
        Self {
            credential,
            spare: None,
            ..self.clone()
        }
    }

    /// The target at the address that its credential names, if it names one. Its secret goes there or
    /// nowhere.
    fn at_home(mut self) -> Result<Self, Refusal> {
        if let Some(base_url) = self.credential.base_url() {
            let message = "The address that the credential names is none; set it anew.";
            let moved = self.endpoint.at(base_url).ok_or_else(|| missing(message))?;
            self.endpoint = Arc::new(moved);
        }
        Ok(self)
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
    /// None is sent.
    None,
    /// None but the one that the operator has the provider's endpoints sent with every call.
    Upstream,
    /// The client's own, in the header it came in.
    Client(ClientCredential),
    /// One that is kept here: the user's, the organization's or the platform's.
    Kept(Arc<OpenCredential>),
}

impl Credential {
    pub(crate) fn source(&self) -> Option<CredentialSource> {
        match self {
            Self::None => None,
            Self::Upstream => Some(CredentialSource::Platform),
            Self::Client(_) => Some(CredentialSource::Client),
            Self::Kept(open) => Some(open.owner.source()),
        }
    }

    pub(crate) fn id(&self) -> Option<CredentialId> {
        match self {
            Self::Kept(open) => Some(open.id),
            Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Client(client) => Some(client.fingerprint()),
            Self::None | Self::Upstream | Self::Kept(_) => None,
        }
    }

    /// The client's own, if it is that.
    pub(crate) fn clients(&self) -> Option<&ClientCredential> {
        match self {
            Self::Client(client) => Some(client),
            Self::None | Self::Upstream | Self::Kept(_) => None,
        }
    }

    /// The one that is kept here, if it is one.
    pub(crate) fn kept(&self) -> Option<&OpenCredential> {
        match self {
            Self::Kept(open) => Some(open),
            Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    /// The account, if it is one, whose token ends and is renewed.
    pub(crate) fn account(&self) -> Option<&Arc<OpenCredential>> {
        match self {
            Self::Kept(open) if open.account.is_some() => Some(open),
            Self::Kept(_) | Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    /// Whether it is an account.
    pub(crate) fn is_account(&self) -> bool {
        self.account().is_some()
    }

    fn base_url(&self) -> Option<&str> {
        self.kept()?.base_url.as_deref()
    }

    pub(crate) fn is_clients(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Whether the plan behind it is the caller's own: the client's login, an account of the key's own user,
    /// or the operator's where the key is the operator's too.
    pub(crate) fn is_callers(&self) -> bool {
        match self {
            Self::None | Self::Upstream => false,
            Self::Client(_) => true,
            Self::Kept(open) => match open.owner {
                Owner::User(_) => true,
                Owner::Org(_) => false,
                Owner::Platform => open.account.is_some(),
            },
        }
    }

    /// Puts the one credential into headers that hold none, and what the operator has the endpoint sent.
    pub(crate) fn apply(&self, endpoint: &Endpoint, headers: &mut HeaderMap) {
        for (name, value) in endpoint.headers.iter() {
            put(headers, name.clone(), value.clone());
        }
        if let (Self::Kept(open), Some(header)) = (self, &endpoint.account_header) {
            // Whatever account the client believes in, it is this one.
            headers.remove(header);
            let account = open.account.as_ref();
            if let Some(name) = account.and_then(|account| account.name.as_ref()) {
                put(headers, header.clone(), name.clone());
            }
        }
        match (self, endpoint.auth) {
            (Self::Client(client), scheme) => client.apply(scheme, headers),
            (Self::Kept(open), AuthScheme::Bearer) => {
                put(headers, AUTHORIZATION, open.bearer());
            }
            (Self::Kept(open), AuthScheme::XApiKey) => {
                put(headers, names::X_API_KEY, open.plain());
            }
            (Self::Kept(_), AuthScheme::None) | (Self::None | Self::Upstream, _) => {}
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: http::HeaderValue) {
    headers.insert(name, value);
}

/// What a call's credential depends on.
pub(crate) struct Draw<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) principal: &'a Principal,
    pub(crate) pools: &'a Pools,
    pub(crate) bridges: &'a Bridges,
    pub(crate) session: SessionId,
    pub(crate) at: Timestamp,
    pub(crate) purpose: Purpose,
}

/// What a credential is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A call, which the next one of its conversation follows.
    Call,
    /// To say what a call would get: nothing is remembered of it.
    Preview,
}

/// A credential, and another one of its pool.
type Drawn = (Credential, Option<Credential>);

/// The targets of a call, in the order they are tried.
pub(crate) fn resolve(
    draw: &Draw<'_>,
    asked: Asked<'_>,
    health: &HealthBook,
) -> Result<Vec<Target>, Refusal> {
    let Draw {
        snapshot,
        principal,
        ..
    } = draw;
    let key = &principal.key;
    let found = route::candidates(snapshot.routes(), snapshot.providers(), key, asked)?;
    let mut missing = None;
    let mut targets = Vec::with_capacity(found.len());
    for candidate in found {
        match draw.at(&candidate, asked) {
            Some(Ok(target)) => targets.push(target),
            // A client's own credential belongs to the first; it is not shown to the next instead.
            Some(Err(refusal)) if principal.client.is_some() && targets.is_empty() => {
                return Err(refusal);
            }
            Some(Err(refusal)) => missing = missing.or(Some(refusal)),
            None => {}
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
    health.order(&mut targets, draw.at);
    Ok(targets)
}

impl Draw<'_> {
    /// A candidate as a target, or why it cannot be one; `None` where it has no endpoint.
    pub(crate) fn at(
        &self,
        candidate: &Candidate<'_>,
        asked: Asked<'_>,
    ) -> Option<Result<Target, Refusal>> {
        let (provider, protocol) = (candidate.provider, candidate.protocol);
        let endpoint = self.snapshot.endpoint(&provider.name, protocol)?;
        let dialect = (protocol != asked.protocol).then(|| {
            let model = candidate.model.unwrap_or(asked.model);
            Arc::new(self.snapshot.dialect(provider, protocol, model))
        });
        let target = |(credential, spare)| Target {
            endpoint: Arc::clone(endpoint),
            credential,
            spare,
            model: candidate.model.map(str::to_owned),
            dialect,
        };
        let drawn = self.credential(endpoint).map(target);
        Some(drawn.and_then(Target::at_home))
    }

    /// The one target of a call that follows no route, with the credential that `wanted` names where
    /// the key may still draw on it.
    pub(crate) fn target(
        &self,
        endpoint: &Arc<Endpoint>,
        wanted: Option<CredentialId>,
    ) -> Result<Target, Refusal> {
        let named = wanted.and_then(|id| self.named(endpoint, id));
        let (credential, spare) = match named {
            Some(credential) => (credential, None),
            None => self.credential(endpoint)?,
        };
        Target {
            endpoint: Arc::clone(endpoint),
            credential,
            spare,
            model: None,
            dialect: None,
        }
        .at_home()
    }

    /// Has a target called with the credential that `wanted` names, where the key may still draw on it.
    /// A client's own goes before all.
    pub(crate) fn hold_on_to(&self, target: &mut Target, wanted: Option<CredentialId>) {
        if target.credential.is_clients() {
            return;
        }
        let at = &target.endpoint;
        let listed = self.snapshot.endpoint(&at.provider, at.protocol);
        let named = wanted.and_then(|id| self.named(at, id));
        let (Some(listed), Some(credential)) = (listed, named) else {
            return;
        };
        let held = Target {
            endpoint: Arc::clone(listed),
            credential,
            spare: None,
            ..target.clone()
        };
        if let Ok(held) = held.at_home() {
            *target = held;
        }
    }

    /// Whose credential serves `endpoint`: the client's own, else that of the first owner that has
    /// any. Those who have one that cannot be used are told so; nobody else's money takes its place.
    fn credential(&self, endpoint: &Endpoint) -> Result<Drawn, Refusal> {
        self.admit(endpoint)?;
        if endpoint.bridge
            && let Some(why) = self.bridges.login_wanted(&endpoint.provider)
        {
            return Err(missing(why));
        }
        let nobodys = if endpoint.upstream_auth {
            Credential::Upstream
        } else {
            Credential::None
        };
        if endpoint.auth == AuthScheme::None {
            return Ok((nobodys, None));
        }
        if let Some(client) = &self.principal.client {
            self.check_home(client, endpoint)?;
            return Ok((Credential::Client(client.clone()), None));
        }
        if let Some(missing) = &endpoint.anonymous {
            return Err(anonymous(&endpoint.provider, missing));
        }
        for owner in self.principal.key.owners() {
            if let Some(pool) = self.pool(owner, &endpoint.provider) {
                return self.from(pool, owner);
            }
        }
        if endpoint.open {
            return Ok((nobodys, None));
        }
        let message = "No credential that this key may use is configured for the provider.";
        Err(missing(message))
    }

    /// Whether a client's own credential may be shown to a provider. It comes with every call, whatever
    /// model that asks for: one that is plainly another vendor's is not for this one to see.
    fn check_home(&self, client: &ClientCredential, endpoint: &Endpoint) -> Result<(), Refusal> {
        if endpoint.bridge {
            let message = format!(
                "The provider `{}` is a bridge to a login, and takes no credential of your own; `{}` holds \
                 one. Send the key alone.",
                endpoint.provider,
                client.header()
            );
            return Err(Refusal::new(ErrorKind::InvalidRequest, message));
        }
        let row = self.snapshot.providers().get(&*endpoint.provider);
        let vendors = &self.snapshot.vendors;
        if !row.is_some_and(|row| vendors.is_anothers(client.text(), row)) {
            return Ok(());
        }
        let message = format!(
            "Your own credential, in `{}`, is another vendor's than the provider `{}`, which is not shown \
             it. Ask for a model of its vendor, or send the key alone.",
            client.header(),
            endpoint.provider
        );
        Err(Refusal::new(ErrorKind::InvalidRequest, message))
    }

    /// Whether the key may use `endpoint` at all: a client's own credential opens no server that wants
    /// none, since what the operator has it sent goes there too.
    fn admit(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        let row = self.snapshot.providers().get(&*endpoint.provider);
        if row.is_none_or(|row| row.admits(&self.principal.key)) {
            return Ok(());
        }
        let whose = if endpoint.bridge {
            "it is somebody else's own login"
        } else {
            "it is the platform's, which this key may not draw on"
        };
        let message = format!(
            "This key may not use the provider `{}`: {whose}.",
            endpoint.provider
        );
        Err(Refusal::new(ErrorKind::PermissionDenied, message))
    }

    /// What an owner has for a provider, of which the key may draw on all. The operator's own logins serve
    /// the operator's own keys: those that belong to nobody else.
    fn pool(&self, owner: Owner, provider: &str) -> Option<&Pool> {
        let credentials = self.snapshot.credentials();
        let key = &self.principal.key;
        let operators = owner == Owner::Platform && key.owner.is_none() && key.org.is_none();
        let own = operators.then(|| credentials.operators(provider));
        own.flatten().or_else(|| credentials.pool(owner, provider))
    }

    fn from(&self, pool: &Pool, owner: Owner) -> Result<Drawn, Refusal> {
        if pool.members.is_empty() {
            let whose = whose(owner);
            let state = if pool.has_disabled {
                "is switched off; switch it on, or remove it"
            } else {
                "cannot be used; set it anew"
            };
            let message = format!("{whose} credential for the provider {state}.");
            return Err(missing(message));
        }
        let kept = |place: usize| Credential::Kept(Arc::clone(&pool.members[place]));
        let choice = match self.purpose {
            Purpose::Call => self.pools.choose(pool, self.session, self.at),
            Purpose::Preview => self.pools.preview(pool, self.session, self.at),
        };
        match choice {
            Choice::Draw { first, second, .. } => {
                let (first, second) = (kept(first), second.map(kept));
                // A spare takes the first one's place at the same address.
                let spare = second.filter(|spare| spare.base_url() == first.base_url());
                Ok((first, spare))
            }
            Choice::Full => Err(busy()),
            Choice::Cooling(until) => {
                let message = "Every credential for the provider is resting after a limit; try \
                     again after the pause.";
                let mut refusal = Refusal::new(ErrorKind::AccountsCooling, message);
                refusal.retry_after = Some(until.since(self.at));
                Err(refusal)
            }
            Choice::Stale(since) if pool.members.iter().all(|one| one.account.is_some()) => {
                let message = format!(
                    "{} login at the provider does not work since {since}; sign in again.",
                    whose(owner)
                );
                Err(missing(message))
            }
            Choice::Stale(since) => Err(missing(format!(
                "The provider refuses {} credential since {since}; set it anew.",
                whose(owner).to_lowercase()
            ))),
        }
    }

    /// A credential by its id, if the key may draw on its owner and it can be sent. The search ends with
    /// an owner whose credentials cannot be used, as every search does.
    fn named(&self, endpoint: &Endpoint, id: CredentialId) -> Option<Credential> {
        let owners = self.principal.key.owners();
        let pools = owners.filter_map(|owner| self.pool(owner, &endpoint.provider));
        pools
            .take_while(|pool| !pool.members.is_empty())
            .flat_map(|pool| &pool.members)
            .find(|member| member.id == id)
            .map(|member| Credential::Kept(Arc::clone(member)))
    }
}

/// Every account that could be drawn on has as many calls under way as it may have. Such calls end at any
/// moment, so that it is soon worth another try.
pub(super) fn busy() -> Refusal {
    let message = "Every account for the provider is busy with other calls; try again in a moment.";
    let mut refusal = Refusal::new(ErrorKind::RateLimited, message);
    refusal.retry_after = Some(BUSY);
    refusal
}

/// Calls with an account of this provider's say what program makes them, which is the operator's to say.
fn anonymous(provider: &str, headers: &str) -> Refusal {
    missing(format!(
        "The provider `{provider}` is not set up: its calls have to say what program makes them, in the \
         headers {headers}, which the operator writes in `headers` of its `[[provider]]`."
    ))
}

fn missing(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(ErrorKind::CredentialMissing, message)
}

const fn whose(owner: Owner) -> &'static str {
    match owner {
        Owner::User(_) => "Your",
        Owner::Org(_) => "Your organization's",
        Owner::Platform => "The platform's",
    }
}

/// Whose credentials can be used for a provider, by calls of this user in this organization: the order
/// of the answer is that of the search, which ends at the first owner who has any.
pub(crate) fn sources(
    snapshot: &Snapshot,
    user: Option<UserId>,
    org: Option<OrgId>,
    provider: &str,
) -> Vec<CredentialSource> {
    // A provider that wants no credential is the operator's own machine. Where it is open nobody's is
    // needed; else it is lent like one.
    let operators = snapshot
        .providers()
        .get(provider)
        .is_some_and(|row| row.auth == Some(AuthScheme::None));
    if operators {
        return vec![CredentialSource::Platform];
    }
    let owners = [
        user.map(Owner::User),
        org.map(Owner::Org),
        Some(Owner::Platform),
    ];
    let mut found = Vec::new();
    let nobodys = user.is_none() && org.is_none();
    for owner in owners.into_iter().flatten() {
        let own = snapshot.credentials().operators(provider);
        let own = own.filter(|_| nobodys && owner == Owner::Platform);
        match own.or_else(|| snapshot.credentials().pool(owner, provider)) {
            Some(pool) if pool.members.is_empty() => break,
            Some(_) => found.push(owner.source()),
            None => {}
        }
    }
    found
}
