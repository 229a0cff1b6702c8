use std::fmt::Write;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const RANDOM: &str = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9d";

/// What looks like a secret, and what it is called.
fn secrets() -> Vec<(&'static str, String)> {
    let upper = "ABCDEFGH12345678";
    vec![
        ("provider_key", format!("sk-ant-api03-{RANDOM}")),
        ("provider_key", format!("sk-proj-{RANDOM}")),
        ("provider_key", format!("sk-or-v1-{RANDOM}")),
        ("provider_key", format!("xai-{RANDOM}")),
        ("provider_key", format!("gsk_{RANDOM}")),
        ("provider_key", format!("AIza{RANDOM}")),
        ("tollhouse_key", format!("th-{RANDOM}")),
        ("tollhouse_key", format!("tht_{RANDOM}")),
        ("aws_key", format!("AKIA{upper}")),
        ("aws_key", format!("ASIA{upper}")),
        ("github_token", format!("ghp_{RANDOM}")),
        ("github_token", format!("github_pat_{RANDOM}")),
        ("slack_token", "xoxb-1234567890-abcdef".to_owned()),
        ("jwt", format!("eyJhbGciOi.{RANDOM}.{RANDOM}")),
        (
            "private_key",
            format!("-----BEGIN RSA PRIVATE KEY-----\n{RANDOM}\n-----END RSA PRIVATE KEY-----"),
        ),
        (
            "private_key",
            format!("-----BEGIN PRIVATE KEY-----\n{RANDOM}\n-----END PRIVATE KEY-----"),
        ),
    ]
}

/// Text around a secret, where only the secret goes.
fn assigned() -> Vec<(&'static str, String, String)> {
    let secret = RANDOM;
    let all = [
        ("bearer_token", "authorization seen: Bearer ", ""),
        ("secret", "Authorization: Basic ", "\n"),
        ("secret", "Authorization: ", "\n"),
        ("secret", "export OPENAI_API_KEY=", "\n"),
        ("secret", "aws_secret_access_key = ", "\n"),
        ("secret", "AWS_SECRET_ACCESS_KEY: ", ""),
        ("secret", "{\"api_key\": \"", "\"}"),
        ("secret", "db_password='", "'"),
        ("secret", "client-secret: ", ", next"),
        ("secret", "GITHUB_TOKEN=", " make"),
        ("password", "postgres://me:", "@host/db"),
    ];
    let whole = |(kind, before, after): (&'static str, &str, &str)| {
        let text = format!("{before}{secret}{after}");
        (kind, text, format!("{before}[redacted:{kind}]{after}"))
    };
    all.into_iter().map(whole).collect()
}

#[test]
fn each_kind_goes_from_text_and_from_json() {
    for (kind, secret) in secrets() {
        let label = format!("[redacted:{kind}]");
        for (before, after) in [
            ("", ""),
            ("see ", ", then"),
            ("\n", "\n"),
            ("(\"", "\")"),
            ("/v1/", ""),
            ("a=", ""),
        ] {
            let text = format!("{before}{secret}{after}");
            let expected = format!("{before}{label}{after}");
            assert_eq!(plain(&text), expected, "{text}");
            let body = serde_json::json!({"messages": [{"role": "user", "content": text}]});
            let told: Value = serde_json::from_str(&redact(&body.to_string())).unwrap();
            assert_eq!(told["messages"][0]["content"], expected, "{body}");
        }
    }
    for (kind, text, expected) in assigned() {
        assert_eq!(plain(&text), expected, "{kind}");
        let body = serde_json::json!([text]).to_string();
        let told: Value = serde_json::from_str(&redact(&body)).unwrap();
        assert_eq!(told[0], expected, "{kind}");
    }
}

