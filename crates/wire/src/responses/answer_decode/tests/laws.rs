//! Laws: what was written is read as it was, and nothing that comes does harm.

use proptest::prelude::*;
use serde_json::Value;

use super::gather;
use super::grammar::Keeper;
use crate::answer::{Answer, Block, Content, StopReason};
use crate::conversation::Kind;
use crate::responses::answer_decode::{StreamDecoder, decode_whole};
use crate::responses::answer_encode::encode_whole;
use crate::responses::answer_encode::tests::script::{Script, script};
use crate::responses::answer_encode::tests::{gather as put_together, reply, stream};
use crate::sse;
use crate::testing;

fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    sse::Decoder::new(1 << 20).push(bytes, |frame| frames.push(frame.data.to_vec()));
    frames
}

fn frame(data: &[u8]) -> sse::Frame<'_> {
    sse::Frame { event: None, data }
}

fn read_stream(bytes: &[u8]) -> Answer {
    let mut decoder = StreamDecoder::default();
    let mut said = Keeper::default();
    for data in frames(bytes) {
        decoder
            .frame(frame(&data), &mut |event| said.take(event))
            .unwrap();
    }
    decoder.finish(&mut |event| said.take(event)).unwrap();
    gather(said.events)
}

fn read_whole(body: &[u8]) -> Answer {
    let mut said = Keeper::default();
    decode_whole(body, &mut |event| said.take(event)).unwrap();
    gather(said.events)
}

/// A block in words: what of it crosses the protocol.
fn told(block: &Block, sealed: bool) -> Option<String> {
    let sources: Vec<_> = block
        .sources
        .iter()
        .map(|hit| (&*hit.url, &*hit.title))
        .collect();
    Some(match &block.content {
        Content::Text if block.text.is_empty() && sources.is_empty() => return None,
        Content::Text => format!("text {:?} {sources:?}", block.text),
        Content::Refusal if block.text.is_empty() => return None,
        Content::Refusal => format!("refusal {:?}", block.text),
        Content::Thought => {
            let token = block.token.as_ref().map(|token| {
                if sealed {
                    token.value.to_string()
                } else {
                    token.seal(&reply().vendor)
                }
            });
            if block.text.is_empty() && token.is_none() {
                return None;
            }
            format!("thought {:?} {token:?}", block.text)
        }
        Content::Call { id, tool } => {
            let empty = tool.kind == Kind::Function && block.text.trim().is_empty();
            let rest = if empty { "{}" } else { "" };
            format!(
                "call {id} {} {:?} {:?} {:?}",
                tool.name,
                tool.namespace,
                tool.kind,
                format!("{}{rest}", block.text)
            )
        }
        Content::Search { .. } => format!("search {:?} {sources:?}", block.text),
    })
}

fn all_told(answer: &Answer, sealed: bool) -> Vec<String> {
    answer
        .blocks
        .iter()
        .filter_map(|block| told(block, sealed))
        .collect()
}

/// What a stop is once it has been through the protocol.
fn read_back(answer: &Answer) -> StopReason {
    let told = all_told(answer, false);
    let refused = told.iter().any(|block| block.starts_with("refusal"));
    let called = told.iter().any(|block| block.starts_with("call"));
    match answer.stop.as_ref().unwrap().reason {
        StopReason::MaxTokens | StopReason::ContextWindow => StopReason::MaxTokens,
        StopReason::Refusal if !refused => StopReason::Refusal,
        _ if called => StopReason::ToolUse,
        _ if refused => StopReason::Refusal,
        _ => StopReason::EndTurn,
    }
}

