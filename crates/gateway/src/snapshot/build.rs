//! From the store to a snapshot: what changed is read, the rest is taken over from the one before.

use std::sync::Arc;

use tollhouse_domain::catalog::{self, Model, PriceBook};
use tollhouse_domain::dialect::Dialects;
use tollhouse_domain::own::Vendors;
use tollhouse_store::{Revisions, Store, StoreError};
use tollhouse_vault::{KeyDigester, Vault};

use super::{Catalog, Credentials, Keys, People, Rules, Snapshot};

/// Builds the first snapshot.
pub(crate) async fn first(
    store: &Store,
    vault: &Vault,
    digester: Arc<KeyDigester>,
    rules: Rules,
) -> Result<Snapshot, StoreError> {
    // The revisions first: what is read after them is at least that new.
    let revisions = store.revisions().await?;
    Ok(Snapshot {
        revision: revisions.newest,
        revisions,
        digester,
        keys: all_keys(store).await?,
        catalog: Arc::new(catalog(store).await?),
        credentials: Arc::new(credentials(store, vault, rules, &Credentials::default()).await?),
        rules,
        prices: Arc::new(prices(store).await?),
        // Embedded and tested, like the catalog of models.
        dialects: Arc::new(Dialects::embedded().unwrap_or_default()),
        vendors: Arc::new(Vendors::embedded().unwrap_or_default()),
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
        return first(store, vault, Arc::clone(&before.digester), before.rules).await;
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
        let made = credentials(store, vault, before.rules, &before.credentials).await?;
        next.credentials = Arc::new(made);
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
        imported: true,
    });
    Ok(PriceBook::new(known.into_iter().chain(imported)))
}

async fn credentials(
    store: &Store,
    vault: &Vault,
    rules: Rules,
    before: &Credentials,
) -> Result<Credentials, StoreError> {
    // An account that is put in between is read with the next revision.
    let facts = store.accounts().await?.into_iter().collect();
    let sealed = store.sealed_credentials().await?;
    Ok(Credentials::new(vault, sealed, facts, rules, before))
}

#[cfg(test)]
mod tests;
