//! How long the answer may be, and what ends it.

use crate::Protocol;
use crate::conversation::{Request, Text};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;

/// The least output limit of Responses upstreams.
const RESPONSES_FLOOR: u64 = 16;

/// How many stop texts Chat upstreams take.
const CHAT_STOPS: usize = 4;

/// Fits the output limit and the stop texts; returns the texts that we have to look for ourselves.
pub(super) fn fit<'a>(request: &mut Request<'a>, target: &Dialect) -> Vec<Text<'a>> {
    let floor = match target.protocol {
        Protocol::Messages => {
            request.max_output.get_or_insert(target.default_max_output);
            // Zero fills the cache and answers nothing, which no caller of another protocol means.
            1
        }
        // Zero, a Messages caller's way to fill the cache, is an error here.
        Protocol::Chat => 1,
        Protocol::Responses => RESPONSES_FLOOR,
    };
    if target.protocol != Protocol::Messages && target.has(Quirk::NoOutputLimit) {
        let taken = request.max_output.take();
        request.losses.add_if(taken.is_some(), Loss::MaxOutput);
    }
    // More than a model can say is an error to most vendors; so is less than the protocol allows.
    let most = target.most_output.unwrap_or(u64::MAX).max(floor);
    if let Some(limit) = &mut request.max_output {
        let taken = (*limit).clamp(floor, most);
        request.losses.add_if(taken != *limit, Loss::MaxOutput);
        *limit = taken;
    }
    request.stop.retain(|stop| !stop.is_empty());
    match target.protocol {
        Protocol::Responses => std::mem::take(&mut request.stop),
        Protocol::Chat if target.is_text_alone() => std::mem::take(&mut request.stop),
        Protocol::Chat => {
            let sent = request.stop.len().min(CHAT_STOPS);
            request.stop.split_off(sent)
        }
        // Texts of blanks alone are refused.
        Protocol::Messages => {
            let stops = std::mem::take(&mut request.stop).into_iter();
            let (blank, sent) = stops.partition(|stop| stop.trim().is_empty());
            request.stop = sent;
            blank
        }
    }
}
