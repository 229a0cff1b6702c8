//! Hints by which calls of clients that name no session can still be grouped.
//!
//! What is done with them (hashing, joining, the choice between them) is decided elsewhere.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use crate::walk::{Raw, Step, Visitor, Walker};

#[cfg(test)]
mod tests;

/// Feeds the raw bytes of the first user message of a request (of any protocol) to `sink`; false if there is
/// none. That is the first element of `messages` or `input` whose `role` is `user`, or `input` itself if it is
/// a string. Reads no further than that message, and tolerates a body that is broken behind it.
pub fn first_user_message(chunks: &[&[u8]], sink: &mut impl FnMut(&[u8])) -> bool {
    let mut walker = Walker::new(Place::Root);
    let mut search = Search::default();
    for chunk in chunks {
        walker.feed(chunk, &mut search);
        if search.found.is_some() {
            break;
        }
    }
    let Some(span) = search.found else {
        return false;
    };
    let mut start = 0;
    for chunk in chunks {
        let from = span.start.saturating_sub(start).min(chunk.len());
        let to = span.end.saturating_sub(start).min(chunk.len());
        if from < to {
            sink(&chunk[from..to]);
        }
        start += chunk.len();
    }
    true
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Root,
    List,
    Message,
    Role,
}

#[derive(Debug, Default)]
struct Search {
    by_user: bool,
    found: Option<Range<usize>>,
}

impl Visitor for Search {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        match (parent, key) {
            (Place::Root, b"messages" | b"input") => Step::Enter(Place::List, 1),
            (Place::Message, b"role") => Step::Keep(Place::Role, 16),
            _ => Step::Skip,
        }
    }

    fn element(&mut self, parent: Place, _index: usize) -> Step<Place> {
        self.by_user = false;
        match parent {
            Place::List => Step::Enter(Place::Message, 0),
            Place::Root | Place::Message | Place::Role => Step::Skip,
        }
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        match place {
            Place::Role => self.by_user = raw.bytes == b"\"user\"",
            Place::List if raw.bytes == b"\"" => self.found = Some(raw.span),
            Place::Root | Place::List | Place::Message => {}
        }
    }

    fn leave(&mut self, place: Place, span: Range<usize>) {
        if let Place::Message = place
            && self.by_user
        {
            self.found = Some(span);
        }
    }

    fn stopped(&self) -> bool {
        self.found.is_some()
    }
}

/// The session id inside `metadata.user_id` as Claude Code writes it: a JSON object in a string, or, in older
/// releases, `user_…_account_…_session_<id>`.
pub fn claude_session_id(metadata_user_id: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct UserId<'a> {
        #[serde(borrow)]
        session_id: Option<Cow<'a, str>>,
    }

    let id = if metadata_user_id.trim_start().starts_with('{') {
        serde_json::from_str::<UserId<'_>>(metadata_user_id)
            .ok()?
            .session_id?
    } else {
        let (_, id) = metadata_user_id
            .strip_prefix("user_")?
            .rsplit_once("_session_")?;
        Cow::Borrowed(id)
    };
    let plausible = (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plausible.then(|| id.into_owned())
}
