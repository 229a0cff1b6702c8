//! The request of a coding agent in the middle of its work: instructions, tools with schemas and
//! many turns, each with two calls and their results.
//!
//! The same work in each protocol's words; sizes follow what the real clients send.

use super::{Api, MODEL, filler};

/// Bytes of the instructions.
const INSTRUCTIONS: usize = 24_000;

/// Number of tools and bytes of the description of each.
const TOOLS: usize = 20;
const DESCRIPTION: usize = 1_800;

/// Bytes of a call's result: a part of a file, or what a command printed.
const RESULT: usize = 3_000;

/// One turn: what the model says, two calls at once, and their results.
struct Turn {
    number: usize,
    said: String,
    arguments: [String; 2],
    results: [String; 2],
}

const NAMES: [&str; 2] = ["tool_00", "tool_01"];

/// A request of exactly `size` bytes, or as many as its frame needs if that is more.
pub(super) fn request(api: Api, size: usize, stream: bool) -> String {
    let room = size.saturating_sub(frame(api, "", stream).len());
    let mut turns = String::with_capacity(room);
    turns.push_str(&opening(api));
    let mut number = 0;
    loop {
        let left = room.saturating_sub(turns.len());
        let turn = Turn::new(number, RESULT).write(api);
        if left < 2 * turn.len() {
            // The last turn takes the remainder.
            let least = Turn::new(number, 0).write(api).len();
            turns.push_str(&Turn::new(number, left.saturating_sub(least)).write(api));
            return frame(api, &turns, stream);
        }
        turns.push_str(&turn);
        number += 1;
    }
}

impl Turn {
    /// A turn whose last result has `room` bytes.
    fn new(number: usize, room: usize) -> Self {
        Self {
            number,
            said: filler(number * 13, 240),
            arguments: [
                format!(
                    r#"{{"path":"/home/dev/project/src/module_{number:04}.rs","offset":{number},"limit":200}}"#
                ),
                format!(
                    r#"{{"path":"/home/dev/project","pattern":"fn next_{number:04}","options":{{"mode":"content"}}}}"#
                ),
            ],
            results: [filler(number * 7, RESULT), filler(number * 5, room)],
        }
    }

    fn id(&self, call: usize) -> String {
        format!("toolu_bench{:08}{call}", self.number)
    }

    /// Its messages or items, each behind a comma.
    fn write(&self, api: Api) -> String {
        match api {
            Api::Messages => self.messages(),
            Api::Chat => self.chat(),
            Api::Responses => self.responses(),
        }
    }

    fn each(&self, write: impl Fn(&str, &str, &str, &str) -> String) -> [String; 2] {
        [0, 1].map(|call| {
            let id = self.id(call);
            write(&id, NAMES[call], &self.arguments[call], &self.results[call])
        })
    }

    fn messages(&self) -> String {
        let said = &self.said;
        let calls = self.each(|id, name, arguments, _| {
            format!(r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{arguments}}}"#)
        });
        let results = self.each(|id, _, _, result| {
            format!(
                r#"{{"tool_use_id":"{id}","type":"tool_result","content":"{result}","is_error":false}}"#
            )
        });
        format!(
            r#",{{"role":"assistant","content":[{{"type":"text","text":"{said}"}},{}]}},{{"role":"user","content":[{}]}}"#,
            calls.join(","),
            results.join(",")
        )
    }

    fn chat(&self) -> String {
        let said = &self.said;
        let calls = self.each(|id, name, arguments, _| {
            let arguments = quoted(arguments);
            format!(
                r#"{{"id":"{id}","type":"function","function":{{"name":"{name}","arguments":{arguments}}}}}"#
            )
        });
        let results = self.each(|id, _, _, result| {
            format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"{result}"}}"#)
        });
        format!(
            r#",{{"role":"assistant","content":"{said}","tool_calls":[{}]}},{}"#,
            calls.join(","),
            results.join(",")
        )
    }

    fn responses(&self) -> String {
        let said = &self.said;
        let calls = self.each(|id, name, arguments, _| {
            let arguments = quoted(arguments);
            format!(
                r#"{{"type":"function_call","call_id":"{id}","name":"{name}","arguments":{arguments}}}"#
            )
        });
        let results = self.each(|id, _, _, result| {
            format!(r#"{{"type":"function_call_output","call_id":"{id}","output":"{result}"}}"#)
        });
        format!(
            r#",{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":"{said}"}}]}},{},{}"#,
            calls.join(","),
            results.join(",")
        )
    }
}