fn check(written: &Answer, read: &Answer) {
    assert_eq!(all_told(read, true), all_told(written, false));
    assert_eq!(read.stop.as_ref().unwrap().reason, read_back(written));
    assert_eq!(read.model, written.model);
    if !written.usage.is_empty() {
        assert!(read.usage == written.usage);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_written_is_read_as_it_was(script in script(false)) {
        let answer = put_together(&script.events);
        check(&answer, &read_stream(&stream(&script.events, &reply())));
        check(&answer, &read_whole(&encode_whole(&answer, &reply())));
    }

    /// With blocks side by side a stream opens them in the order they speak.
    #[test]
    fn blocks_side_by_side_are_kept_apart(script in script(true)) {
        let bytes = stream(&script.events, &reply());
        let whole = read_whole(&encode_whole(&put_together(&script.events), &reply()));
        let mut streamed = all_told(&read_stream(&bytes), true);
        let mut whole = all_told(&whole, true);
        streamed.sort();
        whole.sort();
        prop_assert_eq!(streamed, whole);
    }

    /// Events lost, repeated and out of order break the grammar nowhere.
    #[test]
    fn disorder_is_malformed_or_kept_in_the_grammar(
        script in script(true),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        keep in any::<u64>(),
    ) {
        let Script { events } = script;
        let frames = frames(&stream(&events, &reply()));
        let lost: Vec<_> = (0..).zip(&frames).filter(|(at, _)| keep >> (at % 64) & 1 == 1).map(|(_, data)| data).collect();
        let shuffled: Vec<_> = order.iter().map(|at| &frames[at.index(frames.len())]).collect();
        for frames in [lost, shuffled] {
            let mut decoder = StreamDecoder::default();
            let mut said = Keeper::default();
            for data in frames {
                if decoder.frame(frame(data), &mut |event| said.take(event)).is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn no_event_panics(
        events in prop::collection::vec((kind(), prop::collection::vec(member(), 0..6)), 1..12),
    ) {
        let mut decoder = StreamDecoder::default();
        let mut said = Keeper::default();
        for (kind, members) in events {
            let mut event = serde_json::Map::new();
            event.insert("type".into(), kind.into());
            event.extend(members);
            let data = Value::from(event).to_string();
            if decoder.frame(frame(data.as_bytes()), &mut |event| said.take(event)).is_err() {
                break;
            }
        }
    }

    #[test]
    fn no_body_panics(body in testing::value(), members in prop::collection::vec(member(), 0..6)) {
        let object = Value::from(members.into_iter().collect::<serde_json::Map<_, _>>());
        for body in [body, object] {
            let mut said = Keeper::default();
            let _ = decode_whole(body.to_string().as_bytes(), &mut |event| said.take(event));
        }
    }
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "response.created",
        "response.output_item.added",
        "response.output_item.added",
        "response.output_item.done",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_text.annotation.added",
        "response.refusal.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_part.done",
        "response.reasoning_text.done",
        "response.function_call_arguments.delta",
        "response.custom_tool_call_input.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
        "keepalive",
        "other",
    ])
}

/// A member that means something somewhere, right or wrong.
fn member() -> impl Strategy<Value = (String, Value)> {
    let item = prop_oneof![
        item(),
        prop::collection::vec(item(), 0..3).prop_map(|output| {
            serde_json::json!({"status": "completed", "output": output, "id": "r", "model": "m"})
        }),
        testing::value(),
    ];
    let name = prop::sample::select(vec![
        "item",
        "item",
        "response",
        "response",
        "part",
        "annotation",
        "error",
        "output",
    ]);
    prop_oneof![
        3 => (name.prop_map(str::to_owned), item),
        3 => (prop::sample::select(vec!["output_index", "content_index", "summary_index"]).prop_map(str::to_owned),
            (0_u64..3).prop_map(Value::from)),
        2 => (prop::sample::select(vec!["delta", "text", "refusal", "arguments", "input", "status"]).prop_map(str::to_owned),
            prop_oneof![Just(Value::from("completed")), testing::value()]),
    ]
}

fn item() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "message",
        "reasoning",
        "function_call",
        "custom_tool_call",
        "web_search_call",
        "output_text",
        "url_citation",
        "other",
    ]);
    let id = prop::sample::select(vec!["a", "b"]);
    (kind, id, testing::value(), any::<bool>()).prop_map(|(kind, id, any, well)| {
        let mut item = serde_json::json!({"type": kind, "id": id, "call_id": id, "name": "f", "text": "t",
            "url": "u", "arguments": "{}", "input": "i", "encrypted_content": "c",
            "content": [{"type": "output_text", "text": "t"}], "summary": [{"text": "s"}],
            "action": {"type": "search", "query": "q"}});
        if !well {
            for member in ["content", "summary", "action", "annotations"] {
                item[member] = any.clone();
            }
        }
        item
    })
}
