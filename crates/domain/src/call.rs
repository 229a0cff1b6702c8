//! One request and its answer: the ledger's row.

mod attempt;
mod fallback;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;
use tollhouse_wire::usage::Usage;

pub use self::attempt::Attempt;
pub use self::fallback::Fallback;
use crate::capture::Kept;
use crate::credential::{CredentialKind, CredentialSource};
use crate::id::{CallId, CredentialId, KeyId, OrgId, SessionId, UserId};
use crate::money::Money;
use crate::tags::Tags;
use crate::time::Timestamp;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer reached its end.
    Success,
    /// The upstream answered with an error, or could not be reached.
    UpstreamError,
    /// The answer began and then failed.
    StreamError,
    /// The client left before the end.
    ClientDisconnect,
    /// We refused it after admission.
    Refused,
    /// The process died, or the call's task did, before it ended.
    Interrupted,
}

impl Outcome {
    /// Every outcome, for tables and tests.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::UpstreamError,
        Self::StreamError,
        Self::ClientDisconnect,
        Self::Refused,
        Self::Interrupted,
    ];

    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::UpstreamError => "upstream_error",
            Self::StreamError => "stream_error",
            Self::ClientDisconnect => "client_disconnect",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads what [`Outcome::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// Whether the bytes crossed unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Same protocol on both sides, bytes unchanged.
    Passthrough,
    /// Protocols differ.
    Translated,
}

impl Call {
    /// A call that has just been admitted: nothing is known of its answer yet, and should nothing
    /// more be heard of it, it was interrupted.
    pub fn opened(id: CallId, at: Timestamp, key: KeyId, session: SessionId) -> Self {
        Self {
            id,
            at,
            key,
            user: None,
            org: None,
            agent: None,
            caller: String::new(),
            session,
            session_name: None,
            subagent: None,
            subagent_type: None,
            subagent_parent: None,
            tags: Tags::new(),
            protocol: None,
            endpoint: String::new(),
            stream: false,
            provider: None,
            credential_id: None,
            credential_source: None,
            credential_kind: None,
            credential_fingerprint: None,
            mode: Mode::Passthrough,
            protocol_sent: None,
            model_requested: None,
            model_sent: None,
            model_served: None,
            status: None,
            outcome: Outcome::Interrupted,
            error: None,
            stop_reason: None,
            usage: Usage::default(),
            usage_raw: None,
            estimated: false,
            cost_usd: None,
            charged_usd: None,
            list_cost_usd: None,
            ttft_ms: None,
            duration_ms: None,
            bytes_in: 0,
            bytes_out: 0,
            attempts: 0,
            fallback: None,
            tried: Vec::new(),
            losses: Vec::new(),
            upstream_request_id: None,
            upstream_object: None,
            from: None,
            capture: None,
            snapshot_revision: 0,
        }
    }
}

impl Call {
    /// What budgets are charged for the call; never less than nothing.
    pub fn charge(&self) -> Money {
        let charge = self.charged_usd.or(self.cost_usd);
        charge.unwrap_or_default().max(Money::ZERO)
    }
}

impl Mode {
    /// As printed in headers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passthrough => "passthrough",
            Self::Translated => "translated",
        }
    }

    /// Reads what [`Mode::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Passthrough, Self::Translated]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// One ledger row. The same JSON shape is journaled and served.
///
/// Absent and zero are different things: a field that is not known is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its id; sorts by time.
    pub id: CallId,
    /// When it was admitted.
    pub at: Timestamp,
    /// The virtual key.
    pub key: KeyId,
    /// The key's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The key's organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrgId>,
    /// The named consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The client application.
    pub caller: String,
    /// The conversation.
    pub session: SessionId,
    /// The client's own name for the conversation, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// The client's sub-agent that made the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<String>,
    /// What kind of sub-agent it is, in the client's word, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent_type: Option<String>,
    /// The sub-agent that began it, where that is one; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent_parent: Option<String>,
    /// What the client attached.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The caller's protocol; absent on `/proxy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The operation, such as `messages`, `messages.count_tokens`, `responses.compact`, `proxy`.
    pub endpoint: String,
    /// Whether the caller asked for a stream.
    pub stream: bool,
    /// The provider that answered, or was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The credential that went upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<CredentialId>,
    /// Whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_source: Option<CredentialSource>,
    /// What kind it is. A client's own is an account where it is a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_kind: Option<CredentialKind>,
    /// For a client's own credential: its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_fingerprint: Option<String>,
    /// Whether bytes crossed unchanged.
    pub mode: Mode,
    /// The protocol the provider was called in, where it is not the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_sent: Option<Protocol>,
    /// What the caller asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_requested: Option<String>,
    /// What we sent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_sent: Option<String>,
    /// What the answer says served it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_served: Option<String>,
    /// The HTTP status the client saw; absent while none was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, in our error vocabulary or the upstream's error type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why the model stopped, in the upstream's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// Tokens in disjoint buckets.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// The upstream's own usage object as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_raw: Option<String>,
    /// Whether any of `usage` is our estimate.
    #[serde(default)]
    pub estimated: bool,
    /// What it cost whoever owns the credential; absent when unknown, never zero for unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Money>,
    /// What budgets were charged, where that is not the cost: what was reserved, for a call whose cost
    /// is unknown or cannot be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_usd: Option<Money>,
    /// What it would cost at list price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_cost_usd: Option<Money>,
    /// Milliseconds from admission to the first byte of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<f64>,
    /// Milliseconds from admission to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// Bytes of the request body as received.
    pub bytes_in: u64,
    /// Bytes of the answer's body sent to the client.
    pub bytes_out: u64,
    /// How many upstream requests were made.
    pub attempts: u32,
    /// Why the first target did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The attempts before the last, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Attempt>,
    /// What a translation could not carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<String>,
    /// The upstream's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// The id of the upstream's answer object (`msg_…`, `resp_…`, `chatcmpl-…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_object: Option<String>,
    /// The address the call came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What became of its bodies, where they were to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Kept>,
    /// The configuration the call saw.
    pub snapshot_revision: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_print_and_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{}\"", outcome.as_str()));
        }
    }
}
