//! The bodies of answers: one of ours, one passing through, or the control plane's.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::proxy::relay::{Broken, Relay};

/// What the server sends.
pub(crate) enum Body {
    /// Nothing, or what is left of a whole answer of ours.
    Full(Option<Bytes>),
    /// An upstream's answer on its way.
    Relay(Box<Relay>),
    /// The control plane's answer.
    Control(axum::body::Body),
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Full((!bytes.is_empty()).then_some(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

/// Why a body ended early; hyper closes the connection, so that no client takes it for an end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The upstream's answer broke off.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The control plane's answer did.
    #[error(transparent)]
    Control(#[from] axum::Error),
}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relay(relay) => Pin::new(relay.as_mut())
                .poll_frame(context)
                .map_err(BodyError::from),
            Self::Control(body) => Pin::new(body).poll_frame(context).map_err(BodyError::from),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_none(),
            Self::Relay(relay) => relay.is_end_stream(),
            Self::Control(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Relay(relay) => relay.size_hint(),
            Self::Control(body) => body.size_hint(),
        }
    }
}
