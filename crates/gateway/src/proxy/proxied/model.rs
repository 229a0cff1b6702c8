//! Which models a request below `/proxy` names, and whether a key that is held to some may send it.
//!
//! Vendors name the model in the body's `model` or `session.model`, in the path
//! (`/models/NAME:generateContent`, `/deployments/NAME/…`) or in a parameter. Every name that is seen has
//! to be allowed, because it is not known here which of them the vendor goes by; and a body that cannot be
//! read could name any.

use http::{HeaderMap, Method};
use tollhouse_domain::key::VirtualKey;
use tollhouse_wire::{ErrorKind, Peek};

use crate::proxy::inbound::{self, Inbound};
use crate::proxy::operation;
use crate::proxy::refusal::Refusal;

/// What stands before a model in a path.
const BEFORE: [&str; 6] = [
    "models",
    "model",
    "tunedModels",
    "deployments",
    "engines",
    "inference-profile",
];

/// What may stand behind a model and a colon: what to do with it. Anything else is part of the name.
const VERBS: [&str; 13] = [
    "batchEmbedContents",
    "batchEmbedText",
    "batchGenerateContent",
    "computeTokens",
    "countTokens",
    "embedContent",
    "generateAnswer",
    "generateContent",
    "predict",
    "predictLongRunning",
    "rawPredict",
    "streamGenerateContent",
    "streamRawPredict",
];

/// A request as far as it may name a model.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) method: &'a Method,
    /// Below the provider, as it came.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) body: Asked<'a>,
}

/// A body as far as it may name a model.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// There is no body.
    Empty,
    /// What it names cannot be told: it is no JSON, or parsers would disagree about it.
    Unread,
    /// It was read as its vendor reads it.
    Read(&'a Peek),
}

impl<'a> Asked<'a> {
    pub(super) fn read(inbound: &'a Inbound, headers: &HeaderMap) -> Self {
        if inbound.body.len() == 0 {
            Self::Empty
        } else if inbound.unread.is_some() || !inbound::claims_json(headers) {
            Self::Unread
        } else {
            Self::Read(&inbound.peek)
        }
    }
}

/// A key that is held to certain models is held to them here too. What names none could be anything, and
/// is refused, unless it only looks.
pub(super) fn check(key: &VirtualKey, asking: Asking<'_>) -> Result<(), Refusal> {
    if key.models.is_none() {
        return Ok(());
    }
    let denied = |message| Err(Refusal::new(ErrorKind::PermissionDenied, message).about("model"));
    let (in_path, in_query) = (in_path(asking.path), in_query(asking.query));
    let mut named = in_path.iter().chain(&in_query);
    if named.any(|model| !key.may_use_model(model)) {
        return denied("This key may use certain models only, and the path names another.");
    }
    let peek = match asking.body {
        Asked::Empty => {
            let says = !in_path.is_empty() || !in_query.is_empty() || looks(asking.method);
            return if says {
                Ok(())
            } else {
                denied(
                    "This key may use certain models only, and nothing here says which this is for.",
                )
            };
        }
        Asked::Unread => {
            return denied(
                "This key may use certain models only, and this body does not read as JSON that \
                 names one: send a JSON object, each field once, as application/json.",
            );
        }
        Asked::Read(peek) => peek,
    };
    let of_body = peek.model.iter().map(|model| &model.name);
    let mut of_body = of_body.chain(&peek.session_models);
    if of_body.any(|model| !key.may_use_model(model)) {
        return denied("This key may use certain models only, and the body names another.");
    }
    // A body without one belongs to a path with one. A parameter is no such word: vendors that go by the
    // body pass parameters over.
    if peek.model.is_none() && in_path.is_empty() {
        return denied("This key may use certain models only, and the body names none of them.");
    }
    Ok(())
}

/// Whether a request without a body only looks.
fn looks(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The models that a path names.
fn in_path(path: &str) -> Vec<String> {
    let path = operation::decode(path);
    // Vendors may read `//` as `/`.
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<&str> = segments.collect();
    let pairs = segments.windows(2);
    pairs
        .filter(|pair| BEFORE.iter().any(|word| word.eq_ignore_ascii_case(pair[0])))
        .map(|pair| without_verb(pair[1]).to_owned())
        .collect()
}

fn without_verb(segment: &str) -> &str {
    match segment.rsplit_once(':') {
        Some((model, verb)) if VERBS.contains(&verb) => model,
        Some(_) | None => segment,
    }
}

/// The models that a query names.
fn in_query(query: Option<&str>) -> Vec<String> {
    let pairs = query.unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| operation::decode(name).eq_ignore_ascii_case("model"))
        .map(|(_, value)| operation::decode(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_seen_in_paths_and_queries() {
        let cases: [(&str, Option<&str>, &[&str]); 9] = [
            ("/v1/models", None, &[]),
            (
                "/v1beta/models/gemini-x:generateContent",
                None,
                &["gemini-x"],
            ),
            ("/v1beta//mod%65ls/gemini-x:predict", None, &["gemini-x"]),
            (
                "/v1beta/tunedModels/mine:streamGenerateContent",
                None,
                &["mine"],
            ),
            // A tag is part of the name.
            ("/models/llama3:70b", None, &["llama3:70b"]),
            ("/openai/deployments/d/chat/completions", None, &["d"]),
            ("/model/anthropic.x/invoke", None, &["anthropic.x"]),
            ("/v1/realtime", Some("a=1&mod%65l=x%2Dy"), &["x-y"]),
            (
                "/projects/p/publishers/q/models/c:rawPredict",
                Some("model=z"),
                &["c", "z"],
            ),
        ];
        for (path, query, expected) in cases {
            let mut named = in_path(path);
            named.extend(in_query(query));
            assert_eq!(named, expected, "{path} {query:?}");
        }
    }
}
