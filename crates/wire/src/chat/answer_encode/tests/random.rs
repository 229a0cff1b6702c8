//! Random answers.

use proptest::prelude::*;

use super::{open as open_block, *};
use crate::conversation::{Origin, Token};
use crate::testing::text;

/// One random step; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Open(usize),
    Delta(usize, String),
    Cite(usize, String),
    Close(usize),
    Other(usize),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_usize..5).prop_map(Step::Open),
        6 => (any::<usize>(), text()).prop_map(|(block, text)| Step::Delta(block, text)),
        1 => (any::<usize>(), text()).prop_map(|(block, url)| Step::Cite(block, url)),
        1 => any::<usize>().prop_map(Step::Close),
        1 => (0_usize..3).prop_map(Step::Other),
    ]
}

fn opening(kind: usize, number: usize) -> Opening<'static> {
    let call = |kind| Opening::Call {
        id: format!("call_{number}").into(),
        tool: ToolName {
            name: format!("tool_{number}").into(),
            namespace: None,
            kind,
        },
    };
    match kind {
        0 => Opening::Text,
        1 => Opening::Thought,
        2 => Opening::Refusal,
        3 => call(Kind::Function),
        _ => call(Kind::Freeform),
    }
}

/// Any events that keep the grammar, side by side as they like.
pub(super) fn events(steps: &[Step], reason: StopReason, usage: Usage) -> Vec<Event<'static>> {
    let mut events = vec![start()];
    let (mut count, mut open) = (0, Vec::<(usize, bool)>::new());
    for step in steps {
        let pick = |place: usize| open.get(place % open.len().max(1)).copied();
        match step {
            Step::Open(kind) => {
                events.push(open_block(count, opening(*kind, count)));
                open.push((count, *kind == 0));
                count += 1;
            }
            Step::Delta(place, text) => {
                if let Some((block, _)) = pick(*place) {
                    events.push(Event::delta(block, text.clone()));
                }
            }
            Step::Cite(place, url) => {
                if let Some((block, true)) = pick(*place) {
                    let source = Hit {
                        url: url.clone().into(),
                        title: "title".into(),
                    };
                    events.push(Event::Cite { block, source });
                }
            }
            Step::Close(place) => {
                if let Some((block, _)) = pick(*place) {
                    open.retain(|(other, _)| *other != block);
                    events.push(close(block));
                }
            }
            Step::Other(0) => events.push(Event::Alive),
            Step::Other(1) => events.push(Event::Usage(usage)),
            Step::Other(_) => events.push(Event::Searched {
                id: "search".into(),
                query: "query".into(),
                hits: Vec::new(),
            }),
        }
    }
    events.extend(open.into_iter().map(|(block, _)| close(block)));
    events.extend(ending(reason));
    events
}

pub(super) fn reasons() -> impl Strategy<Value = StopReason> {
    prop::sample::select(vec![
        StopReason::EndTurn,
        StopReason::ToolUse,
        StopReason::MaxTokens,
        StopReason::Refusal,
    ])
}

pub(super) fn usages() -> impl Strategy<Value = Usage> {
    let count = || 0..1_000_000_u64;
    let known = (count(), count(), count(), count(), count()).prop_map(
        |(input, read, write, visible, reasoning)| Usage {
            input: Some(input),
            cache_read: Some(read),
            cache_write_5m: Some(write),
            cache_write_1h: None,
            output: Some(visible + reasoning),
            reasoning: Some(reasoning),
        },
    );
    prop_oneof![3 => known, 1 => Just(Usage::default())]
}

pub(super) fn replies() -> impl Strategy<Value = Reply> {
    any::<(bool, bool)>().prop_map(|(usage_in_stream, show_thoughts)| Reply {
        usage_in_stream,
        show_thoughts,
        ..reply()
    })
}

/// What is said by turns: words, or calls side by side, as one answer of this protocol can say it.
pub(super) fn by_turns() -> impl Strategy<Value = Vec<Event<'static>>> {
    let words =
        || prop::collection::vec(text().prop_filter("empty", |text| !text.is_empty()), 1..4);
    let turn = prop_oneof![
        (0_usize..3, words()).prop_map(|(kind, words)| vec![(kind, words)]),
        prop::collection::vec((3_usize..5, words()), 1..4),
    ];
    (prop::collection::vec(turn, 0..6), reasons(), usages()).prop_map(|(turns, reason, usage)| {
        let (mut events, mut count, mut last) = (vec![start()], 0, None);
        for turn in turns {
            // Two blocks of words of one kind in a row are one to this protocol.
            if turn.first().map(|(kind, _)| *kind) == last.filter(|kind| *kind < 3) {
                continue;
            }
            last = turn.first().map(|(kind, _)| *kind);
            let first = count;
            for (kind, _) in &turn {
                events.push(open_block(count, opening(*kind, count)));
                count += 1;
            }
            for round in 0..3 {
                for (block, (_, words)) in (first..).zip(&turn) {
                    if let Some(text) = words.get(round) {
                        events.push(Event::delta(block, text.clone()));
                    }
                }
            }
            for (block, (kind, _)) in (first..).zip(&turn) {
                if *kind == 1 {
                    let token = Token::fresh(Origin::Unsigned, "", "");
                    events.push(Event::Seal { block, token });
                }
                events.push(close(block));
            }
        }
        events.push(Event::Usage(usage));
        let opened = |which: fn(&Opening<'_>) -> bool| {
            let content =
                |event: &Event<'_>| matches!(event, Event::Open { content, .. } if which(content));
            events.iter().any(content)
        };
        let calls = opened(|content| matches!(content, Opening::Call { .. }));
        let refused = opened(|content| matches!(content, Opening::Refusal));
        events.extend(ending(match reason {
            StopReason::EndTurn if calls => StopReason::ToolUse,
            StopReason::EndTurn if refused => StopReason::Refusal,
            reason => reason,
        }));
        events
    })
}
