//! Which headers cross, in both directions.

use http::header::{
    ACCEPT_ENCODING, ALT_SVC, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE,
    EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::names;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Headers about one connection, not about the message.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What a client's request leaves behind: its credentials, its cookies, where it came from.
const CLIENTS_OWN: [HeaderName; 12] = [
    AUTHORIZATION,
    names::X_API_KEY,
    names::API_KEY,
    names::X_GOOG_API_KEY,
    COOKIE,
    HOST,
    FORWARDED,
    VIA,
    HeaderName::from_static("x-real-ip"),
    CONTENT_LENGTH,
    EXPECT,
    ACCEPT_ENCODING,
];

/// The one header of its name's kind that is about the turn and not about the account: clients send it back.
const TURN_STATE: &str = "x-codex-turn-state";

/// Account selectors of the caller's own account: with another credential they only mislead.
const ACCOUNT_SELECTORS: [HeaderName; 3] = [
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("chatgpt-account-id"),
];

/// The headers that go upstream, still without a credential.
///
/// `metered`: the answer must be readable as it passes, so the upstream is asked not to compress it.
/// `own_account`: the client's own credential goes upstream, and with it what selects its account.
pub(crate) fn upstream(mut headers: HeaderMap, metered: bool, own_account: bool) -> HeaderMap {
    let accepted = (!metered)
        .then(|| headers.get(ACCEPT_ENCODING).cloned())
        .flatten();
    remove_hop_by_hop(&mut headers);
    for name in &CLIENTS_OWN {
        headers.remove(name);
    }
    if !own_account {
        for name in &ACCOUNT_SELECTORS {
            headers.remove(name);
        }
    }
    let ours = |name: &HeaderName| {
        name.as_str().starts_with("x-tollhouse-") || name.as_str().starts_with("x-forwarded-")
    };
    remove_where(&mut headers, ours);
    let encoding = accepted.unwrap_or(HeaderValue::from_static("identity"));
    headers.insert(ACCEPT_ENCODING, encoding);
    headers
}

/// The headers of an upstream's answer that reach the client. What they say of a plan is for whose plan it is.
///
/// `own_account`: the client's own credential went upstream. `own_plan`: the plan is the caller's.
pub(crate) fn downstream(mut headers: HeaderMap, own_account: bool, own_plan: bool) -> HeaderMap {
    remove_hop_by_hop(&mut headers);
    headers.remove(SET_COOKIE);
    // About the upstream's address, which is not the one the client talks to.
    headers.remove(ALT_SVC);
    let hidden = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("x-tollhouse-")
            || (!own_account && name.starts_with("anthropic-ratelimit-unified-"))
            || (!own_plan && name.starts_with("x-codex-") && name != TURN_STATE)
    };
    remove_where(&mut headers, hidden);
    headers
}

/// Says in a header what the target knows the session by, unless the client did.
pub(crate) fn name_session(headers: &mut HeaderMap, session: Option<&str>) {
    if let Some(Ok(session)) = session.map(HeaderValue::from_str) {
        headers.entry(names::SESSION_ID).or_insert(session);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let lists = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let named: Vec<HeaderName> = lists
            .flat_map(|list| list.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn remove_where(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| unwanted(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Whether a body can be read as it is.
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_none_or(|value| value.as_bytes() == b"identity")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn protocol_headers_go_up_and_the_clients_own_stay() {
        let sent = map(&[
            ("authorization", "Bearer th-x"),
            ("x-api-key", "th-x"),
            ("api-key", "k"),
            ("cookie", "a=b"),
            ("host", "gateway"),
            ("forwarded", "for=1"),
            ("via", "1.1 x"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-anything", "y"),
            ("x-tollhouse-key", "th-x"),
            ("x-tollhouse-tags", "a=b"),
            ("connection", "close, x-private"),
            ("x-private", "1"),
            ("keep-alive", "1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("content-length", "3"),
            ("openai-organization", "org"),
            ("chatgpt-account-id", "acc"),
            ("accept-encoding", "gzip, br"),
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "a"),
            ("anthropic-beta", "b"),
            ("x-stainless-lang", "js"),
            ("x-claude-code-session-id", "s"),
            ("user-agent", "claude-cli/2"),
            ("content-encoding", "gzip"),
            ("x-unheard-of", "z"),
        ]);
        let up = upstream(sent.clone(), true, false);
        let crossed = [
            "accept-encoding",
            "anthropic-beta",
            "anthropic-version",
            "content-encoding",
            "user-agent",
            "x-claude-code-session-id",
            "x-stainless-lang",
            "x-unheard-of",
        ];
        assert_eq!(names(&up), crossed);
        assert_eq!(up[ACCEPT_ENCODING], "identity");
        let betas: Vec<_> = up.get_all("anthropic-beta").iter().collect();
        assert_eq!(betas, ["a", "b"]);
        let own = upstream(sent, false, true);
        assert_eq!(own["openai-organization"], "org");
        assert_eq!(own["chatgpt-account-id"], "acc");
        assert_eq!(own[ACCEPT_ENCODING], "gzip, br");
    }

    #[test]
    fn answers_keep_limits_and_lose_cookies() {
        let sent = map(&[
            ("set-cookie", "a=b"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("alt-svc", "h3"),
            ("x-tollhouse-call", "forged"),
            ("anthropic-ratelimit-unified-status", "allowed"),
            ("anthropic-ratelimit-requests-limit", "5"),
            ("x-codex-primary-used-percent", "5"),
            ("x-codex-plan-type", "pro"),
            ("x-codex-turn-state", "t"),
            ("retry-after", "1"),
            ("x-should-retry", "true"),
            ("request-id", "req_1"),
        ]);
        let kept = [
            "anthropic-ratelimit-requests-limit",
            "request-id",
            "retry-after",
            "x-codex-turn-state",
            "x-should-retry",
        ];
        assert_eq!(names(&downstream(sent.clone(), false, false)), kept);
        let own = downstream(sent.clone(), true, true);
        assert!(own.contains_key("anthropic-ratelimit-unified-status"));
        // An account of one's own is kept here, and still one's own plan.
        let own = downstream(sent, false, true);
        assert!(own.contains_key("x-codex-primary-used-percent"));
        assert!(!own.contains_key("anthropic-ratelimit-unified-status"));
    }
}
