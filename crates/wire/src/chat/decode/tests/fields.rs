//! The members beside the messages.

use super::*;
use crate::conversation::Effort;

#[test]
fn stops_are_one_or_many() {
    for (written, stops) in [
        (json!("END"), vec!["END"]),
        (json!(["a", " \n"]), vec!["a", " \n"]),
        (json!([]), vec![]),
        (json!(null), vec![]),
    ] {
        read(&with("stop", written), |request| {
            assert_eq!(request.stop, stops);
        });
    }
}

#[test]
fn limits_and_sampling_are_read() {
    let mut body = with("max_tokens", json!(7));
    for (name, value) in [
        ("temperature", json!(1.5)),
        ("top_p", json!(1)),
        ("frequency_penalty", json!(0.5)),
        ("presence_penalty", json!(-0.5)),
        ("seed", json!(-3)),
        ("n", json!(1)),
        ("logit_bias", json!({})),
        ("modalities", json!(["text"])),
        ("logprobs", json!(false)),
        ("top_logprobs", json!(0)),
        ("parallel_tool_calls", json!(false)),
    ] {
        body[name] = value;
    }
    read(&body, |request| {
        let sampling = Sampling {
            temperature: Some(1.5),
            top_p: Some(1.0),
            top_k: None,
            frequency_penalty: Some(0.5),
            presence_penalty: Some(-0.5),
            seed: Some(-3),
        };
        assert_eq!((request.max_output, request.sampling), (Some(7), sampling));
        assert_eq!(request.parallel_calls, Some(false));
    });
}

#[test]
fn forms_of_the_answer_are_read() {
    read(
        &with("response_format", json!({"type": "text"})),
        |request| {
            assert!(matches!(request.format, Some(Format::Text)));
        },
    );
    read(
        &with("response_format", json!({"type": "json_object"})),
        |request| {
            assert!(matches!(request.format, Some(Format::JsonObject)));
        },
    );
    let schema = json!({"type": "json_schema", "json_schema": {
        "name": "n", "description": "d", "schema": {"type": "object"}, "strict": true
    }});
    read(&with("response_format", schema), |request| {
        let Some(Format::JsonSchema {
            name,
            description,
            schema,
            strict,
        }) = request.format
        else {
            panic!("not a schema");
        };
        assert_eq!(
            (name.as_deref(), description.as_deref()),
            (Some("n"), Some("d"))
        );
        assert_eq!((schema.get(), strict), (r#"{"type":"object"}"#, Some(true)));
    });
}

#[test]
fn words_are_read() {
    for effort in Effort::ALL {
        read(
            &with("reasoning_effort", json!(effort.as_str())),
            |request| {
                assert_eq!(request.reasoning.effort, Some(effort));
            },
        );
    }
    for verbosity in Verbosity::ALL {
        read(&with("verbosity", json!(verbosity.as_str())), |request| {
            assert_eq!(request.verbosity, Some(verbosity));
        });
    }
}

#[test]
fn hints_are_read() {
    let mut body = with("user", json!("u"));
    for (name, value) in [
        ("metadata", json!({"a": "b"})),
        ("store", json!(true)),
        ("service_tier", json!("flex")),
        ("prompt_cache_key", json!("k")),
        ("prompt_cache_retention", json!("24h")),
        ("client_metadata", json!({"x": 1})),
        ("unheard_of", json!(null)),
    ] {
        body[name] = value;
    }
    read(&body, |request| {
        assert_eq!(request.user.as_deref(), Some("u"));
        assert_eq!(request.metadata.unwrap().get(), r#"{"a":"b"}"#);
        assert_eq!(request.store, Some(true));
        assert_eq!(request.service_tier.as_deref(), Some("flex"));
        assert_eq!(request.cache_key.as_deref(), Some("k"));
        assert_eq!(request.cache_retention.as_deref(), Some("24h"));
        assert!(request.losses.is_empty());
    });
    body["metadata"] = json!({});
    read(&body, |request| assert!(request.metadata.is_none()));
    body["safety_identifier"] = json!("s");
    read(&body, |request| {
        assert_eq!(request.user.as_deref(), Some("s"));
    });
}

#[test]
fn a_usage_chunk_is_only_asked_for_in_a_stream() {
    for (stream, asked, wanted) in [
        (json!(true), json!(true), true),
        (json!(true), json!(null), false),
        (json!(false), json!(true), false),
        (json!(null), json!(true), false),
    ] {
        let mut body = with("stream", stream);
        body["stream_options"] = json!({"include_usage": asked});
        read(&body, |request| assert_eq!(request.usage_in_stream, wanted));
    }
}

#[test]
fn losses_are_noted() {
    for (body, loss) in [
        (
            with("prediction", json!({"type": "content", "content": "x"})),
            Loss::Prediction,
        ),
        (with("moderation", json!({})), Loss::Moderation),
        (
            with("prompt_cache_options", json!({})),
            Loss::CacheRetention,
        ),
        (
            with("stream_options", json!({"include_obfuscation": true})),
            Loss::StreamOptions,
        ),
        (
            saying(json!([{"role": "user", "name": "bo", "content": "hi"}])),
            Loss::SpeakerName,
        ),
        (
            saying(json!([{"role": "assistant", "content": "hi", "annotations": [{}]}])),
            Loss::Citations,
        ),
    ] {
        read(&body, |request| {
            assert_eq!(request.losses.iter().collect::<Vec<_>>(), [loss], "{body}");
        });
    }
    let silent = saying(json!([{"role": "assistant", "content": "hi", "annotations": []}]));
    read(&silent, |request| assert!(request.losses.is_empty()));
}
