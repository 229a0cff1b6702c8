use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::answer::{Opening, StopReason};
use crate::conversation::Kind;
use crate::failure::Class;

mod calls;
mod ends;
mod prose;

/// Events as lines that can be compared.
#[derive(Default)]
struct Log(String);

impl Log {
    fn take(&mut self, event: &Event<'_>) {
        let line = match event {
            Event::Start { id, model, .. } => format!("start {id} {model}"),
            Event::Open { block, content } => match content {
                Opening::Text => format!("{block} text"),
                Opening::Thought => format!("{block} thought"),
                Opening::Refusal => format!("{block} refusal"),
                Opening::Call { id, tool } => {
                    assert!(tool.namespace.is_none());
                    let kind = match tool.kind {
                        Kind::Function => "call",
                        Kind::Freeform => "custom",
                        Kind::ToolSearch => "search",
                    };
                    format!("{block} {kind} {id} {}", tool.name)
                }
            },
            Event::Delta { block, text } => format!("{block} + {text}"),
            Event::Seal { block, token } => {
                assert!(token.origin == crate::conversation::Origin::Unsigned);
                format!("{block} seal")
            }
            Event::Cite { block, source } => {
                format!("{block} cite {} {}", source.url, source.title)
            }
            Event::Close { block } => format!("{block} close"),
            Event::Usage(usage) => format!(
                "usage {:?} {:?} {:?} {:?}",
                usage.input, usage.cache_read, usage.output, usage.reasoning
            )
            .replace("Some", ""),
            Event::Stop(stop) => format!("stop {:?}", stop.reason),
            Event::End => "end".to_owned(),
            Event::Failed(failure) => format!("failed {:?} {}", failure.class, failure.message),
            Event::Searched { .. } | Event::Alive => unreachable!("never said by this decoder"),
        };
        writeln!(self.0, "{line}").unwrap();
    }
}

/// Whether events keep to the grammar of answers.
#[derive(Default)]
struct Grammar {
    started: bool,
    opened: usize,
    open: Vec<usize>,
    stopped: bool,
    over: bool,
}

impl Grammar {
    fn take(&mut self, event: &Event<'_>) {
        assert!(!self.over, "an event after the end");
        match event {
            Event::Start { .. } => {
                assert!(!self.started);
                self.started = true;
            }
            Event::Failed(_) => self.over = true,
            _ => assert!(self.started, "an event before the start"),
        }
        match event {
            Event::Open { block, .. } => {
                assert!(*block == self.opened && !self.stopped);
                self.opened += 1;
                self.open.push(*block);
            }
            Event::Delta { block, text } => {
                assert!(self.open.contains(block) && !text.is_empty());
            }
            Event::Seal { block, .. } | Event::Cite { block, .. } => {
                assert!(self.open.contains(block));
            }
            Event::Close { block } => {
                assert!(self.open.contains(block));
                self.open.retain(|open| open != block);
            }
            Event::Stop(_) => {
                assert!(self.open.is_empty() && !self.stopped);
                self.stopped = true;
            }
            Event::End => {
                assert!(self.stopped);
                self.over = true;
            }
            _ => {}
        }
    }
}

/// What a stream of these data lines is read as; `!` and a message where it is malformed.
fn stream(lines: &[&[u8]]) -> String {
    let (mut log, mut grammar) = (Log::default(), Grammar::default());
    let mut sink = |event: Event<'_>| {
        grammar.take(&event);
        log.take(&event);
    };
    let mut decoder = StreamDecoder::default();
    let mut read = || {
        for line in lines {
            let frame = Frame {
                event: None,
                data: line,
            };
            decoder.frame(frame, &mut sink)?;
        }
        decoder.finish(&mut sink)
    };
    let result = read();
    if let Err(malformed) = result {
        writeln!(log.0, "! {malformed}").unwrap();
    } else {
        assert!(grammar.over, "neither an end nor an error");
    }
    log.0
}

/// The same for chunks with these deltas, a finish with `reason`, and `[DONE]`; without the first line.
fn deltas(deltas: &[Value], reason: &str) -> String {
    let mut lines: Vec<Vec<u8>> = deltas
        .iter()
        .map(|delta| chunk(&json!([{"index": 0, "delta": delta, "finish_reason": null}])))
        .collect();
    lines.push(chunk(
        &json!([{"index": 0, "delta": {}, "finish_reason": reason}]),
    ));
    lines.push(b"[DONE]".to_vec());
    let log = stream(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
    log.strip_prefix("start chatcmpl-1 m\n").unwrap().to_owned()
}

fn chunk(choices: &Value) -> Vec<u8> {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": choices,
    });
    chunk.to_string().into_bytes()
}

fn whole(body: &Value) -> String {
    let (mut log, mut grammar) = (Log::default(), Grammar::default());
    let result = decode_whole(body.to_string().as_bytes(), &mut |event| {
        grammar.take(&event);
        log.take(&event);
    });
    if let Err(malformed) = result {
        writeln!(log.0, "! {malformed}").unwrap();
    } else {
        assert!(grammar.over);
    }
    log.0
}

/// Lines without the indentation they have here.
fn lines(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n")
}

/// A chunk made of members that matter, with values that may be wrong.
fn wild_chunk() -> impl Strategy<Value = Value> {
    fn or_junk(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
        prop_oneof![12 => value, 1 => crate::testing::value()].boxed()
    }
    let word = || {
        or_junk(prop_oneof![
            Just(json!("")),
            Just(json!("a")),
            Just(json!("b"))
        ])
    };
    let index = or_junk(prop_oneof![
        Just(Value::Null),
        Just(json!(0)),
        Just(json!(1))
    ]);
    let fragment = (index, word(), word(), word()).prop_map(|(index, id, name, arguments)| {
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    });
    let fragments = or_junk(prop::collection::vec(or_junk(fragment), 0..3).prop_map(Value::from));
    let delta = prop_oneof![
        1 => word().prop_map(|text| json!({"content": text})),
        1 => word().prop_map(|text| json!({"reasoning_content": text})),
        1 => word().prop_map(|text| json!({"refusal": text})),
        3 => fragments.prop_map(|calls| json!({"tool_calls": calls})),
    ];
    let reason =
        prop_oneof![9 => Just(Value::Null), 1 => Just(json!("stop")), 1 => Just(json!("length"))];
    (or_junk(delta), reason).prop_map(|(delta, reason)| {
        json!({"id": "x", "model": "m", "choices": [{"delta": delta, "finish_reason": reason}]})
    })
}

proptest! {
    #[test]
    fn whatever_comes_the_grammar_is_kept(
        chunks in prop::collection::vec(prop_oneof![9 => wild_chunk(), 1 => crate::testing::value()], 0..12),
    ) {
        let lines: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_string().into_bytes()).collect();
        stream(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for chunk in &chunks {
            whole(chunk);
        }
    }

    #[test]
    fn bytes_that_are_not_json_are_refused(line in prop::collection::vec(any::<u8>(), 1..40)) {
        prop_assume!(serde_json::from_slice::<Value>(&line).is_err() && !line.trim_ascii().is_empty());
        prop_assert!(stream(&[&line]).starts_with("! "));
    }
}
