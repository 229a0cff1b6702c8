use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Protocol, testing};

mod reading;

fn envelope(protocol: Protocol, failure: &Failure<'_>) -> Value {
    serde_json::from_slice(&body(protocol, failure, "req_1")).unwrap()
}

fn failure(class: Class, code: Option<&'static str>) -> Failure<'static> {
    Failure {
        class,
        message: "words".into(),
        code: code.map(Into::into),
        param: None,
    }
}

#[test]
fn the_status_is_kept_but_for_the_exceptions() {
    use Protocol::{Chat, Messages, Responses};
    for (class, protocol, upstream, expected) in [
        (Class::Server, Messages, Some(502), 502),
        (Class::Invalid, Messages, Some(422), 422),
        (Class::RateLimited, Responses, Some(429), 429),
        (Class::Overloaded, Chat, Some(529), 503),
        (Class::Overloaded, Messages, Some(529), 529),
        (Class::Overloaded, Messages, Some(503), 503),
        (Class::Quota, Messages, Some(429), 402),
        (Class::Quota, Responses, Some(402), 429),
        (Class::ContextOverflow, Messages, Some(413), 400),
        (Class::ContextOverflow, Chat, Some(500), 400),
        (Class::Server, Chat, Some(200), 500),
        (Class::Server, Messages, None, 500),
        (Class::RateLimited, Messages, None, 429),
        (Class::Overloaded, Messages, None, 529),
        (Class::Overloaded, Responses, None, 503),
        (Class::Invalid, Chat, None, 400),
        (Class::Timeout, Chat, None, 504),
    ] {
        assert_eq!(
            status(&failure(class, None), protocol, upstream),
            expected,
            "{class:?} {protocol:?} {upstream:?}"
        );
    }
    for class in Class::ALL {
        for protocol in [Messages, Chat, Responses] {
            assert!((400..600).contains(&status(&failure(class, None), protocol, None)));
        }
    }
}

#[test]
fn messages_callers_get_their_envelope() {
    assert_eq!(
        envelope(
            Protocol::Messages,
            &failure(Class::Overloaded, Some("slow_down"))
        ),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "words"}, "request_id": "req_1"})
    );
    let mut overflow = failure(Class::ContextOverflow, None);
    overflow.message = "maximum context length is 32768 tokens, you sent 40000".into();
    let told = envelope(Protocol::Messages, &overflow);
    assert_eq!(told["error"]["type"], "invalid_request_error");
    assert_eq!(
        told["error"]["message"],
        "prompt is too long: 40000 tokens > 32768 maximum (maximum context length is 32768 tokens, you sent 40000)"
    );
}

#[test]
fn openai_callers_get_their_envelope() {
    for protocol in [Protocol::Chat, Protocol::Responses] {
        assert_eq!(
            envelope(
                protocol,
                &failure(Class::ContextOverflow, Some("prompt_too_long"))
            ),
            json!({"error": {"message": "words", "type": "invalid_request_error", "param": null, "code": "context_length_exceeded"}})
        );
        assert_eq!(
            envelope(protocol, &failure(Class::Invalid, None)),
            json!({"error": {"message": "words", "type": "invalid_request_error", "param": null, "code": null}})
        );
        for (class, own, code) in [
            (
                Class::Quota,
                Some("credit_balance_too_low"),
                "insufficient_quota",
            ),
            (
                Class::Quota,
                Some("usage_not_included"),
                "usage_not_included",
            ),
            (Class::RateLimited, None, "rate_limit_exceeded"),
            (Class::NotFound, None, "model_not_found"),
            (Class::Authentication, None, "invalid_api_key"),
            (Class::Overloaded, None, "overloaded"),
            (Class::Overloaded, Some("slow_down"), "slow_down"),
            (
                Class::Invalid,
                Some("unsupported_value"),
                "unsupported_value",
            ),
        ] {
            assert_eq!(
                envelope(protocol, &failure(class, own))["error"]["code"],
                code,
                "{class:?}"
            );
        }
        let refused = envelope(protocol, &failure(Class::Authentication, None));
        assert_eq!(
            refused["error"]["message"],
            "The provider refused the credential that this call was made with: words"
        );
    }
}

#[test]
fn failed_responses_have_a_code_that_stops_or_repeats_the_turn() {
    for (class, own, code) in [
        (Class::Invalid, Some("unsupported_value"), "invalid_prompt"),
        (Class::Invalid, Some("cyber_policy"), "cyber_policy"),
        (Class::Server, Some("boom"), "server_error"),
        (Class::Overloaded, None, "server_error"),
        (
            Class::Overloaded,
            Some("server_is_overloaded"),
            "server_is_overloaded",
        ),
        (Class::ContextOverflow, None, "context_length_exceeded"),
        (Class::RateLimited, Some("429"), "rate_limit_exceeded"),
        (Class::Conflict, Some("409"), "server_error"),
    ] {
        assert_eq!(responses_code(&failure(class, own)), code, "{class:?}");
    }
}

proptest! {
    #[test]
    fn any_body_is_read_and_told(members in testing::members(), style in any::<usize>(), status in 0_u16..1000) {
        let inner = testing::render(&members, style);
        for text in [inner.clone(), format!("{{\"error\":{inner}}}"), format!("[{inner}]")] {
            for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses] {
                let failure = read(protocol, status, text.as_bytes());
                prop_assert!(!failure.message.is_empty());
                let told = envelope(protocol, &failure);
                prop_assert!(told["error"]["message"].is_string());
                in_band(text.as_bytes());
            }
        }
    }
}
