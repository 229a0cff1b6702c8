//! Counting the tokens of a prompt: the same prompt, sent to be measured instead of answered.

use serde::Deserialize;

use super::body::Prompt;
use super::write;
use crate::conversation::Request;
use crate::dialect::Dialect;
use crate::loss::Losses;
use crate::translate::Unfit;

/// Writes the body of a `POST /v1/responses/input_tokens` for a request that has been fitted to `target`.
pub fn encode_count(
    request: &Request<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Vec<u8>, Unfit> {
    write(&Prompt::of(request, target, losses))
}

/// Reads the answer to it: the number of tokens.
pub fn decode_count_answer(body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Answer {
        input_tokens: u64,
    }
    serde_json::from_slice(body)
        .ok()
        .map(|answer: Answer| answer.input_tokens)
}
