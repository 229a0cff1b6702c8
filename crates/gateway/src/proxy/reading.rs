//! Reading an upstream's answer whole, with limits on its length and its silence.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tollhouse_wire::ErrorKind;
use tollhouse_wire::answer::Malformed;

use super::arriving::Arriving;
use super::passage::Passage;
use super::refusal::Refusal;
use super::translated::broken;

/// A body being read, with a limit on its silence.
pub(super) struct Reading {
    upstream: Arriving,
    idle: Duration,
}

/// Reads an answer until `take` has seen its end; it is told `None` where nothing more comes. What it reads is
/// metered.
pub(super) async fn until(
    passage: &mut Passage<'_>,
    upstream: Arriving,
    mut take: impl FnMut(Option<&[u8]>) -> Result<bool, Malformed>,
) -> Result<(), Refusal> {
    let mut reading = Reading::new(passage, upstream);
    while let Some(bytes) = reading.next().await? {
        passage.call().heard(&bytes);
        if take(Some(&bytes)).map_err(broken)? {
            // A body that is read to its end leaves its connection to the next call.
            let _ = reading.next().now_or_never();
            return Ok(());
        }
    }
    take(None).map(drop).map_err(broken)
}

impl Reading {
    pub(super) fn new(passage: &Passage<'_>, upstream: Arriving) -> Self {
        Self {
            upstream,
            idle: passage.idle_timeout(),
        }
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            match tokio::time::timeout(self.idle, self.upstream.frame()).await {
                Ok(Some(Ok(frame))) => {
                    // Trailers belong to the hop.
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => {
                    let message = "The provider's answer broke off.";
                    return Err(Refusal::new(ErrorKind::UpstreamBroken, message).because(error));
                }
                Err(_) => {
                    let message = "The provider sent nothing for too long.";
                    return Err(Refusal::new(ErrorKind::UpstreamTimeout, message));
                }
            }
        }
    }

    /// The whole body, of at most `limit` bytes.
    pub(super) async fn all(mut self, limit: u64) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        while let Some(bytes) = self.next().await? {
            if (body.len() + bytes.len()) as u64 > limit {
                let message =
                    format!("The provider's answer is larger than the limit of {limit} bytes.");
                return Err(Refusal::new(ErrorKind::UpstreamBroken, message));
            }
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    }

    /// As much of the body as comes, up to `limit`.
    pub(super) async fn some(mut self, limit: u64) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(bytes)) = self.next().await {
            body.extend_from_slice(&bytes);
            if body.len() as u64 > limit {
                break;
            }
        }
        body
    }
}
