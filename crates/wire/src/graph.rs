//! Conversations of the Microsoft Graph, which Microsoft 365 Copilot answers in: for upstreams only, no
//! client speaks this.
//!
//! Written after the vendor's documentation of the Chat API (beta), and never called. A conversation is begun
//! with an empty object; something is said in it, whole or as a stream, and the answer is the conversation with
//! its last messages. Text is all that it takes and gives: no tools, no media, no counts.

mod answer_decode;
mod encode;

use serde::Deserialize;

use crate::answer::Malformed;
use crate::read::Str;

pub use answer_decode::{StreamDecoder, decode_whole};
pub use encode::encode;

/// Where a conversation is begun, below the base URL.
pub const CONVERSATIONS: &str = "/conversations";

/// What a conversation is begun with.
pub const BEGINNING: &[u8] = b"{}";

/// The longest id of a conversation.
const LONGEST_ID: usize = 512;

#[derive(Deserialize)]
struct Begun<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
}

/// Where something is said in the conversation that `answer` says was begun, below [`CONVERSATIONS`].
pub fn place(answer: &[u8], streams: bool) -> Result<String, Malformed> {
    let begun: Begun<'_> = serde_json::from_slice(answer)
        .map_err(|_| Malformed("the conversation that was begun cannot be read"))?;
    let id = begun.id.unwrap_or_default();
    if !is_segment(id.as_str()) {
        return Err(Malformed(
            "the conversation that was begun has no usable id",
        ));
    }
    let action = if streams { "chatOverStream" } else { "chat" };
    Ok(format!("/{}/{action}", id.as_str()))
}

/// Whether a text is one segment of a path as it stands.
fn is_segment(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~!$&'()*+,;=:@.".contains(&byte);
    !text.is_empty()
        && text.len() <= LONGEST_ID
        && text.bytes().all(plain)
        && !text.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests;
