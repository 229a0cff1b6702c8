//! A fitted request, written from the hub.
//!
//! Nothing is decided here that `fit` has decided: names, ids and order are as the vendor takes them. Item
//! ids are left out except for reasoning, whose cipher belongs to one: the vendor looks others up among what
//! it has stored, and it is asked to store nothing.

mod body;
mod count;
mod items;
mod parts;
#[cfg(test)]
mod tests;
mod tools;

pub use count::{decode_count_answer, encode_count};

use crate::conversation::Request;
use crate::dialect::Dialect;
use crate::loss::Losses;
use crate::translate::Unfit;

/// Writes a request that has been fitted to `target`.
pub fn encode(
    request: &Request<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Vec<u8>, Unfit> {
    let body = body::Body {
        prompt: body::Prompt::of(request, target, losses),
        generation: body::Generation::of(request, target),
    };
    write(&body)
}

fn write(body: &impl serde::Serialize) -> Result<Vec<u8>, Unfit> {
    // Numbers that JSON has no form for, such as infinity, cannot come from JSON.
    serde_json::to_vec(body).map_err(|_| Unfit::new("", "the request cannot be written as JSON"))
}
