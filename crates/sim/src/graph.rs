//! Microsoft 365 Copilot: conversations of the Graph, beta, as its documentation describes them.
//!
//! Which words it has for somebody without a licence is not documented; these are ours.

mod conversation;
mod request;

use bytes::Bytes;
use http::{StatusCode, request::Parts};

use crate::{
    answer::{Part, deltas},
    ask::{Ask, History},
    authority::{Bad, Holder, Vendor},
    behavior,
    refusal::Refusal,
    reply::{Dialect, Reply},
    route::{self, Call, Planned},
    shared::Shared,
    sse,
};
pub(crate) use conversation::Conversation;
use conversation::Turn;
use request::Message;

/// All of these, or nothing: that is what the vendor documents.
const SCOPES: [&str; 7] = [
    "Sites.Read.All",
    "Mail.Read",
    "People.Read.All",
    "OnlineMeetingTranscript.Read.All",
    "Chat.Read",
    "ChannelMessage.Read.All",
    "ExternalItem.Read.All",
];

/// The answer, if the path is one of the Graph's.
pub(crate) fn answer(
    shared: &Shared,
    head: &Parts,
    body: &Bytes,
    path: &[&str],
) -> Option<Planned> {
    let ["beta", "copilot", "conversations", rest @ ..] = path else {
        return None;
    };
    let authority = &shared.authority;
    let refuse = |bad| {
        let message = match bad {
            Bad::Unknown => "Access token validation failure.",
            Bad::Expired => "Lifetime validation failed, the token is expired.",
            Bad::Revoked => "Continuous access evaluation resulted in challenge.",
        };
        refused(&Refusal::new(StatusCode::UNAUTHORIZED, message))
    };
    let planned = authority.admit(
        Vendor::Microsoft,
        "bearer",
        (head, body),
        refuse,
        |holder| {
            // `https://graph.microsoft.com/Mail.Read` is `Mail.Read`.
            let granted = || holder.scope.split_whitespace().map(last);
            if let Some(missing) = SCOPES
                .iter()
                .find(|scope| !granted().any(|it| it == **scope))
            {
                let message = format!(
                    "Required scopes = [{}]: missing {missing}",
                    SCOPES.join(", ")
                );
                return refused(&Refusal::new(StatusCode::FORBIDDEN, message));
            }
            if !authority.lock().account(&holder.account).licensed {
                let message = "The user does not have a Microsoft 365 Copilot license.";
                return refused(&Refusal::new(StatusCode::FORBIDDEN, message));
            }
            route::plan((shared, head, body), Dialect::Graph, Ok(()), |call| {
                dispatch(call, head, holder, rest)
            })
        },
    );
    Some(planned)
}

fn last(scope: &str) -> &str {
    scope.rsplit('/').next().unwrap_or_default()
}

fn refused(refusal: &Refusal) -> Planned {
    Planned::plain(Reply::json(refusal.status, sse::json(&refusal.graph(""))))
}

fn dispatch(
    call: &Call<'_>,
    head: &Parts,
    holder: &Holder,
    path: &[&str],
) -> Result<Reply, Refusal> {
    match (head.method.as_str(), path) {
        ("POST", []) => create(call, holder),
        ("POST", [id, "chat"]) => {
            let turn = chat(call, holder, id)?;
            Ok(Reply::ok(sse::json(&turn.whole())))
        }
        ("POST", [id, "chatOverStream"]) => {
            let turn = chat(call, holder, id)?;
            let mut events = turn.events();
            if let Some(after) = call.script.inband_error {
                events.truncate(after);
                events.push(broken(call));
            }
            Ok(Reply::events(events))
        }
        _ => Err(Refusal::not_found("Resource")),
    }
}

/// An error in the place of the next event.
fn broken(call: &Call<'_>) -> Bytes {
    let mut refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "simulated: in the stream");
    refusal.kind.clone_from(&call.script.error);
    sse::data(&refusal.graph(call.request_id))
}

fn create(call: &Call<'_>, holder: &Holder) -> Result<Reply, Refusal> {
    request::empty(call.headers, call.body)?;
    let serial = call.shared.authority.lock().serial();
    let id = format!(
        "{:08x}-0000-4000-8000-{serial:012x}",
        call.shared.addr.port()
    );
    let conversation = Conversation::new(&holder.account);
    let view = sse::json(&conversation.view(&id));
    call.shared.conversations.put(&id, conversation);
    Ok(Reply::json(StatusCode::CREATED, view))
}

fn chat(call: &Call<'_>, holder: &Holder, id: &str) -> Result<Turn, Refusal> {
    let message = Message::parse(call.headers, call.body)?;
    let mut history = History::default();
    history.user(&message.text);
    let answer = behavior::answer(
        &Ask {
            // There is no choice.
            model: "sim-echo".to_owned(),
            bytes: call.body.len(),
            limit: None,
            reasons: false,
            parallel: false,
            tools: Vec::new(),
            history,
        },
        call.script,
        Dialect::Graph,
    )?;
    let texts = answer.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Reasoning(_) | Part::Call(_) => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    let steps = deltas(&text, answer.deltas);
    let cuts: Vec<usize> = steps
        .iter()
        .scan(0, |end, step| {
            *end += step.len();
            Some(*end)
        })
        .collect();
    let turn = call.shared.conversations.with(id, |conversation| {
        let own = conversation.account == holder.account;
        own.then(|| conversation.turn(id, &message.text, &text, cuts))
    });
    turn.flatten()
        .ok_or_else(|| Refusal::not_found("Conversation"))
}
