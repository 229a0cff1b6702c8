//! An answer in terms common to the three protocols, and what it costs.

use std::fmt::Write as _;

use crate::refusal::Refusal;

/// What the model says, in order.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) parts: Vec<Part>,
    pub(crate) usage: Usage,
    pub(crate) stop: Stop,
    /// How many deltas a text comes in, if that was asked for.
    pub(crate) deltas: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Reasoning(String),
    Text(String),
    Call(ToolCall),
}

#[derive(Debug, Clone)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) input: Input,
}

/// What a tool is called with.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// A JSON object.
    Json(String),
    Freeform(String),
}

impl Input {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Json(text) | Self::Freeform(text) => text,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    End,
    Tools,
    Length,
}

/// Token counts. `input` is everything that went in; `read` and `write` are parts of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: usize,
    pub(crate) read: usize,
    pub(crate) write: usize,
    /// Reasoning included.
    pub(crate) output: usize,
    pub(crate) reasoning: usize,
}

impl Usage {
    /// Input: a token is four bytes of the request; the first turn fills the cache, later ones
    /// read from it. Output: a token is a word.
    pub(crate) fn new(bytes: usize, turns: usize, parts: &[Part]) -> Self {
        let input = input_tokens(bytes);
        let (read, write) = if turns == 0 {
            (0, input / 2)
        } else {
            (input / 2, input / 8)
        };
        let count = |wanted: fn(&Part) -> Option<&str>| -> usize {
            parts.iter().filter_map(wanted).map(words).sum()
        };
        let reasoning = count(|part| match part {
            Part::Reasoning(text) => Some(text),
            Part::Text(_) | Part::Call(_) => None,
        });
        let rest = count(|part| match part {
            Part::Reasoning(_) => None,
            Part::Text(text) => Some(text),
            Part::Call(call) => Some(call.input.text()),
        });
        Self {
            input,
            read,
            write,
            output: (reasoning + rest).max(1),
            reasoning,
        }
    }

    /// Input that neither came from the cache nor went there.
    pub(crate) fn uncached(&self) -> usize {
        self.input - self.read - self.write
    }
}

/// What a request body of that many bytes costs.
pub(crate) fn input_tokens(bytes: usize) -> usize {
    (bytes / 4).max(1)
}

pub(crate) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Cuts a text into deltas: that many if given, else about one a word, 64 at most.
pub(crate) fn deltas(text: &str, count: Option<usize>) -> Vec<&str> {
    let count = count.unwrap_or_else(|| words(text).min(64)).max(1);
    let mut pieces = Vec::with_capacity(count);
    let mut start = 0;
    for piece in 1..=count {
        let end = text.floor_char_boundary(text.len() * piece / count);
        if end > start {
            pieces.push(&text[start..end]);
            start = end;
        }
    }
    pieces
}

/// Reasoning that comes back must be what went out: its text and the token issued for it.
pub(crate) fn check_reasoning(text: &str, token: &str) -> Result<(), Refusal> {
    if token == self::token(text) {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "reasoning was changed or issued elsewhere: invalid signature",
        ))
    }
}

/// The token for a text: a checksum that looks like a vendor's, so that a changed text, or a
/// changed token, is noticed when it comes back.
pub(crate) fn token(text: &str) -> String {
    let mut token = String::from("EsimRk");
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for round in 0..4_u8 {
        for byte in text.bytes().chain([round]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // Writing to a String does not fail.
        let _ = write!(token, "{state:016x}");
    }
    token.push_str("A=");
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_add_up() {
        for text in ["", "one", "häßlich und schön, naïve café", "a b c d e f g"] {
            for count in [None, Some(1), Some(3), Some(7)] {
                assert_eq!(deltas(text, count).concat(), text);
            }
        }
        assert_eq!(deltas("abcdefghij", Some(5)).len(), 5);
    }

    #[test]
    fn token_depends_on_the_text() {
        let token = token("because");
        assert!(check_reasoning("because", &token).is_ok());
        assert!(check_reasoning("becausE", &token).is_err());
    }

    #[test]
    fn usage_buckets_are_parts_of_the_input() {
        let first = Usage::new(4000, 0, &[Part::Text("two words".into())]);
        assert_eq!(
            (first.input, first.read, first.write, first.output),
            (1000, 0, 500, 2)
        );
        let second = Usage::new(4000, 1, &[Part::Reasoning("hm".into())]);
        assert_eq!(
            (second.read, second.write, second.uncached()),
            (500, 125, 375)
        );
        assert_eq!((second.output, second.reasoning), (1, 1));
    }
}
