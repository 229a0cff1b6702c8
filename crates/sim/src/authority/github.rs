//! GitHub's authority: codes typed on another device (RFC 8628), with GitHub's habits. Errors come
//! with 200, and answers are forms unless JSON is asked for.

use http::{StatusCode, header, request};
use serde::Serialize;

use super::{
    Authority,
    device::{INTERVAL, LIFE, Standing},
    params::Params,
    state::{State, Vendor},
};
use crate::{reply::Reply, route::Planned, sse};

pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[derive(Serialize)]
struct Offer<'a> {
    device_code: &'a str,
    user_code: &'a str,
    verification_uri: &'static str,
    expires_in: u64,
    interval: u64,
}

#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    token_type: &'static str,
    scope: &'a str,
}

#[derive(Serialize)]
struct Refused {
    error: &'static str,
    error_description: &'static str,
    error_uri: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
}

/// `POST /login/device/code`.
pub(super) fn offer(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::GitHub) {
        return out;
    }
    let Ok(params) = Params::read(&head.headers, body) else {
        return Planned::plain(Reply::whole(StatusCode::NOT_FOUND, "text/html", ""));
    };
    let Ok(client) = params.need("client_id") else {
        return Planned::plain(written(StatusCode::NOT_FOUND, head, &refusal("Not Found")));
    };
    if !state.device_flow {
        return Planned::plain(error(head, "device_flow_disabled"));
    }
    let scope = params.get("scope").unwrap_or_default();
    let device = state.offer(Vendor::GitHub, client, scope, "");
    Planned::plain(written(
        StatusCode::OK,
        head,
        &Offer {
            device_code: &device.handle,
            user_code: &device.user_code,
            verification_uri: "https://github.com/login/device",
            expires_in: LIFE,
            interval: device.interval,
        },
    ))
}

/// `POST /login/oauth/access_token`.
pub(super) fn token(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::GitHub) {
        return out;
    }
    let answer = state.next_answer(Vendor::GitHub);
    answer.give(|| asked(state, head, body))
}

fn asked(state: &mut State, head: &request::Parts, body: &[u8]) -> Reply {
    let Ok(params) = Params::read(&head.headers, body) else {
        return Reply::whole(StatusCode::NOT_FOUND, "text/html", "");
    };
    if params.get("grant_type") != Some(DEVICE_GRANT) {
        return error(head, "unsupported_grant_type");
    }
    if !state.device_flow {
        return error(head, "device_flow_disabled");
    }
    let Some(client) = params.get("client_id") else {
        return error(head, "incorrect_client_credentials");
    };
    let handle = params.get("device_code").unwrap_or_default();
    let Some(device) = state.device(Vendor::GitHub, handle) else {
        return error(head, "incorrect_device_code");
    };
    if device.client != client {
        return error(head, "incorrect_client_credentials");
    }
    if device.slow_downs > 0 {
        device.slow_downs -= 1;
        device.interval += INTERVAL;
        let mut slow = refusal("slow_down");
        slow.interval = Some(device.interval);
        return written(StatusCode::OK, head, &slow);
    }
    let account = match &device.standing {
        Standing::Pending => return error(head, "authorization_pending"),
        Standing::Denied => return error(head, "access_denied"),
        Standing::Expired => return error(head, "expired_token"),
        Standing::Done => return error(head, "incorrect_device_code"),
        Standing::Approved(account) => account.clone(),
    };
    device.standing = Standing::Done;
    let (client, scope) = (device.client.clone(), device.scope.clone());
    let (_, tokens) = state.sign_in(Vendor::GitHub, &account, &client, &scope);
    let granted = Granted {
        access_token: &tokens.access_token,
        token_type: "bearer",
        scope: &tokens.scope,
    };
    written(StatusCode::OK, head, &granted)
}

fn error(head: &request::Parts, code: &'static str) -> Reply {
    written(StatusCode::OK, head, &refusal(code))
}

fn refusal(error: &'static str) -> Refused {
    let error_description = match error {
        "authorization_pending" => "The authorization request is still pending.",
        "slow_down" => "Too many requests have been made in the same timeframe.",
        "expired_token" => "The `device_code` has expired.",
        "access_denied" => "The authorization request was denied.",
        "incorrect_device_code" => "The device_code provided is not valid.",
        "incorrect_client_credentials" => "The client_id passed is incorrect.",
        "unsupported_grant_type" => "The grant type is not supported.",
        "device_flow_disabled" => "Device Flow must be explicitly enabled for this App",
        _ => "",
    };
    Refused {
        error,
        error_description,
        error_uri: "https://docs.github.com/developers/apps/authorizing-oauth-apps",
        interval: None,
    }
}

/// As JSON if that is asked for, else as a form.
fn written(status: StatusCode, head: &request::Parts, body: &impl Serialize) -> Reply {
    let accept = head.headers.get(header::ACCEPT);
    let json = accept.is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let text = sse::json(body);
    if json {
        return Reply::json(status, text);
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    let fields: std::collections::BTreeMap<String, Field> =
        serde_json::from_str(&text).unwrap_or_default();
    for (name, value) in fields {
        match value {
            Field::Text(value) => form.append_pair(&name, &value),
            Field::Number(value) => form.append_pair(&name, &value.to_string()),
        };
    }
    Reply::whole(
        status,
        "application/x-www-form-urlencoded; charset=utf-8",
        form.finish(),
    )
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Number(u64),
}
