//! The controls over HTTP, for whoever drives the simulator as a program.
//!
//! `POST /sim/authority/CONTROL` with a JSON object; 204, or 400 with what is wrong, or 404 for a code
//! that is not waited for. They do what the methods of [`Authority`] do. A vendor is `openai` unless
//! it is given.
//!
//! | control | fields |
//! | --- | --- |
//! | `now`, `advance`, `lifetime`, `short-lifetime` | `seconds` |
//! | `approve` | `user_code`, `account` |
//! | `deny`, `expire-code` | `user_code` |
//! | `sign-in` | `vendor`, `account`, `client`; 200 with the tokens and `account_id` |
//! | `browser` | `account` or null |
//! | `usercode-alias`, `device-flow`, `empty-output`, `editor-required` | `on` |
//! | `pending-status` | `status` |
//! | `plan` | `account`, `plan` |
//! | `licensed` | `account`, `on` |
//! | `revoke`, `close`, `expire-access`, `expire-refresh` | `account` |
//! | `token-answer` | `vendor`, `times`, `answer`: [`TokenAnswer`] |
//! | `slow-downs` | `times` |
//! | `errors` | `shape`: `nested`, `flat` |
//! | `outage` | `vendor`, `outage`: `off`, `down`, `hangs` |
//! | `hold`, `release`, `forget-calls` | none: `{}` |
//! | `windows` | `account`, `primary`, `secondary`: [`Window`] |
//! | `limit` | `account`, `limit`: `{"plan":{…}}`, `{"rate":{…}}`, null ([`Limit`]) |
//! | `full` | `model`, `full` |
//!
//! `GET /sim/authority/codes`, `…/counters` and `…/calls` tell what [`Authority::user_codes`],
//! [`Authority::counters`] and [`Authority::calls`] do. None of this is recorded as a request.

use std::time::Duration;

use http::{StatusCode, request};
use serde::{Deserialize, Serialize};

use super::{Authority, Outage, Shape, TokenAnswer, Tokens, Vendor, http_report};
use crate::{
    chatgpt::{Limit, Window},
    reply::Reply,
    sse,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Control {
    Now {
        seconds: u64,
    },
    Advance {
        seconds: u64,
    },
    Lifetime {
        seconds: u64,
    },
    ShortLifetime {
        seconds: u64,
    },
    EditorRequired {
        on: bool,
    },
    Approve {
        user_code: String,
        account: String,
    },
    Deny {
        user_code: String,
    },
    ExpireCode {
        user_code: String,
    },
    SignIn {
        #[serde(default)]
        vendor: Vendor,
        account: String,
        client: String,
    },
    Browser {
        account: Option<String>,
    },
    UsercodeAlias {
        on: bool,
    },
    DeviceFlow {
        on: bool,
    },
    EmptyOutput {
        on: bool,
    },
    PendingStatus {
        status: u16,
    },
    Plan {
        account: String,
        plan: String,
    },
    Licensed {
        account: String,
        on: bool,
    },
    Revoke {
        account: String,
    },
    Close {
        account: String,
    },
    ExpireAccess {
        account: String,
    },
    ExpireRefresh {
        account: String,
    },
    TokenAnswer {
        #[serde(default)]
        vendor: Vendor,
        #[serde(default = "once")]
        times: u32,
        answer: TokenAnswer,
    },
    SlowDowns {
        times: u32,
    },
    Errors {
        shape: Shape,
    },
    Outage {
        #[serde(default)]
        vendor: Vendor,
        outage: Outage,
    },
    Hold {},
    Release {},
    ForgetCalls {},
    Windows {
        account: String,
        primary: Window,
        secondary: Window,
    },
    Limit {
        account: String,
        limit: Option<Limit>,
    },
    Full {
        model: String,
        full: bool,
    },
}

fn once() -> u32 {
    1
}

#[derive(Serialize)]
struct SignedIn {
    account_id: String,
    #[serde(flatten)]
    tokens: Tokens,
}

pub(super) fn answer(
    authority: &Authority,
    head: &request::Parts,
    body: &[u8],
    path: &[&str],
) -> Reply {
    match (head.method.as_str(), path) {
        ("POST", [control]) => match read(control, body) {
            Ok(control) => obey(authority, control),
            Err(error) => text(StatusCode::BAD_REQUEST, format!("{control}: {error}")),
        },
        ("GET", [report]) => http_report::report(authority, report)
            .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "no such report".to_owned())),
        _ => text(StatusCode::NOT_FOUND, "no such control".to_owned()),
    }
}

