//! A response as a stream of events.

use bytes::Bytes;
use serde::Serialize;

use super::{
    item::{Content, Item, ReasoningText},
    object::{Failure, Object, Status},
};
use crate::{
    answer::deltas,
    refusal::{Refusal, status_of},
    route::Call,
    sse,
};

#[derive(Serialize)]
struct Numbered<T: Serialize> {
    sequence_number: usize,
    #[serde(flatten)]
    event: T,
}

#[derive(Serialize)]
struct OfResponse<'a> {
    response: &'a Object,
}

#[derive(Serialize)]
struct OfItem<'a> {
    output_index: usize,
    item: &'a Item,
}

/// An event inside an item. The fields that its type does not have are absent.
#[derive(Serialize, Default, Clone)]
struct Inside<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
}

#[derive(Serialize, Clone)]
#[serde(untagged)]
enum Part {
    Content(Content),
    Summary(ReasoningText),
}

/// A stream that begins and fails at once: the model has no room.
pub(super) fn full(object: &Object) -> Vec<Bytes> {
    let mut out = Writer::begun(object);
    let error = Failure {
        code: "server_is_overloaded".to_owned(),
        message: "Selected model is at capacity. Please try a different model.",
    };
    let response = &object.failed(error);
    out.push("response.failed", OfResponse { response });
    out.events
}

/// `last` is the response as the last event has it.
pub(super) fn events(
    object: &Object,
    last: &Object,
    call: &Call<'_>,
    count: Option<usize>,
) -> Vec<Bytes> {
    let mut out = Writer::begun(object);
    for (index, item) in object.output.iter().enumerate() {
        out.push(
            "response.output_item.added",
            OfItem {
                output_index: index,
                item: &item.announced(),
            },
        );
        out.item(index, item, count);
        out.push(
            "response.output_item.done",
            OfItem {
                output_index: index,
                item,
            },
        );
    }
    let end = match object.status {
        Status::Incomplete => "response.incomplete",
        _ => "response.completed",
    };
    out.push(end, OfResponse { response: last });
    if let Some(after) = call.script.inband_error {
        out.events.truncate(after);
        let code = call.script.error.as_deref().unwrap_or("server_error");
        let message = "simulated: the stream fails here";
        let refusal = Refusal::new(status_of(code), message).kind(code);
        out.push("error", refusal.openai());
        let error = Failure {
            code: code.to_owned(),
            message,
        };
        out.push(
            "response.failed",
            OfResponse {
                response: &object.failed(error),
            },
        );
    }
    out.events
}

struct Writer {
    events: Vec<Bytes>,
}

impl Writer {
    fn begun(object: &Object) -> Self {
        let mut out = Self { events: Vec::new() };
        let begun = object.in_state(Status::InProgress);
        out.push("response.created", OfResponse { response: &begun });
        out.push("response.in_progress", OfResponse { response: &begun });
        out
    }

    fn push(&mut self, name: &str, event: impl Serialize) {
        let sequence_number = self.events.len();
        self.events.push(sse::named(
            name,
            &Numbered {
                sequence_number,
                event,
            },
            0,
        ));
    }

    fn item(&mut self, output_index: usize, item: &Item, count: Option<usize>) {
        let inside = Inside {
            item_id: item.id(),
            output_index,
            ..Inside::default()
        };
        match item {
            Item::Message { content, .. } => {
                for (index, part) in content.iter().enumerate() {
                    let inside = Inside {
                        content_index: Some(index),
                        ..inside.clone()
                    };
                    self.text(&inside, part, count);
                }
            }
            Item::Reasoning { summary, .. } => {
                for (index, part) in summary.iter().enumerate() {
                    let inside = Inside {
                        summary_index: Some(index),
                        ..inside.clone()
                    };
                    self.summary(&inside, part);
                }
            }
            Item::FunctionCall {
                arguments, name, ..
            } => {
                for delta in deltas(arguments, Some(4)) {
                    let event = Inside {
                        delta: Some(delta),
                        ..inside.clone()
                    };
                    self.push("response.function_call_arguments.delta", event);
                }
                let done = Inside {
                    arguments: Some(arguments),
                    name: Some(name),
                    ..inside
                };
                self.push("response.function_call_arguments.done", done);
            }
            Item::CustomToolCall { input, .. } => {
                for delta in deltas(input, Some(4)) {
                    let event = Inside {
                        delta: Some(delta),
                        ..inside.clone()
                    };
                    self.push("response.custom_tool_call_input.delta", event);
                }
                let done = Inside {
                    input: Some(input),
                    ..inside
                };
                self.push("response.custom_tool_call_input.done", done);
            }
            Item::Compaction { .. } => {}
        }
    }

    fn text(&mut self, inside: &Inside<'_>, part: &Content, count: Option<usize>) {
        let Content::OutputText { text, .. } = part;
        let empty = Part::Content(Content::output_text(""));
        self.push(
            "response.content_part.added",
            Inside {
                part: Some(empty),
                ..inside.clone()
            },
        );
        for delta in deltas(text, count) {
            let event = Inside {
                delta: Some(delta),
                logprobs: Some([]),
                ..inside.clone()
            };
            self.push("response.output_text.delta", event);
        }
        let done = Inside {
            text: Some(text),
            logprobs: Some([]),
            ..inside.clone()
        };
        self.push("response.output_text.done", done);
        let part = Some(Part::Content(part.clone()));
        self.push(
            "response.content_part.done",
            Inside {
                part,
                ..inside.clone()
            },
        );
    }

    fn summary(&mut self, inside: &Inside<'_>, part: &ReasoningText) {
        let ReasoningText::SummaryText { text } = part;
        let empty = Part::Summary(ReasoningText::SummaryText {
            text: String::new(),
        });
        let added = Inside {
            part: Some(empty),
            ..inside.clone()
        };
        self.push("response.reasoning_summary_part.added", added);
        for delta in deltas(text, None) {
            let event = Inside {
                delta: Some(delta),
                ..inside.clone()
            };
            self.push("response.reasoning_summary_text.delta", event);
        }
        let done = Inside {
            text: Some(text),
            ..inside.clone()
        };
        self.push("response.reasoning_summary_text.done", done);
        let part = Some(Part::Summary(part.clone()));
        self.push(
            "response.reasoning_summary_part.done",
            Inside {
                part,
                ..inside.clone()
            },
        );
    }
}
