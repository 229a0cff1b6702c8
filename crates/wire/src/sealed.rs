//! What we sealed for a foreign client, in a request that goes to the client's own kind of upstream.
//!
//! A conversation that was translated for a while and then moves to a model of the client's own protocol
//! brings our sealed thoughts and summaries along. That upstream never issued them and refuses them, so they
//! are taken out: the one change to a body whose protocol matches, besides the model's name. Everything else
//! stays the bytes it was. Knows nothing of who the upstream is.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::conversation::Token;
use crate::responses::compaction;
use crate::{Protocol, json};

/// How everything sealed begins, as a JSON string.
const MARK: &[u8] = b"\"th1.";

/// Whether a body, in these chunks, may hold anything sealed: a look that costs next to nothing.
pub fn suspected(chunks: &[&[u8]]) -> bool {
    let within = |chunk: &&[u8]| memmem::find(chunk, MARK).is_some();
    // A mark cut in two by a chunk's border is looked for where the chunks meet.
    let across = |pair: &[&[u8]]| {
        let keep = MARK.len() - 1;
        let end = &pair[0][pair[0].len().saturating_sub(keep)..];
        let start = &pair[1][..pair[1].len().min(keep)];
        memmem::find(&[end, start].concat(), MARK).is_some()
    };
    chunks.iter().any(within) || chunks.windows(2).any(across)
}

/// The body without what we sealed; `None` if there is nothing of that kind in it.
pub fn without(protocol: Protocol, body: &[u8]) -> Option<Vec<u8>> {
    let (list, fresh) = match protocol {
        Protocol::Messages => messages(body)?,
        Protocol::Responses => input(body)?,
        // Chat has no field that anything could be sealed in.
        Protocol::Chat => return None,
    };
    let span = span(body, list)?;
    Some([&body[..span.start], &fresh, &body[span.end..]].concat())
}

/// Where a raw value stands in the body it borrows from.
fn span(body: &[u8], raw: &RawValue) -> Option<Range<usize>> {
    let start = (raw.get().as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    let end = start + raw.get().len();
    (end <= body.len()).then_some(start..end)
}

/// An element of a list: as it was, changed, or gone.
enum Fate {
    Stays,
    Becomes(Vec<u8>),
    Goes,
}

/// The list with each element's fate; `None` if all of them stay.
fn rewritten(list: &[&RawValue], fate: impl Fn(&RawValue) -> Fate) -> Option<Vec<u8>> {
    let mut changed = false;
    let mut out = vec![b'['];
    for &raw in list {
        let text = match fate(raw) {
            Fate::Stays => Cow::Borrowed(raw.get().as_bytes()),
            Fate::Becomes(text) => {
                changed = true;
                Cow::Owned(text)
            }
            Fate::Goes => {
                changed = true;
                continue;
            }
        };
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(&text);
    }
    out.push(b']');
    changed.then_some(out)
}

fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

fn messages(body: &[u8]) -> Option<(&RawValue, Vec<u8>)> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        messages: &'a RawValue,
    }
    let list = serde_json::from_slice::<Request<'_>>(body).ok()?.messages;
    let fresh = rewritten(&elements(list)?, |message| {
        message_fate(message).unwrap_or(Fate::Stays)
    })?;
    Some((list, fresh))
}

fn message_fate(message: &RawValue) -> Option<Fate> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let text = message.get();
    memmem::find(text.as_bytes(), MARK)?;
    let content = serde_json::from_str::<Message<'_>>(text).ok()?.content;
    let fresh = rewritten(&elements(content)?, |block| {
        if is_sealed_block(block.get()) {
            Fate::Goes
        } else {
            Fate::Stays
        }
    })?;
    if fresh == b"[]" {
        // A turn that was nothing but thought; the upstream takes no empty ones.
        return Some(Fate::Goes);
    }
    let span = span(text.as_bytes(), content)?;
    let text = text.as_bytes();
    Some(Fate::Becomes(
        [&text[..span.start], &fresh, &text[span.end..]].concat(),
    ))
}

fn is_sealed_block(block: &str) -> bool {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        signature: Option<Cow<'a, str>>,
        #[serde(borrow)]
        data: Option<Cow<'a, str>>,
    }
    let Ok(block) = serde_json::from_str::<Block<'_>>(block) else {
        return false;
    };
    let token = match &*block.kind {
        "thinking" => block.signature,
        "redacted_thinking" => block.data,
        _ => None,
    };
    token.is_some_and(|token| Token::open(&token).is_some())
}

