use super::*;
use crate::Protocol;

/// All the rules of the `ChatGPT` backend.
fn strict() -> Dialect {
    Dialect::new(Protocol::Responses, "chatgpt").with([
        Quirk::OwnRules,
        Quirk::StreamOnly,
        Quirk::NoSampling,
        Quirk::KeepsNothing,
        Quirk::Instructions,
        Quirk::InputList,
        Quirk::NoOutputLimit,
        Quirk::PlanFields,
        Quirk::SessionHeader,
    ])
}

/// Members that break no rule, in front of those that a case is about.
const GOOD: &str = r#""model":"m","instructions":"","store":false,"stream":true,"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","input":[]"#;

fn suited(body: &str) -> (Option<String>, String) {
    let suited = suit(body.as_bytes(), &strict(), Asked::Answer, "ses").unwrap();
    let text = suited.body.map(|body| String::from_utf8(body).unwrap());
    (text, suited.losses.to_string())
}

#[test]
fn what_breaks_a_rule_is_left_out_and_reported() {
    for (member, loss) in [
        (r#""max_output_tokens":100"#, "max_output_tokens"),
        (r#""max_output_tokens":null"#, ""),
        (r#""temperature":0.5"#, "sampling"),
        (r#""temperature":1"#, ""),
        (r#""top_p":0.5"#, "sampling"),
        (r#""presence_penalty":0"#, ""),
        (r#""frequency_penalty":0.1"#, "penalties"),
        (r#""metadata":{"a":"b"}"#, "metadata"),
        (r#""metadata":{}"#, ""),
        (r#""safety_identifier":"u""#, "user"),
        (r#""user":"u""#, "user"),
        (
            r#""prompt_cache_retention":"24h""#,
            "prompt_cache_retention",
        ),
        (
            r#""stream_options":{"include_obfuscation":false}"#,
            "stream_options",
        ),
        (r#""truncation":"auto""#, "truncation"),
        (r#""truncation":"disabled""#, ""),
        (
            r#""context_management":[{"type":"compaction"}]"#,
            "context_management",
        ),
        (r#""service_tier":"default""#, "service_tier"),
        (r#""service_tier":"auto""#, ""),
        (r#""previous_response_id":null"#, ""),
        (r#""background":false"#, ""),
        (r#""max_tool_calls":3"#, "max_tool_calls"),
        (r#""top_logprobs":0"#, ""),
        (r#""us\u0065r":"u""#, "user"),
    ] {
        // Wherever it stands, what remains is what was there without it.
        for (body, rest) in [
            (format!("{{{GOOD},{member}}}"), format!("{{{GOOD}}}")),
            (format!("{{{member} ,{GOOD}}}"), format!("{{{GOOD}}}")),
            (
                format!("{{ {GOOD} , {member}\n, \"x\" : 1e0 }}"),
                format!("{{ {GOOD}\n, \"x\" : 1e0 }}"),
            ),
        ] {
            assert_eq!(suited(&body), (Some(rest), loss.to_owned()), "{body}");
        }
    }
}

#[test]
fn what_breaks_no_rule_is_not_touched() {
    for member in [
        r#""x":1"#,
        r#""service_tier":"priority""#,
        r#""service_tier":"flex""#,
        r#""tools":[{"type":"namespace","name":"n"}],"tool_choice":"auto""#,
        r#""reasoning":{"effort":"high"},"text":{"verbosity":"low"}"#,
        r#""client_metadata":{"user":"u","store":true}"#,
    ] {
        let body = format!("{{{GOOD}, {member}}}");
        assert_eq!(suited(&body), (None, String::new()), "{body}");
    }
    // Codex writes an empty list for models that do not think.
    let body = format!("{{{GOOD}}}").replace("\"reasoning.encrypted_content\"", "");
    assert_eq!(suited(&body).0, None);
}

#[test]
fn what_is_missing_is_added_behind_everything_else() {
    let (body, losses) = suited(r#"{"model":"m","input":[] }"#);
    let expected = r#"{"model":"m","input":[],"instructions":"","include":["reasoning.encrypted_content"],"store":false,"stream":true,"prompt_cache_key":"KEY" }"#;
    let expected = expected.replace("KEY", &fit::cache_key("ses"));
    assert_eq!((body, losses), (Some(expected), String::new()));
    let (body, _) = suited("{}");
    assert!(body.unwrap().starts_with(r#"{"instructions":"""#));
}

#[test]
fn values_become_what_the_target_takes() {
    for (from, to, loss) in [
        (r#""store":false"#, r#""store":true"#, "store"),
        (r#""store":false"#, r#""store":null"#, ""),
        (r#""stream":true"#, r#""stream":false"#, ""),
        (r#""instructions":"""#, r#""instructions":null"#, ""),
        (
            r#""include":["reasoning.encrypted_content"]"#,
            r#""include":null"#,
            "",
        ),
    ] {
        let good = format!("{{{GOOD}}}");
        let body = good.replace(from, to);
        assert_ne!(body, good);
        assert_eq!(suited(&body), (Some(good), loss.to_owned()), "{body}");
    }
    for (input, expected) in [
        (
            r#""a\n\"b\u0041""#,
            r#"[{"type":"message","role":"user","content":[{"type":"input_text","text":"a\n\"b\u0041"}]}]"#,
        ),
        (
            r#"[ {"role": "system","content":"\"system\""} , {"role":"user","content":[{"role":"system"}]}]"#,
            r#"[ {"role": "developer","content":"\"system\""} , {"role":"user","content":[{"role":"system"}]}]"#,
        ),
    ] {
        let body = format!(
            "{{{}}}",
            GOOD.replace(r#""input":[]"#, &format!(r#""input":{input}"#))
        );
        let wanted = body.replace(input, expected);
        assert_eq!(suited(&body), (Some(wanted), String::new()));
    }
    let body = format!("{{{}}}", GOOD.replace("[\"reas", "[ \"a\" , \"x.reas"));
    let (body, _) = suited(&body);
    let wanted = r#"[ "a" , "x.reasoning.encrypted_content","reasoning.encrypted_content"]"#;
    assert!(body.unwrap().contains(wanted));
}

#[test]
fn what_refers_to_something_kept_is_refused_by_its_path() {
    for (member, path) in [
        (r#""previous_response_id":"resp_1""#, "previous_response_id"),
        (r#""conversation":"conv_1""#, "conversation"),
        (r#""prompt":{"id":"p"}"#, "prompt"),
        (r#""background":true"#, "background"),
        (r#""top_logprobs":3"#, "top_logprobs"),
    ] {
        let body = format!("{{{GOOD},{member}}}");
        let refused = suit(body.as_bytes(), &strict(), Asked::Answer, "ses").unwrap_err();
        assert_eq!(refused.path, path);
    }
}

#[test]
fn the_session_is_what_prompts_are_cached_by() {
    let session = |body: &str, target: &Dialect| {
        let suited = suit(body.as_bytes(), target, Asked::Answer, "ses");
        suited.unwrap().session
    };
    let own = format!("{{{GOOD}}}").replace("\"k\"", "\"\\u006bey\"");
    assert_eq!(session(&own, &strict()).as_deref(), Some("key"));
    let ours = fit::cache_key("ses");
    for body in ["{}", r#"{"prompt_cache_key":null}"#] {
        assert_eq!(session(body, &strict()), Some(ours.clone()), "{body}");
    }
    let nameless = Dialect::new(Protocol::Responses, "lab").with([Quirk::OwnRules]);
    assert_eq!(session(&own, &nameless), None);
}

#[test]
fn a_compaction_is_neither_a_stream_nor_kept() {
    let body = r#"{"model":"m","input":"x","max_output_tokens":9}"#;
    let suited = suit(body.as_bytes(), &strict(), Asked::Compaction, "ses").unwrap();
    let text = String::from_utf8(suited.body.unwrap()).unwrap();
    let expected = r#"{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}],"instructions":""}"#;
    assert_eq!(text, expected);
}

#[test]
fn a_target_without_rules_changes_nothing() {
    let free = Dialect::new(Protocol::Responses, "lab");
    let body = r#"{"model":"m","input":"x","user":"u","previous_response_id":"r"}"#;
    let suited = suit(body.as_bytes(), &free, Asked::Answer, "ses").unwrap();
    assert!(suited.body.is_none() && suited.losses.is_empty() && suited.session.is_none());
}

mod laws {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::testing;

    const NAMES: [&str; 22] = [
        "model",
        "input",
        "stream",
        "store",
        "include",
        "instructions",
        "prompt_cache_key",
        "metadata",
        "user",
        "safety_identifier",
        "temperature",
        "top_p",
        "max_output_tokens",
        "truncation",
        "service_tier",
        "stream_options",
        "context_management",
        "prompt_cache_retention",
        "background",
        "previous_response_id",
        "x",
        "tools",
    ];

    fn body() -> impl Strategy<Value = Value> {
        let member = (prop::sample::select(&NAMES[..]), testing::value());
        prop::collection::vec(member, 0..12).prop_map(|members| {
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            )
        })
    }

    proptest! {
        #[test]
        fn what_suits_once_suits_for_good(value in body()) {
            let text = value.to_string();
            let Ok(once) = suit(text.as_bytes(), &strict(), Asked::Answer, "ses") else {
                return Ok(());
            };
            let body = once.body.unwrap_or_else(|| text.clone().into_bytes());
            let twice = suit(&body, &strict(), Asked::Answer, "ses").unwrap();
            prop_assert!(twice.body.is_none(), "{}", String::from_utf8_lossy(&body));
            prop_assert!(twice.losses.is_empty());
            prop_assert_eq!(once.session, twice.session);
            // What no rule speaks of is as it was.
            let after: Members<'_> = serde_json::from_slice(&body).unwrap();
            for free in ["model", "x", "tools"] {
                let before = value.get(free).map(Value::to_string);
                prop_assert_eq!(after.get(free).map(|raw| raw.get().to_owned()), before);
            }
        }
    }
}
