//! Brings the store in line with the configuration file: providers, credentials, routes and keys,
//! through the same functions as the control plane's. Applying twice changes nothing.

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::bridge::Holder;
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::{CredentialId, KeyId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::provider::Provider;
use tollhouse_store::{CredentialRecord, Store};
use tollhouse_vault::{KeyDigester, Secret, Vault, prefix};
use tracing::warn;

use super::{StartError, place};
use crate::bridges::Owned;
use crate::config::{Config, ConfiguredKey};
use crate::snapshot::credentials::unseal;
use crate::{clock, ids};

/// The name of the credential that a `[[provider]]` table gives.
const FILE_CREDENTIAL: &str = "default";
/// The name of the one that a `[[bridge]]` table gives.
const BRIDGE_CREDENTIAL: &str = "bridge";

pub(super) async fn apply(
    config: &Config,
    store: &Store,
    vault: &Vault,
    digester: &KeyDigester,
) -> Result<(), StartError> {
    let noted =
        |kind, stated: usize| store.noted(note(Subject::of(kind)).with("stated", stated as u64));
    let bridges = bridges(config, store).await?;
    let rows = config
        .providers
        .iter()
        .map(|configured| &configured.provider);
    let providers: Vec<Provider> = rows
        .chain(bridges.iter().map(|(row, _)| row))
        .cloned()
        .collect();
    noted(SubjectKind::Provider, providers.len())
        .put_managed_providers(&providers)
        .await?;
    let mut stated = Vec::new();
    for Stated {
        owner,
        provider,
        kind,
        secret,
    } in credentials(config, &bridges)
    {
        let name = match kind {
            CredentialKind::Bridge => BRIDGE_CREDENTIAL,
            CredentialKind::ApiKey | CredentialKind::OauthAccount => FILE_CREDENTIAL,
        };
        let placed = Placed {
            owner,
            provider,
            name,
            kind,
            base_url: None,
            managed: true,
        };
        stated.push(state(store, vault, placed, secret).await?);
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

fn note(subject: Subject) -> Note {
    Note::new(clock::now(), Actor::CONFIG, Action::ConfigApply, subject)
}

/// Sets a credential that the file states.
async fn state(
    store: &Store,
    vault: &Vault,
    placed: Placed<'_>,
    secret: &Secret,
) -> Result<CredentialId, StartError> {
    let subject = Subject::name(SubjectKind::Credential, placed.name);
    let note = note(subject)
        .with("provider", placed.provider)
        .with("fingerprint", secret.fingerprint());
    put_credential(&store.noted(note), vault, placed, secret, u32::MAX).await
}

/// Hands a bridge over to `holder`, whom its owner has turned out to be: what the start does for those who
/// have accounts by then. Its secret first, so that nobody is sent to it without.
pub(crate) async fn hand_over(
    store: &Store,
    vault: &Vault,
    owned: &Owned,
    holder: Holder,
) -> Result<(), StartError> {
    let provider = owned.row.name.as_str();
    if let Some(owner) = holder.owner() {
        let placed = Placed {
            owner,
            provider,
            name: BRIDGE_CREDENTIAL,
            kind: CredentialKind::Bridge,
            base_url: None,
            managed: true,
        };
        state(store, vault, placed, &owned.secret).await?;
    }
    let row = Provider {
        bridge: Some(holder),
        ..owned.row.clone()
    };
    let note = note(Subject::name(SubjectKind::Provider, provider));
    store.noted(note).replace_managed_provider(&row).await?;
    Ok(())
}

/// A credential that the file states.
struct Stated<'a> {
    owner: Owner,
    provider: &'a str,
    kind: CredentialKind,
    secret: &'a Secret,
}

/// Every one of them. The secret of a bridge whose holder is not known is nobody's, and not kept.
fn credentials<'a>(
    config: &'a Config,
    bridges: &'a [(Provider, &'a Secret)],
) -> impl Iterator<Item = Stated<'a>> {
    let keys = config.providers.iter().filter_map(|configured| {
        Some(Stated {
            owner: Owner::Platform,
            provider: &configured.provider.name,
            kind: CredentialKind::ApiKey,
            secret: configured.api_key.as_ref()?,
        })
    });
    keys.chain(bridges.iter().filter_map(|(row, secret)| {
        Some(Stated {
            owner: row.bridge.and_then(Holder::owner)?,
            provider: &row.name,
            kind: CredentialKind::Bridge,
            secret,
        })
    }))
}

/// The bridges as providers, and whose they are.
async fn bridges<'a>(
    config: &'a Config,
    store: &Store,
) -> Result<Vec<(Provider, &'a Secret)>, StartError> {
    let mut rows = Vec::with_capacity(config.bridges.len());
    for configured in &config.bridges {
        let mut row = configured.provider.clone();
        if !configured.proves {
            let provider = row.name.as_str();
            warn!(
                provider,
                address = %configured.address,
                "a bridge need not prove that it knows its secret: whatever takes its port is sent that, and \
                 what calls say"
            );
        }
        if let Some(owner) = &configured.owner {
            let holder = store.user_by_email(owner).await?;
            if holder.is_none() {
                let provider = row.name.as_str();
                warn!(
                    provider,
                    owner, "a bridge serves nobody until its owner has an account here"
                );
            }
            row.bridge = Some(holder.map_or(Holder::Nobody, |user| Holder::User(user.id)));
        }
        rows.push((row, &configured.secret));
    }
    Ok(rows)
}

/// Where a credential goes.
pub(crate) struct Placed<'a> {
    pub(crate) owner: Owner,
    pub(crate) provider: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: CredentialKind,
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
        kind: placed.kind,
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
