//! The grammar of a Messages stream, and the message it adds up to.

use serde_json::{Value, json};

macro_rules! must {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}

/// Checks every rule clients rely on while putting the message together as they do.
pub(super) fn assemble(frames: &[Value]) -> Result<Value, String> {
    let mut frames = frames.iter().filter(|frame| frame["type"] != "ping");
    let first = frames.next().ok_or("nothing at all")?;
    must!(
        first["type"] == "message_start",
        "begins with {}",
        first["type"]
    );
    let mut message = first["message"].clone();
    must!(message["content"] == json!([]), "begins with content");
    let mut content = Vec::new();
    let mut open: Option<Pending> = None;
    let mut told = false;
    for frame in frames.by_ref() {
        let index = frame["index"].as_u64();
        must!(
            !told || frame["type"] == "message_stop",
            "{} after the end",
            frame["type"]
        );
        match frame["type"].as_str().unwrap_or_default() {
            "content_block_start" => {
                must!(open.is_none(), "two blocks are open");
                must!(
                    index == Some(content.len() as u64),
                    "index {index:?} is not dense"
                );
                open = Some(Pending::new(&frame["content_block"])?);
            }
            "content_block_delta" => {
                must!(index == Some(content.len() as u64), "a delta for {index:?}");
                open.as_mut()
                    .ok_or("a delta outside of a block")?
                    .add(&frame["delta"])?;
            }
            "content_block_stop" => {
                must!(index == Some(content.len() as u64), "the end of {index:?}");
                content.push(open.take().ok_or("an end without a block")?.done()?);
            }
            "message_delta" => {
                must!(open.is_none(), "the message ends inside a block");
                told = true;
                message["stop_reason"] = frame["delta"]["stop_reason"].clone();
                message["stop_sequence"] = frame["delta"]["stop_sequence"].clone();
                message["usage"] = frame["usage"].clone();
            }
            "message_stop" => {
                must!(told, "no message_delta");
                message["content"] = Value::from(content);
                return match frames.next() {
                    None => Ok(message),
                    Some(more) => Err(format!("{} after message_stop", more["type"])),
                };
            }
            other => return Err(format!("{other} in the middle")),
        }
    }
    Err("no message_stop".into())
}

/// A block that has not ended.
struct Pending {
    block: Value,
    json: String,
    signed: bool,
}

impl Pending {
    fn new(block: &Value) -> Result<Self, String> {
        let empty = match block["type"].as_str().unwrap_or_default() {
            "text" => block["text"] == "",
            "thinking" => block["thinking"] == "" && block["signature"] == "",
            "tool_use" | "server_tool_use" => block["input"] == json!({}),
            "web_search_tool_result" => true,
            other => return Err(format!("a block of type {other}")),
        };
        must!(empty, "a block that begins with content");
        Ok(Self {
            block: block.clone(),
            json: String::new(),
            signed: false,
        })
    }

    fn add(&mut self, delta: &Value) -> Result<(), String> {
        must!(!self.signed, "a delta after the signature");
        let kind = self.block["type"].as_str().unwrap_or_default();
        let member = match (kind, delta["type"].as_str().unwrap_or_default()) {
            ("text", "text_delta") => "text",
            ("thinking", "thinking_delta") => "thinking",
            ("thinking", "signature_delta") => {
                self.signed = true;
                "signature"
            }
            ("tool_use" | "server_tool_use", "input_json_delta") => {
                self.json += delta["partial_json"].as_str().ok_or("no partial_json")?;
                return Ok(());
            }
            (kind, delta) => return Err(format!("{delta} in {kind}")),
        };
        let piece = delta[member].as_str().ok_or("a delta without its text")?;
        must!(!piece.is_empty(), "an empty delta");
        let text = self.block[member].as_str().unwrap_or_default().to_owned() + piece;
        self.block[member] = Value::from(text);
        Ok(())
    }

    fn done(mut self) -> Result<Value, String> {
        match self.block["type"].as_str().unwrap_or_default() {
            "text" => must!(self.block["text"] != "", "an empty text"),
            "thinking" => must!(self.signed, "a thought without a signature"),
            "tool_use" | "server_tool_use" => {
                let input: Value = serde_json::from_str(&self.json).map_err(|e| e.to_string())?;
                must!(input.is_object(), "an input that is no object");
                self.block["input"] = input;
            }
            _ => {}
        }
        Ok(self.block)
    }
}
