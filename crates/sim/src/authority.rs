//! The authorities: who issues tokens, and what tests make them do.

mod answers;
mod calls;
mod controls;
mod denial;
mod device;
mod github;
mod http_controls;
mod http_report;
mod issue;
mod jwt;
mod microsoft;
mod misbehaviour;
mod openai;
mod params;
mod state;
mod tokens;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{StatusCode, header, request};
use tokio::sync::watch;

use crate::{reply::Reply, route::Planned, shared::Shared};
pub use answers::{Outage, Shape, TokenAnswer};
pub use calls::{AccountCall, Counters};
pub use state::Vendor;
pub(crate) use state::{Account, State};
pub use tokens::Tokens;
pub(crate) use tokens::{Bad, Holder};

/// The authorities of one server and the accounts they know.
///
/// One server plays all vendors, each on its own paths, so that a base address is all a test sets:
///
/// | vendor | paths |
/// | --- | --- |
/// | OpenAI | `POST /api/accounts/deviceauth/{usercode,token}`, `POST /oauth/token`, `GET /oauth/authorize` |
/// | GitHub | `POST /login/device/code`, `POST /login/oauth/access_token` |
/// | Microsoft | `POST /{tenant}/oauth2/v2.0/{devicecode,token}` |
/// | `ChatGPT` | `POST /backend-api/codex/responses`, `…/responses/compact`, `GET /backend-api/codex/models`, `GET /backend-api/wham/usage` |
/// | Copilot | `GET /copilot_internal/v2/token`, `GET /copilot_internal/user`, `POST /chat/completions`, `/responses`, `/v1/messages`, `/embeddings`, `GET /models` |
/// | Microsoft 365 | `POST /beta/copilot/conversations`, `…/{id}/chat`, `…/{id}/chatOverStream` |
///
/// Time stands still: it is noon of 22 November 2026 until [`Authority::set_now`] or
/// [`Authority::advance`] says otherwise. A client with a clock of its own must set it first.
///
/// An account is a name. It exists from its first mention on; at the provider it is `acct-NAME`, its
/// address `NAME@example.com`. Tokens of one sign-in are a family: a refresh token that comes a second
/// time ends it, and with it every access token that came from it.
///
/// Endpoints of this module take no script and no `api_key`: they are told what to do by the methods
/// of [`Authority`]. Calls of the backends take scripts like every other call, after their token was
/// found good.
///
/// Whoever has no handle drives it over HTTP, below `/sim/authority/`; `authority/http_controls.rs`
/// lists the controls.
#[derive(Debug)]
pub struct Authority {
    state: Mutex<State>,
    /// Whether token endpoints keep their answers back.
    held: watch::Sender<bool>,
    /// Grows with everything that tests may wait for.
    changed: watch::Sender<u64>,
}

impl Authority {
    pub(crate) fn new(port: u16, keep: usize) -> Self {
        Self {
            state: Mutex::new(State::new(port, keep)),
            held: watch::Sender::new(false),
            changed: watch::Sender::new(0),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until token endpoints may answer.
    pub(crate) async fn released(&self) {
        let mut held = self.held.subscribe();
        // The sender lives in `self`.
        let _ = held.wait_for(|held| !held).await;
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Judges a call's token, keeps the call, and answers it: by `refuse` if the token is no good.
    pub(crate) fn admit(
        &self,
        vendor: Vendor,
        scheme: &str,
        (head, body): (&request::Parts, &bytes::Bytes),
        refuse: impl FnOnce(Bad) -> Planned,
        answer: impl FnOnce(&Holder) -> Planned,
    ) -> Planned {
        let bearer = credential(head, scheme).unwrap_or_default();
        let (holder, bad) = self.lock().judge(vendor, bearer);
        let planned = match (&holder, bad) {
            (Some(holder), None) => answer(holder),
            (_, bad) => refuse(bad.unwrap_or(Bad::Unknown)),
        };
        self.lock().note(AccountCall {
            serial: 0,
            account: holder.map(|holder| holder.account),
            bearer: bearer.to_owned(),
            vendor,
            method: head.method.clone(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
            body: body.clone(),
            status: planned.reply.status,
        });
        self.touch();
        planned
    }
}

/// What stands after the scheme, whose case does not matter.
fn credential<'a>(head: &'a request::Parts, scheme: &str) -> Option<&'a str> {
    let value = head.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (given, rest) = value.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The answer of an authority, if the path is one of its endpoints.
pub(crate) fn answer(
    shared: &Shared,
    head: &request::Parts,
    body: &[u8],
    path: &[&str],
) -> Option<Planned> {
    let authority = &shared.authority;
    if let ["sim", "authority", rest @ ..] = path {
        let reply = http_controls::answer(authority, head, body, rest);
        authority.touch();
        return Some(Planned::plain(reply));
    }
    let (method, planned) = match path {
        ["api", "accounts", "deviceauth", "usercode"] => {
            ("POST", openai::usercode as fn(&_, &_, &_) -> _)
        }
        ["api", "accounts", "deviceauth", "token"] => ("POST", openai::poll as _),
        ["oauth", "token"] => ("POST", openai::token as _),
        ["login", "device", "code"] => ("POST", github::offer as _),
        ["login", "oauth", "access_token"] => ("POST", github::token as _),
        [_, "oauth2", "v2.0", "devicecode"] => ("POST", microsoft::offer as _),
        [_, "oauth2", "v2.0", "token"] => ("POST", microsoft::token as _),
        ["oauth", "authorize"] => ("GET", openai::authorize as _),
        _ => return None,
    };
    if head.method.as_str() != method {
        let reply = Reply::whole(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "");
        return Some(Planned::plain(reply));
    }
    let planned: Planned = planned(authority, head, body);
    authority.touch();
    Some(planned)
}
