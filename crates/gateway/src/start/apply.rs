//! Brings the store in line with the configuration file: providers, credentials, routes and keys,
//! through the same functions as the control plane's. Applying twice changes nothing.

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::{CredentialId, KeyId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::provider::Provider;
use tollhouse_store::{CredentialRecord, Store};
use tollhouse_vault::{KeyDigester, Secret, Vault, prefix};
use tracing::warn;

use super::{StartError, place};
use crate::config::{Config, ConfiguredKey};
use crate::snapshot::credentials::unseal;
use crate::{clock, ids};

/// The name of the credential that a `[[provider]]` table gives.
const FILE_CREDENTIAL: &str = "default";

pub(super) async fn apply(
    config: &Config,
    store: &Store,
    vault: &Vault,
    digester: &KeyDigester,
) -> Result<(), StartError> {
    let note = |subject| Note::new(clock::now(), Actor::CONFIG, Action::ConfigApply, subject);
    let noted =
        |kind, stated: usize| store.noted(note(Subject::of(kind)).with("stated", stated as u64));
    let providers: Vec<Provider> = config.provider_rows().cloned().collect();
    noted(SubjectKind::Provider, providers.len())
        .put_managed_providers(&providers)
        .await?;
    let mut stated = Vec::new();
    for configured in &config.providers {
        if let Some(secret) = &configured.api_key {
            let name = &configured.provider.name;
            let subject = Subject::name(SubjectKind::Credential, FILE_CREDENTIAL);
            let note = note(subject)
                .with("provider", name.as_str())
                .with("fingerprint", secret.fingerprint());
            let store = store.noted(note);
            let placed = Placed {
                owner: Owner::Platform,
                provider: name,
                name: FILE_CREDENTIAL,
                base_url: None,
                managed: true,
            };
            stated.push(put_credential(&store, vault, placed, secret, u32::MAX).await?);
        }
    }
    noted(SubjectKind::Credential, stated.len())
        .keep_managed_credentials(&stated)
        .await?;
    noted(SubjectKind::Routes, config.routes.len())
        .put_managed_routes(&config.routes)
        .await?;
    let keys: Vec<_> = config
        .keys
        .iter()
        .map(|key| managed_key(key, digester))
        .collect();
    let store = noted(SubjectKind::Key, keys.len());
    for name in store.put_managed_keys(&keys, clock::now()).await? {
        warn!(
            key = name,
            "the configuration file states a key that was revoked; it stays revoked"
        );
    }
    Ok(())
}

/// Where a credential goes.
pub(crate) struct Placed<'a> {
    pub(crate) owner: Owner,
    pub(crate) provider: &'a str,
    pub(crate) name: &'a str,
    /// The address to use with it; only users' credentials have one.
    pub(crate) base_url: Option<String>,
    /// Whether the configuration file states it.
    pub(crate) managed: bool,
}

/// Sets a credential, and has it judged anew. The same secret in the same place again changes nothing.
pub(crate) async fn put_credential(
    store: &Store,
    vault: &Vault,
    placed: Placed<'_>,
    secret: &Secret,
    most: u32,
) -> Result<CredentialId, StartError> {
    let now = clock::now();
    let (provider, name) = (placed.provider, placed.name);
    let known = store.credential_named(placed.owner, provider, name).await?;
    let stored = match &known {
        Some(meta) => store.sealed_credential(meta.id).await?,
        None => None,
    };
    if let Some(record) = &stored {
        let same = unseal(vault, record).is_ok_and(|known| {
            tollhouse_vault::constant_time_eq(known.expose().as_bytes(), secret.expose().as_bytes())
        });
        let meta = &record.meta;
        let stated = (meta.managed, &meta.base_url) == (placed.managed, &placed.base_url);
        // Whoever states a secret in a file states it again at every start; whoever sets one by hand
        // wants it used.
        let judged = placed.managed || (meta.enabled && meta.stale_since.is_none());
        if same && stated && judged {
            return Ok(meta.id);
        }
    }
    let meta = Credential {
        id: known.map_or_else(|| CredentialId(ids::uuid(now)), |meta| meta.id),
        owner: placed.owner,
        provider: provider.to_owned(),
        name: name.to_owned(),
        kind: CredentialKind::ApiKey,
        fingerprint: secret.fingerprint(),
        configured_at: now,
        managed: placed.managed,
        enabled: true,
        base_url: placed.base_url,
        stale_since: None,
    };
    let sealed = vault.seal(secret, &place(&meta)).into_bytes();
    let id = meta.id;
    store
        .put_credential(&CredentialRecord { meta, sealed }, most)
        .await?;
    Ok(id)
}

fn managed_key(configured: &ConfiguredKey, digester: &KeyDigester) -> (VirtualKey, [u8; 32]) {
    let now = clock::now();
    let key = VirtualKey {
        id: KeyId(ids::uuid(now)),
        name: configured.name.clone(),
        prefix: prefix(&configured.secret),
        owner: None,
        org: None,
        agent: configured.agent.clone(),
        kind: KeyKind::Standard,
        models: configured.models.clone(),
        providers: configured.providers.clone(),
        routes: configured.routes.clone(),
        credentials: configured.credentials,
        pinned_source: None,
        limits: configured.limits,
        budgets: configured.budgets.clone(),
        strict: configured.strict,
        capture: configured.capture,
        created_at: now,
        expires_at: None,
        revoked_at: None,
        grace_until: None,
        last_used_at: None,
        managed: true,
    };
    (key, digester.digest(configured.secret.expose()))
}
