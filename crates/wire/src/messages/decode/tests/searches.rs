//! Tools that the vendor ran in the model's turn.

use serde_json::json;

use super::{losses, read, refused, refused_at, said};
use crate::conversation::Part;
use crate::loss::Loss;

#[test]
fn searches_are_put_together_from_their_two_blocks() {
    let page = json!({"type": "web_search_result", "url": "https://a", "title": "A",
        "encrypted_content": "E"});
    let bytes = said(
        "assistant",
        json!([
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q1"}},
            {"type": "server_tool_use", "id": "s2", "name": "web_search", "input": {"query": "q2"}},
            {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [page]},
            {"type": "web_search_tool_result", "tool_use_id": "s2",
             "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"}},
            {"type": "web_search_tool_result", "tool_use_id": "earlier", "content": [page]},
        ]),
    );
    let request = read(&bytes);
    let found: Vec<_> = request.turns[0]
        .parts
        .iter()
        .map(|part| match part {
            Part::Search(found) => (&*found.id, &*found.query, found.hits.len()),
            _ => panic!("no search"),
        })
        .collect();
    assert_eq!(
        found,
        [("s1", "q1", 1), ("s2", "q2", 0), ("earlier", "", 1)]
    );
    let text = json!([{"type": "web_search_tool_result", "tool_use_id": "s", "content": "x"}]);
    refused_at(&said("assistant", text), "messages[0].content[0].content");
}

#[test]
fn other_tools_of_the_vendor_are_refused_unless_they_only_find_tools() {
    let (path, message) = refused(&said(
        "assistant",
        json!([{"type": "server_tool_use", "id": "s", "name": "code_execution", "input": {}}]),
    ));
    assert_eq!(path, "messages[0].content[0].name");
    assert!(message.contains("`code_execution`"));
    let bytes = said(
        "assistant",
        json!([
            {"type": "server_tool_use", "id": "s", "name": "tool_search_tool_regex", "input": {}},
            {"type": "tool_search_tool_result", "tool_use_id": "s", "content": {"type": "x"}},
            {"type": "text", "text": "Found it."},
        ]),
    );
    let request = read(&bytes);
    assert!(request.turns[0].parts == [Part::text("Found it.")]);
    assert_eq!(losses(&request), [Loss::ToolSearch]);
}
