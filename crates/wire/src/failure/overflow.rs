//! The one error that agents recover from by themselves: the conversation has outgrown the context window.
//!
//! Messages clients know it by its wording alone, so whatever the upstream called it is told in that wording.

use std::borrow::Cow;

use super::class::contains_any;

/// The wording Messages clients look for.
const WORDING: &str = "prompt is too long";

/// What Messages servers say where input and output together are too much. Clients know this, too.
const OUTPUT_TOO_LARGE: &str = "exceed context limit";

/// How servers put it, in lower case.
const PHRASES: &[&str] = &[
    WORDING,
    "input is too long",
    "context window",
    "maximum context length",
    "context length exceeded",
    "exceeds the context length",
    OUTPUT_TOO_LARGE,
    "exceeds the available context size",
    "maximum prompt length",
    "input tokens exceed",
    "input token count",
    "too many input tokens",
    "too many tokens",
    "reduce the length of the messages",
];

/// Whether a text says that the conversation does not fit.
pub(super) fn is_told_by(message: &str) -> bool {
    contains_any(message, PHRASES)
}

/// The text in the wording of Messages: with the numbers where the text has them, the original behind it.
pub(super) fn in_messages_wording(message: &str) -> Cow<'_, str> {
    if contains_any(message, &[WORDING, OUTPUT_TOO_LARGE]) {
        return Cow::Borrowed(message);
    }
    Cow::Owned(match numbers(message) {
        Some((asked, most)) => {
            format!("{WORDING}: {asked} tokens > {most} maximum ({message})")
        }
        None => format!("{WORDING}: {message}"),
    })
}

/// How many tokens were sent and how many fit: the first two large numbers of the text, in either order.
fn numbers(message: &str) -> Option<(u64, u64)> {
    /// No context window is as small as this; whatever is smaller counts something else.
    const SMALL: u64 = 1000;
    // Texts that add input and output up name more than two, and not the two that are wanted.
    if message.contains(" + ") {
        return None;
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | '/');
    let mut found = message
        .split(|c: char| !is_part(c))
        .filter_map(|word| {
            word.trim_end_matches(['.', ','])
                .replace(',', "")
                .parse()
                .ok()
        })
        .filter(|number| *number >= SMALL);
    let (first, second): (u64, u64) = (found.next()?, found.next()?);
    (first != second).then(|| (first.max(second), first.min(second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_the_texts_of_many_servers() {
        for (message, expected) in [
            (
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.",
                Some((130_001, 128_000)),
            ),
            (
                "request (12345 tokens) exceeds the available context size (8192 tokens), try increasing it",
                Some((12_345, 8192)),
            ),
            (
                "The input token count (1,200,000) exceeds the maximum number of tokens allowed (1048576).",
                Some((1_200_000, 1_048_576)),
            ),
            (
                "gpt-4o-2024-08-06: maximum context length is 32768 tokens, but you sent 40000.",
                Some((40_000, 32_768)),
            ),
            (
                "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000",
                None,
            ),
            ("Your input exceeds the context window of this model.", None),
            ("maximum context length is 4096 tokens", None),
        ] {
            assert_eq!(numbers(message), expected, "{message}");
            assert!(is_told_by(message), "{message}");
        }
    }

    #[test]
    fn the_wording_is_kept_where_it_stands_already() {
        let own = "Prompt is too long: 210000 tokens > 200000 maximum";
        assert_eq!(in_messages_wording(own), own);
        assert_eq!(
            in_messages_wording("Input is too long."),
            "prompt is too long: Input is too long."
        );
    }
}
