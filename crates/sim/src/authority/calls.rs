//! Which account made which call, and how often: for tests that look for crossings.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Serialize;

use super::{Authority, State, Vendor};

/// One call that needed an account's token, let in or not. Its `Debug` shows no secret and no content.
#[derive(Clone)]
pub struct AccountCall {
    /// Grows, in the order in which the calls were judged.
    pub serial: u64,
    /// Whose token came with it, even one that has ended; `None` for a token never issued here.
    pub account: Option<String>,
    /// The token as it came, without its scheme; empty if there was none.
    pub bearer: String,
    /// Which issuer's tokens the endpoint takes.
    pub vendor: Vendor,
    pub method: Method,
    pub uri: Uri,
    /// In order of arrival.
    pub headers: HeaderMap,
    /// As received, still compressed if it was.
    pub body: Bytes,
    /// What it was answered.
    pub status: StatusCode,
}

impl AccountCall {
    /// Who began it, as Copilot is told: `user` or `agent`.
    pub fn initiator(&self) -> Option<&str> {
        self.header("x-initiator")
    }

    /// Whether Copilot is told of a picture.
    pub fn vision(&self) -> bool {
        self.header("copilot-vision-request") == Some("true")
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for AccountCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountCall")
            .field("serial", &self.serial)
            .field("account", &self.account)
            .field("vendor", &self.vendor)
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What one account did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Sign-ins that ended with tokens.
    pub sign_ins: u64,
    /// Refresh tokens that were exchanged for new ones.
    pub refreshes: u64,
    /// Refreshes that were turned down, reuse among them.
    pub refused_refreshes: u64,
    /// Refresh tokens that came a second time.
    pub reuses: u64,
    /// Short tokens that were issued, of Copilot.
    pub exchanges: u64,
    /// Calls that were let in.
    pub calls: u64,
    /// Calls with a token that had ended.
    pub refused_calls: u64,
}

impl Counters {
    /// Together with others.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sign_ins: self.sign_ins + other.sign_ins,
            refreshes: self.refreshes + other.refreshes,
            refused_refreshes: self.refused_refreshes + other.refused_refreshes,
            reuses: self.reuses + other.reuses,
            exchanges: self.exchanges + other.exchanges,
            calls: self.calls + other.calls,
            refused_calls: self.refused_calls + other.refused_calls,
        }
    }
}

impl State {
    /// Keeps a call and counts it.
    pub(super) fn note(&mut self, mut call: AccountCall) {
        call.serial = self.serial();
        if let Some(account) = &call.account {
            let refused = call.status == StatusCode::UNAUTHORIZED;
            let counters = self.count(account);
            if refused {
                counters.refused_calls += 1;
            } else {
                counters.calls += 1;
            }
        }
        self.calls.push_back(call);
        while self.calls.len() > self.keep {
            self.calls.pop_front();
        }
    }
}

/// What happened.
impl Authority {
    /// What one account did.
    pub fn counters(&self, account: &str) -> Counters {
        *self.lock().count(account)
    }

    /// What all accounts did.
    pub fn totals(&self) -> Counters {
        let state = self.lock();
        let all = state.counters.values().copied();
        all.fold(Counters::default(), Counters::plus)
    }

    /// The last calls that needed an account's token, oldest first; as many as
    /// [`SimConfig::keep`](crate::SimConfig) says.
    pub fn calls(&self) -> Vec<AccountCall> {
        self.lock().calls.iter().cloned().collect()
    }

    pub fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// Waits until what all accounts did satisfies a condition; returns it.
    pub async fn wait_for(&self, done: impl Fn(&Counters) -> bool) -> Counters {
        let mut changed = self.changed.subscribe();
        // The sender lives in `self`.
        let _ = changed.wait_for(|_| done(&self.totals())).await;
        self.totals()
    }
}
