//! A reader of streams that is as strict as the strictest client: it checks every invariant of the protocol.

use serde_json::{Value, json};

use crate::sse;

/// The members that every response must have.
pub(in crate::responses) const REQUIRED: &[&str] = &[
    "id",
    "object",
    "created_at",
    "completed_at",
    "status",
    "incomplete_details",
    "model",
    "previous_response_id",
    "instructions",
    "output",
    "error",
    "tools",
    "tool_choice",
    "truncation",
    "parallel_tool_calls",
    "text",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "temperature",
    "reasoning",
    "user",
    "usage",
    "max_output_tokens",
    "max_tool_calls",
    "store",
    "background",
    "service_tier",
    "metadata",
    "safety_identifier",
    "prompt_cache_key",
];

/// What a stream said.
pub(in crate::responses) struct Read {
    /// The types of its events.
    pub(in crate::responses) types: Vec<String>,
    /// The response at its end.
    pub(in crate::responses) response: Value,
}

#[derive(Default)]
struct Item {
    id: String,
    kind: String,
    call: Value,
    /// Text parts, summary parts, or the one input.
    parts: Vec<Part>,
    done: Option<Value>,
}

#[derive(Default)]
struct Part {
    kind: String,
    text: String,
    annotations: Vec<Value>,
    text_done: bool,
    done: Option<Value>,
}

#[derive(Default)]
struct Reader {
    items: Vec<Item>,
    response: Value,
    ended: bool,
}

/// Reads a stream; panics where it breaks the protocol.
pub(in crate::responses) fn read(bytes: &[u8]) -> Read {
    let mut reader = Reader::default();
    let mut types = Vec::new();
    let mut frames = sse::Decoder::new(1 << 20);
    frames.push(bytes, |frame| {
        let event: Value = serde_json::from_slice(frame.data).unwrap();
        let name = std::str::from_utf8(frame.event.unwrap()).unwrap();
        assert_eq!(event["type"], name);
        assert_eq!(event["sequence_number"], types.len());
        reader.event(name, &event, types.len());
        types.push(name.to_owned());
    });
    assert!(frames.at_boundary());
    assert!(reader.ended, "the stream has an end");
    Read {
        types,
        response: reader.response,
    }
}

impl Reader {
    fn event(&mut self, name: &str, event: &Value, number: usize) {
        assert!(!self.ended, "{name} after the end");
        match number {
            0 => assert_eq!(name, "response.created"),
            1 => assert_eq!(name, "response.in_progress"),
            _ => assert!(!matches!(name, "response.created" | "response.in_progress")),
        }
        let name = name.strip_prefix("response.").unwrap();
        match name {
            "created" | "in_progress" => {
                let response = &event["response"];
                assert_eq!(response["status"], "in_progress");
                assert_eq!(response["output"], json!([]));
                assert_eq!(response["usage"], Value::Null);
                self.response = response.clone();
            }
            "completed" | "incomplete" | "failed" => self.end(name, &event["response"]),
            "output_item.added" => self.added(event),
            "output_item.done" => self.done(event),
            _ => self.of_item(name, event),
        }
    }

    fn added(&mut self, event: &Value) {
        assert_eq!(event["output_index"], self.items.len(), "dense in order");
        let item = &event["item"];
        assert!(item["status"] == "in_progress" || item.get("status").is_none());
        for (member, empty) in [
            ("content", json!([])),
            ("summary", json!([])),
            ("input", json!("")),
        ] {
            assert!(item.get(member).is_none_or(|value| *value == empty));
        }
        let id = item["id"].as_str().unwrap().to_owned();
        assert!(self.items.iter().all(|other| other.id != id));
        self.items.push(Item {
            id,
            kind: item["type"].as_str().unwrap().to_owned(),
            call: item["call_id"].clone(),
            ..Item::default()
        });
    }

