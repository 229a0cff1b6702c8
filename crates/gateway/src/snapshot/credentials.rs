//! Opened credentials, by whose they are and for which provider.
//!
//! Each is opened once: the next snapshot takes it over for as long as its sealed bytes stay the same.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderValue;
use tollhouse_domain::credential::{Credential, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::CredentialRecord;
use tollhouse_vault::{Sealed, Secret, Vault, VaultError};
use tracing::warn;

use crate::start::place;

/// A credential ready to be sent.
pub(crate) struct OpenCredential {
    pub(crate) id: CredentialId,
    pub(crate) owner: Owner,
    /// When its secret was set: what is known of an earlier one says nothing of it.
    pub(crate) configured_at: Timestamp,
    /// Since when its provider refuses it, as the store has it.
    pub(crate) stale_since: Option<Timestamp>,
    /// Where it is sent instead of the provider's own address.
    pub(crate) base_url: Option<String>,
    secret: Arc<Headers>,
}

/// A secret in the forms that it is sent in.
struct Headers {
    bearer: HeaderValue,
    plain: HeaderValue,
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
        })
    }
}

impl OpenCredential {
    /// `None` when the secret cannot stand in a header at all.
    pub(crate) fn new(meta: &Credential, secret: &Secret) -> Option<Self> {
        Some(Self::with(meta, Arc::new(Headers::new(secret)?)))
    }

    fn with(meta: &Credential, secret: Arc<Headers>) -> Self {
        Self {
            id: meta.id,
            owner: meta.owner,
            configured_at: meta.configured_at,
            stale_since: meta.stale_since,
            base_url: meta.base_url.clone(),
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
    /// Whether there are some that are switched off.
    pub(crate) has_disabled: bool,
}

/// Every credential.
#[derive(Default)]
pub(crate) struct Credentials {
    pools: HashMap<Owner, HashMap<String, Pool>>,
    opened: HashMap<CredentialId, (Vec<u8>, Arc<Headers>)>,
}

impl Credentials {
    /// Opens what `before` did not have yet; one that does not open costs its owner that provider, and
    /// nobody the start.
    pub(crate) fn new(vault: &Vault, sealed: Vec<CredentialRecord>, before: &Self) -> Self {
        let mut next = Self::default();
        for record in sealed {
            let of_owner = next.pools.entry(record.meta.owner).or_default();
            let pool = of_owner.entry(record.meta.provider.clone()).or_default();
            if !record.meta.enabled {
                pool.has_disabled = true;
                continue;
            }
            let known = before.opened.get(&record.meta.id);
            let known = known.filter(|(sealed, _)| *sealed == record.sealed);
            let secret = known.map(|(_, secret)| Arc::clone(secret));
            let Some(secret) = secret.or_else(|| open(vault, &record)) else {
                continue;
            };
            let member = OpenCredential::with(&record.meta, Arc::clone(&secret));
            pool.members.push(Arc::new(member));
            next.opened.insert(record.meta.id, (record.sealed, secret));
        }
        next
    }

    /// An owner's credentials for a provider; `None` where there never were any.
    pub(crate) fn pool(&self, owner: Owner, provider: &str) -> Option<&Pool> {
        self.pools.get(&owner)?.get(provider)
    }
}

fn open(vault: &Vault, record: &CredentialRecord) -> Option<Arc<Headers>> {
    let meta = &record.meta;
    let (provider, id) = (meta.provider.as_str(), meta.id);
    match unseal(vault, record) {
        Ok(secret) => {
            let headers = Headers::new(&secret);
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
