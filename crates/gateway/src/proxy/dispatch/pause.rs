//! How long an upstream wants to be left alone.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use tollhouse_domain::time::Timestamp;

/// How long an upstream asks to be left alone: seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let until = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = Duration::from_secs(now.as_secs().unsigned_abs());
    Some(until.saturating_sub(now))
}
