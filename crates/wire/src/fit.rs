//! Fitting a request to its target: what the target takes, in the order it takes it.
//!
//! Works on the hub alone, and only where the target speaks something else than the caller. Whatever it changes that the answer will
//! show is noted in a [`Restore`], which changes it back. What is lost on the way is noted in
//! [`Request::losses`]; what would change the meaning of the answer is refused. Afterwards encoders have
//! nothing left to decide: turns alternate, results stand behind their calls, names and ids are valid, and
//! every field holds what the target takes or nothing.

use crate::conversation::Request;
use crate::dialect::Dialect;
use crate::restore::Restore;
use crate::translate::Unfit;

mod arrange;
mod attribution;
mod cache;
mod content;
mod estimate;
mod fields;
mod format;
mod freeform;
mod hash;
mod ids;
mod limits;
mod media;
mod names;
mod pair;
mod reasoning;
mod sampling;
mod schema;
mod strict;
mod system;
mod tail;
mod thoughts;

pub use estimate::estimate_tokens;
pub(crate) use fields::{cache_key, is_of_plan};

/// Fits `request` to `target`. `session` is what the caller's session is known by; cache keys are made of
/// it. Callers whose protocol has no cache marks expect prompts to be cached without asking: on their way
/// to a Messages target, which caches only up to a mark, they are given some (see `fit::cache`).
pub fn fit(request: &mut Request<'_>, target: &Dialect, session: &str) -> Result<Restore, Unfit> {
    content::refuse(request, target)?;
    freeform::fit(request, target);
    let names = names::fit(request, target);
    ids::fit(request, target);
    thoughts::fit(request, target);
    arrange::fit(request, target);
    let stops = limits::fit(request, target);
    reasoning::fit(request, target);
    sampling::fit(request, target);
    format::fit(request, target);
    strict::fit(request, target);
    schema::fit(request, target);
    fields::fit(request, target, session);
    attribution::fit(request, target);
    cache::fit(request, target);
    Ok(Restore::new(names, &stops))
}

#[cfg(test)]
mod tests;
