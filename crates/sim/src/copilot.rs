//! GitHub Copilot: the exchange of a GitHub token for a short one, and the API that takes it.
//!
//! The API stands at the root, without `/v1` for chat, as it does at the vendor. `/v1/messages` is
//! shared with the plain provider: a call is Copilot's if it brings one of GitHub's tokens or names
//! an integration.

mod images;
mod models;
mod short;

use bytes::Bytes;
use http::{StatusCode, header, request};

use crate::{
    authority::{Bad, Holder, Vendor},
    chat, embeddings, messages,
    refusal::Refusal,
    reply::{Dialect, Reply},
    responses,
    route::{self, Call, Planned},
    shared::Shared,
};

/// The answer, if the path is one of Copilot's.
pub(crate) fn answer(
    shared: &Shared,
    head: &request::Parts,
    body: &Bytes,
    path: &[&str],
) -> Option<Planned> {
    let with = |dialect, action| api(shared, (head, body), dialect, action);
    Some(match (head.method.as_str(), path) {
        ("GET", ["copilot_internal", "v2", "token"]) => short::exchange(shared, head, body),
        ("GET", ["copilot_internal", "user"]) => short::user(shared, head, body),
        ("POST", ["chat", "completions"]) => with(Dialect::Chat, chat::create),
        ("POST", ["responses"]) => with(Dialect::Responses, |call| {
            responses::route(call, "POST", &[])
        }),
        ("POST", ["v1", "messages"]) if theirs(head) => with(Dialect::Messages, messages::create),
        ("POST", ["embeddings"]) => with(Dialect::Chat, embeddings::create),
        ("GET", ["models"]) => models::list(shared, (head, body)),
        _ => return None,
    })
}

fn theirs(head: &request::Parts) -> bool {
    let value = head.headers.get(header::AUTHORIZATION);
    let token = value.and_then(|value| value.to_str().ok()?.split_once(' '));
    let github = |(_, token): (&str, &str)| token.starts_with("tid=") || token.starts_with("gho_");
    token.is_some_and(github) || head.headers.contains_key("copilot-integration-id")
}

/// A call with a short token.
fn api(
    shared: &Shared,
    (head, body): (&request::Parts, &Bytes),
    dialect: Dialect,
    action: fn(&Call<'_>) -> Result<Reply, Refusal>,
) -> Planned {
    admit(shared, (head, body), |_| {
        route::plan((shared, head, body), dialect, Ok(()), |call| {
            let marked = call.headers.get("copilot-vision-request");
            let marked = marked.is_some_and(|value| value.as_bytes() == b"true");
            if !marked && images::are_in(call.body) {
                let message = "missing required Copilot-Vision-Request header for vision requests";
                return Err(Refusal::invalid(message));
            }
            action(call)
        })
    })
}

/// Lets in who brings a short token and says which editor this is.
fn admit(
    shared: &Shared,
    (head, body): (&request::Parts, &Bytes),
    answer: impl FnOnce(&Holder) -> Planned,
) -> Planned {
    let refuse = |bad| {
        let message = match bad {
            Bad::Unknown => "unauthorized: Authorization header is badly formatted\n",
            Bad::Expired => "unauthorized: token expired\n",
            Bad::Revoked => "unauthorized: token revoked\n",
        };
        plain(StatusCode::UNAUTHORIZED, message)
    };
    let authority = &shared.authority;
    let editor = authority.lock().editor_required;
    authority.admit(Vendor::Copilot, "bearer", (head, body), refuse, |holder| {
        if editor && !head.headers.contains_key("editor-version") {
            let message = "bad request: missing Editor-Version header for IDE auth\n";
            return plain(StatusCode::BAD_REQUEST, message);
        }
        answer(holder)
    })
}

fn plain(status: StatusCode, message: &'static str) -> Planned {
    Planned::plain(Reply::whole(status, "text/plain; charset=utf-8", message))
}
