//! Calls, thoughts and searches.

use super::*;

#[test]
fn items_that_all_have_the_place_0_are_told_apart() {
    let of = |mut event: Value, id: &str| {
        event["item_id"] = id.into();
        event
    };
    let thought = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    let call = |id: &str| json!({"type": "function_call", "id": id, "call_id": id, "name": "f"});
    let said = answer(&middle(vec![
        added(0, &thought),
        done(0, &thought),
        added(0, &json!({"type": "message", "id": "msg_1"})),
        of(delta("output_text", 0, "x"), "msg_1"),
        done(0, &message("x")),
        added(0, &call("fc_1")),
        of(delta("function_call_arguments", 0, "{}"), "fc_1"),
        done(0, &call("fc_1")),
        done(0, &call("fc_2")),
    ]));
    let texts: Vec<&str> = said.blocks.iter().map(|block| &*block.text).collect();
    assert_eq!(texts, ["x", "{}", ""]);
    // An item that is not done keeps its place for itself.
    let message = added(0, &json!({"type": "message", "id": "msg_1"}));
    assert!(events(&middle(vec![message, added(0, &thought)])).is_err());
}

#[test]
fn calls_without_an_id_of_their_own_have_none() {
    let call =
        |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let said = answer(&middle(vec![
        done(0, &call("a")),
        done(1, &call("a")),
        done(2, &call("")),
    ]));
    let ids: Vec<&str> = said
        .blocks
        .iter()
        .map(|block| match &block.content {
            Content::Call { id, .. } => id.as_str(),
            _ => "not a call",
        })
        .collect();
    assert_eq!(ids, ["a", "", ""]);
}

#[test]
fn a_call_is_never_told_twice() {
    let mut renamed = function("{}");
    renamed["id"] = json!("fc_other");
    let answer = answer(&[
        created(),
        added(4, &function("")),
        delta("function_call_arguments", 4, "{}"),
        done(4, &renamed),
        completed(&json!([renamed])),
    ]);
    assert_eq!(answer.blocks.len(), 1);
    assert_eq!(answer.blocks[0].text, "{}");
}

#[test]
fn calls_are_read_with_their_namespace_and_kind() {
    let mut spaced = function("");
    spaced["namespace"] = json!("agents");
    let custom = json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "exec", "input": ""});
    let answer = answer(&middle(vec![
        added(0, &spaced),
        added(1, &custom),
        delta("function_call_arguments", 0, "{\"a\""),
        delta("custom_tool_call_input", 1, "let x"),
        delta("function_call_arguments", 0, ":1}"),
        json!({"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{\"a\":1}"}),
        done(0, &spaced),
        done(1, &custom),
    ]));
    let call = |at: usize| match &answer.blocks[at].content {
        Content::Call { id, tool } => (id.clone(), tool.clone()),
        _ => panic!("a call"),
    };
    let (id, tool) = call(0);
    assert_eq!(id, "call_1");
    assert_eq!(
        (&*tool.name, tool.namespace.as_deref()),
        ("shell", Some("agents"))
    );
    assert_eq!(tool.kind, Kind::Function);
    assert_eq!(answer.blocks[0].text, "{\"a\":1}");
    assert_eq!(call(1).1.kind, Kind::Freeform);
    assert_eq!(answer.blocks[1].text, "let x");
}

#[test]
fn arguments_may_come_whole() {
    for ending in [
        json!({"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{\"a\":1}"}),
        done(0, &function("{\"a\":1}")),
    ] {
        let answer = answer(&middle(vec![added(0, &function("")), ending]));
        assert_eq!(answer.blocks[0].text, "{\"a\":1}");
    }
    let empty = answer(&middle(vec![
        added(0, &function("")),
        done(0, &function("")),
    ]));
    assert_eq!(empty.blocks[0].text, "");
}

#[test]
fn summary_parts_are_one_thought_and_the_last_cipher_counts() {
    let summary = |place: usize, text: &str| {
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": place,
            "delta": text})
    };
    let answer = answer(&middle(vec![
        added(
            0,
            &json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "provisional"}),
        ),
        summary(0, "one"),
        summary(0, "!"),
        summary(1, "two"),
        done(
            0,
            &json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "final", "summary": [
            {"type": "summary_text", "text": "one!"}, {"type": "summary_text", "text": "two"},
            {"type": "summary_text", "text": "three"}]}),
        ),
    ]));
    let thought = &answer.blocks[0];
    assert_eq!(thought.text, "one!\n\ntwo\n\nthree");
    let token = thought.token.as_ref().unwrap();
    assert_eq!(token.origin, Origin::Cipher);
    assert_eq!((&*token.item, &*token.value), ("rs_1", "final"));
}

#[test]
fn a_thought_is_its_summary_or_its_content() {
    let open = json!({"type": "reasoning", "id": "rs_1", "summary": [],
        "content": [{"type": "reasoning_text", "text": "hm"}]});
    let answer = answer(&middle(vec![
        added(0, &json!({"type": "reasoning", "id": "rs_1"})),
        delta("reasoning_text", 0, "hm"),
        delta("reasoning_summary_text", 0, "in short: hm"),
        done(0, &open),
        done(1, &open),
    ]));
    let texts: Vec<_> = answer.blocks.iter().map(|block| &*block.text).collect();
    assert_eq!(texts, ["hm", "hm"]);
}

#[test]
fn a_thought_without_text_keeps_its_cipher_and_one_without_both_is_nothing() {
    let answer = answer(&middle(vec![
        done(
            0,
            &json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c"}),
        ),
        done(
            1,
            &json!({"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": null}),
        ),
    ]));
    assert_eq!(answer.blocks.len(), 1);
    assert_eq!(answer.blocks[0].text, "");
    assert_eq!(answer.blocks[0].token.as_ref().unwrap().value, "c");
}

#[test]
fn web_searches_are_read_and_other_hosted_items_skipped() {
    let answer = answer(&middle(vec![
        added(
            0,
            &json!({"type": "web_search_call", "id": "ws_1", "status": "in_progress"}),
        ),
        json!({"type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"}),
        done(
            0,
            &json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action":
            {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://e.example/"}]}}),
        ),
        done(
            1,
            &json!({"type": "web_search_call", "id": "ws_2", "action": {"type": "open_page", "url": "u"}}),
        ),
        done(
            2,
            &json!({"type": "web_search_call", "id": "ws_3", "action": {"type": "search", "queries": ["r"]}}),
        ),
        added(
            3,
            &json!({"type": "image_generation_call", "id": 7, "action": "generate"}),
        ),
        json!({"type": "response.image_generation_call.partial_image", "output_index": 3, "delta": {}}),
        delta("output_text", 3, "of something new"),
        done(3, &json!({"type": "image_generation_call", "result": "…"})),
    ]));
    let queries: Vec<_> = answer.blocks.iter().map(|block| &*block.text).collect();
    assert_eq!(queries, ["q", "r"]);
    assert_eq!(answer.blocks[0].sources[0].url, "https://e.example/");
}
