//! Which conversation and which client a call belongs to.

mod subagent;

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderMap;
use http::header::USER_AGENT;
use tollhouse_domain::caller;
use tollhouse_domain::id::{CallId, SessionId};
use tollhouse_domain::session::{self, Evidence};
use tollhouse_domain::tags::{self, Tags};
use tollhouse_wire::{Peek, hints};

use super::authenticate::Principal;
use super::own::ClientCredential;
use crate::chunks::Chunks;
use crate::names;

/// What attributes a call, besides its key.
pub(crate) struct Identity {
    pub(crate) session: SessionId,
    pub(crate) session_name: Option<String>,
    pub(crate) subagent: Option<String>,
    pub(crate) subagent_type: Option<String>,
    pub(crate) subagent_parent: Option<String>,
    pub(crate) caller: String,
    pub(crate) agent: Option<String>,
    pub(crate) tags: Tags,
}

/// Headers in which clients name their session, best first.
const SESSION_HEADERS: [&str; 7] = [
    "x-claude-code-session-id",
    "session_id",
    "session-id",
    "thread-id",
    "x-session-id",
    "x-session-affinity",
    "x-opencode-session",
];

/// Reads who calls, from headers and the peeked body.
pub(crate) fn identify(
    principal: &Principal,
    headers: &HeaderMap,
    peek: &Peek,
    body: &Chunks,
    call: CallId,
) -> Identity {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let clean = |found: Option<&str>| found.and_then(session::clean_name);
    let name = clean(text(names::SESSION.as_str()))
        .or_else(|| {
            SESSION_HEADERS
                .iter()
                .find_map(|header| clean(text(header)))
        })
        .or_else(|| clean(peek.prompt_cache_key.as_deref()))
        .or_else(|| {
            let user = peek.metadata_user_id.as_deref()?;
            clean(hints::claude_session_id(user).as_deref()).or_else(|| clean(Some(user)))
        });
    let fingerprint = principal.client.as_ref().map(ClientCredential::fingerprint);
    let derive = |evidence| session::derive(principal.key.id, fingerprint, evidence);
    let session = match &name {
        Some(name) => derive(Evidence::Named(name)),
        None => match first_message(body) {
            Some(digest) => derive(Evidence::FirstMessage(&digest)),
            None => derive(Evidence::Alone(&call.0)),
        },
    };
    let subagent = subagent::read(text);
    Identity {
        session,
        session_name: name,
        subagent: subagent.id,
        subagent_type: subagent.kind,
        subagent_parent: subagent.parent,
        caller: caller::identify(
            text(names::CALLER.as_str()),
            text(USER_AGENT.as_str()),
            &principal.key.name,
        ),
        agent: clean(text(names::AGENT.as_str())).or_else(|| principal.key.agent.clone()),
        tags: text(names::TAGS.as_str())
            .map(tags::parse)
            .unwrap_or_default(),
    }
}

fn first_message(body: &Chunks) -> Option<[u8; 32]> {
    let mut hash = Context::new(&SHA256);
    let found = hints::first_user_message(&body.slices(), &mut |bytes| hash.update(bytes));
    let digest = hash.finish();
    let bytes: [u8; 32] = digest.as_ref().try_into().ok()?;
    found.then_some(bytes)
}
