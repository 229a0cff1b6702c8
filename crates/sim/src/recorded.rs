//! What arrived, for tests that check what a gateway sends.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, Version, request};

/// One request as it arrived. Its `Debug` shows neither header values nor content.
#[derive(Clone)]
pub struct Recorded {
    pub method: Method,
    pub uri: Uri,
    pub version: Version,
    /// In order of arrival; values of a repeated name stand together at its first place.
    pub headers: HeaderMap,
    /// As received, still compressed if it was.
    pub body: Bytes,
}

impl Recorded {
    pub(crate) fn new(head: &request::Parts, body: Bytes) -> Self {
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            headers: head.headers.clone(),
            body,
        }
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The last requests, oldest first.
#[derive(Debug)]
pub(crate) struct Log {
    keep: usize,
    ring: Mutex<VecDeque<Recorded>>,
}

impl Log {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            keep,
            ring: Mutex::default(),
        }
    }

    pub(crate) fn push(&self, request: Recorded) {
        let mut ring = self.lock();
        ring.push_back(request);
        while ring.len() > self.keep {
            ring.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Recorded>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
