//! What a provider's endpoint is sent besides the call: for analytics gateways that an operator has put
//! in front of a vendor, a header that says who calls, and a credential of their own.
//!
//! It goes to the operator's endpoints only: what a request's address says decides, so that no base URL
//! of a user's is ever told, whichever way a call came to it.

use std::collections::{BTreeMap, HashMap};

use http::uri::Authority;
use http::{HeaderName, HeaderValue, Request};
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use tollhouse_domain::call::Call;

use crate::names;

/// The most bytes of the metadata header. Values that would make it longer are left out, last first.
pub(crate) const LONGEST: usize = 2048;
/// The most characters of one value.
const LONGEST_VALUE: usize = 200;

/// Headers that carry the call itself and always mean the same.
const RESERVED: [HeaderName; 6] = [
    names::X_API_KEY,
    names::ANTHROPIC_VERSION,
    http::header::CONTENT_TYPE,
    http::header::CONTENT_LENGTH,
    http::header::CONTENT_ENCODING,
    http::header::ACCEPT_ENCODING,
];

/// Headers of a connection, and others that hold somebody's credential or say for whom a proxy asks: no operator
/// has every call sent one.
const NOBODYS: [HeaderName; 6] = [
    http::header::TRANSFER_ENCODING,
    http::header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    names::X_GOOG_API_KEY,
    names::API_KEY,
];
const NOBODYS_PREFIXES: [&str; 2] = ["x-tollhouse-", "x-forwarded-"];

/// What is wrong with a header that is none of a provider's own, or with its value.
pub(crate) const NO_OWN_HEADER: &str = "is no header of the provider's own, such as \"editor-version\", or has a \
    value that no header may have";

/// A header that means nothing to the call itself, and so is an operator's to set.
pub(crate) fn free_header(name: &str) -> Option<HeaderName> {
    let parsed = name.parse::<HeaderName>().ok();
    parsed.filter(|name| name.as_str().contains('-') && !RESERVED.contains(name))
}

/// The same if `value` can be said in it with every call.
pub(crate) fn own_header(name: &str, value: &str) -> Option<HeaderName> {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let plain = !value.is_empty() && value.bytes().all(printable);
    let is_nobodys = |name: &HeaderName| {
        let prefixed = |prefix: &&str| name.as_str().starts_with(*prefix);
        NOBODYS.contains(name) || NOBODYS_PREFIXES.iter().any(prefixed)
    };
    free_header(name).filter(|name| plain && !is_nobodys(name))
}

/// What can be told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// The call's id.
    Call,
    /// The key's id.
    Key,
    /// The key's user's id.
    User,
    /// The key's organization's id.
    Org,
    /// The named consumer.
    Agent,
    /// The client application.
    Caller,
    /// The conversation's id.
    Session,
    /// The model that was asked for.
    Model,
    /// The operation, such as `messages`.
    Endpoint,
    /// Whether a stream was asked for.
    Stream,
    /// What the client attached.
    Tags,
}

/// What the endpoints of one provider are sent.
#[expect(missing_debug_implementations, reason = "holds a secret")]
#[derive(Clone)]
pub struct Extra {
    /// The endpoints' hosts and ports.
    pub hosts: Vec<Authority>,
    /// The header of the metadata, and what it says under which names.
    pub metadata: Option<(HeaderName, BTreeMap<String, Fact>)>,
    /// The header with a credential, marked as sensitive.
    pub auth: Option<(HeaderName, HeaderValue)>,
}

/// By provider.
#[derive(Default)]
pub(crate) struct Extras(HashMap<String, Extra>);

impl Extras {
    pub(crate) fn new(all: impl Iterator<Item = (String, Extra)>) -> Self {
        Self(all.collect())
    }

    /// Adds what `provider` is to be sent. Whatever the client sent under the same names goes.
    pub(crate) fn add<B>(&self, provider: &str, call: Option<&Call>, request: &mut Request<B>) {
        let Some(extra) = self.0.get(provider) else {
            return;
        };
        let ours = request
            .uri()
            .authority()
            .is_some_and(|host| extra.hosts.contains(host));
        let headers = request.headers_mut();
        for name in extra.names() {
            headers.remove(name);
        }
        if !ours {
            return;
        }
        if let Some((name, value)) = &extra.auth {
            headers.insert(name.clone(), value.clone());
        }
        if let (Some((name, template)), Some(call)) = (&extra.metadata, call)
            && let Some(value) = metadata(template, call)
        {
            headers.insert(name.clone(), value);
        }
    }
}

impl Extra {
    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let metadata = self.metadata.iter().map(|(name, _)| name);
        metadata.chain(self.auth.iter().map(|(name, _)| name))
    }
}

/// The header's value: a JSON object in plain ASCII.
fn metadata(template: &BTreeMap<String, Fact>, call: &Call) -> Option<HeaderValue> {
    let mut facts: Vec<_> = template
        .iter()
        .filter_map(|(name, fact)| Some((name.as_str(), Told::of(*fact, call)?)))
        .collect();
    loop {
        let text = ascii(&serde_json::to_string(&Object(&facts)).ok()?);
        if text.len() <= LONGEST {
            return HeaderValue::from_str(&text).ok();
        }
        facts.pop()?;
    }
}

/// A fact about a call.
enum Told {
    Text(String),
    Flag(bool),
    Tags(BTreeMap<String, String>),
}

