//! What is written is read back as it was; whatever is read can be written.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::chat::decode;
use crate::conversation::Tool;
use crate::testing;

mod requests;

/// Everything that the vendor of the protocol takes.
const FULL: [Quirk; 4] = [
    Quirk::DeveloperRole,
    Quirk::ReasoningContent,
    Quirk::CustomTools,
    Quirk::OpenaiFields,
];

/// Whether two requests say the same.
fn assert_same(read: &Request<'_>, meant: &Request<'_>) {
    assert!(read.model == meant.model && read.system == meant.system);
    for (read, meant) in read.turns.iter().zip(&meant.turns) {
        assert!(read == meant, "a turn of {:?} differs", meant.role);
    }
    assert_eq!(read.turns.len(), meant.turns.len());
    let client = |tool: &Tool<'_>| match tool {
        Tool::Client(tool) => (
            tool.name.clone().into_owned(),
            tool.description.clone().map(Cow::into_owned),
            tool.schema.as_ref().map(|schema| schema.get().to_owned()),
            tool.strict,
            tool.grammar
                .as_ref()
                .map(|grammar| format!("{} {}", grammar.syntax, grammar.definition)),
        ),
        Tool::WebSearch(_) => panic!("nobody asked for a search"),
    };
    let read_tools: Vec<_> = read.tools.iter().map(client).collect();
    assert!(read_tools == meant.tools.iter().map(client).collect::<Vec<_>>());
    assert!(read.choice == meant.choice && read.parallel_calls == meant.parallel_calls);
    assert_eq!(
        (read.max_output, read.sampling),
        (meant.max_output, meant.sampling)
    );
    assert_eq!(read.stop, meant.stop);
    assert_eq!(read.format.is_some(), meant.format.is_some());
    assert_eq!(
        (read.reasoning, read.verbosity),
        (meant.reasoning, meant.verbosity)
    );
    assert_eq!(
        (&read.user, &read.service_tier),
        (&meant.user, &meant.service_tier)
    );
    assert_eq!(
        (&read.cache_key, &read.cache_retention),
        (&meant.cache_key, &meant.cache_retention)
    );
    assert_eq!((read.store, read.stream), (meant.store, meant.stream));
    assert_eq!(read.usage_in_stream, meant.usage_in_stream);
    assert!(read.losses.is_empty());
}

/// A body that uses every field.
fn corpus() -> Value {
    json!({
        "model": "m", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
            {"role": "user", "name": "bo", "content": [
                {"type": "text", "text": "hi", "prompt_cache_breakpoint": {}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
                {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aGk="}},
            ]},
            {"role": "assistant", "content": null, "refusal": "no", "reasoning": "hm", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
                {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "text"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "two"}]},
            {"role": "system", "content": "mind"},
            {"role": "assistant", "content": "ok", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "three"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
            {"type": "custom", "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "s"}}}},
        ],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "web_search_options": {"user_location": {"type": "approximate", "approximate": {}}},
        "stop": ["a"], "n": 1, "logit_bias": {}, "logprobs": false, "top_logprobs": 0, "metadata": {"a": "b"}, "store": true,
        "reasoning_effort": "low", "verbosity": "high", "modalities": ["text"], "max_completion_tokens": 99,
    })
}

/// Every path of a value.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                paths(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                paths(member, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Reads a body and, where that works, writes it for a target.
fn through(body: &[u8], quirks: &[Quirk]) {
    let Ok(request) = decode(body) else { return };
    if let Ok(body) = encode(
        &request,
        &dialect(quirks.iter().copied()),
        &mut Losses::default(),
    ) {
        strict(&serde_json::from_slice(&body).unwrap());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(request in requests::request()) {
        let mut losses = Losses::default();
        let body = encode(&request, &dialect(FULL), &mut losses).unwrap();
        assert!(losses.is_empty(), "{losses}");
        strict(&serde_json::from_slice(&body).unwrap());
        assert_same(&decode(&body).unwrap_or_else(|unfit| panic!("{}", unfit.sentence())), &request);
    }

    #[test]
    fn mutated_requests_never_harm(
        place in any::<Index>(),
        value in testing::value(),
        cut in any::<Index>(),
        quirks in vec(select(Quirk::ALL), 0..6),
    ) {
        let mut body = corpus();
        let mut places = Vec::new();
        paths(&body, "", &mut places);
        *body.pointer_mut(&places[place.index(places.len())]).unwrap() = value;
        let text = body.to_string();
        through(text.as_bytes(), &quirks);
        through(&text.as_bytes()[..cut.index(text.len())], &quirks);
    }
}

#[test]
fn the_corpus_passes() {
    let body = corpus().to_string();
    assert_eq!(decode(body.as_bytes()).map(|_| ()), Ok(()));
    through(body.as_bytes(), &[]);
}
