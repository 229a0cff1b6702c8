//! A completion as a stream of chunks.

use bytes::Bytes;
use serde::Serialize;

use super::{Finished, ToolCall, Usage};
use crate::{
    answer::deltas,
    refusal::{Refusal, status_of},
    route::Call,
    shared::CREATED,
    sse,
};

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    choices: &'a [Choice<'a>],
    /// Absent unless the client asked for usage; then null in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Nullable>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Nullable {
    Usage(Box<Usage>),
    Null,
}

impl From<Option<Usage>> for Nullable {
    fn from(usage: Option<Usage>) -> Self {
        usage.map_or(Self::Null, |usage| Self::Usage(Box::new(usage)))
    }
}

#[derive(Serialize)]
struct Choice<'a> {
    index: usize,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Fragment<'a>; 1]>,
}

#[derive(Serialize, Default)]
struct Fragment<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<FunctionFragment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<CustomFragment<'a>>,
}

#[derive(Serialize)]
struct FunctionFragment<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

#[derive(Serialize)]
struct CustomFragment<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    input: &'a str,
}

pub(super) fn events(finished: &Finished, call: &Call<'_>, wants_usage: bool) -> Vec<Bytes> {
    let mut out = Writer {
        finished,
        wants_usage,
        events: Vec::new(),
    };
    let content = finished.text.is_some().then_some("");
    out.delta(Delta {
        role: Some("assistant"),
        content,
        ..Delta::default()
    });
    for text in deltas(finished.reasoning.as_deref().unwrap_or_default(), None) {
        out.delta(Delta {
            reasoning_content: Some(text),
            ..Delta::default()
        });
    }
    for text in deltas(
        finished.text.as_deref().unwrap_or_default(),
        finished.deltas,
    ) {
        out.delta(Delta {
            content: Some(text),
            ..Delta::default()
        });
    }
    out.calls(&finished.calls);
    out.choice(Delta::default(), Some(finished.finish_reason));
    if wants_usage && finished.usage.is_some() {
        out.chunk(&[], finished.usage.clone());
    }
    out.events.push(sse::done());
    if let Some(after) = call.script.inband_error {
        out.events.truncate(after);
        let kind = call.script.error.as_deref().unwrap_or("server_error");
        let refusal = Refusal::new(status_of(kind), "simulated: the stream fails here").kind(kind);
        out.events.push(sse::data(&refusal.openai()));
    }
    out.events
}

struct Writer<'a> {
    finished: &'a Finished,
    wants_usage: bool,
    events: Vec<Bytes>,
}

impl Writer<'_> {
    fn delta(&mut self, delta: Delta<'_>) {
        self.choice(delta, None);
    }

    fn choice(&mut self, delta: Delta<'_>, finish_reason: Option<&str>) {
        self.chunk(
            &[Choice {
                index: 0,
                delta,
                logprobs: None,
                finish_reason,
            }],
            None,
        );
    }

    fn chunk(&mut self, choices: &[Choice<'_>], usage: Option<Usage>) {
        self.events.push(sse::data(&Chunk {
            id: &self.finished.id,
            object: "chat.completion.chunk",
            created: CREATED,
            model: &self.finished.model,
            service_tier: "default",
            system_fingerprint: "fp_sim",
            choices,
            usage: self.wants_usage.then_some(usage.into()),
        }));
    }

    /// Name and id come once, in the first fragment; the fragments of several calls take turns.
    fn calls(&mut self, calls: &[ToolCall]) {
        let fragments: Vec<Vec<&str>> = calls
            .iter()
            .map(|call| deltas(input(call), Some(4)))
            .collect();
        for (index, call) in calls.iter().enumerate() {
            let head = Fragment {
                index,
                id: Some(&call.id),
                kind: Some(call.kind),
                ..fragment(call, true, "")
            };
            self.delta(Delta {
                tool_calls: Some([head]),
                ..Delta::default()
            });
        }
        let longest = fragments.iter().map(Vec::len).max().unwrap_or(0);
        for round in 0..longest {
            for (index, call) in calls.iter().enumerate() {
                let Some(text) = fragments[index].get(round) else {
                    continue;
                };
                let next = Fragment {
                    index,
                    ..fragment(call, false, text)
                };
                self.delta(Delta {
                    tool_calls: Some([next]),
                    ..Delta::default()
                });
            }
        }
    }
}

fn input(call: &ToolCall) -> &str {
    match (&call.function, &call.custom) {
        (Some(function), _) => &function.arguments,
        (None, Some(custom)) => &custom.input,
        (None, None) => "",
    }
}

fn fragment<'a>(call: &'a ToolCall, named: bool, text: &'a str) -> Fragment<'a> {
    let name = |name: &'a String| named.then_some(name.as_str());
    Fragment {
        function: call.function.as_ref().map(|it| FunctionFragment {
            name: name(&it.name),
            arguments: text,
        }),
        custom: call.custom.as_ref().map(|it| CustomFragment {
            name: name(&it.name),
            input: text,
        }),
        ..Fragment::default()
    }
}
