//! The table: who asks with what, and what the contract says to it.

use crate::support::{KEY, virtual_key};

/// A situation: who asks with what, and what the contract's table says about it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The model asked for; `None`: `body` says it all.
    pub(super) model: Option<&'static str>,
    pub(super) body: String,
    pub(super) status: u16,
    pub(super) messages: &'static str,
    pub(super) openai: &'static str,
    pub(super) openai_type: &'static str,
    pub(super) should_retry: Option<&'static str>,
}

fn case(name: &'static str, status: u16, names: [&'static str; 3]) -> Case {
    let [messages, openai, openai_type] = names;
    Case {
        name,
        headers: vec![("x-api-key", KEY.to_owned())],
        model: Some("m"),
        body: String::new(),
        status,
        messages,
        openai,
        openai_type,
        should_retry: None,
    }
}

fn key_cases() -> Vec<Case> {
    let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
    let headers = [
        ("no key", vec![("x-api-key", String::new())]),
        ("an unknown key", vec![("x-api-key", virtual_key("nobody"))]),
        ("a provider's key", vec![bearer("sk-ant-api03-someones")]),
        (
            "two keys",
            vec![
                ("x-api-key", KEY.to_owned()),
                bearer(&virtual_key("models")),
            ],
        ),
        ("half a key", vec![("x-api-key", KEY[..20].to_owned())]),
    ];
    let refused = [
        "authentication_error",
        "invalid_api_key",
        "invalid_request_error",
    ];
    let refused = |(name, headers)| Case {
        headers,
        should_retry: Some("false"),
        ..case(name, 401, refused)
    };
    headers.into_iter().map(refused).collect()
}

pub(super) fn cases() -> Vec<Case> {
    let invalid = [
        "invalid_request_error",
        "invalid_request",
        "invalid_request_error",
    ];
    let forbidden = ["permission_error", "permission_denied", "permission_error"];
    let large = [
        "request_too_large",
        "request_too_large",
        "invalid_request_error",
    ];
    let unpaid = ["api_error", "credential_missing", "server_error"];
    let unknown = [
        "not_found_error",
        "model_not_found",
        "invalid_request_error",
    ];
    let dead = ["api_error", "upstream_unreachable", "server_error"];
    let by = |key: &str| vec![("x-tollhouse-key", virtual_key(key))];
    let saying = |body: &str| (None, body.to_owned());
    let mut all = key_cases();
    all.push(Case {
        headers: by("models"),
        ..case("a model not allowed", 403, forbidden)
    });
    all.push(Case {
        headers: by("providers"),
        ..case("a provider not allowed", 403, forbidden)
    });
    all.push(Case {
        model: Some("nowhere"),
        ..case("a model without a route", 404, unknown)
    });
    all.push(Case {
        model: Some("unpaid"),
        ..case("a provider without a credential", 424, unpaid)
    });
    all.push(Case {
        headers: by("penniless"),
        ..case("a key without the platform's", 424, unpaid)
    });
    all.push(Case {
        model: Some("dead"),
        ..case("an upstream that is not there", 502, dead)
    });
    for (name, (model, body)) in [
        ("no JSON", saying("{\"model\":\"m\",}")),
        ("no model", saying("{\"messages\":[]}")),
        ("a model that is no name", saying("{\"model\":7}")),
        ("two models", saying("{\"model\":\"m\",\"model\":\"m\"}")),
    ] {
        all.push(Case {
            model,
            body,
            ..case(name, 400, invalid)
        });
    }
    let body = format!("{{\"model\":\"m\",\"x\":\"{}\"}}", "x".repeat(1 << 20));
    all.push(Case {
        model: None,
        body,
        ..case("a body over the limit", 413, large)
    });
    all
}
