//! What the model thought and what it called.

use serde_json::json;

use super::{read, refused_at, said};
use crate::conversation::{CacheMark, Origin, Part, Token};

#[test]
fn thoughts_keep_their_tokens() {
    let ours = Token::fresh(Origin::Cipher, "rs_1", "gAAA==").seal("openai");
    let bytes = said(
        "assistant",
        json!([
            {"type": "thinking", "thinking": "Hm", "signature": ours},
            {"type": "redacted_thinking", "data": ours},
            {"type": "redacted_thinking", "data": "Emw"},
            {"type": "thinking", "thinking": "no proof", "signature": ""},
            {"type": "thinking", "thinking": "no proof"},
        ]),
    );
    let request = read(&bytes);
    let tokens: Vec<_> = request.turns[0]
        .parts
        .iter()
        .map(|part| match part {
            Part::Thought(thought) => thought.token.clone(),
            _ => panic!("no thought"),
        })
        .collect();
    let Some(opened) = &tokens[0] else {
        panic!("no token")
    };
    assert!(opened.origin == Origin::Cipher && opened.item == "rs_1" && opened.value == "gAAA==");
    assert_eq!(opened.vendor.as_deref(), Some("openai"));
    assert!(tokens[1] == tokens[0]);
    assert!(tokens[2] == Some(Token::fresh(Origin::Redacted, "", "Emw")));
    assert!(tokens[3].is_none() && tokens[4].is_none());
    refused_at(
        &said("assistant", json!([{"type": "redacted_thinking"}])),
        "messages[0].content[0].data",
    );
}

#[test]
fn calls_need_an_id_a_name_and_an_object() {
    let call = |extra: serde_json::Value| {
        let mut call = json!({"type": "tool_use", "id": "t", "name": "n", "input": {}});
        call.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        said("assistant", json!([call]))
    };
    refused_at(&call(json!({"id": null})), "messages[0].content[0].id");
    refused_at(&call(json!({"name": null})), "messages[0].content[0].name");
    refused_at(
        &call(json!({"input": "{}"})),
        "messages[0].content[0].input",
    );
    let bytes = call(json!({"input": null, "cache_control": {"type": "ephemeral"}}));
    let request = read(&bytes);
    let [Part::Call(call)] = request.turns[0].parts.as_slice() else {
        panic!("no call")
    };
    assert!(call.input == "{}" && call.cache == Some(CacheMark::Short));
}

#[test]
fn inputs_are_compact() {
    for (input, compact, borrowed) in [
        (r#"{ "a b": [1, 2]}"#, r#"{"a b":[1,2]}"#, false),
        (r#"{"a":" b "}"#, r#"{"a":" b "}"#, true),
    ] {
        let bytes = format!(
            r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"assistant","content":[
                {{"type":"tool_use","id":"t","name":"n","input":{input}}}]}}]}}"#
        );
        let request = read(bytes.as_bytes());
        let Part::Call(call) = &request.turns[0].parts[0] else {
            panic!("no call")
        };
        assert_eq!(call.input, compact);
        assert_eq!(
            matches!(call.input, std::borrow::Cow::Borrowed(_)),
            borrowed
        );
    }
}
