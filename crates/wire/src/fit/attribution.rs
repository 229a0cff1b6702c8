//! The line about itself that Claude Code puts before the system prompt.

use std::borrow::Cow;

use crate::Protocol;
use crate::conversation::Request;
use crate::dialect::Dialect;
use crate::loss::Loss;

/// What the line begins with.
const PREFIX: &str = "x-anthropic-billing-header:";

/// Drops it for other vendors: it changes from conversation to conversation, and no prompt cache that
/// begins at the first word would ever be of use again.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    match target.protocol {
        Protocol::Messages => {}
        Protocol::Chat | Protocol::Responses => {
            let losses = &mut request.losses;
            request.system.retain_mut(|passage| {
                if !passage.text.starts_with(PREFIX) {
                    return true;
                }
                losses.add(Loss::Attribution);
                // Some clients join all passages into one.
                match &mut passage.text {
                    Cow::Borrowed(text) => *text = rest(text),
                    Cow::Owned(text) => *text = rest(text).to_owned(),
                }
                !passage.text.is_empty()
            });
        }
    }
}

/// What follows the first line.
fn rest(text: &str) -> &str {
    let (_, rest) = text.split_once('\n').unwrap_or_default();
    rest.trim_start_matches('\n')
}
