//! The rules of a target whose own protocol is spoken to it: the `ChatGPT` backend.

use serde_json::Value;
use tollhouse_wire::Protocol;
use tollhouse_wire::responses::{Asked, suit};
use tollhouse_wire::translate::prepare;

use crate::fixtures::{self, OCCASION, plan};

/// What breaks a rule of the backend; none if it would take the body.
fn broken(body: &[u8]) -> Vec<&'static str> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let refused = [
        "previous_response_id",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "max_output_tokens",
        "metadata",
        "temperature",
        "top_p",
        "user",
        "truncation",
        "context_management",
        "max_tool_calls",
        "top_logprobs",
    ];
    let mut broken: Vec<_> = refused
        .into_iter()
        .filter(|name| body.get(name).is_some())
        .collect();
    let items = body["input"].as_array();
    let system = |item: &Value| item["role"] == "system";
    let includes = body["include"].as_array();
    let rules = [
        ("store", body["store"] == false),
        ("stream", body["stream"] == true),
        (
            "input",
            items.is_some_and(|items| !items.iter().any(system)),
        ),
        ("include", includes.is_some()),
        ("prompt_cache_key", body["prompt_cache_key"].is_string()),
    ];
    broken.extend(
        rules
            .iter()
            .filter(|(_, kept)| !kept)
            .map(|(name, _)| *name),
    );
    broken
}

#[test]
fn a_real_codex_is_not_touched_but_for_instructions_it_left_out() {
    let mut seen = 0;
    for case in fixtures::requests(Protocol::Responses) {
        if !case.name.starts_with("codex") {
            continue;
        }
        seen += 1;
        let suited = suit(&case.bytes, &plan(), Asked::Answer, "ses").unwrap();
        let own: Value = serde_json::from_slice(&case.bytes).unwrap();
        assert_eq!(suited.session.as_deref(), own["prompt_cache_key"].as_str());
        assert!(suited.losses.is_empty());
        let text = std::str::from_utf8(&case.bytes).unwrap();
        let (all, _) = text.rsplit_once('}').unwrap();
        let (members, rest) = text.split_at(all.trim_end().len());
        let said = format!("{members},\"instructions\":\"\"{rest}");
        let body = suited.body.map(|body| String::from_utf8(body).unwrap());
        assert_eq!(body.as_ref(), Some(&said), "{}", case.name);
        let suited = suit(said.as_bytes(), &plan(), Asked::Answer, "ses").unwrap();
        assert!(suited.body.is_none(), "{}", case.name);
    }
    assert!(seen >= 10);
}

#[test]
fn whatever_comes_breaks_no_rule_afterwards() {
    for case in fixtures::requests(Protocol::Responses) {
        let suited = suit(&case.bytes, &plan(), Asked::Answer, "ses").unwrap();
        let body = suited.body.unwrap_or(case.bytes);
        assert_eq!(broken(&body), [""; 0], "{}", case.name);
        let again = suit(&body, &plan(), Asked::Answer, "ses").unwrap();
        assert!(again.body.is_none(), "{}", case.name);
    }
    for caller in [Protocol::Messages, Protocol::Chat] {
        for case in fixtures::requests(caller) {
            let Ok(prepared) = prepare(caller, &case.bytes, &plan(), &OCCASION) else {
                continue;
            };
            assert_eq!(broken(&prepared.body), [""; 0], "{caller} {}", case.name);
            assert!(prepared.streams);
            // Where a call was translated nothing is left for the protocol's own rules.
            let again = suit(&prepared.body, &plan(), Asked::Answer, "other").unwrap();
            assert!(again.body.is_none() && again.losses.is_empty());
            assert_eq!(again.session, prepared.session);
            assert!(prepared.session.is_some());
        }
    }
}
