//! Random answers in the hub's grammar, blocks interleaved at will.

use std::collections::VecDeque;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::answer::Content;
use crate::{messages, testing};

/// One step of a random answer; what does not apply is passed over.
#[derive(Clone, Debug)]
enum Step {
    Open(u8, Vec<String>, bool),
    /// The next piece of some open block.
    Piece(usize),
    /// All that is left of some open block.
    Close(usize),
    Search(String),
    Usage(u64),
    Alive,
}

fn step() -> impl Strategy<Value = Step> {
    let texts = prop::collection::vec(testing::text(), 0..4);
    prop_oneof![
        3 => (0_u8..4, texts, any::<bool>()).prop_map(|(kind, texts, token)| Step::Open(kind, texts, token)),
        6 => any::<usize>().prop_map(Step::Piece),
        3 => any::<usize>().prop_map(Step::Close),
        1 => testing::text().prop_map(Step::Search),
        1 => any::<u32>().prop_map(|count| Step::Usage(count.into())),
        1 => Just(Step::Alive),
    ]
}

/// Events still to come for a block.
type Rest = VecDeque<Event<'static>>;

fn block(number: usize, kind: u8, texts: &[String], token: bool) -> (Opening<'static>, Rest) {
    let piece = |text: &String| Event::delta(number, text.clone());
    let mut rest: Rest = texts.iter().map(piece).collect();
    let opening = match kind {
        0 => Opening::Text,
        1 => Opening::Refusal,
        2 => {
            if token {
                let value = texts.concat();
                rest.push_back(seal(number, Token::fresh(Origin::Cipher, "rs_1", value)));
            }
            Opening::Thought
        }
        _ => {
            rest.clear();
            if !texts.is_empty() {
                let input = json!({ "texts": texts }).to_string();
                let (head, tail) = input.split_at(input.floor_char_boundary(input.len() / 2));
                rest.extend([head, "", tail].map(|piece| Event::delta(number, piece.to_owned())));
            }
            Opening::Call {
                id: format!("call_{number}").into(),
                tool: ToolName::function("run"),
            }
        }
    };
    rest.push_back(close(number));
    (opening, rest)
}

fn events(steps: &[Step], reason: StopReason, late_usage: bool) -> Vec<Event<'static>> {
    let mut events = vec![start()];
    let mut rests: Vec<Rest> = Vec::new();
    let mut numbers = 0;
    for step in steps {
        let pick = |pick: usize| (!rests.is_empty()).then(|| pick % rests.len());
        match step {
            Step::Open(kind, texts, token) => {
                let (opening, rest) = block(numbers, *kind, texts, *token);
                events.push(open(numbers, opening));
                rests.push(rest);
                numbers += 1;
            }
            Step::Piece(at) => {
                if let Some(at) = pick(*at) {
                    events.extend(rests[at].pop_front());
                    rests.retain(|rest| !rest.is_empty());
                }
            }
            Step::Close(at) => {
                if let Some(at) = pick(*at) {
                    events.extend(rests.remove(at));
                }
            }
            Step::Search(query) => events.push(Event::Searched {
                id: format!("ws_{}", events.len()).into(),
                query: query.clone().into(),
                hits: vec![Hit::default(); query.len() % 3],
            }),
            Step::Usage(count) => events.push(Event::Usage(Usage {
                output: Some(*count),
                ..Usage::default()
            })),
            Step::Alive => events.push(Event::Alive),
        }
    }
    events.extend(rests.into_iter().flatten());
    events.push(stop(reason));
    if late_usage {
        events.push(Event::Usage(Usage {
            input: Some(1),
            ..Usage::default()
        }));
    }
    events.push(Event::End);
    events
}

fn collect(events: &[Event<'static>]) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event.clone());
    }
    answer
}

/// What a block says, as far as Messages has a place for it.
fn essence(block: &crate::answer::Block) -> Option<Value> {
    Some(match &block.content {
        Content::Text | Content::Refusal if block.text.is_empty() => return None,
        Content::Text | Content::Refusal => json!({ "text": block.text }),
        Content::Thought => json!({
            "thought": block.text,
            "token": block.token.as_ref().map(|token| [&token.item, &token.value]),
        }),
        Content::Call { id, tool } => json!({
            "call": id,
            "name": tool.name,
            "input": serde_json::from_str::<Value>(&block.text).unwrap_or_else(|_| json!({})),
        }),
        Content::Search { .. } => json!({ "query": block.text, "hits": block.sources.len() }),
    })
}

fn essences(answer: &Answer) -> Vec<Value> {
    answer.blocks.iter().filter_map(essence).collect()
}

/// Reads a stream of ours as if it were a vendor's, and opens the tokens in it.
fn read_back(stream: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let mut messages = messages::StreamDecoder::default();
    sse::Decoder::new(1 << 24).push(stream, |frame| {
        messages
            .frame(frame, &mut |event| answer.take(event))
            .unwrap();
    });
    for block in &mut answer.blocks {
        let token = block.token.take();
        block.token = token
            .and_then(|token| Token::open(&token.value).map(Token::into_owned))
            .filter(|token| token.origin == Origin::Cipher);
    }
    answer
}

proptest! {
    #[test]
    fn any_answer_is_a_proper_stream_that_says_the_same(
        steps in prop::collection::vec(step(), 0..40),
        shown in any::<bool>(),
        late_usage in any::<bool>(),
    ) {
        let reply = if shown { reply() } else { hidden() };
        let events = events(&steps, StopReason::EndTurn, late_usage);
        // The stream keeps the grammar and adds up to the whole answer.
        message(&reply, &events);
        if shown {
            let original = collect(&events);
            let back = read_back(&bytes(reply, &events));
            prop_assert!(back.ended);
            prop_assert_eq!(essences(&back), essences(&original));
            prop_assert_eq!(back.usage.output.unwrap_or(0), original.usage.output.unwrap_or(0));
            prop_assert_eq!(back.usage.input.unwrap_or(0), original.usage.input.unwrap_or(0));
        }
    }
}
