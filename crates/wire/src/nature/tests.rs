use super::*;

const USER: Nature = Nature {
    agent: false,
    pictures: false,
};
const AGENT: Nature = Nature {
    agent: true,
    pictures: false,
};

fn seeing(nature: Nature) -> Nature {
    Nature {
        pictures: true,
        ..nature
    }
}

fn cases() -> Vec<(&'static str, Nature)> {
    vec![
        // Chat.
        (r#"{"messages":[{"role":"user","content":"hi"}]}"#, USER),
        (
            r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]}"#,
            USER,
        ),
        (
            r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"and?"}]}"#,
            USER,
        ),
        (
            r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"1"}]},{"role":"tool","tool_call_id":"1","content":"x"}]}"#,
            AGENT,
        ),
        (
            r#"{"messages":[{"role":"user","content":"hi"},{"role":"tool","content":"x"},{"role":"developer","content":"now"}]}"#,
            AGENT,
        ),
        (
            r#"{"messages":[{"content":[{"text":"see","type":"text"},{"image_url":{"url":"data:,"},"type":"image_url"}],"role":"user"}]}"#,
            seeing(USER),
        ),
        // Messages.
        (
            r#"{"system":[{"type":"image"}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#,
            USER,
        ),
        (
            r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","input":{"type":"image","role":"user"}}]},{"role":"user","content":[{"type":"tool_result","content":"x"},{"type":"text","text":"reminder"}]}]}"#,
            AGENT,
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"source":{"data":"AAAA"},"type":"image"}]}]}]}"#,
            seeing(AGENT),
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image"}]},{"role":"assistant","content":"a"}]}"#,
            seeing(AGENT),
        ),
        // Responses.
        (r#"{"input":"hi"}"#, USER),
        (
            r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#,
            USER,
        ),
        (
            r#"{"input":[{"type":"message","role":"user","content":"hi"},{"type":"function_call","name":"f"},{"type":"function_call_output","output":"x"}]}"#,
            AGENT,
        ),
        (
            r#"{"input":[{"type":"function_call_output","output":[{"type":"input_image","image_url":"data:,"}]}]}"#,
            seeing(AGENT),
        ),
        (
            r#"{"input":[{"type":"computer_call_output","output":{"type":"computer_screenshot"}},{"type":"message","role":"user","content":"go on"}]}"#,
            seeing(USER),
        ),
        // Tools may well describe pictures.
        (
            r#"{"tools":[{"type":"image"}],"messages":[{"role":"user","content":"{\"type\":\"image\"}"}]}"#,
            USER,
        ),
        // No conversation.
        (r#"{"model":"m"}"#, USER),
        ("[]", USER),
        ("", USER),
        (r#"{"messages":7}"#, USER),
    ]
}

#[test]
fn a_conversation_shows_who_carries_it_on_and_whether_there_are_pictures() {
    for (body, expected) in cases() {
        assert_eq!(nature([body.as_bytes()]), expected, "{body}");
    }
}

#[test]
fn it_does_not_matter_how_a_body_is_cut() {
    for (body, expected) in cases() {
        for size in 1..body.len() {
            let chunks = body.as_bytes().chunks(size);
            assert_eq!(nature(chunks), expected, "{body} by {size}");
        }
    }
}
