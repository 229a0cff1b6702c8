use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::testing;

fn in_parts(parts: &[&[u8]]) -> Result<Peek, PeekError> {
    let mut peeker = Peeker::new();
    for part in parts {
        peeker.push(part);
    }
    peeker.finish()
}

#[test]
fn an_agents_request_is_read() {
    let body = br#"{"model":"claude-sonnet-5-5","messages":[{"role":"user","content":"model: \"x\", stream"}],
        "system":[{"type":"text","text":"{[","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"Bash"}],
        "metadata":{"user_id":"{\"session_id\":\"s-1\"}"},"max_tokens":32000,"stream":true}"#;
    let found = peek(body).unwrap();
    assert_eq!(
        found,
        Peek {
            model: Some(Model {
                name: "claude-sonnet-5-5".into(),
                span: 9..28
            }),
            stream: Some(true),
            has_tools: true,
            max_tokens: Some(32_000),
            metadata_user_id: Some(r#"{"session_id":"s-1"}"#.into()),
            ..Peek::default()
        }
    );
}

#[test]
fn the_fields_of_the_other_protocols_are_read() {
    let body = br#"{"stream_options":{"include_usage":true,"x":[]},"max_completion_tokens":5,"tools":[ ],
        "prompt_cache_key":"k","previous_response_id":"resp_1","background":false,"model":null,"stream":null}"#;
    let found = peek(body).unwrap();
    assert_eq!(
        found,
        Peek {
            max_tokens: Some(5),
            prompt_cache_key: Some("k".into()),
            previous_response_id: Some("resp_1".into()),
            include_usage: Some(true),
            background: Some(false),
            ..Peek::default()
        }
    );
    assert_eq!(
        peek(br#"{"max_output_tokens":16}"#).unwrap().max_tokens,
        Some(16)
    );
}

#[test]
fn every_model_of_a_session_is_kept() {
    let body = br#"{"session":{"model":"a","audio":{"model":"x"},"mod\u0065l":[1]},"session":{"model":"b"}}"#;
    assert_eq!(peek(body).unwrap().session_models, ["a", "", "b"]);
    let without: [&[u8]; 3] = [
        br#"{"session":"s"}"#,
        br#"{"session":{"model":null}}"#,
        b"{}",
    ];
    for body in without {
        assert!(peek(body).unwrap().session_models.is_empty());
    }
}

#[test]
fn optional_fields_of_odd_types_are_passed_over() {
    let body = br#"{"metadata":null,"stream_options":3,"tools":{"a":1},"max_tokens":null,"prompt_cache_key":[1],
        "previous_response_id":{},"background":"yes","max_output_tokens":null,"n":null}"#;
    assert_eq!(peek(body), Ok(Peek::default()));
    let long = format!(r#"{{"prompt_cache_key":"{}"}}"#, "k".repeat(STRING_LIMIT));
    assert_eq!(peek(long.as_bytes()), Ok(Peek::default()));
}

#[test]
fn what_bounds_the_answer_is_never_read_too_small() {
    let most = |body: &str| peek(body.as_bytes()).unwrap();
    for (body, tokens) in [
        (r#"{"max_completion_tokens":9,"max_tokens":1}"#, Some(9)),
        (r#"{"max_tokens":1,"max_tokens":9}"#, Some(9)),
        (r#"{"max_tokens":9,"max_tokens":1}"#, Some(9)),
        (r#"{"max_tokens":1,"max_tokens":null}"#, Some(1)),
        (r#"{"max_tokens":1,"max_tokens":1e5}"#, Some(u64::MAX)),
        (r#"{"max_tokens":"5"}"#, Some(u64::MAX)),
        (r#"{"max_output_tokens":-1}"#, Some(u64::MAX)),
        (r#"{"x":{"max_tokens":5}}"#, None),
    ] {
        assert_eq!(most(body).max_tokens, tokens, "{body}");
    }
    assert_eq!(most(r#"{"n":3,"n":2}"#).answers, Some(3));
    assert_eq!(most("{}").answers, None);
}

#[test]
fn what_parsers_would_read_differently_is_refused() {
    let dup = |field, offset| PeekError::Duplicate { field, offset };
    let cases: [(&str, PeekError); 7] = [
        (r#"{"model":"a","model":"a"}"#, dup("model", 21)),
        (r#"{"model":"a","\u006dodel":"b"}"#, dup("model", 26)),
        (r#"{"stream":null,"stream":true}"#, dup("stream", 24)),
        (r#"{"model":null,"a":1,"model":"b"}"#, dup("model", 28)),
        (
            r#"{"model":7}"#,
            PeekError::WrongType {
                field: "model",
                expected: "a string",
                offset: 9,
            },
        ),
        (
            r#"{"stream":"true"}"#,
            PeekError::WrongType {
                field: "stream",
                expected: "`true` or `false`",
                offset: 10,
            },
        ),
        (
            r#"{"model":"\ud800"}"#,
            PeekError::Malformed {
                offset: 9,
                what: "a valid string",
            },
        ),
    ];
    for (body, error) in cases {
        assert_eq!(peek(body.as_bytes()), Err(error), "{body}");
    }
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(STRING_LIMIT));
    assert!(matches!(
        peek(long.as_bytes()),
        Err(PeekError::WrongType { field: "model", .. })
    ));
    // Only the outermost level counts, and only those two fields.
    assert!(
        peek(br#"{"model":"a","x":{"model":1},"n":1,"n":2,"max_tokens":1,"max_tokens":2}"#).is_ok()
    );
}

#[test]
fn broken_bodies_are_refused_at_the_right_byte() {
    let at = |body: &[u8]| match peek(body).unwrap_err() {
        PeekError::Malformed { offset, .. } => offset,
        other => panic!("{other:?}"),
    };
    for (body, offset) in [
        (r"{", 1),
        (r#"{"a""#, 4),
        (r#"{"a":"#, 5),
        (r#"{"a":1"#, 6),
        (r#"{"a":"x"#, 7),
        (r#"{"a":[1"#, 7),
        (r#"{"a":1,}"#, 7),
        (r#"{"a" 1}"#, 5),
        (r#"{"a":1 "b":2}"#, 7),
        (r"{a:1}", 1),
        (r#"{"a":tru}"#, 5),
        (r#"{"a":01}"#, 5),
        (r#"{"a":'b'}"#, 5),
        (r#"{"a":1]"#, 6),
        (r#"{"a":[1}"#, 7),
        (r#"{"a":{"b":1]}"#, 11),
        (r#"{"a":1}}"#, 7),
        (r#"{"a":1} x"#, 8),
        ("{\"a\":\"x\ny\"}", 7),
        ("{\"a\nb\":1}", 3),
        (r#"{"a":"\x"}"#, 7),
        (r#"{"tools":[1,]}"#, 12),
        (r#"{"tools":[1 2]}"#, 12),
    ] {
        assert_eq!(at(body.as_bytes()), offset, "{body}");
    }
    for body in [&b""[..], b" \n\t\r "] {
        assert_eq!(peek(body), Err(PeekError::Empty));
    }
    for body in ["[]", " [1]", "\"x\"", "null", "\u{feff}{}"] {
        assert!(
            matches!(peek(body.as_bytes()), Err(PeekError::NotObject { .. })),
            "{body}"
        );
    }
}

#[test]
fn invalid_utf8_is_refused_wherever_it_is() {
    for (body, offset) in [
        (&b"{\"a\":\"\xff\"}"[..], 6),
        (b"{\"a\":[{\"b\":\"ok \xc3\"}]}", 15),
        (b"{\"a\":1}\xe2\x82", 7),
        (b"\xff", 0),
    ] {
        assert_eq!(peek(body), Err(PeekError::InvalidUtf8 { offset }));
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(in_parts(&bytes), Err(PeekError::InvalidUtf8 { offset }));
    }
}

#[test]
fn messages_never_quote_the_body() {
    for body in [
        "{\"model\":[\"canary\"]}",
        "canary",
        "{\"canary\" \"canary\"}",
        "{\"stream\":\"canary\"}",
    ] {
        let error = peek(body.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[test]
fn depth_costs_neither_stack_nor_memory() {
    let deep = format!(
        "{{\"a\":{}1{}}}",
        "[".repeat(3_000_000),
        "]".repeat(3_000_000)
    );
    assert_eq!(peek(deep.as_bytes()), Ok(Peek::default()));
    assert!(peek(&deep.as_bytes()[..4_000_000]).is_err());
}

/// What a tree parser sees, or `None` where [`peek`] must refuse.
fn oracle(members: &[(String, Value)]) -> Option<Peek> {
    let mut found = Peek::default();
    for field in ["model", "stream"] {
        let mut given = members.iter().filter(|(key, _)| key == field);
        let first = given.next();
        if given.next().is_some() {
            return None;
        }
        match (field, first.map(|(_, value)| value)) {
            (_, None | Some(Value::Null)) => {}
            ("model", Some(Value::String(name))) => {
                found.model = Some(Model {
                    name: name.clone(),
                    span: 0..0,
                });
            }
            ("stream", Some(Value::Bool(flag))) => found.stream = Some(*flag),
            _ => return None,
        }
    }
    // `null` is not there, and whatever is no count bounds nothing.
    let given = |value: &Value| !value.is_null();
    let most = |value: &Value| value.as_u64().or(Some(u64::MAX));
    for (key, value) in members {
        match key.as_str() {
            "tools" => found.has_tools |= value.as_array().is_some_and(|tools| !tools.is_empty()),
            "max_tokens" if given(value) => found.max_tokens = found.max_tokens.max(most(value)),
            "n" if given(value) => found.answers = found.answers.max(most(value)),
            "metadata" => found.metadata_user_id = value["user_id"].as_str().map(Into::into),
            "stream_options" => found.include_usage = value["include_usage"].as_bool(),
            _ => {}
        }
    }
    Some(found)
}

proptest! {
    #[test]
    fn agrees_with_a_tree_parser(members in testing::members(), style: usize) {
        let body = testing::render(&members, style);
        let found = peek(body.as_bytes());
        match oracle(&members) {
            None => {
                let refused = matches!(found, Err(PeekError::Duplicate { .. } | PeekError::WrongType { .. }));
                prop_assert!(refused, "{:?}", found);
            }
            Some(mut expected) => {
                let found = found.unwrap();
                if let (Some(model), Some(expected)) = (&found.model, &mut expected.model) {
                    expected.span = model.span.clone();
                    let literal = serde_json::from_str::<String>(&body[model.span.clone()]);
                    prop_assert_eq!(&literal.unwrap(), &model.name);
                }
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn any_chunking_gives_the_same(
        members in testing::members(),
        style: usize,
        damage in prop::option::of((any::<usize>(), any::<u8>())),
        cuts in testing::cuts(),
    ) {
        let mut body = testing::render(&members, style).into_bytes();
        if let Some((place, byte)) = damage {
            let place = place % body.len();
            body[place] = byte;
        }
        let whole = peek(&body);
        prop_assert_eq!(&in_parts(&testing::cut_at(&body, &cuts)), &whole);
        prop_assert_eq!(&in_parts(&body.chunks(1).collect::<Vec<_>>()), &whole);
    }

    #[test]
    fn cut_or_extended_bodies_are_refused(members in testing::members(), style: usize, end: usize) {
        let body = testing::render(&members, style);
        if peek(body.as_bytes()).is_ok() {
            let end = end % body.trim_end().len();
            prop_assert!(peek(&body.as_bytes()[..end]).is_err());
            let extended = body.clone() + "}";
            prop_assert!(peek(extended.as_bytes()).is_err());
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>, text in "[\\[\\]{}\":, \\\\a1]{0,40}", cut: usize) {
        for body in [&bytes[..], text.as_bytes()] {
            let whole = peek(body);
            let parts = testing::cut_at(body, &[cut]);
            prop_assert_eq!(&in_parts(&parts), &whole);
            if serde_json::from_slice::<serde_json::Map<String, Value>>(body).is_ok() {
                let refused = matches!(
                    whole,
                    Ok(_) | Err(PeekError::Duplicate { .. } | PeekError::WrongType { .. })
                );
                prop_assert!(refused);
            }
        }
    }
}
