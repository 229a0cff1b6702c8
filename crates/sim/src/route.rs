//! From a request to its answer: credentials, script, path.

use std::io::Read as _;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, request};

use crate::{
    batches, chat, echo, embeddings, messages, models,
    refusal::{Refusal, status_of},
    reply::{Dialect, Reply},
    responses,
    script::Script,
    shared::Shared,
    vendors,
};

/// An answer and how to deliver it.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) reply: Reply,
    pub(crate) script: Script,
    /// Whether it waits while the authorities keep their answers back.
    pub(crate) held: bool,
}

impl Planned {
    /// Delivered at once and whole.
    pub(crate) fn plain(reply: Reply) -> Self {
        Self {
            reply,
            script: Script::default(),
            held: false,
        }
    }
}

/// What a route's handler sees of a request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a str,
    /// Decompressed.
    pub(crate) body: &'a [u8],
    pub(crate) script: &'a Script,
    pub(crate) request_id: &'a str,
}

impl Call<'_> {
    /// A parameter of the query, undecoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

pub(crate) fn answer(shared: &Shared, head: &request::Parts, body: &Bytes) -> Planned {
    if let Some(planned) = vendors::answer(shared, head, body) {
        return planned;
    }
    let (dialect, admitted) = (dialect(head), admit(shared, head));
    plan((shared, head, body), dialect, admitted, |call| {
        dispatch(call, head)
    })
}

/// What becomes of a call in this protocol: what its script says, or else what `action` does.
pub(crate) fn plan(
    (shared, head, body): (&Shared, &request::Parts, &Bytes),
    dialect: Dialect,
    admitted: Result<(), Refusal>,
    action: impl FnOnce(&Call<'_>) -> Result<Reply, Refusal>,
) -> Planned {
    let request_id = shared.id("req");
    let (script, result) = match script(shared, &head.headers) {
        Ok(script) => {
            let result = admitted
                .and_then(|()| play(shared, head, body, &script, &request_id, dialect, action));
            (script, result)
        }
        Err(refusal) => (Script::default(), Err(refusal)),
    };
    let mut reply = result.unwrap_or_else(|refusal| refusal.into_reply(dialect, &request_id));
    reply.stamp(dialect, &request_id);
    if let Some(seconds) = script.retry_after {
        reply.header("retry-after", &seconds.to_string());
    }
    if script.rate_limits {
        reply.rate_limits(dialect);
    }
    if script.gzip {
        reply.header("content-encoding", "gzip");
    }
    Planned {
        reply,
        script,
        held: false,
    }
}

/// The protocol whose envelopes this caller understands.
fn dialect(head: &request::Parts) -> Dialect {
    let path = head.uri.path();
    let messages_caller =
        head.headers.contains_key("anthropic-version") || head.headers.contains_key("x-api-key");
    if path.starts_with("/v1/messages") {
        Dialect::Messages
    } else if path.starts_with("/v1/responses") {
        Dialect::Responses
    } else if path.starts_with("/v1/models") && messages_caller {
        Dialect::Messages
    } else {
        Dialect::Chat
    }
}

fn script(shared: &Shared, headers: &HeaderMap) -> Result<Script, Refusal> {
    let Some(value) = headers.get("x-sim") else {
        return Ok(shared.scripts.take());
    };
    let text = value
        .to_str()
        .map_err(|_| Refusal::invalid("x-sim: not text"))?;
    text.parse()
        .map_err(|error| Refusal::invalid(format!("x-sim: {error}")))
}

/// `/echo` shows what arrives and therefore takes everybody.
fn admit(shared: &Shared, head: &request::Parts) -> Result<(), Refusal> {
    let Some(expected) = &shared.api_key else {
        return Ok(());
    };
    if head.uri.path().starts_with("/echo") {
        return Ok(());
    }
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
    // The vendor's rule: where both are sent, `x-api-key` decides.
    if text("x-api-key").or(bearer) == Some(expected) {
        Ok(())
    } else {
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "invalid x-api-key or bearer token",
        ))
    }
}

fn play(
    shared: &Shared,
    head: &request::Parts,
    raw: &Bytes,
    script: &Script,
    request_id: &str,
    dialect: Dialect,
    action: impl FnOnce(&Call<'_>) -> Result<Reply, Refusal>,
) -> Result<Reply, Refusal> {
    if let Some(target) = &script.redirect {
        let status = script.status.unwrap_or(StatusCode::TEMPORARY_REDIRECT);
        let mut reply = Reply::whole(status, "text/plain", "");
        reply.header("location", target);
        return Ok(reply);
    }
    if script.refuses() {
        let named = script.error.as_deref().map(status_of);
        let status = script
            .status
            .or(named)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut refusal = Refusal::new(status, "simulated: the script asked for this error");
        refusal.kind.clone_from(&script.error);
        return Ok(refusal.into_reply(dialect, request_id));
    }
    if script.garbage {
        return Ok(Reply::whole(
            StatusCode::OK,
            "text/html",
            "<html><p>not an answer</p></html>",
        ));
    }
    let body = decompress(&head.headers, raw)?;
    let query = head.uri.query().unwrap_or("");
    let call = Call {
        shared,
        headers: &head.headers,
        query,
        body: &body,
        script,
        request_id,
    };
    action(&call)
}

fn dispatch(call: &Call<'_>, head: &request::Parts) -> Result<Reply, Refusal> {
    let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
    match (head.method.as_str(), path.as_slice()) {
        (_, ["echo", ..]) => Ok(echo::reply(call, head)),
        ("POST", ["v1", "messages"]) => messages::create(call),
        ("POST", ["v1", "messages", "count_tokens"]) => messages::count_tokens(call),
        (method, ["v1", "messages", "batches", rest @ ..]) => batches::route(call, method, rest),
        ("POST", ["v1", "chat", "completions"]) => chat::create(call),
        ("POST", ["v1", "embeddings"]) => embeddings::create(call),
        (method, ["v1", "responses", rest @ ..]) => responses::route(call, method, rest),
        ("GET", ["v1", "models"]) => Ok(models::list(call)),
        ("GET", ["v1", "models", id]) => models::get(call, id),
        _ => Err(Refusal::not_found(head.uri.path()).kind("not_found_error")),
    }
}

/// Real front ends take compressed requests, so some clients send them.
fn decompress(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Refusal> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map_or(&b""[..], |value| value.as_bytes());
    let mut plain = Vec::new();
    let result = match encoding {
        b"" | b"identity" => return Ok(body.clone()),
        b"gzip" => flate2::read::MultiGzDecoder::new(&body[..]).read_to_end(&mut plain),
        b"zstd" => zstd::Decoder::new(&body[..]).and_then(|mut it| it.read_to_end(&mut plain)),
        _ => {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-encoding",
            ));
        }
    };
    match result {
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(Refusal::invalid(
            "the body does not match its content-encoding",
        )),
    }
}
