//! What is remembered of targets between calls: the shell around `domain::health`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tollhouse_domain::health::{Health, Signal};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;

use crate::proxy::target::Target;

type Name = (String, Protocol);

/// Targets that misbehaved lately. Healthy ones are not in it, so it is small and mostly empty.
#[derive(Default)]
pub(crate) struct HealthBook {
    unwell: Mutex<HashMap<Name, Health>>,
}

impl HealthBook {
    /// Takes note of what a call learned about a target. An address of a user's says nothing about the
    /// provider that everybody else calls.
    pub(crate) fn on(&self, target: &Target, signal: Signal, now: Timestamp) {
        if target.endpoint.guarded {
            return;
        }
        let mut unwell = self.lock();
        if signal == Signal::Answered && unwell.is_empty() {
            return;
        }
        let name = name(target);
        let health = unwell
            .get(&name)
            .copied()
            .unwrap_or_default()
            .on(signal, now);
        if health.is_fresh() {
            unwell.remove(&name);
        } else {
            unwell.insert(name, health);
        }
    }

    /// Puts targets that are cooling behind those that are not, keeping the order within each.
    pub(crate) fn order(&self, targets: &mut [Target], now: Timestamp) {
        if targets.len() < 2 {
            return;
        }
        let unwell = self.lock();
        if !unwell.is_empty() {
            targets.sort_by_key(|target| {
                let health = unwell.get(&name(target));
                !target.endpoint.guarded
                    && health.is_some_and(|health| health.cooling(now).is_some())
            });
        }
    }

    /// Until when a provider's endpoint is cooling, if it is.
    pub(crate) fn cooling(
        &self,
        provider: &str,
        protocol: Protocol,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.lock()
            .get(&(provider.to_owned(), protocol))?
            .cooling(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Health>> {
        // A panic elsewhere leaves the map whole: every change is one insert or remove.
        self.unwell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(target: &Target) -> Name {
    (
        target.endpoint.provider.to_string(),
        target.endpoint.protocol,
    )
}
