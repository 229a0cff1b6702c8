//! Virtual keys by the digest of what is presented, cheap to copy with one of them changed.
//!
//! A change to one key must not cost what a hundred thousand do. So the table is cut into shards, each
//! behind a reference count: a copy shares all of them, and only the shards that a change falls into
//! are made anew.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::StoredKey;

/// Enough that a shard of a hundred thousand keys is small, few enough that a copy of the list is too.
const SHARDS: usize = 1024;

/// Every key that is not revoked.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    by_digest: Sharded<[u8; 32], Held>,
    by_id: Sharded<KeyId, Digests>,
}

/// A key, found by one of its digests.
#[derive(Clone)]
struct Held {
    key: Arc<VirtualKey>,
    /// The digest is that of the secret before the last rotation.
    replaced: bool,
}

/// Under what a key is found.
#[derive(Clone, Copy)]
struct Digests {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

impl Keys {
    /// The key with this digest, as long as that works: the one before a rotation until its grace ends.
    pub(crate) fn find(&self, digest: &[u8; 32], now: Timestamp) -> Option<&Arc<VirtualKey>> {
        let held = self.by_digest.get(digest)?;
        let in_grace = held.key.grace_until.is_some_and(|until| now < until);
        (!held.replaced || in_grace).then_some(&held.key)
    }

    /// Whether there is such a key.
    pub(crate) fn has(&self, id: KeyId) -> bool {
        self.by_id.get(&id).is_some()
    }

    /// Every key.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<VirtualKey>> {
        let held = self.by_digest.values();
        held.filter(|held| !held.replaced).map(|held| &held.key)
    }

    /// Takes in a key as it is now, in place of what was known of it; a revoked one leaves.
    pub(crate) fn put(&mut self, stored: StoredKey) {
        let StoredKey {
            key,
            digest,
            previous,
        } = stored;
        self.remove(key.id);
        if key.revoked_at.is_some() {
            return;
        }
        let key = Arc::new(key);
        if let Some(before) = previous {
            let held = Held {
                key: Arc::clone(&key),
                replaced: true,
            };
            self.by_digest.insert(before, held);
        }
        let digests = Digests {
            current: digest,
            previous,
        };
        self.by_id.insert(key.id, digests);
        let held = Held {
            key,
            replaced: false,
        };
        self.by_digest.insert(digest, held);
    }

    /// Lets go of scoped keys that expired before `before`, as the store does.
    pub(crate) fn forget_expired_scoped(&mut self, before: Timestamp) -> usize {
        let past = |key: &VirtualKey| {
            matches!(key.kind, KeyKind::Scoped) && key.expires_at.is_some_and(|at| at < before)
        };
        let gone: Vec<KeyId> = self
            .by_digest
            .values()
            .filter(|held| !held.replaced && past(&held.key))
            .map(|held| held.key.id)
            .collect();
        for id in &gone {
            self.remove(*id);
        }
        gone.len()
    }

    fn remove(&mut self, id: KeyId) {
        let Some(digests) = self.by_id.remove(&id) else {
            return;
        };
        for digest in [Some(digests.current), digests.previous]
            .into_iter()
            .flatten()
        {
            // Another key may have taken the secret over since, and stays.
            let own = self.by_digest.get(&digest);
            if own.is_some_and(|held| held.key.id == id) {
                self.by_digest.remove(&digest);
            }
        }
    }
}

/// A map in pieces that copies share.
#[derive(Clone)]
struct Sharded<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
    state: std::hash::RandomState,
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Arc::default()).collect(),
            state: std::hash::RandomState::new(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    fn index(&self, key: &K) -> usize {
        usize::try_from(self.state.hash_one(key) % SHARDS as u64).unwrap_or(0)
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.shards[self.index(key)].get(key)
    }

    fn insert(&mut self, key: K, value: V) {
        let index = self.index(&key);
        Arc::make_mut(&mut self.shards[index]).insert(key, value);
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let index = self.index(key);
        if !self.shards[index].contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.shards[index]).remove(key)
    }

    fn values(&self) -> impl Iterator<Item = &V> {
        self.shards.iter().flat_map(|shard| shard.values())
    }
}

#[cfg(test)]
mod tests;
