//! What a request path asks for: the data plane's routes as values.

use http::Method;
use tollhouse_wire::Protocol;

/// Everything the data plane answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A call whose body names a model.
    Inference(Inference),
    /// Message batches: made and then asked after by id.
    Batches(Object),
    /// Stored responses, asked after by id.
    Stored(Object),
    /// `GET /v1/models`.
    Models,
    /// `GET /v1/models/{id}`.
    Model(String),
    /// `ANY /proxy/{provider}/{*path}`.
    Proxy { provider: String, path: String },
    /// `GET /v1/responses` with an upgrade.
    WebSocket,
}

/// Calls whose body names a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inference {
    Messages,
    CountTokens,
    Chat,
    Embeddings,
    Responses,
    Compact,
    InputTokens,
}

/// An object that lives upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    /// Make one.
    Create,
    /// List them.
    List,
    /// Something with one of them; `rest` is what follows the collection's path.
    One { id: String, rest: String },
}

impl Inference {
    /// Every such call.
    pub(crate) const ALL: [Self; 7] = [
        Self::Messages,
        Self::CountTokens,
        Self::Chat,
        Self::Embeddings,
        Self::Responses,
        Self::Compact,
        Self::InputTokens,
    ];

    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::CountTokens => Protocol::Messages,
            Self::Chat | Self::Embeddings => Protocol::Chat,
            Self::Responses | Self::Compact | Self::InputTokens => Protocol::Responses,
        }
    }

    /// As the ledger calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CountTokens => "messages.count_tokens",
            Self::Chat => "chat.completions",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::Compact => "responses.compact",
            Self::InputTokens => "responses.input_tokens",
        }
    }

    /// What follows an endpoint's base URL.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::Chat => "/chat/completions",
            Self::Embeddings => "/embeddings",
            Self::Responses => "/responses",
            Self::Compact => "/responses/compact",
            Self::InputTokens => "/responses/input_tokens",
        }
    }

    /// Whether a call can be carried to another protocol.
    pub(crate) const fn is_translatable(self) -> bool {
        match self {
            Self::Messages | Self::CountTokens | Self::Chat | Self::Responses => true,
            Self::Embeddings | Self::Compact | Self::InputTokens => false,
        }
    }

    /// Whether tokens are generated or embedded, so that a cut answer still costs something.
    pub(crate) const fn is_billed(self) -> bool {
        !matches!(self, Self::CountTokens | Self::InputTokens)
    }
}

impl Operation {
    /// The protocol that errors are written in; a `/proxy` or unknown path goes by its headers.
    pub(crate) const fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::Inference(inference) => Some(inference.protocol()),
            Self::Batches(_) => Some(Protocol::Messages),
            Self::Stored(_) | Self::WebSocket => Some(Protocol::Responses),
            Self::Models | Self::Model(_) | Self::Proxy { .. } => None,
        }
    }
}

/// Reads a method and a path. `None`: not the data plane's.
pub(crate) fn parse(method: &Method, path: &str) -> Option<Operation> {
    if let Some(rest) = path.strip_prefix("/proxy/") {
        let (provider, path) = rest.split_once('/').unwrap_or((rest, ""));
        return Some(Operation::Proxy {
            provider: provider.to_owned(),
            path: format!("/{path}"),
        });
    }
    let rest = path.strip_prefix("/v1/")?;
    let post = method == Method::POST;
    match rest {
        "messages" if post => return Some(Operation::Inference(Inference::Messages)),
        "messages/count_tokens" if post => {
            return Some(Operation::Inference(Inference::CountTokens));
        }
        "chat/completions" if post => return Some(Operation::Inference(Inference::Chat)),
        "embeddings" if post => return Some(Operation::Inference(Inference::Embeddings)),
        "responses" if post => return Some(Operation::Inference(Inference::Responses)),
        "responses" if method == Method::GET => return Some(Operation::WebSocket),
        "responses/compact" if post => return Some(Operation::Inference(Inference::Compact)),
        "responses/input_tokens" if post => {
            return Some(Operation::Inference(Inference::InputTokens));
        }
        "models" if method == Method::GET => return Some(Operation::Models),
        "messages/batches" if post => return Some(Operation::Batches(Object::Create)),
        "messages/batches" if method == Method::GET => {
            return Some(Operation::Batches(Object::List));
        }
        _ => {}
    }
    if let Some(rest) = rest.strip_prefix("messages/batches/") {
        let actions = [
            (Method::GET, ""),
            (Method::GET, "/results"),
            (Method::POST, "/cancel"),
            (Method::DELETE, ""),
        ];
        return one(rest, method, &actions).map(Operation::Batches);
    }
    if let Some(rest) = rest.strip_prefix("responses/") {
        let actions = [
            (Method::GET, ""),
            (Method::GET, "/input_items"),
            (Method::POST, "/cancel"),
            (Method::DELETE, ""),
        ];
        return one(rest, method, &actions).map(Operation::Stored);
    }
    let model = rest.strip_prefix("models/").filter(|id| !id.is_empty())?;
    (method == Method::GET).then(|| Operation::Model(decode(model)))
}

