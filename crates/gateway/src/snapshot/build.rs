//! From the store to a snapshot: what changed is read, the rest is taken over from the one before.

use std::collections::HashMap;
use std::sync::Arc;

use tollhouse_domain::catalog::{self, Model, PriceBook};
use tollhouse_domain::dialect::Dialects;
use tollhouse_store::{CredentialRecord, Revisions, Store, StoreError};
use tollhouse_vault::{KeyDigester, Sealed, Secret, Vault, VaultError};
use tracing::warn;

use super::{Catalog, Keys, OpenCredential, People, Snapshot};
use crate::start::place;

/// Builds the first snapshot.
pub(crate) async fn first(
    store: &Store,
    vault: &Vault,
    digester: Arc<KeyDigester>,
) -> Result<Snapshot, StoreError> {
    // The revisions first: what is read after them is at least that new.
    let revisions = store.revisions().await?;
    Ok(Snapshot {
        revision: revisions.newest,
        revisions,
        digester,
        keys: all_keys(store).await?,
        catalog: Arc::new(catalog(store).await?),
        platform: Arc::new(credentials(store, vault).await?),
        prices: Arc::new(prices(store).await?),
        // Embedded and tested, like the catalog of models.
        dialects: Arc::new(Dialects::embedded().unwrap_or_default()),
        people: Arc::new(people(store).await?),
    })
}

/// Builds the one after `before`. A section that nobody touched is not read again, and of keys only
/// those that were written since.
pub(crate) async fn next(
    store: &Store,
    vault: &Vault,
    before: &Snapshot,
) -> Result<Snapshot, StoreError> {
    let revisions = store.revisions().await?;
    if !revisions.accounted_for() || revisions.newest < before.revision {
        return first(store, vault, Arc::clone(&before.digester)).await;
    }
    let moved = |of: fn(&Revisions) -> i64| of(&revisions) != of(&before.revisions);
    let mut next = Snapshot {
        revision: revisions.newest,
        revisions,
        ..before.clone()
    };
    if moved(|of| of.keys) {
        for stored in store.keys_since(before.revisions.keys).await? {
            next.keys.put(stored);
        }
    }
    if moved(|of| of.catalog) {
        next.catalog = Arc::new(catalog(store).await?);
    }
    if moved(|of| of.credentials) {
        next.platform = Arc::new(credentials(store, vault).await?);
    }
    if moved(|of| of.prices) {
        next.prices = Arc::new(prices(store).await?);
    }
    if moved(|of| of.people) {
        next.people = Arc::new(people(store).await?);
    }
    Ok(next)
}

async fn all_keys(store: &Store) -> Result<Keys, StoreError> {
    let mut keys = Keys::default();
    store.each_key(|stored| keys.put(stored)).await?;
    Ok(keys)
}

async fn catalog(store: &Store) -> Result<Catalog, StoreError> {
    Ok(Catalog::new(
        store.providers().await?,
        &store.routes().await?,
    ))
}

async fn people(store: &Store) -> Result<People, StoreError> {
    let (orgs, users) = (store.all_orgs().await?, store.all_users().await?);
    let (members, tokens) = (
        store.all_members().await?,
        store.all_tokens_with_digests().await?,
    );
    Ok(People::new(orgs, users, members, tokens))
}

async fn prices(store: &Store) -> Result<PriceBook, StoreError> {
    // The catalog is embedded and tested; a store with its own prices is the one thing that varies.
    let known = catalog::models().unwrap_or_default();
    let imported = store.prices().await?.into_iter().map(|stored| Model {
        name: stored.model,
        provider: stored.provider,
        max_input_tokens: None,
        max_output_tokens: None,
        price: stored.price,
        source: stored.source,
        dated: stored.dated,
    });
    Ok(PriceBook::new(known.into_iter().chain(imported)))
}

async fn credentials(
    store: &Store,
    vault: &Vault,
) -> Result<HashMap<String, Arc<OpenCredential>>, StoreError> {
    Ok(open_credentials(vault, store.sealed_credentials().await?))
}

/// Opens the platform's credentials; one that does not open costs its provider, not the start.
fn open_credentials(
    vault: &Vault,
    sealed: Vec<CredentialRecord>,
) -> HashMap<String, Arc<OpenCredential>> {
    let mut open = HashMap::new();
    for record in sealed {
        let (provider, id) = (record.meta.provider.clone(), record.meta.id);
        match unseal(vault, record) {
            Ok(secret) => match OpenCredential::new(id, &secret) {
                Some(credential) => {
                    open.entry(provider).or_insert(Arc::new(credential));
                }
                None => warn!(provider, credential = %id, "a credential cannot stand in a header"),
            },
            Err(error) => warn!(provider, credential = %id, %error, "a credential does not open"),
        }
    }
    open
}

fn unseal(vault: &Vault, record: CredentialRecord) -> Result<Secret, VaultError> {
    let sealed = Sealed::from_bytes(record.sealed)?;
    vault.open_secret(&sealed, &place(&record.meta))
}

#[cfg(test)]
mod tests;
