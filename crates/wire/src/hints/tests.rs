use super::*;

fn first(body: &str, size: usize) -> Option<String> {
    let chunks: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    let mut out = Vec::new();
    let found = first_user_message(&chunks, &mut |bytes| out.extend_from_slice(bytes));
    found.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn the_first_user_message_of_each_protocol_is_found() {
    let cases = [
        (
            r#"{"model":"m","messages":[{"role":"system","content":"s"},{"content":[{"text":"hé"}],"role":"user"},{"role":"user"}]}"#,
            Some(r#"{"content":[{"text":"hé"}],"role":"user"}"#),
        ),
        (
            r#"{"input":"say \"hi\"","model":"m"}"#,
            Some(r#""say \"hi\"""#),
        ),
        (
            r#"{"input":[{"type":"reasoning"},{"type":"message","role":"user","content":"x"}]}"#,
            Some(r#"{"type":"message","role":"user","content":"x"}"#),
        ),
        (
            r#"{"messages":[{"role":"user","content":"x"}, broken"#,
            Some(r#"{"role":"user","content":"x"}"#),
        ),
        (
            r#"{"messages":[{"role":"assistant"},{"a":{"role":"user"}}]}"#,
            None,
        ),
        (r#"{"input":["role","user"],"messages":null}"#, None),
        (r#"{"metadata":{"messages":[{"role":"user"}]}}"#, None),
        ("[]", None),
        ("", None),
    ];
    for (body, expected) in cases {
        for size in [1, 3, 10, 1000] {
            assert_eq!(first(body, size).as_deref(), expected, "{body} by {size}");
        }
    }
}

#[test]
fn claude_session_ids_are_read_in_both_forms() {
    let cases = [
        (
            r#"{"device_id":"ab","account_uuid":"","session_id":"0195-a"}"#,
            Some("0195-a"),
        ),
        ("user_ab12_account__session_1b-2c", Some("1b-2c")),
        ("user_ab12_account_9_session_x_session_1b", Some("1b")),
        (r#"{"session_id":7}"#, None),
        (r#"{"session_id":""}"#, None),
        (r#"{"device_id":"ab"}"#, None),
        (r#"{"session_id":"a b"}"#, None),
        ("somebody_session_1", None),
        ("user_1", None),
        ("", None),
    ];
    for (user_id, expected) in cases {
        assert_eq!(claude_session_id(user_id).as_deref(), expected, "{user_id}");
    }
    assert_eq!(
        claude_session_id(&format!("user_a_session_{}", "x".repeat(129))),
        None
    );
}
