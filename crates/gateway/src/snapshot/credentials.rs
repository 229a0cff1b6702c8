//! Opened credentials, by whose they are and for which provider.
//!
//! Each is opened once: the next snapshot takes it over for as long as its sealed bytes stay the same.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use http::HeaderValue;
use tollhouse_domain::account::Facts;
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::own::Brought;
use tollhouse_domain::pool::Order;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::CredentialRecord;
use tollhouse_vault::{Sealed, Secret, Vault, VaultError};
use tracing::warn;

use crate::accounts::tokens::Tokens;
use crate::start::place;

/// A credential ready to be sent.
pub(crate) struct OpenCredential {
    pub(crate) id: CredentialId,
    pub(crate) owner: Owner,
    pub(crate) provider: String,
    /// What its owner calls it.
    pub(crate) name: String,
    pub(crate) kind: CredentialKind,
    /// When its secret was set: what is known of an earlier one says nothing of it.
    pub(crate) configured_at: Timestamp,
    /// Since when its provider refuses it, as the store has it.
    pub(crate) stale_since: Option<Timestamp>,
    /// Where it is sent instead of the provider's own address.
    pub(crate) base_url: Option<String>,
    /// What there is to know of it if it is an account.
    pub(crate) account: Option<Arc<OpenAccount>>,
    secret: Arc<Headers>,
}

/// An account, as far as calls need to know.
pub(crate) struct OpenAccount {
    /// What is known of it.
    pub(crate) facts: Facts,
    /// Which account it is at the provider, for a header.
    pub(crate) name: Option<HeaderValue>,
    /// Where its calls go, as its authority says.
    pub(crate) base_url: Option<String>,
}

/// A secret in the forms that it is sent in.
struct Headers {
    bearer: HeaderValue,
    plain: HeaderValue,
    /// Which account its tokens are for, and where they are used, if that is said with them.
    account: Option<HeaderValue>,
    base_url: Option<String>,
}

impl Headers {
    /// `None` when the secret cannot stand in a header at all.
    fn new(secret: &Secret) -> Option<Self> {
        let sensitive = |text: &str| {
            let mut value = HeaderValue::from_str(text).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let bearer = zeroize::Zeroizing::new(format!("Bearer {}", secret.expose()));
        Some(Self {
            bearer: sensitive(&bearer)?,
            plain: sensitive(secret.expose())?,
            account: None,
            base_url: None,
        })
    }

    /// The same of an account's tokens: what calls are made with is one of them.
    fn of_account(secret: &Secret) -> Option<Self> {
        let tokens = Tokens::read(secret).ok()?;
        let name = |name: &String| HeaderValue::from_str(name).ok();
        Some(Self {
            account: tokens.account.as_ref().and_then(name),
            base_url: tokens.base_url.clone(),
            ..Self::new(&tokens.access())?
        })
    }
}

impl OpenCredential {
    /// `None` when the secret cannot stand in a header at all.
    pub(crate) fn new(meta: &Credential, secret: &Secret) -> Option<Self> {
        Some(Self::with(meta, None, Arc::new(Headers::new(secret)?)))
    }

    /// An account, of which only the token is needed.
    #[cfg(test)]
    pub(crate) fn of_account(meta: &Credential, facts: Facts, token: &Secret) -> Option<Self> {
        let headers = Arc::new(Headers::new(token)?);
        Some(Self::with(meta, Some(facts), headers))
    }

    fn with(meta: &Credential, facts: Option<Facts>, secret: Arc<Headers>) -> Self {
        let account = facts.map(|facts| {
            let (name, base_url) = (secret.account.clone(), secret.base_url.clone());
            Arc::new(OpenAccount {
                facts,
                name,
                base_url,
            })
        });
        Self {
            id: meta.id,
            owner: meta.owner,
            provider: meta.provider.clone(),
            name: meta.name.clone(),
            kind: meta.kind,
            configured_at: meta.configured_at,
            stale_since: meta.stale_since,
            base_url: meta.base_url.clone(),
            account,
            secret,
        }
    }

    pub(crate) fn bearer(&self) -> HeaderValue {
        self.secret.bearer.clone()
    }

    pub(crate) fn plain(&self) -> HeaderValue {
        self.secret.plain.clone()
    }
}

/// The credentials of one owner for one provider.
#[derive(Default)]
pub(crate) struct Pool {
    /// Those that can be sent, in the order they were first set.
    pub(crate) members: Vec<Arc<OpenCredential>>,
    /// The same, in a form in which a conversation finds its own.
    pub(crate) order: Order,
    /// Tells pools apart.
    pub(crate) tag: u64,
    /// One of those that no call gets as far as; of several, one that is switched off.
    pub(crate) idle: Option<Idle>,
}

/// A credential that is there and cannot be drawn on.
pub(crate) struct Idle {
    pub(crate) kind: CredentialKind,
    /// What its owner calls it.
    pub(crate) name: String,
    pub(crate) why: Why,
}

/// Why a credential cannot be drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Somebody switched it off.
    Off,
    /// The rules keep it from being used.
    Barred,
    /// It does not open, or is nothing that could be sent.
    Broken,
}

impl Pool {
    /// Takes in one that cannot be drawn on. What its owner can switch on says more than what is broken.
    fn leave_out(&mut self, meta: &Credential, why: Why) {
        if self
            .idle
            .as_ref()
            .is_none_or(|idle| idle.why == Why::Broken)
        {
            self.idle = Some(Idle {
                kind: meta.kind,
                name: meta.name.clone(),
                why,
            });
        }
    }

