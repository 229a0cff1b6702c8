//! Whether a request shows a picture.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// A JSON value, as far as pictures are looked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
    Other(IgnoredAny),
}

/// Looks at the conversation alone: tools may well describe pictures.
pub(super) fn are_in(body: &[u8]) -> bool {
    let Ok(fields) = serde_json::from_slice::<BTreeMap<String, Node>>(body) else {
        return false;
    };
    let conversation = fields.get("messages").or_else(|| fields.get("input"));
    conversation.is_some_and(Node::shows)
}

impl Node {
    fn shows(&self) -> bool {
        match self {
            Self::Text(_) | Self::Other(_) => false,
            Self::List(nodes) => nodes.iter().any(Self::shows),
            Self::Object(fields) => {
                let kind = match fields.get("type") {
                    Some(Self::Text(kind)) => kind.as_str(),
                    _ => "",
                };
                matches!(kind, "image" | "image_url" | "input_image")
                    || fields.values().any(Self::shows)
            }
        }
    }
}