fn one(rest: &str, method: &Method, actions: &[(Method, &str)]) -> Option<Object> {
    let (id, action) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let known = actions
        .iter()
        .any(|(verb, name)| verb == method && *name == action);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let valid = (1..=256).contains(&id.len()) && id.bytes().all(plain);
    (known && valid).then(|| Object::One {
        id: id.to_owned(),
        rest: format!("/{rest}"),
    })
}

/// Model names may hold a slash, which clients send encoded or not.
pub(crate) fn decode(text: &str) -> String {
    percent_decode(text.as_bytes()).map_or_else(
        || text.to_owned(),
        |bytes| String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()),
    )
}

/// One round of percent-decoding; `None` when nothing was encoded.
fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut out = Vec::with_capacity(text.len());
    let mut changed = false;
    let mut at = 0;
    while at < text.len() {
        let pair = (text[at] == b'%')
            .then(|| Some((hex(*text.get(at + 1)?)?, hex(*text.get(at + 2)?)?)))
            .flatten();
        if let Some((high, low)) = pair {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            changed = true;
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    changed.then_some(out)
}

/// Whether a path climbs: a `.` or `..` segment, plain or encoded, however often, with either slash.
/// Upstreams disagree on such paths, so none of them gets to see one.
pub(crate) fn climbs(path: &str) -> bool {
    let mut current = path.as_bytes().to_vec();
    for _ in 0..4 {
        let climbing = |segment: &[u8]| matches!(segment, b"." | b"..");
        if current
            .split(|byte| matches!(byte, b'/' | b'\\'))
            .any(climbing)
        {
            return true;
        }
        match percent_decode(&current) {
            Some(decoded) => current = decoded,
            None => return false,
        }
    }
    // Encoded more than four times over: nobody means well by that.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_contracts_routes() {
        let read = |method: Method, path: &str| parse(&method, path);
        let post = |path| read(Method::POST, path);
        assert_eq!(
            post("/v1/messages"),
            Some(Operation::Inference(Inference::Messages))
        );
        assert_eq!(
            post("/v1/responses/compact"),
            Some(Operation::Inference(Inference::Compact))
        );
        assert_eq!(
            read(Method::GET, "/v1/responses"),
            Some(Operation::WebSocket)
        );
        let batch = Object::One {
            id: "msgbatch_1".into(),
            rest: "/msgbatch_1/results".into(),
        };
        let results = read(Method::GET, "/v1/messages/batches/msgbatch_1/results");
        assert_eq!(results, Some(Operation::Batches(batch)));
        let model = Operation::Model("vendor/m".into());
        assert_eq!(
            read(Method::GET, "/v1/models/vendor%2Fm"),
            Some(model.clone())
        );
        assert_eq!(read(Method::GET, "/v1/models/vendor/m"), Some(model));
        let proxy = Operation::Proxy {
            provider: "lab".into(),
            path: "/a/b".into(),
        };
        assert_eq!(read(Method::PUT, "/proxy/lab/a/b"), Some(proxy));
    }

    #[test]
    fn knows_nothing_else() {
        for (method, path) in [
            (Method::GET, "/v1/messages"),
            (Method::POST, "/v1/messages/batches/x/results"),
            (Method::GET, "/v1/messages/batches/x%2F..%2Fy"),
            (Method::PUT, "/v1/responses/resp_1"),
            (Method::POST, "/v1/nothing"),
            (Method::GET, "/api/v1/keys"),
        ] {
            assert_eq!(parse(&method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn climbing_paths_are_found_however_they_are_written() {
        for path in [
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/a%2f..%2fb",
            "/a\\..\\b",
            "/a/%252e%252e/b",
            "/..",
            "/a/./b",
        ] {
            assert!(climbs(path), "{path}");
        }
        for path in [
            "/a/b",
            "/a/..b",
            "/a/b..",
            "/a/...",
            "/v1/models/vendor%2Fm",
            "/100%",
            "/%zz",
        ] {
            assert!(!climbs(path), "{path}");
        }
    }
}
