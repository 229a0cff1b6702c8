//! OpenAI's authority: signing in with a code, in the browser, and refreshing.

use http::{StatusCode, request};
use serde::Serialize;

use super::{
    Authority,
    denial::{Denial, error, refuse},
    device::Standing,
    jwt,
    params::Params,
    state::{State, Vendor},
    tokens::Code,
};
use crate::{reply::Reply, route::Planned, sse};

/// Where a code is exchanged that was typed on another device.
const DEVICE_REDIRECT: &str = "https://auth.openai.com/deviceauth/callback";
const DEVICE_SCOPE: &str = "openid profile email offline_access";

#[derive(Serialize)]
struct Offer<'a> {
    device_auth_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usercode: Option<&'a str>,
    /// Text, as the vendor writes it.
    interval: String,
    expires_in: u64,
}

#[derive(Serialize)]
struct Approved<'a> {
    authorization_code: &'a str,
    code_verifier: &'a str,
    code_challenge: &'a str,
}

pub(super) fn usercode(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::OpenAi) {
        return out;
    }
    Planned::plain(offer(state, head, body).unwrap_or_else(|denial| refuse(state.shape, denial)))
}

fn offer(state: &mut State, head: &request::Parts, body: &[u8]) -> Result<Reply, Denial> {
    let params = Params::json(&head.headers, body)?;
    let client = params.need("client_id")?;
    let alias = state.usercode_alias;
    let device = state.offer(Vendor::OpenAi, client, DEVICE_SCOPE, "deviceauth_");
    let code = device.user_code.as_str();
    Ok(Reply::ok(sse::json(&Offer {
        device_auth_id: &device.handle,
        user_code: (!alias).then_some(code),
        usercode: alias.then_some(code),
        interval: device.interval.to_string(),
        expires_in: super::device::LIFE,
    })))
}

pub(super) fn poll(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::OpenAi) {
        return out;
    }
    Planned::plain(asked(state, head, body).unwrap_or_else(|denial| refuse(state.shape, denial)))
}

fn asked(state: &mut State, head: &request::Parts, body: &[u8]) -> Result<Reply, Denial> {
    let params = Params::json(&head.headers, body)?;
    let (handle, typed) = (params.need("device_auth_id")?, params.need("user_code")?);
    let shape = state.shape;
    let pending = StatusCode::from_u16(state.pending_status).unwrap_or(StatusCode::FORBIDDEN);
    let unknown = "Device authorization is unknown. Please try again.";
    let device = state.device(Vendor::OpenAi, handle);
    // Whoever guesses learns nothing: a wrong code looks like one that nobody has typed yet.
    let Some(device) = device.filter(|device| device.user_code == typed) else {
        let code = "deviceauth_authorization_unknown";
        return Ok(error(shape, StatusCode::NOT_FOUND, code, unknown));
    };
    if device.slow_downs > 0 {
        device.slow_downs -= 1;
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Ok(error(shape, status, "slow_down", "Too many requests."));
    }
    let bad = StatusCode::BAD_REQUEST;
    let account = match &device.standing {
        Standing::Pending => {
            let code = "deviceauth_authorization_unknown";
            return Ok(error(shape, pending, code, unknown));
        }
        Standing::Denied => return Ok(error(shape, bad, "access_denied", "The user refused.")),
        Standing::Expired | Standing::Done => {
            return Ok(error(shape, bad, "expired_token", "The code has ended."));
        }
        Standing::Approved(account) => account.clone(),
    };
    device.standing = Standing::Done;
    let (client, scope) = (device.client.clone(), device.scope.clone());
    let verifier = state.id("verifier-of-a-code-typed-elsewhere-");
    let challenge = jwt::challenge(&verifier);
    let own = format!("http://127.0.0.1:{}/deviceauth/callback", state.port);
    let code = state.code(Code {
        account,
        client,
        scope,
        redirects: vec![DEVICE_REDIRECT.to_owned(), own],
        challenge: challenge.clone(),
        issued_at: state.now,
        family: None,
    });
    Ok(Reply::ok(sse::json(&Approved {
        authorization_code: &code,
        code_verifier: &verifier,
        code_challenge: &challenge,
    })))
}

/// `POST /oauth/token`.
pub(super) fn token(authority: &Authority, head: &request::Parts, body: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::OpenAi) {
        return out;
    }
    let answer = state.next_answer(Vendor::OpenAi);
    answer.give(|| match granted(state, head, body) {
        Ok(reply) => reply,
        Err(denial) => refuse(state.shape, denial),
    })
}

fn granted(state: &mut State, head: &request::Parts, body: &[u8]) -> Result<Reply, Denial> {
    let params = Params::read(&head.headers, body)?;
    let client = |params: &Params| params.need("client_id").map(str::to_owned);
    let tokens = match params.need("grant_type")? {
        "authorization_code" => state.redeem(
            params.need("code")?,
            &client(&params)?,
            params.need("redirect_uri")?,
            params.need("code_verifier")?,
        )?,
        "refresh_token" => state.renew(
            Vendor::OpenAi,
            &client(&params)?,
            params.need("refresh_token")?,
        )?,
        _ => return Err(Denial::Grant),
    };
    let mut reply = Reply::ok(sse::json(&tokens));
    reply.header("cache-control", "no-store");
    Ok(reply)
}

/// `GET /oauth/authorize`: whoever the controls have put before the browser agrees at once.
pub(super) fn authorize(authority: &Authority, head: &request::Parts, _: &[u8]) -> Planned {
    let state = &mut *authority.lock();
    if let Some(out) = state.out(Vendor::OpenAi) {
        return out;
    }
    let params = Params::form(head.uri.query().unwrap_or_default().as_bytes());
    Planned::plain(sent_back(state, &params).unwrap_or_else(|denial| refuse(state.shape, denial)))
}

fn sent_back(state: &mut State, params: &Params) -> Result<Reply, Denial> {
    let (client, redirect) = (params.need("client_id")?, params.need("redirect_uri")?);
    let host = redirect.strip_prefix("http://").unwrap_or_default();
    let local = ["localhost:", "127.0.0.1:", "[::1]:"];
    // A client that is installed somewhere gets its answer there and nowhere else.
    if !local.iter().any(|local| host.starts_with(local)) {
        return Err(Denial::Redirect);
    }
    if params.need("response_type")? != "code" {
        return Err(Denial::Grant);
    }
    if params.need("code_challenge_method")? != "S256" {
        return Err(Denial::Verifier);
    }
    let challenge = params.need("code_challenge")?.to_owned();
    let scope = params.need("scope")?.to_owned();
    let mut back = form_urlencoded::Serializer::new(String::new());
    match state.browser.clone() {
        None => back.append_pair("error", "access_denied"),
        Some(account) => {
            let code = state.code(Code {
                account,
                client: client.to_owned(),
                scope: scope.clone(),
                redirects: vec![redirect.to_owned()],
                challenge,
                issued_at: state.now,
                family: None,
            });
            back.append_pair("code", &code).append_pair("scope", &scope)
        }
    };
    if let Some(given) = params.get("state") {
        back.append_pair("state", given);
    }
    let mut reply = Reply::whole(StatusCode::FOUND, "text/html", "");
    let location = format!("{redirect}?{}", back.finish());
    reply.header("location", &location);
    Ok(reply)
}

impl State {
    fn code(&mut self, code: Code) -> String {
        let id = self.id("ac_");
        self.codes.insert(id.clone(), code);
        id
    }
}