/// The control's name is in the path and what it takes in the body: together they are one value.
fn read(control: &str, body: &[u8]) -> Result<Control, serde_json::Error> {
    let body = String::from_utf8_lossy(body);
    serde_json::from_str(&format!("{{{}:{body}}}", sse::json(&control)))
}

fn obey(authority: &Authority, control: Control) -> Reply {
    let mut known = true;
    match control {
        Control::Now { seconds } => authority.set_now(seconds),
        Control::Advance { seconds } => authority.advance(Duration::from_secs(seconds)),
        Control::Lifetime { seconds } => authority.set_lifetime(Duration::from_secs(seconds)),
        Control::ShortLifetime { seconds } => {
            authority.set_short_lifetime(Duration::from_secs(seconds));
        }
        Control::EditorRequired { on } => authority.set_editor_required(on),
        Control::Approve { user_code, account } => {
            known = authority.approve(&user_code, &account);
        }
        Control::Deny { user_code } => known = authority.deny(&user_code),
        Control::ExpireCode { user_code } => known = authority.expire_code(&user_code),
        Control::SignIn {
            vendor,
            account,
            client,
        } => {
            let tokens = authority.sign_in(vendor, &account, &client);
            let account_id = authority.account_id(&account);
            return Reply::ok(sse::json(&SignedIn { account_id, tokens }));
        }
        Control::Browser { account } => authority.set_browser(account.as_deref()),
        Control::UsercodeAlias { on } => authority.set_usercode_alias(on),
        Control::DeviceFlow { on } => authority.set_device_flow(on),
        Control::EmptyOutput { on } => authority.set_empty_output(on),
        Control::PendingStatus { status } => authority.set_pending_status(status),
        Control::Plan { account, plan } => authority.set_plan(&account, &plan),
        Control::Licensed { account, on } => authority.set_licensed(&account, on),
        Control::Revoke { account } => authority.revoke(&account),
        Control::Close { account } => authority.close(&account),
        Control::ExpireAccess { account } => authority.expire_access(&account),
        Control::ExpireRefresh { account } => authority.expire_refresh(&account),
        Control::TokenAnswer {
            vendor,
            times,
            answer,
        } => {
            for _ in 0..times {
                authority.next_token_answer(vendor, answer.clone());
            }
        }
        Control::SlowDowns { times } => authority.set_slow_downs(times),
        Control::Errors { shape } => authority.set_errors(shape),
        Control::Outage { vendor, outage } => authority.set_outage(vendor, outage),
        Control::Hold {} => authority.hold(),
        Control::Release {} => authority.release(),
        Control::ForgetCalls {} => authority.forget_calls(),
        Control::Windows {
            account,
            primary,
            secondary,
        } => authority.set_windows(&account, primary, secondary),
        Control::Limit { account, limit } => authority.set_limit(&account, limit),
        Control::Full { model, full } => authority.set_full(&model, full),
    }
    if known {
        Reply::whole(StatusCode::NO_CONTENT, "text/plain", "")
    } else {
        text(
            StatusCode::NOT_FOUND,
            "this code is not waited for".to_owned(),
        )
    }
}

fn text(status: StatusCode, message: String) -> Reply {
    Reply::whole(status, "text/plain", message)
}
