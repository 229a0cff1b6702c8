//! Whose credential serves a call.

use std::sync::Arc;

use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::own::Brought;
use tollhouse_domain::pool::{Choice, Fit};
use tollhouse_domain::provider::AuthScheme;
use tollhouse_wire::ErrorKind;

use super::refusal::{anonymous, busy, missing, resting};
use super::told::Told;
use super::{Draw, Purpose};
use crate::proxy::own::ClientCredential;
use crate::proxy::refusal::Refusal;
use crate::proxy::target::{Credential, Target};
use crate::snapshot::{Endpoint, Pool};

/// A credential, and another one of its pool.
type Drawn = (Credential, Option<Credential>);

impl Draw<'_> {
    /// Whose credential serves `endpoint`: the client's own, else that of the first owner that has
    /// any. Those who have one that cannot be used are told so; nobody else's money takes its place.
    pub(super) fn credential(&self, endpoint: &Endpoint) -> Result<Drawn, Refusal> {
        self.enter(endpoint)?;
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
        introduced(endpoint)?;
        for owner in self.principal.key.owners() {
            if let Some(pool) = self.pool(owner, &endpoint.provider) {
                return self.from(pool, owner, &endpoint.provider);
            }
        }
        if endpoint.open {
            return Ok((nobodys, None));
        }
        Err(self.nothing(endpoint))
    }

    /// Nobody whose credentials the key may draw on has any.
    fn nothing(&self, endpoint: &Endpoint) -> Refusal {
        let key = &self.principal.key;
        if key.credentials.client && key.owners().next().is_none() {
            // What is kept here would not help: the key draws on none of it.
            return missing(match self.snapshot.brought() {
                Brought::Any => {
                    "This key goes with the client's own sign-in at its vendor, or a key of its own, and this \
                     call came with neither: sign in with the client."
                }
                Brought::ApiKeys => {
                    "This key goes with an API key of the client's own, and this call came with none. (Sign-ins \
                     are not taken here: `accounts.clients` of the gateway's configuration.)"
                }
                Brought::None => {
                    "This key goes with what the client brings of its own, which is nothing here \
                     (`accounts.clients` of the gateway's configuration): use another key."
                }
            });
        }
        let message = "No credential that this key may use is configured for the provider.";
        let row = self.snapshot.providers().get(&*endpoint.provider);
        let takes = row.filter(|row| row.account.is_some());
        match takes.map(|row| self.accounts.ready(row)) {
            None => missing(message),
            Some(Ok(_)) => missing(format!(
                "{message} It takes accounts: sign in with one of your own, such as by `tollhouse account \
                 login {}`.",
                endpoint.provider
            )),
            Some(Err(why)) => missing(format!("{message} {why}")),
        }
    }

    /// Whether calls of the key go to `endpoint` at all, whatever pays for them.
    fn enter(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        self.admit(endpoint)?;
        let wanted = endpoint.bridge.then_some(&*endpoint.provider);
        match wanted.and_then(|provider| self.bridges.login_wanted(provider)) {
            Some(why) => Err(missing(why)),
            None => Ok(()),
        }
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
        let own = (owner == Owner::Platform && self.is_operators())
            .then(|| credentials.operators(provider));
        own.flatten().or_else(|| credentials.pool(owner, provider))
    }

    /// Whether the key is the operator's own: nobody else's.
    fn is_operators(&self) -> bool {
        let key = &self.principal.key;
        key.owner.is_none() && key.org.is_none()
    }

    fn from(&self, pool: &Pool, owner: Owner, provider: &str) -> Result<Drawn, Refusal> {
        if pool.members.is_empty() {
            let Some(idle) = &pool.idle else {
                return Err(missing("No credential for the provider can be used."));
            };
            let told = Told::idle(owner, provider, idle, self.is_operators());
            let told = told.to(self.purpose.hearer());
            return Err(missing(told.unused(idle.why)));
        }
        let kept = |place: usize| Credential::Kept(Arc::clone(&pool.members[place]));
        let choice = match self.purpose {
            Purpose::Call => self.pools.choose(pool, self.session, self.at),
            Purpose::Preview(_) => self.pools.preview(pool, self.session, self.at),
        };
        match choice {
            Choice::Draw { first, second, .. } => {
                let (first, second) = (kept(first), second.map(kept));
                // A spare takes the first one's place at the same address.
                let spare = second.filter(|spare| spare.base_url() == first.base_url());
                Ok((first, spare))
            }
            Choice::Full => Err(busy(provider)),
            Choice::Cooling(until) => {
                let what = format!("Every credential for the provider `{provider}`");
                Err(resting(&what, self.at, until))
            }
            Choice::Stale(since) => {
                let refused = self.pools.refused(pool, since, self.at);
                let refused = refused.unwrap_or(&pool.members[0]);
                let told = Told::new(refused, self.is_operators());
                let told = told.to(self.purpose.hearer());
                Err(missing(told.refused(since)))
            }
        }
    }

    /// Whether a target's credential is one of several, of which another conversation gets another.
    pub(crate) fn chose(&self, target: &Target) -> bool {
        let mut owners = self.principal.key.owners();
        let pool = owners.find_map(|owner| self.pool(owner, &target.endpoint.provider));
        target.credential.kept().is_some() && pool.is_some_and(|pool| pool.members.len() > 1)
    }

    /// A credential by its id, if the key may draw on its owner and it can be sent; refused where it is not
    /// fit for a call, since no other takes its place. The search ends with an owner whose credentials cannot
    /// be used, as every search does.
    pub(super) fn named(
        &self,
        endpoint: &Endpoint,
        id: CredentialId,
    ) -> Result<Option<Credential>, Refusal> {
        let owners = self.principal.key.owners();
        let pools = owners.filter_map(|owner| self.pool(owner, &endpoint.provider));
        let found = pools
            .take_while(|pool| !pool.members.is_empty())
            .flat_map(|pool| &pool.members)
            .find(|member| member.id == id);
        let Some(member) = found.filter(|_| endpoint.auth != AuthScheme::None) else {
            return Ok(None);
        };
        self.enter(endpoint)?;
        introduced(endpoint)?;
        match self.pools.alone(member, self.at) {
            Fit::Ready => Ok(Some(Credential::Kept(Arc::clone(member)))),
            Fit::Full => Err(busy(&member.provider)),
            Fit::Cooling(until) => {
                let what = "What this asks for was made with an account that";
                Err(resting(what, self.at, until))
            }
            Fit::Stale(since) => {
                let told = Told::new(member, self.is_operators());
                let told = told.to(self.purpose.hearer());
                Err(missing(told.refused(since)))
            }
        }
    }
}

/// Refuses where calls have to say what program makes them, and nobody has written that.
fn introduced(endpoint: &Endpoint) -> Result<(), Refusal> {
    match &endpoint.anonymous {
        Some(headers) => Err(anonymous(&endpoint.provider, headers)),
        None => Ok(()),
    }
}