impl Told {
    fn of(fact: Fact, call: &Call) -> Option<Self> {
        let id = |id: Option<String>| id.map(Self::Text);
        match fact {
            Fact::Call => id(Some(call.id.to_string())),
            Fact::Key => id(Some(call.key.to_string())),
            Fact::User => id(call.user.map(|user| user.to_string())),
            Fact::Org => id(call.org.map(|org| org.to_string())),
            Fact::Agent => call.agent.as_deref().map(Self::text),
            Fact::Caller => Some(Self::text(&call.caller)),
            Fact::Session => id(Some(call.session.to_string())),
            Fact::Model => call.model_requested.as_deref().map(Self::text),
            Fact::Endpoint => Some(Self::text(&call.endpoint)),
            Fact::Stream => Some(Self::Flag(call.stream)),
            Fact::Tags => (!call.tags.is_empty()).then(|| Self::Tags(call.tags.clone())),
        }
    }

    fn text(text: &str) -> Self {
        Self::Text(text.chars().take(LONGEST_VALUE).collect())
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Tags(tags) => tags.serialize(serializer),
        }
    }
}

struct Object<'a>(&'a [(&'a str, Told)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// JSON with what is not printable ASCII as escapes: the same text to whoever reads JSON, and safe in a
/// header. JSON has escaped control characters already, but for DEL.
fn ascii(json: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::id::{CallId, KeyId, SessionId};
    use tollhouse_domain::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn call() -> Call {
        let id = Uuid::from_u128(7);
        let mut call = Call::opened(
            CallId(id),
            Timestamp::from_secs(1),
            KeyId(id),
            SessionId(id),
        );
        call.agent = Some("a\r\nx-evil: 1\u{7f}\u{1f600}\"".to_owned());
        call.stream = true;
        call.tags.insert("repo".to_owned(), "é".to_owned());
        call
    }

    fn template(facts: &[(&str, Fact)]) -> BTreeMap<String, Fact> {
        let own = |(name, fact): &(&str, Fact)| ((*name).to_owned(), *fact);
        facts.iter().map(own).collect()
    }

    #[test]
    fn whatever_a_client_says_is_one_line_of_json() {
        let facts = [
            ("a", Fact::Agent),
            ("s", Fact::Stream),
            ("t", Fact::Tags),
            ("u", Fact::User),
        ];
        let value = metadata(&template(&facts), &call()).unwrap();
        let text = value.to_str().unwrap();
        assert!(
            text.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
            "{text}"
        );
        let read: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read["a"], call().agent.unwrap());
        assert_eq!(
            (&read["s"], &read["t"]["repo"]),
            (&true.into(), &"é".into())
        );
        assert!(read.get("u").is_none(), "what is not known is left out");
    }

    #[test]
    fn no_operator_sets_what_a_connection_or_a_credential_needs() {
        for (name, value, taken) in [
            ("editor-version", "vscode/1.0", true),
            ("Editor-Version", "vscode/1.0", true),
            ("openai-organization", "org-1", true),
            ("x-api-key", "k", false),
            ("api-key", "k", false),
            ("X-Goog-Api-Key", "k", false),
            ("proxy-authorization", "Basic a", false),
            ("authorization", "Bearer a", false),
            ("transfer-encoding", "gzip", false),
            ("keep-alive", "timeout=5", false),
            ("proxy-connection", "close", false),
            ("x-tollhouse-key", "th-x", false),
            ("x-forwarded-for", "10.0.0.1", false),
            ("editor-version", "a\r\nb", false),
            ("editor-version", "", false),
        ] {
            assert_eq!(own_header(name, value).is_some(), taken, "{name}: {value}");
        }
    }

    #[test]
    fn its_length_is_bounded() {
        let mut call = call();
        call.caller = "\u{1f600}".repeat(5000);
        let facts = [("a", Fact::Stream), ("b", Fact::Caller)];
        let value = metadata(&template(&facts), &call).unwrap();
        assert!(value.len() <= LONGEST);
        assert_eq!(value.to_str().unwrap(), "{\"a\":true}");
    }

    #[test]
    fn only_the_operators_own_host_is_told() {
        let extra = Extra {
            hosts: vec!["ours:1".parse().unwrap()],
            metadata: Some((
                HeaderName::from_static("x-m"),
                template(&[("s", Fact::Stream)]),
            )),
            auth: Some((
                HeaderName::from_static("x-a"),
                HeaderValue::from_static("k"),
            )),
        };
        let extras = Extras::new([("p".to_owned(), extra)].into_iter());
        let sent = |provider: &str, uri: &str| {
            let mut request = Request::builder()
                .uri(uri)
                .header("x-m", "forged")
                .body(())
                .unwrap();
            extras.add(provider, Some(&call()), &mut request);
            let text = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
            (text("x-m"), text("x-a"))
        };
        let told = (Some("{\"s\":true}".to_owned()), Some("k".to_owned()));
        assert_eq!(sent("p", "http://ours:1/v1"), told);
        assert_eq!(sent("p", "http://theirs:1/v1"), (None, None));
        assert_eq!(sent("p", "http://ours:2/v1"), (None, None));
        assert_eq!(
            sent("q", "http://ours:1/v1"),
            (Some("forged".to_owned()), None)
        );
    }
}
