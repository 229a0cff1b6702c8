//! A request body as the pieces it arrived in: kept for a second attempt, sent without a copy.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tollhouse_wire::splice::{self, Part};
use tollhouse_wire::{Protocol, peek, sealed};

/// A whole request body, never concatenated. Cloning counts references.
#[derive(Clone, Default)]
pub(crate) struct Chunks {
    chunks: Vec<Bytes>,
    len: u64,
}

impl Chunks {
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len() as u64;
        self.chunks.push(chunk);
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn slices(&self) -> Vec<&[u8]> {
        self.chunks.iter().map(AsRef::as_ref).collect()
    }

    /// The pieces it came in.
    pub(crate) fn pieces(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The bytes in one piece; copies only when there are several.
    pub(crate) fn contiguous(&self) -> Bytes {
        match self.chunks.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            many => many.concat().into(),
        }
    }

    /// The same body without what we sealed for a translation, if it holds any such thing.
    pub(crate) fn unsealed(&self, protocol: Protocol) -> Option<Self> {
        if !sealed::suspected(&self.slices()) {
            return None;
        }
        let clean = sealed::without(protocol, &self.contiguous())?;
        Some(Self::from(Bytes::from(clean)))
    }

    /// Where the model's name stands.
    pub(crate) fn model_span(&self) -> Option<std::ops::Range<usize>> {
        Some(peek(&self.contiguous()).ok()?.model?.span)
    }

    /// The same body with the bytes of `span` replaced by `name` as a JSON string.
    pub(crate) fn splice(&self, span: std::ops::Range<usize>, name: &str) -> Self {
        let lengths = self.chunks.iter().map(Bytes::len);
        let mut spliced = Self::default();
        for part in splice::cut(lengths, span) {
            match part {
                Part::Keep { chunk, range } => spliced.push(self.chunks[chunk].slice(range)),
                Part::Insert => spliced.push(Bytes::from(splice::model_literal(name))),
            }
        }
        spliced
    }
}

impl From<Bytes> for Chunks {
    fn from(bytes: Bytes) -> Self {
        let mut chunks = Self::default();
        chunks.push(bytes);
        chunks
    }
}

/// [`Chunks`] on their way out.
pub(crate) struct ChunkBody {
    left: std::vec::IntoIter<Bytes>,
    len: u64,
}

impl From<Chunks> for ChunkBody {
    fn from(chunks: Chunks) -> Self {
        Self {
            left: chunks.chunks.into_iter(),
            len: chunks.len,
        }
    }
}

impl Body for ChunkBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.left.next();
        self.len -= next.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.len == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len)
    }
}
