//! One test for each form of item.

use super::*;
use crate::conversation::{Origin, Token};

#[test]
fn a_string_is_the_users() {
    assert_eq!(said(&json!("hello")), ["user: text hello"]);
}

#[test]
fn instructions_and_leading_messages_are_the_system_prompt() {
    let members = json!({"instructions": "one", "input": [
        {"role": "developer", "content": "two"},
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "three"},
                                                          {"type": "text", "text": "four"}]},
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": "later"},
    ]});
    let body = body(&members);
    assert_eq!(
        turns(&decode(body.as_bytes()).unwrap()),
        [
            "instructions: one",
            "instructions: two",
            "instructions: three",
            "instructions: four",
            "user: text hi",
            "system: text later",
        ]
    );
}

#[test]
fn messages_of_the_user_hold_texts_images_and_files() {
    let lines = said(&json!([{"role": "user", "content": [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "high"},
        {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "auto"},
        {"type": "input_image", "image_url": "DATA:image/svg+xml;charset=utf-8;BASE64,PHN2"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        {"type": "input_file", "filename": "b.pdf", "file_data": "JVBERi0x"},
        {"type": "input_file", "file_url": "https://e.org/c.pdf"},
    ]}]));
    assert_eq!(
        lines,
        [
            "user: text look",
            "user: image image/png iVBO detail Some(\"high\")",
            "user: image https://e.org/a.png detail None",
            "user: image image/svg+xml PHN2 detail None",
            "user: document application/pdf JVBE title Some(\"a.pdf\")",
            "user: document application/pdf JVBERi0x title Some(\"b.pdf\")",
            "user: document https://e.org/c.pdf title None",
        ]
    );
}

#[test]
fn messages_of_the_model_hold_texts_and_refusals() {
    let items = json!([
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
         "content": [{"type": "output_text", "text": "well", "annotations": [], "logprobs": []}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"},
            {"type": "output_text", "text": "cited", "annotations": [{"type": "url_citation"}]}]},
        {"role": "assistant", "content": "short"},
        {"role": "assistant", "content": []},
    ]);
    assert_eq!(
        said(&items),
        [
            "assistant: text well",
            "assistant: refusal no",
            "assistant: text cited",
            "assistant: text short",
        ]
    );
    assert_eq!(lost(&json!({"input": items})), "citations,phase");
}

#[test]
fn calls_and_outputs() {
    let lines = said(&json!([
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\": 1}"},
        {"type": "function_call", "call_id": "c2", "name": "g", "namespace": "n", "arguments": ""},
        {"type": "custom_tool_call", "call_id": "c3", "name": "p", "input": "*** Begin\n"},
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
        {"type": "function_call_output", "call_id": "c2", "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,iVBO"}]},
        {"type": "custom_tool_call_output", "call_id": "c3", "output": [
            {"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        {"type": "function_call_output", "call_id": "c4", "output": null},
    ]));
    assert_eq!(
        lines,
        [
            "assistant: call c1 function f {\"a\": 1}",
            "assistant: call c2 function n/g {}",
            "assistant: call c3 freeform p *** Begin\n",
            "user: outcome c1 Function [text done]",
            "user: outcome c2 Function [text see | image image/png iVBO detail None]",
            "user: outcome c3 Freeform [text a | text b]",
            "user: outcome c4 Function []",
        ]
    );
}

#[test]
fn arguments_that_are_no_object_are_kept_in_one() {
    for (written, kept) in [
        ("{\"a\": ", r#"{"arguments":"{\"a\": "}"#),
        ("[1]", r#"{"arguments":"[1]"}"#),
        (" \n", "{}"),
        (" {} ", " {} "),
    ] {
        let item =
            json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": written});
        assert_eq!(
            said(&json!([item])),
            [format!("assistant: call c function f {kept}")]
        );
    }
}

#[test]
fn reasoning_with_a_cipher_a_foreign_proof_or_its_words_alone() {
    let signature = Token::fresh(Origin::Signature, "", "EqQB").seal("anthropic");
    let redacted = Token::fresh(Origin::Redacted, "", "xyz").seal("anthropic");
    let lines = said(&json!([
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"},
            {"type": "summary_text", "text": "b"}], "content": null, "encrypted_content": "gAAA"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": signature,
         "content": [{"type": "reasoning_text", "text": "c"}]},
        {"type": "reasoning", "summary": [], "encrypted_content": redacted},
        {"type": "reasoning", "id": "rs_4", "summary": [{"type": "summary_text", "text": "d"}]},
        {"type": "reasoning", "id": "rs_5", "summary": [], "encrypted_content": null},
    ]));
    assert_eq!(
        lines,
        [
            "assistant: thought \"a\\n\\nb\" Cipher of ? item rs_1 value gAAA",
            "assistant: thought \"c\" Signature of anthropic item  value EqQB",
            "assistant: thought \"\" Redacted of anthropic item  value xyz",
            "assistant: thought \"d\" ",
        ]
    );
}

#[test]
fn web_searches() {
    let lines = said(&json!([
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search",
            "query": "rust", "sources": [{"type": "url", "url": "https://a.org"}]}},
        {"type": "web_search_call", "action": {"type": "search", "queries": ["one", "two"]}},
        {"type": "web_search_call", "action": {"type": "open_page", "url": "https://b.org"}},
        {"type": "web_search_call",
         "action": {"type": "find_in_page", "url": "https://b.org", "pattern": "x"}},
        {"type": "web_search_call", "id": "ws_5", "status": "failed"},
    ]));
    assert_eq!(
        lines,
        [
            "assistant: search \"rust\" -> [https://a.org]",
            "assistant: search \"one\" -> []",
            "assistant: search \"\" -> [https://b.org]",
            "assistant: search \"x\" -> [https://b.org]",
            "assistant: search \"\" -> []",
        ]
    );
}

#[test]
fn a_search_for_tools_by_the_vendor_leaves_its_tools() {
    let members = json!({"input": [
        {"type": "tool_search_call", "execution": "server", "call_id": null, "arguments": {"paths": ["x"]}},
        {"type": "tool_search_output", "execution": "server", "call_id": null,
         "tools": [{"type": "function", "name": "f", "defer_loading": true, "parameters": {}}]},
        {"role": "user", "content": "hi"},
    ]});
    let body = body(&members);
    let request = decode(body.as_bytes()).unwrap();
    assert_eq!(turns(&request), ["user: text hi"]);
    assert_eq!(tool_lines(&request), ["function f schema"]);
    assert_eq!(losses(&request), "tool_search");
}
