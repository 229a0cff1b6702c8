//! What is told of calls that run.

use serde::Serialize;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::{CallId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use crate::ledger::running::{Running, Seen};

/// Of how many calls a view is told at once.
const MOST: usize = 200;

/// The longest name of a model that is told, in characters.
const LONGEST_MODEL: usize = 200;

/// The calls that run.
#[derive(Serialize, ToSchema)]
#[schema(as = RunningCalls)]
pub(super) struct Underway {
    /// The newest first. Of more than are told at once these have run the longest.
    calls: Vec<RunningCall>,
    /// How many more there are.
    more: usize,
}

/// A call that has not ended: what its row says so far.
#[derive(Serialize, ToSchema)]
pub(super) struct RunningCall {
    #[schema(value_type = String, example = "call_01890a5d7c4e7d1f8a3b000000000000")]
    id: CallId,
    /// Since when it runs, RFC 3339.
    #[schema(value_type = String)]
    at: Timestamp,
    /// The virtual key's id.
    #[schema(value_type = String)]
    key: KeyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    org: Option<OrgId>,
    /// The named consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// The client application.
    caller: String,
    #[schema(value_type = String)]
    session: SessionId,
    /// The client's own name for the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subagent: Option<String>,
    /// What kind of sub-agent it is, in the client's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    subagent_type: Option<String>,
    /// `messages`, `chat` or `responses`; absent on `/proxy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    protocol: Option<Protocol>,
    /// The operation, such as `messages`, `chat.completions`, `responses.compact`, `proxy`.
    endpoint: String,
    stream: bool,
    /// Who was asked last; absent until somebody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// What the caller asked for, at most 200 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_requested: Option<String>,
    /// What was sent on, at most 200 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_sent: Option<String>,
    /// How many requests were made for it so far.
    attempts: u32,
}

impl Underway {
    /// Which may be seen. What is told of them differs when this does.
    pub(super) fn seen(running: &Running, visible: &Visible) -> Seen {
        running.seen(visible, MOST)
    }

    /// What is told of them.
    pub(super) fn told(running: &Running, seen: &Seen) -> Self {
        Self {
            calls: running
                .read(seen)
                .into_iter()
                .map(RunningCall::of)
                .collect(),
            more: seen.more,
        }
    }
}

impl RunningCall {
    fn of(call: Call) -> Self {
        let short = |name: String| name.chars().take(LONGEST_MODEL).collect();
        Self {
            id: call.id,
            at: call.at,
            key: call.key,
            user: call.user,
            org: call.org,
            agent: call.agent,
            caller: call.caller,
            session: call.session,
            session_name: call.session_name,
            subagent: call.subagent,
            subagent_type: call.subagent_type,
            protocol: call.protocol,
            endpoint: call.endpoint,
            stream: call.stream,
            provider: call.provider,
            model_requested: call.model_requested.map(short),
            model_sent: call.model_sent.map(short),
            attempts: call.attempts,
        }
    }
}
