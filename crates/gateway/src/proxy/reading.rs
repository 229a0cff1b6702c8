//! Reading an upstream's answer whole, with limits on its length and its silence.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use tollhouse_wire::ErrorKind;

use super::arriving::Arriving;
use super::passage::Passage;
use super::refusal::Refusal;

/// A body being read, with a limit on its silence.
pub(super) struct Reading {
    upstream: Arriving,
    idle: Duration,
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
