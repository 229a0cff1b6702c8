use proptest::prelude::*;

use super::random::{by_turns, events, reasons, replies, step, usages};
use super::sdk::accumulate;
use super::*;
use crate::Protocol;
use crate::answer::{Block, Content, Malformed};
use crate::chat::{StreamDecoder, decode_whole};

fn gather(events: &[Event<'_>]) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event.clone());
    }
    answer
}

/// The texts of all blocks that `which` picks; `null` if there are none.
fn joined(answer: &Answer, which: fn(&Content) -> bool) -> Value {
    let blocks = answer.blocks.iter().filter(|block| which(&block.content));
    let text: String = blocks.map(|block| block.text.as_str()).collect();
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

/// The message that an answer must be, put together without the encoder's help.
fn message(answer: &Answer, reply: &Reply) -> Value {
    let mut calls = Vec::new();
    let mut urls = Vec::new();
    for block in &answer.blocks {
        match &block.content {
            Content::Call { id, tool } if tool.kind == Kind::Freeform => calls.push(json!(
                {"id": id, "type": "custom", "custom": {"name": tool.name, "input": block.text}}
            )),
            Content::Call { id, tool } => {
                let empty = block.text.is_empty();
                let arguments = if empty { "{}" } else { &block.text };
                let function = json!({"name": tool.name, "arguments": arguments});
                calls.push(json!({"id": id, "type": "function", "function": function}));
            }
            Content::Text => urls.extend(block.sources.iter().map(|hit| hit.url.to_string())),
            Content::Thought | Content::Refusal | Content::Search { .. } => {}
        }
    }
    let reasoning = joined(answer, |content| matches!(content, Content::Thought));
    let mut message = json!({
        "role": "assistant",
        "content": joined(answer, |content| matches!(content, Content::Text)),
        "refusal": joined(answer, |content| matches!(content, Content::Refusal)),
    });
    if reply.show_thoughts && !reasoning.is_null() {
        message["reasoning_content"] = reasoning;
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    if !urls.is_empty() {
        message["annotations"] = urls.into();
    }
    message
}

/// A message whose annotations are only their addresses.
fn with_urls(mut message: Value) -> Value {
    if let Some(Value::Array(annotations)) = message.get_mut("annotations") {
        for annotation in annotations {
            *annotation = annotation["url_citation"]["url"].take();
        }
    }
    message
}

/// All of an answer that can be compared.
fn summary(answer: &Answer) -> String {
    let mut lines = vec![format!("{} {:?}", answer.model, answer.usage)];
    for block in &answer.blocks {
        let kind = match &block.content {
            Content::Text => "text".to_owned(),
            Content::Thought => "thought".to_owned(),
            Content::Refusal => "refusal".to_owned(),
            Content::Call { id, tool } => format!("{id} {} {:?}", tool.name, tool.kind),
            Content::Search { id } => format!("search {id}"),
        };
        let token = block
            .token
            .as_ref()
            .map(|token| (token.origin, token.value.as_ref()));
        let sources: Vec<_> = block
            .sources
            .iter()
            .map(|hit| (&hit.url, &hit.title))
            .collect();
        lines.push(format!("{kind} {:?} {token:?} {sources:?}", block.text));
    }
    let stop = answer.stop.as_ref().map(|stop| stop.reason);
    lines.push(format!("{stop:?} {}", answer.ended));
    lines.join("\n")
}

fn decode_stream(stream: &[u8]) -> Result<Answer, Malformed> {
    let (mut answer, mut result) = (Answer::default(), Ok(()));
    let mut decoder = StreamDecoder::default();
    sse::Decoder::new(1 << 20).push(stream, |frame| {
        if result.is_ok() {
            result = decoder.frame(frame, &mut |event| answer.take(event));
        }
    });
    result?;
    decoder.finish(&mut |event| answer.take(event))?;
    Ok(answer)
}

proptest! {
    #[test]
    fn any_answer_keeps_the_grammar_of_chunks_and_adds_up_to_itself(
        steps in prop::collection::vec(step(), 0..40),
        reason in reasons(),
        usage in usages(),
        reply in replies(),
    ) {
        let events = events(&steps, reason, usage);
        let answer = gather(&events);
        let sum = accumulate(&stream(reply.clone(), &events), &reply);
        let whole = whole(&reply, &events);
        prop_assert_eq!(&sum.message, &whole["choices"][0]["message"]);
        prop_assert_eq!(&sum.finish_reason, &whole["choices"][0]["finish_reason"]);
        prop_assert_eq!(whole["model"].as_str(), Some("some-model"));
        if reply.usage_in_stream {
            prop_assert_eq!(sum.usage.as_ref(), whole.get("usage"));
        }
        prop_assert_eq!(with_urls(sum.message), message(&answer, &reply));
    }

    #[test]
    fn what_is_written_reads_back(events in by_turns()) {
        let mut reply = reply();
        reply.usage_in_stream = true;
        let read = decode_stream(&stream(reply, &events));
        let read = read.map_err(|malformed| TestCaseError::fail(malformed.0))?;
        let mut written = gather(&events);
        let called = |block: &Block| matches!(block.content, Content::Call { .. });
        if !written.blocks.iter().any(called)
            && let Some(stop) = &mut written.stop
            && stop.reason == StopReason::ToolUse
        {
            let refused = |block: &Block| matches!(block.content, Content::Refusal);
            stop.reason = if written.blocks.iter().any(refused) {
                StopReason::Refusal
            } else {
                StopReason::EndTurn
            };
        }
        prop_assert_eq!(summary(&read), summary(&written));
        prop_assert_eq!(read.id, "chatcmpl-01ab");
    }

    #[test]
    fn a_whole_answer_reads_back_as_what_its_stream_says(
        steps in prop::collection::vec(step(), 0..40),
        reason in reasons(),
        usage in usages(),
    ) {
        let written = gather(&events(&steps, reason, usage));
        let mut read = Answer::default();
        let decoded = decode_whole(&encode_whole(&written, &reply()), &mut |event| read.take(event));
        prop_assert!(decoded.is_ok() && read.ended);
        // Blocks of a kind become one, so that only the message can be the same.
        prop_assert_eq!(message(&read, &reply()), message(&spoken(&written), &reply()));
        prop_assert_eq!(read.usage, written.usage);
    }
}

/// Without the sources that stand in an answer with no text to be the sources of.
fn spoken(answer: &Answer) -> Answer {
    let has_text = !joined(answer, |content| matches!(content, Content::Text)).is_null();
    let mut spoken = Answer::default();
    let mut number = 0;
    for block in &answer.blocks {
        let content = match &block.content {
            Content::Text => Opening::Text,
            Content::Thought => Opening::Thought,
            Content::Refusal => Opening::Refusal,
            Content::Call { id, tool } => Opening::Call {
                id: id.into(),
                tool: tool.clone(),
            },
            Content::Search { .. } => continue,
        };
        spoken.take(Event::Open {
            block: number,
            content,
        });
        spoken.take(Event::delta(number, block.text.as_str()));
        for source in block.sources.iter().filter(|_| has_text) {
            spoken.take(Event::Cite {
                block: number,
                source: source.clone(),
            });
        }
        number += 1;
    }
    spoken
}

#[test]
fn usage_reads_back_in_the_same_buckets() {
    let usage = Usage {
        input: Some(1),
        cache_read: Some(20),
        cache_write_5m: Some(300),
        cache_write_1h: None,
        output: Some(4000),
        reasoning: Some(5),
    };
    let mut out = Vec::new();
    pieces::usage(&mut out, &usage);
    assert_eq!(
        crate::usage::Counts::read(&out).usage(Protocol::Chat),
        (usage, false)
    );
}
