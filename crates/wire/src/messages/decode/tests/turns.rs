//! Turns and blocks, and a whole body as the largest client sends it.

use serde_json::json;

use super::{body, losses, read, refused, refused_at, said};
use crate::conversation::{
    CacheMark, Effort, Kind, Origin, Part, Request, Role, Said, Thinking, Token, Tool,
};
use crate::loss::Loss;

fn only<'r, 'a>(request: &'r Request<'a>) -> &'r Part<'a> {
    assert_eq!((request.turns.len(), request.turns[0].parts.len()), (1, 1));
    &request.turns[0].parts[0]
}

#[test]
fn a_coding_agents_request_is_read_whole() {
    let attribution = "x-anthropic-billing-header: cc_version=2.1.330.abc; cc_entrypoint=cli;";
    let mark = json!({"type": "ephemeral"});
    let bytes = serde_json::to_vec(&json!({
        "model": "claude-opus-5-5",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "List \"files\"\n"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "EqQB+/="},
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
                {"type": "tool_use", "id": "toolu_2", "name": "Read", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb"},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true,
                 "content": [{"type": "text", "text": "no"}], "cache_control": mark}]},
            {"role": "system", "content": "Be brief."}],
        "system": [
            {"type": "text", "text": attribution},
            {"type": "text", "text": "You are an agent.", "cache_control": mark},
            {"type": "text", "text": "More.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "tools": [
            {"name": "Bash", "description": "Runs", "input_schema": {"type": "object"}},
            {"name": "Later", "input_schema": {"type": "object"}, "defer_loading": true}],
        "metadata": {"user_id": "{\"device_id\":\"d\"}"},
        "max_tokens": 128_000,
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": true,
    }))
    .unwrap();
    let request = read(&bytes);
    assert!(request.model == "claude-opus-5-5" && request.stream);
    assert_eq!(request.max_output, Some(128_000));
    assert!(request.system[0].text == attribution && request.system[0].cache.is_none());
    let marks: Vec<_> = request.system.iter().map(|passage| passage.cache).collect();
    assert_eq!(marks, [None, Some(CacheMark::Short), Some(CacheMark::Hour)]);
    let roles: Vec<_> = request.turns.iter().map(|turn| turn.role).collect();
    assert_eq!(
        roles,
        [Role::User, Role::Assistant, Role::User, Role::System]
    );
    let [
        Part::Thought(thought),
        Part::Text(text),
        Part::Call(bash),
        Part::Call(read),
    ] = request.turns[1].parts.as_slice()
    else {
        panic!("other parts")
    };
    assert!(thought.text.is_empty());
    assert!(thought.token == Some(Token::fresh(Origin::Signature, "", "EqQB+/=")));
    assert!(text.text == "Looking." && bash.id == "toolu_1" && bash.tool.name == "Bash");
    assert_eq!((&*bash.input, &*read.input), (r#"{"command":"ls"}"#, "{}"));
    let [Part::Outcome(good), Part::Outcome(bad)] = request.turns[2].parts.as_slice() else {
        panic!("other parts")
    };
    assert!(good.parts == [Part::text("a\nb")] && !good.is_error && good.kind == Kind::Function);
    assert!(bad.parts == [Part::text("no")] && bad.is_error);
    assert_eq!((good.cache, bad.cache), (None, Some(CacheMark::Short)));
    assert!(request.turns[3].parts == [Part::text("Be brief.")]);
    let [Tool::Client(bash), Tool::Client(later)] = request.tools.as_slice() else {
        panic!("other tools")
    };
    assert!(!bash.deferred && later.deferred && bash.strict.is_none());
    assert_eq!(bash.schema.as_ref().unwrap().get(), r#"{"type":"object"}"#);
    assert_eq!(request.user.as_deref(), Some("{\"device_id\":\"d\"}"));
    assert_eq!(request.reasoning.thinking, Some(Thinking::Adaptive));
    assert_eq!(request.reasoning.effort, Some(Effort::High));
    assert_eq!(request.reasoning.shown, Some(false));
    assert_eq!(losses(&request), [Loss::ContextManagement]);
}

#[test]
fn texts_without_escapes_are_not_copied() {
    let bytes = said("user", json!([{"type": "text", "text": "plain"}]));
    let request = read(&bytes);
    let Part::Text(Said { text, .. }) = only(&request) else {
        panic!("no text")
    };
    assert!(matches!(text, std::borrow::Cow::Borrowed("plain")));
}

#[test]
fn a_message_is_of_a_known_speaker_and_has_content() {
    let message = |message| body(json!({"messages": [{"role": "user", "content": "a"}, message]}));
    refused_at(
        &message(json!({"role": "tool", "content": "x"})),
        "messages[1].role",
    );
    refused_at(&message(json!({"content": "x"})), "messages[1].role");
    refused_at(&message(json!({"role": "user"})), "messages[1].content");
    refused_at(
        &message(json!({"role": "user", "content": {"type": "text"}})),
        "messages[1].content",
    );
}

#[test]
fn instructions_are_text_only() {
    let image = json!([{"type": "text", "text": "a"}, {"type": "image"}]);
    refused_at(&body(json!({"system": image})), "system[1].type");
    refused_at(&said("system", image), "messages[0].content[1].type");
    let bytes = body(json!({"system": ""}));
    assert!(read(&bytes).system.is_empty());
}

#[test]
fn unknown_blocks_are_refused_by_name() {
    let (path, message) = refused(&said("assistant", json!([{"type": "hologram"}])));
    assert_eq!(path, "messages[0].content[0].type");
    assert!(message.contains("`hologram`"), "{message}");
    let (_, message) = refused(&said("user", json!([{"type": "my secret text"}])));
    assert!(!message.contains("secret"));
    refused_at(
        &said("user", json!([{"text": "x"}])),
        "messages[0].content[0].type",
    );
    refused_at(
        &said("user", json!([{"type": "container_upload"}])),
        "messages[0].content[0].type",
    );
    for kind in [
        "code_execution_tool_result",
        "web_fetch_tool_result",
        "mcp_tool_use",
    ] {
        let content = json!([{"type": kind, "content": {"type": "x", "url": 5}}]);
        refused_at(&said("assistant", content), "messages[0].content[0].type");
    }
}

#[test]
fn blocks_of_the_other_speaker_are_refused() {
    let image = json!({"type": "image", "source": {"type": "url", "url": "https://x"}});
    refused_at(
        &said("assistant", json!([image])),
        "messages[0].content[0].type",
    );
    for kind in [
        "tool_use",
        "thinking",
        "redacted_thinking",
        "server_tool_use",
    ] {
        refused_at(
            &said("user", json!([{"type": kind}])),
            "messages[0].content[0].type",
        );
    }
}

#[test]
fn citations_are_a_loss_only_if_there_are_any() {
    for (citations, lost) in [
        (json!([]), false),
        (json!(null), false),
        (json!([{"type": "char_location", "cited_text": "x"}]), true),
    ] {
        let bytes = said(
            "assistant",
            json!([{"type": "text", "text": "a", "citations": citations}]),
        );
        assert_eq!(read(&bytes).losses.contains(Loss::Citations), lost);
    }
}

#[test]
fn a_mark_on_the_request_goes_to_its_last_part() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let bytes = body(json!({"cache_control": mark}));
    let request = read(&bytes);
    let Part::Text(text) = only(&request) else {
        panic!("no text")
    };
    assert_eq!(text.cache, Some(CacheMark::Hour));
    let bytes = body(json!({"cache_control": mark, "messages": [
        {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "x"}]}]}));
    assert_eq!(losses(&read(&bytes)), [Loss::CacheControl]);
}
