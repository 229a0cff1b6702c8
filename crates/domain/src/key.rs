//! Virtual keys: what an agent holds. The secret itself is never here, only its digest.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::capture::Capture;
use crate::credential::{CredentialPolicy, CredentialSource, Owner};
use crate::id::{KeyId, OrgId, UserId};
use crate::limits::{Budget, Limits};
use crate::pattern::Pattern;
use crate::time::Timestamp;

/// The longest that a scoped key works in all, however often it is renewed.
pub const LONGEST_SCOPED: Duration = Duration::from_hours(7 * 24);
/// The longest that a secret works beside the one that took its place.
pub const LONGEST_GRACE: Duration = Duration::from_hours(30 * 24);

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Lives until it is revoked or expires.
    Standard,
    /// Short-lived, data plane only; minted for one run of a client.
    Scoped,
}

/// A virtual key as stored and served; everything about it but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualKey {
    /// Its id.
    pub id: KeyId,
    /// Its name, unique among keys that the configuration file manages.
    pub name: String,
    /// The first characters of the secret, so that people can tell keys apart.
    pub prefix: String,
    /// The user who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The organization it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrgId>,
    /// The agent that its calls are attributed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What it is for.
    pub kind: KeyKind,
    /// The models it may use; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<Pattern>>,
    /// The providers it may use; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
    /// The routes it may use, each by its model pattern as written; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<Pattern>>,
    /// Whose credentials it may draw on.
    pub credentials: CredentialPolicy,
    /// The one source its calls draw on, fixed when it was minted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_source: Option<CredentialSource>,
    /// How much it may ask for at once and in a minute.
    #[serde(default)]
    pub limits: Limits,
    /// How much money its calls may cost.
    #[serde(default)]
    pub budgets: Vec<Budget>,
    /// Whether a call that a translation would lose anything of is refused.
    #[serde(default)]
    pub strict: bool,
    /// What is kept of its calls' bodies; absent means what the installation keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Until when the secret before the last rotation works too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Whether the configuration file manages this row.
    pub managed: bool,
}

/// Whether a key works at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It works.
    Active,
    /// Its time is over; a key helper may renew it.
    Expired,
    /// Somebody ended it.
    Revoked,
}

impl VirtualKey {
    /// Whether the key works at `now`. Revoked wins over expired.
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some_and(|at| at <= now) {
            KeyState::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }

    /// The latest moment that the key may be renewed to; absent for keys that need not end.
    pub fn renewable_until(&self) -> Option<Timestamp> {
        match self.kind {
            KeyKind::Standard => None,
            KeyKind::Scoped => Some(self.created_at.plus(LONGEST_SCOPED)),
        }
    }

    /// Whether the key may ask for `model`.
    pub fn may_use_model(&self, model: &str) -> bool {
        self.models
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|p| p.matches(model)))
    }

    /// Whether the key may use the route with this pattern.
    pub fn may_use_route(&self, route: &Pattern) -> bool {
        self.routes
            .as_ref()
            .is_none_or(|allowed| allowed.contains(route))
    }

    /// Whose credentials its calls draw on, first choice first: its user's, its organization's, the
    /// platform's, as far as its policy and the source it is pinned to allow.
    pub fn owners(&self) -> impl Iterator<Item = Owner> {
        let policy = self.credentials;
        let found = [
            self.owner.filter(|_| policy.user).map(Owner::User),
            self.org.filter(|_| policy.org).map(Owner::Org),
            policy.platform.then_some(Owner::Platform),
        ];
        let pinned = self.pinned_source;
        found
            .into_iter()
            .flatten()
            .filter(move |owner| pinned.is_none_or(|only| owner.source() == only))
    }

    /// Whether the key's calls may go to `provider`.
    pub fn may_use_provider(&self, provider: &str) -> bool {
        self.providers
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| name == provider))
    }
}
