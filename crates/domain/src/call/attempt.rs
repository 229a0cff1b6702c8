//! An attempt that was not a call's last.

use serde::{Deserialize, Serialize};

use crate::credential::{CredentialKind, CredentialSource};
use crate::id::CredentialId;

/// Whom a call asked before it turned to somebody else, and what came of it. The last attempt is the call's
/// own to tell.
///
/// The same JSON shape is journaled, stored and served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The provider that was asked.
    pub provider: String,
    /// The model it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_sent: Option<String>,
    /// The credential that went along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<CredentialId>,
    /// Whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_source: Option<CredentialSource>,
    /// What kind it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_kind: Option<CredentialKind>,
    /// What it answered; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The upstream's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// Why it was not the last: the word of the header that tells of a fallback.
    pub reason: String,
    /// Milliseconds from the call's admission until that was known.
    pub ended_ms: f64,
}
