//! An output limit for which the context window has no room, or the model no ability.
//!
//! Some servers tell it as if the conversation were too long. Clients would then shorten the conversation,
//! which is of no use: it is the limit that has to be lower. Messages clients lower it by themselves if they
//! are told in the wording they know.

use std::borrow::Cow;

use super::class::contains_any;

/// What the limit is called.
const NAMES: &[&str] = &["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// Whether a text says that the output limit alone is too large.
pub(super) fn is_too_large(message: &str) -> bool {
    let named = contains_any(message, NAMES) && contains_any(message, &["too large"]);
    match Counts::read(message) {
        Counts {
            input: Some(input),
            window: Some(window),
            output,
        } => input < window && (named || output.is_some_and(|output| input + output > window)),
        _ => named,
    }
}

/// The text in the wording of Messages, if it has the numbers for it; as it is otherwise.
pub(super) fn in_messages_wording(message: &str) -> Cow<'_, str> {
    let Counts {
        input: Some(input),
        output: Some(output),
        window: Some(window),
    } = Counts::read(message)
    else {
        return Cow::Borrowed(message);
    };
    Cow::Owned(format!(
        "input length and `max_tokens` exceed context limit: {input} + {output} > {window}, decrease input \
         length or `max_tokens` and try again"
    ))
}

/// The tokens that a text counts.
#[derive(Default)]
struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    window: Option<u64>,
}

/// What stands before and after each of the counts, in lower case.
const BEFORE_WINDOW: &[&str] = &["context length is", "context length is only"];
const BEFORE_OUTPUT: &[&str] = &["too large:"];
const AFTER_INPUT: &[&str] = &[
    "in the messages",
    "in the prompt",
    "in the input",
    "in your prompt",
    "of text input",
    "input tokens",
    "prompt tokens",
];
const AFTER_OUTPUT: &[&str] = &[
    "in the completion",
    "for the completion",
    "in the output",
    "output tokens",
];

impl Counts {
    fn read(message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let mut counts = Self::default();
        let mut rest = message.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (passed, digits) = rest.split_at(start);
            let end = digits.find(|c: char| !c.is_ascii_digit());
            let (digits, after) = digits.split_at(end.unwrap_or(digits.len()));
            rest = after;
            let preceding = passed.trim_end();
            let is_after = |texts: &[&str]| texts.iter().any(|text| preceding.ends_with(text));
            let following = after.trim_start();
            let is_before = |texts: &[&str]| texts.iter().any(|text| following.starts_with(text));
            let Ok(number) = digits.parse::<u64>() else {
                continue;
            };
            let slot = if is_after(BEFORE_WINDOW) {
                &mut counts.window
            } else if is_before(AFTER_INPUT) {
                &mut counts.input
            } else if is_after(BEFORE_OUTPUT) || is_before(AFTER_OUTPUT) {
                &mut counts.output
            } else {
                continue;
            };
            // More is not said of anything than fits, however many numbers are in a text.
            slot.get_or_insert(number.min(u64::from(u32::MAX)));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_large_is_told_in_the_wording_that_clients_know() {
        for (message, numbers) in [
            (
                "This model's maximum context length is 131072 tokens. However, you requested 136192 tokens (8192 in the messages, 128000 in the completion). Please reduce the length of the messages or completion.",
                "8192 + 128000 > 131072",
            ),
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 128000. This model's maximum context length is 32768 tokens and your request has 1000 input tokens (128000 > 32768 - 1000).",
                "1000 + 128000 > 32768",
            ),
            (
                "This endpoint's maximum context length is 65536 tokens. However, you requested about 70000 tokens (6000 of text input, 64000 in the output).",
                "6000 + 64000 > 65536",
            ),
        ] {
            assert!(is_too_large(message), "{message}");
            assert_eq!(
                in_messages_wording(message),
                format!(
                    "input length and `max_tokens` exceed context limit: {numbers}, decrease input length or `max_tokens` and try again"
                )
            );
        }
        let bare = "max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.";
        assert!(is_too_large(bare));
        assert_eq!(in_messages_wording(bare), bare);
    }

    #[test]
    fn a_conversation_that_does_not_fit_by_itself_is_too_long() {
        for message in [
            "This model's maximum context length is 131072 tokens. However, you requested 144192 tokens (140096 in the messages, 4096 in the completion).",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.",
            "'max_tokens' is too large: 10. This model's maximum context length is 100 tokens and your request has 100 input tokens",
            "Your input exceeds the context window of this model.",
        ] {
            assert!(!is_too_large(message), "{message}");
        }
    }
}