    /// Takes in who the members are, once all are there.
    pub(crate) fn complete(&mut self, tag: u64) {
        self.tag = tag;
        self.order = Order::new(self.members.iter().map(|member| member.id).collect());
    }
}

/// Which accounts are used, and what clients may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whether any are, and bridges to logins with them.
    pub(crate) accounts: bool,
    /// Whether those of organizations are.
    pub(crate) of_organizations: bool,
    /// What clients may bring of their own.
    pub(crate) brought: Brought,
}

impl Rules {
    fn allow(self, kind: CredentialKind, owner: Owner) -> bool {
        match (kind, owner) {
            (CredentialKind::ApiKey, _) => true,
            (CredentialKind::OauthAccount, Owner::Org(_)) => self.accounts && self.of_organizations,
            (CredentialKind::OauthAccount, Owner::User(_) | Owner::Platform)
            | (CredentialKind::Bridge, _) => self.accounts,
        }
    }
}

/// Every credential.
#[derive(Default)]
pub(crate) struct Credentials {
    pools: HashMap<Owner, HashMap<String, Pool>>,
    operators: HashMap<String, Pool>,
    /// Accounts that no call draws on and that are kept alive all the same.
    paused: Vec<Arc<OpenCredential>>,
    opened: HashMap<CredentialId, (Vec<u8>, Arc<Headers>)>,
}

impl Credentials {
    /// Opens what `before` did not have yet; one that does not open costs its owner that provider, and
    /// nobody the start. An account that `rules` keep from being used is as good as switched off.
    pub(crate) fn new(
        vault: &Vault,
        sealed: Vec<CredentialRecord>,
        mut facts: HashMap<CredentialId, Facts>,
        rules: Rules,
        before: &Self,
    ) -> Self {
        let mut next = Self::default();
        for record in sealed {
            let (owner, kind) = (record.meta.owner, record.meta.kind);
            // The operator's own logins are nobody else's, and so not among what the platform lends.
            let own = (kind, owner) == (CredentialKind::OauthAccount, Owner::Platform);
            let of_owner = if own {
                &mut next.operators
            } else {
                next.pools.entry(owner).or_default()
            };
            let pool = of_owner.entry(record.meta.provider.clone()).or_default();
            let allowed = rules.allow(kind, owner);
            let used = record.meta.enabled && allowed;
            if !used {
                let why = if allowed { Why::Off } else { Why::Barred };
                pool.leave_out(&record.meta, why);
            }
            // A login that is out of use would end without being refreshed.
            let kept_alive = allowed && kind == CredentialKind::OauthAccount;
            if !used && !kept_alive {
                continue;
            }
            let known = before.opened.get(&record.meta.id);
            let known = known.filter(|(sealed, _)| *sealed == record.sealed);
            let secret = known.map(|(_, secret)| Arc::clone(secret));
            let Some(secret) = secret.or_else(|| open(vault, &record)) else {
                pool.leave_out(&record.meta, Why::Broken);
                continue;
            };
            let facts = facts.remove(&record.meta.id);
            if facts.is_none() && kind == CredentialKind::OauthAccount {
                pool.leave_out(&record.meta, Why::Broken);
                continue;
            }
            let member = Arc::new(OpenCredential::with(
                &record.meta,
                facts,
                Arc::clone(&secret),
            ));
            if used {
                pool.members.push(member);
            } else {
                next.paused.push(member);
            }
            next.opened.insert(record.meta.id, (record.sealed, secret));
        }
        let owners = next
            .pools
            .iter_mut()
            .map(|(owner, pools)| (Some(*owner), pools));
        for (owner, pools) in owners.chain([(None, &mut next.operators)]) {
            for (provider, pool) in pools {
                pool.complete(tag(&(owner, provider)));
            }
        }
        next
    }

    /// Every account, those out of use included.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Arc<OpenCredential>> {
        let pools = self.pools.values().chain([&self.operators]);
        let pools = pools.flat_map(HashMap::values);
        let members = pools.flat_map(|pool| &pool.members);
        members
            .filter(|member| member.account.is_some())
            .chain(&self.paused)
    }

    /// Whether nobody has any that can be sent.
    pub(crate) fn are_none(&self) -> bool {
        self.opened.is_empty()
    }

    /// The operator's own logins for a provider: for keys that are nobody else's.
    pub(crate) fn operators(&self, provider: &str) -> Option<&Pool> {
        self.operators.get(provider)
    }

    /// An owner's credentials for a provider; `None` where there never were any.
    pub(crate) fn pool(&self, owner: Owner, provider: &str) -> Option<&Pool> {
        self.pools.get(&owner)?.get(provider)
    }
}

/// The same in every snapshot.
fn tag(pool: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    pool.hash(&mut hasher);
    hasher.finish()
}

fn open(vault: &Vault, record: &CredentialRecord) -> Option<Arc<Headers>> {
    let meta = &record.meta;
    let (provider, id) = (meta.provider.as_str(), meta.id);
    match unseal(vault, record) {
        Ok(secret) => {
            let headers = match meta.kind {
                CredentialKind::ApiKey | CredentialKind::Bridge => Headers::new(&secret),
                CredentialKind::OauthAccount => Headers::of_account(&secret),
            };
            if headers.is_none() {
                warn!(provider, credential = %id, "a credential cannot stand in a header");
            }
            headers.map(Arc::new)
        }
        Err(error) => {
            warn!(provider, credential = %id, %error, "a credential does not open");
            None
        }
    }
}

/// A credential's secret.
pub(crate) fn unseal(vault: &Vault, record: &CredentialRecord) -> Result<Secret, VaultError> {
    let sealed = Sealed::from_bytes(record.sealed.clone())?;
    vault.open_secret(&sealed, &place(&record.meta))
}
