//! Images and documents in the results of calls, for Chat: its results hold text alone.

use std::borrow::Cow;
use std::mem;

use crate::conversation::{Document, Outcome, Part, Request, Said, Source};
use crate::loss::{Loss, Losses};

/// Moves them behind the results, each group under a text that names the call. Documents that are plain
/// text stay, as text.
pub(super) fn move_out(request: &mut Request<'_>) {
    for turn in &mut request.turns {
        let mut moved = Vec::new();
        let mut behind = 0;
        for (place, part) in turn.parts.iter_mut().enumerate() {
            if let Part::Outcome(outcome) = part {
                behind = place + 1;
                split(outcome, &mut moved, &mut request.losses);
            }
        }
        turn.parts.splice(behind..behind, moved);
    }
}

fn split<'a>(outcome: &mut Outcome<'a>, moved: &mut Vec<Part<'a>>, losses: &mut Losses) {
    let media = |part: &Part<'_>| matches!(part, Part::Image(_) | Part::Document(_));
    if !outcome.parts.iter().any(media) {
        return;
    }
    let mut first = true;
    for part in mem::take(&mut outcome.parts) {
        match plain(part, losses) {
            part @ (Part::Image(_) | Part::Document(_)) => {
                if mem::take(&mut first) {
                    let id = &outcome.id;
                    moved.push(Part::text(format!("From the result of the call {id}:")));
                }
                moved.push(part);
            }
            part => outcome.parts.push(part),
        }
    }
}

/// Tells a plain text document as text, wherever it stands.
pub(super) fn tell(part: &mut Part<'_>, losses: &mut Losses) {
    *part = plain(mem::replace(part, Part::text("")), losses);
}

/// A plain text document as text, under its title and what is said about it.
fn plain<'a>(part: Part<'a>, losses: &mut Losses) -> Part<'a> {
    let document = match part {
        Part::Document(document) if matches!(document.source, Source::Plain(_)) => document,
        part => return part,
    };
    let Document {
        source,
        title,
        context,
        cache,
        place: _,
    } = document;
    losses.add_if(context.is_some(), Loss::DocumentContext);
    let mut text = Cow::Borrowed("");
    for head in [title, context].into_iter().flatten() {
        text += head;
        text += "\n\n";
    }
    let (Source::Plain(body) | Source::Url(body) | Source::Base64 { data: body, .. }) = source;
    text += body;
    Part::Text(Said { text, cache })
}