    fn of_item(&mut self, name: &str, event: &Value) {
        let index = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        let item = &mut self.items[index];
        assert_eq!(event["item_id"], item.id);
        assert!(item.done.is_none(), "{name} after the item's end");
        let (kind, stage) = name.split_once('.').unwrap();
        let of = match kind {
            "content_part" | "output_text" | "refusal" => "message",
            "reasoning_summary_part" | "reasoning_summary_text" => "reasoning",
            "function_call_arguments" => "function_call",
            "custom_tool_call_input" => "custom_tool_call",
            "web_search_call" => "web_search_call",
            _ => panic!("unknown event {name}"),
        };
        assert_eq!(item.kind, of, "{name}");
        match kind {
            "web_search_call" => return,
            "function_call_arguments" | "custom_tool_call_input" if item.parts.is_empty() => {
                item.parts.push(Part::default());
            }
            _ => {}
        }
        let place = ["content_index", "summary_index"]
            .iter()
            .find_map(|member| event[*member].as_u64());
        let place = usize::try_from(place.unwrap_or(0)).unwrap();
        if kind.ends_with("_part") && stage == "added" {
            assert_eq!(place, item.parts.len(), "dense in order");
            item.parts.push(Part {
                kind: event["part"]["type"].as_str().unwrap().to_owned(),
                ..Part::default()
            });
            return;
        }
        let part = &mut item.parts[place];
        part.event(kind, stage, event);
    }

    fn done(&mut self, event: &Value) {
        let index = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        let item = &mut self.items[index];
        let written = &event["item"];
        assert_eq!(written["id"], item.id);
        assert_eq!(written["type"], item.kind);
        assert_eq!(written["call_id"], item.call);
        let parts: Vec<Value> = item
            .parts
            .iter()
            .map(|part| part.done.clone().expect("parts end before their item"))
            .collect();
        match item.kind.as_str() {
            "message" => {
                assert!(!parts.is_empty());
                assert_eq!(written["content"], Value::from(parts));
            }
            "reasoning" => {
                assert_eq!(written["summary"], Value::from(parts));
                assert!(written.get("encrypted_content").is_some());
            }
            "function_call" => {
                assert_eq!(written["arguments"], parts[0]);
                assert!(!parts[0].as_str().unwrap().is_empty());
            }
            "custom_tool_call" => assert_eq!(written["input"], parts[0]),
            _ => {}
        }
        assert!(item.done.replace(written.clone()).is_none());
    }

    fn end(&mut self, name: &str, response: &Value) {
        assert_eq!(response["status"], name);
        for constant in [
            "id",
            "object",
            "created_at",
            "model",
            "tools",
            "temperature",
        ] {
            assert_eq!(response[constant], self.response[constant]);
        }
        assert_eq!(response["error"].is_object(), name == "failed");
        assert_eq!(
            response["incomplete_details"].is_object(),
            name == "incomplete"
        );
        assert!(response["usage"]["total_tokens"].is_u64());
        let done: Vec<Value> = self
            .items
            .iter()
            .filter_map(|item| item.done.clone())
            .collect();
        if name != "failed" {
            assert_eq!(done.len(), self.items.len(), "all items end");
        }
        assert_eq!(response["output"], Value::from(done));
        self.response = response.clone();
        self.ended = true;
    }
}

impl Part {
    fn event(&mut self, kind: &str, stage: &str, event: &Value) {
        assert!(self.done.is_none());
        let whole = match kind {
            "output_text" | "reasoning_summary_text" => &event["text"],
            "refusal" => &event["refusal"],
            "function_call_arguments" => &event["arguments"],
            "custom_tool_call_input" => &event["input"],
            _ => &Value::Null,
        };
        if kind == "output_text" && stage != "annotation.added" {
            assert_eq!(event["logprobs"], json!([]));
        }
        match stage {
            "delta" => {
                assert!(!self.text_done);
                let piece = event["delta"].as_str().unwrap();
                assert!(!piece.is_empty());
                self.text.push_str(piece);
            }
            "annotation.added" => {
                assert_eq!(event["annotation_index"], self.annotations.len());
                self.annotations.push(event["annotation"].clone());
            }
            "done" if kind.ends_with("_part") => {
                assert!(self.text_done);
                let part = &event["part"];
                assert_eq!(part["type"], self.kind);
                let text = part.get("refusal").unwrap_or(&part["text"]);
                assert_eq!(*text, self.text);
                if self.kind == "output_text" {
                    assert_eq!(part["annotations"], Value::from(self.annotations.clone()));
                }
                self.done = Some(part.clone());
            }
            "done" => {
                assert_eq!(*whole, self.text, "the pieces are the whole");
                self.text_done = true;
                if matches!(kind, "function_call_arguments" | "custom_tool_call_input") {
                    self.done = Some(whole.clone());
                }
            }
            _ => panic!("unknown stage {stage}"),
        }
    }
}