/// JSON as the text inside a JSON string, with its quotes.
fn quoted(json: &str) -> String {
    format!("\"{}\"", json.replace('"', "\\\""))
}

/// What the user asked for.
fn opening(api: Api) -> String {
    let text = filler(3, 400);
    match api {
        Api::Messages => {
            format!(r#"{{"role":"user","content":[{{"type":"text","text":"{text}"}}]}}"#)
        }
        Api::Chat => format!(r#"{{"role":"user","content":"{text}"}}"#),
        Api::Responses => format!(
            r#"{{"type":"message","role":"user","content":[{{"type":"input_text","text":"{text}"}}]}}"#
        ),
    }
}

fn tools(api: Api) -> String {
    let one = |number: usize| {
        let about = filler(number * 3, DESCRIPTION);
        let member = filler(number, 160);
        let schema = format!(
            r#"{{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{{"path":{{"type":"string","description":"{member}"}},"pattern":{{"type":"string","description":"{member}"}},"offset":{{"type":"integer","minimum":0}},"limit":{{"type":"integer","exclusiveMinimum":0}},"options":{{"type":"object","properties":{{"mode":{{"type":"string","enum":["content","files","count"],"description":"{member}"}}}}}}}},"required":["path"],"additionalProperties":false}}"#
        );
        let name = format!("tool_{number:02}");
        match api {
            Api::Messages => {
                format!(r#"{{"name":"{name}","description":"{about}","input_schema":{schema}}}"#)
            }
            Api::Chat => format!(
                r#"{{"type":"function","function":{{"name":"{name}","description":"{about}","parameters":{schema}}}}}"#
            ),
            Api::Responses => format!(
                r#"{{"type":"function","name":"{name}","description":"{about}","strict":false,"parameters":{schema}}}"#
            ),
        }
    };
    let tools: Vec<String> = (0..TOOLS).map(one).collect();
    tools.join(",")
}

fn frame(api: Api, turns: &str, stream: bool) -> String {
    const SESSION: &str = "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a";
    let tools = tools(api);
    let told = filler(0, INSTRUCTIONS);
    match api {
        Api::Messages => format!(
            r#"{{"model":"{MODEL}","messages":[{turns}],"system":[{{"type":"text","text":"You are a coding agent.","cache_control":{{"type":"ephemeral"}}}},{{"type":"text","text":"{told}","cache_control":{{"type":"ephemeral"}}}}],"tools":[{tools}],"metadata":{{"user_id":"{{\"device_id\":\"bench\",\"session_id\":\"{SESSION}\"}}"}},"max_tokens":32000,"thinking":{{"type":"adaptive"}},"stream":{stream}}}"#
        ),
        Api::Chat => format!(
            r#"{{"model":"{MODEL}","messages":[{{"role":"system","content":"{told}"}},{turns}],"tools":[{tools}],"tool_choice":"auto","max_tokens":32000,"stream":{stream}}}"#
        ),
        Api::Responses => format!(
            r#"{{"model":"{MODEL}","input":[{{"type":"message","role":"developer","content":[{{"type":"input_text","text":"{told}"}}]}},{turns}],"tools":[{tools}],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{{"effort":"medium","summary":"auto"}},"store":false,"include":["reasoning.encrypted_content"],"prompt_cache_key":"{SESSION}","stream":{stream}}}"#
        ),
    }
}
