//! The Responses stream.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Ending, Event, Heard, append, parse};

/// Where a text stands: its item and its place in it.
type Place = (u64, u64);

#[derive(Default)]
struct Items {
    /// As they were when they were done.
    done: Vec<Option<Value>>,
    ids: Vec<Value>,
    texts: HashMap<(String, Place), Value>,
}

pub(super) fn hear(events: &[Event]) -> Heard {
    let mut ending = Ending::Open;
    let mut items = Items::default();
    let mut said = Value::Null;
    for (number, (name, data)) in events.iter().enumerate() {
        let event = parse(data);
        let kind = event["type"].as_str().expect("a type");
        assert_eq!(name.as_deref(), Some(kind), "the name repeats the type");
        assert_eq!(event["sequence_number"], number, "events are numbered");
        assert_eq!(ending, Ending::Open, "{kind} follows the end");
        assert_eq!(
            number == 0,
            kind == "response.created",
            "it begins with its creation"
        );
        assert_eq!(number == 1, kind == "response.in_progress");
        match kind {
            "response.created" | "response.in_progress" => {
                assert_eq!(event["response"]["status"], "in_progress");
            }
            "response.completed" | "response.incomplete" => {
                let output = items
                    .done
                    .iter()
                    .map(|item| item.clone().expect("a done item"));
                let output = Value::Array(output.collect());
                assert_eq!(
                    event["response"]["output"], output,
                    "the end repeats the items"
                );
                assert_eq!(event["response"]["status"], kind["response.".len()..]);
                said = self::said(&event["response"]);
                ending = Ending::Done;
            }
            "response.failed" => {
                assert!(event["response"]["error"]["code"].is_string());
                ending = Ending::Failed;
            }
            kind => items.take(kind, &event),
        }
    }
    Heard { ending, said }
}

pub(super) fn said(body: &Value) -> Value {
    assert_eq!(body["object"], "response");
    json!({
        "output": body["output"],
        "status": body["status"],
        "why": body["incomplete_details"],
    })
}

impl Items {
    fn take(&mut self, kind: &str, event: &Value) {
        let number = event["output_index"].as_u64().expect("an index");
        let place = number as usize;
        if kind == "response.output_item.added" {
            assert_eq!(place, self.done.len(), "items are numbered in order");
            self.done.push(None);
            self.ids.push(event["item"]["id"].clone());
            return;
        }
        assert!(self.done[place].is_none(), "{kind} of an item that is done");
        if kind == "response.output_item.done" {
            assert_eq!(event["item"]["id"], self.ids[place]);
            self.done[place] = Some(event["item"].clone());
            return;
        }
        assert_eq!(event["item_id"], self.ids[place], "{kind}");
        let part = event["content_index"]
            .as_u64()
            .or(event["summary_index"].as_u64());
        let at = (number, part.unwrap_or(0));
        if let Some(of) = kind.strip_suffix(".delta") {
            let text = self.texts.entry((of.to_owned(), at)).or_default();
            append(text, &event["delta"]);
        } else if let Some(of) = kind.strip_suffix(".done") {
            let names = ["text", "arguments", "input", "refusal"];
            let whole = names
                .iter()
                .map(|name| &event[name])
                .find(|text| text.is_string());
            if let Some(whole) = whole {
                let streamed = self.texts.remove(&(of.to_owned(), at));
                assert_eq!(streamed.unwrap_or_else(|| json!("")), *whole, "{kind}");
            }
        }
    }
}
