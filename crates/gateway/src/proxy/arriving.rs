//! An upstream's answer as it arrives, of which the beginning may have been looked at.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// The body of an upstream's answer. What was looked at comes first, and how it went on after that.
pub(crate) struct Arriving {
    ahead: Option<Box<Ahead>>,
    rest: Incoming,
}

/// What arrived before it was wanted.
#[derive(Default)]
struct Ahead {
    bytes: BytesMut,
    /// What came after the bytes, if it was no more of them.
    broken: Option<hyper::Error>,
    ended: bool,
}

impl From<Incoming> for Arriving {
    fn from(rest: Incoming) -> Self {
        Self { ahead: None, rest }
    }
}

impl Arriving {
    /// Reads as much of the beginning as comes, up to about `limit` bytes. Nothing is lost to those who read
    /// on, also if this is not waited for to its end.
    pub(crate) async fn look_ahead(&mut self, limit: usize) {
        let ahead = self.ahead.get_or_insert_default();
        while !ahead.ended && ahead.bytes.len() < limit {
            match self.rest.frame().await {
                Some(Ok(frame)) => {
                    // Trailers belong to the hop.
                    if let Ok(bytes) = frame.into_data() {
                        ahead.bytes.extend_from_slice(&bytes);
                    }
                }
                Some(Err(error)) => {
                    ahead.broken = Some(error);
                    ahead.ended = true;
                }
                None => ahead.ended = true,
            }
        }
    }

    /// What was looked at.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.ahead.as_ref().map_or(&[], |ahead| &ahead.bytes)
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        if let Some(ahead) = &mut this.ahead {
            if !ahead.bytes.is_empty() {
                let bytes = ahead.bytes.split().freeze();
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(error) = ahead.broken.take() {
                return Poll::Ready(Some(Err(error)));
            }
            if ahead.ended {
                return Poll::Ready(None);
            }
        }
        Pin::new(&mut this.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        match &self.ahead {
            Some(ahead) if !ahead.bytes.is_empty() || ahead.broken.is_some() => false,
            Some(ahead) if ahead.ended => true,
            Some(_) | None => self.rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead().len() as u64;
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + ahead);
        }
        hint.set_lower(rest.lower() + ahead);
        hint
    }
}