#[test]
fn a_password_that_somebody_thought_of_goes_too() {
    for (text, expected) in [
        (
            r#"{"password":"correct horse"}"#,
            r#"{"password":"[redacted:secret]"}"#,
        ),
        (
            r#"{"dbPassword" : "x", "user":"me"}"#,
            r#"{"dbPassword" : "[redacted:secret]", "user":"me"}"#,
        ),
        (
            r#"{"x-api-key":"aa"}"#,
            r#"{"x-api-key":"[redacted:secret]"}"#,
        ),
        (
            r#"["{\"password\": \"correct horse\"}"]"#,
            r#"["{\"password\": \"[redacted:secret]\"}"]"#,
        ),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn what_is_no_secret_stays_byte_for_byte() {
    for text in [
        r#"{ "max_tokens" : 1024,"token":" beautiful", "model":"claude-sonnet-4-5" }"#,
        r#"{"usage":{"input_tokens":12},"tokens":["a","b"],"stop":null}"#,
        "let token = tokenizer.next_token(); // a secret: none",
        "sk-learn-is-a-library-of-many-words and th-is-is-not-a-key-although-it-is-long-enough",
        "the bearer of this letter; Bearer internationalization",
        "https://example.com:8080/path@v1 and me@example.com",
        "task_id=0b7c12 and https://github.com/a/b",
        r#"{"password":{"type":"string","description":"the user's password"}}"#,
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "na\u{ef}ve \u{1f511} \u{2014} plain",
        "",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn long_base64_becomes_its_length_and_digest() {
    let blob = "QUJD".repeat(LONGEST_BASE64 / 4 + 1);
    let body = format!(r#"{{"url":"data:image/png;base64,{blob}","data":"{blob}"}}"#);
    let told = redact(&body);
    let label = format!("[redacted:base64:{}:sha256:", blob.len());
    assert_eq!(told.matches(&label).count(), 2, "{told}");
    assert!(told.starts_with(r#"{"url":"data:image/png;base64,[redacted"#));
    let at = |n: usize| told.match_indices(&label).nth(n).unwrap().0 + label.len();
    assert_eq!(told[at(0)..][..64], told[at(1)..][..64]);
    let short = format!(r#"{{"data":"{}"}}"#, &blob[..LONGEST_BASE64]);
    assert_eq!(redact(&short), short);
}

#[test]
fn a_body_that_is_cut_is_redacted_to_its_end() {
    let secret = format!("sk-ant-{RANDOM}");
    let body = format!(r#"{{"content":"say \"{secret}\" and {secret}"#);
    for end in body.len() - 20..=body.len() {
        let told = redact(&body[..end]);
        assert!(!told.contains(&RANDOM[..20]), "{told}");
        assert!(told.starts_with(r#"{"content":"say \"[redacted:provider_key]\" and "#));
    }
    for text in [r#"{"a":"b\"#, r#"{"a":"\ud83d\udd"#, "{\"a", "{\"a\":", "["] {
        assert!(redact(text).len() <= text.len(), "{text}");
    }
}

#[test]
fn a_secret_said_in_pieces_goes() {
    let secret = format!("sk-ant-{RANDOM}");
    let text = format!("the key is {secret}, keep it");
    let forms: [fn(&str) -> Value; 5] = [
        |piece| {
            serde_json::json!({"type":"content_block_delta","index":1,
            "delta":{"type":"text_delta","text":piece}})
        },
        |piece| {
            serde_json::json!({"type":"content_block_delta","index":1,
            "delta":{"type":"input_json_delta","partial_json":piece}})
        },
        |piece| serde_json::json!({"choices":[{"index":0,"delta":{"content":piece}}]}),
        |piece| {
            serde_json::json!({"choices":[{"index":0,"delta":{"tool_calls":[
            {"index":0,"function":{"arguments":piece}}]}}]})
        },
        |piece| {
            serde_json::json!({"type":"response.output_text.delta","item_id":"a",
            "output_index":0,"content_index":0,"delta":piece})
        },
    ];
    let said = |value: &Value| -> String {
        let places = [
            "/delta/text",
            "/delta/partial_json",
            "/choices/0/delta/content",
            "/choices/0/delta/tool_calls/0/function/arguments",
            "/delta",
        ];
        let found = places.iter().find_map(|at| value.pointer(at)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    for form in forms {
        for length in [1, 2, 3, 7, 50] {
            let letters: Vec<char> = text.chars().collect();
            let mut stream = String::new();
            for piece in letters.chunks(length) {
                let piece: String = piece.iter().collect();
                write!(stream, "event: x\ndata: {}\n\n", form(&piece)).unwrap();
                // Something else in between is not part of it.
                stream.push_str("event: ping\ndata: {\"type\":\"ping\"}\n\n");
            }
            let told = redact(&stream);
            let values = told.lines().filter_map(|line| line.strip_prefix("data: "));
            let values: Vec<Value> = values.map(|v| serde_json::from_str(v).unwrap()).collect();
            assert_eq!(values.len(), 2 * letters.len().div_ceil(length));
            let heard: String = values.iter().map(said).collect();
            assert_eq!(heard, "the key is [redacted:provider_key], keep it");
        }
    }
}

#[test]
fn pieces_of_different_places_are_not_read_together() {
    let event = |index: usize, text: &str| {
        format!("data: {{\"index\":{index},\"delta\":{{\"text\":\"{text}\"}}}}\n\n")
    };
    let stream = event(0, "sk-ant-") + &event(1, RANDOM);
    assert_eq!(redact(&stream), stream);
}

#[test]
fn a_stream_that_is_cut_loses_its_last_line() {
    let stream = "data: {\"delta\":{\"text\":\"a\"}}\n\ndata: {\"delta\":{\"te";
    assert_eq!(redact(stream), "data: {\"delta\":{\"text\":\"a\"}}\n\n");
    let whole = "data: {\"a\":1}\n\ndata: {\"b\":2}";
    assert_eq!(redact(whole), whole);
}

/// Each of these would take minutes if every place were looked at to the end of the text.
#[test]
fn no_text_takes_time_without_end() {
    let nearly = [
        "token=a.",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY",
        "eyJa.",
        "sk-",
        "bearer ",
        "password: \\\"",
        "://a:",
        "a:b@",
        "\\",
        "\"",
    ];
    for piece in nearly {
        let text = piece.repeat((1 << 18) / piece.len());
        for start in ["", "{", "data: "] {
            let _ = redact(&format!("{start}{text}"));
        }
    }
}

proptest! {
    /// Whatever the text, and whatever surrounds it, JSON stays JSON of the same shape.
    #[test]
    fn json_stays_json(words in proptest::collection::vec(any::<String>(), 0..6), at in 0usize..16) {
        let (_, secret) = secrets().swap_remove(at);
        let body = serde_json::json!({"a": words, "b": [secret, {"token": secret}], "c": 1.5});
        let told: Value = serde_json::from_str(&redact(&body.to_string())).unwrap();
        prop_assert!(!told.to_string().contains(RANDOM));
        prop_assert_eq!(told["a"].as_array().unwrap().len(), words.len());
        prop_assert_eq!(&told["c"], &body["c"]);
    }

    /// No text makes it fail, cut wherever it is.
    #[test]
    fn any_text_is_taken(text in ".{0,200}") {
        for prefix in ["", "{\"", "data: {\"", "[", "-----BEGIN PRIVATE KEY-----", "x://a:"] {
            let _ = redact(&format!("{prefix}{text}"));
        }
    }
}
