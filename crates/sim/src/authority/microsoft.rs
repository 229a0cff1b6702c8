//! Microsoft's authority: codes typed on another device, and refreshing.

use http::{StatusCode, request};
use serde::Serialize;

use super::{
    Authority, Tokens,
    denial::Denial,
    device::{LIFE, Standing},
    github::DEVICE_GRANT,
    params::Params,
    state::{State, Vendor},
};
use crate::{reply::Reply, route::Planned, sse};

#[derive(Serialize)]
struct Offer<'a> {
    user_code: &'a str,
    device_code: &'a str,
    verification_uri: &'static str,
    expires_in: u64,
    interval: u64,
    message: String,
}

#[derive(Serialize)]
struct Granted<'a> {
    ext_expires_in: u64,
    #[serde(flatten)]
    tokens: &'a Tokens,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'static str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: &'static str,
    trace_id: &'a str,
    correlation_id: &'a str,
    error_uri: String,
}

/// An error's name, its number and its status.
type Told = (&'static str, u32, u16);

const INVALID: Told = ("invalid_request", 900_144, 400);
const PENDING: Told = ("authorization_pending", 70_016, 400);
const SLOW: Told = ("slow_down", 70_043, 400);
const DECLINED: Told = ("authorization_declined", 70_018, 400);
const EXPIRED: Told = ("expired_token", 70_020, 400);
const BAD_CODE: Told = ("bad_verification_code", 70_019, 400);
const GRANT: Told = ("unsupported_grant_type", 70_003, 400);
const CLIENT: Told = ("invalid_client", 7_000_218, 401);
const UNKNOWN_CLIENT: Told = ("unauthorized_client", 700_016, 400);

/// `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) fn offer(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::Microsoft) {
        return out;
    }
    Planned::plain(offered(state, head, body).unwrap_or_else(|told| error(state, told)))
}

fn offered(state: &mut State, head: &request::Parts, body: &[u8]) -> Result<Reply, Told> {
    let params = Params::read(&head.headers, body).map_err(|_| INVALID)?;
    let client = params.need("client_id").map_err(|_| INVALID)?;
    let scope = params.need("scope").map_err(|_| INVALID)?;
    if !state.device_flow {
        return Err(CLIENT);
    }
    let device = state.offer(Vendor::Microsoft, client, scope, "");
    let verification_uri = "https://microsoft.com/devicelogin";
    Ok(Reply::ok(sse::json(&Offer {
        user_code: &device.user_code,
        device_code: &device.handle,
        verification_uri,
        expires_in: LIFE,
        interval: device.interval,
        message: format!(
            "To sign in, use a web browser to open the page {verification_uri} and enter the code \
             {} to authenticate.",
            device.user_code
        ),
    })))
}

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn token(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::Microsoft) {
        return out;
    }
    let answer = state.next_answer(Vendor::Microsoft);
    answer.give(|| granted(state, head, body).unwrap_or_else(|told| error(state, told)))
}

fn granted(state: &mut State, head: &request::Parts, body: &[u8]) -> Result<Reply, Told> {
    let params = Params::read(&head.headers, body).map_err(|_| INVALID)?;
    let need = |name| params.need(name).map_err(|_| INVALID);
    let client = need("client_id")?;
    let tokens = match need("grant_type")? {
        // Its older name is still taken.
        DEVICE_GRANT | "device_code" => asked(state, client, need("device_code")?)?,
        "refresh_token" => state
            .renew(Vendor::Microsoft, client, need("refresh_token")?)
            .map_err(told)?,
        _ => return Err(GRANT),
    };
    let mut reply = Reply::ok(sse::json(&Granted {
        ext_expires_in: tokens.expires_in.unwrap_or_default(),
        tokens: &tokens,
    }));
    reply.header("cache-control", "no-store, no-cache");
    Ok(reply)
}

fn asked(state: &mut State, client: &str, handle: &str) -> Result<Tokens, Told> {
    let device = state.device(Vendor::Microsoft, handle).ok_or(BAD_CODE)?;
    if device.client != client {
        return Err(UNKNOWN_CLIENT);
    }
    if device.slow_downs > 0 {
        device.slow_downs -= 1;
        return Err(SLOW);
    }
    let account = match &device.standing {
        Standing::Pending => return Err(PENDING),
        Standing::Denied => return Err(DECLINED),
        Standing::Expired => return Err(EXPIRED),
        Standing::Done => return Err(BAD_CODE),
        Standing::Approved(account) => account.clone(),
    };
    device.standing = Standing::Done;
    let (client, scope) = (device.client.clone(), device.scope.clone());
    Ok(state
        .sign_in(Vendor::Microsoft, &account, &client, &scope)
        .1)
}

/// All of what ends a login is called the same here; the number tells.
fn told(denial: Denial) -> Told {
    match denial {
        Denial::Client => UNKNOWN_CLIENT,
        Denial::Expired => ("invalid_grant", 700_082, 400),
        Denial::Revoked => ("invalid_grant", 50_173, 400),
        Denial::Closed => ("invalid_grant", 50_057, 400),
        Denial::Reused | Denial::UnknownRefresh => ("invalid_grant", 70_000, 400),
        Denial::Grant => GRANT,
        Denial::Unreadable
        | Denial::Missing(_)
        | Denial::Code
        | Denial::Verifier
        | Denial::Redirect => INVALID,
    }
}

fn error(state: &mut State, (error, number, status): Told) -> Reply {
    let (trace, correlation) = (state.id("trace-"), state.id("correlation-"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Reply::json(
        status,
        sse::json(&Refused {
            error,
            error_description: format!("AADSTS{number}: {error}. Trace ID: {trace}"),
            error_codes: [number],
            timestamp: "2026-11-22 12:00:00Z",
            trace_id: &trace,
            correlation_id: &correlation,
            error_uri: format!("https://login.microsoftonline.com/error?code={number}"),
        }),
    )
}
