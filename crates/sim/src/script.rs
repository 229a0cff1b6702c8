//! The `x-sim` language: what one answer is told to do wrong, or slowly, or at length.
//!
//! `key=value` pairs and bare flags, separated by `;`. Blanks around them do not matter.
//!
//! | key | meaning |
//! | --- | --- |
//! | `model=sim-coder` | answer as that model would, whatever the request names |
//! | `status=429` | an error with that status, in the envelope of the protocol that was called |
//! | `error=overloaded_error` | the error's `type` (Messages) or `code` (Chat, Responses); alone it implies a fitting status |
//! | `retry_after=7` | a `retry-after` header, in seconds |
//! | `headers=ratelimit` | the vendor's rate-limit headers of that protocol |
//! | `redirect=URL` | a redirect (307, or `status`) to that address |
//! | `garbage` | status 200 with a body that is not JSON |
//! | `silence` | no answer at all until the client leaves |
//! | `pause_ms=50` | wait before the status line |
//! | `gap_ms=5` | wait between two writes |
//! | `events=20` | the answer's text comes in that many deltas |
//! | `size=4096` | the answer's text has that many bytes |
//! | `chunk=7`, `chunk=random:42` | bytes per write, fixed or pseudo-random from a seed, whatever the event boundaries |
//! | `gzip` | the answer is compressed, event by event |
//! | `usage=none` | no usage (Chat and Responses; a Messages answer always has one) |
//! | `reset_after=3` | the connection breaks after that many events; 0: before the status line |
//! | `truncate_after=3` | a clean end after that many events, without the terminal one |
//! | `inband_error=3` | the protocol's own error event after that many events |
//!
//! Events are counted in the stream as a whole, from its first. An answer that is not streamed
//! counts as one event, or as so many as `chunk` cuts it into.

use std::{fmt, str::FromStr, time::Duration};

use http::StatusCode;

/// One parsed `x-sim` header; the default is a plain, correct answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the language"
)]
pub struct Script {
    pub model: Option<String>,
    pub status: Option<StatusCode>,
    pub error: Option<String>,
    pub retry_after: Option<u32>,
    pub rate_limits: bool,
    pub redirect: Option<String>,
    pub garbage: bool,
    pub silence: bool,
    pub pause: Duration,
    pub gap: Duration,
    pub events: Option<usize>,
    pub size: Option<usize>,
    pub chunk: Option<Chunking>,
    pub gzip: bool,
    pub no_usage: bool,
    pub reset_after: Option<usize>,
    pub truncate_after: Option<usize>,
    pub inband_error: Option<usize>,
}

/// How an answer's bytes are cut into writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunking {
    /// Every write has this many bytes, the last one what is left.
    Fixed(usize),
    /// 1 to 64 bytes per write, drawn from this seed.
    Random(u64),
}

/// Why an `x-sim` header was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error("unknown key `{0}`")]
    UnknownKey(String),
    #[error("`{key}` cannot be `{value}`")]
    BadValue { key: String, value: String },
}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut script = Self::default();
        for pair in text
            .split(';')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            script.set(key.trim(), value.trim())?;
        }
        Ok(script)
    }
}

impl Script {
    fn set(&mut self, key: &str, value: &str) -> Result<(), ScriptError> {
        match key {
            "model" => self.model = Some(parsed(key, value)?),
            "status" => self.status = Some(parsed(key, value)?),
            "error" => self.error = Some(parsed(key, value)?),
            "retry_after" => self.retry_after = Some(parsed(key, value)?),
            "headers" => self.rate_limits = only(key, value, "ratelimit")?,
            "redirect" => self.redirect = Some(parsed(key, value)?),
            "garbage" => self.garbage = only(key, value, "")?,
            "silence" => self.silence = only(key, value, "")?,
            "pause_ms" => self.pause = Duration::from_millis(parsed(key, value)?),
            "gap_ms" => self.gap = Duration::from_millis(parsed(key, value)?),
            "events" => self.events = Some(parsed(key, value)?),
            "size" => self.size = Some(parsed(key, value)?),
            "chunk" => self.chunk = Some(parsed(key, value)?),
            "gzip" => self.gzip = only(key, value, "")?,
            "usage" => self.no_usage = only(key, value, "none")?,
            "reset_after" => self.reset_after = Some(parsed(key, value)?),
            "truncate_after" => self.truncate_after = Some(parsed(key, value)?),
            "inband_error" => self.inband_error = Some(parsed(key, value)?),
            _ => return Err(ScriptError::UnknownKey(key.to_owned())),
        }
        Ok(())
    }

    /// Whether the answer is an error decided before the request is looked at.
    pub(crate) fn refuses(&self) -> bool {
        self.redirect.is_none()
            && (self.status.is_some() || (self.error.is_some() && self.inband_error.is_none()))
    }
}

impl FromStr for Chunking {
    type Err = fmt::Error;

    fn from_str(text: &str) -> Result<Self, fmt::Error> {
        if let Some(seed) = text.strip_prefix("random:") {
            return seed.parse().map(Self::Random).map_err(|_| fmt::Error);
        }
        match text.parse() {
            Ok(bytes @ 1..) => Ok(Self::Fixed(bytes)),
            Ok(0) | Err(_) => Err(fmt::Error),
        }
    }
}

impl Chunking {
    /// The sizes of the writes, without end.
    pub(crate) fn sizes(self) -> impl Iterator<Item = usize> {
        // xorshift: the state must not be zero.
        let mut state = match self {
            Self::Fixed(_) => 1,
            Self::Random(seed) => seed | 1 << 63,
        };
        std::iter::repeat_with(move || match self {
            Self::Fixed(bytes) => bytes,
            Self::Random(_) => {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                1 + usize::try_from(state % 64).unwrap_or(0)
            }
        })
    }
}

fn parsed<T: FromStr>(key: &str, value: &str) -> Result<T, ScriptError> {
    if value.is_empty() {
        return Err(bad(key, value));
    }
    value.parse().map_err(|_| bad(key, value))
}

fn only(key: &str, value: &str, expected: &str) -> Result<bool, ScriptError> {
    if value == expected {
        Ok(true)
    } else {
        Err(bad(key, value))
    }
}

fn bad(key: &str, value: &str) -> ScriptError {
    ScriptError::BadValue {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_and_flags() {
        let script: Script = " status=429; retry_after=7 ;gzip;chunk=random:9;"
            .parse()
            .unwrap();
        assert_eq!(script.status, Some(StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(script.retry_after, Some(7));
        assert!(script.gzip);
        assert_eq!(script.chunk, Some(Chunking::Random(9)));
        assert_eq!("".parse::<Script>().unwrap(), Script::default());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert_eq!(
            "stauts=1".parse::<Script>(),
            Err(ScriptError::UnknownKey("stauts".into()))
        );
        for text in [
            "status=",
            "status=x",
            "chunk=0",
            "chunk=random:",
            "headers=all",
            "gzip=9",
        ] {
            assert!(text.parse::<Script>().is_err(), "{text}");
        }
    }

    #[test]
    fn random_chunks_repeat_with_their_seed() {
        let draw = |seed| Chunking::Random(seed).sizes().take(50).collect::<Vec<_>>();
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(1), draw(2));
        assert!(draw(3).iter().all(|size| (1..=64).contains(size)));
    }
}
