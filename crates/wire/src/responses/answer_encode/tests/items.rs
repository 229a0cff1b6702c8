//! The oddities of single items.

use super::*;

#[test]
fn texts_in_a_row_are_parts_of_one_message_until_something_else_comes() {
    let output = output(vec![
        open(0, Opening::Text),
        Event::delta(0, "a"),
        close(0),
        open(1, Opening::Text),
        Event::delta(1, "b"),
        close(1),
        call(2, Kind::Function),
        close(2),
        open(3, Opening::Text),
        Event::delta(3, "c"),
        close(3),
    ]);
    assert_eq!(output.as_array().unwrap().len(), 3);
    assert_eq!(output[0]["content"][1]["text"], "b");
    assert_eq!(output[0]["content"][1]["logprobs"], json!([]));
    assert_eq!(output[2]["content"][0]["text"], "c");
    assert_eq!(output[2]["id"], "msg_0192-7f_2");
}

#[test]
fn a_call_without_input_has_an_empty_object() {
    for (kind, member, empty) in [
        (Kind::Function, "arguments", json!("{}")),
        (Kind::ToolSearch, "arguments", json!({})),
        (Kind::Freeform, "input", json!("")),
    ] {
        let output = output(vec![call(0, kind), close(0)]);
        assert_eq!(output[0][member], empty, "{kind:?}");
        assert_eq!(output[0]["call_id"], "call_0");
    }
}

#[test]
fn a_tool_search_carries_its_arguments_as_an_object() {
    let search = |input: &'static str| {
        output(vec![
            call(0, Kind::ToolSearch),
            Event::delta(0, input),
            close(0),
        ])
    };
    let whole = search("{\"query\":\n\"x\"}");
    assert_eq!(whole[0]["type"], "tool_search_call");
    assert_eq!(whole[0]["execution"], "client");
    assert_eq!(whole[0]["arguments"], json!({"query": "x"}));
    assert_eq!(search("{\"query\":")[0]["arguments"], "{\"query\":");
}

#[test]
fn a_call_names_its_namespace() {
    let tool = ToolName {
        name: "spawn".into(),
        namespace: Some("agents".into()),
        kind: Kind::Function,
    };
    let id = "call_1".into();
    let output = output(vec![open(0, Opening::Call { id, tool }), close(0)]);
    assert_eq!(output[0]["namespace"], "agents");
    assert_eq!(output[0]["name"], "spawn");
}

#[test]
fn thoughts_keep_their_token_and_what_may_be_read() {
    let token = Token::fresh(Origin::Signature, "", "sig");
    let thought = vec![
        open(0, Opening::Thought),
        Event::delta(0, "hm"),
        Event::Seal {
            block: 0,
            token: token.clone(),
        },
        close(0),
    ];
    let shown = output(thought.clone());
    assert_eq!(shown[0]["summary"][0]["text"], "hm");
    assert_eq!(shown[0]["encrypted_content"], token.seal("anthropic"));
    let hiding = Reply {
        show_thoughts: false,
        ..reply()
    };
    let hidden = response(thought, StopReason::EndTurn, &hiding);
    assert_eq!(hidden["output"][0]["summary"], json!([]));
    assert_eq!(
        hidden["output"][0]["encrypted_content"],
        token.seal("anthropic")
    );
}

#[test]
fn thoughts_without_a_token_say_so_and_empty_ones_are_left_out() {
    let thought = |text: &'static str| {
        vec![
            open(0, Opening::Thought),
            Event::delta(0, text),
            close(0),
            open(1, Opening::Text),
            Event::delta(1, "x"),
            close(1),
        ]
    };
    assert_eq!(output(thought("hm"))[0]["encrypted_content"], Value::Null);
    assert_eq!(output(thought(""))[0]["type"], "message");
    let hiding = Reply {
        show_thoughts: false,
        ..reply()
    };
    // What the caller does not want to read comes back all the same.
    let hidden = response(thought("hm"), StopReason::EndTurn, &hiding);
    let kept = Token::fresh(Origin::Unsigned, "", "hm").seal(&hiding.vendor);
    assert_eq!(hidden["output"][0]["summary"], json!([]));
    assert_eq!(hidden["output"][0]["encrypted_content"], kept.as_str());
    let mut marked = thought("hm");
    marked.insert(
        2,
        Event::Seal {
            block: 0,
            token: Token::fresh(Origin::Unsigned, "", ""),
        },
    );
    let hidden = response(marked, StopReason::EndTurn, &hiding);
    assert_eq!(hidden["output"][0]["encrypted_content"], kept.as_str());
}

#[test]
fn a_silent_thought_keeps_its_place_before_what_follows() {
    let output = output(vec![
        open(0, Opening::Thought),
        open(1, Opening::Text),
        Event::delta(1, "x"),
        Event::Seal {
            block: 0,
            token: Token::fresh(Origin::Redacted, "", "data"),
        },
        close(0),
        close(1),
    ]);
    assert_eq!(output[0]["type"], "reasoning");
    assert_eq!(output[0]["summary"], json!([]));
    assert_eq!(output[1]["type"], "message");
}

#[test]
fn sources_and_searches_are_told() {
    let hit = Hit {
        url: "https://e.example/".into(),
        title: "E".into(),
    };
    let output = output(vec![
        Event::Searched {
            id: "srvtoolu_1".into(),
            query: "q".into(),
            hits: vec![hit.clone()],
        },
        open(0, Opening::Text),
        Event::delta(0, "né"),
        Event::Cite {
            block: 0,
            source: hit,
        },
        close(0),
    ]);
    assert_eq!(output[0]["action"]["query"], "q");
    assert_eq!(
        output[0]["action"]["sources"][0]["url"],
        "https://e.example/"
    );
    let citation = &output[1]["content"][0]["annotations"][0];
    assert_eq!(citation["type"], "url_citation");
    assert_eq!(citation["title"], "E");
    assert_eq!(citation["end_index"], 2);
}

#[test]
fn the_item_at_which_an_answer_is_cut_is_incomplete() {
    let blocks = vec![
        call(0, Kind::Function),
        Event::delta(0, "{}"),
        close(0),
        call(1, Kind::Freeform),
        Event::delta(1, "*** Begin Pat"),
        close(1),
    ];
    let response = response(blocks, StopReason::MaxTokens, &reply());
    assert_eq!(response["output"][0]["status"], "completed");
    assert_eq!(response["output"][1]["status"], "incomplete");
}

#[test]
fn an_item_is_done_before_the_next_begins() {
    let blocks = vec![
        call(0, Kind::Function),
        close(0),
        call(1, Kind::Function),
        close(1),
    ];
    let read = read(&stream(&answer(blocks, StopReason::ToolUse), &reply()));
    let items: Vec<_> = read
        .types
        .iter()
        .filter_map(|name| name.strip_prefix("response.output_item."))
        .collect();
    assert_eq!(items, ["added", "done", "added", "done"]);
}
