//! What a meter reports.

use std::fmt;

use crate::Usage;

/// What an event appended to a running stream must refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamTail {
    /// The response's own id.
    pub upstream_id: Option<String>,
    /// The model named by the answer.
    pub model: Option<String>,
    /// The `sequence_number` the next event should carry; `None` if the stream has none.
    pub next_sequence_number: Option<u64>,
    /// Whether the bytes so far end exactly between two events. If not, an appended event would be glued
    /// to half a line: end the connection with an error instead.
    pub at_boundary: bool,
}

/// The outcome of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Tokens, in disjoint buckets.
    pub usage: Usage,
    /// The last usage object as the upstream wrote it, at most 4 KiB.
    pub usage_raw: Option<String>,
    /// `stop_reason`, `finish_reason`, or the Responses status (for `incomplete`, its reason).
    pub stop_reason: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The answer's id (`msg_…`, `chatcmpl-…`, `resp_…`).
    pub upstream_id: Option<String>,
    /// An error inside the answer.
    pub error: Option<InBandError>,
    /// Whether the answer reached its proper end.
    pub terminal: bool,
    /// Events seen (0 for a JSON body).
    pub events: u64,
    /// Bytes of generated content seen in a stream: the basis for estimating the output of a cut one.
    pub output_bytes_hint: u64,
    /// The counts contradict each other or could not be read; do not bill them without a look.
    pub quarantined: bool,
    /// Events dropped because they were too long to keep.
    pub oversized: u64,
    /// The last event that said how much of an account's plan is used, as it came, at most 4 KiB.
    pub limits: Option<Box<[u8]>>,
}

/// An error reported inside an answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct InBandError {
    /// `error.type`.
    pub kind: Option<String>,
    /// `error.code`, numbers as text.
    pub code: Option<String>,
    /// The first 512 bytes of the message. May quote the request, so `Debug` leaves it out.
    pub message: Option<String>,
    /// `error.resets_at`, of a plan that is used up.
    pub resets_at: Option<i64>,
    /// `error.resets_in_seconds`, of the same.
    pub resets_in_seconds: Option<i64>,
}

impl fmt::Debug for InBandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InBandError")
            .field("kind", &self.kind)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
