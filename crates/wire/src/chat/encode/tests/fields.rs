//! Everything beside the messages, and every quirk.

use super::*;
use crate::conversation::Sampling;

#[test]
fn a_bare_request_is_model_and_messages() {
    let (body, losses) = written(&hi(), PLAIN);
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    );
    assert!(losses.is_empty());
}

#[test]
fn the_limit_has_two_names() {
    let mut request = hi();
    request.max_output = Some(9);
    let (body, _) = written(&request, PLAIN);
    assert_eq!(
        (&body["max_completion_tokens"], body.get("max_tokens")),
        (&json!(9), None)
    );
    let (body, _) = written(&request, [Quirk::MaxTokens]);
    assert_eq!(
        (&body["max_tokens"], body.get("max_completion_tokens")),
        (&json!(9), None)
    );
}

#[test]
fn sampling_stops_and_probabilities_are_written() {
    let mut request = hi();
    request.sampling = Sampling {
        temperature: Some(0.5),
        top_p: Some(0.25),
        top_k: None,
        frequency_penalty: Some(1.0),
        presence_penalty: Some(-1.0),
        seed: Some(-2),
    };
    request.stop = vec!["a".into(), "b".into()];
    let (body, losses) = written(&request, PLAIN);
    assert_eq!(
        body,
        json!({
            "model": "m", "messages": [{"role": "user", "content": "hi"}],
            "temperature": 0.5, "top_p": 0.25, "frequency_penalty": 1.0, "presence_penalty": -1.0,
            "seed": -2, "stop": ["a", "b"],
        })
    );
    assert!(losses.is_empty());
}

#[test]
fn the_form_of_the_answer_is_nested() {
    let mut request = hi();
    request.format = Some(Format::Text);
    assert!(written(&request, PLAIN).0.get("response_format").is_none());
    request.format = Some(Format::JsonObject);
    assert_eq!(
        written(&request, PLAIN).0["response_format"],
        json!({"type": "json_object"})
    );
    request.format = Some(Format::JsonSchema {
        name: None,
        description: None,
        schema: raw(r#"{"type":"object"}"#),
        strict: Some(true),
    });
    assert_eq!(
        written(&request, PLAIN).0["response_format"],
        json!({"type": "json_schema", "json_schema": {
            "name": "answer", "schema": {"type": "object"}, "strict": true
        }})
    );
}

#[test]
fn the_effort_is_a_word() {
    let mut request = hi();
    request.reasoning.effort = Some(Effort::Xhigh);
    assert_eq!(written(&request, PLAIN).0["reasoning_effort"], "xhigh");
}

#[test]
fn hints_go_only_to_those_who_know_them() {
    let mut request = hi();
    request.user = Some("u".into());
    request.verbosity = Some(Verbosity::Low);
    request.cache_key = Some("k".into());
    request.cache_retention = Some("24h".into());
    request.service_tier = Some("flex".into());
    request.store = Some(true);
    request.metadata = Some(raw(r#"{"a":"b"}"#));
    let (body, losses) = written(&request, [Quirk::OpenaiFields]);
    strict(&body);
    assert_eq!(
        body,
        json!({
            "model": "m", "messages": [{"role": "user", "content": "hi"}],
            "verbosity": "low", "safety_identifier": "u", "prompt_cache_key": "k",
            "prompt_cache_retention": "24h", "service_tier": "flex", "store": true, "metadata": {"a": "b"},
        })
    );
    assert!(losses.is_empty());
    let (body, losses) = written(&request, PLAIN);
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    );
    assert_eq!(
        losses,
        [
            Loss::CacheKey,
            Loss::CacheRetention,
            Loss::Metadata,
            Loss::ServiceTier,
            Loss::Store,
            Loss::User,
            Loss::Verbosity,
        ]
    );
}

#[test]
fn metadata_needs_storage() {
    let mut request = hi();
    request.metadata = Some(raw("{}"));
    for store in [None, Some(false)] {
        request.store = store;
        let (body, losses) = written(&request, [Quirk::OpenaiFields]);
        assert!(body.get("metadata").is_none() && body.get("store").is_none());
        assert_eq!(losses, [Loss::Metadata]);
    }
}

#[test]
fn a_stream_reports_its_usage() {
    let mut request = hi();
    request.usage_in_stream = true;
    assert!(written(&request, PLAIN).0.get("stream_options").is_none());
    request.stream = true;
    request.usage_in_stream = false;
    let (body, _) = written(&request, PLAIN);
    assert_eq!(
        (&body["stream"], &body["stream_options"]),
        (&json!(true), &json!({"include_usage": true}))
    );
    let (body, _) = written(&request, [Quirk::NoStreamOptions]);
    assert_eq!(
        (&body["stream"], body.get("stream_options")),
        (&json!(true), None)
    );
}