fn input(body: &[u8]) -> Option<(&RawValue, Vec<u8>)> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        input: &'a RawValue,
    }
    let list = serde_json::from_slice::<Request<'_>>(body).ok()?.input;
    let fresh = rewritten(&elements(list)?, |item| {
        item_fate(item.get()).unwrap_or(Fate::Stays)
    })?;
    Some((list, fresh))
}

fn item_fate(item: &str) -> Option<Fate> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        encrypted_content: Option<Cow<'a, str>>,
    }
    let item = serde_json::from_str::<Item<'_>>(item).ok()?;
    let cipher = item.encrypted_content?;
    match &*item.kind {
        "reasoning" => Token::open(&cipher).map(|_| Fate::Goes),
        "compaction" => {
            compaction::open_summary(&cipher).map(|summary| Fate::Becomes(told(summary)))
        }
        _ => None,
    }
}

/// A summary as a message: dropping it would lose the conversation.
fn told(summary: &str) -> Vec<u8> {
    let mut out =
        br#"{"type":"message","role":"user","content":[{"type":"input_text","text":"#.to_vec();
    json::string(&mut out, &compaction::told(summary));
    out.extend_from_slice(b"}]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Origin;

    fn sealed(origin: Origin) -> String {
        Token::fresh(origin, "rs_1", "cipher").seal("lab")
    }

    fn gone(protocol: Protocol, body: &str) -> Option<String> {
        let found = without(protocol, body.as_bytes());
        assert!(found.is_none() || suspected(&[body.as_bytes()]));
        found.map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn sealed_thoughts_leave_a_messages_conversation() {
        let ours = sealed(Origin::Cipher);
        let body = format!(
            r#"{{ "x":1.0,"messages" : [{{"role":"user","content":"a"}}, {{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"{ours}"}}, {{"type":"thinking","thinking":"t","signature":"theirs"}},{{"type":"text", "text":"\u0062"}}]}},{{"role":"assistant","content":[{{"type":"redacted_thinking","data":"{ours}"}}]}}],"y":[ ]}}"#
        );
        let expected = r#"{ "x":1.0,"messages" : [{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"theirs"},{"type":"text", "text":"\u0062"}]}],"y":[ ]}"#;
        assert_eq!(gone(Protocol::Messages, &body).as_deref(), Some(expected));
    }

    #[test]
    fn sealed_thoughts_leave_a_responses_conversation_and_summaries_are_told() {
        let (ours, summary) = (
            sealed(Origin::Signature),
            compaction::seal_summary("so \"far\""),
        );
        let summary = summary.replace('"', "\\\"");
        let body = format!(
            r#"{{"input":[{{"type":"reasoning","id":"rs_1","encrypted_content":"{ours}"}},{{"type":"reasoning","encrypted_content":"gAAA"}},{{"type":"compaction","encrypted_content":"{summary}"}}]}}"#
        );
        let found = gone(Protocol::Responses, &body).unwrap();
        let value: serde_json::Value = serde_json::from_str(&found).unwrap();
        let items = value["input"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0]["encrypted_content"], "gAAA");
        assert!(
            items[1]["content"][0]["text"]
                .as_str()
                .unwrap()
                .ends_with("so \"far\"")
        );
    }

    #[test]
    fn what_others_say_is_left_alone() {
        for body in [
            r#"{"messages":[{"role":"user","content":"\"th1.s.lab..x\""}]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"th1.s.lab..x"}]}]}"#,
            r#"{"input":"th1.s.lab..x"}"#,
            r#"{"input":[{"type":"message","content":"th1.s.lab..x"}]}"#,
            r#"{"messages":5}"#,
            "",
        ] {
            for protocol in Protocol::ALL {
                assert_eq!(gone(protocol, body), None, "{body}");
            }
        }
    }

    #[test]
    fn a_mark_is_seen_across_chunks() {
        let body = br#"{"signature":"th1.c"}"#;
        for at in 0..=body.len() {
            let (one, two) = body.split_at(at);
            assert!(suspected(&[one, two]), "{at}");
        }
        assert!(!suspected(&[b"{\"signature\":\"th2.c", b"\"}"]));
        assert!(!suspected(&[]));
    }
}
