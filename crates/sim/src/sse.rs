//! Server-sent events as the vendors write them.

use bytes::Bytes;
use serde::Serialize;

/// `event: NAME`, `data: JSON` with `type` first: the form of Messages and Responses.
///
/// `padding` blanks stand before the closing brace, as in real Messages streams: they make a
/// gateway that parses and writes JSON again visible.
pub(crate) fn named(name: &str, body: &impl Serialize, padding: usize) -> Bytes {
    let fields = json(body);
    let inner = fields.strip_prefix('{').unwrap_or(&fields);
    let comma = if inner == "}" { "" } else { "," };
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let blanks = " ".repeat(padding);
    format!("event: {name}\ndata: {{\"type\":\"{name}\"{comma}{inner}{blanks}}}\n\n").into()
}

/// `data: JSON` alone: the form of Chat Completions.
pub(crate) fn data(body: &impl Serialize) -> Bytes {
    format!("data: {}\n\n", json(body)).into()
}

pub(crate) fn done() -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}

/// The types written here are plain structs with string keys, which always serialize.
pub(crate) fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Empty {}

    #[derive(Serialize)]
    struct One {
        a: u8,
    }

    #[test]
    fn writes_valid_events() {
        assert_eq!(
            named("ping", &Empty {}, 0),
            "event: ping\ndata: {\"type\":\"ping\"}\n\n".as_bytes()
        );
        assert_eq!(
            named("x", &One { a: 1 }, 2),
            "event: x\ndata: {\"type\":\"x\",\"a\":1  }\n\n".as_bytes()
        );
    }
}
