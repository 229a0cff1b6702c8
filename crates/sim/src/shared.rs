//! What all requests to one server share: ids, counters, scripts, stored objects.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    authority::Authority, batches::Batch, graph::Conversation, progress::Progress, recorded::Log,
    responses::Stored, script::Script,
};

/// Stored objects of one kind that are kept; older ones are forgotten.
const KEPT: usize = 256;

/// The moment every answer claims to be from: a simulation has no clock.
pub(crate) const CREATED: u64 = 1_795_348_800;
/// [`CREATED`] as the Messages API writes it.
pub(crate) const CREATED_RFC3339: &str = "2026-11-22T12:00:00Z";

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) addr: SocketAddr,
    pub(crate) api_key: Option<String>,
    pub(crate) log: Log,
    pub(crate) progress: Arc<Progress>,
    pub(crate) scripts: Scripts,
    pub(crate) batches: Shelf<Batch>,
    pub(crate) responses: Shelf<Stored>,
    pub(crate) authority: Authority,
    pub(crate) conversations: Shelf<Conversation>,
    serial: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        addr: SocketAddr,
        api_key: Option<String>,
        keep: usize,
        script: Script,
    ) -> Self {
        Self {
            addr,
            api_key,
            log: Log::new(keep),
            progress: Progress::new(),
            scripts: Scripts {
                always: Mutex::new(script),
                next: Mutex::default(),
            },
            batches: Shelf::default(),
            responses: Shelf::default(),
            conversations: Shelf::default(),
            authority: Authority::new(addr.port(), keep),
            serial: AtomicU64::new(1),
        }
    }

    /// A new id. The port keeps the ids of several servers in one test apart.
    pub(crate) fn id(&self, prefix: &str) -> String {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        format!("{prefix}_sim{:04x}{serial:016x}", self.addr.port())
    }
}

/// Scripts for requests that carry none.
#[derive(Debug)]
pub(crate) struct Scripts {
    always: Mutex<Script>,
    next: Mutex<VecDeque<Script>>,
}

impl Scripts {
    pub(crate) fn set(&self, script: Script) {
        *lock(&self.always) = script;
    }

    pub(crate) fn queue(&self, script: Script) {
        lock(&self.next).push_back(script);
    }

    pub(crate) fn take(&self) -> Script {
        lock(&self.next)
            .pop_front()
            .unwrap_or_else(|| lock(&self.always).clone())
    }
}

/// The last objects of one kind, by id, oldest first.
#[derive(Debug)]
pub(crate) struct Shelf<T>(Mutex<VecDeque<(String, T)>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    pub(crate) fn put(&self, id: &str, object: T) {
        let mut objects = lock(&self.0);
        objects.push_back((id.to_owned(), object));
        if objects.len() > KEPT {
            objects.pop_front();
        }
    }

    pub(crate) fn with<R>(&self, id: &str, action: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut objects = lock(&self.0);
        objects
            .iter_mut()
            .find(|(key, _)| key == id)
            .map(|(_, object)| action(object))
    }

    pub(crate) fn remove(&self, id: &str) -> Option<T> {
        let mut objects = lock(&self.0);
        let position = objects.iter().position(|(key, _)| key == id)?;
        objects.remove(position).map(|(_, object)| object)
    }

    /// Newest first.
    pub(crate) fn map<R>(&self, action: impl FnMut(&(String, T)) -> R) -> Vec<R> {
        lock(&self.0).iter().rev().map(action).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
