//! Random events that keep the hub's grammar.

use proptest::prelude::*;

use crate::Usage;
use crate::answer::{Event, Opening, Stop, StopReason};
use crate::conversation::{Hit, Kind, Origin, Token, ToolName};

/// The events of one answer.
pub(in crate::responses) struct Script {
    pub(in crate::responses) events: Vec<Event<'static>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for event in &self.events {
            match event {
                Event::Open { block, content } => {
                    let what = match content {
                        Opening::Text => "text",
                        Opening::Thought => "thought",
                        Opening::Refusal => "refusal",
                        Opening::Call { .. } => "call",
                    };
                    write!(f, "open {block} {what}; ")?;
                }
                Event::Delta { block, text } => write!(f, "{block}+{text:?}; ")?,
                Event::Seal { block, .. } => write!(f, "seal {block}; ")?,
                Event::Cite { block, .. } => write!(f, "cite {block}; ")?,
                Event::Close { block } => write!(f, "close {block}; ")?,
                Event::Searched { .. } => write!(f, "searched; ")?,
                Event::Stop(stop) => write!(f, "stop {:?}; ", stop.reason)?,
                _ => {}
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Text,
    Thought,
    Refusal,
    Call,
}

struct Block {
    number: usize,
    what: What,
    content: bool,
    sealed: bool,
    /// Another began while this one was open, so that it must not turn out to be empty: whether an empty
    /// block keeps its place is seen in a stream before it is known.
    must_speak: bool,
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z \n\"\\\\é漢]{1,8}",
        Just("{\"a\":1}".to_owned())
    ]
}

/// Answers; with `all` blocks may be open side by side and calls may be of any kind.
pub(in crate::responses) fn script(all: bool) -> impl Strategy<Value = Script> {
    let steps = prop::collection::vec((0_u8..14, any::<u8>(), piece()), 0..40);
    (steps, 0_u8..7).prop_map(move |(steps, stop)| {
        let mut writer = Writer {
            all,
            events: vec![Event::Start {
                id: "a".into(),
                model: "m-1".into(),
                usage: Usage::default(),
            }],
            open: Vec::new(),
            next: 0,
        };
        for (step, pick, piece) in steps {
            writer.step(step, pick, piece);
        }
        writer.finish(stop)
    })
}

struct Writer {
    all: bool,
    events: Vec<Event<'static>>,
    open: Vec<Block>,
    next: usize,
}

impl Writer {
    fn step(&mut self, step: u8, pick: u8, piece: String) {
        let picked = usize::from(pick) % self.open.len().max(1);
        match step {
            0..=3 => self.begin(step, pick),
            4 => {
                self.others_begin();
                self.events.push(Event::Searched {
                    id: "s".into(),
                    query: piece.into(),
                    hits: vec![Hit {
                        url: "https://e.example/".into(),
                        title: "".into(),
                    }],
                });
            }
            5 => self.events.push(Event::Alive),
            6 => self.events.push(Event::Usage(Usage {
                input: Some(u64::from(pick)),
                cache_read: Some(5),
                cache_write_5m: Some(6),
                output: Some(70),
                reasoning: Some(3),
                ..Usage::default()
            })),
            7 | 8 if picked < self.open.len() => self.close(picked),
            9 if picked < self.open.len() => self.cite(picked),
            10 if picked < self.open.len() => self.seal(picked),
            _ if picked < self.open.len() => self.write(picked, piece),
            _ => {}
        }
    }

    fn others_begin(&mut self) {
        if !self.all {
            while !self.open.is_empty() {
                self.close(0);
            }
        }
        for block in &mut self.open {
            block.must_speak = true;
        }
    }

    fn begin(&mut self, step: u8, pick: u8) {
        self.others_begin();
        let what = [What::Text, What::Thought, What::Refusal, What::Call][usize::from(step)];
        let content = match what {
            What::Text => Opening::Text,
            What::Thought => Opening::Thought,
            What::Refusal => Opening::Refusal,
            What::Call => Opening::Call {
                id: format!("call_{}", self.next).into(),
                tool: ToolName {
                    name: "tool".into(),
                    namespace: pick.is_multiple_of(2).then(|| "space".into()),
                    kind: match pick % 5 {
                        0 | 1 => Kind::Freeform,
                        2 if self.all => Kind::ToolSearch,
                        _ => Kind::Function,
                    },
                },
            },
        };
        let number = self.next;
        self.next += 1;
        self.events.push(Event::Open {
            block: number,
            content,
        });
        self.open.push(Block {
            number,
            what,
            content: false,
            sealed: false,
            must_speak: false,
        });
    }

    fn write(&mut self, at: usize, piece: String) {
        let block = &mut self.open[at];
        if !block.sealed {
            block.content |= !piece.is_empty();
            self.events.push(Event::delta(block.number, piece));
        }
    }

    fn cite(&mut self, at: usize) {
        let block = &mut self.open[at];
        if block.what == What::Text {
            block.content = true;
            self.events.push(Event::Cite {
                block: block.number,
                source: Hit {
                    url: "https://e.example/?a=\"b\"".into(),
                    title: "E".into(),
                },
            });
        }
    }

    fn seal(&mut self, at: usize) {
        let block = &mut self.open[at];
        if block.what == What::Thought && !std::mem::replace(&mut block.sealed, true) {
            self.events.push(Event::Seal {
                block: block.number,
                token: Token::fresh(Origin::Signature, "", "sig=="),
            });
        }
    }

    fn close(&mut self, at: usize) {
        let must_speak = self.open[at].must_speak;
        match self.open[at].what {
            What::Thought if must_speak => self.seal(at),
            What::Text | What::Refusal if must_speak && !self.open[at].content => {
                self.write(at, "x".to_owned());
            }
            _ => {}
        }
        let block = self.open.remove(at);
        self.events.push(Event::Close {
            block: block.number,
        });
    }

    fn finish(mut self, stop: u8) -> Script {
        while !self.open.is_empty() {
            self.close(self.open.len() - 1);
        }
        let reason = [
            StopReason::EndTurn,
            StopReason::StopSequence,
            StopReason::ToolUse,
            StopReason::MaxTokens,
            StopReason::ContextWindow,
            StopReason::Refusal,
            StopReason::Pause,
        ][usize::from(stop)];
        self.events.push(Event::Stop(Stop::because(reason)));
        self.events.push(Event::End);
        Script {
            events: self.events,
        }
    }
}
