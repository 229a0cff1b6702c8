//! The `ChatGPT` backend: the Responses API of a subscription, stricter than the public one.

mod models;
mod plan;
mod rules;
mod usage;

use bytes::Bytes;
use http::{StatusCode, request};
use serde::Serialize;

pub(crate) use plan::Plan;
pub use plan::{Limit, Window};

use crate::{
    authority::{Account, Bad, Holder, Vendor},
    refusal::Refusal,
    reply::{Content, Dialect, Reply},
    responses::{self, Backend},
    route::{self, Call, Planned},
    shared::Shared,
    sse,
};

#[derive(Serialize)]
struct Unauthorized {
    error: Cause,
    status: u16,
}

#[derive(Serialize)]
struct Cause {
    message: &'static str,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    code: &'static str,
    param: Option<()>,
}

#[derive(Serialize)]
pub(crate) struct Detail<'a> {
    pub(crate) detail: &'a str,
}

/// The answer, if the path is one of the backend's.
pub(crate) fn answer(
    shared: &Shared,
    head: &request::Parts,
    body: &Bytes,
    path: &[&str],
) -> Option<Planned> {
    let ["backend-api", rest @ ..] = path else {
        return None;
    };
    let admit = |answer: &dyn Fn(&Holder) -> Planned| {
        let authority = &shared.authority;
        authority.admit(Vendor::OpenAi, "bearer", (head, body), refuse, answer)
    };
    let of = |holder: &Holder| shared.authority.lock().account(&holder.account).clone();
    let now = || shared.authority.now();
    Some(match (head.method.as_str(), rest) {
        ("POST", ["codex", "responses"]) => {
            admit(&|holder| with(shared, head, body, &of(holder), create))
        }
        ("POST", ["codex", "responses", "compact"]) => {
            admit(&|holder| with(shared, head, body, &of(holder), compact))
        }
        ("GET", ["codex", "models"]) => admit(&|holder| {
            own(head, &of(holder)).unwrap_or_else(|| Planned::plain(models::list(head)))
        }),
        ("GET", ["wham", "usage"]) => admit(&|holder| {
            let account = of(holder);
            let report = || Planned::plain(usage::report(&account, now()));
            own(head, &account).unwrap_or_else(report)
        }),
        // The page that a browser would be shown.
        _ => Planned::plain(Reply::whole(
            StatusCode::FORBIDDEN,
            "text/html; charset=UTF-8",
            "<html><head><title>Just a moment...</title></head><body></body></html>",
        )),
    })
}

fn refuse(bad: Bad) -> Planned {
    let (message, code) = match bad {
        Bad::Unknown => {
            let body = sse::json(&Detail {
                detail: "Unauthorized",
            });
            return Planned::plain(Reply::json(StatusCode::UNAUTHORIZED, body));
        }
        Bad::Expired => (
            "Provided authentication token is expired. Please try signing in again.",
            "token_expired",
        ),
        Bad::Revoked => (
            "Your authentication token has been invalidated. Please try signing in again.",
            "token_invalidated",
        ),
    };
    Planned::plain(Reply::json(
        StatusCode::UNAUTHORIZED,
        sse::json(&Unauthorized {
            error: Cause {
                message,
                kind: None,
                code,
                param: None,
            },
            status: 401,
        }),
    ))
}

/// Refuses a call that names another account than its token, or none.
fn own(head: &request::Parts, account: &Account) -> Option<Planned> {
    let named = head.headers.get("chatgpt-account-id");
    if named.is_some_and(|named| named.as_bytes() == account.id.as_bytes()) {
        return None;
    }
    let detail = "The ChatGPT-Account-ID header is not this token's account";
    let body = sse::json(&Detail { detail });
    Some(Planned::plain(Reply::json(StatusCode::FORBIDDEN, body)))
}

fn with(
    shared: &Shared,
    head: &request::Parts,
    body: &Bytes,
    account: &Account,
    action: fn(&Call<'_>, &Account) -> Result<Reply, Refusal>,
) -> Planned {
    if let Some(refused) = own(head, account) {
        return refused;
    }
    let mut planned = route::plan((shared, head, body), Dialect::ChatGpt, Ok(()), |call| {
        action(call, account)
    });
    usage::headers(&mut planned.reply, &account.usage);
    planned
}

fn create(call: &Call<'_>, account: &Account) -> Result<Reply, Refusal> {
    rules::check(call.body, true)?;
    if let Some(limit) = account.usage.limit {
        return Ok(usage::refused(account, limit));
    }
    let (now, full, empty_output) = {
        let state = shared_state(call);
        (state.now, state.full_models.clone(), state.empty_output)
    };
    let backend = Backend { empty_output, full };
    let mut reply = responses::stream(call, &backend)?;
    if let Content::Events(events) = &mut reply.content {
        // Early, before anything of the answer itself.
        events.insert(events.len().min(2), usage::event(account, now));
    }
    Ok(reply)
}

fn compact(call: &Call<'_>, account: &Account) -> Result<Reply, Refusal> {
    rules::check(call.body, false)?;
    match account.usage.limit {
        Some(limit) => Ok(usage::refused(account, limit)),
        None => responses::compact(call),
    }
}

fn shared_state<'a>(call: &Call<'a>) -> std::sync::MutexGuard<'a, crate::authority::State> {
    call.shared.authority.lock()
}
