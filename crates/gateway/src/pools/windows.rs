//! How much of accounts' plans is used: heard with answers, and stored once in a while.
//!
//! A full window parks nobody: the numbers are rounded and may be about a part of the plan only, and a refusal
//! costs one call, which another account takes over at once. Only a refusal moves conversations.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use tollhouse_domain::account::window::Windows;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;

use super::Pools;
use crate::snapshot::OpenCredential;

pub(super) type Heards = HashMap<CredentialId, Heard>;

/// How much of a plan is used, as last heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    /// When somebody signed in with what the call was made with.
    pub(crate) configured_at: Timestamp,
    pub(crate) windows: Windows,
    pub(crate) at: Timestamp,
    /// Whether the store was told.
    told: bool,
}

impl Pools {
    /// Takes note of how much of an account's plan is used.
    pub(crate) fn heard(&self, credential: &OpenCredential, windows: Windows, now: Timestamp) {
        if windows.is_empty() || credential.account.is_none() {
            return;
        }
        let mut heards = self.heards();
        let known = heards.get(&credential.id);
        if known.is_some_and(|known| known.configured_at > credential.configured_at) {
            return;
        }
        let known = known.filter(|known| known.configured_at == credential.configured_at);
        let heard = Heard {
            configured_at: credential.configured_at,
            windows: known.map_or(windows, |known| known.windows.updated(windows)),
            at: now,
            told: false,
        };
        heards.insert(credential.id, heard);
    }

    /// How much of an account's plan is used, and when that was heard: here, or by whoever told the store.
    #[cfg_attr(not(test), expect(dead_code, reason = "the control plane asks next"))]
    pub(crate) fn account_windows(
        &self,
        credential: &OpenCredential,
    ) -> (Windows, Option<Timestamp>) {
        let heard = self.heards().get(&credential.id).copied();
        let heard = heard.filter(|heard| heard.configured_at == credential.configured_at);
        let facts = credential.account.as_ref().map(|account| &account.facts);
        let stored = facts.map(|facts| (facts.windows, facts.windows_at));
        let stored = stored.unwrap_or_default();
        match heard {
            Some(heard) if Some(heard.at) > stored.1 => {
                (stored.0.updated(heard.windows), Some(heard.at))
            }
            Some(_) | None => stored,
        }
    }

    /// What the store has to be told of windows.
    pub(crate) fn take_windows(&self) -> Vec<(CredentialId, Heard)> {
        let mut heards = self.heards();
        let new = heards.iter_mut().filter(|(_, heard)| !heard.told);
        let new = new.map(|(id, heard)| {
            heard.told = true;
            (*id, *heard)
        });
        new.collect()
    }

    /// Gives back what could not be told; what was heard meanwhile is newer.
    pub(crate) fn put_back_windows(&self, id: CredentialId, untold: Heard) {
        if let Some(heard) = self.heards().get_mut(&id)
            && heard.at == untold.at
        {
            heard.told = false;
        }
    }

    /// Forgets what was heard of accounts that are no more.
    pub(crate) fn forget_windows(&self, known: impl Fn(CredentialId) -> bool) {
        self.heards().retain(|id, _| known(*id));
    }

    // A panic elsewhere leaves the map whole: every change is one insert, retain or store.
    fn heards(&self) -> MutexGuard<'_, Heards> {
        self.heards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
