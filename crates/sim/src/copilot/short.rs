//! Short tokens, and what the account may use.

use bytes::Bytes;
use http::{StatusCode, request};
use serde::Serialize;

use crate::{
    authority::{Bad, Holder, Vendor},
    reply::Reply,
    route::Planned,
    shared::Shared,
    sse,
};

#[derive(Serialize)]
struct Problem<'a> {
    message: &'a str,
    documentation_url: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
struct Short<'a> {
    token: &'a str,
    expires_at: u64,
    refresh_in: u64,
    endpoints: Endpoints<'a>,
    sku: String,
    chat_enabled: bool,
    individual: bool,
}

#[derive(Serialize)]
struct Endpoints<'a> {
    api: &'a str,
    proxy: &'a str,
    telemetry: &'a str,
}

#[derive(Serialize)]
struct User<'a> {
    login: &'a str,
    copilot_plan: &'a str,
    access_type_sku: String,
    chat_enabled: bool,
    quota_reset_date: &'static str,
    quota_snapshots: Snapshots,
    endpoints: Endpoints<'a>,
}

#[derive(Serialize)]
struct Snapshots {
    chat: Snapshot,
    completions: Snapshot,
    premium_interactions: Snapshot,
}

#[derive(Serialize)]
struct Snapshot {
    quota_id: &'static str,
    entitlement: u32,
    remaining: u32,
    percent_remaining: f64,
    unlimited: bool,
    overage_count: u32,
    overage_permitted: bool,
}

/// `GET /copilot_internal/v2/token`.
pub(super) fn exchange(shared: &Shared, head: &request::Parts, body: &Bytes) -> Planned {
    let authority = &shared.authority;
    let next = {
        let state = &mut *authority.lock();
        if let Some(out) = state.out(Vendor::Copilot) {
            return out;
        }
        state.next_answer(Vendor::Copilot)
    };
    authority.admit(Vendor::GitHub, "token", (head, body), refuse, |holder| {
        next.give(|| issue(shared, holder))
    })
}

fn issue(shared: &Shared, holder: &Holder) -> Reply {
    let state = &mut *shared.authority.lock();
    let account = state.account(&holder.account).clone();
    if account.plan == "none" {
        let message = "No access to GitHub Copilot found";
        return problem(StatusCode::FORBIDDEN, "403", message);
    }
    let sku = format!("{}_seat", account.plan);
    let (token, expires_at) = state.shorten(holder, &sku);
    let api = format!("http://{}", shared.addr);
    Reply::ok(sse::json(&Short {
        token: &token,
        expires_at,
        // Five minutes before its end, as the vendor has it.
        refresh_in: (expires_at - state.now).saturating_sub(300),
        endpoints: endpoints(&api),
        sku,
        chat_enabled: true,
        individual: account.plan != "business" && account.plan != "enterprise",
    }))
}

/// `GET /copilot_internal/user`.
pub(super) fn user(shared: &Shared, head: &request::Parts, body: &Bytes) -> Planned {
    let authority = &shared.authority;
    authority.admit(Vendor::GitHub, "token", (head, body), refuse, |holder| {
        let account = authority.lock().account(&holder.account).clone();
        let api = format!("http://{}", shared.addr);
        let snapshot = |quota_id, entitlement, used| Snapshot {
            quota_id,
            entitlement,
            remaining: entitlement - used,
            percent_remaining: if entitlement == 0 {
                100.0
            } else {
                100.0 * f64::from(entitlement - used) / f64::from(entitlement)
            },
            unlimited: entitlement == 0,
            overage_count: 0,
            overage_permitted: false,
        };
        Planned::plain(Reply::ok(sse::json(&User {
            login: &account.name,
            copilot_plan: &account.plan,
            access_type_sku: format!("{}_seat", account.plan),
            chat_enabled: account.plan != "none",
            quota_reset_date: "2026-12-01",
            quota_snapshots: Snapshots {
                chat: snapshot("chat", 0, 0),
                completions: snapshot("completions", 0, 0),
                premium_interactions: snapshot("premium_interactions", 300, 75),
            },
            endpoints: endpoints(&api),
        })))
    })
}

fn endpoints(api: &str) -> Endpoints<'_> {
    Endpoints {
        api,
        proxy: api,
        telemetry: api,
    }
}

fn refuse(_: Bad) -> Planned {
    Planned::plain(problem(StatusCode::UNAUTHORIZED, "401", "Bad credentials"))
}

fn problem(code: StatusCode, status: &'static str, message: &str) -> Reply {
    Reply::json(
        code,
        sse::json(&Problem {
            message,
            documentation_url: "https://docs.github.com/rest",
            status,
        }),
    )
}
